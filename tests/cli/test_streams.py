"""Streams on the command line: raw rows in, one answer a step out."""

import os

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

import vaekit
from vaekit.sources import read, write

QUICK = [
    "--set",
    "train.epochs=1",
    "--set",
    "train.prior_epochs=1",
    "--set=net=conv",
    "--set=net.widths=[4]",
    "--set=net.hidden=8",
]
CHANNELS = ["heat", "load", "valve", "phase", "jobs"]
CUT = "--window 12 --time time --by machine"
MISTAKES = [
    ("fit stream.csv -o m.vae --window 1", "--window 1, a whole number of steps of at least 2", "--window 2"),
    ("fit stream.csv -o m.vae --window 8 --stride 9", "--stride 9, a whole number of steps from 1 to 8", "--stride 1"),
    ("fit stream.csv -o m.vae --window 999 --time time --by machine", "999 steps were expected", "--window"),
    ("fit stream.csv -o m.vae --window 8 --time tiem", "column 'tiem' (--time) is absent", "did you mean 'time'?"),
    ("fit stream.csv -o m.vae --window 8 --by machin", "column 'machin' (--by) is absent", "did you mean 'machine'?"),
    ("fit stream.csv -o m.vae --window 8 --time phase", "'phase'", ""),
    ("fit stream.csv -o m.vae --time time", "--time: is for streams", "--window 32"),
    ("fit stream.csv -o m.vae --stride 2", "--stride: is for streams", "--window 32"),
    ("fit stream.csv -o m.vae --by machine", "--by: is for streams", "--window 32"),
    ("score stream.vae brief.csv", "12 steps were expected, the longest of 1 stretches", "give more rows"),
    ("score stream.vae timeless.csv", "column 'time' (--time) is absent", ""),
    ("score stream.vae cold.csv", "column 'heat' is absent", "leave its cells empty"),
    ("score stream.vae few.npz", "'heat'", ""),
    ("impute stream.vae stream.csv --mask mask.png", "--mask is for images", "leave the cells empty"),
    ("reconstruct stream.vae stream.csv -o r.npy", "-o r.npy: unknown ending", "one of these"),
    ("reconstruct stream.vae stream.csv -o r/", "-o r/: unknown ending", "one of these"),
    ("traverse stream.vae --row 999 --data stream.csv", "no window 999 in stream.csv: it has windows 0 to", "from 0"),
]


@pytest.fixture(scope="module")
def broken(shelf):
    """The folder, with streams that are not right in one way each."""
    stream = read(str(shelf / "stream.csv")).arrow
    write(stream.slice(0, 9), shelf / "brief.csv")
    write(stream.drop_columns(["time"]), shelf / "timeless.csv")
    write(stream.drop_columns(["heat"]), shelf / "cold.csv")
    return sorted(os.listdir(shelf))


@pytest.mark.parametrize(("line", "message", "hint"), MISTAKES, ids=[line for line, _, _ in MISTAKES])
def test_a_mistake_is_told_with_a_hint_and_leaves_nothing(line, message, hint, broken, there, run):
    done = run(*line.split())
    assert done.status == 2, done
    first, *rest = [text for text in done.err.splitlines() if not text.startswith("warning: ")]
    assert first.startswith("error: ") and message in first
    assert hint == "" or (len(rest) == 1 and hint in rest[0])
    assert done.out == "" and sorted(os.listdir(there)) == broken


def table(done):
    assert done.status == 0, done.err
    return pa_csv.read_csv(pa.BufferReader(done.out.encode()))


def test_a_stream_is_fitted_and_its_cut_is_kept(there, tmp_path, run):
    done = run("fit", "stream.csv", "-o", tmp_path / "m.vae", *CUT.split(), "--stride", 3, *QUICK)
    assert done.status == 0, done.err
    assert "m.vae: 240 steps, 5 channels, " in done.err
    cut = vaekit.load(tmp_path / "m.vae").fitted.cut
    assert (cut.size, cut.stride, cut.time, cut.by) == (12, 3, "time", ("machine",))
    shown = run("inspect", tmp_path / "m.vae").out
    assert "windows of 12 steps, stride 3; clock 'time', a step every 1; machines by 'machine'" in shown
    assert "240 steps: " in shown and "clock" in shown and "machine" in shown


def test_scores_stand_beside_the_clock_and_the_machine(there, run):
    stream, scores = read("stream.csv").arrow, table(run("score", "stream.vae", "stream.csv", "--alpha", 0.5))
    assert scores.column_names[:6] == ["row", "machine", "time", "score", "p_value", "flagged"] or (
        scores.column_names[:6] == ["row", "time", "machine", "score", "p_value", "flagged"]
    )
    assert scores["time"] == stream["time"] and scores["machine"] == stream["machine"]
    assert set(scores["reason_1_column"].to_pylist()) <= {*CHANNELS, None}
    assert "score_causal" not in scores.column_names


def test_causal_scores_look_at_nothing_that_comes_later(there, tmp_path, run):
    words = ["score", "stream.vae", "--reasons", 0, "--alpha", 0.5, "--causal"]
    whole = table(run(*words, "stream.csv"))["score_causal"].to_pylist()
    assert whole[:11] == [None] * 11 and None not in whole[11:120]
    write(read("stream.csv").arrow.slice(0, 60), tmp_path / "begun.csv")
    begun = table(run(*words, tmp_path / "begun.csv"))["score_causal"].to_pylist()
    assert np.allclose(np.array(begun[11:60]), np.array(whole[11:60]), rtol=1e-4, atol=1e-5)


def test_steps_that_no_window_covers_are_empty_and_told(there, tmp_path, run):
    stream = read("stream.csv").arrow
    write(pa.concat_tables([stream.slice(0, 40), stream.slice(60, 5)]), tmp_path / "torn.csv")
    done = run("score", "stream.vae", tmp_path / "torn.csv", "--reasons", 0, "--alpha", 0.5)
    assert "5 steps lie in stretches of the stream shorter than a window of 12" in done.err
    assert table(done)["score"].to_pylist()[40:] == [None] * 5


def test_gaps_are_filled_and_nothing_else(there, run):
    stream, whole = read("stream.csv").arrow, table(run("impute", "stream.vae", "stream.csv"))
    assert whole.column_names == stream.column_names
    for name in CHANNELS:
        assert stream[name].null_count > 0 and whole[name].null_count == 0
        both = zip(stream[name].to_pylist(), whole[name].to_pylist(), strict=True)
        assert all(given in (None, filled) for given, filled in both)
    ends = table(run("impute", "stream.vae", "stream.csv", "--interval", 0.9))
    assert ends.column_names[-2:] == ["jobs_low", "jobs_high"]


def test_samples_and_decoded_latents_are_windows(there, tmp_path, run):
    drawn = table(run("sample", "stream.vae", "-n", 3, "--given", "valve=open"))
    assert drawn.column_names == ["window", "step", *CHANNELS]
    assert drawn["window"].to_pylist() == [window for window in range(3) for _ in range(12)]
    assert drawn["step"].to_pylist() == list(range(12)) * 3 and set(drawn["valve"].to_pylist()) == {"open"}
    latents = table(run("encode", "stream.vae", "stream.csv"))
    assert latents.column_names[:2] == ["start", "mean_0"] and latents["start"].to_pylist()[:3] == [0, 3, 6]
    write(latents, tmp_path / "z.csv")
    decoded = table(run("decode", "stream.vae", tmp_path / "z.csv"))
    assert decoded.num_rows == 12 * latents.num_rows and decoded.column_names == ["window", "step", *CHANNELS]


def test_walks_count_windows(there, tmp_path, run):
    walk = ["interpolate", "stream.vae", "stream.csv", "--rows", 0, 20, "--steps", 3]
    steps, stream = table(run(*walk)), read("stream.csv").arrow
    assert steps.column_names == ["latent", "where", "window", "step", *CHANNELS] and steps.num_rows == 36
    assert steps["load"].to_pylist()[:12] == stream["load"].to_pylist()[:12]
    start = table(run("encode", "stream.vae", "stream.csv"))["start"].to_pylist()[20]
    assert steps["load"].to_pylist()[-12:] == stream["load"].to_pylist()[start : start + 12]
    pytest.importorskip("matplotlib")
    for words in (walk, ["traverse", "stream.vae", "--row", 2, "--data", "stream.csv"]):
        assert run(*words, "-o", tmp_path / "w.png").status == 0
        assert (tmp_path / "w.png").read_bytes().startswith(b"\x89PNG")
