"""The studio of a stream, in a real browser."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def studio(serve: Any, pump_file: Path) -> Any:
    found = serve(pump_file).open()
    found.take(pump_file.with_name("march.csv"), "400 rows")
    return found


def test_strange_steps_are_shaded_over_both_series(studio: Any) -> None:
    studio.open(tab="series")
    found = studio.data("series-flow")
    assert set(found["series"]) == {"observed", "reconstructed"} and found["machine"] == "south"
    assert found["strange"] >= 5 and found["shaded"]
    assert max(value for value in found["series"]["observed"] if value is not None) > 80
    assert studio.at("stretches-row").first.locator("td").first.text_content() == "south"


def test_another_machine_and_another_threshold(studio: Any) -> None:
    studio.open(tab="series")
    studio.at("series-machine").select_option("north")
    studio.until(lambda: studio.data("series-flow")["machine"] == "north")
    assert "machine=north" in studio.page.url
    before = studio.at("series-count").text_content()
    studio.at("series-histogram-threshold").focus()
    studio.page.keyboard.press("PageUp")
    studio.page.keyboard.press("PageUp")
    studio.until(lambda: studio.at("series-count").text_content() != before)


def test_a_stretch_gets_a_verdict(studio: Any) -> None:
    studio.open(tab="series")
    assert studio.at("stretch-title").text_content().startswith("south 2026-01-0")
    studio.at("verdict-anomaly").click()
    studio.page.locator("[data-testid=stretches] .chip.anomaly").wait_for()
    (kept,) = csv.DictReader(io.StringIO(studio.saved("verdicts-csv")))
    assert kept["verdict"] == "anomaly" and kept["pump"] == "south" and kept["from"].startswith("2026-01-0")


def test_windows_on_the_map_between_anchors_and_drawn(studio: Any) -> None:
    studio.open(tab="map", colour="pump")
    assert studio.data("map")["key"] == ["north", "south"]
    assert len(studio.data("map-decoded-flow")["x"]) == 12
    studio.open(tab="between")
    studio.at("between-flow-data").wait_for(state="attached")
    assert set(studio.data("between-flow")["series"]) >= {"A", "B"}
    studio.open(tab="sample", n=3)
    studio.until(lambda: studio.at("sample-count").text_content() == "3 windows")
    studio.at("sample-window-2-heat-data").wait_for(state="attached")


def test_gaps_are_filled_with_their_interval_and_found_in_a_list(studio: Any, pump_file: Path, tmp_path: Path) -> None:
    lines = pump_file.with_name("march.csv").read_text().splitlines()
    for at in range(60, 66):
        cells = lines[at].split(",")
        lines[at] = ",".join([*cells[:2], "", cells[3]])
    (tmp_path / "gaps.csv").write_text("\n".join(lines) + "\n")
    studio.open(tab="gaps")
    assert studio.at("gaps-count").text_content() == "No gap in these rows"
    studio.take(tmp_path / "gaps.csv")
    studio.until(lambda: studio.at("gaps-count").text_content() == "6 missing cells in 1 gap")
    assert studio.at("gaps-row").first.locator("td").all_text_contents()[:2] == ["north", "flow"]
    found = studio.data("gaps-flow")
    ends = [found["series"][name] for name in ("low", "filled in", "high")]
    filled = [each for each in zip(*ends, strict=True) if each[1] is not None]
    assert len(filled) == 8 and all(low <= best <= high for low, best, high in filled)  # and the steps beside the gap
    assert studio.at("gap-values-row").count() == 6
    saved = list(csv.DictReader(io.StringIO(studio.saved("gaps-csv"))))
    assert len(saved) == 400 and all(row["flow"] for row in saved)


def test_steps_are_hidden_to_see_what_would_be_filled_in(studio: Any, pump_file: Path) -> None:
    studio.open(tab="gaps")
    studio.take(pump_file.with_name("march.csv"), "400 rows")
    studio.until(lambda: studio.at("gaps-count").text_content() == "No gap in these rows")
    studio.at("gaps-hide-column").select_option("heat")
    studio.at("gaps-hide-steps").fill("5")
    studio.at("gaps-hide").click()
    studio.until(lambda: studio.at("gaps-count").text_content() == "5 missing cells in 1 gap")
    assert studio.at("gap-values").locator("th").all_text_contents() == ["when", "best", "low", "high", "was"]
    assert "hide=" in studio.page.url
    studio.at("gaps-hide-none").click()
    studio.until(lambda: studio.at("gaps-count").text_content() == "No gap in these rows")


def test_windows_are_drawn_under_conditions(studio: Any) -> None:
    studio.open(tab="sample", n=2, given='{"heat":55}')
    studio.until(lambda: studio.at("sample-window-1-heat-data").count() == 1)
    assert set(studio.data("sample-window-1-heat")["series"]["heat"]) == {55}


def test_sampled_windows_are_a_stream_as_well(studio: Any) -> None:
    studio.open(tab="series")
    studio.at("rows-sample").click()
    studio.until(lambda: "sampled" in studio.at("rows-source").text_content())
    studio.until(lambda: studio.at("series-flow-data").count() and len(studio.data("series-flow")["x"]) >= 12)


def test_channels_of_names_are_drawn_as_steps(studio: Any) -> None:
    asked = """async () => {
        const { lines } = await import("/studio/charts.js");
        const place = document.getElementById("panel").appendChild(document.createElement("div"));
        const series = [{ label: "valve", values: ["open", null, "shut"], colour: "--c0" }];
        const made = lines(place, "valve", { title: "valve", x: [0, 1, 2], series, names: ["shut", "open"] });
        return [made.plot.data[1], JSON.parse(made.numbers.textContent).series.valve];
    }"""
    assert studio.page.evaluate(asked) == [[1, None, 0], ["open", None, "shut"]]


@pytest.mark.parametrize(
    ("kind", "form", "text"),
    [
        ("timestamp[s]", None, "2000-01-02T01:00:00"),
        ("timestamp[us, tz=UTC]", None, "2000-01-02T01:00:00Z"),
        ("string", "%d.%m.%Y %H:%M", "02.01.2000 01:00"),
        ("string", "%-d %b %Y %-H:%M:%S", "2 Jan 2000 1:00:00"),
        ("string", "%Y/%m/%dT%H:%M:%S.%3fZ", "2000/01/02T01:00:00.000Z"),
    ],
)
def test_clocks_are_written_and_read_as_they_were_fitted(studio: Any, kind: str, form: str | None, text: str) -> None:
    asked = """async ([kind, form, text]) => {
        const { moment, written } = await import("/studio/clock.js");
        return [written(25 * 3600, { type: kind }, form), moment(text, true, form) - Date.UTC(2000, 0, 2, 1) / 1000];
    }"""
    assert studio.page.evaluate(asked, [kind, form, text]) == [text, 0]


def test_every_control_and_chart_is_listed_in_the_guide(studio: Any) -> None:
    found = studio.nameless()
    assert len(found) > 6 and not any(found.values()), found
