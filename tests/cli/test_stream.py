"""From file to file, batch by batch: the answers are those to the whole table."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest

from vaekit.sources import read, write

MODES = [["score", "--alpha", "0.2"], ["log-prob"], ["encode"], ["reconstruct"], ["denoise"], ["impute"], ["classify"],
         ["impute", "--interval", "0.9"]]  # fmt: skip


def batched(monkeypatch, rows, size=400):
    module = sys.modules["vaekit.sources.batches"]
    monkeypatch.setattr(module, "ROWS", rows)
    monkeypatch.setattr(sys.modules["vaekit.sources.lines"], "BYTES", size)


@pytest.mark.parametrize("words", MODES, ids=" ".join)
@pytest.mark.parametrize("data", ["rows.parquet", "rows.csv"])
def test_batches_change_no_answer(run, here, monkeypatch, words, data):
    word, *more = words
    assert run(word, "label.vae", data, "-o", "whole.parquet", *more).status == 0
    batched(monkeypatch, 7)
    done = run(word, "label.vae", data, "-o", "parts.parquet", *more)
    assert done.status == 0, done.err
    whole, parts = (read(name).arrow for name in ("whole.parquet", "parts.parquet"))
    assert whole.schema == parts.schema and whole.num_rows == parts.num_rows == 40
    for name in whole.column_names:
        assert [near(cell) for cell in parts[name].to_pylist()] == whole[name].to_pylist(), name


def near(cell):
    """Equal to single precision; a reason's number is text."""
    return pytest.approx(cell, rel=1e-4, abs=1e-4) if isinstance(cell, float) else Text(cell)


class Text:
    """A cell that equals another as it stands, or as a number."""

    def __init__(self, cell):
        self.cell = cell

    def __eq__(self, other):
        if self.cell == other or not isinstance(self.cell, str):
            return self.cell == other
        try:
            return float(other) == pytest.approx(float(self.cell), rel=1e-4, abs=1e-4)
        except ValueError:
            return False

    __hash__ = None


def test_rows_are_counted_on_and_stdin_is_streamed(run, here, monkeypatch):
    batched(monkeypatch, 7)
    done = run("score", "label.vae", "-", stdin=(here / "rows.csv").read_text())
    lines = done.out.splitlines()
    assert [line.split(",")[0] for line in lines] == ['"row"', *map(str, range(40))]


def test_messages_count_rows_from_the_first_of_the_file(run, here, monkeypatch):
    table = read("rows.parquet").arrow
    at = next(i for i, field in enumerate(table.schema) if pa.types.is_floating(field.type))
    bad = [*table[at].to_pylist()[:33], float("inf"), *table[at].to_pylist()[34:]]
    write(table.set_column(at, table.column_names[at], pa.array(bad)), "bad.parquet")
    batched(monkeypatch, 7)
    done = run("score", "label.vae", "bad.parquet", "-o", "never.csv")
    assert done.status == 2 and "row 33" in done.err and not (here / "never.csv").exists()


def test_warnings_come_once(run, here, monkeypatch):
    write(read("rows.parquet").arrow.append_column("extra", pa.array(range(40))), "extra.parquet")
    batched(monkeypatch, 7)
    assert run("encode", "label.vae", "extra.parquet", "-o", "codes.csv").err.count("'extra'") == 1


def test_asking_imports_nothing_that_it_does_not_need(here):
    """Each of these takes longer to import than some hundred rows take to score."""
    code = "import sys; from vaekit.cli import main; main(sys.argv[1:]); print(*sys.modules)"
    words = ["score", "label.vae", "rows.csv", "-o", "out.csv"]
    shown = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {
        "sympy",
        "sklearn",
        "matplotlib",
        "polars",
        "scipy.stats",
        "torch._dynamo",
        "torch._inductor",
        "adbc_driver_manager",
    }
    assert not heavy & set(shown) and "torch" in shown
