"""From windows back to the steps of the stream: one answer a step, from the windows that cover it.

```
values (W, T, ...) --mean_over, centred--> (N, ...)        scores (W, ...) --window_mean, ending--> (N, ...)
```

`at` (W, T) are the row numbers of `Cut.windows`, N the rows of the stream. `ending` is what a live monitor sees; the
others also use windows that end after the step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]


def mean_over(values: NDArray[Any], at: Rows, steps: int) -> Floats:
    """The mean over the windows that cover a step: answer[n] = mean of values[w, t] over at[w, t] = n.

    Args:
        values: one number, or several, a step of each window (W, T, ...); not-a-number has no say.
        at: row numbers (W, T).
        steps: rows of the stream, N.

    Returns:
        (N, ...), not-a-number where no window says anything.

    >>> mean_over(np.array([[1.0, 2.0], [4.0, 8.0]]), np.array([[0, 1], [1, 2]]), 4).tolist()
    [1.0, 3.0, 8.0, nan]
    """
    return _mean(lambda place: values[:, place], values.shape[2:], at, steps)


def window_mean(values: NDArray[Any], at: Rows, steps: int) -> Floats:
    """The mean of the windows' values over the windows that cover a step.

    Args:
        values: one number, or several, a window (W, ...); not-a-number has no say.
        at: row numbers (W, T).
        steps: rows of the stream, N.

    Returns:
        (N, ...), not-a-number where no window says anything.

    >>> window_mean(np.array([1.0, 4.0]), np.array([[0, 1], [1, 2]]), 4).tolist()
    [1.0, 2.5, 4.0, nan]
    """
    return _mean(lambda place: values, values.shape[1:], at, steps)


def ending(values: NDArray[Any], at: Rows, steps: int) -> Floats:
    """The value of the window that ends in a step, which no later step can change.

    Args:
        values: one number, or several, a window (W, ...).
        at: row numbers (W, T), best of stride 1.
        steps: rows of the stream, N.

    Returns:
        (N, ...), not-a-number where no window ends.

    >>> ending(np.array([1.0, 4.0]), np.array([[0, 1], [1, 2]]), 3).tolist()
    [nan, 1.0, 4.0]
    """
    answer = np.full((steps, *values.shape[1:]), np.nan)
    answer[at[:, -1]] = values
    return answer


def most_central(at: Rows, steps: int) -> tuple[Rows, NDArray[np.bool_]]:
    """For each step, the place among the W x T where it lies nearest to the middle of a window; the earlier of two.

    Args:
        at: row numbers (W, T).
        steps: rows of the stream, N.

    Returns:
        (places (N,), 0 where no window covers the step; covered (N,)).

    >>> places, covered = most_central(np.array([[0, 1, 2], [1, 2, 3]]), 5)
    >>> places.tolist(), covered.tolist()
    ([0, 1, 4, 5, 0], [True, True, True, True, False])
    """
    T = at.shape[1]
    away = np.tile(np.abs(np.arange(T) - (T - 1) / 2), len(at))
    rows = at.reshape(-1)
    order = np.lexsort((away, rows))  # stable: of equally central places the earlier window's comes first
    first = np.flatnonzero(np.diff(rows[order], prepend=-1))
    places, covered = np.zeros(steps, dtype=np.int64), np.zeros(steps, dtype=bool)
    places[rows[order[first]]] = order[first]
    covered[rows] = True
    return places, covered


def centred(values: NDArray[Any], at: Rows, steps: int) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Each step from the window in which it lies nearest to the middle; values of any type.

    Args:
        values: (W, T, ...).
        at: row numbers (W, T).
        steps: rows of the stream, N.

    Returns:
        (answer (N, ...), covered (N,)); the answer means nothing where covered is False.

    >>> centred(np.array([["a", "b", "c"], ["d", "e", "f"]]), np.array([[0, 1, 2], [1, 2, 3]]), 4)[0].tolist()
    ['a', 'b', 'e', 'f']
    """
    places, covered = most_central(at, steps)
    flat = values.reshape(at.size, *values.shape[2:])
    return (flat[places] if len(flat) else np.zeros((steps, *flat.shape[1:]), flat.dtype)), covered


def _mean(column: Callable[[int], NDArray[Any]], shape: tuple[int, ...], at: Rows, steps: int) -> Floats:
    """Sums and counts place by place: no two windows hold a step at the same place, so that plain indexing adds."""
    sums, count = np.zeros((steps, *shape)), np.zeros((steps, *shape))
    for place, rows in enumerate(at.T):
        values = column(place)
        said = ~np.isnan(values)
        sums[rows] += np.where(said, values, 0.0)
        count[rows] += said
    return np.divide(sums, count, out=np.full(sums.shape, np.nan), where=count > 0)
