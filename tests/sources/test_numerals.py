"""Numbers as people write them are read where every cell is one, and left alone elsewhere."""

from __future__ import annotations

import pyarrow as pa
import pytest

from vaekit.sources.numerals import fits, read


@pytest.mark.parametrize(
    ("text", "point", "value"),
    [
        ("1,234.50", ".", 1234.5),
        ("1.234,50", ",", 1234.5),
        ("7.000", ",", 7000.0),
        ("7.000", ".", 7.0),
        ("$1,234.50", ".", 1234.5),
        ("-$1,234.50", ".", -1234.5),
        ("$ -5", ".", -5.0),
        ("(1,234.50)", ".", -1234.5),
        ("($12)", ".", -12.0),
        ("12,50 €", ",", 12.5),
        ("12.5%", ".", 12.5),
        ("12,5 %", ",", 12.5),
        ("1'234.5", ".", 1234.5),
        ("1\u00a0234,5", ",", 1234.5),
        (" +1,5E+2 ", ",", 150.0),
        (".5", ".", 0.5),
    ],
)
def test_a_number_is_read(text: str, point: str, value: float) -> None:
    numbers = read(pa.chunked_array([[text, None]]), point)
    assert numbers is not None and numbers.to_pylist() == [value, None]


@pytest.mark.parametrize(
    "text",
    ["1,5", "12,34,567", "0,123", "1.2.3", "1 234", "CHF 5", "5 kg", "(5", "5)", "(-5)", "--5", "-$-5", "$", "-", ""],
)
def test_what_is_no_number_is_left_alone(text: str) -> None:
    assert read(pa.chunked_array([["1.5", text]]), ".") is None


@pytest.mark.parametrize("cells", [["$5", "€5"], ["5 %", "5"], ["5 %", "$5"], [None, None], []])
def test_cells_of_several_units_are_no_numbers(cells: list[str | None]) -> None:
    assert read(pa.chunked_array([pa.array(cells, pa.string())]), ".") is None


def test_a_word_may_come_late() -> None:
    assert not fits(pa.chunked_array([["1.5"] * 500 + ["late"]]), ".")


def test_addresses_of_machines_are_no_numbers() -> None:
    assert read(pa.chunked_array([["192.168.100.200", "192.168.100.201"]]), ",") is None
    assert fits(pa.chunked_array([["192.168.100"]]), ",")
