"""Coworkers who follow a script: they hear, take their time, know some things, and answer.

Their memory is in the tables, and what they say follows from the seed: scores are exact and cost nothing. Who
wants a language model to find the words puts it behind the same interface: it may choose among the same
intents and facts, and its choices are recorded and played back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from assay.environments import clock
from assay.environments.desk import Desk, Row

if TYPE_CHECKING:
    from assay.environments.world import World


@dataclass(frozen=True)
class Heard:
    """What somebody was told: by whom, where, and in which words."""

    to: str
    by: str
    medium: str
    place: str
    about: int
    text: str


@dataclass(frozen=True)
class Intent:
    """What a coworker will do: `tell` a fact, `review` a pull request, say that they do not `know`, …

    `about` is the fact's topic, or the number of the pull request. A topic "grant:" and a scope gives who
    asked that permission.
    """

    does: str
    says: str
    about: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What it comes to, in whatever words."""
        return self.does, self.about


class Voice(Protocol):
    """Chooses one of the intents that the script allows, and may put it in other words."""

    def choose(self, heard: Heard, person: Row, allowed: list[Intent]) -> Intent:
        """Return one of the allowed intents."""


def choices(allowed: list[Intent]) -> list[Intent]:
    """Return the intents that a voice may choose from, so that no score hangs on its choice.

    Among facts it may tell any, and none of them may be held back; who comes, reviews, gives a permission or
    knows nothing does just that.

    >>> told, knows_not = Intent("tell", "api 2.4.1 broke it", "release"), Intent("not-know", "No idea.")
    >>> choices([told, knows_not]) == [told], choices([knows_not]) == [knows_not]
    (True, True)
    """
    if allowed[0].does != "tell" or allowed[0].about.startswith("grant:"):
        return allowed[:1]
    return [each for each in allowed if each.does == "tell" and not each.about.startswith("grant:")]


class Scripted:
    """Takes the first intent that the script allows."""

    def choose(self, heard: Heard, person: Row, allowed: list[Intent]) -> Intent:
        return allowed[0]


class Coworkers:
    """Everybody in a world but the agent."""

    def __init__(self, world: World, voice: Voice | None = None) -> None:
        self._world, self._voice = world, voice or Scripted()
        world.handle("said", self._hear)
        world.handle("answers", self._answer)

    def _hear(self, desk: Desk, payload: dict[str, Any]) -> None:
        """Somebody is told something: they read it when they work, or their mailbox answers for them."""
        heard = Heard(**payload)
        person = desk.one("SELECT * FROM person WHERE id = ?", heard.to)
        script = self._script(heard.to)
        if person is None or script is None or heard.to == self._world.agent:
            return
        away = desk.one(
            "SELECT ends, stand_in FROM absence WHERE person = ? AND begins <= ? AND ends > ?",
            heard.to,
            desk.now,
            desk.now,
        )
        if away:
            if heard.medium == "mail":
                stands_in = f" Meanwhile {away['stand_in']} stands in." if away["stand_in"] else ""
                self._say(desk, heard, f"I am away until {clock.shown(away['ends'])}.{stands_in}")
            return
        delay = script["delay"] // 2 + self._world.stream("reads", heard.to, heard.about, desk.now).below(
            max(script["delay"], 1)
        )
        # A page wakes people; everything else waits until they work.
        at = desk.now + delay if heard.medium == "page" else clock.next_work(desk.now, person["zone"]) + delay
        desk.later(at, "answers", **payload)

    def _answer(self, desk: Desk, payload: dict[str, Any]) -> None:
        heard = Heard(**payload)
        person, script = desk.one("SELECT * FROM person WHERE id = ?", heard.to), self._script(heard.to)
        if person is None or script is None:
            return
        open_to = choices(self._allowed(heard, script))
        said = self._voice.choose(heard, person, open_to)
        # A voice has words, and which of several facts it tells first; what is done is the script's.
        intent = next((each for each in open_to if each.key == said.key), open_to[0])
        self._world.note_coworker(heard.to, intent.does)
        self._do(desk, heard, intent, said.says)
        self._say(desk, heard, said.says)

    def _do(self, desk: Desk, heard: Heard, intent: Intent, words: str) -> None:
        """Do what an intent does beside saying something."""
        if intent.about.startswith("grant:"):
            scope = intent.about.removeprefix("grant:")
            desk.put("permission", by=heard.to, person=heard.by, scope=scope, level="write")
        elif intent.does == "review":
            desk.put(
                "review",
                by=heard.to,
                pull_request=int(intent.about),
                verdict="approve" if intent.says.startswith("Approved") else "change",
                text=words,
            )

    def _allowed(self, heard: Heard, script: Row) -> list[Intent]:
        """Return what the script allows, what it would do first."""
        if heard.medium == "page":
            return [Intent("come", f"I am on it. ({heard.place})")]
        if script["asked"] >= script["patience"]:
            return [Intent("weary", "I have answered a lot today; please look it up or ask somebody else.")]
        # A full stop after a word is none of it, but one within a version is.
        said = set(re.findall(r"[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?", heard.text.lower()))
        told = [] if "review" not in said else self._reviews(heard)
        for fact in self._world.hidden("SELECT * FROM fact WHERE holder = ? ORDER BY id", heard.to):
            if set(fact["words"].split()) <= said:
                sure = self._world.stream("recalls", heard.to, fact["id"]).chance(script["reliability"])
                text = fact["text"] if sure or not fact["spoilt"] else fact["spoilt"]
                told.append(Intent("tell", text, fact["topic"]))
        return [*told, Intent("not-know", "I do not know about that, sorry.")]

    def _reviews(self, heard: Heard) -> list[Intent]:
        """Return the review that somebody is asked for: approval where the tests of the request passed."""
        named = re.search(r"(?:pull(?: request)?|pr)\s*#?\s*(\d{1,9})|#(\d{1,9})", heard.text.lower())
        if named is None:
            return []
        number = named[1] or named[2]
        rows = self._world.hidden(
            "SELECT status, (SELECT status FROM ci_run WHERE repo = pull_request.repo AND"
            " branch = pull_request.branch ORDER BY id DESC LIMIT 1) AS tests FROM pull_request"
            " WHERE id = ? AND author != ? AND status = 'open'",
            int(number),
            heard.to,
        )
        if not rows:
            return [Intent("not-know", f"I find no open pull request {number} that I could review.")]
        if rows[0]["tests"] == "passed":
            return [Intent("review", f"Approved {number}: the tests pass and it does what it says.", number)]
        return [Intent("review", f"Please have the tests of {number} pass first.", number)]

    def _script(self, person: str) -> Row | None:
        found = self._world.hidden("SELECT * FROM coworker WHERE person = ?", person)
        return found[0] if found else None

    def _say(self, desk: Desk, heard: Heard, text: str) -> None:
        """Answer where it was asked, and let the agent notice."""
        if heard.medium == "mail":
            row = desk.one("SELECT subject FROM email WHERE id = ?", heard.about)
            sender = desk.one("SELECT email FROM person WHERE id = ?", heard.by)
            desk.put(
                "email",
                by=heard.to,
                thread=int(heard.place),
                recipients=(sender or {"email": heard.by})["email"],
                subject=f"Re: {row['subject'] if row else ''}",
                body=text,
                folder="inbox",
                seen=0,
            )
            about = "mail"
        elif heard.medium == "page":
            desk.put("incident_entry", by=heard.to, incident=heard.place, text=text)
            about = "incident"
        else:
            desk.put("message", by=heard.to, channel=heard.place, thread=heard.about, text=text)
            about = "chat"
        if heard.by == self._world.agent:
            desk.put(
                "notice", by=heard.to, source=about, about=heard.place, text=f"{heard.to}: {text}", seen=0
            )
