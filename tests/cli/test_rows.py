import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import pytest

from vaekit.sources import read, write

FRONT = ["row", "score", "p_value", "flagged"]
REASON = ["column", "observed", "expected", "low", "high", "share"]
NAMES = ["id", "height", "income", "visits", "member", "grade", "city", "joined", "debt", "country"]


def table(done):
    assert done.status == 0, done.err
    return pa_csv.read_csv(pa.BufferReader(done.out.encode()))


def test_scores_have_the_promised_columns_in_the_order_of_the_rows(here, run):
    scores = table(run("score", "label.vae", "rows.csv", "--reasons", 2))
    assert scores.column_names == FRONT + [f"reason_{i}_{name}" for i in (1, 2) for name in REASON]
    assert scores["row"].to_pylist() == list(range(40))
    assert set(scores["flagged"].to_pylist()) <= {True, False}
    assert table(run("score", "label.vae", "rows.csv", "--reasons", 0)).column_names == FRONT


@pytest.mark.parametrize("by", ["likelihood", "reconstruction", "latent"])
def test_scores_by_other_ways_differ(by, here, run):
    usual = table(run("score", "label.vae", "rows.csv"))["score"]
    assert table(run("score", "label.vae", "rows.csv", "--by", by))["score"] != usual


def test_alpha_is_the_share_flagged(here, run):
    flagged = [
        sum(table(run("score", "label.vae", "rows.csv", "--alpha", alpha))["flagged"].to_pylist())
        for alpha in (0.05, 0.9)
    ]
    assert flagged[0] < flagged[1]


def test_imputation_fills_gaps_and_nothing_else(here, run):
    rows, whole = read("rows.csv").arrow, table(run("impute", "label.vae", "rows.csv"))
    assert whole.column_names == NAMES
    assert sum(rows[name].null_count for name in rows.column_names) > 0
    for name in rows.column_names[1:]:
        assert whole[name].null_count == 0
        both = zip(rows[name].to_pylist(), whole[name].to_pylist(), strict=True)
        assert all(given in (None, filled) for given, filled in both)


def test_draws_lie_one_below_the_other(here, run):
    drawn = table(run("impute", "label.vae", "rows.csv", "--draws", 3))
    assert drawn.column_names == ["draw", *NAMES]
    assert drawn["draw"].to_pylist() == [draw for draw in range(3) for _ in range(40)]
    assert drawn["id"].to_pylist() == read("rows.csv").arrow["id"].to_pylist() * 3


def test_an_interval_holds_the_best_value_and_observed_cells_are_their_own_ends(here, run):
    rows, whole = read("rows.csv").arrow, table(run("impute", "label.vae", "rows.csv", "--interval", 0.9))
    ends = [f"{name}_{end}" for name in ("height", "income", "visits", "debt") for end in ("low", "high")]
    assert set(ends) < set(whole.column_names) and "city_low" not in whole.column_names
    assert whole.column_names[: len(NAMES)] == NAMES
    for given, low, high in zip(*(t.to_pylist() for t in (rows["height"], whole["height_low"], whole["height_high"]))):  # noqa: B905
        assert low == high == given if given is not None else low < high


def test_a_column_of_the_outputs_name_is_refused(here, tmp_path, run):
    rows = read("rows.csv").arrow.select(["height", "income"]).rename_columns(["height", "draw"])
    write(rows, tmp_path / "r.csv")
    quick = ["--set", "train.epochs=1", "--set", "train.prior_epochs=1"]
    assert run("fit", tmp_path / "r.csv", "-o", tmp_path / "m.vae", *quick).status == 0
    done = run("impute", tmp_path / "m.vae", tmp_path / "r.csv", "--draws", 2)
    assert done.status == 2 and "the output needs a column 'draw'" in done.err


def test_denoising_reconstructing_and_classifying_keep_the_rows(here, run):
    for command in ("denoise", "reconstruct"):
        assert table(run(command, "label.vae", "rows.csv")).column_names == NAMES
    groups = table(run("cluster", "label.vae", "rows.csv", "--clusters", 2))
    assert groups.column_names == ["cluster", "probability", "probability_0", "probability_1"] and groups.num_rows == 40
    labels = table(run("classify", "label.vae", "rows.csv"))
    assert labels.column_names[:2] == ["label", "probability"] and labels.num_rows == 40


@pytest.mark.parametrize("ending", ["csv", "parquet", "feather", "jsonl"])
def test_every_ending_holds_the_same_answer(ending, here, tmp_path, run):
    assert run("encode", "label.vae", "rows.parquet", "-o", tmp_path / f"z.{ending}").status == 0
    latents, shown = read(tmp_path / f"z.{ending}").arrow, table(run("encode", "label.vae", "rows.parquet"))
    for name in shown.column_names:  # numbers survive CSV to the last bit
        assert latents[name].cast(pa.float32()) == shown[name].cast(pa.float32())


def test_types_come_back_in_parquet(here, tmp_path, run):
    run("impute", "label.vae", "rows.parquet", "-o", tmp_path / "i.parquet")
    whole, rows = pa_parquet.read_table(tmp_path / "i.parquet"), pa_parquet.read_table("rows.parquet")
    assert whole.schema.remove_metadata() == rows.schema.remove_metadata()


def test_warnings_are_told_once_on_stderr(here, run):
    csv = (here / "rows.csv").read_text().splitlines()
    more = "\n".join([csv[0] + ",extra", *(line + ",1" for line in csv[1:])])
    done = run("impute", "label.vae", "-", "--interval", 0.9, stdin=more)
    assert done.status == 0
    assert done.err == "warning: column 'extra' ignored: the model was fitted without\n"


def test_a_report_of_numbers(here, tmp_path, run):
    shown = run("evaluate", "label.vae", "rows.csv")
    assert shown.status == 0, shown.err
    assert run("evaluate", "label.vae", "rows.csv", "-o", tmp_path / "r.json").status == 0
    saved = json.loads((tmp_path / "r.json").read_text())
    assert saved.keys() == json.loads(shown.out).keys()


def test_known_factors_add_to_the_report(here, run):
    told = json.loads(run("evaluate", "label.vae", "rows.csv", "--factor", "grade", "--factor", "city").out)
    assert set(told["mig"]["factors"]) == {"grade", "city"} and "informativeness" in told["dci"]
    wrong = run("evaluate", "label.vae", "rows.csv", "--factor", "town")
    assert wrong.status == 2 and "no column 'town' in the data" in wrong.err


def test_a_report_of_pictures(here, tmp_path, run):
    pytest.importorskip("matplotlib")
    assert run("evaluate", "label.vae", "rows.csv", "-o", tmp_path / "r.html").status == 0
    assert "<svg" in (tmp_path / "r.html").read_text()


def test_a_shell_pipes_rows_through(here):
    vaekit = f"{sys.executable} -m vaekit"
    command = f"cat rows.csv | {vaekit} impute label.vae - | {vaekit} score label.vae - --alpha 0.1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=True)
    assert [
        line for line in done.stderr.splitlines() if "rows/s" not in line
    ] == []  # a slow machine tells how far it is
    assert len(done.stdout.splitlines()) == 41
