"""What an arena's pages say, counted beside the server: records in, sentences, figures and tables out.

Touches no table and asks nobody: `counting` has it done in a process of its own, by the library's functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assay.evaluation import audit, card, claims, gate, pairing, shares
from assay.evaluation.arena import PRIOR_SD, Arena, arena, code
from assay.evaluation.battles import Battles, BoardError
from assay.evaluation.selection import Registry, Variant
from assay.figures import Passage
from assay.platform.arena_looks import RENDERER
from assay.platform.arena_reports import Compared, Report
from assay.wording import counted, say

SEED = 0
"""Draws only decide where intervals end; the same votes give the same page."""

SLICES = ("language", "domain")
WANTED = 50
"""So many pairs are listed for whoever wants to know what comes next."""

FEWEST = 10
"""With fewer votes than this nothing is ranked: intervals would be made of nothing."""

QUICK_S = 3.0
"""Faster than this nobody has read two answers."""


Votes = Mapping[str, Sequence[object]]
"""The columns of a table of battles; of answers the words may be there, or numbers that say how they look."""

Entered = Sequence[tuple[str, str, str]]
"""When a model was registered, by whom it is made, and its name; in the order of registration."""


def table(votes: Votes) -> Battles:
    """Read columns of votes; what nobody filled is left out.

    >>> votes = {"model_a": ["x"], "model_b": ["y"], "winner": ["a"], "language": [""], "strength": [None]}
    >>> table(votes).detail.columns
    ['renderer_a', 'renderer_b']
    """
    frame = pl.DataFrame(votes, strict=False)
    empty = [
        each.name
        for each in frame
        if each.null_count() == len(each) or (each.dtype == pl.String and (each == "").all())
    ]
    known = frame.drop(empty, *(["propensity"] if _sure(frame) else []))
    return Battles.from_frame(known.with_columns(renderer_a=pl.lit(RENDERER), renderer_b=pl.lit(RENDERER)))


def _sure(frame: pl.DataFrame) -> bool:
    return "propensity" in frame.columns and bool((frame["propensity"] == 1).all())


def report(votes: Votes, entered: Entered) -> Report:
    """Count everything that the board's page shows."""
    battles = table(votes)
    try:
        found = _card(battles, entered)
    except BoardError as wrong:
        asked = audit.audit(battles, np.random.default_rng(SEED), **_record(entered))
        told = Passage("What an audit finds", card.audit_sentences(asked, named=False))
        return Report("", wrong.args[0], (told, *_effort(battles)), (), (), (), len(battles))
    board = found.board
    people = found.panel.to_frame().to_dicts() if found.panel else []
    return Report(
        card.intro(board),
        "",
        (*card.sections(found), *_effort(battles)),
        tuple(board.to_frame().to_dicts()),
        tuple(people),
        tuple(_wanted(board)),
        len(battles),
    )


def _card(battles: Battles, entered: Entered) -> card.Card:
    _enough(battles)
    rng = np.random.default_rng(SEED)
    return card.card(battles, rng, columns=_columns(battles), **_record(entered))


def _enough(battles: Battles) -> None:
    if len(battles) < FEWEST:
        raise BoardError(
            counted(
                "a board needs {least} votes at least, and there is {count}",
                "a board needs {least} votes at least, and there are {count}",
                len(battles),
                least=FEWEST,
            )
        )


def _columns(battles: Battles) -> list[str]:
    known = battles.detail.columns if battles.detail is not None else []
    return [name for name in SLICES if name in known]


def _record(entered: Entered) -> dict[str, Any]:
    providers = {name: provider for _at, provider, name in entered}
    variants = tuple(Variant(at, provider, name) for at, provider, name in entered)
    return {"providers": providers, "registry": Registry(variants)}


def policy(votes: Votes, models: Sequence[str]) -> dict[tuple[str, str], float]:
    """Return the chance of drawing each two models, by what a vote on them would settle.

    Models without votes yet enter with the weak prior's spread, so that they are drawn soon.
    """
    battles = table(votes)
    _enough(battles)
    board = arena(battles, np.random.default_rng(SEED))
    known = {name: place for place, name in enumerate(board.models)}
    own = [known.get(name) for name in models]
    theta_M = np.array([0.0 if place is None else board.fit.theta_M[place] for place in own])
    covariance_M_M = np.zeros((len(models), len(models)))
    for m, one in enumerate(own):
        for n, other in enumerate(own):
            if one is not None and other is not None:
                covariance_M_M[m, n] = board.uncertainty.covariance_K_K[one, other]
        if one is None:
            covariance_M_M[m, m] = PRIOR_SD**2
    chance_M_M = pairing.decisive(theta_M, covariance_M_M)
    return {
        (one, other): float(chance_M_M[m, m + 1 + n])
        for m, one in enumerate(models)
        for n, other in enumerate(models[m + 1 :])
    }


def compared(votes: Votes, first: str, second: str, *, gates: bool, margin: float) -> Compared:
    """Say whether one model is better than another, or whether it got worse, over all and in each slice."""
    if not votes["model_a"]:
        raise BoardError(say("no vote between {first!r} and {second!r} counts", first=first, second=second))
    battles = table(votes)
    codes = code(battles.models, first), code(battles.models, second)
    own = gate.Votes(battles.a_N, battles.b_N, battles.score_N, battles.items_N)
    slices: dict[str, NDArray[np.bool_]] = {}
    for column in _columns(battles):
        code_N, names = battles.coded(column)
        slices |= {card.slice_name(column, name): code_N == place for place, name in enumerate(names) if name}
    if gates:
        found = gate.gate(own, *codes, (first, second), slices=slices, margin=margin)
    else:
        found = gate.compare(own, *codes, (first, second), slices=slices)
    told: list[str] = [each.sentence for each in found if each.believed or each.slice == gate.EVERYTHING]
    if not gates:
        told += _by_board(battles, first, second)
    rows = [
        {
            "slice": each.slice,
            "prompts": each.prompts,
            "votes": each.votes,
            "wins": each.score,
            "low": each.low,
            "high": each.high,
            "e-value": each.e,
            "believed": each.believed,
        }
        for each in found
    ]
    return Compared(tuple(rows), tuple(told), gates and any(each.believed for each in found))


def _by_board(battles: Battles, first: str, second: str) -> list[str]:
    try:
        _enough(battles)
        board = arena(battles, np.random.default_rng(SEED))
    except BoardError:
        return []
    told = [
        claims.wins(first, second, *board.win_share(first, second)),
        claims.gap_sentence(board.between(first, second)),
    ]
    return [*told, said] if (said := shares.of_pair(board, first, second)) else told


def _wanted(board: Arena) -> list[dict[str, object]]:
    """Return the pairs on which a vote would settle most, with the chance that the draw gives each."""
    chance_M_M = pairing.decisive(board.fit.theta_M, board.uncertainty.covariance_K_K)
    a_P, b_P = np.triu_indices(len(board.models), 1)
    best_first = np.argsort(-chance_M_M[a_P, b_P], kind="stable")[:WANTED]
    return [
        {
            "model_a": board.models[a_P[p]],
            "model_b": board.models[b_P[p]],
            "chance": float(chance_M_M[a_P[p], b_P[p]]),
        }
        for p in best_first.tolist()
    ]


def _effort(battles: Battles) -> list[Passage]:
    """Say how long people looked, and how often they looked away."""
    if battles.detail is None or "seconds" not in battles.detail.columns:
        return []
    known = battles.column("seconds").cast(pl.Float64).drop_nulls()
    seconds = known.filter(known > 0).to_numpy()
    if not len(seconds):
        return []
    low, middle, high = np.quantile(seconds, [0.1, 0.5, 0.9])
    told = [
        say(
            "Half of the votes took {middle:.0f} seconds or less once both answers were there; the quickest "
            "tenth took {low:.0f} or less, the slowest tenth {high:.0f} or more.",
            middle=middle,
            low=low,
            high=high,
        ),
        say(
            "{share:.0%} took less than {quick:.0f} seconds, in which nobody reads two answers.",
            share=float((seconds < QUICK_S).mean()),
            quick=QUICK_S,
        ),
    ]
    away = int(battles.column("away").sum()) if "away" in battles.detail.columns else 0
    told.append(
        say("In {share:.0%} of the battles the reader looked away at least once.", share=away / len(battles))
    )
    return [Passage(say("How long people looked"), told)]
