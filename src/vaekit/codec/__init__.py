"""Rows to cells and back: one file per family of column kinds.

```
pa.Table --encode--> cells (B, K + G), observed (B, K + G) --decode--> pa.Table
```

A cell is a standardised number, the index of a level, or a pixel between 0 and 1; `Layout` says how a row's cells
lie. To add a kind: a class with `fit`, `encode`, `decode`, `log_jacobian`, `state` and `from_state`, and one line in `CODECS`.
"""

from vaekit.codec.field import Field
from vaekit.codec.layout import Layout
from vaekit.codec.table import CODECS, Codec, fit

__all__ = ["CODECS", "Codec", "Field", "Layout", "fit"]
