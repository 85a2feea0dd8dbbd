"""Images on the command line: archives and folders in and out, and what is refused before the work."""

import os

import numpy as np
import pyarrow.parquet as pa_parquet
import pytest

import vaekit

QUICK = [
    "--set",
    "train.epochs=1",
    "--set",
    "train.prior_epochs=1",
    "--set=net=conv",
    "--set=net.widths=[4]",
    "--set=net.hidden=8",
]
MISTAKES = [
    ("fit few.npz -o m.npz", ".npz is the ending of data", "-o m.vae"),
    ("fit few.npz -o m.vae --window 4", "images were given, a table was expected", "without windows"),
    ("fit few.npz -o m.vae --given digt", "'digt', which the data do not have", "did you mean 'digit'?"),
    ("fit two.npz -o m.vae", "several arrays of images: a (3, 8, 6), b (3, 8, 6)", "'two.npz:a'"),
    ("fit none.npz -o m.vae", "holds neither images nor columns of one length", "(B, H, W)"),
    ("fit broken -o m.vae", "'broken/b.png' cannot be read as a picture", "damaged"),
    ("fit cut.npz -o m.vae", "'cut.npz' cannot be read as .npz", "damaged"),
    ("score few.npz bars.vae", "few.npz: not a vaekit model", "the model comes first"),
    ("score bars.vae small.npy", "images of 6 x 6 x 1 (height, width, channels) were given, 8 x 6 x 1", "resize"),
    ("score given.vae few.npy", "column 'digit' is absent", "leave its cells empty"),
    ("score bars.vae few.npy -o s.npy", "-o s.npy: unknown ending", "one of these"),
    ("score bars.vae few.npy -o s/", "-o s/: unknown ending", "one of these"),
    ("score bars.vae few.npy --causal", "--causal: scores up to a step are for streams", "--window"),
    ("sample bars.vae", "-o -: the answer holds images, which are no text", "-o OUT.npz"),
    ("reconstruct bars.vae few.npy -o r.csv", "-o r.csv: the answer holds images", "-o OUT/ for a folder"),
    ("reconstruct bars.vae few.npy -o r.gif", "-o r.gif: unknown ending", "one of these"),
    ("reconstruct bars.vae few.npy -o pictures", "-o pictures: the folder is not empty", "a new folder"),
    ("reconstruct bars.vae few.npy -o no/where/", "there is no folder 'no'", "mkdir -p no"),
    ("reconstruct given.vae few.npz -o r.npy", "-o r.npy: .npy holds images alone", "-o r.npz"),
    ("impute bars.vae few.npy -o i.npy --draws 2", "columns beside them (draw)", "-o i.npz"),
    ("impute bars.vae few.npy -o i/ --interval 0.9", "-o i/: a folder holds one picture of each image", "-o OUT.npz"),
    ("impute bars.vae few.npy -o i.npy --mask small.npy", "--mask has shape (8, 6, 6)", "one mask for all images"),
    ("impute bars.vae few.npy -o i.npy --mask mask.pgn", "there is no file 'mask.pgn'", "did you mean 'mask.png'?"),
    ("traverse bars.vae -o t.npy", "columns beside them (latent, where)", "-o t.npz"),
    ("interpolate bars.vae few.npy --rows 0 8 -o i.npz", "no image 8 in few.npy: it has images 0 to 7", "count from 0"),
]


@pytest.fixture(scope="module")
def broken(shelf):
    """The folder, with files that are not right in one way each."""
    few = np.load(shelf / "few.npy")
    np.save(shelf / "small.npy", few[:, :6])
    np.savez(shelf / "two.npz", a=few[:3], b=few[:3])
    np.savez(shelf / "none.npz", a=np.zeros((3, 2)), b=np.zeros(5))
    (shelf / "cut.npz").write_bytes((shelf / "few.npz").read_bytes()[:300])
    (shelf / "broken").mkdir()
    whole = (shelf / "pictures/000000.png").read_bytes()
    (shelf / "broken/a.png").write_bytes(whole)
    (shelf / "broken/b.png").write_bytes(whole[: len(whole) // 2])
    return sorted(os.listdir(shelf))


@pytest.mark.parametrize(("line", "message", "hint"), MISTAKES, ids=[line for line, _, _ in MISTAKES])
def test_a_mistake_is_told_with_a_hint_and_leaves_nothing(line, message, hint, broken, there, run):
    done = run(*line.split())
    assert done.status == 2, done
    first, *rest = [text for text in done.err.splitlines() if not text.startswith("warning: ")]
    assert first.startswith("error: ") and message in first
    assert len(rest) == 1 and hint in rest[0]
    assert done.out == "" and sorted(os.listdir(there)) == broken


@pytest.mark.parametrize(
    ("data", "more"), [("few.npz", ["--given", "digit"]), ("few.npy", []), ("pictures", ["--ignore", "file"])]
)
def test_images_are_fitted_from_archives_and_folders(data, more, there, tmp_path, run):
    done = run("fit", data, "-o", tmp_path / "m.vae", *QUICK, *more)
    assert done.status == 0, done.err
    assert "m.vae: 8 images, 1 column" in done.err
    model = vaekit.load(tmp_path / "m.vae")
    assert model.card["columns"]["image"]["shape"] == [8, 6, 1]
    if "--given" in more:
        assert model.fitted.schema["digit"].role == "given"


def test_answers_are_archives_arrays_folders_and_parquet(there, tmp_path, run):
    images = {}
    for out in ("r.npz", "r.npy", "r.parquet", "r/", "r2"):
        assert run("reconstruct", "bars.vae", "few.npy", "-o", f"{tmp_path}/{out}").status == 0
        images[out] = vaekit.images(tmp_path / out).array if out != "r.parquet" else None
    table = pa_parquet.read_table(tmp_path / "r.parquet")["image"].combine_chunks()
    images["r.parquet"] = table.to_numpy_ndarray()[..., 0]
    assert images["r.npy"].shape == (8, 8, 6) and images["r.npy"].dtype == np.uint8
    assert all((each == images["r.npy"]).all() for each in images.values())
    assert sorted(os.listdir(tmp_path / "r2"))[:8] == [f"{at:06}.png" for at in range(8)]


def test_scores_latents_and_bounds_of_images_are_tables(there, tmp_path, run):
    scores = run("score", "bars.vae", "few.npy", "--reasons", 1, "--alpha", 0.5)
    assert scores.status == 0 and len(scores.out.splitlines()) == 9
    assert scores.out.startswith('"row","score","p_value","flagged","reason_1_column"') and '"image[' in scores.out
    for command in ("encode", "log-prob"):
        assert len(run(command, "bars.vae", "pictures").out.splitlines()) == 9
    assert run("encode", "bars.vae", "few.npy", "-o", tmp_path / "z.csv").status == 0
    assert run("decode", "bars.vae", tmp_path / "z.csv", "-o", tmp_path / "d.npy").status == 0
    assert np.load(tmp_path / "d.npy").shape == (8, 8, 6)


def test_a_digit_given_comes_with_its_samples(there, tmp_path, run):
    assert run("sample", "given.vae", "-n", 5, "--given", "digit=2", "-o", tmp_path / "s.npz").status == 0
    drawn = np.load(tmp_path / "s.npz")
    assert drawn["image"].shape == (5, 8, 6) and (drawn["digit"] == 2).all()


def test_draws_are_numbered_and_intervals_stand_beside(there, tmp_path, run):
    words = ["impute", "bars.vae", "few.npy", "--mask", "mask.png"]
    assert run(*words, "--draws", 2, "-o", tmp_path / "draws.npz").status == 0
    assert np.load(tmp_path / "draws.npz")["draw"].tolist() == [0] * 8 + [1] * 8
    assert run(*words, "--draws", 2, "-o", tmp_path / "draws").status == 0
    assert len(os.listdir(tmp_path / "draws")) == 17
    assert run(*words, "--interval", 0.9, "-o", tmp_path / "ends.npz").status == 0
    ends = np.load(tmp_path / "ends.npz")
    assert (ends["image_low"] <= ends["image_high"]).all()
    assert (ends["image_low"][:, :4] == ends["image"][:, :4]).all()


def test_walks_are_pictures_or_archives(there, tmp_path, run):
    walk = ["interpolate", "bars.vae", "few.npy", "--rows", 2, 5, "--steps", 4]
    assert run(*walk, "-o", tmp_path / "w.npz").status == 0
    few, between = np.load("few.npy"), np.load(tmp_path / "w.npz")["image"]
    assert (between[0] == few[2]).all() and (between[-1] == few[5]).all() and len(between) == 4
    pytest.importorskip("matplotlib")
    for words in (walk, ["traverse", "bars.vae"], ["traverse", "bars.vae", "--row", 1, "--data", "few.npy"]):
        assert run(*words, "-o", tmp_path / "w.png").status == 0
        assert (tmp_path / "w.png").read_bytes().startswith(b"\x89PNG")


def test_the_card_tells_the_size(there, run):
    assert "image 8 x 6 x 1" in run("inspect", "bars.vae").out
