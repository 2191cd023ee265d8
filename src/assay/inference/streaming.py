"""Ask a model and read its answer while it writes.

Everything that a server can do instead of answering (stay silent, send a web page, half a character, lines
without an end) ends in a `StreamError` that says so in one sentence, with the `fault` in one word.
"""

from __future__ import annotations

import codecs
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from assay.inference.asking import _body, _client, _excerpt, _refusal
from assay.inference.endpoint import Endpoint, Message, StreamError
from assay.wording import say

LONGEST_LINE = 256 * 1024
"""A piece of an answer is a few words; a line of this length, in bytes, is something else."""

MOST_BYTES = 8 * 2**20
"""Of one answer with everything around it."""

ANSWER_MOST = 64_000
"""Characters of an answer; the rest is left away."""


def stream(
    endpoint: Endpoint,
    messages: Sequence[Message],
    *,
    max_tokens: int = 1024,
    temperature: float = 0.7,
    seed: int | None = None,
    within_s: float = 180.0,
    most: int = ANSWER_MOST,
) -> Iterator[str]:
    """Ask once, and give the answer piece by piece as it arrives.

    Parameters
    ----------
    within_s
        How long the whole answer may take, in seconds; a silence may last `endpoint.timeout_s`.
    most
        After this many characters the answer is cut off.

    Raises
    ------
    StreamError
        Where no answer comes, where it breaks off, or where something comes that is none. Pieces that came
        before are the caller's to keep or to forget.

    >>> list(stream(Endpoint("http://127.0.0.1:9", "tiny"), [{"role": "user", "content": "Are dogs real?"}]))
    Traceback (most recent call last):
    assay.inference.endpoint.StreamError: nothing answers at http://127.0.0.1:9; start it or fix the address
    """
    body = {**_body(endpoint, messages, max_tokens, temperature, seed), "stream": True}
    until, given, written = time.monotonic() + within_s, 0, False
    with _client(endpoint) as client:
        for piece in _pieces(endpoint, client, body, until):
            if not piece:
                continue
            written = written or not piece.isspace()
            yield piece[: most - given]
            given += len(piece)
            if given >= most:
                return
    if not written:
        raise StreamError(
            say("{where} finished without a word; ask again, or ask another", where=endpoint.base_url),
            "empty",
        )


def _pieces(endpoint: Endpoint, client: httpx.Client, body: dict[str, object], until: float) -> Iterator[str]:
    where = endpoint.base_url
    try:
        with client.stream("POST", endpoint.url("chat/completions"), json=body) as response:
            if not response.is_success:
                _read_some(response)
                raise StreamError(_refusal(endpoint, client, response).args[0], "refused")
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if kind == "application/json":  # it does not stream: the whole answer is one piece
                yield _whole(endpoint, b"".join(_bounded(endpoint, response, until)))
            else:
                yield from _events(endpoint, _lines(endpoint, response, until))
    except httpx.TimeoutException as late:
        if isinstance(late, httpx.ConnectTimeout):
            raise StreamError(
                say("{where} cannot be reached; check the address", where=where), "unreachable"
            ) from late
        raise StreamError(
            say("{where} fell silent for {seconds:g} s; try later", where=where, seconds=endpoint.timeout_s),
            "slow",
        ) from late
    except httpx.ConnectError as refused:
        raise StreamError(
            say("nothing answers at {where}; start it or fix the address", where=where), "unreachable"
        ) from refused
    except (httpx.TransportError, httpx.DecodingError) as broken:
        raise StreamError(
            say("{where} broke off halfway; try later, or read its log", where=where), "broken"
        ) from broken


def _read_some(response: httpx.Response) -> None:
    """Read the body of a refusal, up to a limit, where `httpx` looks for it."""
    read = b""
    for part in response.iter_bytes():
        read += part
        if len(read) > LONGEST_LINE:
            break
    response._content = read[:LONGEST_LINE]


def _bounded(endpoint: Endpoint, response: httpx.Response, until: float) -> Iterator[bytes]:
    size = 0
    for part in response.iter_bytes():
        if time.monotonic() > until:
            raise StreamError(
                say("{where} did not finish in time; ask for less", where=endpoint.base_url), "slow"
            )
        size += len(part)
        if size > MOST_BYTES:
            raise StreamError(
                say("{where} sends without an end; is it a model?", where=endpoint.base_url), "rubbish"
            )
        yield part


def _lines(endpoint: Endpoint, response: httpx.Response, until: float) -> Iterator[str]:
    """Give the lines of a stream of events, each whole, or refuse what is no text."""
    decoder, rest = codecs.getincrementaldecoder("utf-8")(), ""
    try:
        for part in _bounded(endpoint, response, until):
            rest += decoder.decode(part)
            *lines, rest = rest.split("\n")
            yield from (line.rstrip("\r") for line in lines)
            if len(rest) > LONGEST_LINE:
                raise StreamError(
                    say("{where} sends an endless line; is it a model?", where=endpoint.base_url), "rubbish"
                )
        yield rest + decoder.decode(b"", final=True)
    except UnicodeDecodeError as wrong:
        raise StreamError(
            say("{where} sends what is no text in UTF-8; is it a model?", where=endpoint.base_url), "rubbish"
        ) from wrong


def _events(endpoint: Endpoint, lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if not line or line.startswith((":", "event:", "id:", "retry:")):
            continue
        if not line.startswith("data:"):
            raise _strange(endpoint, line)
        data = line[5:].strip()
        if data == "[DONE]":
            return
        yield _delta(endpoint, data)


def _delta(endpoint: Endpoint, data: str) -> str:
    try:
        event: Any = json.loads(data)
    except (ValueError, RecursionError) as rubbish:
        raise _strange(endpoint, data) from rubbish
    if isinstance(event, dict) and event.get("error"):
        said = event["error"]
        text = str(said.get("message") or said) if isinstance(said, dict) else str(said)
        raise StreamError(
            say("{where} broke off: {said}", where=endpoint.base_url, said=_excerpt(endpoint, text)), "broken"
        )
    choices = event.get("choices") if isinstance(event, dict) else None
    if not isinstance(choices, list):
        raise _strange(endpoint, data)
    if not choices:  # a last event that counts tokens
        return ""
    delta = choices[0].get("delta") if isinstance(choices[0], dict) else None
    if not isinstance(delta, dict):
        raise _strange(endpoint, data)
    return _text(endpoint, delta.get("content"), data)


def _whole(endpoint: Endpoint, read: bytes) -> str:
    try:
        said: Any = json.loads(read)
        content = said["choices"][0]["message"]["content"]
    except (ValueError, RecursionError, KeyError, IndexError, TypeError) as rubbish:
        raise _strange(endpoint, read.decode("utf-8", "replace")) from rubbish
    return _text(endpoint, content, str(said))


def _text(endpoint: Endpoint, content: object, around: str) -> str:
    if content is None:
        return ""
    if not isinstance(content, str):
        raise _strange(endpoint, around)
    # JSON can spell what no database can hold: half of a character, and the null character.
    return content.encode("utf-8", "replace").decode().replace("\0", "")


def _strange(endpoint: Endpoint, said: str) -> StreamError:
    return StreamError(
        say(
            "{where} sends something that is no answer ({said!r}); is it the address of an OpenAI-compatible "
            "server?",
            where=endpoint.base_url,
            said=_excerpt(endpoint, said),
        ),
        "rubbish",
    )
