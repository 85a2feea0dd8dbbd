"""A headless Chromium, and a page on a service of this process."""

from __future__ import annotations

import csv
import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vaekit

NET = {"kind": "mlp", "hidden": [24]}
QUICK = {"epochs": 2, "prior_epochs": 1}
GUIDE = Path(__file__).parents[3] / "docs/guides/studio.md"
CONTROLS = "button, input, select, a[href]:not(.skip), [tabindex='0'], [role=slider], .chart, script[type$=json]"
WAIT = 40_000  # milliseconds, on a busy machine


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One for a module: its loop must be gone when tests elsewhere run loops of their own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the studio is tested with the package playwright")
    if (path := chromium()) is None:
        pytest.skip("the studio is tested in Debian's chromium, which is not installed")
    with playwright.sync_playwright() as driver:
        own = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield own
        own.close()


class Studio:
    """The page of one service, driven by its test ids."""

    def __init__(self, browser: Any, address: str) -> None:
        self.address = address
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
        self.page = self.context.new_page()
        self.page.set_default_timeout(WAIT)
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda line: self.wrong.append(line.text) if line.type == "error" else None)
        self.page.on(
            "request",
            lambda asked: None if asked.url.startswith((address, "data:", "blob:")) else self.wrong.append(asked.url),
        )

    def _asked(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:", "about:")):
            self.wrong.append(f"from elsewhere: {url}")

    def open(self, **state: Any) -> Studio:
        """A place in the studio, loaded anew."""
        from urllib.parse import urlencode

        self.page.goto("about:blank")
        self.page.goto(f"{self.address}/#{urlencode(state)}")
        self.ready(state.get("tab"))
        return self

    def ready(self, tab: str | None = None) -> None:
        self.page.wait_for_selector(
            f"[data-testid=panel-{tab}][data-ready]" if tab else "[data-ready]", state="attached"
        )

    def at(self, testid: str) -> Any:
        return self.page.get_by_test_id(testid)

    def data(self, testid: str) -> Any:
        """What a chart exposes."""
        return json.loads(self.at(f"{testid}-data").first.text_content())

    def nameless(self) -> dict[str, list[str]]:
        """Controls of every panel, and charts, whose test id the guide does not list; or what shows an error."""
        known = re.findall(r"`([a-z][\w*-]*)`", GUIDE.read_text())
        listed = re.compile("|".join(re.escape(name).replace(r"\*", ".+") for name in known))
        found = {}
        for tab in self.page.eval_on_selector_all("#nav a", "each => each.map(one => one.dataset.testid.slice(4))"):
            self.at(f"tab-{tab}").click()
            self.ready(tab)
            names = self.page.eval_on_selector_all(
                CONTROLS, "each => each.map(one => one.dataset.testid ?? one.outerHTML)"
            )
            found[tab] = sorted({name for name in names if not listed.fullmatch(name)})
            found[tab] += self.at("error").all_text_contents()
        return found

    def until(self, holds: Any) -> None:
        """Wait until it holds."""
        end = time.monotonic() + WAIT / 1000
        while not holds():
            assert time.monotonic() < end, "it never held"
            self.page.wait_for_timeout(20)

    def take(self, path: Path, says: str = "") -> None:
        """Give it a file of rows; it has them when it names the file, which it reads in its own time."""
        self.at("rows-file").set_input_files(path)
        self.until(lambda: f"{path.name} · {says}" in self.at("rows-source").text_content())

    def saved(self, testid: str) -> str:
        """The file that a button downloads."""
        with self.page.expect_download() as found:
            self.at(testid).click()
        return Path(found.value.path()).read_text()


@pytest.fixture(scope="module")
def serve(browser: Any) -> Iterator[Any]:
    """serve(path, ..., token=None) -> Studio: the service in a thread of this process, the page in the browser."""
    import uvicorn

    from vaekit.serve.app import Server
    from vaekit.serve.shelf import Shelf

    servers, studios = [], []

    def start(*paths: Path, token: str | None = None) -> Studio:
        app = Server(Shelf(paths), token=token)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", access_log=False, lifespan="on"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        servers.append((server, thread))
        (port,) = {each.getsockname()[1] for own in server.servers for each in own.sockets}
        studios.append(Studio(browser, f"http://127.0.0.1:{port}"))
        return studios[-1]

    yield start
    for studio in studios:
        studio.context.close()
    for server, thread in servers:
        server.should_exit = True
        thread.join(10)
    assert [wrong for studio in studios for wrong in studio.wrong] == []


@pytest.fixture(scope="module")
def shop_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 rows for the small table model, the last of which is strange."""
    noise = np.random.default_rng(1)
    x = noise.normal(size=120)
    path = tmp_path_factory.mktemp("rows") / "march.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["size in cm", "price", "city", "clerk"])
        for i, each in enumerate(x[:-1]):
            price = "" if i % 9 == 0 else round(float(np.exp(each)), 4)
            writer.writerow([round(50 + 10 * each, 3), price, "Bern" if each > 0.5 else "Oslo", f"clerk, {i}"])
        writer.writerow([95, 0.05, "Bern", "nobody"])
    return path


@pytest.fixture(scope="module")
def digits_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 8 x 8 digits under the condition of which digit it is."""
    from sklearn.datasets import load_digits

    digits, names = load_digits(return_X_y=True)
    images = vaekit.images((digits[:300] * 15.9).astype(np.uint8).reshape(-1, 8, 8), columns={"digit": names[:300]})
    model = vaekit.fit(
        images, given=["digit"], latent=3, train=QUICK, net={"kind": "mlp", "hidden": [24]}, likelihood="bernoulli"
    )
    return Path(model.save(tmp_path_factory.mktemp("digits") / "digits.vae"))


@pytest.fixture(scope="module")
def pump_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of a day of two pumps, and beside it march.csv: hours of both, five of which are strange."""
    import pandas as pd

    hours, noise = np.arange(600), np.random.default_rng(0)
    wave = np.sin(2 * np.pi * hours / 24)
    table = pd.DataFrame({
        "time": np.tile(pd.date_range("2026-01-01", periods=600, freq="h").strftime("%Y-%m-%d %H:%M:%S"), 2),
        "pump": np.repeat(["north", "south"], 600),
        "flow": np.concatenate([20 + 5 * wave, 30 + 5 * wave]) + 0.3 * noise.normal(size=1200),
        "heat": np.concatenate([50 - 3 * wave, 40 - 3 * wave]) + 0.3 * noise.normal(size=1200),
    })  # fmt: skip
    stream = vaekit.windows(table.assign(time=pd.to_datetime(table["time"])), size=12, stride=4, time="time", by="pump")
    model = vaekit.fit(stream, latent=3, train=QUICK, net=NET)
    folder = tmp_path_factory.mktemp("pumps")
    march = table.groupby("pump").head(200).copy()
    march.loc[march.index[260:265], "flow"] += 60
    march.to_csv(folder / "march.csv", index=False)
    return Path(model.save(folder / "pumps.vae"))
