"""The blocks of a page. Every function returns HTML; whatever comes from data is escaped here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from vaekit import figures
from vaekit.figures.style import number

PART = '<section class="part"'


def page(title: str, lead: str, sections: Sequence[tuple[str, str]], foot: str = "") -> str:
    """A whole page.

    Args:
        title: its name.
        lead: what it is, in a sentence or two.
        sections: (title, HTML) pairs, as `section` makes them; those of `part` begin a part of several.
        foot: the last line.

    >>> page("A <title>", "What it is.", [section("One", text("Words."))])[:15]
    '<!doctype html>'
    """
    style = files("vaekit.report").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f'<header><h1>{escape(title)}</h1><p class="lead">{_inline(lead)}</p></header>\n'
        f"<nav>{_contents(sections)}</nav>\n<main>\n{''.join(body for _, body in sections)}</main>\n"
        f"<footer>{_inline(foot)}</footer>\n</body>\n</html>\n"
    )


def section(title: str, *blocks: str) -> tuple[str, str]:
    """A section's title, and its HTML with a heading that links can name."""
    return title, f'<section id="{_slug(title)}"><h2>{escape(title)}</h2>\n{"".join(blocks)}</section>\n'


def part(title: str, lead: str) -> tuple[str, str]:
    """The head of a part of the page, to which all sections belong up to the next one."""
    head = f'<h1>{escape(title)}</h1><p class="lead">{_inline(lead)}</p>'
    return title, f'{PART} id="{_slug(title)}">{head}</section>\n'


def _contents(sections: Sequence[tuple[str, str]]) -> str:
    """Links to the sections, a list for each part."""
    links = "".join(
        f'</ol><h3><a href="#{_slug(name)}">{escape(name)}</a></h3><ol>'
        if body.startswith(PART)
        else f'<li><a href="#{_slug(name)}">{escape(name)}</a></li>'
        for name, body in sections
    )
    return f"<ol>{links}</ol>".replace("<ol></ol>", "")


def text(*paragraphs: str) -> str:
    r"""Paragraphs; `code` between backticks, **strong** between stars, [page.html] a link to that neighbour.

    >>> text("`x < 1` is **rare**")
    '<p><code>x &lt; 1</code> is <strong>rare</strong></p>\n'
    """
    return "".join(f"<p>{_inline(each)}</p>\n" for each in paragraphs)


def figure(picture: Any, caption: str, worry: str = "") -> str:
    """A picture with what it shows, and when to worry."""
    warn = f' <span class="worry"><b>When to worry.</b> {_inline(worry)}</span>' if worry else ""
    label = escape(re.sub(r"[`*]", "", caption), quote=True)
    room = f"max-width: {picture.get_figwidth() * 7.2:.1f}rem"  # equal letters in every picture, whatever its width
    drawing = figures.svg(picture, page=True).replace("<svg", f'<svg role="img" aria-label="{label}" style="{room}"', 1)
    return f"<figure>{drawing}<figcaption>{_inline(caption)}{warn}</figcaption></figure>\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "", mark: Sequence[Any] = ()) -> str:
    """A small table; None is an em dash, numbers stand at the right; `mark` holds (row, column) cells to highlight."""
    cells = [list(row) for row in rows]
    right = [all(_is_number(row[c]) for row in cells) for c in range(len(columns))]
    head = "".join(f"<th{_class(right[c])}>{escape(column)}</th>" for c, column in enumerate(columns))
    body = "".join(
        "<tr>" + "".join(_cell(value, right[c], (r, c) in set(mark)) for c, value in enumerate(row)) + "</tr>\n"
        for r, row in enumerate(cells)
    )
    title = f'<p class="caption">{_inline(caption)}</p>\n' if caption else ""
    return f'{title}<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>\n'


def facts(*pairs: tuple[str, str]) -> str:
    """Large numbers with a line below each: (number, what it is)."""
    return (
        '<dl class="facts">'
        + "".join(f"<div><dd>{escape(value)}</dd><dt>{_inline(line)}</dt></div>" for value, line in pairs)
        + "</dl>\n"
    )


def verdict(about: str, state: str, says: str) -> str:
    """A judgement: fine, look, worry or unknown, which a word tells as well as a colour.

    >>> verdict("Drift", "fine", "These rows are like those that trained.")[:40]
    '<div class="verdict fine"><b>Drift</b><i'
    """
    word = {"fine": "fine", "look": "look into it", "worry": "worry", "unknown": "not known"}[state]
    return f'<div class="verdict {state}"><b>{escape(about)}</b><i>{word}</i><span>{_inline(says)}</span></div>\n'


def code(source: str) -> str:
    """A piece of a program."""
    return f"<pre><code>{escape(source.strip())}</code></pre>\n"


def details(title: str, *blocks: str) -> str:
    """Blocks that are folded away."""
    return f"<details><summary>{escape(title)}</summary>\n{''.join(blocks)}</details>\n"


def _cell(value: Any, right: bool, marked: bool) -> str:
    shown = "—" if value is None else number(value)
    return f"<td{_class(right, marked)}>{escape(shown)}</td>"


def _class(right: bool, marked: bool = False) -> str:
    names = " ".join(name for name, there in (("num", right), ("mark", marked)) if there)
    return f' class="{names}"' if names else ""


def _is_number(value: Any) -> bool:
    """Whether a cell stands at the right: a number, a percentage, or nothing."""
    return value is None or re.fullmatch(r"[-+−]?[\d,.]+%?", number(value)) is not None


def _inline(words: str) -> str:
    words = escape(words, quote=False)
    words = re.sub(r"`([^`]+)`", r"<code>\1</code>", words)
    words = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", words)
    return re.sub(r"\[([\w.-]+\.html)\]", r'<a href="\1">\1</a>', words)


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
