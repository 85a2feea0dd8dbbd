"""The mistakes of a new user: one message with a hint, status 2, nothing on stdout, no file left behind."""

import os

import pyarrow.csv as pa_csv
import pytest

BAD_SHARE = "expected a share between 0 and 1"
MISTAKES = [
    ("scor", "No such command 'scor'. Did you mean 'score'?", "vaekit --help"),
    ("score", "Missing argument 'MODEL'", "vaekit score --help"),
    ("score label.vae", "Missing argument 'DATA'", "vaekit score --help"),
    ("score label.vae rows.csv --oot x", "No such option: --oot", "vaekit score --help"),
    ("score label.vae rows.csv -o x.xlsx", "-o x.xlsx: unknown ending, expected .csv, .parquet", "one of these"),
    ("score label.vae rows.csv -o folder", "-o folder: is a folder", "-o folder/out.csv"),
    ("score label.vae rows.csv -o no/x.csv", "there is no folder 'no'", "mkdir -p no"),
    ("score lable.vae rows.csv", "lable.vae: cannot be read: No such file", "did you mean 'label.vae'?"),
    ("score rows.csv label.vae", "rows.csv: not a vaekit model", "the model comes first"),
    ("score folder rows.csv", "folder: cannot be read: Is a directory", "is the path right?"),
    ("score cut.vae rows.csv", "cut.vae: truncated", "fit"),
    ("score altered.vae rows.csv", "altered.vae: altered since it was written", "copy the file again"),
    ("score foreign.vae rows.csv", "foreign.vae: not a vaekit model", "vaekit fit DATA -o MODEL"),
    ("score label.vae rwos.csv", "there is no file 'rwos.csv'", "did you mean 'rows.csv'?"),
    ("score label.vae folder", "'folder' is a folder", "folder/*.csv"),
    ("score label.vae q*.csv", "no file matches 'q*.csv'", "check the pattern"),
    ("score label.vae fewer.csv", "column 'height' is absent", "leave its cells empty"),
    ("score label.vae renamed.csv", "column 'height' is absent", "did you mean 'Height'?"),
    ("score label.vae words.csv", "column 'height', row 5 (counted from 0): 'tall' was given", "leave a cell empty"),
    ("score label.vae header.csv", "'header.csv' is empty", "at least one row"),
    ("score label.vae ragged.csv", "'ragged.csv', row 1", "must stand in quotes"),
    ("score label.vae rows.csv --by likelyhood", "--by likelyhood is no way to score", "did you mean 'likelihood'?"),
    ("score label.vae rows.csv --alpha 2", f"--alpha 2.0, {BAD_SHARE}", "--alpha 0.01"),
    ("score label.vae rows.csv --alpha x", "Invalid value for '--alpha'", "vaekit score --help"),
    ("score ae.vae rows.csv --by likelihood", "--by likelihood needs a density", "--by reconstruction"),
    ("log-prob ae.vae rows.csv", "a plain autoencoder has no density", "vaekit inspect MODEL"),
    ("log-prob label.vae rows.csv --samples 0", "--samples 0, expected a whole number", ""),
    ("sample label.vae -n 0", "-n 0, expected a whole number", ""),
    ("sample label.vae --given ctiy=Bern", "'ctiy'", "did you mean 'city'?"),
    ("sample label.vae --given city", "--given city: expected COLUMN=VALUE", "--given"),
    ("sample label.vae --given height=tall", "column 'height'", ""),
    ("sample label.vae --given city=Berne", "'Berne'", ""),
    ("sample label.vae --given country=CH", "set aside", ""),
    ("sample label.vae --temperature -1", "--temperature -1.0, expected", ""),
    ("impute label.vae rows.csv --draws 0", "--draws 0, expected a whole number", ""),
    ("impute label.vae rows.csv --interval 1.5", f"--interval 1.5, {BAD_SHARE}", "0.9"),
    ("impute label.vae rows.csv --interval 0.9 --draws 2", "--draws beside --interval", "twice"),
    ("cluster ae.vae rows.csv --clusters 1", "cluster: clusters=1, expected a whole number from 2 on", "2 to 12"),
    ("cluster ae.vae rows.csv --by prior", "the prior of this model has no components", "--by mixture"),
    ("classify ae.vae rows.csv", "without a label column; fit with --label COLUMN", "vaekit inspect MODEL"),
    ("decode label.vae rows.csv", "column 'mean_0' is absent", "mean_0"),
    ("traverse label.vae --row 3", "--row and --data belong together", "--row 17 --data"),
    ("traverse label.vae --row 40 --data rows.csv", "no row 40 in rows.csv: it has rows 0 to 39", "count from 0"),
    ("traverse label.vae --dim 99", "latent 99: the model has latents 0 to", ""),
    ("traverse label.vae --steps 1", "--steps 1, expected a whole number from 2 on", ""),
    ("traverse label.vae -o x.gif", "unknown ending, expected .png", "one of these"),
    ("interpolate label.vae rows.csv", "Missing option '--rows'", "vaekit interpolate --help"),
    ("interpolate label.vae rows.csv --rows 0 -1", "no row -1 in rows.csv", "count from 0"),
    ("interpolate label.vae rows.csv --rows 0 1 --path x", "--path x, expected", ""),
    ("evaluate label.vae rows.csv -o r.txt", "unknown ending, expected .html or .json", "-o report.html"),
    ("kinds pior", "there is no such part, expected one of net", "did you mean 'prior'?"),
    ("demo tabel", "'tabel'", ""),
    ("demo table -o folder", "is a folder", "folder/report.html"),
    ("fit rows.csv", "Missing option '--out'", "vaekit fit --help"),
    ("fit rwos.csv -o m.vae", "there is no file 'rwos.csv'", "did you mean 'rows.csv'?"),
    ("fit rows.csv -o m.csv", ".csv is the ending of data", "-o m.vae"),
    ("fit rows.csv -o -", "a model goes into a file", "-o model.vae"),
    ("fit rows.csv -o folder", "is a folder", "-o folder/model.vae"),
    ("fit rows.csv -o m.vae --set epochs=3", "no such part", "--set train.epochs=3"),
    ("fit rows.csv -o m.vae --set pirior=normal", "no such part", "did you mean 'prior'?"),
    ("fit rows.csv -o m.vae --set prior=nromal", "no kind 'nromal'", "did you mean 'normal'?"),
    ("fit rows.csv -o m.vae --set train.epoch=3", "no option 'epoch'", "did you mean 'epochs'?"),
    ("fit rows.csv -o m.vae --set train.epochs=x", "given 'x', expected int", ""),
    ("fit rows.csv -o m.vae --set latent=0", "latent: given 0", "--set latent=32"),
    ("fit rows.csv -o m.vae --preset beta_vea", "given 'beta_vea'", "did you mean 'beta-vae'?"),
    ("fit rows.csv -o m.vae --kind height", "expected COLUMN=KIND", "--kind"),
    ("fit rows.csv -o m.vae --kind height=raal", "kind 'raal'", "did you mean 'real'?"),
    ("fit rows.csv -o m.vae --kind hight=real", "'hight', which the data do not have", "did you mean 'height'?"),
    ("fit rows.csv -o m.vae --given ctiy", "'ctiy', which the data do not have", "did you mean 'city'?"),
    ("fit rows.csv -o m.vae --time-limit 10q", "--time-limit 10q, expected seconds", ""),
    ("fit rows.csv -o m.vae --device nonsense", "--device nonsense", "--device auto or cpu"),
    ("fit rows.csv -o m.vae --validation 3", "--validation 3.0, expected a share", ""),
    ("fit header.csv -o m.vae", "'header.csv' is empty", "at least one row"),
]


@pytest.fixture(scope="module")
def broken(place):
    """The folder, with files that are not right in one way each."""
    (place / "folder").mkdir()
    model = (place / "label.vae").read_bytes()
    (place / "cut.vae").write_bytes(model[: len(model) // 2])
    (place / "altered.vae").write_bytes(model[:-9] + bytes([model[-9] ^ 1]) + model[-8:])
    (place / "foreign.vae").write_text("a,b\n1,2\n")
    (place / "ragged.csv").write_text("a,b\n1,2\n3,4,5\n")
    table = pa_csv.read_csv(place / "rows.csv")
    frame = table.to_pandas()
    frame.head(0).to_csv(place / "header.csv", index=False)
    frame.drop(columns="height").to_csv(place / "fewer.csv", index=False)
    frame.rename(columns={"height": "Height"}).to_csv(place / "renamed.csv", index=False)
    frame["height"] = frame["height"].astype(object)
    frame.loc[5, "height"] = "tall"
    frame.to_csv(place / "words.csv", index=False)
    return sorted(os.listdir(place))


@pytest.mark.parametrize(("line", "message", "hint"), MISTAKES, ids=[line for line, _, _ in MISTAKES])
def test_a_mistake_is_told_with_a_hint(line, message, hint, broken, here, run):
    done = run(*line.split())
    assert done.status == 2, done
    assert message in done.err
    first, *rest = [text for text in done.err.splitlines() if not text.startswith("warning: ")]
    assert first.startswith("error: ")
    assert hint == "" or (len(rest) == 1 and rest[0].startswith("hint: ") and hint in rest[0])
    assert done.out == ""
    assert sorted(os.listdir(here)) == broken
