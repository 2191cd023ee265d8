"""Chat: channels, threads, and messages to one person."""

from __future__ import annotations

import re
from typing import Any

from assay.environments.apps import MOST, listed, search, told
from assay.environments.clock import SECOND
from assay.environments.desk import Desk
from assay.environments.errors import ToolError
from assay.environments.tools import App, tool


@tool(writes=False, costs=10 * SECOND)
def chat_channels(desk: Desk) -> dict[str, Any]:
    """List the channels."""
    return listed(desk.rows(f"SELECT id, topic FROM channel WHERE private = 0 ORDER BY id LIMIT {MOST}"))


@tool(writes=False, costs=20 * SECOND)
def chat_read(desk: Desk, channel: str, limit: int = 20) -> dict[str, Any]:
    """Read the latest messages of a channel, or of the talk with one person, the oldest first.

    Args:
        channel: its id, such as "incidents", or "@" and somebody's id
        limit: how many
    """
    place = _place(desk, channel)
    limit = min(max(limit, 1), MOST)
    rows = desk.table(
        "SELECT id, thread, author, text, created_at FROM message WHERE channel = ? ORDER BY id DESC LIMIT ?",
        place,
        limit + 1,
    )
    return told(rows, limit, turned=True)


@tool(writes=False, costs=15 * SECOND)
def chat_search(desk: Desk, query: str) -> dict[str, Any]:
    """Find messages that hold a text, the latest first.

    Args:
        query: the text
    """
    return search(
        desk,
        "SELECT id, channel, author, text, created_at FROM message WHERE +text LIKE ? ESCAPE '!'"
        " ORDER BY id DESC",
        query,
    )


@tool(writes=True, costs=30 * SECOND)
def chat_post(desk: Desk, channel: str, text: str, thread: int | None = None) -> dict[str, Any]:
    """Post a message in a channel, or to one person.

    Args:
        channel: its id, or "@" and somebody's id; whom it is for, name with @id in the text
        text: the message
        thread: the number of the message that is answered
    """
    place = _place(desk, channel)
    if not text.strip():
        raise ToolError("bad_arguments", "the message is empty")
    if thread is not None:
        desk.found("message", thread, "message")
    number = desk.put("message", channel=place, thread=thread, text=text)
    for person in called(channel, text):
        desk.later(
            desk.now, "said", to=person, by=desk.who, medium="chat", place=place, about=number, text=text
        )
    return {"message": number}


def called(channel: str, text: str) -> list[str]:
    """Return whom a message is for: the one it goes to, or those it names."""
    if channel.startswith("@"):
        return [channel[1:]]
    return sorted(set(re.findall(r"@([a-z][a-z0-9_-]*)", text)))


def talk(one: str, other: str) -> str:
    """Return the channel of two people."""
    return "@" + "+".join(sorted((one, other)))


def _place(desk: Desk, channel: str) -> str:
    if channel.startswith("@"):
        desk.found("person", channel[1:], "person")
        return talk(desk.who, channel[1:])
    desk.found("channel", channel.lstrip("#"), "channel")
    return channel.lstrip("#")


APP = App("chat", "chat", (chat_channels, chat_read, chat_search, chat_post))
