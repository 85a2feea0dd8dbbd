from vaekit import demo


def test_the_demo_is_run_and_its_report_named(run, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(demo, "run", lambda name, out: asked.append((name, out)))
    done = run("demo", "table", "-o", tmp_path / "r.html")
    assert done.status == 0 and "r.html is ready" in done.err
    assert asked == [("table", tmp_path / "r.html")]


def test_without_a_name_all_are_run(run, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(demo, "run", lambda name, out: asked.append(name))
    assert run("demo", "-o", tmp_path / "r.html").status == 0
    assert asked == [None]
