"""The one validated builder: `{"kind": "vamp", "components": 64}` becomes the part; the signature is the configuration.

A family of parts is a plain dict, `PRIORS = {"normal": StandardNormal, "vamp": VampPrior}`; its first member is the
default. Of a member's signature

    def __init__(self, latents: int, *, context: int, components: AtLeastOne = 64, spread: Positive = 1.0)

the positional parameters are sizes and keyword-only ones without a default are what else the assembler knows; the
keyword-only ones with a default and an annotation that JSON can hold are the user's options: `int`, `float`, `bool`,
`str`, `None`, `Any`, `Literal`, unions, lists, tuples and dicts of these, and `Annotated` ranges such as `Positive`.
"""

from __future__ import annotations

import difflib
import inspect
import json
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union

from annotated_types import Ge, Gt, Le, Lt
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from vaekit.errors import SpecError

Part = TypeVar("Part")
Spec = str | Mapping[str, Any] | None

AtLeastOne = Annotated[int, Ge(1)]
Natural = Annotated[int, Ge(0)]
Positive = Annotated[float, Gt(0)]
NonNegative = Annotated[float, Ge(0)]
Share = Annotated[float, Ge(0), Le(1)]

OWN = "own"  # the kind under which a user's own module is written into the model file


class Option(NamedTuple):
    """One option of a part, as `vaekit kinds` prints it."""

    default: Any
    annotation: str
    doc: str


def build(part: str, spec: object, registry: Mapping[str, Callable[..., Part]], *sizes: Any, **extra: Any) -> Part:
    """Build the part that a spec names.

    Args:
        part: the family's name, for messages: "prior", "net", ...
        spec: a kind's name, a dict `{"kind": ..., option: value}`, or None for the family's default. A dict without a
            kind sets options of the default. For "net", a user's own `torch.nn.Module` passes through untouched.
        registry: the family.
        *sizes: positional arguments, supplied by the assembler.
        **extra: further arguments of the assembler; each member is given those that its signature names.

    Returns:
        The part.

    Raises:
        SpecError: for an unknown kind or option, and for a value of the wrong type or out of range.

    >>> def span(start: int, *, stop: Natural = 9):
    ...     return slice(start, stop)
    >>> build("range", {"kind": "span", "stop": 3}, {"span": span}, 1)
    slice(1, 3, None)
    """
    if _is_module(spec):
        return typing.cast(Part, _allowed(part, spec))
    kind, chosen = _split(part, spec, registry)
    maker = registry[kind]
    given = _validated(f"{part} {kind!r}", chosen, maker, registry)
    assert not given.keys() & extra.keys(), f"{part} {kind!r}: {given.keys() & extra.keys()} are the user's to choose"
    named = inspect.signature(maker).parameters
    return maker(*sizes, **given, **{name: value for name, value in extra.items() if name in named})


def normalise(part: str, spec: object, registry: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    """The spec with its kind and every default written out, as JSON can hold it: this goes into the model file.

    Args:
        part: the family's name, for messages.
        spec: what `build` takes. A user's own module becomes `{"kind": "own", "name": its class}`.
        registry: the family.

    Returns:
        A dict that `build` understands and that `normalise` leaves as it is.

    Raises:
        SpecError: as `build` does.

    >>> def ring(*, size: int = 3, closed: bool = True): ...
    >>> normalise("shape", {"size": 5}, {"ring": ring})
    {'kind': 'ring', 'size': 5, 'closed': True}
    """
    if _is_module(spec):
        return {"kind": OWN, "name": type(_allowed(part, spec)).__name__}
    if isinstance(spec, Mapping) and spec.get("kind") == OWN:
        return dict(spec)
    kind, chosen = _split(part, spec, registry)
    options = _validated(f"{part} {kind!r}", chosen, registry[kind], registry)
    return {"kind": kind, **to_jsonable_python(options)}


def member(
    part: str, spec: object, registry: Mapping[str, Callable[..., Part]]
) -> tuple[Callable[..., Part], dict[str, Any]]:
    """The member of a family that a spec names, and the options chosen for it.

    >>> member("range", {"kind": "span", "stop": 3}, {"span": slice})
    (<class 'slice'>, {'stop': 3})
    """
    kind, chosen = _split(part, spec, registry)
    return registry[kind], chosen


def options(registry: Mapping[str, Callable[..., Any]]) -> dict[str, dict[str, Option]]:
    """Every kind of a family with its options: default, type and one sentence.

    >>> def ring(*, size: AtLeastOne = 3):
    ...     '''A ring.
    ...
    ...     Args:
    ...         size: how many links it has.
    ...     '''
    >>> options({"ring": ring})
    {'ring': {'size': Option(default=3, annotation='int >= 1', doc='how many links it has.')}}
    """
    return {
        kind: {
            name: Option(default, describe(annotation), _sentence(maker, name))
            for name, (annotation, default) in _options(maker).items()
        }
        for kind, maker in registry.items()
    }


def describe(annotation: Any) -> str:
    """An annotation in the words of a message.

    >>> describe(Share), describe(list[int]), describe(Literal["a", "b"] | None)
    ('float >= 0 and <= 1', 'list[int]', "'a' | 'b' | None")
    """
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return f"{describe(arguments[0])} {' and '.join(_bound(limit) for limit in arguments[1:])}"
    if origin is Literal:
        return " | ".join(map(repr, arguments))
    if origin in (Union, types.UnionType):
        return " | ".join(map(describe, arguments))
    if origin is not None:
        return f"{_plural(origin)}[{', '.join('...' if each is ... else describe(each) for each in arguments)}]"
    return "None" if annotation in (None, type(None)) else getattr(annotation, "__name__", str(annotation))


def closest(word: object, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, or None.

    >>> closest("vmap", ["normal", "vamp"]), closest("Gaussian", ["gaussian"]), closest("x", ["vamp"])
    ('vamp', 'gaussian', None)
    """
    by_lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(str(word).lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def meant(word: object, known: Iterable[str]) -> str | None:
    """The hint of a message about an unknown name.

    >>> meant("vmap", ["normal", "vamp"])
    "did you mean 'vamp'?"
    """
    found = closest(word, known)
    return None if found is None else f"did you mean {found!r}?"


def _is_module(spec: object) -> bool:
    # by its looks, so that torch is not imported to read a spec
    return callable(spec) and not isinstance(spec, type) and hasattr(spec, "state_dict") and hasattr(spec, "parameters")


def _allowed(part: str, module: object) -> object:
    if part != "net":
        raise SpecError(
            f"{part}: given a module of your own ({type(module).__name__}), expected a name or a dict",
            hint=f"only net= takes a torch.nn.Module; vaekit kinds {part} lists the names",
        )
    return module


def _split(part: str, spec: object, registry: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if isinstance(spec, str):
        spec = {"kind": spec}
    if part == "net" and isinstance(spec, type) and hasattr(spec, "state_dict"):
        raise SpecError(f"{part}: given the class {spec.__name__}, expected a module", hint=f"{part}={spec.__name__}()")
    if not isinstance(spec, Mapping | None):
        raise SpecError(
            f"{part}: given {spec!r} ({type(spec).__name__}), expected a name, a dict with 'kind' and options, or None",
            hint=f"for example {part}={next(iter(registry))!r}",
        )
    chosen = dict(spec or {})
    kind = chosen.pop("kind", next(iter(registry)))
    if kind == OWN and part == "net":
        raise SpecError(
            f"net: your own module ({chosen.get('name', 'MyNet')}) is code, and neither a name nor a file holds code",
            hint="in Python: vaekit.fit(data, net=MyNet()), vaekit.load(path, net=MyNet())",
        )
    if not isinstance(kind, str) or kind not in registry:
        known = ", ".join(map(repr, registry))
        hint = meant(kind, registry) or f"vaekit kinds {part.split()[0]} lists them with their options"
        raise SpecError(f"{part}: there is no kind {kind!r}, expected one of {known}", hint=hint)
    return kind, chosen


def _validated(
    where: str, chosen: Mapping[str, Any], maker: Callable[..., Any], registry: Mapping[str, Callable[..., Any]]
) -> dict[str, Any]:
    known = _options(maker)
    for name in chosen:
        if name not in known:
            raise _unknown(where, name, known, registry)
    return {
        name: _value(f"{where}, option {name!r}", chosen.get(name, default), annotation)
        for name, (annotation, default) in known.items()
    }


def _unknown(where: str, name: str, known: Iterable[str], registry: Mapping[str, Callable[..., Any]]) -> SpecError:
    elsewhere = [kind for kind, maker in registry.items() if name in _options(maker)]
    hint = f'{name!r} is an option of kind {elsewhere[0]!r}: say so with "kind"' if elsewhere else None
    takes = ", ".join(map(repr, known)) or "no options"
    return SpecError(f"{where}: there is no option {name!r}, it takes {takes}", hint=meant(name, known) or hint)


def _value(where: str, value: Any, annotation: Any) -> Any:
    """The value as the annotation has it, by way of JSON: what passes here survives the model file."""
    try:
        text = json.dumps(value, allow_nan=False, default=lambda array: array.tolist())
        return TypeAdapter(annotation, config=ConfigDict(strict=True)).validate_json(text)
    except (ValidationError, ValueError, TypeError, AttributeError) as error:
        raise SpecError(f"{where}: given {value!r}, expected {describe(annotation)}") from error


def _options(maker: Callable[..., Any]) -> dict[str, tuple[Any, Any]]:
    found = {
        name: (_annotation(maker, parameter), parameter.default)
        for name, parameter in inspect.signature(maker).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is not parameter.empty
    }
    return {name: pair for name, pair in found.items() if _jsonable(pair[0])}


def _annotation(maker: Callable[..., Any], parameter: inspect.Parameter) -> Any:
    if parameter.annotation is parameter.empty:
        return None  # not declared, hence not the user's
    holder = types.SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    made = maker.__init__ if isinstance(maker, type) else maker  # type: ignore[misc]  # maybe inherited, from another module
    scope = vars(sys.modules[made.__module__])
    return typing.get_type_hints(holder, globalns=scope, include_extras=True)[parameter.name]


def _jsonable(annotation: Any) -> bool:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is None:
        return annotation in (int, float, bool, str, type(None), Any, dict, list)
    if origin is Annotated:
        return _jsonable(arguments[0])
    inner = origin in (Union, types.UnionType, list, tuple, dict, Sequence, Mapping)
    return origin is Literal or (inner and all(each is ... or _jsonable(each) for each in arguments))


def _bound(limit: object) -> str:
    signs = {Ge: ">=", Gt: ">", Le: "<=", Lt: "<"}
    return next(
        f"{sign} {getattr(limit, kind.__name__.lower())}" for kind, sign in signs.items() if isinstance(limit, kind)
    )


def _plural(origin: Any) -> str:
    return {Sequence: "list", Mapping: "dict", tuple: "list"}.get(origin, origin.__name__)


def _sentence(maker: Callable[..., Any], name: str) -> str:
    """What the docstring's Args section says of one argument; a class may leave it to the one that it extends."""
    docs = (each.__doc__ or "" for each in getattr(maker, "__mro__", [maker]))
    return next((text for doc in docs if (text := _said(inspect.cleandoc(doc), name))), "")


def _said(doc: str, name: str) -> str:
    lines = doc.splitlines()
    start = next((at for at, line in enumerate(lines) if line.strip().startswith(f"{name}: ")), None)
    if start is None:
        return ""
    depth = len(lines[start]) - len(lines[start].lstrip())
    text = [lines[start].strip().removeprefix(f"{name}: ")]
    for line in lines[start + 1 :]:
        if not line.strip() or len(line) - len(line.lstrip()) <= depth:
            break
        text.append(line.strip())
    return " ".join(text)
