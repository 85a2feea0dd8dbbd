import pyarrow as pa
import pytest

from vaekit.schema import times

WRITTEN = [
    ("2024-03-01", "%Y-%m-%d"),
    ("2024/03/01", "%Y/%m/%d"),
    ("2024-03-01 12:30", "%Y-%m-%d %H:%M"),
    ("2024-03-01T12:30:05", "%Y-%m-%dT%H:%M:%S"),
    ("2024-03-01T12:30:05Z", "%Y-%m-%dT%H:%M:%SZ"),
    ("2024-03-01 12:30:05.123", "%Y-%m-%d %H:%M:%S.%3f"),
    ("2024-03-01T12:30:05.012345Z", "%Y-%m-%dT%H:%M:%S.%6fZ"),
    ("20141013T000000", "%Y%m%dT%H%M%S"),
    ("31.12.2024", "%d.%m.%Y"),
    ("1.2.2024", "%-d.%-m.%Y"),
    ("12/31/2024", "%m/%d/%Y"),
    ("3/1/2019 0:05", "%-m/%-d/%Y %-H:%M"),
    ("1/5/2020 07:05", "%-m/%-d/%Y %H:%M"),
    ("1 Jan 2020", "%-d %b %Y"),
    ("01-Jan-2020", "%d-%b-%Y"),
    ("Jan 15, 2020", "%b %d, %Y"),
    ("01/31/2024 02:00 PM", "%m/%d/%Y %I:%M %p"),
    ("1/31/2024 2:00:05 AM", "%-m/%-d/%Y %-I:%M:%S %p"),
    ("2024-01-31 12:00pm", "%Y-%m-%d %I:%M%P"),
    ("31-JAN-24", "%d-%^b-%y"),
    ("31-JAN-2024 14:00:00", "%d-%^b-%Y %H:%M:%S"),
    ("13.04.24", "%d.%m.%y"),
    ("4/13/24 0:05", "%-m/%-d/%y %-H:%M"),
    ("31-Jan-24", "%d-%b-%y"),
]


@pytest.mark.parametrize(("text", "pattern"), WRITTEN)
def test_a_date_is_recognised_and_written_back_as_it_was(text, pattern):
    array = pa.array([text, None, text])
    assert times.find(array)[0] == pattern
    moments = times.parse(array, pattern)
    assert moments.null_count == 1
    assert times.write(moments, pattern).to_pylist() == [text, None, text]


@pytest.mark.parametrize(
    "text", ["abc", "12345678", "12:30", "1.5", "1.2.24", "10.12.22.1", "01/31/2024 02:00 XM", "2024-03-01 noon", ""]
)
def test_other_text_is_no_date(text):
    assert times.find(pa.array([text])) == []


def test_reading_is_strict():
    given = pa.array(["2024-02-30", "24-02-03", "2024-2-3", "2024-02-03 ", "03.02.2024"])
    assert times.parse(given, "%Y-%m-%d").null_count == 5


def test_fields_loosen_one_by_one():
    assert times.find(pa.array(["05.06.2021 7:05"])) == ["%d.%m.%Y %-H:%M"]


def test_noon_and_midnight_of_half_days() -> None:
    read = times.parse(
        pa.array(["01/31/2024 12:00 AM", "01/31/2024 12:00 PM", "01/31/2024 13:00 PM"]), "%m/%d/%Y %I:%M %p"
    )
    assert [None if moment is None else moment.hour for moment in read.to_pylist()] == [0, 12, None]


def test_years_of_two_digits_lie_around_2000() -> None:
    read = times.parse(pa.array(["01.01.69", "31.12.68"]), "%d.%m.%y")
    assert [moment.year for moment in read.to_pylist()] == [1969, 2068]
