"""Every picture draws for models of every sort, leaves matplotlib as it was, and says what is missing without it."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from vaekit import figures
from vaekit.figures import style

matplotlib = pytest.importorskip("matplotlib")


def draws(figure):
    """The figure as well-formed SVG with something in it."""
    text = figures.svg(figure, page=True)
    ET.fromstring(text)
    assert text.count("<path") > 3
    return text


def test_pictures_of_every_model(case):
    model, rows = case.model, case.rows
    draws(model.encode(rows).plot())
    draws(model.traverse().plot())
    draws(model.interpolate(rows[:1], rows[1:2]).plot())
    assert "row " in draws(model.score(rows, alpha=0.1).plot())


def test_pictures_of_a_report(mixed):
    report = mixed.model.evaluate(mixed.rows)
    metrics, shown = report.metrics, report.pictures
    drawn = [
        report.plot(),
        figures.errors(metrics["imputation"]["columns"]),
        figures.accuracy(metrics["imputation"]["columns"]),
        figures.moves(metrics["latents"]["moves"]),
        figures.rates(metrics["latents"]["kl"]),
        figures.p_values(shown["p_value"]),
        figures.training(shown["history"]),
        figures.marginals(shown["real"], shown["drawn"]),
    ]
    for picture in drawn:
        draws(picture)
    assert "city" in draws(drawn[2])
    assert "joined" in draws(drawn[-1])


def test_the_account_of_a_row_ends_at_its_total(mixed):
    scores = mixed.model.score(mixed.rows)
    row = int(np.argmax(scores.total))
    ax = figures.reasons(scores, row).axes[0]
    ends = [patch.get_x() + patch.get_width() for patch in ax.patches]
    assert ends[-1] == pytest.approx(scores.total[row], rel=1e-6)
    assert [text for text in ax.texts if "expected" in text.get_text()]


def test_moments_and_gaps_have_marginals():
    days = pa.array(np.arange("2020-01-01", "2020-03-01", dtype="datetime64[D]"))
    real = pa.table({"day": days, "hollow": pa.nulls(len(days), pa.float64()), "flag": pa.array([True, False] * 30)})
    text = draws(figures.marginals(real, real.slice(0, 0)))
    assert "2020-0" in text
    assert "hollow" not in text


def test_a_map_colours_numbers_names_and_gaps():
    points = np.random.default_rng(0).normal(size=(40, 3))
    assert "missing" in draws(figures.latent_map(points, ["a", "b", None, "c"] * 10, "letter"))
    assert "weight" in draws(figures.latent_map(points, [1.0, 2.0, None, 4.0] * 10, "weight"))
    assert "5 others" in draws(figures.latent_map(points, [f"level {i % 12}" for i in range(40)]))
    draws(figures.latent_map(points[:, :1]))
    draws(figures.latent_map(points[:1]))


def test_nothing_global_is_touched():
    before = dict(matplotlib.rcParams)
    code = (
        "import sys\nfrom vaekit import figures as f\nf.svg(f.rates([1.0]))\nprint('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
    figures.svg(figures.rates([1.0, 0.0]))
    assert dict(matplotlib.rcParams) == before


def test_importing_figures_imports_no_matplotlib():
    code = "import sys, vaekit.figures; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    from vaekit.errors import UserError

    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError, match=r"vaekit\[plots\]"):
        figures.rates([1.0])


def test_equal_figures_are_equal_text_without_ids_that_clash():
    first, second = (figures.svg(figures.rates([1.0, 0.5]), page=True) for _ in range(2))
    assert first == second
    assert '<g id="' not in first
    assert "var(--model, #0072b2)" in first
    assert "font-family: var(--font" in first


def test_files_and_notebooks(tmp_path):
    picture = figures.rates([1.0])
    figures.save(picture, tmp_path / "a.svg")
    figures.save(picture, tmp_path / "a.png")
    assert (tmp_path / "a.svg").read_text().startswith("<svg")
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    assert picture._repr_svg_().startswith("<svg")


def test_the_colours_differ_in_lightness_or_hue_for_everybody():
    """Any two colours of names stay apart when red and green look alike (a deuteranope's simulation)."""

    def seen(color):
        r, g, b = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return np.array([0.625 * r + 0.375 * g, 0.7 * r + 0.3 * g, 0.3 * g + 0.7 * b])

    for a, b in combinations((style.DATA, style.MODEL, style.STRANGE), 2):
        assert np.abs(seen(a) - seen(b)).max() > 0.15
