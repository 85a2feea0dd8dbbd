"""A mode from file to file, batch by batch: memory does not grow with the rows.

```
file --ahead--> batch --mode--> answer --behind--> file beside its place, moved there when it is whole
     a thread            here            a thread
```

A batch of a table's rows is answered as the table would be: no row's answer depends on another row. Streams (windows overlap
batches) and images are read whole, and so are several files together.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaekit.cli import files
from vaekit.cli.engine import ENGINE, Engine, files_of
from vaekit.errors import DataError, SpecError
from vaekit.modes import WATCH

if TYPE_CHECKING:
    import pyarrow as pa

    from vaekit.api import Model
    from vaekit.sources import Batch

    Ask = Callable[[Model, Any, int], pa.Table]

_ROW = re.compile(r"\b(row|line) (\d+)\b")


def save(model: Model, data: Any, out: str, ask: Ask) -> None:
    """Write what `ask(model, rows, number of the first one)` answers, in constant memory where rows stand alone."""
    from vaekit.sources import STREAMED, batches, is_streamable, write_batches

    alone = model.fitted.cut is None and not files.has_images(model)
    if (engine := ENGINE.get()) is not None:
        _refuse_whole(alone, out)
        from vaekit.scale import on_ray

        named, paths, text = engine.options["model"], files_of(data), model.fitted.schema.text
        on_ray.answer(named, paths, out, ask, of=_of(engine), text=text, workers=engine.workers, address=engine.address,
                      watch=WATCH.get())  # fmt: skip
    elif alone and is_streamable(data) and (out == "-" or Path(out).suffix.lower() in STREAMED):
        write_batches(answers(model, batches(data, model.fitted.schema.text), ask), out)
    else:
        files.save(ask(model, data, 0), out)


def save_sample(model: Model, out: str, n: int, conditions: Any, seed: int, temperature: float) -> None:
    """Write new rows, lot by lot."""
    from vaekit.modes.sample import batches
    from vaekit.sources import write_batches

    lots = batches(model.fitted, n, conditions, seed)
    if (engine := ENGINE.get()) is not None:
        _refuse_whole(not files.has_images(model), out)
        from vaekit.scale import on_ray

        def ask(model: Model, size: int, own: int) -> pa.Table:
            return files.as_table(model.sample(size, conditions, own, temperature))

        on_ray.draw(engine.options["model"], [(size or n, own) for size, own in lots], out, ask, of=_of(engine),
                    workers=engine.workers, address=engine.address, watch=WATCH.get())  # fmt: skip
    elif len(lots) == 1:
        files.save(model.sample(n, conditions, seed, temperature), out)
    else:
        made = (files.as_table(model.sample(count, conditions, own, temperature)) for count, own in lots)
        write_batches(_counted(made, n), out)


def _refuse_whole(alone: bool, out: str) -> None:
    from vaekit.sources import STREAMED

    if not alone or Path(out).suffix.lower() not in STREAMED:
        what = f"-o {out}: " if alone else "streams and images: "
        raise SpecError(f"{what}--on ray writes tables to {', '.join(STREAMED)}", hint="leave out --on")


def _of(engine: Engine) -> dict[str, str]:
    """The options that decide the answer."""
    return {name: str(value) for name, value in engine.options.items() if name not in ("out", "model")}


def answers(model: Model, source: Iterator[Batch], ask: Ask) -> Iterator[pa.Table]:
    """The answer to each batch in turn; what is wrong or odd is told as if the rows had come together."""
    from vaekit.sources import ahead

    watch, done, told = WATCH.get(), 0, set[str]()
    for table, share in ahead(source):
        with _quiet(), _told_from(done, told):
            answer = ask(model, table, done)
        done += table.rows
        if watch is not None:
            watch(done, max(done, round(done / share)) if share else done)
        yield answer


def from_row(answer: pa.Table, first: int) -> pa.Table:
    """An answer whose column `row` goes on from a number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    at = answer.schema.get_field_index("row")
    return answer.set_column(at, "row", pc.add(answer["row"], pa.scalar(first, answer["row"].type)))


def _counted(tables: Iterator[pa.Table], total: int) -> Iterator[pa.Table]:
    watch, done = WATCH.get(), 0
    for table in tables:
        done += table.num_rows
        if watch is not None:
            watch(done, total)
        yield table


@contextmanager
def _quiet() -> Iterator[None]:
    """Progress through the batches is told here, not that through the rows of one."""
    token = WATCH.set(None)
    try:
        yield
    finally:
        WATCH.reset(token)


@contextmanager
def _told_from(first: int, told: set[str]) -> Iterator[None]:
    """Rows in messages count from the first one of the file; a warning that an earlier batch gave is not told again."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    except DataError as error:
        raise DataError(_moved(error.message, first), hint=error.hint) from error
    for each in caught:
        text = _moved(str(each.message), first)
        if (what := _what(text)) not in told:
            warnings.warn_explicit(text, each.category, each.filename, each.lineno)
        told.add(what)


def _what(warning: str) -> str:
    """What a warning is about, without the numbers and values of one batch.

    >>> _what("column 'pet': 2 new levels ('cow', 'hen') in 7 rows count as other")
    "column 'pet'"
    >>> _what("score: 9 calibration rows") == _what("score: 8 calibration rows")
    True
    """
    about, _, rest = warning.partition(": ")
    return about if about.startswith("column '") and rest else re.sub(r"\d+", "", warning)


def _moved(text: str, first: int) -> str:
    return _ROW.sub(lambda found: f"{found[1]} {int(found[2]) + first}", text)
