"""The only place that touches a random generator: every seed of the house becomes randomness here.

A stream is a name (or several) that keeps two uses of one seed apart: `numpy(seed, "decode", "age")` and
`numpy(seed, "decode", "fare")` are independent, and each is the same on every machine and in every process.
Nothing here reads or moves the global generators of Python and NumPy; `seeded` borrows torch's and gives it back.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import UserError

if TYPE_CHECKING:
    import torch

Stream = str | int


def numpy(seed: int, *stream: Stream) -> np.random.Generator:
    """A NumPy generator for this seed and stream.

    >>> bool(numpy(0, "a").random() == numpy(0, "a").random()), bool(numpy(0, "a").random() == numpy(0, "b").random())
    (True, False)
    """
    return np.random.default_rng(_sequence(seed, stream))


def generator(seed: int, *stream: Stream, device: torch.device | str = "cpu") -> torch.Generator:
    """A torch generator for this seed and stream, on the given device.

    >>> import torch
    >>> torch.equal(torch.rand(3, generator=generator(0)), torch.rand(3, generator=generator(0)))
    True
    """
    import torch

    return torch.Generator(device).manual_seed(_word(seed, stream))


def table(
    seed: int,
    shape: Sequence[int],
    *stream: Stream,
    dtype: torch.dtype | None = None,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """Standard-normal noise of the given shape, one table that all rows of a mode share.

    A row's answer then cannot depend on its position or its neighbours: with latents of shape (B, L), ask for
    (S, 1, L) and broadcast. The noise is drawn in double precision on the processor, so that every device and every
    precision sees the same numbers.

    Args:
        seed: the user's seed.
        shape: sizes, for example (S, 1, L).
        *stream: names that keep this table apart from others of the same seed.
        dtype: torch's default type when None.
        device: where the table goes.

    Returns:
        A tensor of that shape.

    >>> table(0, (2, 1, 3)).shape
    torch.Size([2, 1, 3])
    """
    import torch

    noise = torch.randn(*shape, generator=generator(seed, *stream), dtype=torch.float64)
    return noise.to(device=device, dtype=dtype or torch.get_default_dtype())


def words(seed: int, numbers: NDArray[np.integer[Any]], *stream: Stream) -> NDArray[np.uint64]:
    """A random word for each row, which depends on nothing but the seed, the stream and the number of the row.

    The rows of the least words are a uniform sample, whichever machine meets them and in whatever order. The mixer is
    SplitMix64: Steele, Lea, Flood 2014 (doi 10.1145/2660193.2660195).

    >>> words(0, np.arange(3))[1:].tolist() == words(0, np.arange(1, 3)).tolist()
    True
    """
    x = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(_word(seed, stream))
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


@contextmanager
def seeded(seed: int, *stream: Stream) -> Iterator[None]:
    """Seed torch's global generators inside the block, and put them back as they were afterwards.

    For what knows no other generator: the initialisation of layers, dropout and `torch.distributions`.

    >>> import torch
    >>> with seeded(0):
    ...     first = torch.rand(1)
    >>> with seeded(0):
    ...     second = torch.rand(1)
    >>> torch.equal(first, second)
    True
    """
    import torch

    # Only generators that already exist: waking a graphics card takes seconds and memory.
    cards = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else range(0)
    with torch.random.fork_rng(devices=cards):
        for own in (torch.default_generator, *(torch.cuda.default_generators[card] for card in cards)):
            own.manual_seed(_word(seed, stream))
        yield


def checked(seed: object) -> int:
    """The seed as a plain integer.

    Raises:
        UserError: when it is not a whole number from 0 to 2**63 - 1.

    >>> checked(np.int64(7))
    7
    """
    try:
        number = operator.index(seed)  # type: ignore[arg-type]
    except TypeError:
        number = -1
    if isinstance(seed, bool) or not 0 <= number < 2**63:
        raise UserError(f"seed: given {seed!r}, expected a whole number from 0 to 2**63 - 1", hint="for example seed=0")
    return number


def _sequence(seed: object, stream: tuple[Stream, ...]) -> np.random.SeedSequence:
    return np.random.SeedSequence(checked(seed), spawn_key=tuple(_code(name) for name in stream))


def _word(seed: object, stream: tuple[Stream, ...]) -> int:
    high, low = _sequence(seed, stream).generate_state(2)
    return int(high) << 31 | int(low) >> 1  # 63 bits: torch takes a signed word


def _code(name: Stream) -> int:
    # Python's own hash of a string differs between processes
    return name if isinstance(name, int) else int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
