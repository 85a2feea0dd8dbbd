"""The builder: what a spec may say, what it becomes, and how it is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vaekit.errors import SpecError
from vaekit.spec import AtLeastOne, Positive, Share, build, closest, describe, normalise, options


@dataclass
class Plain:
    latents: int


class Vamp:
    """Pseudo-inputs.

    Args:
        latents: size.
        components: how many pseudo-inputs,
            at least one.
        spread: their initial standard deviation.
    """

    def __init__(
        self,
        latents: int,
        *,
        context: int,
        components: AtLeastOne = 64,
        spread: Positive = 1.0,
        start: Literal["rows", "noise"] = "rows",
        hidden: Sequence[int] = (32, 32),
        limit: float | None = None,
        shared: bool = False,
        share: Share = 0.5,
        weights: torch.Tensor | None = None,
        undeclared=None,
    ) -> None:
        self.latents, self.context, self.components, self.spread = latents, context, components, spread
        self.start, self.hidden, self.limit, self.shared, self.share = start, hidden, limit, shared, share
        self.weights = weights


class Net(torch.nn.Module):
    pass


PRIORS: dict[str, Any] = {"normal": Plain, "vamp": Vamp}


def prior(spec: object = None) -> Any:
    return build("prior", spec, PRIORS, 4, context=7)


def test_the_first_kind_is_the_default_and_gets_no_argument_it_does_not_name():
    assert prior() == prior({}) == prior("normal") == prior({"kind": "normal"}) == Plain(4)


def test_sizes_extra_and_options_reach_the_part():
    part = prior({"kind": "vamp", "components": 3, "hidden": [5], "limit": 2, "start": "noise"})
    assert (part.latents, part.context, part.components, part.start) == (4, 7, 3, "noise")
    assert list(part.hidden) == [5]
    assert part.limit == 2.0
    assert part.spread == 1.0


def test_extra_may_name_a_parameter_that_json_cannot_hold():
    weights = torch.ones(2)
    assert build("prior", "vamp", PRIORS, 4, context=7, weights=weights).weights is weights


def test_extra_never_overrules_an_option():
    with pytest.raises(AssertionError, match="spread"):
        build("prior", "vamp", PRIORS, 4, context=7, spread=2.0)


def test_numpy_values_are_plain_numbers():
    part = prior({"kind": "vamp", "components": np.int64(3), "spread": np.float32(0.5), "hidden": np.array([1, 2])})
    assert (type(part.components), type(part.spread), list(part.hidden)) == (int, float, [1, 2])


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("vmap", ["prior: there is no kind 'vmap'", "'normal', 'vamp'", "did you mean 'vamp'?"]),
        ("zzz", ["there is no kind 'zzz'", "vaekit kinds prior"]),
        ({"kind": ["vamp"]}, ["there is no kind"]),
        ({"kind": None}, ["there is no kind None"]),
        (3, ["prior: given 3 (int)", "prior='normal'"]),
        (["vamp"], ["prior: given ['vamp'] (list)"]),
        (Net(), ["given a module of your own (Net)", "only net="]),
        ({"kind": "vamp", "componets": 3}, ["no option 'componets'", "'components', 'spread'", "mean 'components'?"]),
        ({"kind": "vamp", "latents": 3}, ["prior 'vamp': there is no option 'latents'"]),
        ({"kind": "vamp", "context": 3}, ["there is no option 'context'"]),
        ({"kind": "vamp", "weights": None}, ["there is no option 'weights'"]),
        ({"kind": "vamp", "undeclared": None}, ["there is no option 'undeclared'"]),
        ({"components": 3}, ["prior 'normal'", "no options", "'components' is an option of kind 'vamp'"]),
        ({"kind": "vamp", "components": "many"}, ["option 'components': given 'many', expected int >= 1"]),
        ({"kind": "vamp", "components": 0}, ["given 0, expected int >= 1"]),
        ({"kind": "vamp", "components": 2.5}, ["given 2.5, expected int >= 1"]),
        ({"kind": "vamp", "components": True}, ["given True, expected int >= 1"]),
        ({"kind": "vamp", "spread": 0}, ["option 'spread': given 0, expected float > 0"]),
        ({"kind": "vamp", "spread": None}, ["given None, expected float > 0"]),
        ({"kind": "vamp", "spread": float("nan")}, ["given nan, expected float > 0"]),
        ({"kind": "vamp", "limit": float("inf")}, ["given inf, expected float | None"]),
        ({"kind": "vamp", "share": 1.5}, ["given 1.5, expected float >= 0 and <= 1"]),
        ({"kind": "vamp", "start": "row"}, ["given 'row', expected 'rows' | 'noise'"]),
        ({"kind": "vamp", "hidden": 400}, ["given 400, expected list[int]"]),
        ({"kind": "vamp", "hidden": [400, "x"]}, ["expected list[int]"]),
        ({"kind": "vamp", "hidden": "12"}, ["expected list[int]"]),
        ({"kind": "vamp", "shared": 1}, ["given 1, expected bool"]),
        ({"kind": "vamp", "shared": object()}, ["expected bool"]),
    ],
)
@pytest.mark.parametrize("take", [prior, lambda spec: normalise("prior", spec, PRIORS)])
def test_refusals_say_what_was_given_and_what_was_expected(take, spec, words):
    with pytest.raises(SpecError) as caught:
        take(spec)
    for word in words:
        assert word in str(caught.value)


def test_the_written_spec_has_every_default_and_builds_the_same_part():
    written = normalise("prior", {"kind": "vamp", "spread": 2, "limit": 3}, PRIORS)
    assert written == {
        "kind": "vamp", "components": 64, "spread": 2.0, "start": "rows", "hidden": [32, 32], "limit": 3.0,
        "shared": False, "share": 0.5,
    }  # fmt: skip
    assert isinstance(written["spread"], float)
    again = json.loads(json.dumps(written))
    assert normalise("prior", again, PRIORS) == written
    assert vars(prior(again)) == vars(prior({"kind": "vamp", "spread": 2, "limit": 3}))


def test_a_spec_is_not_changed_by_reading_it():
    spec = {"kind": "vamp", "components": 3}
    prior(spec), normalise("prior", spec, PRIORS)
    assert spec == {"kind": "vamp", "components": 3}


def test_a_users_own_net_passes_through_and_is_remembered_by_name_only():
    net = Net()
    assert build("net", net, PRIORS, 4) is net
    written = normalise("net", net, PRIORS)
    assert written == {"kind": "own", "name": "Net"} == normalise("net", written, PRIORS)
    with pytest.raises(SpecError, match=r"own module \(Net\)(?s:.*)net=MyNet\(\)"):
        build("net", written, PRIORS, 4)


def test_a_class_is_not_a_module():
    with pytest.raises(SpecError, match="the class Net, expected a module"):
        build("net", Net, PRIORS, 4)


def test_options_are_read_from_signature_and_docstring():
    table = options(PRIORS)
    assert table["normal"] == {}
    assert table["vamp"]["components"] == (64, "int >= 1", "how many pseudo-inputs, at least one.")
    assert table["vamp"]["spread"].doc == "their initial standard deviation."
    assert table["vamp"]["hidden"].annotation == "list[int]"
    assert list(table["vamp"]) == ["components", "spread", "start", "hidden", "limit", "shared", "share"]


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (None, "None"),
        (Any, "Any"),
        (dict[str, Any], "dict[str, Any]"),
        (tuple[int, ...], "list[int, ...]"),
        (int | str, "int | str"),
    ],
)
def test_describe(annotation, words):
    assert describe(annotation) == words


def test_closest_keeps_the_spelling_of_the_known_name():
    assert closest("MARITAL-STATUS", ["Marital-Status", "age"]) == "Marital-Status"
    assert closest(3, ["age"]) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@given(st.sampled_from(["components", "spread", "start", "hidden", "limit", "shared", "share"]), json_values)
def test_any_value_is_either_taken_for_good_or_refused(option, value):
    try:
        written = normalise("prior", {"kind": "vamp", option: value}, PRIORS)
    except SpecError as error:
        assert f"option '{option}'" in str(error)
    else:
        assert normalise("prior", json.loads(json.dumps(written)), PRIORS) == written
