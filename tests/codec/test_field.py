"""What nets and likelihoods see of a column."""

import subprocess
import sys

import numpy as np
import pytest

from vaekit.codec.field import Field


@pytest.mark.parametrize("transform", ["linear", "log", "log1p"])
def test_cell_and_value_are_inverse(transform):
    field = Field("x", "real", mean=1.5, std=0.25, transform=transform)
    values = np.array([0.5, 1.0, 20.0])
    assert np.allclose(field.value(field.cell(values)), values)


def test_describing_columns_needs_no_torch():
    code = "import sys, vaekit.codec; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
