"""The default: several models vote on the label, and how sure to be is a question of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from assay.quality.labels.ballots import colours
from assay.quality.labels.bwa import bwa
from assay.quality.labels.calibration import (
    DEFAULT_POWER,
    FEWEST_KNOWN,
    fitted_power,
    keeping_labels,
    tempered,
)
from assay.quality.labels.columns import Codes, Columns, Floats
from assay.quality.labels.ebcc import ebcc
from assay.quality.labels.hierarchical import hierarchical
from assay.quality.labels.independence import independence
from assay.quality.labels.pm import pm
from assay.quality.labels.result import Result

SUBTYPES = 5
"""Subtypes of each label in `ebcc` as a member: half of the paper's, in half of the time. Votes held out
from real crowds are as probable with two to five, and less so with ten."""

CORRELATED_COST = 2_000_000
"""Above this many sums a round the correlated model is left out: it takes half a second there, and all other
members together far less. At four labels, a hundred thousand votes."""

BARE = 0.5
"""How much of the belief in `hierarchical` its bare posterior gets in how sure to be: half, since a test on
votes can reject independence and never prove it."""

FOLDS = 5
"""Parts of the known items, each hidden once while the power is fitted."""

ENOUGH, ENOUGH_CORRELATED, ENOUGH_ROUNDS = 1e-2, 2e-2, 13
"""Where `hierarchical` and `ebcc` stop as members, and the most rounds of `ebcc`, both with leaps: they are
flattened and averaged, so that digits are lost on them. On real crowds these are as near to the outcome of a
thousand rounds, on average, as half of the tolerance and twenty rounds of `ebcc` are without leaps."""

ENOUGH_SETTLED = 1e-3
"""Where `pm` stops as a member: it may go on for long about one item in a thousand."""


def ensemble(columns: Columns, *, rng: int = 0) -> Result:
    """Weigh votes with four models, and say no more than the votes can bear.

    Which label. Two kinds of model with opposite weaknesses: confusion models (`hierarchical`, `ebcc`) see
    who errs how, and are led astray by shared mistakes or few votes; weighted shares (`pm`, `bwa`) are not,
    and miss what a whole crowd misreads. The label is the top of the mean of the four, the confusion models
    flattened to power 0.3 so that none shouts the others down. Averaging only loses where a confusion model
    is true, so where a test of fit finds that raters look independent and gave many votes a cell
    (`independence`), the bare posterior of `hierarchical` gets that weight and the mean the rest.

    How sure. Half confusion model (`hierarchical` at power 0.3), half shares (`pm` and `bwa`), with the
    label kept: where another one leads, the two exchange their probabilities, and labels that tie share
    them, so that no probability hangs on a name. The bare posterior of `hierarchical` enters with half of
    the weight that it has for the label: the test cannot see mistakes that all make alike. Where ten items
    or more are known, the outcome is raised to a power fitted on them, each hidden in turn by fifths;
    `calibration` says which of the two it was.

    All parts are equal, the plainest choice; other round divisions differ by less than half a point in their
    mean over nineteen real crowds. The power is that of `calibration`. Where `ebcc` is left out, its part
    falls to `hierarchical`.

    Sources: see the members; the combination is this project's own.

    Parameters
    ----------
    columns
        N votes. O(N·K) a round; `ebcc`, ten times that, is left out of large crowds, and `assumed` says so.
    rng
        Seed of the start of `ebcc`.

    >>> votes = [(i, name, "no" if name == "tired" and i % 3 else "yes") for i in range(9)
    ...          for name in ("ann", "ben", "cleo", "tired")]
    >>> result = ensemble(Columns.from_lists(*zip(*votes)))
    >>> set(result.verdicts.values()), result.calibration
    ({'yes'}, 'default')
    """
    opinion = _opinion(columns, rng)
    posterior_I_K = opinion.posterior_I_K
    calibration: Literal["default", "gold"] = "default"
    said = f"probabilities are flattened to power {DEFAULT_POWER}, which holds for most crowds"
    if columns.gold_I is not None and (columns.gold_I >= 0).sum() >= FEWEST_KNOWN:
        power = _power_on_known(columns, columns.gold_I, rng)
        posterior_I_K = tempered(posterior_I_K, power)
        calibration = "gold"
        said = (
            f"probabilities are fitted on {int((columns.gold_I >= 0).sum())} known items (power {power:.2f})"
        )
    return replace(
        opinion.confusion,
        posterior_I_K=columns.clamped(posterior_I_K),
        method="ensemble",
        assumed=(
            "most raters are right more often than wrong",
            "items are alike enough that who erred elsewhere errs here",
            said,
            *opinion.left_out,
        ),
        calibration=calibration,
    )


@dataclass(frozen=True, eq=False)
class _Opinion:
    """What the members come to, before any gold sets how sure to be."""

    posterior_I_K: Floats
    confusion: Result
    left_out: tuple[str, ...]


def _opinion(columns: Columns, rng: int) -> _Opinion:
    # All of it ballot by ballot: items with the same votes come to the same.
    ballots = columns.ballots
    confusion = hierarchical(columns, tolerance=ENOUGH, leaps=True)
    bare_P_K = ballots.of_item(confusion.posterior_I_K)
    flat_P_K = tempered(bare_P_K, DEFAULT_POWER)
    shares_P_K = ballots.of_item(pm(columns, tolerance=ENOUGH_SETTLED).posterior_I_K)
    shares_P_K += ballots.of_item(bwa(columns, leaps=True).posterior_I_K)
    shares_P_K /= 2

    other_P_K = flat_P_K
    left_out: tuple[str, ...] = ()
    if _correlated_cost(columns) <= CORRELATED_COST:
        correlated = ebcc(
            columns,
            rng=rng,
            subtypes=SUBTYPES,
            tolerance=ENOUGH_CORRELATED,
            max_iterations=ENOUGH_ROUNDS,
            leaps=True,
        )
        other_P_K = tempered(ballots.of_item(correlated.posterior_I_K), DEFAULT_POWER)
    else:
        left_out = ("raters' mistakes are not correlated: the crowd is too large to look for it",)
    believed = independence(confusion)
    mean_P_K = (flat_P_K + other_P_K + 2 * shares_P_K) / 4
    label_P_K = believed * bare_P_K + (1 - believed) * mean_P_K
    evidence_P_K = keeping_labels(bare_P_K, label_P_K)
    posterior_P_K = keeping_labels((flat_P_K + shares_P_K) / 2, label_P_K)
    sure = believed * BARE
    posterior_P_K *= 1 - sure
    posterior_P_K += sure * evidence_P_K
    return _Opinion(
        ballots.by_item(posterior_P_K),
        replace(confusion, evidence_I_K=ballots.by_item(evidence_P_K)),
        left_out,
    )


def _correlated_cost(columns: Columns) -> int:
    """Votes on distinct ballots, or cells of matrices where those are more, times labels and subtypes."""
    n_labels = len(columns.labels)
    return max(int(columns.ballots.incidence.nnz), len(columns.raters) * n_labels) * n_labels * SUBTYPES


def _power_on_known(columns: Columns, gold_I: Codes, rng: int) -> float:
    """Fit the power on known items, hiding a fifth of them at a time."""
    (known,) = np.nonzero(gold_I >= 0)
    # Dealt out by their place in the votes, not by name.
    ballot_P, _ = colours(columns.ballots)
    ballot_I = columns.ballots.by_item(ballot_P)
    known = known[np.argsort(ballot_I[known], kind="stable")]
    seen_G_K = np.empty((len(known), len(columns.labels)))
    for fold in range(FOLDS):
        hidden = known[fold::FOLDS]
        others_I = gold_I.copy()
        others_I[hidden] = -1
        seen_G_K[fold::FOLDS] = _opinion(replace(columns, gold_I=others_I), rng).posterior_I_K[hidden]
    return fitted_power(seen_G_K, gold_I[known])
