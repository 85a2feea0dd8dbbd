"""What --on ray refuses before Ray is asked for."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["score", "label.vae", "rows.parquet", "-o", "out.csv", "--on", "dask"], "no such engine"),
        (["score", "label.vae", "rows.parquet", "-o", "out.csv", "--address", "auto"], "--on ray"),
        (["score", "label.vae", "rows.parquet", "-o", "out.csv", "--workers", "4"], "--on ray --workers 4"),
        (["impute", "label.vae", "rows.parquet", "-o", "out.csv", "--on", "ray", "--draws", "2"], "--draws"),
        (["score", "label.vae", "rows.parquet", "--on", "ray"], "-o -"),
        (["score", "label.vae", "rows.jsonl", "-o", "out.csv", "--on", "ray"], "convert it to Parquet"),
        (["encode", "label.vae", "rows.csv", "-o", "out.csv", "--on", "ray", "--workers", "0"], "workers"),
    ],
)
def test_what_no_engine_can_do_is_refused(run, here, words, told) -> None:
    (here / "rows.jsonl").write_text("{}\n") if here else None
    done = run(*words)
    assert done.status == 2 and told in done.err


def test_commands_that_stay_here_know_no_engine(run) -> None:
    assert "--on" not in run("denoise", "--help").out and "--on" in run("score", "--help").out
