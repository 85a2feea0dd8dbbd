"""The whole demo on few weeks and one pass."""

import re

import numpy as np
import pyarrow.compute as pc
import pytest

from vaekit import demo, load
from vaekit.demo import weather as room
from vaekit.demo.weather_story import SECTIONS

QUICK = {"net": {"kind": "conv", "widths": [8, 8], "hidden": 32}, "train": {"epochs": 1, "prior_epochs": 1}}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return demo.run(
        "sensors", tmp_path_factory.mktemp("weather") / "r.html", rows=3300, new=600, progress=False, **QUICK
    )


@pytest.fixture(scope="module")
def hours():
    return room.split(room.read_weather())


def test_the_page_tells_of_every_mode(page):
    html = page.read_text(encoding="utf-8")
    assert len(re.findall(r"<h2>", html)) == len(SECTIONS)
    assert html.count("<svg") > 10
    for call in ("windows(", "fit(", "save(", "score(", "causal", "log_prob(", "sample(", "given=", "impute(", "missing=",
                 "impute_interval(", "reconstruct(", "denoise(", "encode(", "decode(", "traverse(", "interpolate(", "shift(",
                 "evaluate("):  # fmt: skip
        assert call in html, call
    assert ">equal</dd>" in html and "1,048 mph" in html


def test_the_model_and_the_page_of_evaluate_are_beside_it(page):
    assert load(page.with_name("weather.vae")).card["rows"] > 3200
    assert page.with_name("weather-evaluation.html").exists()


def test_every_fourth_week_is_kept_out(hours):
    known, new = hours
    assert 25_800 < known.num_rows + new.num_rows <= 26_115  # a few hours lie alone between holes
    assert 0.3 < new.num_rows / known.num_rows < 0.36
    weeks = [
        set((part["time"].to_numpy().astype("datetime64[h]").astype(int) - 376_944) // room.WEEK) for part in hours
    ]
    assert not weeks[0] & weeks[1]


def test_faults_are_planted_where_they_are_said_to_be(hours):
    _, new = hours
    table, (stuck, sun, gust) = room.broken(new)
    before, after = (each["temp"].to_numpy() for each in (new, table))
    assert len(set(after[stuck.rows])) == 1 and np.ptp(before[stuck.rows]) > 10
    assert np.allclose(after[sun.rows] - before[sun.rows], room.TOO_HIGH)
    assert table["wind_speed"][gust.rows.start].as_py() > 1000
    changed = np.flatnonzero(np.nan_to_num(before) != np.nan_to_num(after))
    assert set(changed) <= {*range(stuck.rows.start, stuck.rows.stop), *range(sun.rows.start, sun.rows.stop)}
    for fault in (stuck, sun, gust):
        assert pc.unique(table["origin"][fault.rows.start : fault.rows.stop]).to_pylist() == [fault.origin]
