"""Adapters for scikit-learn: one estimator a question, each with the fitted `vaekit.Model` as `model_`.

```
X --vaekit.fit--> model_ --score--> VAEOutlierDetector
                         --impute--> VAEImputer
                         --encode--> VAETransformer
                         --classify--> VAEClassifier
                         --cluster--> VAEClusterer
```

Arrays are columns of numbers, NaN where missing; frames of pandas, polars or Arrow may hold columns of any kind; no gap needs
filling first.
"""

from vaekit.sklearn.classifier import VAEClassifier
from vaekit.sklearn.clusterer import VAEClusterer
from vaekit.sklearn.imputer import VAEImputer
from vaekit.sklearn.outliers import VAEOutlierDetector
from vaekit.sklearn.transformer import VAETransformer

__all__ = ["VAEClassifier", "VAEClusterer", "VAEImputer", "VAEOutlierDetector", "VAETransformer"]
