import sys

import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from vaekit.sources import read


def table(done):
    assert done.status == 0, done.err
    return pa_csv.read_csv(pa.BufferReader(done.out.encode()))


def test_samples_have_the_fitted_columns_and_the_given_values(here, run):
    rows = table(run("sample", "label.vae", "-n", 30, "--given", "city=Oslo", "--given", "visits=3", "--seed", 1))
    assert rows.column_names == read("rows.csv").arrow.column_names
    assert set(rows["city"].to_pylist()) == {"Oslo"} and set(rows["visits"].to_pylist()) == {3}
    assert rows.num_rows == 30
    assert table(run("sample", "label.vae")).num_rows == 1000


def test_seed_and_temperature_reach_the_sampler(here, run):
    heights = [
        table(run("sample", "label.vae", "-n", 50, *words))["height"]
        for words in ([], [], ["--seed", 1], ["--temperature", 0.1])
    ]
    assert heights[0] == heights[1]
    assert heights[0] != heights[2] and heights[0] != heights[3]


def test_decoding_what_was_encoded_is_reconstructing(here, run):
    decoded = run("decode", "label.vae", "latents.csv")
    assert table(decoded).num_rows == 40
    kept = ["height", "city", "grade"]
    assert table(decoded).select(kept) == table(run("reconstruct", "label.vae", "rows.csv")).select(kept)


def test_a_traverse_moves_the_latents_that_are_named(here, run):
    words = ["--row", 3, "--data", "rows.csv", "--dim", 1, "--dim", 0, "--steps", 3, "--span", 2]
    walk = table(run("traverse", "label.vae", *words))
    assert walk.column_names[:2] == ["latent", "where"]
    assert walk["latent"].to_pylist() == [1, 1, 1, 0, 0, 0]
    assert walk["where"].to_pylist() == [-2, 0, 2] * 2
    assert walk != table(run("traverse", "label.vae", "--dim", 1, "--dim", 0, "--steps", 3, "--span", 2))


def test_interpolation_begins_and_ends_at_its_rows(here, run):
    walk = table(run("interpolate", "label.vae", "rows.csv", "--rows", 2, 5, "--steps", 4))
    rows = read("rows.csv").arrow.select(["id", "height", "city"])
    kept = walk.select(rows.column_names)
    assert [kept.slice(at, 1).to_pylist() for at in (0, 3)] == [rows.slice(at, 1).to_pylist() for at in (2, 5)]
    assert table(run("interpolate", "label.vae", "rows.csv", "--rows", 2, 5, "--path", "spherical")).num_rows == 9


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_walks_are_drawn(ending, here, tmp_path, run):
    pytest.importorskip("matplotlib")
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending]
    for words in (["traverse", "label.vae"], ["interpolate", "label.vae", "rows.csv", "--rows", 0, 1]):
        done = run(*words, "-o", tmp_path / f"w.{ending}")
        assert (done.status, done.out) == (0, ""), done.err
        assert (tmp_path / f"w.{ending}").read_bytes().startswith(start)


def test_a_picture_without_matplotlib_is_refused_before_the_work(here, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = run("traverse", "label.vae", "-o", "walk.png")
    assert done.status == 2
    assert (
        done.err == "error: -o walk.png: pictures need matplotlib\nhint: pip install 'vaekit[plots]', or -o walk.csv\n"
    )
