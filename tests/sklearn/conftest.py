"""Quick fits for scikit-learn's own checks, and a frame of mixed columns with gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

QUICK = {"epochs": 3}


@pytest.fixture(scope="session")
def frame() -> Any:
    """Numbers, words and gaps: two kinds of rows, of which `kind` says which."""
    import pandas as pd

    noise, kind = np.random.default_rng(0), np.arange(120) % 2
    frame = pd.DataFrame(
        {
            "size": 10.0 * kind + noise.normal(size=120),
            "weight": 5.0 * kind + noise.normal(size=120),
            "city": np.where(noise.random(120) < 0.1 + 0.8 * kind, "Oslo", "Rome"),
        }
    )
    frame.loc[::7, "size"] = None
    frame.loc[3::9, "city"] = None
    return frame


@pytest.fixture(scope="session")
def kind() -> Any:
    return np.array(["small", "large"])[np.arange(120) % 2]
