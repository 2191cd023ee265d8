"""What to do next: which of the open works one person is given, and when a work has been judged enough.

Takes what is open, what is known of a person and of verdicts; gives an order, or a yes or no. The platform
claims the first that is still free.
"""

from assay.work.choosing import Ability, Candidate, information, mix, order, speaks
from assay.work.overlap import Finished, grow, wants_another

__all__ = [
    "Ability",
    "Candidate",
    "Finished",
    "grow",
    "information",
    "mix",
    "order",
    "speaks",
    "wants_another",
]
