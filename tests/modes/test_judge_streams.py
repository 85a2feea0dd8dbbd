import numpy as np
import pytest

from vaekit.modes import judge_streams as j
from vaekit.modes.quality import two_sample

NAN = np.nan


@pytest.fixture(scope="module")
def report(fitted):
    case = fitted("stream")
    return case.model.evaluate(case.fitted_on)


def test_gaps_are_filled_by_hand():
    window = np.array([[NAN, 1.0, NAN, NAN, 4.0, NAN]]).T[None]
    assert j.last_value(window).ravel().tolist() == [2.5, 1, 1, 1, 4, 4]
    assert j.between(window, [False]).ravel().tolist() == [1, 1, 2, 3, 4, 4]
    assert j.between(window, [True]).ravel().tolist() == [1, 1, 1, 4, 4, 4]  # a level is the one at the nearer end


def test_a_channel_without_any_value_gets_the_mean_of_all_windows():
    windows = np.array([[[NAN], [NAN]], [[2.0], [4.0]]])
    assert j.last_value(windows)[0].ravel().tolist() == [3, 3]
    assert j.between(windows, [False])[0].ravel().tolist() == [3, 3]


def test_a_straight_line_is_filled_without_error_by_interpolation():
    line = np.arange(12.0)[None, :, None] + np.zeros((5, 1, 2))
    _, holes = j.holes(5, 12, 2, 0)
    inside = holes & ~holes[:, [0]] & ~holes[:, [-1]]
    assert np.allclose(j.between(np.where(inside, NAN, line), [False, False])[inside], line[inside])


def test_holes_are_one_stretch_of_a_quarter_window():
    single, whole = j.holes(200, 12, 3, 0)
    assert (single.any(1).sum(1) == 1).all()
    assert (single.sum((1, 2)) == 3).all()
    assert (np.abs(np.diff(whole.astype(int), axis=1)).sum(1) <= 2).all()
    assert single.any((0, 1)).all()


def test_stretches_cover_what_is_short_and_spread_over_what_is_long():
    short, long = np.arange(5), np.arange(100, 1100)
    assert [len(rows) for rows in j.stretches([short, long], 10, 5_000)] == [1000]
    some = j.stretches([short, long], 10, 200)
    assert sum(map(len, some)) == 200
    assert some[0][0] == 100 and some[-1][-1] > 1000
    assert all((np.diff(rows) == 1).all() for rows in some)


def test_autocorrelation_of_known_series():
    noise = np.random.default_rng(0).normal(size=2_000)
    assert abs(j.autocorrelation(noise, [np.arange(2_000)])) < 0.1
    assert j.autocorrelation(np.cumsum(noise), [np.arange(2_000)]) > 0.95
    assert np.isnan(j.autocorrelation(np.zeros(9), [np.arange(9)]))


def test_windows_that_share_no_step():
    at = np.arange(400)[:, None] + np.arange(4)
    kept = j.apart_windows(np.random.default_rng(0).permutation(at), 1_000)
    assert len(kept) >= 50
    steps = np.random.default_rng(0).permutation(at)[kept].ravel()
    assert len(np.unique(steps)) == len(steps)
    assert len(j.apart_windows(at[:40], 1_000)) == 40  # too few would be left


def test_simple_features_tell_rough_windows_from_smooth_ones():
    noise = np.random.default_rng(0)

    def waves(roughness):
        start = noise.uniform(0, 6, (200, 1, 1))
        return np.sin(start + np.arange(16)[None, :, None] / 3) + roughness * noise.normal(size=(200, 16, 1))

    named = np.array([False])
    smooth, same, rough = (j.features(waves(r), named) for r in (0.05, 0.05, 0.5))
    assert smooth.shape == (200, 6)
    assert 0.35 < two_sample(smooth, same, np.zeros(6, dtype=bool)) < 0.65
    assert two_sample(smooth, rough, np.zeros(6, dtype=bool)) > 0.95


def test_features_of_levels_and_gaps():
    found = j.features(np.array([[[0.0], [1.0], [1.0], [NAN]], [[NAN]] * 4]), np.array([True]))
    assert found[0, 5] == 0.5  # one change in two known steps
    assert np.isnan(found[1, :4]).all()


def test_the_bound_is_per_step(report, fitted):
    case = fitted("stream")
    bound, T = report.metrics["bound"], case.model.fitted.steps
    assert bound["elbo"] == pytest.approx(bound["reconstruction"] - bound["kl"])
    latents = report.metrics["latents"]["kl"]
    assert bound["kl"] * T == pytest.approx(sum(latents), rel=0.05)


@pytest.mark.filterwarnings("ignore:score")
def test_calibration_counts_the_p_values_of_score(report, fitted):
    case = fitted("stream")
    p = case.model.score(case.fitted_on, reasons=0).p_value
    p = p[~np.isnan(p)]
    found = report.metrics["calibration"]
    assert found["steps"] == len(p)
    assert found["flagged_share"] == {
        alpha: pytest.approx((p <= float(alpha)).mean()) for alpha in found["flagged_share"]
    }


def test_every_channel_is_beside_simple_fillings(report):
    found = report.metrics["imputation"]
    for holes in (found, found["whole_steps"]):
        assert holes["columns"].keys() == {"heat", "load", "valve", "phase", "jobs"}
        assert all({"last_value", "interpolation"} <= set(each) for each in holes["columns"].values())
        assert {"error", "mean_filling", "last_value", "interpolation"} == set(holes["numbers"])
    assert 0 <= found["coverage"] <= 1
    assert found["hidden_steps"] == 3


def test_latents_move_channels(report):
    assert all(each.keys() == {"heat", "load", "valve", "phase", "jobs"} for each in report.metrics["latents"]["moves"])
