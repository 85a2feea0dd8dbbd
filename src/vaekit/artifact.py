"""The fitted model <-> one file: safetensors with a JSON description, a format version and a checksum. Nothing executable."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from vaekit.codec import Codec, Field
from vaekit.errors import ArtifactError, SpecError, UserError
from vaekit.schema import Schema
from vaekit.vae import VAE, assemble

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
    """

    codec: Codec
    spec: dict[str, Any]
    vae: VAE
    form: dict[str, Any]
    history: list[dict[str, Any]]
    about: dict[str, Any]
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def schema(self) -> Schema:
        return self.codec.schema

    @property
    def fields(self) -> tuple[Field, ...]:
        """The modelled columns (K)."""
        return self.codec.fields[: self.codec.modelled]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the modelled columns (K)."""
        return self.codec.names[: self.codec.modelled]

    @property
    def has_density(self) -> bool:
        return bool(self.vae.posterior.density)


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
    beside = target.with_name(target.name + ".part")
    try:
        beside.write_bytes(save_tensors(tensors, metadata))
        os.replace(beside, target)
    except OSError as error:
        raise UserError(
            f"cannot write the model to {target}: {error.strerror}", hint="give a path in a folder that exists"
        ) from error
    return target


def read_model(path: str | Path, net: nn.Module | None = None) -> Fitted:
    """Read a model file; nothing in it is executed.

    Args:
        path: the file.
        net: the user's own net, when the model was fitted with one.

    Raises:
        ArtifactError: when the file is absent, truncated, altered, foreign, or newer than this vaekit.
    """
    about, tensors = _read(Path(path))
    codec = Codec.from_state(about["codec"], {k: t.numpy() for k, t in _under("codec.", tensors).items()})
    spec = about["spec"]
    if spec["net"]["kind"] == "own" and net is None:
        raise ArtifactError(
            f"{path}: was fitted with your own net {spec['net'].get('name', '')!r}, whose code a model file never holds",
            hint="vaekit.load(path, net=MyNet())",
        )
    K = codec.modelled
    try:
        vae = assemble(spec, codec.fields[:K], given=codec.fields[K:], net=net)
        vae.load_state_dict(_under("vae.", tensors))
    except (RuntimeError, SpecError, KeyError) as error:
        raise ArtifactError(
            f"{path}: the weights do not fit the model it describes: {str(error).splitlines()[0]}",
            hint="with a net of your own, give one of the sizes that were fitted" if net is not None else None,
        ) from error
    arrays = {name: tensor.numpy() for name, tensor in _under("array.", tensors).items()}
    return Fitted(codec, spec, vae.eval(), about["form"], about["history"], about["about"], arrays)


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read: {error.strerror}", hint="is the path right?") from error
    metadata = _metadata(path, data)
    if metadata.get("format") != FORMAT:
        raise ArtifactError(
            f"{path}: a safetensors file, but not a vaekit model", hint="write one with model.save(path)"
        )
    if int(metadata["version"]) > VERSION:
        raise ArtifactError(
            f"{path}: format version {metadata['version']}, this vaekit reads up to {VERSION}", hint="upgrade vaekit"
        )
    try:
        tensors = load_tensors(data)
    except SafetensorError as error:
        raise ArtifactError(
            f"{path}: truncated or damaged: {error}", hint="copy the file again, or fit anew"
        ) from error
    if checksum(metadata["model"], tensors) != metadata["checksum"]:
        raise ArtifactError(f"{path}: altered since it was written: its checksum differs", hint="copy the file again")
    return json.loads(metadata["model"]), tensors


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


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
