"""How many of the votes were read: a mixture of reading and clicking, and what that hangs on.

Nobody saw who read. That a vote was clicked follows from how badly it fits with what others say, and what
"badly" means is an assumption: whoever is given no taste and no prompt of their own looks careless. So the
model is fitted under several sets of assumptions, fixed beforehand, and the range is what is said. In
the first set models may differ by prompt and people alike in sharpness, so that whoever does not tell good
from bad counts as not reading; if sharpness may differ, the same person reads and sees nothing. On one
released table the sets say 59 to 99 of 100.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from assay.evaluation.arena import Arena
from assay.evaluation.battles import Battles, Codes, Floats
from assay.evaluation.design import READS, Spreads
from assay.evaluation.hierarchical import Hierarchy, hierarchical
from assay.wording import say

LEAST_RATERS = 10
"""With fewer people than this, reading cannot be told from taste."""

MOST_VOTES = 10_000
"""So many votes are read; of more, whole people are drawn until there are so many."""

DENSE = 5.0
"""From so many votes on for each model and prompt, a model may be worth something else on each prompt."""

BINS = 10

WIDE = 0.1
"""Where sets of assumptions are further apart than this, the votes do not say how many were read."""


@dataclass(frozen=True)
class Specification:
    """One set of assumptions: log-odds that an unknown vote was read, the priors, whether times are used."""

    reads: float = READS
    spreads: Spreads = field(default_factory=Spreads)
    effort: bool = True


def specifications(battles: Battles, *, times: bool) -> Mapping[str, Specification]:
    """Return the sets of assumptions that fit a table, by name.

    The priors were fixed before any table was seen with them. That models may differ by prompt, and which set
    comes first, was settled after one released table (LLMFAO) and made-up crowds with known clickers.

    >>> from assay.records import Battle
    >>> list(specifications(Battles.from_records([Battle("i", "x", "y", "a", "ann")]), times=False))
    ['people alike in sharpness', '88 of 100 votes read, before looking', 'people differ in sharpness']
    """
    cells = (
        len(
            np.unique(
                np.concatenate([battles.a_N, battles.b_N]) * (len(battles.items) + 1)
                + np.tile(battles.items_N, 2)
            )
        )
        if battles.items
        else 0
    )
    per_prompt = cells > 0 and 2 * len(battles) / cells >= DENSE
    full = Spreads() if per_prompt else Spreads(item=0.0, item_tie=0.0)
    alike = replace(full, skill=0.0)
    found = {
        "people alike in sharpness": Specification(spreads=alike),
        "88 of 100 votes read, before looking": Specification(reads=2.0, spreads=alike),
        "people differ in sharpness": Specification(spreads=full),
    }
    if per_prompt:
        found["models alike on every prompt"] = Specification(spreads=replace(alike, item=0.0, item_tie=0.0))
    if times:
        found["without times"] = Specification(spreads=alike, effort=False)
    return found


@dataclass(frozen=True, eq=False)
class Attention:
    """How likely the votes are to have been read, by S sets of assumptions; the first is shown.

    Attributes
    ----------
    read_N
        The chance of each vote that was looked at, by the first set.
    share_S
        Share of the votes that were read: the mean of those chances.
    effective_M_S
        Votes of each model that were read, of all it has: Σλ.
    independent_M
        How many votes of different people on different prompts would tell as much about each model: the
        votes, times the variance that they would have alone over the one that they have.
    seen
        How many votes were looked at.
    """

    names: tuple[str, ...]
    models: tuple[str, ...]
    votes_M: Codes
    read_N: Floats
    share_S: Floats
    effective_M_S: Floats
    independent_M: Floats
    seen: int

    def histogram(self, bins: int = BINS) -> tuple[Floats, Codes]:
        """Return edges and counts of the chances that a vote was read."""
        counts, edges = np.histogram(self.read_N, bins=bins, range=(0, 1))
        return edges, counts.astype(np.int64)

    def to_frame(self) -> pl.DataFrame:
        """Return one row a model: its votes, how many were read (with the range), what they are worth."""
        return pl.DataFrame(
            {
                "model": self.models,
                "votes": self.votes_M,
                "read": self.effective_M_S[:, 0],
                "read_least": self.effective_M_S.min(axis=1),
                "read_most": self.effective_M_S.max(axis=1),
                "independent": self.independent_M,
            }
        )

    def sentences(self) -> tuple[str, ...]:
        """Say what share of the votes was read, and how far that hangs on what is assumed."""
        low, high = float(self.share_S.min()), float(self.share_S.max())
        doubtful = float((self.read_N < 0.5).mean())
        said: list[str] = [
            say(
                "About {share:.0%} of the votes look read; other assumptions that can be defended say "
                "{low:.0%} to {high:.0%}.",
                share=self.share_S[0],
                low=low,
                high=high,
            ),
            say("{share:.0%} are more likely clicked than read; no vote was taken out.", share=doubtful),
        ]
        if high - low > WIDE:
            said.append(say("What lies between no vote can tell: known answers among the works would."))
        share = float(self.independent_M.sum() / max(self.votes_M.sum(), 1))
        said.append(
            say(
                "People repeat themselves: what is known of the ratings is as much as {share:.0%} of the "
                "votes would tell, were each by another person on another prompt.",
                share=share,
            )
        )
        return tuple(said)


def attention(board: Arena, rng: np.random.Generator) -> Attention | None:
    """Fit the mixture under every set of assumptions; `None` where too few people are known to tell.

    The fits differ in their priors and in whether times are used, and in nothing that was chosen on a table.

    >>> from assay.evaluation import Battles
    >>> from assay.evaluation.arena import arena
    >>> from assay.records import Battle
    >>> rng = np.random.default_rng(0)
    >>> said = [Battle(f"i{n % 40}", "x", "y", "b" if n % 5 else "a", f"r{n % 12}") for n in range(600)]
    >>> found = attention(arena(Battles.from_records(said), rng), rng)
    >>> found.to_frame().columns[:3], bool(found.share_S.min() > 0.8)
    (['model', 'votes', 'read'], True)
    """
    battles = board.battles
    if len(battles.raters) < LEAST_RATERS:
        return None
    some = drawn(battles, rng)
    effort_N = _seconds(some)
    sets = specifications(some, times=effort_N is not None)
    fits = [_fitted(some, one, effort_N) for one in sets.values()]
    n_models = len(battles.models)
    raw_M = np.bincount(some.a_N, minlength=n_models) + np.bincount(some.b_N, minlength=n_models)
    # of models that were not drawn nothing is known but the mean
    share_S = np.array([float(fit.attention_N.mean()) for fit in fits])
    read_M_S = np.stack([fit.effective_votes_M() for fit in fits], axis=1)
    share_M_S = np.where(raw_M[:, None] > 0, read_M_S / np.maximum(raw_M, 1)[:, None], share_S)
    votes_M = board.votes_M
    alone_M = np.diag(board.fit.covariance_M_M)
    real_M = np.diag(board.uncertainty.covariance_K_K)
    worth_M = np.where(real_M > 0, np.minimum(alone_M / np.where(real_M > 0, real_M, 1), 1), 1.0)
    return Attention(
        tuple(sets),
        battles.models,
        votes_M,
        fits[0].attention_N,
        share_S,
        share_M_S * votes_M[:, None],
        worth_M * votes_M,
        len(some),
    )


def drawn(battles: Battles, rng: np.random.Generator, most: int = MOST_VOTES) -> Battles:
    """Return all votes, or those of people drawn at random until there are `most`."""
    if len(battles) <= most:
        return battles
    votes_R = np.bincount(battles.rater_N, minlength=len(battles.raters))
    order_R = rng.permutation(len(votes_R))
    kept_R = order_R[: max(int((np.cumsum(votes_R[order_R]) <= most).sum()), 1)]
    return battles.take(np.isin(battles.rater_N, kept_R))


def _fitted(battles: Battles, one: Specification, effort_N: Floats | None) -> Hierarchy:
    return hierarchical(
        battles,
        careless=True,
        spreads=one.spreads,
        reads=one.reads,
        effort_N=effort_N if one.effort else None,
    )


def _seconds(battles: Battles) -> Floats | None:
    """Return the seconds a vote took, for each word where the texts are there; nothing where unknown."""
    held = battles.detail.columns if battles.detail is not None else []
    if "seconds" not in held:
        return None
    seconds_N = battles.column("seconds").cast(pl.Float64).to_numpy().astype(float)
    if {"words_a", "words_b"} <= set(held):
        words_N = sum(
            battles.column(name).cast(pl.Float64).fill_null(0).to_numpy() for name in ("words_a", "words_b")
        )
        seconds_N = seconds_N / np.maximum(words_N, 1)
    elif {"response_a", "response_b"} <= set(held):
        words_N = sum(
            battles.column(name).fill_null("").str.count_matches(r"\S+").to_numpy().astype(float)
            for name in ("response_a", "response_b")
        )
        seconds_N = seconds_N / np.maximum(words_N, 1)
    return seconds_N
