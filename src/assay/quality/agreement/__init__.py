"""How far raters agree: every coefficient is one minus observed over expected disagreement.

Agreement is not quality: raters can agree on what is wrong, and disagree on a poem with good reason. It says
how far a second crowd would repeat the first, and where a question is unclear.

| ask | call |
|---|---|
| any number of raters, gaps, any level of measurement | `alpha` |
| two raters, labels | `cohen` |
| any number of raters, labels | `fleiss`, `gwet` |
| any number of raters, numbers | `intraclass` |
| marked stretches of text | `gamma` unit by unit, `span_alpha` character by character |
| each rater against the others; each pair of raters | `rater_table`, `pair_table` |

Intervals come from resampling items, or for `intraclass` from the F distribution. Where a coefficient is not
defined it is `None`, and `undefined` says why.
"""

from assay.quality.agreement.alpha import Level, alpha
from assay.quality.agreement.gamma import gamma
from assay.quality.agreement.intraclass import IntraclassForm, intraclass
from assay.quality.agreement.kappas import Disagreement, cohen, fleiss, gwet
from assay.quality.agreement.raters import PairTable, RaterTable, pair_table, rater_table
from assay.quality.agreement.ratings import AgreementError, Ratings
from assay.quality.agreement.result import Agreement
from assay.quality.agreement.spans import Span, span_alpha

__all__ = [
    "Agreement",
    "AgreementError",
    "Disagreement",
    "IntraclassForm",
    "Level",
    "PairTable",
    "RaterTable",
    "Ratings",
    "Span",
    "alpha",
    "cohen",
    "fleiss",
    "gamma",
    "gwet",
    "intraclass",
    "pair_table",
    "rater_table",
    "span_alpha",
]
