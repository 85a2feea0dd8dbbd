from __future__ import annotations

from typing import Any

import pytest

from vaekit.about.limits import PRIORS, limits
from vaekit.modes import MODES
from vaekit.priors import PRIORS as KINDS


def test_every_kind_of_prior_says_what_it_assumes() -> None:
    assert set(PRIORS) == set(KINDS) and all(words.endswith(".") for words in PRIORS.values())


@pytest.mark.parametrize("name", ["mixed", "vae", "ae", "given", "image-given", "stream"])
def test_limits_are_sentences_about_this_model(name: str, fitted: Any) -> None:
    found = limits(fitted(name).model.fitted)
    assert {"columns", "rows", "values", "held_out", "privacy"} <= set(found)
    assert all(len(words) > 20 and words.endswith(".") for words in found.values())
    assert ("prior" in found) == (name != "ae") and ("conditions" in found) == (name == "vae")


def test_a_gaussian_prior_says_what_it_assumes(fitted: Any) -> None:
    assert "one round hump with independent latents" in fitted("vae").model.card["limits"]["prior"]
    assert "no log_prob" in fitted("ae").model.card["limits"]["posterior"] and "log_prob" in MODES


def test_what_was_set_aside_is_named(mixed: Any, numbers: Any) -> None:
    found = mixed.model.card["limits"]
    assert "'id (identifier)'" in found["set_aside"] and "'country (constant)'" in found["set_aside"]
    assert "set_aside" not in numbers.model.card["limits"] and "140 rows never trained" in found["held_out"]


def test_a_stream_says_how_far_it_sees(fitted: Any) -> None:
    assert "12 steps at a time" in fitted("stream").model.card["limits"]["rows"]
