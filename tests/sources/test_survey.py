"""A survey's sample is uniform and the same however the rows are read; with the witnesses nothing is missed that matters."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import pytest

from vaekit.errors import DataError
from vaekit.sources import read
from vaekit.sources.survey import survey

ROWS, SIZE = 20_000, 2_000


def table() -> pa.Table:
    noise = np.random.default_rng(0)
    word = np.where(np.arange(ROWS) == 12_345, "rare", np.array(list("abc"))[noise.integers(0, 3, ROWS)])
    return pa.table({"number": np.arange(ROWS), "x": noise.normal(size=ROWS).round(4), "word": word})


@pytest.fixture
def parquet(tmp_path: Path) -> str:
    pa_parquet.write_table(table(), tmp_path / "rows.parquet", row_group_size=3_000)
    return str(tmp_path / "rows.parquet")


@pytest.fixture
def csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sys.modules["vaekit.sources.lines"], "BYTES", 50_000)
    pa_csv.write_csv(table(), tmp_path / "rows.csv")
    return str(tmp_path / "rows.csv")


def test_the_sample_is_the_same_however_rows_are_read(parquet: str, csv: str) -> None:
    one, other = survey([parquet], SIZE), survey([csv], SIZE)
    assert one.rows == other.rows == ROWS and one.table.equals(other.table)
    assert np.array_equal(one.numbers, one.table["number"].to_numpy()) and one.sampled.sum() == SIZE
    assert (np.diff(one.numbers) > 0).all()
    assert not survey([parquet], SIZE, seed=1).table.equals(one.table)


def test_the_sample_is_uniform_over_the_rows(parquet: str) -> None:
    numbers = np.concatenate([survey([parquet], SIZE, seed).numbers for seed in range(20)])
    share = np.histogram(numbers, bins=10, range=(0, ROWS))[0] / len(numbers)
    assert np.abs(share - 0.1).max() < 4 * np.sqrt(0.09 / len(numbers))


def test_extremes_and_rare_values_are_among_the_rows(parquet: str) -> None:
    found = survey([parquet], SIZE)
    x = table()["x"].to_numpy()
    assert (found.table["x"].to_numpy().min(), found.table["x"].to_numpy().max()) == (x.min(), x.max())
    assert 12_345 in found.numbers and not found.sampled[found.numbers == 12_345].any()
    assert found.tallies["word"].counted()[1].to_pylist()[-1] == 1


def test_of_few_rows_all_are_sampled(parquet: str) -> None:
    found = survey([parquet], ROWS)
    assert found.sampled.all() and found.table.equals(table())


def test_lines_that_begin_as_numbers_and_go_on_as_text_are_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["vaekit.sources.lines"], "BYTES", 1_000)
    codes = [*map(str, range(1_000)), *(f"a{number}" for number in range(1_000))]
    (tmp_path / "rows.csv").write_text("code,x\n" + "".join(f"{code},1.5\n" for code in codes))
    found = survey([str(tmp_path / "rows.csv")], 5_000)
    assert found.text == ("code",) and found.table["code"].to_pylist() == codes


def test_files_of_other_columns_or_types_are_refused(parquet: str, tmp_path: Path) -> None:
    for name, other in (("fewer", table().select(["number"])), ("text", table().set_column(1, "x", table()["word"]))):
        pa_parquet.write_table(other, tmp_path / f"{name}.parquet")
        with pytest.raises(DataError, match="columns" if name == "fewer" else "column 'x' holds"):
            survey([parquet, str(tmp_path / f"{name}.parquet")], SIZE)


def test_an_infinity_is_told_by_its_row(tmp_path: Path) -> None:
    x = np.zeros(50_000)
    x[40_000] = np.inf
    pa_parquet.write_table(pa.table({"x": x}), tmp_path / "rows.parquet")
    with pytest.raises(DataError, match="row 40000 "):
        survey([str(tmp_path / "rows.parquet")], SIZE)


def test_progress_is_told(parquet: str) -> None:
    told: list[tuple[int, int]] = []
    survey([parquet], SIZE, watch=lambda done, total: told.append((done, total)))
    assert told[-1] == (ROWS, ROWS)


@pytest.mark.filterwarnings("ignore::vaekit.errors.VaekitWarning")
def test_codes_and_durations_that_come_late_are_so_from_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["vaekit.sources.lines"], "BYTES", 1_000)
    rows = [f"{10000 + row},0{row % 10}:00:00" for row in range(500)] + [f"00{row},30:00:00" for row in range(500)]
    (tmp_path / "rows.csv").write_text("zip,took\n" + "\n".join(rows))
    found, whole = survey([str(tmp_path / "rows.csv")], 5_000), read(str(tmp_path / "rows.csv")).arrow
    assert found.table.equals(whole) and whole.schema.types == [pa.string(), pa.duration("s")]
    assert whole["zip"][500].as_py() == "000"
