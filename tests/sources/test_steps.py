import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaekit.sources.cut import Cut
from vaekit.sources.steps import centred, ending, mean_over, most_central, window_mean


@st.composite
def streams(draw):
    """Windows (W, T) of several stretches, the rows of the stream, and a generator."""
    size = draw(st.integers(2, 7))
    lengths = draw(st.lists(st.integers(1, 25), min_size=1, max_size=5))
    noise = np.random.default_rng(draw(st.integers(0, 99)))
    rows = noise.permutation(sum(lengths))
    cut = Cut(size, draw(st.integers(1, size)))
    return cut.windows(np.split(rows, np.cumsum(lengths)[:-1])), len(rows), noise


def covering(at, row):
    return [(w, t) for w in range(len(at)) for t in range(at.shape[1]) if at[w, t] == row]


@given(streams())
def test_means_agree_with_a_loop(stream):
    at, steps, noise = stream
    values, scores = noise.normal(size=(*at.shape, 2)), noise.normal(size=len(at))
    values[noise.random(values.shape) < 0.2] = np.nan
    means, flat = mean_over(values, at, steps), window_mean(scores, at, steps)
    assert means.shape == (steps, 2) and flat.shape == (steps,)
    for row in range(steps):
        places = covering(at, row)
        for k in range(2):
            said = [values[w, t, k] for w, t in places if not np.isnan(values[w, t, k])]
            assert means[row, k] == pytest.approx(np.mean(said) if said else np.nan, nan_ok=True)
        assert flat[row] == pytest.approx(np.mean([scores[w] for w, _ in places]) if places else np.nan, nan_ok=True)


@given(streams())
def test_the_most_central_window_agrees_with_a_loop(stream):
    at, steps, _ = stream
    middle = (at.shape[1] - 1) / 2
    names = np.array([[f"{w}.{t}" for t in range(at.shape[1])] for w in range(len(at))]).reshape(at.shape)
    answer, covered = centred(names, at, steps)
    for row in range(steps):
        places = covering(at, row)
        assert covered[row] == bool(places)
        if places:
            w, t = min(places, key=lambda place: (abs(place[1] - middle), place[0]))
            assert answer[row] == f"{w}.{t}"


@given(streams())
def test_the_ending_window_agrees_with_a_loop(stream):
    at, steps, noise = stream
    scores = noise.normal(size=(len(at), 3))
    answer = ending(scores, at, steps)
    for row in range(steps):
        last = [w for w, t in covering(at, row) if t == at.shape[1] - 1]
        assert np.array_equal(answer[row], scores[last[-1]] if last else np.full(3, np.nan), equal_nan=True)


@given(streams(), st.floats(-1e6, 1e6))
def test_constant_scores_stay_constant(stream, level):
    at, steps, _ = stream
    covered = np.isin(np.arange(steps), at)
    for answer in (mean_over(np.full(at.shape, level), at, steps), window_mean(np.full(len(at), level), at, steps)):
        assert np.allclose(answer[covered], level, rtol=1e-12, atol=0) and np.isnan(answer[~covered]).all()
    assert (centred(np.full(at.shape, level), at, steps)[0][covered] == level).all()


def test_whole_numbers_are_averaged_as_numbers():
    assert mean_over(np.array([[1, 2], [3, 4]]), np.array([[0, 1], [1, 2]]), 3).tolist() == [1.0, 2.5, 4.0]


def test_no_window_is_no_answer():
    at = np.empty((0, 3), dtype=np.int64)
    assert np.isnan(mean_over(np.empty((0, 3, 2)), at, 4)).all() and np.isnan(window_mean(np.empty(0), at, 4)).all()
    assert np.isnan(ending(np.empty(0), at, 4)).all() and not most_central(at, 4)[1].any()
    answer, covered = centred(np.empty((0, 3, 2)), at, 4)
    assert answer.shape == (4, 2) and not covered.any()
