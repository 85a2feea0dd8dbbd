from __future__ import annotations

import warnings
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

import vaekit
from vaekit.errors import DataError, ModeUnavailable, SpecError, VaekitWarning
from vaekit.modes import score as module
from vaekit.modes.reasons import explain
from vaekit.modes.ways import WAYS, available

ALPHA = 0.05


@pytest.mark.parametrize("by", WAYS)
def test_cells_and_named_parts_sum_to_the_total(dense: Any, by: str) -> None:
    scores = dense.model.score(dense.rows[:40], by=by, alpha=ALPHA)
    assert scores.by == by
    assert scores.cells.shape == (40, len(scores.columns)) and scores.latents.shape[0] == 40
    np.testing.assert_allclose(scores.cells.sum(1) + sum(scores.parts.values()), scores.total, rtol=0, atol=1e-9)


def test_missing_cells_contribute_nothing(mixed: Any) -> None:
    rows = mixed.rows[:60]
    scores = mixed.model.score(rows, alpha=ALPHA)
    gaps = rows[list(scores.columns)].isna().to_numpy()
    assert gaps.sum() > 20 and (scores.cells[gaps] == 0).all() and (scores.cells[~gaps] != 0).all()


def test_the_latent_way_is_the_sum_of_unusual_latents(mixed: Any) -> None:
    scores = mixed.model.score(mixed.rows[:20], by="latent", alpha=ALPHA)
    np.testing.assert_allclose(scores.latents.sum(1), scores.total, rtol=1e-6)
    assert scores.parts.keys() == {"(latent)"} and not scores.cells.any()


def test_cells_are_centred_on_rows_that_did_not_train(mixed: Any) -> None:
    """A usual cell scores about zero, so that no column is strange by its kind alone."""
    scores = mixed.model.score(mixed.rows, alpha=ALPHA)
    seen = ~mixed.rows[list(scores.columns)].isna().to_numpy()
    average = scores.cells.sum(0) / seen.sum(0)
    assert (np.abs(average) < 0.6).all(), dict(zip(scores.columns, average, strict=True))


def test_p_values_of_fresh_rows_are_uniform(mixed: Any) -> None:
    for by in WAYS:
        p = mixed.model.score(mixed.rows, by=by, alpha=ALPHA).p_value
        assert ((p > 0) & (p <= 1)).all()
        distance = np.abs(np.sort(p) - np.arange(1, len(p) + 1) / len(p)).max()  # Kolmogorov and Smirnov
        assert distance < 0.2, (by, distance)


def test_flagged_are_the_rows_up_to_alpha(mixed: Any) -> None:
    scores = mixed.model.score(mixed.rows, alpha=0.1)
    assert (scores.flagged == (scores.p_value <= 0.1)).all() and 0 < scores.flagged.mean() < 0.25
    assert scores.flagged.dtype == bool


def test_too_few_calibration_rows_flag_nothing_and_say_so(mixed: Any) -> None:
    with pytest.warns(VaekitWarning, match=r"140 calibration rows .* alpha|140 calibration rows .* 0\.001") as caught:
        scores = mixed.model.score(mixed.rows[:10], alpha=0.001)
    assert not scores.flagged.any() and "999 are needed" in str(caught[0].message)
    assert caught[0].filename == __file__, "the warning points at the caller"


def test_just_enough_calibration_rows_flag(mixed: Any) -> None:
    strange = mixed.rows[:1].assign(height=250.0, income=1e6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mixed.model.score(strange, alpha=1 / 141).flagged.all()


def test_without_held_out_rows_there_are_no_p_values(without_held_out: Any, numbers: Any) -> None:
    with pytest.warns(VaekitWarning, match="0 calibration rows"):
        scores = without_held_out.score(numbers.rows[:5])
    assert np.isnan(scores.p_value).all() and not scores.flagged.any() and np.isfinite(scores.total).all()
    assert "validation=0" in without_held_out.modes()["score"]


@pytest.fixture(scope="module")
def without_held_out(numbers: Any) -> Any:
    return vaekit.fit(numbers.fitted_on, validation=0, latent=2, train={"epochs": 2, "prior_epochs": 1, "batch": 64})


def test_a_changed_cell_makes_the_row_stranger(mixed: Any) -> None:
    rows = mixed.rows.dropna()[:60]
    changed = rows.assign(height=rows["height"].to_numpy()[::-1])  # ordinary values, in rows where they do not belong
    moved = np.abs(changed["height"] - rows["height"]).to_numpy() > 12
    before, after = (mixed.model.score(each, alpha=ALPHA).total for each in (rows, changed))
    assert moved.sum() >= 10 and (after > before)[moved].mean() > 0.8


def test_a_plain_autoencoder_scores_by_reconstruction(fitted: Any) -> None:
    model, rows = fitted("ae").model, fitted("ae").rows[:20]
    scores = model.score(rows, alpha=ALPHA)
    assert scores.by == "reconstruction" and (scores.cells >= 0).all() and not scores.parts
    assert (scores.total == model.score(rows, by="reconstruction", alpha=ALPHA).total).all()
    assert available(model.fitted) == ["reconstruction", "latent"]
    with pytest.raises(ModeUnavailable, match="needs a density") as refusal:
        model.score(rows, by="likelihood")
    assert "reconstruction" in refusal.value.hint


def test_the_frame_has_the_columns_of_the_command_line(mixed: Any) -> None:
    frame = mixed.model.score(mixed.rows[:4], alpha=ALPHA, reasons=2).to_frame()
    reason = ["column", "observed", "expected", "low", "high", "share"]
    named = [f"reason_{r}_{part}" for r in (1, 2) for part in reason]
    assert list(frame.columns) == ["row", "score", "p_value", "flagged", *named]
    assert list(frame["row"]) == [0, 1, 2, 3] and len(mixed.model.score(mixed.rows[:4], alpha=ALPHA)) == 4


def test_the_frame_is_of_the_type_of_the_rows(mixed: Any) -> None:
    for rows, kind in ((mixed.rows[:3], "DataFrame"), (pa.Table.from_pandas(mixed.rows[:3]), "Table")):
        assert type(mixed.model.score(rows, alpha=ALPHA).to_frame()).__name__ == kind
    moved = mixed.rows[5:8]
    assert list(mixed.model.score(moved, alpha=ALPHA).to_frame().index) == [5, 6, 7]


def test_a_row_may_be_a_dict(mixed: Any) -> None:
    row = mixed.rows[:1]
    plain = {name: value for name, value in row.to_dict("records")[0].items() if value == value}
    scored = mixed.model.score({**dict.fromkeys(row.columns), **plain}, alpha=ALPHA)
    assert scored.total == pytest.approx(mixed.model.score(row, alpha=ALPHA).total, rel=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "likelyhood"}, "by='likelyhood'"),
        ({"alpha": 0}, "alpha=0"),
        ({"alpha": 1.5}, "alpha=1.5"),
        ({"alpha": "x"}, "alpha='x'"),
        ({"reasons": -1}, "reasons=-1"),
        ({"reasons": 1.5}, "reasons=1.5"),
    ],
)
def test_wrong_options_are_refused(mixed: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        mixed.model.score(mixed.rows[:2], **options)


def test_a_misspelt_way_gets_a_hint(mixed: Any) -> None:
    with pytest.raises(SpecError) as refusal:
        mixed.model.score(mixed.rows[:2], by="likelyhood")
    assert "likelihood" in str(refusal.value.hint)


def test_an_absent_column_is_refused_with_a_hint(mixed: Any) -> None:
    with pytest.raises(DataError, match="height") as refusal:
        mixed.model.score(mixed.rows.drop(columns="height"))
    assert refusal.value.hint
    with pytest.raises(DataError, match="height"):
        mixed.model.score(mixed.rows.rename(columns={"height": "heigth"}))


def test_extra_columns_are_ignored_with_one_warning(mixed: Any) -> None:
    rows = mixed.rows[:10]
    with pytest.warns(VaekitWarning, match="extra") as caught:
        scores = mixed.model.score(rows.assign(extra=1, more="x"), alpha=ALPHA)
    assert len(caught) == 1 and (scores.total == mixed.model.score(rows, alpha=ALPHA).total).all()


def test_a_new_level_is_scored_with_a_warning(mixed: Any) -> None:
    rows = mixed.rows.dropna()[:3]
    with pytest.warns(VaekitWarning, match="city.*Paris"):
        scores = mixed.model.score(rows.assign(city="Paris"), alpha=ALPHA)
    place = scores.columns.index("city")
    assert (scores.cells[:, place] > mixed.model.score(rows, alpha=ALPHA).cells[:, place]).all(), (
        "a new level is strange"
    )


def test_wrong_types_and_infinities_are_refused(mixed: Any) -> None:
    rows = mixed.rows[:3]
    with pytest.raises(DataError, match=r"height.*row 1.*tall|height.*tall.*row 1"):
        mixed.model.score(rows.assign(height=["1.5", "tall", "2"]))
    with pytest.raises(DataError, match="income"):
        mixed.model.score(rows.assign(income=[1.0, np.inf, 2.0]))
    with pytest.raises(DataError):
        mixed.model.score(rows[:0])


def test_every_warning_points_at_the_caller(mixed: Any) -> None:
    with pytest.warns(VaekitWarning) as caught:
        mixed.model.score(mixed.rows.dropna()[:3].assign(extra=1, city="Paris"), alpha=0.001)
    assert len(caught) == 3 and {warning.filename for warning in caught} == {__file__}


def test_reasons_are_found_when_somebody_wants_to_know(mixed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(*words: Any) -> Any:
        asked.append(len(words[1]))
        return explain(*words)

    monkeypatch.setattr(module, "explain", counted)
    scores = mixed.model.score(mixed.rows[:5])
    assert scores.total.shape == (5,) and not asked
    assert len(scores.reasons) == 5 and scores.to_arrow().num_rows == 5 and asked == [5]
    with torch.enable_grad():  # whoever asks
        assert mixed.model.score(mixed.rows[:5]).reasons == scores.reasons
        few = mixed.model.score(mixed.rows[:2]).reasons
    for own, other in zip(chain(*few), chain(*scores.reasons[:2]), strict=True):  # in lots of another size
        for one, two in zip(own, other, strict=True):
            assert one == (pytest.approx(two, rel=1e-6) if isinstance(two, float) else two)
