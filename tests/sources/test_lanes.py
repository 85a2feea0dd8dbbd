"""Lots are like random samples of the whole, and each pass holds every row once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from vaekit import rng
from vaekit.sources import lanes
from vaekit.sources.lanes import Lanes
from vaekit.sources.pieces import Piece

ROWS, LOT = 100_000, 5_000


def read(piece: Piece) -> Iterator[pa.Table]:
    for at in range(piece.first, piece.first + piece.rows, 700):
        yield pa.table({"x": np.arange(at, min(at + 700, piece.first + piece.rows))})


def pieces(of: int) -> list[Piece]:
    return [Piece("rows", at, 0, first, min(of, ROWS - first)) for at, first in enumerate(range(0, ROWS, of))]


def lots(made: Lanes, count: int) -> list[np.ndarray]:
    return [np.concatenate([table["x"].to_numpy() for _, table in made.lot(number)]) for number in range(count)]


@pytest.mark.parametrize("of", [100, 999, 7_000, 60_000])
def test_a_pass_holds_every_row_once(of: int) -> None:
    found = lots(Lanes(pieces(of), read, rows=LOT), ROWS // LOT)
    rows = np.concatenate(found)
    assert len(np.unique(rows)) >= 0.999 * len(rows) and abs(len(rows) - ROWS) < 0.01 * ROWS


@pytest.mark.parametrize("of", [100, 999, 7_000])
@pytest.mark.parametrize("seed", [0, 1])
def test_in_a_sorted_file_a_lot_is_like_the_whole(of: int, seed: int) -> None:
    """Its mean and deviation of the position in the file are those of all rows, and nothing drifts from lot to lot."""
    found = lots(Lanes(pieces(of), read, rows=LOT, seed=seed), 20)
    deviation = ROWS / 12**0.5
    means = np.array([lot.mean() - ROWS / 2 for lot in found])
    assert np.abs(means).max() < 0.05 * deviation
    assert all(0.95 < lot.std() / deviation < 1.05 for lot in found)


def test_batches_of_a_lot_are_as_mixed_as_batches_of_all_rows() -> None:
    """Positions of rows that follow one another in training are uncorrelated, and batch means vary as those of random rows."""
    found = lots(Lanes(pieces(999), read, rows=LOT), 20)
    order = np.concatenate([rng.numpy(0, number).permutation(lot) for number, lot in enumerate(found)]).astype(float)
    assert abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 4 / len(order) ** 0.5
    assert abs(np.corrcoef(np.arange(len(order)), order)[0, 1]) < 0.02
    batches = order[: len(order) // 250 * 250].reshape(-1, 250).mean(1)
    assert batches.std() < 1.15 * ROWS / 12**0.5 / 250**0.5


def test_of_large_pieces_every_visit_takes_other_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "LARGE", 5_000)
    made = Lanes(pieces(20_000), read, rows=LOT)
    found = lots(made, 20)
    assert made.share == 0.25 and all(abs(len(lot) - LOT) < 300 for lot in found)
    passed = [np.concatenate(found[at : at + 5]) for at in range(0, 20, 5)]
    shared = [len(np.intersect1d(passed[0], other)) / len(passed[0]) for other in passed[1:]]
    assert all(0.2 < share < 0.3 for share in shared)  # as independent choices of a quarter would


def test_a_lot_depends_on_its_number_and_the_seed_alone() -> None:
    one, other = Lanes(pieces(999), read, rows=LOT, seed=3), Lanes(pieces(999), read, rows=LOT, seed=3)
    in_turn = lots(one, 9)
    assert np.array_equal(np.concatenate([n for n, _ in other.lot(8)]), in_turn[8])
    assert np.array_equal(np.concatenate([n for n, _ in one.lot(4)]), in_turn[4])
    assert not np.array_equal(lots(Lanes(pieces(999), read, rows=LOT, seed=4), 1)[0], in_turn[0])


def test_rows_that_are_held_out_never_train() -> None:
    words = rng.words(5, np.arange(ROWS), "split")
    last = int(np.sort(words)[9_999])
    rows = np.concatenate(lots(Lanes(pieces(999), read, rows=LOT, seed=5, but=last), 25))
    assert (words[rows] > last).all() and len(np.unique(rows)) == ROWS - 10_000


@pytest.mark.parametrize("of", [999, 20_000])
def test_readers_share_the_rows(of: int) -> None:
    parts = [np.concatenate(lots(Lanes(pieces(of), read, rows=LOT, part=(own, 3)), 20)) for own in range(3)]
    assert all(len(np.intersect1d(parts[a], parts[b])) == 0 for a, b in ((0, 1), (0, 2), (1, 2)))
    assert len(np.unique(np.concatenate(parts))) > 0.95 * ROWS


def test_a_lot_is_given_up_when_asked() -> None:
    made = Lanes(pieces(999), read, rows=LOT)
    seen: list[int] = []
    for numbers, _ in made.lot(0, lambda: len(seen) >= 3):
        seen.append(len(numbers))
    assert len(seen) == 3
