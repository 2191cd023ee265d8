"""The nouns that travel from station to station: frozen, plain, standard library only.

What acts on them stands in the stations; what keeps them stands in the platform.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Answer = Mapping[str, object]
"""What a person entered, as its kind has checked it; JSON values only."""

NOTHING: Mapping[str, object] = MappingProxyType({})

NOTHING_MEASURED: Mapping[str, float] = MappingProxyType({})

NOTHING_RATED: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Question:
    """One thing asked of a person, and the labels they can give.

    `ordered` says that the labels run from worst to best. `type` says what a vote is: `categorical` or
    `ordinal` (one of `labels`), `ratings` (a number from `low` to `high`), `spans` (a JSON list of
    [start, end)), `rankings` (a JSON list from the best down, ties as a list within), `texts` or `boxes`.
    `several` lets a person give more than one label. `sourced` asks where an answer is known from.
    `compares` says that the labels a, b, … stand for the samples of a work, in their order, so that a vote
    says which one won.
    """

    name: str
    text: str
    labels: tuple[str, ...] = ()
    ordered: bool = False
    type: str = "categorical"
    low: float | None = None
    high: float | None = None
    several: bool = False
    sourced: bool = False
    compares: bool = False


@dataclass(frozen=True, slots=True)
class WorkedExample:
    """A case shown to contributors together with the principle that decides it."""

    prompt: str
    answer: str
    great: bool
    because: str


@dataclass(frozen=True, slots=True)
class Pay:
    """What a judgment earns, or an hour of work; `currency` is an ISO 4217 code."""

    amount: float
    currency: str
    per: Literal["judgment", "hour"] = "judgment"


@dataclass(frozen=True, slots=True)
class Live:
    """Two models answer while a person waits, and the person compares what they say: a battle.

    `own` says whether people write prompts of their own; where they do not, prompts are the project's items.
    `follow_ups` is how often they may go on after the first answers. `reveal` says whether they may see, once
    they have voted, which models these were.
    """

    own: bool = True
    follow_ups: int = 0
    reveal: bool = False


@dataclass(frozen=True, slots=True)
class Brief:
    """What a project is for, in one version; a change is a new version, never an edit.

    `goal` says what the data is for, `principles` decide the cases that nobody foresaw. `great` says what
    answers that one remembers have, `ticks_boxes` what merely looks like them. `kind` names how a judgment is
    taken; `skills` are those wanted of contributors; `privacy` says what happens to what they write.
    `judgments_per_work` is the number of judgments that one piece of work begins with. `turns` says how many
    turns a conversation has, at least and at most. `live` lets models answer on the spot, where answers are
    compared.
    """

    project: str
    goal: str
    kind: str
    version: int = 1
    principles: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    examples: tuple[WorkedExample, ...] = ()
    languages: tuple[str, ...] = ()
    judgments_per_work: int = 3
    great: str = ""
    ticks_boxes: str = ""
    skills: tuple[str, ...] = ()
    privacy: str = ""
    pay: Pay | None = None
    turns: tuple[int, int] = (1, 10)
    live: Live | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """What is put in front of somebody. `language` is a BCP-47 tag, `und` where nobody said.

    `attachments` names the files that are shown with it. Items of one `series` (the pages of a document, the
    turns of a talk) are given to the same person one after the other, by `place`.
    """

    id: str
    prompt: str
    context: str = ""
    language: str = "und"
    domain: str = ""
    attachments: tuple[str, ...] = ()
    series: str = ""
    place: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """An answer to an item, by a model or a person (`author`)."""

    id: str
    item: str
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class Work:
    """One item waiting to be judged, with the samples that are judged together, in a fixed order."""

    id: str
    item: Item
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgment:
    """What one person said about one work, and what they could see; never edited, only superseded.

    `shown` lists the sample ids from left to right (or top to bottom); `seconds` is the time from the first
    sight of the work to the submission, `None` where nobody measured it.
    """

    id: str
    work: str
    rater: str
    kind: str
    answer: Answer
    brief_version: int = 1
    seconds: float | None = None
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vote:
    """A judgment as statistics see it. `item` is whatever the votes are about: here, the id of a work."""

    item: str
    rater: str
    question: str
    label: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the votes on one question come to, with its uncertainty and its method.

    `probability` is that of `label`, for a number that the true one lies within half a step of it; `contest`
    runs from 0 (the trusted raters agree) to 1 (they are split evenly over the labels). `posterior` gives the
    probability of each label; of a ranking, for each pair as JSON, ["x", "y"], that x is the better one.
    """

    item: str
    question: str
    label: str
    probability: float
    posterior: Mapping[str, float]
    votes: int
    contest: float
    method: str


@dataclass(frozen=True, slots=True)
class Skill:
    """How often one person is right on one question: posterior mean and 95 % interval.

    `against` says what "right" was measured with: `gold` or `verdicts`. Where being right is no matter of yes
    or no, `measure` says what the numbers are instead.
    """

    rater: str
    question: str
    mean: float
    low: float
    high: float
    votes: int
    against: Literal["gold", "verdicts"] = "verdicts"
    measure: str = ""


@dataclass(frozen=True, slots=True)
class Battle:
    """A comparison of two models on one item by one rater; `winner` is a, b, tie or both_bad.

    `order` says which answer stood first on the page: `ab` or `ba`. `renderer_a` and `renderer_b` name how
    each was shown. `propensity` is the chance that the draw had of choosing this pair (in (0, 1]; 1 where
    nothing was drawn). `strength` is how much better the winner was, on the scale of whoever asked; the names
    of `dimensions` are theirs too. `events` is what the page logged, each with at least a name and a time.
    """

    item: str
    model_a: str
    model_b: str
    winner: str
    rater: str = ""
    id: str = ""
    language: str = ""
    domain: str = ""
    order: Literal["ab", "ba"] = "ab"
    renderer_a: str = "as-is"
    renderer_b: str = "as-is"
    propensity: float = 1.0
    strength: float | None = None
    seconds: float | None = None
    dimensions: Mapping[str, float] = field(default_factory=lambda: NOTHING_MEASURED)
    reason: str = ""
    prompt: str = ""
    response_a: str = ""
    response_b: str = ""
    events: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """One model on a board, on the Elo scale, with its 95 % interval and the range of ranks it may hold."""

    model: str
    rating: float
    low: float
    high: float
    votes: int
    rank_low: int
    rank_high: int


@dataclass(frozen=True, slots=True)
class Example:
    """One row of a dataset, with the ids from which it can be traced back.

    `shape` says which of the text fields are filled: a `preference` has `chosen` and `rejected`, a
    `demonstration` has `completion`, a `rating` has `completion` and `ratings`. `weight` is the probability
    that the verdict behind the row is right (1 where there is no verdict to doubt). Where a row continues a
    conversation, `messages` holds it from its beginning (`role` and `content` each) up to `prompt`, which is
    the last of them.
    """

    id: str
    shape: Literal["preference", "demonstration", "rating"]
    prompt: str
    work: str
    judgments: tuple[str, ...]
    chosen: str = ""
    rejected: str = ""
    completion: str = ""
    ratings: Mapping[str, str] = field(default_factory=lambda: NOTHING_RATED)
    chosen_author: str = ""
    rejected_author: str = ""
    weight: float = 1.0
    language: str = "und"
    domain: str = ""
    method: str = ""
    brief_version: int = 1
    messages: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """What goes back to a person about their own work, in sentences, with the evidence behind them."""

    rater: str
    sentences: tuple[str, ...]
    judgments: int
    median_seconds: float | None
    skills: tuple[Skill, ...]
    contested: tuple[str, ...]
