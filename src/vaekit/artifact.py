"""The fitted model <-> one file: safetensors with a JSON description, a format version and a checksum. Nothing executable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn
from torch.distributions import Normal

from vaekit.codec import Codec, Field, Layout
from vaekit.distributions.mixture import NormalMixture
from vaekit.errors import ArtifactError, SpecError
from vaekit.posteriors import Gaussian
from vaekit.schema import Schema
from vaekit.sources.cut import Cut
from vaekit.sources.write import whole_file
from vaekit.vae import VAE, assemble

T = TypeVar("T")
FORMAT = "vaekit"
VERSION = 1


@dataclass
class Fitted:
    """Everything that a fit produced and a mode may read.

    Args:
        codec: rows to cells and back, with the schema.
        spec: the complete spec that the module was assembled from.
        vae: the trained module, in evaluation mode.
        form: the flavour and native column types of the fitted data, so that samples come back as what was given.
        history: one dict an epoch.
        about: provenance: rows, seconds, seed, versions, how the training ended.
        arrays: what modes keep beside the weights: calibration scores, centre and spread of the latents, kept rows.
        prepared: what modes worked out from all of this and need again; no part of the file.
    """

    codec: Codec
    spec: dict[str, Any]
    vae: VAE
    form: dict[str, Any]
    history: list[dict[str, Any]]
    about: dict[str, Any]
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    prepared: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles leave out what is prepared: it is found again, and need not be of a kind that can be pickled."""
        return {**self.__dict__, "prepared": {}}

    def once(self, name: Any, of: Any, make: Callable[[], T]) -> T:
        """What `make` finds, kept under a name until it is asked for of something else: another object, or an unequal tuple."""
        known, found = self.prepared.get(name, (None, None))
        if known is not of and not (isinstance(of, tuple) and known == of):
            found = make()
            self.prepared[name] = of, found
        return found

    @property
    def schema(self) -> Schema:
        return self.codec.schema

    @cached_property
    def cut(self) -> Cut | None:
        """How a stream is cut into windows; None for tables and images."""
        return Cut.from_dict(self.form["cut"]) if "cut" in self.form else None

    @property
    def steps(self) -> int:
        """The steps of a window, 0 of tables and images."""
        return 0 if self.cut is None else self.cut.size

    @cached_property
    def layout(self) -> Layout:
        """How the cells of a row lie."""
        return self.codec.layout(self.steps or None)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The field of each modelled cell (K)."""
        return self.layout.fields

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each modelled cell (K): of a table, the columns."""
        return self.layout.names

    @cached_property
    def trained_range(self) -> tuple[Tensor, Tensor]:
        """The least and the greatest training cell of each modelled cell, (K,) each; infinite for levels."""
        ends = {id(field): trained_range(field) for field in self.layout.columns}
        low, high = zip(*(ends[id(field)] for field in self.fields), strict=True)
        return torch.tensor(low, dtype=torch.float64), torch.tensor(high, dtype=torch.float64)

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the weights, in which rows are asked about: single, unless somebody made the module double."""
        weight = self.once("weight", self.vae, lambda: next(self.vae.parameters(), None))  # to search costs more steps
        return torch.float32 if weight is None else weight.dtype

    @property
    def at_once(self) -> int:
        """How many rows pass through the network together."""
        return self.layout.at_once

    @property
    def has_density(self) -> bool:
        return bool(self.vae.posterior.density)

    @property
    def has_coded_latents(self) -> bool:
        """Whether q(z|row) is a normal law of each latent by itself, and p(z) is one or a mixture of normal laws."""
        return isinstance(self.vae.posterior, Gaussian) and isinstance(self.vae.prior_law(), Normal | NormalMixture)


def trained_range(field: Field) -> tuple[float, float]:
    """The least and the greatest training cell of a column; infinite for levels."""
    seen = [*field.quantiles[[0, -1]], *field.spikes] if len(field.quantiles) else field.spikes
    return (float(min(seen)), float(max(seen))) if len(seen) and not field.levels else (-np.inf, np.inf)


def write_model(fitted: Fitted, path: str | Path) -> Path:
    """Write the file beside its place, then put it there: a reader finds the old or the new one, never half.

    Raises:
        UserError: when the folder does not exist or cannot be written.
    """
    target = Path(path)
    plain, arrays = fitted.codec.state()
    tensors = {f"vae.{name}": tensor for name, tensor in fitted.vae.state_dict().items()}
    tensors |= {f"codec.{name}": torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
    tensors |= {f"array.{name}": torch.from_numpy(np.ascontiguousarray(a)) for name, a in fitted.arrays.items()}
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    about = {
        "codec": plain, "spec": fitted.spec, "form": fitted.form, "history": fitted.history, "about": fitted.about
    }  # fmt: skip
    text = json.dumps(about, sort_keys=True)
    metadata = {"format": FORMAT, "version": str(VERSION), "model": text, "checksum": checksum(text, tensors)}
    data = _ordered(save_tensors(tensors, metadata))
    whole_file(target, lambda stream: stream.writelines([data]))
    return target


def _ordered(data: bytes) -> bytes:
    """The same file with the names of its header in order, so that equal models are equal files."""
    length = int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[8 + length :]


def read_model(path: str | Path, net: nn.Module | None = None) -> Fitted:
    """Read a model file; nothing in it is executed.

    Args:
        path: the file.
        net: the user's own net, when the model was fitted with one.

    Raises:
        ArtifactError: when the file is absent, truncated, altered, foreign, or newer than this vaekit.
    """
    text, tensors = _read(Path(path))
    try:
        about = json.loads(text)
        codec = Codec.from_state(about["codec"], {k: t.numpy() for k, t in _under("codec.", tensors).items()})
        spec, form = about["spec"], about["form"]
        layout = codec.layout(form["cut"]["size"] if "cut" in form else None)
        rest = form, about["history"], about["about"]
    except (ArtifactError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(f"{path}: describes no model that this vaekit can read: {_brief(error)}") from error
    _check_net(path, spec["net"], net)
    try:
        vae = assemble(spec, layout, net=net)
        vae.load_state_dict(_under("vae.", tensors))
    except (RuntimeError, SpecError, KeyError) as error:
        raise ArtifactError(
            f"{path}: the weights do not fit the model it describes: {_brief(error)}",
            hint="with a net of your own, give one of the sizes that were fitted" if net is not None else None,
        ) from error
    arrays = {name: tensor.numpy() for name, tensor in _under("array.", tensors).items()}
    return Fitted(codec, spec, vae.eval(), *rest, arrays)


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _check_net(path: str | Path, fitted: Mapping[str, Any], net: object) -> None:
    if fitted["kind"] == "own" and not isinstance(net, nn.Module):
        raise ArtifactError(
            f"{path}: was fitted with your own net {fitted.get('name', '')!r}, whose code a model file never holds",
            hint="in Python: vaekit.load(path, net=MyNet())",
        )
    if fitted["kind"] != "own" and net is not None:
        raise ArtifactError(
            f"{path}: was fitted with the net {fitted['kind']!r}, not with one of your own", hint="vaekit.load(path)"
        )


def _read(path: Path) -> tuple[str, dict[str, Tensor]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read: {error.strerror}", hint="is the path right?") from error
    metadata = _metadata(path, data)
    if metadata.get("format") != FORMAT:
        raise ArtifactError(
            f"{path}: a safetensors file, but not a vaekit model", hint="write one with model.save(path)"
        )
    version = metadata.get("version", "")
    if not version.isdecimal() or int(version) < 1 or not {"model", "checksum"} <= metadata.keys():
        raise ArtifactError(f"{path}: altered since it was written: its header is damaged", hint="copy the file again")
    if int(version) > VERSION:
        raise ArtifactError(
            f"{path}: format version {version}, this vaekit reads up to {VERSION}", hint="upgrade vaekit"
        )
    try:
        tensors = load_tensors(data)
    except SafetensorError as error:
        raise ArtifactError(
            f"{path}: truncated or damaged: {str(error)[:120]}", hint="copy the file again, or fit anew"
        ) from error
    if checksum(metadata["model"], tensors) != metadata["checksum"]:
        raise ArtifactError(f"{path}: altered since it was written: its checksum differs", hint="copy the file again")
    return metadata["model"], tensors


def _metadata(path: Path, data: bytes) -> dict[str, str]:
    """The metadata of a safetensors header: eight bytes of length, then JSON."""
    length = int.from_bytes(data[:8], "little")
    try:
        if len(data) < 8 or not 2 <= length <= len(data) - 8:
            raise ValueError
        return dict(json.loads(data[8 : 8 + length]).get("__metadata__", {}))
    except (ValueError, AttributeError):
        whole = len(data) > 8 and data[8:9] == b"{"
        kind = "truncated: its header is incomplete" if whole else "not a vaekit model"
        raise ArtifactError(f"{path}: {kind}", hint="a model file is written by model.save(path)") from None


def checksum(text: str, tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over the description and every tensor's name, type, shape and bytes."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def fingerprint(fitted: Fitted) -> str:
    """SHA-256 over what decides a model's answers: its spec, codec and weights; the same before and after it is saved."""
    plain, arrays = fitted.codec.state()
    tensors = {f"vae.{name}": tensor for name, tensor in fitted.vae.state_dict().items()}
    tensors |= {f"codec.{name}": torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    return checksum(
        json.dumps({"codec": plain, "spec": fitted.spec, "cut": fitted.form.get("cut")}, sort_keys=True), tensors
    )


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
