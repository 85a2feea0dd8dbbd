"""Pictures of streams: clocks of every sort, gaps, names, long streams, and windows."""

import xml.etree.ElementTree as ET
from datetime import datetime, timedelta

import numpy as np
import pytest

from vaekit import figures
from vaekit.errors import DataError
from vaekit.figures import streams

pytest.importorskip("matplotlib")
STEPS = 200
CLOCKS = {
    "numbers": np.arange(STEPS),
    "irregular": np.cumsum(np.random.default_rng(0).random(STEPS)),
    "moments": np.datetime64("2024-01-01") + np.arange(STEPS) * np.timedelta64(1, "h"),
    "objects": [datetime(2024, 1, 1) + timedelta(minutes=i) for i in range(STEPS)],
}


def draws(figure):
    text = figures.svg(figure, page=True)
    ET.fromstring(text)
    return text


def waves(channels=2):
    seen = {f"c{i}": np.sin(np.arange(STEPS) / (5 + i)) for i in range(channels)}
    said = {name: each * 0.9 for name, each in seen.items()}
    return seen, said


@pytest.mark.parametrize("clock", CLOCKS)
def test_every_clock_draws(clock):
    seen, said = waves()
    seen["c0"][50:80] = np.nan
    marks = np.arange(STEPS) == 120
    ends = [{name: each + side for name, each in said.items()} for side in (-0.2, 0.2)]
    text = draws(figures.overlay(CLOCKS[clock], seen, said, marks, *ends))
    assert all(word in text for word in ("observed", "reconstructed", "gap filled", "interval", "flagged", "c0", "c1"))
    text = draws(figures.scores_over_time(CLOCKS[clock], seen["c1"] ** 2, 0.9, marks, said["c1"] ** 2))
    assert all(word in text for word in ("threshold", "flagged", "as it was known then"))


def test_a_gap_is_dotted_and_what_was_measured_is_not():
    seen, said = waves(1)
    seen["c0"][50:80] = np.nan
    lines = {line.get_label(): line.get_ydata() for line in figures.overlay(np.arange(STEPS), seen, said).axes[0].lines}
    assert np.isnan(lines["reconstructed"][50:80]).all() and np.isfinite(lines["reconstructed"][80:]).all()
    assert np.isfinite(lines["gap filled"][49:81]).all() and np.isnan(lines["gap filled"][81:]).all()
    assert np.isnan(lines["observed"][50:80]).all()


def test_a_line_breaks_at_a_hole_of_the_clock():
    seen, said = waves(1)
    time = np.arange(STEPS) + np.where(np.arange(STEPS) >= 100, 500, 0)
    lines = figures.overlay(time, seen, said).axes[0].lines
    assert np.isnan(lines[-1].get_ydata()[100]) and len(lines[-1].get_ydata()) == STEPS + 1


def test_names_are_levels_and_gaps_of_names_are_gaps():
    sky = ["clear", "cloudy", None, "rain"] * (STEPS // 4)
    figure = figures.overlay(np.arange(STEPS), {"sky": sky}, {"sky": ["clear"] * STEPS})
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["clear", "cloudy", "rain"]


def test_the_channels_that_differ_most_are_shown():
    seen, said = waves(9)
    said["c7"] = said["c7"] + 3
    assert "c7" in draws(figures.overlay(np.arange(STEPS), seen, said, most=1))
    assert len(figures.overlay(np.arange(STEPS), seen, said).axes) == streams.CHANNELS


def test_nothing_measured_still_draws():
    hollow = {"a": np.full(STEPS, np.nan)}
    draws(figures.overlay(np.arange(STEPS), hollow, {"a": np.zeros(STEPS)}, np.zeros(STEPS, bool)))
    draws(figures.scores_over_time(np.arange(STEPS), hollow["a"]))
    draws(figures.overlay([0], {"a": [1.0]}, {"a": [2.0]}, [True]))


def test_a_long_stream_keeps_its_peak_and_stays_small():
    score = np.random.default_rng(0).random(100_000)
    score[[40_000, 70_000]] = 1e4
    figure = figures.scores_over_time(np.arange(len(score)), score, 2.0, score > 2)
    cut = next(line for line in figure.axes[0].lines if line.get_label() == "goes on above")
    assert cut.get_xdata().tolist() == [40_000, 70_000]
    assert figure.axes[0].get_ylim()[1] < 20 and len(draws(figure)) < 120_000


def test_flagged_neighbours_are_one_band():
    marks = np.zeros(10_000, bool)
    marks[::3] = True
    assert len(figures.scores_over_time(np.arange(10_000), np.zeros(10_000), flagged=marks).axes[0].patches) == 1


def test_windows_as_arrays_and_as_channels():
    windows = np.random.default_rng(0).random((6, 24, 3))
    names = ["a", "b", "c"]
    listed = [dict(zip(names, window.T, strict=True)) for window in windows]
    both = [figures.windows_grid({"real": each, "sampled": windows}, names) for each in (windows, listed)]
    assert draws(both[0]) == draws(both[1])
    assert len(both[0].axes) == 3 * 8
    assert len(figures.windows_grid(windows, names, count=2, most=2).axes) == 4
    with pytest.raises(DataError, match=r"\(6, 24, 3\)"):
        figures.windows_grid(windows, ["a"])


def test_what_was_not_reconstructed_is_refused():
    with pytest.raises(DataError, match="no channel"):
        figures.overlay([0, 1], {"a": [0, 1]}, {"b": [0, 1]})
