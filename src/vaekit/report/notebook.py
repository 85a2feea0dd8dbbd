"""How models and results look in a notebook: a piece of HTML of bounded size for each, on light and on dark pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from vaekit.figures.images import positions
from vaekit.figures.style import number, short
from vaekit.figures.walks import coded
from vaekit.report import small
from vaekit.report.page import details, facts, table, text
from vaekit.schema.tensors import is_tensor, ndarray_of

ROWS, COLUMNS, LATENTS = 6, 20, 8  # that are shown of each
STEPS = 11  # of a walk


def shown(result: Any) -> str:
    """The piece of HTML for a result."""
    return frame(*SHOWN[type(result).__name__](result))


def frame(title: str, line: str, *blocks: str) -> str:
    """Blocks below a title, with their style; nothing of it reaches what stands around."""
    head = f'<div class="head">{escape(title)} <span>{escape(line)}</span></div>'
    return f'<div class="vaekit"><style>{_style()}</style>{head}{"".join(blocks)}</div>'


@cache
def _style() -> str:
    return files("vaekit.report").joinpath("notebook.css").read_text(encoding="utf-8")


def of_card(card: Mapping[str, Any]) -> str:
    """A model: what `model.card` says, the long parts folded away."""
    latents, quality = card["latents"], card["quality"]
    used = "" if latents["kl_nats"] is None else f"{quality['active_latents']} of "
    what, apart = ("steps", "windows held out") if card["windows"] else ("rows", "held out")
    blocks = [
        facts(
            (f"{card['rows']:,}", f"{what}, {card['held_out_rows']:,} {apart}"),
            (str(len(card["columns"]) - len(card["set_aside"])), "columns are modelled or given"),
            (f"{used}{latents['count']}", "latents in use" if used else "latents"),
            (f"{card.get('seconds', 0):,.0f} s", f"on {card['device']}, seed {card['seed']}"),
        ),
        *(f'<p class="worry">{escape(worry)}</p>' for worry in quality["worries"]),
        _columns(card).replace("<details", "<details open", 1),
        details("Latents", _latents(latents["kl_nats"])) if latents["kl_nats"] else "",
        details("Questions", table(["mode", ""], list(card["modes"].items()))),
        details("Limits", *(text(f"**{name.replace('_', ' ')}** {words}") for name, words in card["limits"].items())),
        details("What the file keeps of its training rows", _kept(card["keeps"])),
    ]
    return frame("vaekit model", f"{card['preset']}, fitted {card['created'][:10]}", *blocks)


def _columns(card: Mapping[str, Any]) -> str:
    rows = [(short(name, 32), each["kind"], "set aside" if name in card["set_aside"] else each["role"], each["why"])
            for name, each in list(card["columns"].items())[:COLUMNS]]  # fmt: skip
    return details(
        "Columns", table(["name", "kind", "role", "why"], rows), _more(len(card["columns"]), COLUMNS, "columns")
    )


def _latents(rates: list[float]) -> str:
    order, most = sorted(range(len(rates)), key=lambda i: -rates[i])[:COLUMNS], max([*rates, 1e-9])
    rows = "".join(
        f"<tr><td>{i}</td><td class='num'>{rates[i]:.2f}</td><td>{small.bar(rates[i] / most)}</td></tr>" for i in order
    )
    head = "<tr><th>latent</th><th class='num'>nats</th><th></th></tr>"
    return f'<div class="scroll"><table>{head}{rows}</table></div>{_more(len(rates), COLUMNS, "latents")}'


def _kept(keeps: Iterable[Mapping[str, Any]]) -> str:
    rows = [(each["what"], "" if each["rows"] is None else f"{each['rows']:,} of {each['of']:,}", each["shows"])
            for each in keeps]  # fmt: skip
    return table(["what", "rows", "what it shows"], rows)


def _more(count: int, most: int, what: str) -> str:
    return f'<p class="dim">{count - most:,} more {what}</p>' if count > most else ""


Parts = tuple[str, ...]


def scores(found: Any) -> Parts:
    """The spread of the scores, and the strangest rows with their first reasons."""
    total = np.nan_to_num(found.total, nan=-np.inf)
    top = np.argsort(-total, kind="stable")[:ROWS]
    why = found._why.only(top).rows()
    flagged = int(np.nansum(found.flagged))
    least = found.total[found.flagged].min() if flagged else None
    heads = ["row", "score", "p", "first reasons"]
    rows = [(int(b), float(found.total[b]), float(found.p_value[b]), "; ".join(map(_reason, why[b][:2]))) for b in top]
    marks = [(r, 1) for r, b in enumerate(top) if found.flagged[b]]
    what = "steps" if found._cut is not None else "rows"
    return (
        "Scores", f"{len(found):,} {what}, by {found.by}; {flagged:,} flagged",
        small.histogram(found.total, None if least is None else float(np.nextafter(least, -np.inf))),
        table(heads, rows, f"The strangest {what}. `.plot()` shows more, `.to_frame()` has all.", marks),
    )  # fmt: skip


def _reason(reason: Any) -> str:
    """One reason in a few words."""
    ends = "" if reason.low is None else f", {number(reason.low)} to {number(reason.high)}"
    if reason.observed is None and reason.expected is None:
        return short(reason.column, 24)
    return (
        f"{short(reason.column, 24)} {short(number(reason.observed))} (expected {short(number(reason.expected))}{ends})"
    )


def latents(found: Any) -> Parts:
    """A map of the rows."""
    used = int((found.mean.var(0) > 0.01).sum())
    line = f"{len(found):,} {'windows' if found._asked.at is not None else 'rows'} x {found.mean.shape[1]} latents"
    return ("Latents", f"{line}, {used} in use", small.points(found.mean),
            text("Each dot is a row, seen from the side that shows most. `.plot(color='column')` colours them."))  # fmt: skip


def walk(found: Any) -> Parts:
    """What is decoded along the way, a line for each latent."""
    moved = list(dict.fromkeys(found.latent.tolist()))
    blocks = []
    for latent in moved[:LATENTS]:
        at = np.flatnonzero(found.latent == latent)
        at = at[np.linspace(0, len(at) - 1, min(len(at), STEPS)).round().astype(int)]
        name = f"latent {latent}, in standard deviations" if latent >= 0 else "share of the way"
        blocks += [f'<p class="dim">{name}</p>', _places(found, at)]
    line = f"{len(found)} places" + (f", {len(moved)} latent{'s' * (len(moved) > 1)}" if moved[0] >= 0 else "")
    return ("Walk", line, *blocks, _more(len(moved), LATENTS, "latents; dims= chooses"))


def _places(found: Any, at: Any) -> str:
    """The rows at some places of a walk: pictures, lines, or columns."""
    rows, where = found._rows, positions(found.where[at])
    each = rows.num_rows // len(found)
    image = next((column for column in rows.columns if is_tensor(column.type)), None)
    if image is not None:
        return small.strip(ndarray_of(image)[0][at], where)
    names = [name for name in rows.column_names if name not in ("window", "step")]
    columns = {name: coded(rows[name]).reshape(len(found), each) for name in names}
    moved = {name: _change(values[at]) for name, values in columns.items()}
    chosen = sorted(moved, key=lambda name: -moved[name])[: LATENTS + 2]
    if each > 1:
        return _lines({name: columns[name] for name in chosen[:LATENTS]}, at, where)
    kept = rows.take(at)
    return table(["where", *(short(name, 24) for name in chosen)],
                 [(place, *(_value(kept[name][i].as_py()) for name in chosen)) for i, place in enumerate(where)])  # fmt: skip


def _change(values: Any) -> float:
    """How far a column moves along a way, in its own spread of steps; names by how often they change."""
    known = values[np.isfinite(values)]
    return float(np.ptp(known) / (np.abs(known).mean() + 1e-9)) if len(known) else 0.0


def _lines(columns: Mapping[str, Any], at: Any, where: list[str]) -> str:
    head = "".join(f"<th>{escape(short(word, 24))}</th>" for word in ["channel", *where])
    body = ""
    for name, values in columns.items():
        known = values[at][np.isfinite(values[at])]
        ends = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        drawn = "".join(f"<td>{small.line(values[i], *ends)}</td>" for i in at)
        body += f"<tr><td>{escape(short(name, 24))}</td>{drawn}</tr>"
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def _value(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float) else short(str(value), 24)


def labels(found: Any) -> Parts:
    """How often each label was chosen, and how surely."""
    chosen = [(value, sum(label == value for label in found.label)) for value in found.values]
    shown = sorted(chosen, key=lambda pair: -pair[1])[:COLUMNS]
    sure = np.nanmean(found.probability.max(1)) if len(found) else np.nan
    rows = [(short(str(value), 32), count, f"{count / max(len(found), 1):.1%}") for value, count in shown]
    return ("Labels", f"{len(found):,} rows; the chosen label has {sure:.0%} on average",
            table(["label", "rows", "share"], rows), _more(len(chosen), COLUMNS, "labels"))  # fmt: skip


def clusters(found: Any) -> Parts:
    """The map in the colours of the clusters, and their sizes."""
    sizes = np.bincount(found.cluster[found.cluster >= 0], minlength=found.probability.shape[1])
    rows = [(c, int(size), f"{size / max(len(found), 1):.1%}") for c, size in enumerate(sizes[:COLUMNS])]
    return ("Clusters", f"{len(found):,} rows in {len(sizes)} clusters", small.points(found._latents.mean, found._each),
            table(["cluster", "rows", "share"], rows), _more(len(sizes), COLUMNS, "clusters"))  # fmt: skip


def report(found: Any) -> Parts:
    """The figures at a glance."""
    from vaekit.report.common import glance

    used = f"{found.metrics['rows']['used']:,} {found.metrics['of']}"
    worries = [each for each in found.metrics["verdicts"] if each["state"] in ("worry", "look")]
    return ("Report", f"on {used}", facts(*glance(found)),
            *(f'<p class="worry"><b>{each["about"]}</b> {escape(each["says"])}</p>' for each in worries),
            text("`.save('report.html')` writes the whole page."))  # fmt: skip


SHOWN: Mapping[str, Callable[[Any], Parts]] = {
    "Scores": scores, "Latents": latents, "Walk": walk, "Labels": labels, "Clusters": clusters, "Report": report,
}  # fmt: skip
