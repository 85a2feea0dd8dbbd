"""The command line: it reads the table of modes and contains no modelling.

```
argv --app--> a command --open_model--> Model --a mode--> answer --save--> a file, or CSV on stdout
         errors, warnings, progress --guard--> stderr and the exit status
```

Commands are light: each imports what it runs when it runs, so that `vaekit --help` imports neither torch nor Arrow.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the words after `vaekit`; those of the process when None.

    Returns:
        The exit status: 0 done, 1 a defect of ours, 2 the user's mistake or a bad file, 130 interrupted.

    >>> main(["--version"])
    vaekit ...
    0
    """
    from vaekit.cli.app import app
    from vaekit.cli.guard import guarded

    if argv is None:  # the process is ours: imports make many objects and no garbage, so look for some less often
        gc.set_threshold(100_000, 20, 100)
    words = list(sys.argv[1:] if argv is None else argv)
    cut = words.index("--") if "--" in words else len(words)
    debug = "--debug" in words[:cut]  # understood before and after the command's name
    words = [word for at, word in enumerate(words) if at >= cut or word != "--debug"]
    return guarded(lambda: app(words, prog_name="vaekit", standalone_mode=False), debug=debug)
