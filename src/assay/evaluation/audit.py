"""What a sceptic asks of a board before believing it, answered in sentences with the numbers beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.special import expit

from assay import tables
from assay.evaluation import careless, evalues, selection, tells
from assay.evaluation.battles import Battles
from assay.evaluation.plain import CENTRE, ELO, bradley_terry
from assay.wording import Sentence, say

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
State = Literal["fine", "warning", "refused", "unknown"]

MOST_TEXTS = 2000
"""So many answers are read for tells; more are drawn from, whole prompts at a time."""

FEW_RATERS = 10
"""With fewer raters than this a slope is clustered by prompt; so few people's votes nearly cancel."""

FEW_PEOPLE = 20
"""With fewer raters than this each vote is evidence of a habit of sides; not each person."""

FEW_VOTES = 100
"""A model with fewer comparisons than this is named."""


@dataclass(frozen=True)
class Finding:
    """The answer to one question: `state` says whether a board may be believed in spite of it."""

    check: str
    state: State
    sentence: Sentence
    evidence: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


def audit(
    battles: Battles,
    rng: np.random.Generator,
    *,
    providers: Mapping[str, str] | None = None,
    policy: Mapping[str, float] | None = None,
    registry: selection.Registry | None = None,
    released: Mapping[str, float] | None = None,
) -> tuple[Finding, ...]:
    """Ask everything of a table of comparisons; nothing is taken out and nothing is mended.

    `providers` says who made each model, `policy` how often each provider was to be shown, `registry` which
    variants ever stood for votes, `released` the day on which a model became public (in days since 1970).
    Questions for which something is missing are answered "unknown", with what to bring. A board with a
    finding that says "refused" must not be drawn.

    >>> from assay.records import Battle
    >>> apart = Battles.from_records([Battle("i", "x", "y", "a", "ann"), Battle("i", "v", "w", "a", "ben")])
    >>> [each.check for each in audit(apart, np.random.default_rng(0)) if each.state == "refused"]
    ['connectivity', 'confounding']
    """
    found = [connectivity(battles), confounding(battles), ties(battles), position(battles)]
    if found[0].state == "refused":
        return tuple(found)
    expected_N = _expected(battles)
    made_by = providers or {}
    return (
        *found,
        shrinkage(battles),
        exposure(battles, made_by, policy),
        variants(battles, registry),
        choice(battles, released or {}),
        bots(battles, expected_N, rng, made_by),
        leaks(battles, expected_N, rng),
    )


def connectivity(battles: Battles) -> Finding:
    """Ask whether every model met every other, through others at least."""
    groups, group_M = _groups(battles.a_N, battles.b_N, len(battles.models))
    if groups == 1:
        sentence = say(
            "All {models} models are compared, at least through others.", models=len(battles.models)
        )
        return Finding("connectivity", "fine", sentence)
    first, second = (battles.models[int(np.argmax(group_M == group))] for group in (0, 1))
    sentence = say(
        "The {models} models fall into {groups} groups that never meet ({first} and {second}, for example): "
        "no method can rank them together; rank each group on its own, or collect comparisons between them.",
        models=len(battles.models),
        groups=groups,
        first=first,
        second=second,
    )
    return Finding("connectivity", "refused", sentence, MappingProxyType({"groups": float(groups)}))


def separable(rater_N: Codes, model_N: Codes) -> tuple[int, Codes]:
    """Return into how many groups raters and models fall that no judgment joins, and each model's group.

    With R raters and M models the Laplacian of the graph "who judged what" has rank R + M less that number.
    With more than one group the severity of the raters cannot be told from the worth of the models.

    >>> separable(np.array([0, 0, 1]), np.array([0, 1, 2]))[0]
    2
    """
    n_raters, n_models = int(rater_N.max()) + 1, int(model_N.max()) + 1
    groups, group_X = _groups(rater_N, model_N + n_raters, n_raters + n_models)
    return groups, group_X[n_raters:].astype(np.int64)


def confounding(battles: Battles) -> Finding:
    """Ask whether models were judged by the same people; else a strict person looks like a weak model."""
    if not battles.rater_known:
        return _unknown("confounding", say("Who voted is not known; bring a column rater."))
    both = np.concatenate([battles.a_N, battles.b_N])
    return confounded(np.tile(battles.rater_N, 2), both, len(battles.models))


def confounded(rater_N: Codes, model_N: Codes, n_models: int) -> Finding:
    """Ask the same of any judgments, such as ratings of one answer each.

    >>> str(confounded(np.array([0, 1]), np.array([0, 1]), 2).sentence)[:46]
    'Raters and models fall into 2 groups without a'
    """
    _, rater_N = np.unique(rater_N, return_inverse=True)
    _, model_N = np.unique(model_N, return_inverse=True)
    groups, _ = separable(rater_N, model_N)
    if groups > 1:
        sentence = say(
            "Raters and models fall into {groups} groups without a judgment between them, so that a strict "
            "rater cannot be told from a weak model: no ranking; let raters of one group judge models of "
            "another.",
            groups=groups,
        )
        return Finding("confounding", "refused", sentence, MappingProxyType({"groups": float(groups)}))
    seen = np.unique(rater_N * n_models + model_N)
    alone = int((np.bincount(seen % n_models, minlength=n_models) == 1).sum())
    if alone:
        sentence = say(
            "{alone} models were judged by one person only: their place is that person's.", alone=alone
        )
        return Finding("confounding", "warning", sentence, MappingProxyType({"alone": float(alone)}))
    sentence = say("Raters and models are joined: {raters} people.", raters=int(rater_N.max()) + 1)
    return Finding("confounding", "fine", sentence)


def ties(battles: Battles) -> Finding:
    """Ask how many votes are ties, and how far they would press the scale if they were half wins."""
    undecided = battles.outcomes_N >= 2
    share = float(undecided.mean())
    if share < 0.01:
        return Finding("ties", "fine", say("Fewer than one vote in a hundred is a tie."))
    # between equals, under Davidson's model: how steeply wins and half the ties rise, against a logistic
    slope = 1 - share
    sentence = say(
        "{share:.0%} of the votes are ties or say that both are bad; as half wins they would shrink every "
        "difference to about {slope:.0%} of itself, so they are modelled as outcomes.",
        share=share,
        slope=slope,
    )
    state: State = "warning" if share > 0.4 else "fine"
    return Finding("ties", state, sentence, MappingProxyType({"share": share}))


def position(battles: Battles) -> Finding:
    """Ask whether what stands first on the page wins more often, whoever it is.

    Each person is one piece of evidence, so that one habit is not taken for everybody's. A few people could
    never be evidence enough, whatever they do: there each vote is, since sides are drawn anew for each.
    """
    decided = battles.outcomes_N < 2
    left_N = _left(battles)
    if left_N is None:
        return _unknown(
            "position", say("Which answer stood first is not known; bring a column order (ab or ba).")
        )
    low_left_N = (left_N == 1) == (battles.a_N < battles.b_N)
    pair_N = np.minimum(battles.a_N, battles.b_N) * len(battles.models) + np.maximum(battles.a_N, battles.b_N)
    if not careless.change_places(low_left_N, pair_N):
        return _unknown(
            "position",
            say(
                "The same models stood on the left nearly always, so that a habit of sides and their worth "
                "look alike; draw the side for each comparison."
            ),
        )
    won_left_N = (battles.outcomes_N == np.where(left_N == 1, 0, 1))[decided].astype(float)
    cluster_N = battles.rater_N[decided]
    votes_R = np.bincount(cluster_N)
    mean_R = np.bincount(cluster_N, won_left_N)[votes_R > 0] / votes_R[votes_R > 0]
    each = mean_R if len(mean_R) >= FEW_PEOPLE else won_left_N
    log_e = float(evalues.betting(each)[-1]) if len(each) else 0.0
    share = float(won_left_N.mean()) if len(won_left_N) else 0.5
    proof = MappingProxyType({"share": share, "log_e": log_e})
    if log_e >= np.log(20):
        sentence = say(
            "The answer on the left wins {share:.1%} of decided votes; model the side.", share=share
        )
        return Finding("position", "warning", sentence, proof)
    sentence = say("The answer on the left wins {share:.1%} of decided votes: no sure habit.", share=share)
    return Finding("position", "fine", sentence, proof)


def shrinkage(battles: Battles) -> Finding:
    """Ask whether some rating comes from a prior and not from votes."""
    won = battles.score_N > 0
    lost = battles.score_N < 1
    beats = sparse.coo_array(
        (
            np.ones(int(won.sum() + lost.sum())),
            (
                np.concatenate([battles.a_N[won], battles.b_N[lost]]),
                np.concatenate([battles.b_N[won], battles.a_N[lost]]),
            ),
        ),
        shape=(len(battles.models), len(battles.models)),
    )
    parts = int(connected_components(beats, directed=True, connection="strong", return_labels=False))
    if parts > 1:
        sentence = say(
            "Some models never lost to, or never won against, all the others: their ratings are held by a "
            "prior and would move with another one; collect comparisons with models near them."
        )
        return Finding("shrinkage", "warning", sentence, MappingProxyType({"parts": float(parts)}))
    return Finding("shrinkage", "fine", say("Every rating is settled by votes alone; no prior holds it."))


def exposure(battles: Battles, providers: Mapping[str, str], policy: Mapping[str, float] | None) -> Finding:
    """Ask who is shown how often, and who casts the votes."""
    votes_M = np.bincount(np.concatenate([battles.a_N, battles.b_N]), minlength=len(battles.models))
    if policy is not None and providers:
        named = sorted(policy)
        maker_M = [providers.get(model, model) for model in battles.models]
        if strange := sorted(set(maker_M) - set(named)):
            return _unknown(
                "exposure",
                say("The policy says nothing of {provider}; add its share.", provider=strange[0]),
            )
        counts_P = np.bincount([named.index(maker) for maker in maker_M], votes_M, len(named)).astype(
            np.int64
        )
        # the two sides of a comparison are not two draws
        divergence, log_e = selection.exposure(counts_P // 2, np.array([policy[name] for name in named]))
        proof = MappingProxyType({"divergence": divergence, "log_e": log_e})
        if log_e >= np.log(20):
            most = int(np.argmax(counts_P / counts_P.sum() - np.array([policy[name] for name in named])))
            sentence = say(
                "{provider} has {share:.0%} of the votes where the policy gives it {wanted:.0%}.",
                provider=named[most],
                share=float(counts_P[most] / counts_P.sum()),
                wanted=policy[named[most]] / sum(policy.values()),
            )
            return Finding("exposure", "warning", sentence, proof)
        return Finding("exposure", "fine", say("Providers are shown as the policy says."), proof)
    least, most = int(votes_M.min()), int(votes_M.max())
    votes_R = np.sort(np.bincount(battles.rater_N))[::-1]
    top = max(len(votes_R) // 100, 1)
    share = float(votes_R[:top].sum() / len(battles))
    sentence = say(
        "Models stand in {least:,} to {most:,} comparisons; the most active hundredth of the raters cast "
        "{share:.0%} of the votes.",
        least=least,
        most=most,
        share=share,
    )
    state: State = "warning" if least < FEW_VOTES or share > 0.25 else "fine"
    proof = MappingProxyType({"least": float(least), "most": float(most), "top_share": share})
    return Finding("exposure", state, sentence, proof)


def variants(battles: Battles, registry: selection.Registry | None) -> Finding:
    """Ask whether models are the best of many that were tried in private."""
    if registry is None:
        return _unknown(
            "best of N", say("How many variants were tried before these is not known; keep a record of them.")
        )
    if left_out := registry.unregistered(battles.models):
        sentence = say("{model} has votes and was never registered.", model=left_out[0])
        return Finding("best of N", "warning", sentence, MappingProxyType({"models": float(len(left_out))}))
    tried: dict[str, int] = {}
    for each in registry.variants:
        tried[each.provider] = tried.get(each.provider, 0) + 1
    provider, most = max(tried.items(), key=lambda pair: pair[1])
    if most > selection.MANY_VARIANTS:
        sentence = say(
            "{provider} registered {most} variants: the best of them is overrated by what chance adds; take "
            "its interval given the choice, and call it provisional until fresh votes are in.",
            provider=provider,
            most=most,
        )
        return Finding("best of N", "warning", sentence, MappingProxyType({"variants": float(most)}))
    return Finding("best of N", "fine", say("No provider registered more than {most} variants.", most=most))


def choice(battles: Battles, released: Mapping[str, float]) -> Finding:
    """Ask whether models won more before their release than after it, as those picked for luck do."""
    held = battles.detail.columns if battles.detail is not None else []
    if not released or "at" not in held:
        return _unknown(
            "choice",
            say(
                "Whether models were picked for lucky votes is not known; bring a column at and days of "
                "release."
            ),
        )
    day_N = tables.days(battles.column("at")).to_numpy().astype(float)
    known_N = np.isfinite(day_N)
    told: list[tuple[str, float, int]] = []
    for name, day in released.items():
        if name not in battles.models:
            continue
        model = battles.models.index(name)
        own_N = np.flatnonzero(known_N & ((battles.a_N == model) | (battles.b_N == model)))
        first_N = battles.a_N[own_N] == model
        score_N = np.where(first_N, battles.score_N[own_N], 1 - battles.score_N[own_N])
        rival_N = np.where(first_N, battles.b_N[own_N], battles.a_N[own_N])
        rater_N = battles.rater_N[own_N] if battles.rater_known else np.arange(len(own_N))
        y_N, pairs = selection.before_and_after(score_N, day_N[own_N], rival_N, rater_N, day)
        if len(y_N):
            told.append((name, float(evalues.betting(y_N, side="greater")[-1]), pairs))
    if not told:
        return _unknown(
            "choice", say("No model has votes both before and after its release on the same rivals.")
        )
    log_e_K = np.array([log_e for _, log_e, _ in told])
    believed_K = evalues.e_bh(log_e_K)
    worst = int(np.argmax(log_e_K))
    name, log_e, pairs = told[worst]
    proof = MappingProxyType({"models": float(believed_K.sum()), "log_e": log_e, "pairs": float(pairs)})
    if believed_K.any():
        sentence = say(
            "{models} of {all} released models won more before their release than after it on the same "
            "rivals; the surest is {model} (e = {e:,.0f} on {pairs:,} pairs of votes): rank it by the later "
            "votes.",
            models=int(believed_K.sum()),
            all=len(told),
            model=name,
            e=evalues.said(log_e),
            pairs=pairs,
        )
        return Finding("choice", "warning", sentence, proof)
    sentence = say(
        "Of {all} released models none surely won more before its release than after it.", all=len(told)
    )
    return Finding("choice", "fine", sentence, proof)


def bots(
    battles: Battles, expected_N: Floats, rng: np.random.Generator, providers: Mapping[str, str]
) -> Finding:
    """Ask who votes like a machine."""
    if not battles.rater_known:
        return _unknown("bots", say("Who voted is not known; bring a column rater."))
    decided = np.flatnonzero(battles.outcomes_N < 2)
    chose_N = (battles.outcomes_N[decided] == 0).astype(np.int64)
    a_N, b_N = battles.a_N[decided], battles.b_N[decided]
    # the same two answers, whichever of them was called the first
    low_N, high_N = np.minimum(a_N, b_N), np.maximum(a_N, b_N)
    n_models = len(battles.models)
    _, pair_N = np.unique(
        (battles.items_N[decided] * n_models + low_N) * n_models + high_N, return_inverse=True
    )
    turned = a_N > b_N
    low_chose_N = np.where(turned, 1 - chose_N, chose_N)
    low_expected_N = np.where(turned, 1 - expected_N[decided], expected_N[decided])
    left_N = _left(battles)
    left_N = careless.sides(None if left_N is None else left_N[decided], turned, low_N * n_models + high_N)
    pseudo = careless.trust(pair_N, low_chose_N, low_expected_N)
    made_by = sorted(set(providers.values()))
    table_N_P = np.zeros((len(decided), len(made_by)), dtype=np.int64)
    for place, provider in enumerate(made_by):
        own_M = np.array([providers.get(model) == provider for model in battles.models])
        table_N_P[:, place] = own_M[low_N].astype(np.int64) - own_M[high_N]
    found = careless.suspicion(
        careless.honest_chances(pair_N, low_chose_N, low_expected_N, pseudo=pseudo),
        low_chose_N,
        battles.rater_N[decided],
        rng=rng,
        left_N=left_N,
        pair_N=pair_N,
        provider_N_P=table_N_P,
    )
    surely = np.flatnonzero(found.surely_R)
    proof = MappingProxyType({"surely": float(len(surely)), "flagged": float(found.flagged_R.sum())})
    if not len(surely):
        return Finding(
            "bots",
            "fine",
            say(
                "None of {raters} raters surely votes like a machine; {flagged} deserve a second look.",
                raters=len(battles.raters),
                flagged=int(found.flagged_R.sum()),
            ),
            proof,
        )
    worst = int(surely[np.argmax(found.log_e_R[surely])])
    share = float(found.votes_R[surely].sum() / max(found.votes_R.sum(), 1))
    sentence = say(
        "{surely} of {raters} raters, with {share:.0%} of the decided votes, do not choose as others do; the "
        "surest, {rater}, {why}. Give them known answers before their votes count.",
        surely=len(surely),
        raters=len(battles.raters),
        share=share,
        rater=battles.raters[worst],
        why=say(careless.NAMES[found.reason_R[worst]]),
    )
    return Finding("bots", "warning", sentence, proof)


def leaks(battles: Battles, expected_N: Floats, rng: np.random.Generator) -> Finding:
    """Ask whether authors can be told from their texts, and whether those who can be told win more."""
    held = battles.detail.columns if battles.detail is not None else []
    if "response_a" not in held or "response_b" not in held:
        return _unknown("tells", say("What was shown is not known; bring columns response_a and response_b."))
    sides = [battles.column(name) for name in ("response_a", "response_b")]
    known_N = (sides[0].is_not_null() & sides[1].is_not_null()).to_numpy()
    if known_N.any() and not known_N.all():  # a sample of the answers is as good
        return leaks(battles.take(known_N), expected_N[known_N], rng)
    columns = [side.fill_null("").to_list() for side in sides]
    item_N = battles.items_N
    place: dict[tuple[int, int, str], int] = {}
    at_2_N = [
        np.array(
            [
                place.setdefault((item, model, text), len(place))
                for item, model, text in zip(item_N.tolist(), model_N.tolist(), side, strict=True)
            ]
        )
        for model_N, side in zip((battles.a_N, battles.b_N), columns, strict=True)
    ]
    answers = list(place)
    chosen = _some(np.array([item for item, _, _ in answers]), rng)
    kept = [answers[n] for n in chosen.tolist()]
    author_N = np.array([model for _, model, _ in kept])
    group_N = np.array([item for item, _, _ in kept])
    if len(np.unique(group_N)) < tells.FOLDS:
        return _unknown("tells", say("Tells are read across prompts; bring answers to at least five."))
    n_models = len(battles.models)
    read = tells.name_authors([text for _, _, text in kept], author_N, group_N, n_models)
    odds_A = np.full(len(answers), np.nan)
    odds_A[chosen] = read.odds_N
    worst = int(np.argmax(read.accuracy_M))
    phrase = tells.phrases([text for _, _, text in kept], author_N, n_models)[worst]
    slopes = [_slope(battles, expected_N, at_2_N, odds_A, model) for model in range(n_models)]
    steepest = int(np.argmax(slopes))
    proof = MappingProxyType({"accuracy": read.accuracy, "chance": read.chance, "slope_t": slopes[steepest]})
    sentence = say(
        "From an answer alone its author is named rightly in {accuracy:.0%} of cases (the commonest name "
        "alone: {chance:.0%}); easiest is {model} ({own:.0%}), by {phrase}. The steepest rise of wins with "
        "how telling an answer is: {steepest}, t = {slope:.1f} among {models} models.",
        accuracy=read.accuracy,
        chance=read.chance,
        model=battles.models[worst],
        own=float(read.accuracy_M[worst]),
        phrase=f"“{phrase[0][0]}”" if phrase else say("its letters"),
        steepest=battles.models[steepest],
        slope=slopes[steepest],
        models=n_models,
    )
    # the largest of M: judged by Bonferroni at one in forty
    sure = slopes[steepest] > 2 + np.sqrt(2 * np.log(max(n_models, 1)))
    return Finding("tells", "warning" if sure or read.accuracy > 3 * read.chance else "fine", sentence, proof)


def _slope(battles: Battles, expected_N: Floats, at_2_N: list[Codes], odds_A: Floats, model: int) -> float:
    """Return the t of one model's wins against how telling its answer was, votes of a person together."""
    few = len(battles.raters) < FEW_RATERS
    cluster_N = battles.items_N if few else battles.rater_N
    parts = []
    for model_N, at_N, sign in ((battles.a_N, at_2_N[0], 1), (battles.b_N, at_2_N[1], -1)):
        own = (model_N == model) & np.isfinite(odds_A[at_N])
        parts.append((odds_A[at_N[own]], sign * (battles.score_N[own] - expected_N[own]), cluster_N[own]))
    odds_N, surplus_N, group_N = (np.concatenate(each) for each in zip(*parts, strict=True))
    return tells.by_decile(odds_N, surplus_N, group_N)[1] if len(odds_N) >= FEW_VOTES else 0.0


def _some(group_N: Codes, rng: np.random.Generator) -> Codes:
    """Return places of at most so many answers, whole prompts at a time where that can be done."""
    if len(group_N) <= MOST_TEXTS:
        return np.arange(len(group_N))
    _, code_N = np.unique(group_N, return_inverse=True)
    order = rng.permutation(int(code_N.max()) + 1)
    size_G = np.bincount(code_N)
    kept = order[np.cumsum(size_G[order]) <= MOST_TEXTS]
    if len(kept) < tells.FOLDS:
        return np.sort(rng.choice(len(group_N), MOST_TEXTS, replace=False))
    return np.flatnonzero(np.isin(code_N, kept))


def _expected(battles: Battles) -> Floats:
    rating = {
        each.model: (each.rating - CENTRE) / ELO
        for each in bradley_terry(battles, intervals="vote").standings
    }
    theta_M = np.array([rating[model] for model in battles.models])
    chance_N: Floats = expit(theta_M[battles.a_N] - theta_M[battles.b_N])
    return chance_N


def _left(battles: Battles) -> Codes | None:
    """Return 1 where the first answer stood first on the page; nothing where that is not known."""
    if battles.detail is None or "order" not in battles.detail.columns:
        return None
    return (battles.column("order").fill_null("ab") == "ab").to_numpy().astype(np.int64)


def _groups(one_N: Codes, other_N: Codes, size: int) -> tuple[int, Codes]:
    met = sparse.coo_array((np.ones(len(one_N)), (one_N, other_N)), shape=(size, size))
    groups, group_X = connected_components(met, directed=False)
    return int(groups), group_X


def _unknown(check: str, what: Sentence) -> Finding:
    return Finding(check, "unknown", what)
