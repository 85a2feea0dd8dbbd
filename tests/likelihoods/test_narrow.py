"""One column of a likelihood that serves several; that the laws agree is among the laws of likelihoods."""

import torch

from vaekit.codec.field import Field
from vaekit.likelihoods import LIKELIHOODS, Mix, choose
from vaekit.likelihoods.narrow import narrow

FIELDS = [Field("a", "categorical", levels=3), Field("b", "categorical", levels=4)]


def test_nothing_is_copied_and_gradients_reach_the_whole():
    whole = LIKELIHOODS["categorical"](5, FIELDS)
    one = narrow(whole, 1)
    assert one.head.linear.weight.data_ptr() == whole.head.linear.weight[4:].data_ptr()
    one(torch.ones(1, 1, 5)).log_prob(torch.zeros(1, 1)).sum().backward()
    grown = whole.head.linear.weight.grad.reshape(2, 4, 5)
    assert not grown[0].any() and grown[1].any()


def test_the_whole_stays_as_it_was():
    whole = LIKELIHOODS["student_t"](5, [Field(name, "real") for name in "ab"])
    names = [name for name, _ in whole.named_parameters()]
    narrow(whole, 0)
    assert [name for name, _ in whole.named_parameters()] == names and whole.head.shape == (2, 2)


def test_a_mix_asks_no_other_column():
    mix = Mix(5, FIELDS, choose(FIELDS))
    assert mix.only(torch.ones(1, 2, 5), 1).laws[0].batch_shape == (1, 2, 1)
