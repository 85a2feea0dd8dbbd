"""The same fit and the same modes on an existing distributed engine: glue, and nothing that models.

```
files --pieces--> Ray's actors, each with the model --> parts beside OUT --> OUT     (score, encode, impute; sample: lots)
files --lots----> Ray Train's workers: `vaekit.fit` in each, gradients averaged --> MODEL (fit)
```
"""

from vaekit.scale.parts import Parts

__all__ = ["Parts"]
