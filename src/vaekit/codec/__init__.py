"""Rows to cells and back: one file per family of column kinds.

```
pa.Table --encode--> cells (B, K), observed (B, K) --decode--> pa.Table
```

A cell is a standardised number, or the index of a level. To add a kind: a class with `fit`, `encode`, `decode`,
`log_jacobian`, `state` and `from_state`, and one line in `CODECS`.
"""

from vaekit.codec.field import Field
from vaekit.codec.table import CODECS, Codec, fit

__all__ = ["CODECS", "Codec", "Field", "fit"]
