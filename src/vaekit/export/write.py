"""A module of tensors to an ONNX file that was held against it."""

from __future__ import annotations

import io
import logging
import re
import traceback
import warnings
from collections.abc import Callable, Mapping
from contextlib import contextmanager, redirect_stderr
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution

from vaekit.errors import ModeUnavailable, UserError

CLOSE = 1e-4  # of the size of a number, and of one
PACKAGES = ("onnx", "onnxscript", "onnxruntime")
_PART = re.compile(r"vaekit[/\\](distributions|likelihoods|nets|posteriors|priors|objectives)[/\\](\w+)\.py")
_OPERATOR = re.compile(r"aten[.:]+\w+")


def require_onnx() -> None:
    """Refuse where a package that writes ONNX is absent.

    Raises:
        UserError: with how to install it.
    """
    if absent := [name for name in PACKAGES if find_spec(name) is None]:
        raise UserError(f"export needs the package {absent[0]}", hint="pip install 'vaekit[onnx]'")


def write_graph(graph: Any, inputs: Mapping[str, Tensor], path: Path, name: str) -> None:
    """Trace the graph, write it, run it in onnxruntime on other rows, compare.

    Args:
        graph: a module with `inputs` and `outputs`.
        inputs: an example; the first axis of each is free.
        path: the file.
        name: what it is called in messages.

    Raises:
        ModeUnavailable: naming the part of the model that ONNX has no words for, or where both disagree.
        UserError: the file cannot be written.
    """
    arguments = tuple(inputs[each] for each in graph.inputs)
    try:
        with quiet(), torch.no_grad():
            graph.eval()(*arguments)  # what is made once and kept is made now: a graph holds it, and could not make it
            program: Any = torch.onnx.export(
                graph, arguments, dynamo=True, external_data=False, optimize=False, verbose=False,
                input_names=list(graph.inputs), output_names=list(graph.outputs),
                dynamic_shapes=tuple({0: torch.export.Dim.DYNAMIC} for _ in arguments),
                custom_translation_table=translations(),
            )  # fmt: skip
            _rename(program.model.graph)
            program.save(str(path), external_data=False)
    except OSError as error:  # a full disk says nothing about the net
        told = error.strerror or error
        raise UserError(f"export: {str(path)!r} cannot be written: {told}", hint="free some space there") from error
    except Exception as error:
        raise ModeUnavailable(
            f"export: the {name} cannot be written as ONNX{_where(error)}",
            hint="fit with another kind of that part, or ask the model in Python",
        ) from error
    compare(graph, {each: value[:3] for each, value in inputs.items()}, path, name)


def _rename(graph: Any) -> None:
    """Steps in between that are called as an output is, which the exporter lets happen and onnxruntime refuses."""
    outputs = {value.name: value for value in graph.outputs}
    for node in graph:
        for value in node.outputs:
            if outputs.get(value.name, value) is not value:
                value.name = f"{value.name}_within"


def compare(graph: Any, inputs: Mapping[str, Tensor], path: Path, name: str) -> float:
    """The largest difference between the file in onnxruntime and the module, over (1 + size).

    Raises:
        ModeUnavailable: when it is more than 1e-4.
    """
    import onnxruntime

    # its own optimiser fuses what it must not round otherwise; one thread: no answer depends on their number
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    ran = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    found = ran.run(list(graph.outputs), {each: inputs[each].numpy() for each in graph.inputs})
    with torch.no_grad():
        wanted = graph(*(inputs[each] for each in graph.inputs))
    worst = 0.0
    for own, other in zip(found, wanted if isinstance(wanted, tuple) else (wanted,), strict=True):
        apart = np.abs(own - other.numpy()) / (1 + np.abs(other.numpy()))
        worst = max(worst, float(np.nan_to_num(apart, nan=np.inf).max(initial=0.0)))
    if worst > CLOSE:
        raise ModeUnavailable(
            f"export: the {name} in onnxruntime is {worst:.2g} away from torch, at most {CLOSE} is told"
        )
    return worst


@contextmanager
def quiet() -> Any:
    """The exporter tells what it does on stderr, in its log and in warnings; laws check values that a graph has yet to see."""
    checks, told = Distribution._validate_args, logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    Distribution.set_default_validate_args(False)
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.disable(told)
            Distribution.set_default_validate_args(checks)


def _where(error: BaseException) -> str:
    text = "".join(traceback.format_exception(error))
    parts, operators = _PART.findall(text), _OPERATOR.findall(text)
    found = f": part {'/'.join(parts[-1])}" if parts else ""
    return f"{found} ({operators[-1]})" if operators else found


def translations() -> dict[Any, Callable[..., Any]]:
    """What torch has and ONNX lacks, in ONNX's words: the logarithm of the gamma function, a search among sorted numbers, the
    logarithm of a sigmoid.
    """
    from onnxscript import opset18

    op: Any = opset18

    def number(value: float, x: Any) -> Any:
        return op.Cast(op.Constant(value_float=value), to=int(x.dtype))  # onnxruntime folds no CastLike, and says so

    def lgamma(x: Any) -> Any:
        # Stirling's series at x + 7, less the logarithm of the seven factors in between; x > 0
        up, factors = op.Add(x, number(7.0, x)), x
        for step in range(1, 7):
            factors = op.Mul(factors, op.Add(x, number(float(step), x)))
        half, twelfth, more, tau = (number(value, x) for value in (0.5, 1 / 12, 1 / 360, 0.9189385332046727))
        inverse = op.Reciprocal(up)
        series = op.Sub(op.Mul(twelfth, inverse), op.Mul(more, op.Mul(inverse, op.Mul(inverse, inverse))))
        main = op.Add(op.Sub(op.Mul(op.Sub(up, half), op.Log(up)), up), op.Add(tau, series))
        return op.Sub(main, op.Log(factors))

    def searchsorted(sorted_sequence: Any, values: Any, out_int32: bool = False, right: bool = False, **_: Any) -> Any:
        # as many entries as lie below each number
        rows = op.Unsqueeze(sorted_sequence, op.Constant(value_ints=[-2]))
        each = op.Unsqueeze(values, op.Constant(value_ints=[-1]))
        below = op.LessOrEqual(rows, each) if right else op.Less(rows, each)
        return op.ReduceSum(op.Cast(below, to=7), op.Constant(value_ints=[-1]), keepdims=0)

    def bucketize(values: Any, boundaries: Any, out_int32: bool = False, right: bool = False) -> Any:
        return searchsorted(boundaries, values, out_int32, right)

    def log_sigmoid(x: Any) -> Any:
        # the usual logarithm of a sigmoid ends at -18, where onnxruntime's sigmoid does
        return op.Neg(op.Softplus(op.Neg(x)))

    aten = torch.ops.aten
    return {
        aten.lgamma.default: lgamma, aten.searchsorted.Tensor: searchsorted, aten.bucketize.Tensor: bucketize,
        aten.log_sigmoid.default: log_sigmoid,
    }  # fmt: skip
