"""The house style: what is data is dark, what the model says is blue, what stands out is vermilion.

The colours are told apart without colour vision (Okabe and Ito 2008, jfly.uni-koeln.de/color). Figures are plain `Figure`
objects: no global setting of matplotlib is touched, and no backend is chosen.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from vaekit.errors import UserError

DATA, MODEL, STRANGE = "#4a545e", "#0072b2", "#d55e00"
INK, MUTED, RULE, PAPER = "#20262d", "#6b7680", "#d9dee3", "#ffffff"
NAMES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b3a100", "#999999")
FONT = 9.0
# In a page these stand for CSS variables, so that a dark scheme can change them.
VARIABLES = {INK: "ink", MUTED: "muted", RULE: "rule", PAPER: "paper", DATA: "data", MODEL: "model", STRANGE: "strange"}

_DRAWING = threading.Lock()


def canvas(width: float = 6.4, height: float = 3.2, rows: int = 1, columns: int = 1, **options: Any) -> tuple[Any, Any]:
    """A figure and its axes (rows, columns), bare and quiet; sizes in inches.

    Raises:
        UserError: when matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("matplotlib"):
            raise
        raise UserError("pictures need matplotlib", hint="pip install 'vaekit[plots]'") from None
    figure = Figure(figsize=(width, height), layout="constrained", facecolor=PAPER)
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    for ax in axes.flat:
        quiet(ax)
    figure._repr_svg_ = partial(svg, figure)  # type: ignore[attr-defined]  # notebooks show it without pyplot
    return figure, axes


def quiet(ax: Any) -> None:
    """No frame, thin rules, muted small numbers."""
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(RULE)
    ax.tick_params(colors=MUTED, labelsize=FONT - 1, length=0, pad=4)
    ax.xaxis.label.set(color=MUTED, size=FONT)
    ax.yaxis.label.set(color=MUTED, size=FONT)
    ax.patch.set_alpha(0)
    ax.set_axisbelow(True)


def title(ax: Any, text: str) -> None:
    """A title at the left, in ink."""
    ax.set_title(text, loc="left", fontsize=FONT + 1, color=INK, fontweight="bold", pad=8)


def legend(ax: Any, **options: Any) -> None:
    """A legend without a frame."""
    shown = ax.legend(frameon=False, fontsize=FONT - 1, handlelength=1.2, **options)
    for text in shown.get_texts():
        text.set_color(INK)


def rows_of(ax: Any, labels: Sequence[str]) -> None:
    """One named row per label from the top down, without a left rule."""
    ax.set_yticks(range(len(labels)), [short(label, 24) for label in labels])
    ax.tick_params(axis="y", colors=INK)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.spines["left"].set_visible(False)


def heat(ax: Any, values: Any, most: float, *, signed: bool = False) -> None:
    """Squares whose opacity is the value, blue above zero and vermilion below: they suit a light and a dark page."""
    from matplotlib.patches import Rectangle

    for row, line in enumerate(values):
        for column, value in enumerate(line):
            depth = min(abs(float(value)) / most, 1.0) if most > 0 and value == value else 0.0
            color = STRANGE if signed and value < 0 else MODEL
            ax.add_patch(Rectangle((column - 0.46, row - 0.44), 0.92, 0.88, facecolor=color, alpha=depth, linewidth=0))
    ax.set_xlim(-0.6, len(values[0]) - 0.4)
    ax.spines["bottom"].set_visible(False)


def short(text: Any, most: int = 18) -> str:
    """The text, cut with an ellipsis where it is long.

    >>> short("marital-status-before", 10)
    'marital-s…'
    """
    text = str(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def number(value: Any) -> str:
    """A value as people write it: three digits, no exponent where it can be helped.

    >>> number(1234567.0), number(999.7), number(0.01234), number(12.0), number("EWR"), number(None)
    ('1,234,567', '1,000', '0.0123', '12', 'EWR', 'missing')
    """
    if value is None:
        return "missing"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if abs(value) >= 999.5:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def svg(figure: Any, *, page: bool = False) -> str:
    """The figure as SVG text; for a page: transparent, its text in the page's font, its colours the page's variables."""
    import matplotlib

    out = io.StringIO()
    about = {"Date": None, "Creator": None, "Format": None, "Type": None}
    # The two settings of SVG have no other place; they are back as they were when the lock opens.
    with _DRAWING, matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "vaekit"}):
        figure.savefig(out, format="svg", metadata=about, facecolor="none" if page else PAPER)
    text = out.getvalue()
    text = text[text.index("<svg") :]
    return _for_page(text) if page else text


def save(figure: Any, path: str | Path, dpi: int = 150) -> None:
    """Write a figure as .svg or .png."""
    if str(path).endswith(".svg"):
        Path(path).write_text(svg(figure), encoding="utf-8")
        return
    figure.savefig(path, format="png", dpi=dpi, metadata={"Software": None})


def _for_page(text: str) -> str:
    for color, name in VARIABLES.items():
        text = text.replace(f": {color}", f": var(--{name}, {color})")
    text = re.sub(r"font-family: [^;\"]+", "font-family: var(--font, sans-serif)", text)
    text = re.sub(r"font: ([^;\"]*?px) [^;\"]+", r"font: \1 var(--font, sans-serif)", text)
    text = re.sub(
        r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1), count=1
    )
    text = re.sub(r'<g id="[^"]*"', "<g", text)  # ids must be unique on a page of many figures
    return re.sub(r"\s*\n\s*", "\n", text)
