"""One page about a board with all that a sceptic asks for: claims first, then doubts, then numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assay.evaluation import card_plots, claims, plots
from assay.evaluation.arena import Arena, arena
from assay.evaluation.attention import Attention, attention
from assay.evaluation.audit import Finding, audit
from assay.evaluation.battles import OUTCOMES, Battles, BoardError
from assay.evaluation.orders import HeadToHead, head_to_head
from assay.evaluation.panel import Panel, panel
from assay.evaluation.presentation import Look, look, look_sentences
from assay.evaluation.selection import Registry
from assay.evaluation.sensitivity import changes, without_people
from assay.evaluation.shares import from_the_top, kinds_of_taste
from assay.figures import Figure, Passage
from assay.figures import page as page_of
from assay.wording import ENGLISH, Words, counted, joined, say

LEAST_VOTES = 100
"""A slice with fewer votes is named and not ranked."""

MOST_SLICES = 12
NEIGHBOURS = 8
"""So many gaps from the top down are said in words."""

HOLDS = (
    say("The people are a fair sample of those for whom the board speaks, and so are the prompts."),
    say("Nobody knew which model wrote what they read."),
    say("Who is compared with whom did not depend on how the votes came out."),
    say("One number a model is enough: what beats a second one that beats a third beats the third too."),
)

SHARES = say(
    "A share of people is not a share of wins: nearly everybody may prefer one of two models a little, which "
    "then wins 55 of 100."
)

NOT_SAID = (
    say(
        "Whether an answer is true. People choose what they like, and see errors only where they look for "
        "them."
    ),
    say("How large a difference is in use. Being chosen 55 times in 100 may be worth everything or nothing."),
    say("Anything about models, people, languages and prompts that are not in this table."),
)


@dataclass(frozen=True, eq=False)
class Slice:
    """What the votes of one slice say by themselves; `leaders` is a sentence, or the reason for none."""

    name: str
    votes: int
    leaders: str


@dataclass(frozen=True, eq=False)
class Card:
    """Everything that the page says, before it is drawn; `None` and empty where the table does not tell."""

    name: str
    board: Arena
    slices: tuple[Slice, ...]
    panel: Panel | None
    look: Look | None
    audit: tuple[Finding, ...]
    shares: tuple[str, ...]
    changes: tuple[str, ...]
    head_to_head: HeadToHead | None = None
    attention: Attention | None = None
    kinds: tuple[str, ...] = ()


def card(
    battles: Battles,
    rng: np.random.Generator,
    *,
    name: str = "battles",
    columns: Sequence[str] = (),
    providers: Mapping[str, str] | None = None,
    registry: Registry | None = None,
    people: bool = True,
) -> Card:
    """Find out what a table of comparisons says about its models, and how far to trust it.

    Parameters
    ----------
    columns
        Columns such as `language` by whose values the votes are looked at by themselves too.
    providers, registry
        Who made each model, and which variants ever stood for votes: what the audit asks for.
    people
        Whether to find out which votes were read and what kinds of taste there are: on ten thousand votes
        that takes some ten seconds, most of the time of a card.

    Raises
    ------
    BoardError
        Where models never met, or cannot be told from those who judged them, so that nothing can be ranked.

    >>> from assay.records import Battle
    >>> said = [Battle(f"i{n % 9}", "x", "y", "b" if n % 3 else "a", f"r{n % 7}") for n in range(300)]
    >>> found = card(Battles.from_records(said), np.random.default_rng(0), name="two models")
    >>> "y is the best of the 2." in page(found)
    True
    """
    board = arena(battles, rng)
    findings = audit(battles, rng, providers=providers, registry=registry)
    if refused := [each for each in findings if each.state == "refused"]:
        raise BoardError(" ".join(str(each.sentence) for each in refused))
    parts = tuple(
        part for column in columns for part in _slices(battles, column, rng)[:MOST_SLICES] if part.votes
    )
    who = panel(board, rng) if len(battles.raters) > 1 else None
    said = changes(board, rng)
    if who is not None and who.suspicion.surely_R.any():
        said += (without_people(board, who.suspicion.surely_R),)
    return Card(
        name,
        board,
        parts,
        who,
        look(board),
        findings,
        from_the_top(board),
        said,
        head_to_head(battles, board.fit.theta_M) if len(battles.raters) != 1 else None,  # one is no majority
        attention(board, rng) if people else None,
        kinds_of_taste(board, rng) if people else (),
    )


def page(found: Card, words: Words = ENGLISH) -> str:
    """Return the card as one self-contained HTML page, in the language that `words` speak."""
    return page_of(title(found.name), sections(found), intro=intro(found.board), words=words)


def title(name: str) -> str:
    """Return what the page is called."""
    return say("What {name} says about its models", name=name)


def in_short(board: Arena) -> tuple[str, ...]:
    """Say what the board is sure of, the most important first."""
    order_M = board.order_M
    models = [board.models[m] for m in order_M]
    said = [claims.leaders(models, board.ranks.low_M[order_M]), board.decided()]
    first = int(order_M[0])
    said.append(
        claims.place(models[0], int(board.ranks.low_M[first]), int(board.ranks.high_M[first]), len(models))
    )
    below = [int(m) for m in order_M if board.ranks.above_M_M[first, m]]
    if below:
        share = board.win_share(models[0], board.models[below[0]])
        said.append(claims.wins(models[0], board.models[below[0]], *share))
    if (gap := board.neighbours()[0]) and not gap.apart:
        said.append(claims.gap_sentence(gap))
    said += [say("Note: {note}.", note=note) for note in board.notes]
    return tuple(said)


def intro(board: Arena) -> str:
    """Say how much a board rests on."""
    battles = board.battles
    told = [
        counted("{count:,} comparison", "{count:,} comparisons", len(battles)),
        counted("of {count:,} model", "of {count:,} models", len(battles.models)),
    ]
    if battles.raters:
        told.append(counted("by {count:,} person", "by {count:,} people", len(battles.raters)))
    if battles.items:
        told.append(counted("on {count:,} prompt", "on {count:,} prompts", len(battles.items)))
    return say("{what}.", what=joined(told))


def sections(found: Card) -> Iterator[Figure | Passage]:
    """Give what the page shows, part by part: for a page of one's own."""
    board = found.board
    yield Passage(say("In short"), in_short(board))
    yield card_plots.rank_sets(board)
    gaps = board.neighbours()[:NEIGHBOURS]
    yield Passage(
        say("From the top down: who is better than the next?"), [claims.gap_sentence(g) for g in gaps]
    )
    if found.shares:
        yield Passage(say("For how many people?"), [*found.shares, SHARES, *found.kinds])
    if found.head_to_head is not None and len(board.models) > 2:
        first = board.models[int(board.order_M[0])]
        yield Passage(say("Without one number for each model"), found.head_to_head.sentences(first))
    if found.slices:
        lines = [
            counted(
                "{name} ({count:,} vote): {leaders}",
                "{name} ({count:,} votes): {leaders}",
                part.votes,
                name=part.name,
                leaders=part.leaders,
            )
            for part in found.slices
        ]
        yield Passage(say("Slice by slice, each by its own votes alone"), lines)
    yield Passage(
        say("How people voted"), [*_habits(board), *(found.panel.sentences() if found.panel else ())]
    )
    if found.attention is not None:
        yield card_plots.attention(found.attention)
        yield Passage(say("How many votes were read, and what they are worth"), *_worth(found))
    if found.look is not None:
        yield Passage(say("What style is worth"), look_sentences(found.look, board), rows=_style_rows(found))
    yield Passage(say("What an audit finds"), audit_sentences(found.audit, named=found.panel is None))
    yield Passage(say("What would change this"), found.changes)
    yield plots.standings(board.board())
    yield Passage(say("What has to hold for this"), HOLDS)
    yield Passage(say("What this page does not say"), NOT_SAID)


def _worth(found: Card) -> tuple[list[str], list[dict[str, object]]]:
    """Return what is said of votes read, and a row a model: raw votes, votes read, what they are worth."""
    if found.attention is None:
        return [], []
    board, read = found.board, found.attention
    rows: list[dict[str, object]] = []
    for m in board.order_M:
        read_S = read.effective_M_S[m]
        rows.append(
            {
                "model": board.models[m],
                "votes": f"{read.votes_M[m]:,}",
                "of these read": f"{read_S[0]:,.0f}",
                "by other assumptions": f"{read_S.min():,.0f} – {read_S.max():,.0f}",
                "worth as independent votes": f"{read.independent_M[m]:,.0f}",
            }
        )
    return list(read.sentences()), rows


def audit_sentences(findings: Sequence[Finding], *, named: bool = True) -> list[str]:
    """Return what was asked and what came out, warnings first; where people stay unnamed, nobody is."""
    mark = {
        "refused": say("Refused"),
        "warning": say("Look at this"),
        "unknown": say("Not known"),
        "fine": say("Fine"),
    }
    asked = [each for each in findings if named or each.check != "bots"]
    ordered = sorted(asked, key=lambda each: list(mark).index(each.state))
    return [say("{mark}: {sentence}", mark=mark[each.state], sentence=each.sentence) for each in ordered]


def _style_rows(found: Card) -> list[dict[str, object]]:
    """Return the range of each rating over the adjustments for style, best first, the leaders only."""
    board, span = found.board, found.look
    if span is None:
        return []
    elo_M_3 = board.elo_M_3()
    return [
        {
            "model": board.models[m],
            "rating": f"{elo_M_3[m, 1]:.0f}",
            "with style taken out": f"{span.elo_M_2[m, 0]:.0f} – {span.elo_M_2[m, 1]:.0f}",
            "by chance alone": f"{elo_M_3[m, 0]:.0f} – {elo_M_3[m, 2]:.0f}",
        }
        for m in board.order_M[:NEIGHBOURS]
    ]


def _habits(board: Arena) -> list[str]:
    battles = board.battles
    share = dict(zip(OUTCOMES, np.bincount(battles.outcomes_N, minlength=4) / len(battles), strict=True))
    said: list[str] = [
        say("{share:.0%} of the votes are ties; they count as ties, not as half wins.", share=share["tie"])
    ]
    if share["both_bad"]:
        bad = share["both_bad"]
        said.append(say("{share:.0%} say that both answers are bad, which lowers both.", share=bad))
    decided = share["a"] + share["b"]
    if decided:
        first = share["a"] / decided
        said.append(say("Of the others {share:.0%} choose the answer in the first column.", share=first))
    if battles.raters:
        votes_R = np.sort(np.bincount(battles.rater_N))[::-1]
        few = max(round(len(votes_R) / 10), 1)
        cast = votes_R[:few].sum() / len(battles)
        said.append(
            counted(
                "The {count} person with the most votes cast {cast:.0%} of them; half of all people cast "
                "{half} or fewer.",
                "The {count} people with the most votes cast {cast:.0%} of them; half of all people cast "
                "{half} or fewer.",
                few,
                cast=cast,
                half=int(np.median(votes_R)),
            )
        )
        if "rater" in board.clustered_by:
            said.append(
                say("The votes of a person are taken together: voting often does not make one person two.")
            )
    else:
        said.append(
            say("Who voted is not known, so one person who voted a hundred times counts as a hundred.")
        )
    return said


def _slices(battles: Battles, column: str, rng: np.random.Generator) -> list[Slice]:
    code_N, names = battles.coded(column)
    if len([name for name in names if name]) < 2:
        return []
    found = []
    votes_S = np.bincount(code_N, minlength=len(names))
    for place in np.argsort(-votes_S, kind="stable"):
        if names[place]:
            some = Battles.from_frame(battles.take(code_N == place).to_frame(), derived=battles.derived)
            found.append(_slice(slice_name(column, names[place]), some, rng))
    return found


def slice_name(column: str, value: str) -> str:
    """Name the slice of a column's value, so that the name can be said in another language.

    >>> slice_name("language", "ar"), slice_name("wing", "east")
    ('language: ar', 'wing: east')
    """
    if column == "language":
        return say("language: {value}", value=value)
    if column == "domain":
        return say("domain: {value}", value=value)
    return f"{column}: {value}"


def _slice(name: str, battles: Battles, rng: np.random.Generator) -> Slice:
    votes = len(battles)
    if votes < LEAST_VOTES:
        return Slice(name, votes, say("Too few votes to say anything."))
    try:
        board = arena(battles, rng)
    except BoardError:
        return Slice(name, votes, say("Some models never meet here, so they cannot be ranked."))
    order_M = board.order_M
    models = [board.models[m] for m in order_M]
    return Slice(name, votes, claims.leaders(models, board.ranks.low_M[order_M], 3))
