"""Which work one person is given next: by language, skill, need, doubt and context."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import log2

from numpy.random import Generator

WORK, PILOT, TRIAL, GOLD, TRAINING = "work", "pilot", "trial", "gold", "training"

UNKNOWN = 0.5
"""Doubt about a work of which nothing is known: its likeliest label is as likely wrong as right."""

NEED = 0.1
"""What a work that lacks one last judgment is worth more than an untouched one, in bits.

So much does a person with a skill of 0.7 tell more than one with 0.6: where people are alike works are
finished one by one, and where they are not, each does what they are good at.
"""

OTHERS = 0.9
"""How surely somebody else would judge a work that this person leaves. What they would find out is not lost,
so it is taken off: people get what they are better at than others, not what anybody could do."""

STRANGER = (2.0, 1.0)
"""Beta prior of somebody of whom nothing is known: right two times in three, anything from 0.16 to 0.99."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A work that still takes judgments.

    `taken` counts its judgments and the people at work on it, of `cap` that it takes. `doubt` is the last
    known probability that its verdict is wrong, `None` where it has none. `use` is `work`, `pilot`, `trial`,
    `gold` or `training`. Works of one `series` go to the same person one after the other, by `place`.
    """

    work: str
    language: str
    taken: int
    domain: str = ""
    cap: int = 3
    doubt: float | None = None
    use: str = WORK
    series: str = ""
    place: int = 0


@dataclass(frozen=True, slots=True)
class Ability:
    """How often a person is right in one language and domain: posterior mean and 95 % interval.

    A blank language (or `und`) or domain means: over all of them.
    """

    mean: float
    low: float
    high: float
    language: str = ""
    domain: str = ""

    def draw(self, rng: Generator) -> float:
        """Draw from the posterior, as the Beta distribution with this mean and width.

        >>> import numpy as np
        >>> draws = [Ability(0.8, 0.7, 0.9).draw(np.random.default_rng(seed)) for seed in range(200)]
        >>> round(float(np.mean(draws)), 1)
        0.8
        """
        mean = min(max(self.mean, 1e-3), 1 - 1e-3)
        variance = max(((self.high - self.low) / 3.92) ** 2, 1e-9)
        strength = max(mean * (1 - mean) / variance - 1, 1.0)
        return float(rng.beta(mean * strength, (1 - mean) * strength))


def speaks(languages: Collection[str], tag: str) -> bool:
    """Say whether somebody who declared `languages` reads `tag`; both are BCP-47.

    A person who declares `es` reads `es-AR`; one who declares `es-AR` is trusted with plain `es`. Nothing
    declared, or an undetermined tag, closes no door.

    >>> speaks({"es"}, "es-AR"), speaks({"es-AR"}, "es"), speaks({"es-AR"}, "es-MX"), speaks((), "fr")
    (True, True, False, True)
    """
    if not languages or tag == "und":
        return True
    tag = tag.lower()
    return any(
        own == tag or tag.startswith(f"{own}-") or own.startswith(f"{tag}-")
        for own in (language.lower() for language in languages)
    )


def information(doubt: float, skill: float) -> float:
    """Return by how many bits one vote is expected to reduce the doubt about a verdict.

    The vote says whether the likeliest label is the right one, and is right with probability `skill`: mutual
    information of vote and truth. A guess (0.5) tells nothing, and nothing is left to tell without doubt.

    >>> round(information(0.5, 1.0), 3), information(0.5, 0.5), round(information(0.1, 0.8), 3)
    (1.0, 0.0, 0.105)
    """
    says_so = (1 - doubt) * skill + doubt * (1 - skill)
    return max(_entropy(says_so) - _entropy(skill), 0.0)


def _entropy(share: float) -> float:
    if not 0 < share < 1:
        return 0.0
    return -share * log2(share) - (1 - share) * log2(1 - share)


def mix(candidates: Iterable[Candidate], *, share: float, rng: Generator) -> list[Candidate]:
    """Return the candidates of the use that is next for a person: training, known works, or wanted ones.

    Training comes first: all of it that the person has not done; wanted works of a trial, which others wait
    for, come before the rest. Then each work is, with probability `share`,
    one whose answer is known (gold; a check of attention is gold that nobody misses who reads). The draw is
    made anew each time, so that nobody can count when one is due. Where no wanted work is left nothing is
    given: gold alone would cost without telling anything about works.

    >>> import numpy as np
    >>> open_works = [Candidate("w", "en", 0), Candidate("g", "en", 0, use="gold")]
    >>> rng = np.random.default_rng(1)
    >>> [mix(open_works, share=0.3, rng=rng)[0].work for _ in range(6)]
    ['w', 'w', 'g', 'w', 'w', 'w']
    """
    by_use: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        by_use.setdefault(candidate.use, []).append(candidate)
    wanted = by_use.get(TRIAL) or by_use.get(WORK, []) + by_use.get(PILOT, [])
    if not wanted:
        return []
    if training := by_use.get(TRAINING):
        return training
    gold = by_use.get(GOLD)
    return gold if gold and rng.random() < share else wanted


def order(
    candidates: Iterable[Candidate],
    *,
    languages: Collection[str],
    rng: Generator,
    abilities: Sequence[Ability] = (),
    crowd: float | None = None,
    after: tuple[str, int] | None = None,
) -> list[str]:
    """Return the ids of the works this person may be given, the most wanted first.

    1. The next place of the series that this person judged last, so that context is kept; of other series
       only the first open place.
    2. The rest by what this person's vote is worth there: the information expected of it, less what somebody
       else's would bring (`OTHERS`), plus what the work lacks (`NEED`). So doubtful works go to those who are
       better than others, people work in the domains and languages that they are good at, and where all are
       alike works are finished one by one.
    3. Among equals the order is drawn, so that neighbours in an import are not all judged by the same people.

    A skill is drawn from its posterior (Thompson sampling), so that people are tried where little is known of
    them, and less the more is known. Somebody unknown has one skill, drawn from `STRANGER`.

    Parameters
    ----------
    abilities
        What is known of the person. A work is looked up by language and domain, then language, then domain,
        then over all.
    crowd
        Skill to expect of somebody else; without it, as of a stranger.
    after
        Series and place of the work this person judged last.

    Source: Thompson, Biometrika 25 (1933); value as the reduction of doubt: Welinder & Perona, CVPR workshops
    (2010); doubtful works to better people: Donmez & Carbonell, CIKM (2008).

    >>> import numpy as np
    >>> open_works = [Candidate("new", "en", 0), Candidate("begun", "en-GB", 2), Candidate("other", "fr", 2)]
    >>> order(open_works, languages={"en"}, rng=np.random.default_rng(7))
    ['begun', 'new']
    >>> verse = [Candidate("ode", "en", 2, "odes"), Candidate("haiku", "en", 0, "haiku")]
    >>> known = [Ability(0.9, 0.88, 0.92, domain="haiku"), Ability(0.6, 0.58, 0.62, domain="odes")]
    >>> order(verse, languages=(), rng=np.random.default_rng(7), abilities=known, crowd=0.7)
    ['haiku', 'ode']
    """
    offered = list(candidates)
    readable = {tag: speaks(languages, tag) for tag in {each.language for each in offered}}
    fitting = _openings([each for each in offered if readable[each.language]])
    known = {(_any(each.language), each.domain): each for each in abilities}
    skills = {cell: ability.draw(rng) for cell, ability in known.items()}
    stranger = float(rng.beta(*STRANGER))
    others = STRANGER[0] / sum(STRANGER) if crowd is None else crowd

    @cache  # most works on offer are alike in all of this
    def told(language: str, domain: str, doubt: float) -> float:
        cells = ((language, domain), (language, ""), ("", domain), ("", ""))
        own = next((skills[cell] for cell in cells if cell in skills), stranger)
        # A skill below one half still tells something, but nobody is sent where they are wrong on purpose.
        return information(doubt, max(own, 0.5)) - OTHERS * information(doubt, max(others, 0.5))

    def worth(candidate: Candidate) -> float:
        doubt = UNKNOWN if candidate.doubt is None else candidate.doubt
        bits = told(_any(candidate.language), candidate.domain, doubt)
        return bits + NEED * candidate.taken / max(candidate.cap, 1)

    def follows(candidate: Candidate) -> bool:
        return after is not None and candidate.series == after[0] != "" and candidate.place > after[1]

    draws = rng.random(len(fitting))
    ranked = sorted(
        zip(fitting, draws, strict=True),
        key=lambda pair: (not follows(pair[0]), -round(worth(pair[0]), 9), pair[1]),
    )
    return [candidate.work for candidate, _ in ranked]


def _any(language: str) -> str:
    return "" if language == "und" else language.lower()


def _openings(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Leave of each series the first open place only."""
    first: dict[str, Candidate] = {}
    for each in candidates:
        if each.series and (each.series not in first or each.place < first[each.series].place):
            first[each.series] = each
    return [each for each in candidates if not each.series or first[each.series] is each]
