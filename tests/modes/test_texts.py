"""Few values and many are written alike, in the spelling of files."""

import datetime as dt

import pandas as pd
import pyarrow as pa
import pytest

from vaekit.modes.texts import as_text, texts


def test_values_of_a_table_are_text() -> None:
    shown = [as_text(value) for value in (None, "a", 1.0, 1234567.891, True, 3)]
    assert shown == [None, "a", "1", "1.23457e+06", "True", "3"]


@pytest.mark.parametrize(("cells", "shown"), [
    (pa.array([0.1 + 0.2, None]), "0.3"), (pa.array([3, None]), "3"), (pa.array(["a", None]), "a"),
    (pa.array([dt.time(3), None]), "03:00:00"), (pa.array([dt.time(3, 0, 0, 5), None]), "03:00:00.000005"),
    (pa.array([pd.Timedelta("1 days 00:00:00.000000001"), None], pa.duration("ns")), "1 days 00:00:00.000000001"),
    (pa.array([-1, None], pa.duration("s")), "-1 days +23:59:59"), (pa.array([dt.date(2024, 1, 2), None]), "2024-01-02"),
])  # fmt: skip
def test_few_values_are_written_as_many_are(cells: pa.Array, shown: str) -> None:
    assert texts(cells, 2).to_pylist() == texts(cells.to_pylist(), 2).to_pylist() == [shown, None]
