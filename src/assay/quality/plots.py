"""What quality looks like: people with their intervals, and where skilled people are split."""

from __future__ import annotations

from collections.abc import Sequence

from assay.figures import Figure, intervals, specification
from assay.records import Skill, Verdict


def skills(skills: Sequence[Skill]) -> Figure:
    """Draw every person's share of right votes with its 95 % interval, the most surely reliable first.

    >>> from assay.records import Skill
    >>> skills([Skill("ann", "better", 0.9, 0.8, 0.95, 40)]).rows[0]["votes"]
    40
    """
    ranked = sorted(skills, key=lambda skill: (skill.question, -skill.low, skill.rater))
    rows = [
        {
            "rater": skill.rater,
            "question": skill.question,
            "right": skill.mean,
            "low": skill.low,
            "high": skill.high,
            "votes": skill.votes,
        }
        for skill in ranked
    ]
    measure = (
        "known answers" if any(skill.against == "gold" for skill in skills) else "what the others came to"
    )
    return intervals(
        "How often each person is right",
        f"Dot: estimate; line: 95 % interval, wide where votes are few. Measured against {measure}.",
        rows,
        name="rater",
        middle="right",
        low="low",
        high="high",
        axis={"title": "share of right votes", "format": ".0%", "orient": "top"},
        scale={"domain": [0, 1]},
        facet="question",
    )


def contest(verdicts: Sequence[Verdict]) -> Figure:
    """Draw how many verdicts there are at each degree of contest.

    >>> from assay.records import Verdict
    >>> contest([Verdict("i", "better", "a", 0.9, {"a": 0.9, "b": 0.1}, 3, 0.95, "majority")]).rows[-1]
    {'contest': '0.9–1.0', 'verdicts': 1}
    """
    counts = [0] * 10
    for verdict in verdicts:
        counts[min(int(verdict.contest * 10), 9)] += 1
    rows = [
        {"contest": f"{step / 10:.1f}–{(step + 1) / 10:.1f}", "verdicts": count}
        for step, count in enumerate(counts)
    ]
    title = "How split skilled people are"
    caption = "0: they agree; 1: they are split evenly. On the right are the works to read first."
    encoding = {
        "x": {
            "field": "contest",
            "type": "ordinal",
            "sort": None,
            "title": "contest",
            "axis": {"labelAngle": 0},
        },
        "y": {"field": "verdicts", "type": "quantitative", "title": "verdicts", "axis": {"tickMinStep": 1}},
        "tooltip": [{"field": "contest", "title": "contest"}, {"field": "verdicts", "title": "verdicts"}],
    }
    mark = {"type": "bar", "cornerRadiusEnd": 2}
    spec = specification(rows, f"{title}. {caption}", height=160, mark=mark, encoding=encoding)
    return Figure(title, caption, spec, rows)
