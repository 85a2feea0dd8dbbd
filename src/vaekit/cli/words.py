"""Messages name options as Python spells them; on the command line they shall read as they are typed there."""

from __future__ import annotations

import re

OPTIONS = {
    "alpha": "--alpha", "by": "--by", "device": "--device", "dims": "--dim", "draws": "--draws", "given": "--given",
    "label": "--label", "latent": "--set latent", "level": "--interval", "n": "-n", "path": "--path",
    "reasons": "--reasons", "samples": "--samples", "seed": "--seed", "size": "--window", "span": "--span",
    "steps": "--steps", "stride": "--stride", "temperature": "--temperature", "time": "--time",
    "time_limit": "--time-limit", "validation": "--validation",
}  # fmt: skip
PHRASES = {
    "impute: missing has": "--mask has",
    "missing=mask says what shall be (True = fill in)": "--mask says what shall be",
    "fit vaekit.windows(data, size=...)": "vaekit fit STREAM --window N",
    "schema={column: kind}": "--kind COLUMN=KIND",
    "model.modes()": "vaekit inspect MODEL",
    "model.save(path)": "vaekit fit DATA -o MODEL",
    "preset=": "--preset ",
    "lists what is": "lists what is available",
    "draws=None": "no --draws",
    "given=['column']": "--given COLUMN",
    "label='column'": "--label COLUMN",
    "device='auto' or 'cpu'": "--device auto or cpu",
}
_OPTION = re.compile(rf"(?<![\w.'])({'|'.join(OPTIONS)})=('[^']*'|\"[^\"]*\"|-?[\w.]+)")
_BARE = re.compile(rf"(?<![\w.])({'|'.join(OPTIONS)})=(?=[\s),;?]|$)")
_PART = re.compile(r"\b(\w+)=\{'(\w+)': ([^{}]+?)\}")


def as_typed(text: str) -> str:
    """A message with Python's options in the spelling of the command line.

    >>> as_typed("score: by='x' is no way to score"), as_typed("lower the rate: train={'rate': 1e-4}")
    ('score: --by x is no way to score', 'lower the rate: --set train.rate=1e-4')
    >>> as_typed("column 'date' (time=) is absent"), as_typed("size=16 is the largest that fits")
    ("column 'date' (--time) is absent", '--window 16 is the largest that fits')
    """
    for phrase, typed in PHRASES.items():
        text = text.replace(phrase, typed)
    text = _PART.sub(r"--set \1.\2=\3", text)
    return _BARE.sub(lambda found: OPTIONS[found[1]], _OPTION.sub(_typed, text))


def _typed(found: re.Match[str]) -> str:
    flag, value = OPTIONS[found[1]], found[2].strip("'\"")
    return f"{flag}={value}" if flag.startswith("--set") else f"{flag} {value}"
