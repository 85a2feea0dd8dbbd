"""CSV as it comes: from Excel, from other countries, with half of its lines damaged."""

from __future__ import annotations

import datetime as dt
import warnings
from pathlib import Path

import pyarrow as pa
import pytest

from vaekit.errors import DataError, VaekitWarning
from vaekit.schema import Schema
from vaekit.sources import read
from vaekit.sources.batches import batches
from vaekit.sources.delimited import decoded, meant, read_csv
from vaekit.sources.lines import separator
from vaekit.sources.marks import Marks

GERMAN = 'Größe;Ort;Betrag\n1,5;Köln;"1.234,50"\n-0,25;Bonn;3\n;Köln;\n'.encode("cp1252")


@pytest.mark.parametrize(
    ("header", "mark"), [(b"a,b", ","), (b"a;b,c;d", ";"), (b"a\tb", "\t"), (b"a|b", "|"), (b"a", ",")]
)
def test_the_separator_is_what_the_names_have_most_of(header: bytes, mark: str) -> None:
    assert separator(header + b"\n1;2,3,4,5\n") == mark


@pytest.mark.parametrize("first", ["sep=;\n", "SEP=;\r\n", '"sep=;"\n', "\ufeffsep=;\n"])
def test_a_first_line_that_tells_the_separator_is_no_line_of_names(first: str) -> None:
    assert read_csv("t", f"{first}a,b;c,d\n1;x\n".encode()).to_pylist() == [{"a,b": 1, "c,d": "x"}]
    with pytest.warns(VaekitWarning, match="decimal comma"):
        assert read_csv("t", f"{first}a;b\n1,5;x\n".replace(";", ":").encode()).to_pylist() == [{"a": 1.5, "b": "x"}]
    with pytest.raises(DataError, match=r"'t.csv', row 1 .*: 3 cells were given, 2 expected"):
        read_csv("'t.csv'", f"{first}a;b\n1;2\n1;2;3\n".encode())
    with pytest.raises(DataError, match=r"^'t\.csv' is empty"):
        read_csv("'t.csv'", first.encode())


def test_a_column_may_be_called_as_that_line_begins() -> None:
    assert read_csv("t", b"sep=a,b\n1,2\n").column_names == ["sep=a", "b"]


def test_a_file_of_german_excel_is_read_and_both_guesses_are_told() -> None:
    with pytest.warns(VaekitWarning) as told:
        table = read_csv("'t.csv'", GERMAN)
    assert table.to_pydict() == {
        "Größe": [1.5, -0.25, None],
        "Ort": ["Köln", "Bonn", "Köln"],
        "Betrag": [1234.5, 3.0, None],
    }
    says = [str(each.message) for each in told]
    assert says == [
        "'t.csv' is not UTF-8 text: it is read as Windows-1252 (Latin-1)",
        "'t.csv': numbers of 'Größe', 'Betrag' are written with a decimal comma and read as such",
    ]


def test_batches_read_it_as_a_whole_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(GERMAN)
    with pytest.warns(VaekitWarning):
        whole = read(path).arrow
    with pytest.warns(VaekitWarning):
        (part,) = [batch.table.arrow for batch in batches(str(path))]
    assert part.equals(whole)


def test_words_with_commas_and_columns_that_stay_text_are_left_alone() -> None:
    table = pa.table({"a": ["1,5", "2,a"], "b": ["1,5", "2"], "c": ["1.5", "1,5"], "d": ["1.5.3", "1,5"]})
    assert meant("t", table, Marks(), ["b"]).schema.types == [pa.string()] * 4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_csv("t", b'a,b\n1,"1,5"\n').to_pylist() == [{"a": 1, "b": "1,5"}]
        assert read_csv("t", b"a;b\n1;x\n").to_pylist() == [{"a": 1, "b": "x"}]


def test_damaged_utf8_is_refused_with_its_line_and_not_taken_for_another_encoding() -> None:
    with pytest.raises(
        DataError, match=r"'t.csv', line 3: the byte 0xe9 is not UTF-8 text\nHint: convert the file to UTF-8"
    ):
        decoded("'t.csv'", "a\nKöln\n".encode() + b"caf\xe9\n")
    with pytest.raises(DataError, match="line 1: the byte 0x81"):
        decoded("'t.csv'", b"a\x81\n")


def test_two_bytes_a_letter_are_refused_with_a_way_out() -> None:
    with pytest.raises(DataError, match=r"'t.csv' holds bytes that are 0, as UTF-16 text .*\nHint: save it as UTF-8"):
        read_csv("'t.csv'", "a,b\n1,2\n".encode("utf-16"))


@pytest.mark.parametrize("names", ["5.1,3.5", "3,1", "2,2", "5.1,2,Rome"])
def test_a_file_that_begins_with_numbers_may_lack_its_names(names: str) -> None:
    with pytest.warns(VaekitWarning, match="its first line, taken for the names of the columns, holds numbers"):
        read_csv("'t.csv'", f"{names}\n{names}\n".encode())


def test_numbers_that_count_up_are_names() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_csv("t", b"0,1,2\n4,5,6\n").column_names == ["0", "1", "2"]


def test_what_was_read_with_commas_is_inferred_as_numbers() -> None:
    content = "preis\tname\n" + "".join(f"{i},{i % 7}5\tn{i % 3}\n" for i in range(60))
    with pytest.warns(VaekitWarning, match="decimal comma"):
        table = read_csv("t", content.encode())
    assert [column.kind for column in Schema.infer(table)] == ["real", "categorical"]


def test_digits_with_zeros_before_them_stay_text() -> None:
    for quote in ("", '"'):
        content = f"zip,n,01\n{quote}00123{quote},05,1\n80331,1.5,2\n"
        with pytest.warns(
            VaekitWarning, match="'t.csv': cells of 'zip' begin with zeros or have more than 18 digits, and stay text"
        ):
            table = read_csv("'t.csv'", content.encode())
        assert table.to_pydict() == {"zip": ["00123", "80331"], "n": [5.0, 1.5], "01": [1, 2]}


def test_digits_that_no_number_holds_stay_text() -> None:
    long = [str(10**18 + 1), str(10**25 + 1)]
    for each in long:
        with pytest.warns(VaekitWarning, match="more than 18 digits"):
            assert read_csv("t", f"id\n{each}\n5\n".encode())["id"].to_pylist() == [each, "5"]
    assert read_csv("t", b"n\n6.02e23\n5\n")["n"].to_pylist() == [6.02e23, 5.0]


def test_numbers_written_for_people_are_read_and_told() -> None:
    content = 'a,b,c,d\n"$1,234.50",(12.00),5 %,"1,5"\n$2,3,4.5%,"2"\n'
    with pytest.warns(
        VaekitWarning, match="'t.csv': numbers of 'a', 'b', 'c' are written for people, and read without"
    ):
        table = read_csv("'t.csv'", content.encode())
    assert table.to_pydict() == {"a": [1234.5, 2.0], "b": [-12.0, 3.0], "c": [5.0, 4.5], "d": ["1,5", "2"]}
    assert read_csv("t", content.encode(), ["a", "b", "c"]).schema.types == [pa.string()] * 4


def test_durations_and_times_of_day_are_read() -> None:
    content = "took,at,fine,both,word\n26:00:00,21:53:02,1:00:00.25,2 days 03:00:00,1:00:00\n,,,0:00:01,soon\n"
    types = [pa.duration("s"), pa.time32("s"), pa.time32("ms"), pa.duration("s"), pa.string()]
    assert read_csv("t", content.encode()).schema.types == types


@pytest.mark.filterwarnings("ignore::vaekit.errors.VaekitWarning")
def test_new_files_are_read_by_the_columns_that_were_fitted() -> None:
    rows = "".join(f'0{row % 7},{row % 9},"${row + 1},000.50",{row}:00:00\n' for row in range(60))
    fitted = Schema.infer(read_csv("t", f"zip,n,amount,took\n{rows}".encode()))
    assert [column.type for column in fitted] == ["string", "int64", "double", "duration[s]"]
    new = read_csv("t", b"zip,n,amount,took\n7,05,12.5,01:00:00\n", fitted.text)
    assert fitted.conform(new).to_pylist() == [{"zip": "7", "n": 5, "amount": 12.5, "took": dt.timedelta(hours=1)}]
