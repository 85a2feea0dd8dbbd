import pyarrow as pa
import pytest

from vaekit.errors import DataError, VaekitWarning
from vaekit.schema.words import guess_text


def guess(values):
    return guess_text("x", pa.array(values))


def test_categories_and_binary():
    assert guess(["a", "b", None, "a", "c"] * 9).kind == "categorical"
    found = guess(["yes", "no", None] * 9)
    assert (found.kind, found.levels) == ("binary", ("no", "yes"))


def test_identifiers_and_free_text_are_set_aside():
    found = guess([f"u{row}" for row in range(30)])
    assert (found.kind, found.reason) == ("identifier", "30 distinct strings of 30 rows: an identifier")
    words = [f"a sentence that says at length what happened on day {row % 70}" for row in range(100)]
    assert guess(words).kind == "identifier"
    assert "free text" in guess(words).reason


def test_dates_in_text():
    found = guess([f"2024-03-{day:02d}" for day in range(1, 30)])
    assert (found.kind, found.format) == ("datetime", "%Y-%m-%d")
    found = guess([f"{day}.3.2024" for day in range(1, 30)])
    assert (found.kind, found.format) == ("datetime", "%-d.%-m.%Y")


def test_day_first_is_told_from_month_first_where_it_can_be():
    assert guess([f"{day:02d}/01/2024" for day in range(1, 30)]).format == "%d/%m/%Y"
    with pytest.warns(VaekitWarning, match=r"'01/01/2024', says which number is the day; .* \{'format': '%d/%m/%Y'\}"):
        unclear = guess([f"{day:02d}/01/2024" for day in range(1, 12)])
    assert unclear.format == "%m/%d/%Y"
    assert "the other way round" in unclear.reason


def test_the_one_value_that_tells_day_from_month_may_come_late():
    minutes = [
        f"{day:02d}/01/2024 {hour:02d}:{minute:02d}"
        for day in range(1, 4)
        for hour in range(24)
        for minute in range(60)
    ]
    assert guess([*minutes, "13/01/2024 00:00"]).format == "%d/%m/%Y %H:%M"
    assert guess([f"{day:02d}-04-99" for day in range(1, 30)]).format == "%d-%m-%y"
    with pytest.warns(VaekitWarning, match=r"\{'format': '%y-%m-%d'\}"):
        assert guess([f"24-04-{day:02d}" for day in range(1, 30)]).format == "%d-%m-%y"


def test_one_date_in_another_format_is_refused():
    values = [f"2024-03-{day:02d}" for day in range(1, 30)]
    values[7] = "08/03/2024"
    with pytest.raises(DataError) as caught:
        guess(values)
    message = str(caught.value)
    assert "column 'x', row 7 (counted from 0): '08/03/2024' was given among dates" in message
    assert "a date like '2024-12-31' (%Y-%m-%d) was expected" in message
    assert "Hint: write all dates in one format" in message


def test_the_odd_date_may_come_first():
    with pytest.raises(DataError, match=r"row 0 \(counted from 0\): 'soon' was given among dates"):
        guess(["soon", *(f"2024-03-{day:02d}" for day in range(1, 30))])


def test_numbers_in_text():
    found = guess([f"{row / 4}" for row in range(100)])
    assert (found.kind, found.decimals) == ("real", 2)
    assert found.reason.startswith("numbers written as text")
    assert guess([f"{row % 30}" for row in range(900)]).kind == "categorical", "whole numbers that recur are codes"
    assert guess([f"{row % 200:05d}" for row in range(900)]).kind == "categorical", "leading zeros are codes"


def test_a_word_among_numbers_is_refused():
    with pytest.raises(DataError) as caught:
        guess([*(f"{row / 4}" for row in range(50)), "?", "?"])
    message = str(caught.value)
    assert "column 'x', row 50 (counted from 0): '?' was given among numbers, a number was expected" in message
    assert "Hint: leave the cell empty where a value is missing, or declare 'x' categorical" in message


def test_empty_text_among_numbers_is_refused_with_its_own_hint():
    with pytest.raises(
        DataError, match=r"row 0 .*: '' was given among numbers(.|\n)*Hint: make empty text missing \(None\)"
    ):
        guess(["", *(f"{row / 4}" for row in range(50))])


def test_long_digits_keep_every_digit():
    assert guess([str(10**20 + row) for row in range(50)]).kind == "identifier"


def test_a_word_among_few_numbers_is_a_declared_mapping():
    with pytest.warns(VaekitWarning, match="row 3 .*: '3\\+' was given among numbers; all cells .* read as categories"):
        assert guess(["0", "1", "2", "3+"] * 9).kind == "categorical"


def test_codes_with_many_spellings_are_categories():
    values = [f"{row}" for row in range(250, 400)] + [f"V{row}" for row in range(20)]
    assert guess(values * 3).kind == "categorical"


@pytest.mark.parametrize("shape", ["{},5", "$1,{:03d}.00", "{} %", "{}.000,50", "€ {}", "{}.5kg", "({}.50)", "-${}"])
def test_numbers_written_for_people_are_words_with_a_warning(shape):
    values = [shape.format(row) for row in range(60)]
    with pytest.warns(
        VaekitWarning, match=r"column 'x': its cells, such as '.*' in row 0 .*, look like numbers but are read as words"
    ):
        assert guess(values * 2).kind == "categorical"


def test_how_many_look_like_numbers_is_told_where_not_all_do():
    values = [f"${row}.50" for row in range(99)] + ["n.a."]
    told = r"column 'x': 198 of 200 cells, such as '\$0.50' in row 0 .*, look like numbers, 'n.a.' in row 99 does not, and all"
    with pytest.warns(VaekitWarning, match=told):
        assert guess(values * 2).kind == "categorical"


@pytest.mark.parametrize("shape", ["{}-1", "v{}", "10.0.{}.1", "{}-12 x", "079 123 45 {:02d}"])
def test_codes_of_digits_are_words_without_one(shape, recwarn):
    guess([shape.format(row) for row in range(60)] * 2)
    assert not recwarn.list
