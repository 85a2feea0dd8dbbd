"""Training rows that do not fit in memory: one lot of them an epoch, the next one read and encoded in a thread meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable

from vaekit.goals import Rows

Stop = Callable[[], bool]


class Lots:
    """Numbered lots of encoded rows; lot 0 is in memory already.

    Args:
        first: lot 0, a uniform sample of all rows.
        make: a lot from its number; it is asked in a thread, and ends early where the second argument says so.
        finish: what else is done to the rows of a lot, in the thread.

    >>> import torch
    >>> lots = Lots(Rows(torch.zeros(2, 1), torch.ones(2, 1)), lambda n, stop: Rows(torch.full((2, 1), n), torch.ones(2, 1)))
    >>> lots.at(0).cells[0].item(), lots.at(1).cells[0].item()
    (0.0, 1)
    >>> lots.close()
    """

    def __init__(
        self, first: Rows, make: Callable[[int, Stop], Rows], finish: Callable[[Rows], Rows] | None = None
    ) -> None:
        self.first, self.make, self.finish = first, make, finish
        self.begun: _Making | None = None

    def at(self, number: int) -> Rows:
        """The rows of a lot; the next lot is begun.

        Raises:
            DataError: what reading or encoding the rows met.
        """
        rows = self.first if number == 0 else self._begin(number).result()
        self._begin(number + 1)
        return rows

    def after(self, first: Rows, finish: Callable[[Rows], Rows]) -> Lots:
        """The same lots after another lot 0, with something more done to their rows."""
        return Lots(first, self.make, finish)

    def close(self) -> None:
        """Give up what has been begun."""
        if self.begun is not None:
            self.begun.end()
            self.begun = None

    def _begin(self, number: int) -> _Making:
        if self.begun is None or self.begun.number != number:
            self.close()
            self.begun = _Making(number, self._made)
        return self.begun

    def _made(self, number: int, stop: Stop) -> Rows:
        rows = self.make(number, stop)
        return rows if self.finish is None or stop() else self.finish(rows)


class _Making:
    """A lot that a thread makes."""

    def __init__(self, number: int, make: Callable[[int, Stop], Rows]) -> None:
        self.number, self.make = number, make
        self.stop = threading.Event()
        self.rows: Rows | None = None
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name="vaekit-lots", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.rows = self.make(self.number, self.stop.is_set)
        except BaseException as error:  # noqa: BLE001 - raised again where the rows are used
            self.error = error

    def result(self) -> Rows:
        self.thread.join()
        if self.error is not None:
            raise self.error
        assert self.rows is not None, "a lot that was not given up"
        return self.rows

    def end(self) -> None:
        self.stop.set()
        self.thread.join()
