"""Values to cells and back in plain NumPy, beside what the codec does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from vaekit.export.describe import describe
from vaekit.export.runtime import cell_of, main, value_of


@pytest.fixture
def columns(mixed: Any) -> dict[str, Any]:
    return {column["name"]: column for column in describe(mixed.model.fitted)["columns"]}


def test_cells_are_the_codecs(mixed: Any, columns: dict[str, Any]) -> None:
    model = mixed.model.fitted
    rows = mixed.rows[:20]
    table = model.schema.conform(pa.Table.from_pandas(rows, preserve_index=False))
    cells, observed = model.codec.encode(table)
    for k, name in enumerate(model.codec.names):
        values = [value.isoformat() if hasattr(value, "isoformat") else value for value in table[name].to_pylist()]
        own = np.array([cell_of(columns[name], value) for value in values], float)
        np.testing.assert_allclose(np.where(np.isnan(own), 0.0, own), cells[:, k], rtol=1e-9, atol=1e-9)
        assert (np.isnan(own) == ~observed[:, k]).all(), name


def test_values_come_back(columns: dict[str, Any]) -> None:
    for name, value in {"city": "Oslo", "member": True, "grade": "B", "visits": 3.0, "height": 170.5}.items():
        cell = cell_of(columns[name], value)
        assert value_of(columns[name], np.array([cell])) == pytest.approx(value) if name == "height" else value
    assert np.isnan(cell_of(columns["city"], None)) and cell_of(columns["city"], "Paris") == columns["city"]["other"]
    assert value_of(columns["joined"], np.array([0.0])).startswith("202")


def test_a_csv_file_is_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from vaekit.export import runtime

    class Two:
        def __init__(self, path: str) -> None: ...

        def score(self, rows: Any) -> Any:
            return {"score": np.arange(len(rows)) / 2, "p_value": None}

    monkeypatch.setattr(runtime, "Runtime", Two)
    (tmp_path / "rows.csv").write_text("a\n1\n2\n")
    main("model.onnx", str(tmp_path / "rows.csv"))
    assert capsys.readouterr().out == "row,score,p_value\n0,0,\n1,0.5,\n"


def test_it_says_how_it_is_called(tmp_path: Path) -> None:
    from vaekit.export import runtime

    for words, told in (([], "usage: python"), (["none.onnx", "rows.csv"], "rows.csv: there is no such file")):
        found = subprocess.run(
            [sys.executable, runtime.__file__, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert found.returncode == 1 and told in found.stderr and "Traceback" not in found.stderr
