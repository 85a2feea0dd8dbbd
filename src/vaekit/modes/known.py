"""Which cells are known: the observed ones, less those that an extra mask hides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.errors import SpecError
from vaekit.goals import Rows, unfold
from vaekit.modes.ask import Asked
from vaekit.sources import read
from vaekit.sources.images import Images

Flags = NDArray[np.bool_]


def known_cells(fitted: Fitted, asked: Asked, missing: Any) -> Tensor:
    """Observed cells less those that the extra mask hides, one entry a row that was given (N, K + G).

    Raises:
        SpecError: a mask of another shape or type than the data.
    """
    observed = asked.rows.observed
    if missing is None:
        return observed
    hide = torch.zeros_like(observed)
    for name, flags in _by_column(fitted, asked, missing).items():
        hide[:, fitted.codec.spans[name]] = torch.tensor(flags.reshape(len(observed), -1))
    hide[:, fitted.codec.modelled :] = False
    return observed & ~hide


def contexts(fitted: Fitted, asked: Asked, known: Tensor) -> Tensor:
    """The known cells of what the model sees, (B, K + G): of a stream its windows."""
    if asked.at is None:
        return known
    return unfold(Rows(asked.rows.cells, known), torch.from_numpy(asked.at), fitted.codec.modelled).observed


def _by_column(fitted: Fitted, asked: Asked, missing: Any) -> dict[str, Flags]:
    """The mask of each column: an image's are (B, H, W) or (B, H, W, C), others (B,)."""
    image = next((column.name for column in fitted.schema.modelled if column.kind == "image"), None)
    if isinstance(missing, Images):
        missing = {"image": missing.array, **missing.columns}
    if image is not None and not isinstance(missing, Mapping):
        missing = {image: missing}
    if image is not None:
        return {name: _pixels(fitted, asked, flags) if name == image else _plain(name, asked, flags)
                for name, flags in _checked(fitted, missing).items()}  # fmt: skip
    return _table(fitted, asked, missing)


def _checked(fitted: Fitted, missing: Mapping[str, Any]) -> Mapping[str, Any]:
    if unknown := [name for name in missing if name not in fitted.codec.spans]:
        raise SpecError(
            f"impute: missing has no column {unknown[0]!r}", hint=f"columns: {', '.join(fitted.codec.spans)}"
        )
    return missing


def _pixels(fitted: Fitted, asked: Asked, missing: Any) -> Flags:
    """(B, H, W, C) from one mask for all images (H, W), one each (B, H, W), or one a channel, first or last."""
    mask, count = np.asarray(missing), len(asked)
    H, W = fitted.layout.shape
    C = len(fitted.layout.channels)
    shapes = {(H, W): (None, ..., None), (count, H, W): (..., None), (H, W, C): (None, ...), (count, H, W, C): (...,)}
    if mask.dtype != bool or (mask.shape not in shapes and mask.shape != (count, C, H, W)):
        raise SpecError(
            f"impute: missing has shape {mask.shape} of {mask.dtype}, expected {(count, H, W)} of bool",
            hint="True where a pixel shall be filled in; (height, width) is one mask for all images",
        )
    mask = mask[shapes[mask.shape]] if mask.shape in shapes else np.moveaxis(mask, 1, -1)
    return np.broadcast_to(mask, (count, H, W, C))


def _plain(name: str, asked: Asked, missing: Any) -> Flags:
    mask = np.asarray(missing)
    if mask.shape != (len(asked),) or mask.dtype != bool:
        raise SpecError(
            f"impute: missing[{name!r}] has shape {mask.shape} of {mask.dtype}, expected {(len(asked),)} of bool"
        )
    return mask


def _table(fitted: Fitted, asked: Asked, missing: Any) -> dict[str, Flags]:
    mask, names = _flags(missing, asked.table.names)
    shape = (asked.table.rows, len(names))
    if mask.shape != shape or mask.dtype != bool:
        raise SpecError(
            f"impute: missing has shape {mask.shape} of {mask.dtype}, expected {shape} of bool",
            hint=f"one flag per row and column of the data, in the order {', '.join(names[:6])}, ...",
        )
    if absent := [name for name in fitted.codec.names if name not in names]:
        raise SpecError(f"impute: missing has no column {absent[0]!r}", hint="give it the columns of the data")
    return {name: mask[:, names.index(name)] for name in fitted.codec.names}


def _flags(missing: Any, names: list[str]) -> tuple[np.ndarray[Any, Any], list[str]]:
    """The extra mask and the names of its columns: its own for a table, those of the data for an array."""
    if isinstance(missing, np.ndarray | list | torch.Tensor):
        return np.asarray(missing), names
    table = read(missing)
    return np.column_stack([table.arrow[name].to_numpy() for name in table.names]), table.names
