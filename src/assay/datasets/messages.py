"""What was said before an answer, as lists of messages: the form that trainers read."""

from __future__ import annotations

from assay.records import Example


def asked(example: Example) -> list[dict[str, str]]:
    """Return the messages that an answer follows: the conversation so far, or the prompt alone.

    >>> asked(Example("1", "preference", "Why?", "w", ("j",), chosen="a", rejected="b"))
    [{'role': 'user', 'content': 'Why?'}]
    """
    return [dict(message) for message in example.messages] or [{"role": "user", "content": example.prompt}]
