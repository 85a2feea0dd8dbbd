from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vaekit.errors import SpecError
from vaekit.modes.options import number, whole


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "3", None])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(SpecError, match=r"sample: n=.*expected a whole number from 1 on"):
        whole("sample: n", value, 1)


@pytest.mark.parametrize("value", [0, 1, 2.0, float("nan"), True, "0.5", None])
def test_what_is_no_share_is_refused(value: Any) -> None:
    with pytest.raises(SpecError, match=r"alpha=.*expected a share") as refusal:
        number("alpha", value, 0, 1, "a share", hint="0.01")
    assert refusal.value.hint == "0.01"


def test_numbers_of_numpy_are_numbers() -> None:
    assert whole("n", np.int32(4), 1) == 4 and number("alpha", np.float32(0.5), 0, 1, "a share") == 0.5
