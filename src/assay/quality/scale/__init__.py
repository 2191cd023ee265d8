"""More votes than fit in memory: the same models, the same numbers, one part at a time.

`fit` reads a lazily scanned table through polars; `on_ray` maps the same statistics over Ray Data blocks.
"""

from assay.quality.scale.fit import Scaled, fit
from assay.quality.scale.on_ray import fit_on_ray, posteriors_on_ray
from assay.quality.scale.parts import Source, split

__all__ = ["Scaled", "Source", "fit", "fit_on_ray", "posteriors_on_ray", "split"]
