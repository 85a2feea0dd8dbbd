"""Digits with zeros before them, and more of them than a number holds, are found wherever they stand."""

from __future__ import annotations

import pyarrow as pa
import pytest

from vaekit.sources import codes as module
from vaekit.sources.codes import codes, with_zeros


@pytest.mark.parametrize(
    ("rows", "places"),
    [
        ("1,2,3\n", set()),
        ("01,2,3\n", {0}),
        ("1,2,03", {2}),
        ("1,2,03\r\n1,00,3\r\n", {1, 2}),
        ("0,0.5,-05\n", set()),
        ("01.02.2024,01:30,0x\n", set()),
        (",,\n,,007\n", {2}),
        ('"01",2,3\n', None),
    ],
)
def test_the_places_of_zeros(rows: str, places: set[int] | None) -> None:
    assert with_zeros(b'"01","2",3\n' + rows.encode(), ",", 11) == places


def test_zeros_are_found_across_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"{'0' if row == 90 else ''}{row},{row % 7}.5,{'00' if row == 611 else 10}{row}\n" for row in range(1000)]
    for part in (1, 7, 64, 4096):
        monkeypatch.setattr(module, "PART", part)
        assert with_zeros("".join(rows).encode(), ",") == {0, 2}


def test_long_digits_are_codes_and_large_measurements_are_none() -> None:
    text = pa.table({"id": [str(10**19 + 1), "5"], "mol": ["6.02e23", "1"], "n": [str(10**17), "1"]})
    read = pa.table({"id": [1e19, 5], "mol": [6.02e23, 1], "n": [10**17, 1]})
    assert codes(read, [], text.select) == ["id"]
