"""Draws the pictures of the README and the guides: python docs/make_pictures.py [MODEL].

Without a model of the demo (demo/flights.vae, which `make demo` leaves behind) it is fitted first.
"""

from __future__ import annotations

import sys
from pathlib import Path

from vaekit import api, figures
from vaekit.demo.flights import NEW, ROWS, fit, read_flights, split
from vaekit.demo.pictures import banner

ASSETS = Path(__file__).parent / "assets"


def main(path: Path) -> None:
    """Draw every picture."""
    known, new = split(read_flights(ROWS + NEW), ROWS)
    model = api.load(path) if path.exists() else fit(known)
    ASSETS.mkdir(exist_ok=True)
    figures.save(banner(model, new), ASSETS / "demo.svg")
    print(ASSETS / "demo.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo/flights.vae"))
