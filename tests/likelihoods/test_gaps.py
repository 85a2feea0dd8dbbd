"""Sampled rows have gaps as the training rows had."""

import pytest
import torch

from vaekit import rng
from vaekit.likelihoods import Gaps, frequent

TWO = torch.tensor([[True, True, False], [False, True, True]])


def test_patterns_are_found_by_frequency_and_only_where_they_cover_the_rows():
    observed = torch.cat([TWO[:1].expand(30, 3), TWO[1:].expand(60, 3), torch.ones(5, 3, dtype=torch.bool)])
    assert frequent(observed).tolist() == [TWO[1].tolist(), TWO[0].tolist(), [True] * 3]
    assert frequent(observed, most=1).shape == (0, 3)  # covers 63 %
    assert frequent(observed, most=2).tolist() == [TWO[1].tolist(), TWO[0].tolist()]


def test_the_target_is_the_patterns_number_and_a_rare_one_is_ignored():
    gaps = Gaps(4, TWO, 3)
    observed = torch.stack([TWO[1], TWO[0], torch.tensor([True, True, True])])
    assert gaps.target(observed).tolist() == [1, 0, -100]
    assert Gaps(4, TWO[:0], 3).target(observed).tolist() == observed.float().tolist()


def learned(gaps, observed):
    target = gaps.target(observed)
    optimiser = torch.optim.Adam(gaps.parameters(), 0.1)
    for _ in range(150):
        optimiser.zero_grad()
        gaps.loss(torch.ones(len(observed), 4), target).backward()
        optimiser.step()
    with rng.seeded(0):
        return gaps.sample(torch.ones(20_000, 4), torch.zeros(20_000, observed.shape[1], dtype=torch.bool))


def test_patterns_are_sampled_by_their_shares():
    drawn = learned(Gaps(4, TWO, 3), torch.cat([TWO[:1].expand(25, 3), TWO[1:].expand(75, 3)]))
    assert drawn.dtype == torch.bool
    shares = torch.stack([(drawn == pattern).all(1).float().mean() for pattern in TWO])
    torch.testing.assert_close(shares, torch.tensor([0.25, 0.75]), atol=0.02, rtol=0)


def test_gaps_at_random_are_sampled_column_by_column():
    with rng.seeded(0):
        observed = torch.rand(4_000, 3) < torch.tensor([0.9, 0.5, 0.1])
    drawn = learned(Gaps(4, TWO[:0], 3), observed).float()
    torch.testing.assert_close(drawn.mean(0), torch.tensor([0.9, 0.5, 0.1]), atol=0.03, rtol=0)


def test_several_rows_are_drawn_from_the_same_features():
    features, known = torch.ones(4_000, 4), torch.tensor([[True, False, False]]).expand(4_000, 3)
    for patterns in (TWO, TWO[:0]):
        with rng.seeded(0):
            one, two = Gaps(4, patterns, 3).sample(features, known, (2,))
        assert one.shape == known.shape and one[:, 0].all() and two[:, 0].all()
    assert not one.equal(two) and one.float().mean(0).tolist() == pytest.approx(two.float().mean(0).tolist(), abs=0.05)


def test_nothing_else_learns_from_the_gaps():
    features = torch.ones(2, 4, requires_grad=True)
    gaps = Gaps(4, TWO, 3)
    gaps.loss(features, gaps.target(TWO)).backward()
    assert features.grad is None and gaps.linear.bias.grad is not None


def test_a_batch_of_rare_patterns_has_a_loss_of_zero():
    gaps = Gaps(4, TWO, 3)
    loss = gaps.loss(torch.ones(2, 4), torch.tensor([-100, -100]))
    loss.backward()
    assert loss.item() == 0.0 and gaps.linear.bias.grad.isfinite().all()


def test_patterns_are_saved():
    assert torch.equal(Gaps(4, TWO, 3).state_dict()["patterns"], TWO)


def test_it_starts_at_how_often_the_training_rows_show_each_pattern():
    observed = torch.tensor([[True, True]] * 8 + [[True, False]] * 2)
    patterned, single = Gaps(3, torch.zeros(2, 2, dtype=torch.bool), 2), Gaps(3, torch.zeros(0, 2, dtype=torch.bool), 2)
    target = patterned.start(frequent(observed), observed)
    assert target.tolist() == [0] * 8 + [1] * 2
    torch.testing.assert_close(patterned.linear.bias.softmax(0), torch.tensor([8.5, 2.5]) / 11)
    single.start(observed[:0], observed)
    torch.testing.assert_close(single.linear.bias.sigmoid(), torch.tensor([10.5, 8.5]) / 11)


def test_a_known_cell_is_no_gap():
    gaps, known = Gaps(4, TWO, 3), torch.tensor([[True, False, False]]).expand(500, 3)
    gaps.patterns.copy_(TWO)
    with rng.seeded(0):
        drawn = gaps.sample(torch.ones(500, 4), known)
    assert torch.equal(drawn, TWO[:1].expand(500, 3))  # the other pattern hides the first cell
