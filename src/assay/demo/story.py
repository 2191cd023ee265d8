"""What has happened in the demo's project before you come: made up, like its people.

A pilot tried a brief that lacked two principles, its author settled what it turned up, and readers have read
some of what was said since. Here stands who says what; `assay.platform.actions.rehearsal` lets it happen
through the doors that people use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.records import Brief, Item

TRIED = 4
"""So many principles the first version had; what the pilot settles adds the rest."""

PILOT_PEOPLE, PILOT_WORKS = 3, 8

DAYS = 10
"""Over so many days the judgments came in, the pilot the day before them."""

SILENT = (
    ("", "Both say the same, one in twice the words. Is that a tie?"),
    ("both_bad", "I would send neither. Do I have to choose all the same?"),
)
"""What people said of works of the pilot that the brief does not decide, and the label that is right there:
blank for the one that most people gave. Each is settled by one of the principles that were missing."""

SLIPPED = "One of three slipped: the principles that we have decide this case, and two saw it."
"""Why the author dismissed what else the pilot turned up."""

TALK = Brief(
    project="talk-it-over",
    goal="Find out what a small model can be talked into, and where it would rather guess than ask.",
    kind="conversation",
    principles=(
        "Ask what you would really ask; a test that nobody would ever put to it tells little.",
        "A model that says that it does not know is worth more than one that guesses well.",
    ),
    turns=(1, 4),
    judgments_per_work=3,
    languages=("en",),
)
TALK_ABOUT = (
    Item("mend", "Get advice on mending something at home, and ask back where it is vague.", language="en"),
    Item("trip", "Plan a day in a town that you know well. Does it make streets up?", language="en"),
    Item("letter", "Write a letter together that you have put off for weeks.", language="en"),
)
"""A second project, for you: nobody has talked yet."""

SEND = Brief(
    project="send-it-or-not",
    goal="Find out which answers of a small model one could send as they stand.",
    kind="pairwise",
    principles=(
        "Help first: what the person can do, understand or feel in the next minute beats what is longer.",
        "True before beautiful: a mistake that somebody would act on outweighs any charm.",
    ),
    judgments_per_work=10,
    languages=("en",),
)
RULE = (
    "Say that both are bad when you would be sorry to send either; say that they tie only when you would not "
    "mind which one is sent."
)
"""A third project tries two versions of its brief on the same works, the second of which has this rule."""

ASKED = "Do people agree more when the brief says when both answers are bad?"
NEWCOMERS, EACH = 28, 5
"""So many people are dealt to the two versions, and so many of either judge a work."""

REVIEWERS = ("ines", "yusuf", "ananya")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a second reader made of one judgment of somebody's; `appeal` is what its author said to that.

    `turned` says that the reader chose the other answer. `decision` is what a third person said about the
    appeal, and `upheld` for whom; blank where it still waits for you.
    """

    reader: str
    author: str
    outcome: Literal["accepted", "edited", "returned"]
    reason: str = ""
    appeal: str = ""
    decision: str = ""
    upheld: bool = False


READINGS = (
    Reading("ines", "neema", "accepted"),
    Reading("yusuf", "amadou", "accepted", "Short, and it names the detail that decides."),
    Reading("ananya", "baraka", "accepted"),
    Reading(
        "ines",
        "tereza",
        "edited",
        "The other one helps in the next minute; this one is only longer. Help first.",
        "Mine has more in it, and somebody who asks wants to know it all.",
        "Every sentence costs the reader time: the shorter one loses nothing that matters.",
    ),
    Reading(
        "yusuf",
        "kyle",
        "returned",
        "Two seconds are not enough to read two answers. Please read both, and say why.",
    ),
    Reading(
        "ananya",
        "rohan",
        "edited",
        "It is longer and says less. One exact detail is worth three general truths.",
        "It answers all parts of the question, which the other one does not.",
    ),
)

BROKEN = ("jun", "The second answer stops in the middle of a sentence. Is something missing?")
ANSWERED = "Nothing is missing: it was cut off there, and stands as it came. Judge what you see."
OPEN_FLAG = ("salma", "This question is asked in two dialects at once. Which one should the answer be in?")
