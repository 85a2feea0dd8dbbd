"""`vaekit fit`: train, checkpoint beside the model, keep the best on Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from vaekit.cli import files, pairs
from vaekit.cli.engine import ENGINE, Engine, files_of
from vaekit.cli.guard import INTERRUPTED, say
from vaekit.cli.options import Data, Seed

if TYPE_CHECKING:
    from vaekit.api import Model
    from vaekit.sources.windows import Windows
    from vaekit.train import Step

GRACE = 10.0  # seconds that later stages of a training get after Ctrl-C

Place = Annotated[str, typer.Option("--out", "-o", metavar="MODEL", help="Where the model goes, such as fraud.vae.")]
Preset = Annotated[str | None, typer.Option(metavar="NAME", help="A paper's model; see vaekit presets.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PART=VALUE", help="prior=normal, objective.beta=4, ...; see vaekit kinds."),
]
Given = Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="A column to condition on.")]
Label = Annotated[str | None, typer.Option(metavar="COLUMN", help="The class column; may have gaps.")]
Ignore = Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="A column to leave out.")]
Kinds = Annotated[
    list[str] | None, typer.Option(metavar="COLUMN=KIND", help="A column's kind, where the inferred is wrong.")
]
Window = Annotated[int | None, typer.Option(metavar="N", help="Steps of a window, where DATA are a stream.")]
Stride = Annotated[int | None, typer.Option(metavar="N", help="Steps from one window to the next; an eighth of it.")]
Time = Annotated[str | None, typer.Option(metavar="COLUMN", help="The clock of a stream; the order of rows without.")]
By = Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="A column that tells machines apart.")]
Limit = Annotated[str | None, typer.Option(metavar="TIME", help="20s, 10m, 1h: the best so far is kept.")]
Validation = Annotated[
    float, typer.Option(metavar="SHARE", help="Rows that never train, to choose the epoch and calibrate p-values.")
]
Store = Annotated[
    bool, typer.Option("--store-rows/--no-store-rows", help="Keep some training rows in MODEL, to compare with.")
]
Device = Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda, ...")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue an interrupted fit of this MODEL.")]


def fit(
    data: Data,
    out: Place,
    preset: Preset = None,
    settings: Settings = None,
    given: Given = None,
    label: Label = None,
    ignore: Ignore = None,
    kind: Kinds = None,
    window: Window = None,
    stride: Stride = None,
    time: Time = None,
    by: By = None,
    seed: Seed = 0,
    time_limit: Limit = None,
    validation: Validation = 0.1,
    store_rows: Store = True,
    device: Device = "auto",
    resume: Resume = False,
) -> None:
    """Fit one model to a table, to images, or with --window to a stream, and write it to one file.

    Ctrl-C keeps the best so far and exits 130. While fitting, MODEL.checkpoint lies beside MODEL; --resume continues it.
    """
    place = files.check_model_place(out)
    options: dict[str, Any] = {
        "given": given or (),
        "label": label,
        "ignore": ignore or (),
        "schema": pairs.kinds(kind or ()),
    }
    options |= check_parts(pairs.parts(settings or ()))
    checkpoint = place.with_name(f"{place.name}.checkpoint")
    stream = cut(data, window, stride, time, by or ())
    from vaekit.api import fit as fit_model
    from vaekit.peers import is_first

    if (engine := ENGINE.get()) is not None:
        _on_ray(engine, data, place, checkpoint, resume, {"preset": preset, "seed": seed, "time_limit": time_limit,
                "validation": validation, "store_rows": store_rows, "device": device, **options})  # fmt: skip
        return
    first = is_first()  # of the processes that torchrun starts one writes and talks
    if first:
        _begin(checkpoint, resume)

    with Interrupt() as interrupt:
        model = fit_model(
            data if stream is None else stream, preset, seed=seed, time_limit=time_limit, validation=validation,
            store_rows=store_rows, device=device, resume=checkpoint, on_step=interrupt.on_step, progress=True, **options,
        )  # fmt: skip
    if not first:
        return
    model.save(place)
    say(summary(model, place))
    if interrupt.asked is not None:
        _stop(interrupt, place, checkpoint)
    _remove(_stages(checkpoint))


def _on_ray(engine: Engine, data: str, place: Path, checkpoint: Path, resume: bool, options: dict[str, Any]) -> None:
    from vaekit.api import load
    from vaekit.scale import on_ray

    _begin(checkpoint, resume)
    paths = [str(Path(path).absolute()) for path in files_of(data)]  # workers have folders of their own
    on_ray.fit(paths, str(place), options, workers=engine.workers, address=engine.address)
    say(summary(load(place), place))
    _remove(_stages(checkpoint))


def _stop(interrupt: Interrupt, place: Path, checkpoint: Path) -> NoReturn:
    """Leave with what a resumed fit needs; a stage that stood on an unfinished model is not part of it."""
    if interrupt.stage == "model":
        _remove(_stages(checkpoint)[1:3])
    say(f"stopped early: {place} is the best so far; the same command with --resume goes on")
    raise typer.Exit(INTERRUPTED)


def cut(data: str, window: int | None, stride: int | None, time: str | None, by: Sequence[str]) -> Windows | None:
    """The stream as it was asked to be cut, None without --window.

    Raises:
        SpecError: for options of a stream without --window.
    """
    from vaekit.errors import SpecError

    if window is not None:
        from vaekit.sources.windows import windows

        return windows(data, window, stride, time, by)
    told = {"--stride": stride, "--time": time, "--by": by}
    if used := [name for name, value in told.items() if value]:
        raise SpecError(f"{used[0]}: is for streams, which are cut into windows", hint="--window 32")
    return None


def check_parts(parts: dict[str, Any]) -> dict[str, Any]:
    """Parts that exist, or a message in the words of the command line.

    Raises:
        SpecError: for an unknown part, with the part that has an option of that name where there is one.
    """
    from vaekit.cli.about import families
    from vaekit.errors import SpecError
    from vaekit.presets import PARTS
    from vaekit.spec import meant, options

    for name, chosen in parts.items():
        if name not in PARTS:
            owner = next((p for p, f in families().items() if any(name in kind for kind in options(f).values())), None)
            hint = f"--set {owner}.{name}={chosen}" if owner else meant(name, PARTS)
            raise SpecError(f"--set {name}: there is no such part, expected one of {', '.join(PARTS)}", hint=hint)
    return parts


def summary(model: Model, place: Path) -> str:
    """What was fitted, in one line."""
    about, schema = model.fitted.about, model.fitted.schema
    cut = model.fitted.cut
    known = () if cut is None else cut.aside
    aside = [column.name or "''" for column in schema.set_aside if column.name not in known]  # an index has no name
    told = f" ({len(aside)} set aside: {', '.join(aside[:4])}{', ...' if len(aside) > 4 else ''})" if aside else ""
    rows, columns = ("rows", "column") if cut is None else ("steps", "channel")
    if files.has_images(model):
        rows = "images"
    wide = len(schema.modelled)
    return (
        f"{place}: {about['rows']:,} {rows}, {wide} {columns}{'s' if wide != 1 else ''}{told}, "
        f"{model.fitted.vae.latents} latents, {about['seconds']:.0f} s; vaekit inspect {place} tells more"
    )


class Interrupt:
    """Ctrl-C once training has begun: the current stage ends, later ones get a little time, the best is kept.

    After a second one no later stage begins, and still the best is kept; a third one ends it all.
    """

    def __init__(self) -> None:
        self.asked: float | None = None
        self.hurry = False
        self.stage = ""
        self._before: Any = None

    def __enter__(self) -> Interrupt:
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def on_step(self, step: Step) -> bool | str:
        from vaekit.train import CUT

        if self._before is None and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._ask)
        if self.asked is None:
            self.stage = step.stage
            return True
        if self.hurry:
            return False
        return True if step.stage != self.stage and monotonic() - self.asked < GRACE else CUT

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked is None:
            self.asked = monotonic()
            say("interrupted: the best model so far will be saved in a moment (Ctrl-C again to hurry)")
            return
        self.hurry = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        say("hurrying: no later stage is trained (Ctrl-C again to leave without a model; --resume would go on)")


def _begin(checkpoint: Path, resume: bool) -> None:
    """With --resume a checkpoint is wanted; without, an old one must not be continued by accident."""
    old = [path for path in _stages(checkpoint) if path.exists()]
    if resume and not old:
        say(f"nothing to resume: there is no {checkpoint}; starting anew")
    if not resume and old:
        say(f"an unfinished fit left {checkpoint}; starting anew (--resume would have continued it)")
        _remove(old)


def _stages(checkpoint: Path) -> list[Path]:
    return [
        checkpoint,
        *(checkpoint.with_name(f"{checkpoint.name}.{stage}") for stage in ("prior", "ratio", "pretrain")),
    ]


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
