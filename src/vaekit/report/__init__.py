"""Pages that people read: one HTML file each, with its style and pictures inside and nothing from elsewhere.

```
figures --svg--> figure() --+
rows ---------> table() ----+--> section() --> page() --> one string of HTML
sentences ----> text() -----+
```
"""

from __future__ import annotations

from vaekit.report.page import code, details, facts, figure, page, part, section, table, text, verdict

__all__ = ["code", "details", "facts", "figure", "page", "part", "section", "table", "text", "verdict"]
