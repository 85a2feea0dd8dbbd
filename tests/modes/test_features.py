import numpy as np
import pytest
import torch

from vaekit.modes import features
from vaekit.modes.quality import two_sample


def bars(count, seed):
    """Pictures (B, 1, 8, 8) of a bright row, and which row it is, 0 to 3."""
    noise = np.random.default_rng(seed)
    codes = noise.integers(0, 4, count)
    images = 0.2 * noise.random((count, 1, 8, 8))
    images[np.arange(count), 0, 2 * codes] += 0.8
    return torch.from_numpy(images).float(), codes


@pytest.fixture(scope="module")
def eye():
    return features.trained(*bars(300, 0), bars(200, 1), "row")


def test_it_learns_what_a_column_says(eye):
    images, codes = bars(100, 2)
    assert eye.accuracy > 0.95
    assert (eye.read(images) == codes).mean() > 0.95
    assert (eye.task, eye.classes, eye.features(images).shape) == ("row", 4, (100, 64))


def test_shuffled_classes_cannot_be_learned(monkeypatch):
    monkeypatch.setattr(features, "SHOWN", 5_000)
    images, codes = bars(300, 0)
    shuffled = np.random.default_rng(9).permutation(codes)
    assert features.trained(images, shuffled, bars(200, 1)).accuracy < 0.5


def test_equal_seed_equal_eye(monkeypatch):
    monkeypatch.setattr(features, "SHOWN", 2_000)
    images = bars(50, 3)[0]
    first, same, other = (
        features.trained(*bars(100, 0), bars(50, 1), seed=seed).features(images) for seed in (0, 0, 1)
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_without_classes_it_learns_how_pictures_were_turned(monkeypatch):
    monkeypatch.setattr(features, "SHOWN", 10_000)
    wedge = torch.rand(200, 1, 8, 8) * torch.linspace(0, 1, 8)[:, None]  # bright below
    eye = features.trained(wedge[:100], None, (wedge[100:], None))
    assert (eye.task, eye.classes) == (features.TURNS, 4)
    assert eye.accuracy > 0.95


def test_pictures_that_are_no_squares_are_mirrored():
    images = torch.arange(6.0).reshape(1, 1, 2, 3)
    poses, codes = features.turned(images)
    assert poses.shape == (4, 1, 2, 3)
    assert len({tuple(pose.flatten().tolist()) for pose in poses}) == 4
    assert codes.tolist() == [0, 1, 2, 3]


def test_its_features_tell_noise_from_pictures_and_not_pictures_from_pictures(eye):
    named = np.zeros(64, dtype=bool)
    real, fresh = (eye.features(bars(200, seed)[0]) for seed in (4, 5))
    assert 0.4 < two_sample(real, fresh, named) < 0.6
    assert two_sample(real, eye.features(torch.rand(200, 1, 8, 8)), named) > 0.95


def test_large_pictures_are_averaged():
    assert features.small(torch.ones(2, 3, 64, 48)).shape == (2, 3, 32, 32)
    assert features.small(torch.ones(2, 3, 64, 48), 14).mean() == 1.0
