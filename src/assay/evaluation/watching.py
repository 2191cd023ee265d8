"""One model through its training: which capability fell, with which checkpoint, and what the average hides.

A checkpoint that was trained on millions of narrow problems may win on its narrow slice, lose everywhere
else, and rise on average. So every slice is watched by itself, every step and every split of the checkpoints
into "before" and "from here on", and all of it is judged together.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assay.errors import AssayError
from assay.evaluation import evalues, sequential
from assay.evaluation.gate import EVERYTHING, Votes, increments
from assay.wording import Sentence, joined, say

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

LIKELY = 20.0
"""A split with more than one part in so many of the largest evidence may be where the change lies."""

NUMBER = re.compile(r"(\d+)(?!.*\d)")


How = Literal["step", "split", "run"]


@dataclass(frozen=True)
class Change:
    """Checkpoints from one on against those before it, on one slice.

    Attributes
    ----------
    since, before
        The first checkpoint of the later ones, and the last of the earlier.
    how
        `step`: these two; `split`: all from `since` on with all up to `before`; `run`: whatever is newer with
        whatever is older, over the whole line.
    score
        Share of prompts that the later ones win, ½ for no difference; `low` to `high` its 95 % confidence
        sequence.
    log_fall, log_rise
        Evidence that the later ones are worse (beyond the margin), or better.
    """

    slice: str
    since: str
    before: str
    how: How
    prompts: int
    votes: int
    score: float
    low: float
    high: float
    log_fall: float
    log_rise: float


@dataclass(frozen=True)
class Turn:
    """A proven fall or rise of one slice: the change with most evidence, and where else it may lie.

    `first` and `last` are the earliest and the latest checkpoint with which it may have come.
    """

    change: Change
    first: str
    last: str
    sentence: Sentence


@dataclass(frozen=True, eq=False)
class Watch:
    """What the votes say of a line of checkpoints.

    Attributes
    ----------
    changes
        All that was tested, each slice's in the order of time.
    falls, rises
        What is proven, the largest evidence first; at most a share α of the falls is false on average, and of
        the rises.
    hidden
        What the average over everything hides, one sentence a checkpoint.
    """

    checkpoints: tuple[str, ...]
    slices: tuple[str, ...]
    changes: tuple[Change, ...]
    falls: tuple[Turn, ...]
    rises: tuple[Turn, ...]
    hidden: tuple[Sentence, ...]

    def fell_since(self, checkpoint: str) -> tuple[Turn, ...]:
        """Return the falls that came with a checkpoint or after it."""
        places = {name: place for place, name in enumerate(self.checkpoints)}
        if checkpoint not in places:
            known = ", ".join(self.checkpoints[:12])
            raise AssayError(f"there is no checkpoint {checkpoint!r} among those watched: {known}")
        return tuple(turn for turn in self.falls if places[turn.change.since] >= places[checkpoint])

    def sentences(self) -> tuple[Sentence, ...]:
        """Say what fell, what rose and what the average hides."""
        said = [turn.sentence for turn in self.falls] + list(self.hidden)
        if not self.falls:
            said.append(
                say(
                    "On no slice is it proven that a checkpoint fell behind; {steps} steps were looked at.",
                    steps=len(self.checkpoints) - 1,
                )
            )
        return (*said, *(turn.sentence for turn in self.rises))


def in_order(models: Sequence[str]) -> tuple[str, ...]:
    """Return the checkpoints among names: those alike but for their last number, by that number.

    Raises
    ------
    AssayError
        Where no two names, or several families of names, are alike.

    >>> in_order(["step-1000", "step-200", "theirs"])
    ('step-200', 'step-1000')
    """
    families: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for name in models:
        if found := NUMBER.search(name):
            rest = name[: found.start()], name[found.end() :]
            families.setdefault(rest, []).append((int(found.group()), name))
    lines = [sorted(line) for line in families.values() if len(line) > 1]
    if len(lines) != 1:
        known = ", ".join(models[:12])
        raise AssayError(
            "which models are checkpoints, and in which order, does not follow from their names; "
            f"name them in the order of time. There are: {known}"
        )
    return tuple(name for _, name in lines[0])


def watched(
    votes: Votes,
    checkpoints: Sequence[tuple[int, str]],
    *,
    slices: Mapping[str, Flags] | None = None,
    margin: float = 0.0,
    alpha: float = 0.05,
) -> Watch:
    """Say on which slice checkpoints fell or rose, and with which of them, however often one asks.

    `checkpoints` are codes and names in the order of time. On each slice every checkpoint is compared with
    the one before, all from each one on with all before, and over the whole line whatever is newer with
    whatever is older: a slow decline shows there where no step shows it. Evidence is an e-process over
    prompts, direct votes and votes through third models together; e-BH over slices, steps and splits keeps
    the share of false falls under α, whatever they share.

    Parameters
    ----------
    margin
        How much worse is still fine, as a share of prompts won: 0.02 lets 0.48 pass.

    Source: e-BH: Wang & Ramdas, JRSS B 84 (2022); change-points by e-values: Shin, Ramdas & Rinaldo,
    "E-detectors" (2024).

    >>> votes = Votes(np.zeros(80, int), np.ones(80, int), np.tile([1.0, 1, 1, 0], 20), np.arange(80))
    >>> found = watched(votes, [(0, "step 100"), (1, "step 200")])
    >>> print(found.falls[0].sentence)
    On everything step 200 fell behind step 100: it wins 0.25 [0.10, 0.47] of 80 prompts, e = 3,317.
    """
    names = [name for _, name in checkpoints]
    if len(set(names)) < 2 or len(set(names)) < len(names):
        raise AssayError("a watch needs two checkpoints or more, each named once, in the order of time")
    parts = {EVERYTHING: np.ones(len(votes.a_N), dtype=bool), **(slices or {})}
    changes = [
        change
        for name, chosen_N in parts.items()
        for change in _of_slice(_taken(votes, chosen_N), checkpoints, name, margin=margin, alpha=alpha)
    ]
    falls = _turns(changes, np.array([each.log_fall for each in changes]), names, alpha=alpha, down=True)
    rises = _turns(changes, np.array([each.log_rise for each in changes]), names, alpha=alpha, down=False)
    return Watch(
        tuple(names), tuple(parts), tuple(changes), falls, rises, _hidden(changes, falls, slices or {})
    )


def _taken(votes: Votes, chosen_N: Flags) -> Votes:
    return Votes(votes.a_N[chosen_N], votes.b_N[chosen_N], votes.score_N[chosen_N], votes.item_N[chosen_N])


def _of_slice(
    votes: Votes, checkpoints: Sequence[tuple[int, str]], name: str, *, margin: float, alpha: float
) -> list[Change]:
    codes, names = [code for code, _ in checkpoints], [each for _, each in checkpoints]
    found = []
    for place in range(1, len(codes)):
        since, before = names[place], names[place - 1]
        step = _as_two(votes, codes[place - 1 : place], codes[place : place + 1])
        found.append(_change(step, (name, since, before, "step"), margin=margin, alpha=alpha))
        split = _as_two(votes, codes[:place], codes[place:])
        # where each was compared with its neighbours only, a split is the step again
        if len(split.a_N) > len(step.a_N):
            found.append(_change(split, (name, since, before, "split"), margin=margin, alpha=alpha))
    if len(codes) > 2:
        some = _newer_and_older(votes, codes)
        found.append(_change(some, (name, names[1], names[0], "run"), margin=margin, alpha=alpha))
    return found


LATE, EARLY = -1, -2
"""Codes of the two groups of checkpoints that are compared, beside those of other models."""


def _as_two(votes: Votes, early: Sequence[int], late: Sequence[int]) -> Votes:
    """Return the votes as if each group of checkpoints were one model; votes inside a group say nothing."""
    a_N, b_N = (
        np.where(np.isin(side_N, late), LATE, np.where(np.isin(side_N, early), EARLY, side_N))
        for side_N in (votes.a_N, votes.b_N)
    )
    told_N = (a_N != b_N) & ((a_N < 0) | (b_N < 0))
    return _taken(Votes(a_N, b_N, votes.score_N, votes.item_N), told_N)


def _newer_and_older(votes: Votes, codes: Sequence[int]) -> Votes:
    """Return the votes between two checkpoints, as votes between the newer and the older one."""
    place_N_2 = np.stack([np.searchsorted(np.sort(codes), side_N) for side_N in (votes.a_N, votes.b_N)])
    rank = np.argsort(codes, kind="stable")
    both_N = np.isin(votes.a_N, codes) & np.isin(votes.b_N, codes)
    some = _taken(votes, both_N)
    first_N, second_N = rank[place_N_2[:, both_N]]
    newer_N = first_N > second_N
    return Votes(np.where(newer_N, LATE, EARLY), np.where(newer_N, EARLY, LATE), some.score_N, some.item_N)


def _change(votes: Votes, named: tuple[str, str, str, How], *, margin: float, alpha: float) -> Change:
    y_N, used = increments(votes, LATE, EARLY)
    prompts = len(y_N)
    fall = float(evalues.betting(y_N, mean=0.5 - margin, side="less")[-1]) if prompts else 0.0
    rise = float(evalues.betting(y_N, mean=0.5, side="greater")[-1]) if prompts else 0.0
    score = float(y_N.mean()) if prompts else 0.5
    low_N, high_N = sequential.win_rate(
        np.array([score * prompts]), np.array([float(prompts)]), level=1 - alpha
    )
    return Change(*named, prompts, used, score, float(low_N[0]), float(high_N[0]), fall, rise)


def _turns(
    changes: Sequence[Change], log_e_K: Floats, names: Sequence[str], *, alpha: float, down: bool
) -> tuple[Turn, ...]:
    """Return one turn for each slice with a proven change: the one with most evidence, and its neighbours."""
    believed_K = evalues.e_bh(log_e_K, alpha=alpha)
    found = []
    for name in dict.fromkeys(each.slice for each in changes):
        own = [k for k, each in enumerate(changes) if each.slice == name]
        proven = [k for k in own if believed_K[k]]
        if not proven:
            continue
        best = max(proven, key=lambda k: log_e_K[k])
        change = changes[best]
        near = [
            names.index(changes[k].since)
            for k in proven
            if changes[k].how == change.how and log_e_K[k] >= log_e_K[best] - np.log(LIKELY)
        ]
        first, last = names[min(near)], names[max(near)]
        e = evalues.said(float(log_e_K[best]))
        found.append((float(log_e_K[best]), Turn(change, first, last, _said(change, first, last, e, down))))
    return tuple(turn for _, turn in sorted(found, key=lambda pair: -pair[0]))


def _said(change: Change, first: str, last: str, e: evalues.Evident, down: bool) -> Sentence:
    values = {
        "slice": change.slice,
        "since": change.since,
        "before": change.before,
        "score": change.score,
        "low": change.low,
        "high": change.high,
        "prompts": change.prompts,
        "e": e,
    }
    if change.how == "run":
        return say(
            "On {slice} it fell step by step: newer checkpoints win {score:.2f} [{low:.2f}, {high:.2f}] of "
            "{prompts:,} prompts against older ones, e = {e:,.0f}."
            if down
            else "On {slice} it rose step by step: newer checkpoints win {score:.2f} [{low:.2f}, {high:.2f}] "
            "of {prompts:,} prompts against older ones, e = {e:,.0f}.",
            **values,
        )
    if change.how == "step":
        sentence = say(
            "On {slice} {since} fell behind {before}: it wins {score:.2f} [{low:.2f}, {high:.2f}] of "
            "{prompts:,} prompts, e = {e:,.0f}."
            if down
            else "On {slice} {since} is ahead of {before}: it wins {score:.2f} [{low:.2f}, {high:.2f}] of "
            "{prompts:,} prompts, e = {e:,.0f}.",
            **values,
        )
    else:
        sentence = say(
            "On {slice} checkpoints from {since} on are behind those before: they win {score:.2f} "
            "[{low:.2f}, {high:.2f}] of {prompts:,} prompts, e = {e:,.0f}."
            if down
            else "On {slice} checkpoints from {since} on are ahead of those before: they win {score:.2f} "
            "[{low:.2f}, {high:.2f}] of {prompts:,} prompts, e = {e:,.0f}.",
            **values,
        )
    if first == last:
        return sentence
    where = say("It may have come with any checkpoint from {first} to {last}.", first=first, last=last)
    return joined([sentence, where])


def _hidden(
    changes: Sequence[Change], falls: Sequence[Turn], slices: Mapping[str, Flags]
) -> tuple[Sentence, ...]:
    """Say which falls the average over everything does not show, checkpoint by checkpoint."""
    said = []
    fell: dict[tuple[str, How], list[str]] = {}
    for turn in falls:
        if turn.change.slice != EVERYTHING:
            fell.setdefault((turn.change.since, turn.change.how), []).append(turn.change.slice)
    for since, how in sorted(fell, key=lambda key: [each.since for each in changes].index(key[0])):
        own = {each.slice: each for each in changes if each.since == since and each.how == how}
        whole = own[EVERYTHING]
        if whole.score < 0.5 or whole.log_fall >= np.log(LIKELY):
            continue
        alike = [own[name].score for name in slices if name in own and own[name].prompts]
        listed = list(itertools.islice(fell[since, how], 6))
        more = len(fell[since, how]) - len(listed)
        names = ", ".join(listed) + (f" and {more} more" if more else "")
        said.append(
            say(
                "The average hides it: over everything {since} wins {score:.2f} of {prompts:,} prompts, and "
                "it fell on {names}. Were all {slices} slices to count alike, it would win {alike:.2f}.",
                since=since,
                score=whole.score,
                prompts=whole.prompts,
                names=names,
                slices=len(alike),
                alike=float(np.mean(alike)),
            )
        )
    return tuple(said)
