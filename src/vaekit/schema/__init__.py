"""What the columns of a table are: `Column`, `Schema` and the ways between fitted types and plain values.

```
pa.Table --Schema.infer--> Schema --schema.conform(new table)--> pa.Table with the fitted columns, order and types
                                    plain(column, array)   fitted type -> float64, int64, bool or text
                                    restore(column, array) the way back
```
"""

from __future__ import annotations

from vaekit.schema.column import DISCRETE, KINDS, NUMERIC, ROLES, UNMODELLED, Column, Kind, Level, Role
from vaekit.schema.schema import Schema
from vaekit.schema.types import arrow_type
from vaekit.schema.values import plain, restore

__all__ = [
    "DISCRETE",
    "KINDS",
    "NUMERIC",
    "ROLES",
    "UNMODELLED",
    "Column",
    "Kind",
    "Level",
    "Role",
    "Schema",
    "arrow_type",
    "plain",
    "restore",
]
