"""Mail and chat as pages: what came, what was sent, who said what under what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.environments.showing.markup import (
    Html,
    folded,
    join,
    listed,
    own,
    pairs,
    slug,
    table,
    tag,
    text,
    when,
)
from assay.environments.showing.parts import MOST, Drawn, by, find, more
from assay.environments.world import World
from assay.wording import say


def inbox(world: World) -> Drawn:
    """Return the mailbox: what came, then what was sent."""
    parts: list[Html] = []
    for folder, called in (("inbox", say("Inbox")), ("sent", say("Sent"))):
        rows = find(world, "SELECT * FROM email WHERE folder = ? ORDER BY id DESC LIMIT ?", folder, MOST)
        parts.append(tag("h2", called, f" ({len(rows):,})"))
        parts += [_mail(world, row) for row in rows] or [tag("p", say("Nothing."), class_="soft")]
    return say("Mail"), join((*parts, more(world, "email", MOST)))


def _mail(world: World, row: Mapping[str, Any]) -> Html:
    new = join((" ", tag("strong", say("new"), class_="good"))) if not row["seen"] else ""
    summary = join((by(world, row["author"], row["created_at"]), new, " ", own(row["subject"])))
    about = {say("recipients"): row["recipients"], say("thread"): row["thread"], say("number"): row["id"]}
    return folded(summary, pairs(about), text(row["body"]))


def channels(world: World) -> Drawn:
    """Return the channels and the talks of two people."""
    known = {row["id"]: row["topic"] for row in find(world, "SELECT id, topic FROM channel ORDER BY id")}
    said = find(
        world,
        "SELECT channel, count(*) AS many, max(created_at) AS last FROM message"
        " GROUP BY channel ORDER BY channel",
    )
    counts = {row["channel"]: row for row in said}
    rows = []
    for channel in dict.fromkeys([*known, *counts]):
        found = counts.get(channel, {"many": 0, "last": None})
        shown = channel if channel.startswith("@") else f"#{channel}"
        rows.append(
            {
                say("channel"): tag("a", own(shown), href=f"chat-{slug(channel)}.html"),
                say("what it is for"): known.get(channel, say("between two people")),
                say("messages"): f"{found['many']:,}",
                say("the latest"): when(found["last"]),
            }
        )
    return say("Chat"), table(say("Channels"), rows)


def channel(world: World, key: str) -> Drawn:
    """Return a channel: messages in order, answers under what they answer."""
    rows = find(world, "SELECT * FROM message WHERE channel = ? ORDER BY id DESC LIMIT ?", key, MOST)[::-1]
    here = {row["id"] for row in rows}
    under: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        if row["thread"] in here:
            under.setdefault(row["thread"], []).append(row)

    def said(row: Mapping[str, Any], depth: int = 0) -> Html:
        answers = under.get(row["id"], []) if depth < 3 else []
        inner = listed((said(each, depth + 1) for each in answers), class_="talk") if answers else ""
        return join((by(world, row["author"], row["created_at"]), text(row["text"]), inner))

    begun = [row for row in rows if row["thread"] not in here or row["thread"] == row["id"]]
    title = key if key.startswith("@") else f"#{key}"
    if not rows:
        return title, tag("p", say("Nobody has said anything."), class_="soft")
    return title, listed(map(said, begun), class_="talk")
