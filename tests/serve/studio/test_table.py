"""The studio of a table, in a real browser."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def studio(serve: Any, model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return serve(Path(shutil.copy(model_file, tmp_path_factory.mktemp("studio") / "shop.vae")))


@pytest.fixture(scope="module")
def opened(studio: Any, shop_csv: Path) -> Any:
    """With rows of a file, which stay over reloads of the tab."""
    studio.open(m="shop")
    studio.take(shop_csv, "120 rows")
    return studio


def test_the_map_shows_rows_of_the_model_before_there_is_a_file(studio: Any) -> None:
    studio.open(tab="map")
    found = studio.data("map")
    assert found["points"] == found["shown"] == 600 and len(found["x"]) == 600
    assert "sampled from the model" in studio.at("rows-source").text_content()


def test_the_map_colours_filters_and_decodes(opened: Any) -> None:
    opened.open(tab="map", colour="city", filter="city", **{"is": "Bern"})
    opened.until(lambda: opened.data("map")["shown"] < 120)
    found = opened.data("map")
    assert found["points"] == 120 and {"Bern", "Oslo"} <= set(found["key"])
    before = opened.at("map-place").text_content()
    box = opened.at("map").locator(".u-over").bounding_box()
    opened.page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + 0.5 * box["height"])
    opened.until(lambda: opened.at("map-place").text_content() != before)
    assert opened.at("map-decoded-city").text_content() in ("Bern", "Oslo", "Rome")
    assert "at=" in opened.page.url and "is=Bern" in opened.page.url
    opened.at("map").focus()
    place = opened.at("map-place").text_content()
    opened.page.keyboard.press("ArrowLeft")
    opened.until(lambda: opened.at("map-place").text_content() != place)


def test_a_lasso_makes_a_table(opened: Any) -> None:
    opened.open(tab="map", x="0", y="1")
    box = opened.at("map").locator(".u-over").bounding_box()
    corners = [(0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98), (0.02, 0.5)]
    mouse = opened.page.mouse
    for i, (x, y) in enumerate(corners):
        mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if i == 0:
            mouse.down()
    mouse.up()
    opened.at("map-selected").wait_for()
    count = int(opened.at("map-selected").text_content().split()[0])
    assert (
        count > 100
        and opened.data("map")["selected"] == count
        and opened.data("map")["axes"] == ["latent 0", "latent 1"]
    )
    assert len(list(csv.DictReader(io.StringIO(opened.saved("map-csv"))))) == count


def test_sliders_are_sorted_and_decode_as_they_move(opened: Any) -> None:
    opened.open(tab="latents")
    shown = opened.at("slider").locator("small").all_text_contents()
    rates = [float(text.split()[0]) for text in shown]
    assert rates == sorted(rates, reverse=True) and len(rates) == 2
    first = opened.at("slider").first.locator("input")
    before = opened.at("latents-decoded-size in cm").text_content()
    first.focus()
    for _ in range(3):
        opened.page.keyboard.press("PageUp")
    opened.until(lambda: opened.at("latents-decoded-size in cm").text_content() != before)
    place = float(first.input_value())
    opened.until(lambda: place == pytest.approx(max(opened.data("latents")["z"], key=abs), abs=1e-3))
    assert "z=" in opened.page.url and float(opened.at("decode-time").get_attribute("data-ms")) > 0
    moved = opened.at("latents-decoded-size in cm").text_content()
    opened.page.reload()
    opened.ready("latents")
    opened.until(lambda: opened.at("latents-decoded-size in cm").text_content() == moved)


def test_triage_ranks_explains_and_keeps_verdicts(opened: Any) -> None:
    opened.open(tab="triage")
    rows = opened.at("triage-table-row")
    assert rows.first.locator("td").nth(1).text_content() == "119"
    why = opened.at("reason")
    why.first.wait_for()
    told = opened.data("triage-reasons")
    assert {"size in cm", "price", "city"} >= {each["column"] for each in told} and told[0]["share"] >= told[-1][
        "share"
    ]
    grip = opened.at("triage-histogram-threshold")
    count = opened.at("triage-count").text_content()
    box = grip.bounding_box()
    opened.page.mouse.move(box["x"] + 8, box["y"] + 40)
    opened.page.mouse.down()
    opened.page.mouse.move(box["x"] - 300, box["y"] + 40, steps=5)
    opened.page.mouse.up()
    opened.until(lambda: opened.at("triage-count").text_content() != count)
    dragged = opened.data("triage-histogram")["threshold"]
    grip.focus()
    opened.page.keyboard.press("ArrowRight")
    assert opened.data("triage-histogram")["threshold"] > dragged
    opened.until(lambda: "cut=" in opened.page.url)
    opened.at("verdict-note").fill("price of the box")
    opened.at("verdict-anomaly").click()
    opened.page.locator("[data-testid=triage-table] .chip.anomaly").wait_for()
    opened.page.keyboard.press("j")
    opened.until(lambda: opened.at("triage-row").text_content() != "Row 119")
    opened.page.keyboard.press("2")
    opened.page.locator("[data-testid=triage-table] .chip.ordinary").wait_for()
    kept = list(csv.DictReader(io.StringIO(opened.saved("verdicts-csv"))))
    assert sorted(each["verdict"] for each in kept) == ["anomaly", "ordinary"]
    assert next(each for each in kept if each["verdict"] == "anomaly")["note"] == "price of the box"
    opened.open(tab="triage", row=119)
    opened.until(lambda: opened.at("verdict-anomaly").get_attribute("aria-pressed") == "true")


def test_a_file_of_other_columns_is_refused_and_absent_ones_told(opened: Any, shop_csv: Path, tmp_path: Path) -> None:
    other, part = tmp_path / "other.csv", tmp_path / "part.csv"
    other.write_text("weight\n12\n")
    opened.open(tab="map")
    opened.at("rows-file").set_input_files(other)
    assert "weight" not in opened.at("error").text_content() and "size in cm" in opened.at("error").text_content()
    part.write_text('city;"size in cm"\nBern;51.5\nOslo;49\n')
    opened.at("rows-file").set_input_files(part)
    opened.at("notice").wait_for()
    assert "price" in opened.at("notice").text_content()
    opened.until(lambda: opened.data("map")["points"] == 2)
    opened.take(shop_csv, "120 rows")
    opened.until(lambda: opened.data("map")["points"] == 120)


def test_csv_of_excel_and_of_other_countries_is_read_and_what_does_not_fit_is_told(
    opened: Any, shop_csv: Path, tmp_path: Path
) -> None:
    german, twice, words, binary = (tmp_path / f"{name}.csv" for name in ("german", "twice", "words", "binary"))
    binary.write_bytes(b"PAR1\x00\x01\x15")
    german.write_bytes("clerk;size in cm;price;city\nJürg;51,5;1.200,25;Bern\nAnne;49;2,5;Oslo\n".encode("cp1252"))
    twice.write_text("city,city\nBern,Oslo\n")
    words.write_text("size in cm,price,city\n50,1,Bern\n51,much,Bern\n")
    opened.open(tab="sample")
    opened.take(german)
    items = opened.page.evaluate("window.studio.data.items")
    assert items[0] == {"clerk": "Jürg", "size in cm": 51.5, "price": 1200.25, "city": "Bern"}
    opened.at("rows-file").set_input_files(twice)
    assert "The column city stands twice" in opened.at("error").text_content()
    opened.page.keyboard.press("Escape")
    assert not opened.at("error").count()
    opened.at("rows-file").set_input_files(binary)
    assert "This page reads CSV" in opened.at("error").text_content()
    opened.take(words)
    opened.open(tab="map")
    assert "Row 1, column price" in opened.at("error").text_content()
    opened.wrong = [each for each in opened.wrong if "422" not in each]
    opened.take(shop_csv, "120 rows")
    opened.until(lambda: opened.data("map")["points"] == 120)


def test_the_keyboard_keeps_its_place(opened: Any) -> None:
    opened.open(tab="map")
    held = lambda: opened.page.evaluate("document.activeElement.dataset.testid")  # noqa: E731
    opened.at("tab-triage").focus()
    opened.page.keyboard.press("Enter")
    opened.ready("triage")
    assert held() == "tab-triage"
    opened.at("scheme").focus()
    for _ in range(3):  # all schemes, and back
        opened.page.keyboard.press("Enter")
        assert held() == "scheme"
    rows = opened.page.locator("[data-testid=triage-table-row][tabindex='0']")
    assert rows.count() == 1, "a table is one stop of the Tab key"
    rows.focus()
    opened.page.keyboard.press("ArrowDown")
    opened.page.keyboard.press("Enter")
    wanted = opened.at("triage-table-row").nth(1).locator("td").nth(1).text_content()
    opened.until(lambda: opened.at("triage-row").text_content() == f"Row {wanted}")


def test_a_token_is_asked_for_where_the_service_wants_one(serve: Any, model_file: Path) -> None:
    studio = serve(model_file, token="open sesame")
    studio.page.goto(studio.address)
    studio.at("token-input").fill("wrong")
    studio.at("token-send").click()
    studio.at("token-wrong").wait_for()
    studio.at("token-input").fill("open sesame")
    studio.at("token-send").click()
    studio.ready("map")
    studio.wrong[:] = [line for line in studio.wrong if "401" not in line]  # Chromium tells of every refused request


def test_between_two_rows_begins_and_ends_with_them(opened: Any) -> None:
    opened.open(tab="between", a=3, b=7)
    opened.at("between-strip").wait_for()
    found = opened.data("between")
    assert (found["a"], found["b"], len(found["rows"])) == (3, 7, 9)
    opened.at("between-stop").focus()
    opened.page.keyboard.press("End")
    city = found["rows"][-1]["city"]
    opened.until(lambda: opened.at("between-decoded-city").text_content() == city)
    opened.at("between-swap").click()
    opened.until(lambda: opened.data("between")["a"] == 7)


def test_blanks_are_filled_with_interval_and_draws(opened: Any) -> None:
    opened.open(tab="impute", fill='{"city":"Bern"}')
    opened.at("gap-price-interval").wait_for()
    assert opened.at("gap-city").count() == 0 and opened.at("impute-city").input_value() != ""
    opened.until(lambda: opened.at("gap-price-draws-data").count())
    assert sum(opened.data("gap-price-draws")["counts"]) == 200
    low = opened.at("gap-size in cm-best").text_content()
    opened.at("impute-city").select_option(label="")
    opened.at("impute-price").fill("0.4")
    opened.until(lambda: opened.at("gap-city").count() and opened.at("gap-price").count() == 0)
    assert sum(opened.data("gap-city-draws").values()) == pytest.approx(1)
    assert opened.at("gap-size in cm-best").text_content() != low


def test_new_rows_under_conditions(opened: Any) -> None:
    opened.open(tab="sample", n=30, given='{"city":"Bern"}')
    opened.until(lambda: opened.at("sample-count").count() and opened.at("sample-count").text_content() == "30 rows")
    rows = list(csv.DictReader(io.StringIO(opened.saved("sample-csv"))))
    assert len(rows) == 30 and {row["city"] for row in rows} == {"Bern"}
    opened.at("sample-column").select_option("city")
    opened.until(lambda: opened.data("sample-new") == {"Bern": 1})
    assert set(opened.data("sample-own")) == {"Bern", "Oslo"}


def test_the_scheme_changes_and_stays(opened: Any) -> None:
    opened.open(tab="map")
    shade = "() => getComputedStyle(document.body).backgroundColor"
    light = opened.page.evaluate(shade)
    for _ in range(2):
        opened.at("scheme").click()
    assert opened.page.evaluate(shade) != light
    opened.page.reload()
    opened.ready("map")
    assert opened.page.evaluate(shade) != light
    opened.at("scheme").click()


def test_back_goes_to_the_panel_before(opened: Any) -> None:
    opened.open(tab="map")
    opened.at("tab-training").click()
    opened.ready("training")
    opened.page.go_back()
    opened.ready("map")


DROP = """text => {
    const carried = new DataTransfer();
    carried.items.add(new File([text], "dropped.csv", { type: "text/csv" }));
    for (const kind of ["dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
    }
}"""


def test_a_file_can_be_dropped_on_the_page(opened: Any, shop_csv: Path) -> None:
    opened.open(tab="map")
    opened.page.evaluate(DROP, shop_csv.read_text())
    opened.until(lambda: "dropped.csv · 120 rows" in opened.at("rows-source").text_content())
    opened.until(lambda: opened.data("map")["points"] == 120)


def test_anchors_are_set_on_the_map(opened: Any) -> None:
    opened.open(tab="map", pick="[4,9]")
    rows = opened.at("map-table-row")
    for i, which in enumerate("ab"):
        rows.nth(i).click()
        opened.page.get_by_text(f"Row {(4, 9)[i]}, as").wait_for()
        opened.at(f"map-to-{which}").click()
    opened.at("notice-between").click()
    opened.ready("between")
    found = opened.data("between")
    assert (found["a"], found["b"]) == (4, 9)


def test_the_map_asks_the_model_for_colours(opened: Any) -> None:
    rows = [{"cluster": i % 2, "probability": 1.0} for i in range(120)]  # the question itself takes seconds
    opened.page.route("**/cluster", lambda route: route.fulfill(json={"rows": rows}))
    opened.open(tab="map", colour="(cluster)", filter="(score)", low="0")
    opened.until(lambda: opened.data("map")["key"] == ["cluster 0", "cluster 1"])
    opened.until(lambda: 0 < opened.data("map")["shown"] < 120)
    opened.page.unroute("**/cluster")


def test_sliders_start_from_a_row(opened: Any) -> None:
    opened.open(tab="latents")
    before = opened.data("latents")["z"]
    opened.at("latents-row-number").fill("119")
    opened.at("latents-row").click()
    opened.until(lambda: opened.data("latents")["z"] != before)


def test_what_goes_wrong_is_told_and_a_busy_service_asked_again(opened: Any) -> None:
    opened.open(tab="latents")
    asked: list[str] = []

    def busy(route: Any) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.fulfill(status=503, headers={"retry-after": "0"}, content_type="application/problem+json", body="{}")
        elif len(asked) == 2:
            route.continue_()
        else:
            route.abort()

    opened.page.route("**/decode", busy)
    opened.at("latents-random").click()
    opened.until(lambda: len(asked) == 2)
    opened.until(lambda: opened.at("error").count() == 0)
    opened.page.wait_for_timeout(100)
    opened.at("latents-centre").click()
    opened.at("error").wait_for()
    assert (
        "does not answer" in opened.at("error").text_content() and "vaekit serve" in opened.at("error").text_content()
    )
    opened.page.unroute("**/decode")
    opened.at("latents-random").click()
    opened.until(lambda: opened.at("error").count() == 0)
    opened.wrong[:] = [line for line in opened.wrong if "Failed to load" not in line]  # Chromium tells of each


def test_every_control_and_chart_is_listed_in_the_guide(opened: Any) -> None:
    found = opened.nameless()
    assert len(found) > 6 and not any(found.values()), found
