"""What a quality method returns: a posterior for each item, and how it was reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

import numpy as np

from assay.quality.labels.columns import Codes, Columns, Floats


@dataclass(frozen=True, eq=False)
class Result:
    """The outcome of one method on one question.

    Attributes
    ----------
    columns
        The votes it was reached from.
    posterior_I_K
        Probability of each label for each item; rows sum to 1.
    method
        The registered name.
    assumed
        What has to hold for the numbers to mean what they say, in sentences.
    converged, iterations
        Whether the method came to rest, and after how many rounds (0 where it takes none).
    confusion_R_K_K
        For each rater, the probability of giving label l where k is right; `None` where the method has no
        model of raters.
    counts_R_K_K
        The expected counts behind it, history included, prior left out: what `Columns.remembering` takes.
    prior_R_K_K
        What was added to the counts before they were divided by their sum; one row for all raters where it is
        the same for each.
    evidence_I_K
        The posterior before it was flattened, labels the same: what raters are judged by, because a vote can
        be divided out of it. `None` where that is `posterior_I_K` itself.
    calibration
        What the probabilities were fitted to: `none`, a `default` that holds for most crowds, or known items
        (`gold`).
    order_matters
        Whether the same votes given in another order could come to something else.
    """

    columns: Columns
    posterior_I_K: Floats
    method: str
    assumed: tuple[str, ...] = ()
    converged: bool = True
    iterations: int = 0
    confusion_R_K_K: Floats | None = field(default=None, repr=False)
    counts_R_K_K: Floats | None = field(default=None, repr=False)
    prior_R_K_K: Floats | None = field(default=None, repr=False)
    evidence_I_K: Floats | None = field(default=None, repr=False)
    calibration: Literal["none", "default", "gold"] = "none"
    order_matters: bool = False

    @cached_property
    def choice_I(self) -> Codes:
        """Code of the most probable label of each item; of equal ones the first in the order of `labels`."""
        # Rounding makes ties exact that differ in the last bit only, so that they break the same everywhere.
        choice_I: Codes = np.argmax(np.round(self.posterior_I_K, 9), axis=1)
        return choice_I

    @cached_property
    def verdicts(self) -> dict[str, str]:
        """Item → most probable label."""
        return {
            item: self.columns.labels[choice]
            for item, choice in zip(self.columns.items, self.choice_I, strict=True)
        }


class Method(Protocol):
    """A quality method: one function, votes in, a frozen result out."""

    def __call__(self, columns: Columns, /) -> Result: ...
