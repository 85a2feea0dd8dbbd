import math

import numpy as np
import pytest
import torch

from vaekit.modes import judge_images as j
from vaekit.modes.ask import ask
from vaekit.modes.judge import Subject
from vaekit.modes.sample import Drawn


def subject(case, rows=None):
    asked = ask(case.model.fitted, case.rows if rows is None else rows)
    return Subject(case.model.fitted, asked, 0, np.arange(len(asked)))


@pytest.fixture(scope="module")
def given(fitted):
    return fitted("image-given")


@pytest.fixture(scope="module")
def plain(fitted):
    return fitted("image-mlp")


@pytest.fixture(scope="module")
def colour(fitted):
    return fitted("image-colour")


@pytest.fixture(scope="module")
def report(fitted):
    case = fitted("image-label")
    return case.model.evaluate(case.fitted_on)


def test_pixel_errors_of_known_answers():
    noise = np.random.default_rng(0)
    truth, seen = noise.random((50, 6)), np.ones((50, 6), dtype=bool)
    mean = np.broadcast_to(truth.mean(0), truth.shape)
    assert j.pixel_errors(truth, truth, seen, seen)["error"] == 0
    found = j.pixel_errors(truth, mean, seen, seen)
    assert found["error"] == pytest.approx(1)
    assert found["squared_error"] == found["squared_error_mean_image"] == pytest.approx(truth.var(0).mean())


def test_what_was_not_seen_has_no_say():
    truth, seen = np.array([[0.2, 9.0], [0.4, 0.5]]), np.array([[True, False], [True, True]])
    assert j.pixel_errors(truth, truth + np.array([[0, 7.0], [0, 0]]), seen, seen)["squared_error"] == 0
    assert j.pixel_errors(truth, truth, seen, seen)["squared_error_mean_image"] == pytest.approx(0.02 / 3)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_reconstruction_by_hand(fitted):
    case = fitted("image-mlp")
    images, back = (np.asarray(each).astype(float) / 255 for each in (case.rows, case.model.reconstruct(case.rows)))
    found = case.model.evaluate(case.rows).metrics["reconstruction"]["columns"]["image"]
    assert found["squared_error"] == pytest.approx(np.square(images - back).mean(), rel=0.02)  # answers are rounded
    assert found["squared_error_mean_image"] == pytest.approx(images.var(0).mean(), rel=1e-4)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_lower_half_is_filled_as_impute_does(fitted):
    case = fitted("image-mlp")
    mask = np.zeros((8, 6), dtype=bool)
    mask[4:] = True
    images, back = (np.asarray(each)[:, 4:] / 255 for each in (case.rows, case.model.impute(case.rows, missing=mask)))
    metrics = case.model.evaluate(case.rows).metrics["imputation"]
    assert metrics["hidden_share"] == 0.5
    assert metrics["hidden_cells"] == 24 * len(case.rows)
    assert metrics["columns"]["image"]["squared_error"] == pytest.approx(np.square(images - back).mean(), rel=0.02)


def test_columns_beside_images_are_judged_as_those_of_tables(report):
    beside = report.metrics["imputation"]["columns"]["digit"]
    assert 0 <= beside["accuracy"] <= 1
    assert report.metrics["imputation"]["names"]["accuracy"] == beside["accuracy"]
    assert report.metrics["samples"]["shape_error_by_column"].keys() == {"digit"}


@torch.no_grad()
def test_bits_are_left_out_where_there_is_no_probability(plain, colour):
    assert j.why_no_bits(subject(plain)) is None
    assert "densities" in j.why_no_bits(subject(colour))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_bits_per_dimension_are_the_bound_in_other_units():
    import vaekit

    images = (np.random.default_rng(0).random((60, 6, 6)) < 0.3).astype(np.uint8) * 255
    options = {"likelihood": "bernoulli", "net": {"kind": "mlp", "hidden": [16]}}
    model = vaekit.fit(images, train={"epochs": 2, "prior_epochs": 1}, **options)
    found = model.evaluate(images).metrics["bound"]
    grey = vaekit.fit(images // 2, train={"epochs": 1, "prior_epochs": 1}, **options)
    assert "black-and-white" in grey.evaluate(images // 2).metrics["bound"]["no_bits_because"]
    assert found["bits_per_dimension"] == pytest.approx(-found["importance_weighted"] / 36 / math.log(2), rel=1e-6)
    assert 0.8 < found["bits_per_dimension"] < 1.3  # a coin of 0.3 has 0.88 bits


def test_samples_have_an_eye_and_measures_in_range(report):
    metrics = report.metrics["samples"]
    assert metrics["classifier"]["task"] == "digit"
    assert metrics["classifier"]["accuracy"] > 0.9
    assert 0 <= metrics["coverage"] <= 1
    assert 0.4 < metrics["two_sample_auc"] <= 1
    assert metrics["agreement"]["column"] == "digit"
    assert 0 <= metrics["agreement"]["share"] <= 1


@torch.no_grad()
def test_real_images_for_samples_are_covered_and_agree(given, monkeypatch):
    own = subject(given, given.fitted_on)
    own.__dict__["drawn"] = own.asked
    conditions = iter([own.asked.arrow])

    def real(fitted, n, given, seed):
        return Drawn(next(conditions).slice(0, given.num_rows), given.num_rows, None)

    monkeypatch.setattr(j, "drawn", real)
    found = j.samples(own)
    assert found["agreement"]["share"] > 0.9
    assert found["coverage"] > 0.8
    assert found["two_sample_auc"] < 0.7


@torch.no_grad()
def test_neighbours_do_not_see_the_class(given):
    case = given
    found = j.neighbours(subject(case, case.fitted_on))
    assert found["pixels"] > 0.9  # bars of other heights
    mean = case.model.fitted.vae.posterior_of
    shown = []
    case.model.fitted.vae.posterior_of = lambda cells, context: shown.append(context) or mean(cells, context)
    try:
        j.neighbours(subject(case))
    finally:
        del case.model.fitted.vae.posterior_of
    assert not torch.cat(shown)[:, case.model.fitted.codec.spans["digit"]].any()


@torch.no_grad()
def test_copies_are_found(plain):
    own = subject(plain, plain.fitted_on)
    own.__dict__["drawn"] = own.asked
    found = j.nearest_records(own)
    assert found["exact_copies"] == 1.0
    assert found["exact_copies_among_real"] == 0.0
    assert found["nearest_distance_low"] < 1e-6


def test_a_missing_pixel_is_shown_as_missing(fitted):
    case = fitted("image-colour")
    own = subject(case)
    shown = j.shown(own, own.asked.cells, own.asked.observed)
    assert shown.shape == (30, 6, 5, 3)
    assert np.array_equal(np.isnan(shown), np.isnan(case.rows))
