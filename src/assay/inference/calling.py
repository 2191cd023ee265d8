"""Ask a model that may call tools, many conversations at once.

Speaks the tools of the chat interface, or plain text for models that were never taught them. What a model
says is taken as it comes: calls that cannot be read are given back with what is wrong with them, and only a
server that gives nothing to read is an error.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal

import httpx

from assay.inference.asking import (
    BACKOFF_SECONDS,
    CONNECT_SECONDS,
    LONGEST_WAIT,
    _client,
    _excerpt,
    _known_models,
    _refusal,
)
from assay.inference.endpoint import Endpoint, InferenceError

Speech = Literal["tools", "text"]
"""How a model calls: by the tools of the interface, or by writing JSON into its text."""

MOST_CALLS = 32
"""Calls of one turn; a model that asks for more repeats itself."""

MOST_TEXT = 64_000
"""Characters of a turn that are kept."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool that a model wants called; `wrong` says why it cannot be, empty where it can."""

    id: str
    tool: str
    arguments: Mapping[str, Any]
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a model said at once. Tokens are `None` where the server does not count them."""

    text: str
    calls: tuple[Call, ...] = ()
    reasoning: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    seconds: float = 0.0


class Caller:
    """A connection to a model for many conversations at once. Use as an asynchronous context manager.

    Parameters
    ----------
    speech
        "text" for models without tool calling: they get the tools as text, and answer with
        ``{"tool": …, "arguments": …}``.
    attempts
        How often to ask in all where the server is busy, broken, or answers with rubbish.
    most_chars
        Of a conversation; the oldest answers of tools are cut first.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        speech: Speech = "tools",
        max_tokens: int = 2048,
        temperature: float = 0.0,
        seed: int | None = None,
        attempts: int = 5,
        most_chars: int = 400_000,
    ) -> None:
        if attempts < 1:
            raise InferenceError("attempts must be at least 1")
        self.endpoint, self.speech, self.most_chars = endpoint, speech, most_chars
        self._attempts = attempts
        self._settings: dict[str, Any] = {
            "model": endpoint.model,
            "max_tokens": max_tokens,
            "temperature": temperature,
        }
        if seed is not None:
            self._settings["seed"] = seed
        self._http: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Caller:
        host = httpx.URL(self.endpoint.base_url).host
        try:
            local = ipaddress.ip_address(host).is_loopback
        except ValueError:
            local = host == "localhost"
        key, silence = self.endpoint.key, self.endpoint.timeout_s
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(silence, connect=min(CONNECT_SECONDS, silence), pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            trust_env=not local,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.aclose()

    async def turn(self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]) -> Turn:
        """Return what the model says next.

        Raises
        ------
        InferenceError
            Where there is no answer after all attempts; `hopeless` where no conversation would get one.
        """
        shortened = _fitting(messages, self.most_chars)
        if self.speech == "tools":
            offered = [{"type": "function", "function": dict(tool)} for tool in tools]
            body = {**self._settings, "messages": shortened, "tools": offered}
        else:
            body = {**self._settings, "messages": _as_text(shortened, tools)}
        wait = BACKOFF_SECONDS
        for attempt in range(1, self._attempts + 1):
            try:
                return await self._once(body)
            except InferenceError as error:
                if not error.again or attempt == self._attempts:
                    raise
                pause = wait if error.after is None else error.after
                if pause > LONGEST_WAIT:
                    raise InferenceError(f"{error}; it asks for a pause of {pause:.0f} s") from error
                await asyncio.sleep(pause)
                wait = min(2 * wait, LONGEST_WAIT)
        raise InferenceError("attempts must be at least 1")

    async def _once(self, body: Mapping[str, Any]) -> Turn:
        if self._http is None:
            raise InferenceError("open the caller with `async with` before it is asked")
        where, begun = self.endpoint.base_url, time.perf_counter()
        try:
            response = await self._http.post(self.endpoint.url("chat/completions"), json=body)
        except (httpx.ConnectTimeout, httpx.ConnectError) as nobody:
            raise InferenceError(
                f"nothing answers at {where}; start the server or fix the address", hopeless=True
            ) from nobody
        except httpx.TimeoutException as late:
            raise InferenceError(
                f"{where} did not answer in {self.endpoint.timeout_s:g} s; ask for fewer tokens,"
                " or raise the timeout"
            ) from late
        except httpx.TransportError as broken:
            raise InferenceError(
                f"{where} broke off before it answered; try later, or read its log", again=True
            ) from broken
        if not response.is_success:
            raise await asyncio.to_thread(self._refused, response)
        try:
            said: Any = response.json()
            message = said["choices"][0]["message"]
            if not isinstance(message, dict):
                raise TypeError
        except (json.JSONDecodeError, UnicodeDecodeError, LookupError, TypeError) as rubbish:
            raise InferenceError(
                f"{where} answered with something other than a message"
                f" ({_excerpt(self.endpoint, response.text)!r}); is it an OpenAI-compatible server?",
                again=True,
            ) from rubbish
        return self._read(message, said.get("usage"), time.perf_counter() - begun)

    def _refused(self, response: httpx.Response) -> InferenceError:
        with _client(self.endpoint) as client:  # an unknown model is named beside those that are known
            return _refusal(self.endpoint, client, response)

    def _read(self, message: Mapping[str, Any], usage: object, seconds: float) -> Turn:
        text = _text(message.get("content"))
        if self.speech == "text":
            call = _call_in(text)
            calls: tuple[Call, ...] = () if call is None else (call,)
        else:
            asked = message.get("tool_calls")
            calls = tuple(
                _call(each, place)
                for place, each in enumerate((asked if isinstance(asked, list) else [])[:MOST_CALLS])
            )
        reasoning = message.get("reasoning_content") or message.get("reasoning")
        counted = usage if isinstance(usage, dict) else {}
        return Turn(
            text,
            calls,
            reasoning[:MOST_TEXT] if isinstance(reasoning, str) else "",
            _whole(counted.get("prompt_tokens")),
            _whole(counted.get("completion_tokens")),
            seconds,
        )


def models(endpoint: Endpoint) -> list[str]:
    """Return the names of the models that a server offers; none where it does not say.

    >>> models(Endpoint("http://127.0.0.1:9", "?"))
    []
    """
    with _client(endpoint) as client:
        return _known_models(endpoint, client)


def assistant(turn: Turn) -> dict[str, Any]:
    """Return a turn as a message of the conversation; calls that cannot be read stand without arguments.

    >>> assistant(Turn("", (Call("c1", "look", {"at": 3}),)))["tool_calls"][0]["function"]
    {'name': 'look', 'arguments': '{"at": 3}'}
    """
    message: dict[str, Any] = {"role": "assistant", "content": turn.text}
    if turn.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {
                    "name": call.tool,
                    "arguments": json.dumps(dict(call.arguments), ensure_ascii=False),
                },
            }
            for call in turn.calls
        ]
    return message


def answered(call: Call, text: str) -> dict[str, Any]:
    """Return what a tool answered as a message of the conversation."""
    return {"role": "tool", "tool_call_id": call.id, "content": text}


def _call(asked: object, place: int) -> Call:
    """Read one call, however odd it is."""
    whole = asked if isinstance(asked, dict) else {}
    function = whole.get("function")
    function = function if isinstance(function, dict) else {}
    name, given = function.get("name"), function.get("arguments")
    key = whole.get("id")
    key = key if isinstance(key, str) and key else f"call-{place + 1}"
    if not isinstance(name, str) or not name:
        return Call(key, "unnamed", {}, "the call names no tool")
    name = name[:100]
    if isinstance(given, str):
        try:
            given = json.loads(given or "{}")
        except ValueError as wrong:
            return Call(key, name, {}, f"the arguments are no JSON ({wrong}); write one JSON object")
        except RecursionError:
            return Call(key, name, {}, "the arguments are nested too deeply; write one flat JSON object")
    if given is None:
        given = {}
    if not isinstance(given, dict):
        return Call(key, name, {}, 'the arguments are no JSON object; write {"name": value}')
    return Call(key, name, given)


def _call_in(text: str) -> Call | None:
    """Find the first JSON object in a text that names a tool; `None` where the text holds none."""
    decoder = json.JSONDecoder()
    place = text.find("{")
    while place >= 0:
        try:
            found, _ = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict) and "tool" in found:
            return _call(
                {"function": {"name": found["tool"], "arguments": found.get("arguments", {})}}, place=0
            )
        place = text.find("{", place + 1)
    if '"tool"' in text:
        return Call("call-1", "unnamed", {}, 'write one JSON object: {"tool": "…", "arguments": {…}}')
    return None


def _text(content: object) -> str:
    if isinstance(content, list):  # parts, as some servers give them
        content = "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content[:MOST_TEXT] if isinstance(content, str) else ""


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _fitting(messages: Sequence[Mapping[str, Any]], most: int) -> list[dict[str, Any]]:
    """Cut the oldest answers of tools, then the oldest turns, until a conversation is short enough."""
    kept = [dict(message) for message in messages]
    size = sum(map(_size, kept))
    for message in kept[:-1]:
        if size <= most:
            return kept
        if message["role"] == "tool" and len(message["content"]) > len(_CUT):
            size -= len(message["content"]) - len(_CUT)
            message["content"] = _CUT
    while size > most and len(kept) > _LEAST:
        # A turn goes with its answers: servers refuse an answer to a call that they do not see.
        end = 3
        while end < len(kept) and kept[end]["role"] == "tool":
            end += 1
        size -= sum(map(_size, kept[2:end]))
        del kept[2:end]
    return kept


_CUT = "(left out: too long ago)"
_LEAST = 5


def _size(message: Mapping[str, Any]) -> int:
    return len(message["content"]) + sum(
        len(call["function"]["arguments"]) + len(call["function"]["name"])
        for call in message.get("tool_calls", ())
    )


def _as_text(
    messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
) -> list[dict[str, str]]:
    """Write calls and answers as plain messages, and the tools behind the standing instruction."""
    lines = []
    for tool in tools:
        schema = tool["parameters"]
        given = ", ".join(name if name in schema["required"] else f"{name}?" for name in schema["properties"])
        lines.append(f"{tool['name']}({given})")
    how = 'Answer with one JSON object and nothing else: {"tool": "…", "arguments": {…}}\nTools:\n'
    told: list[dict[str, str]] = []
    for message in messages:
        role, content = message["role"], str(message["content"])
        if role == "system":
            told.append({"role": role, "content": f"{content}\n\n{how}{chr(10).join(lines)}"})
        elif role == "assistant":
            told.append({"role": role, "content": content or json.dumps(message.get("tool_calls", []))})
        elif told and told[-1]["role"] == "user":
            told[-1]["content"] += f"\n\n{content}"
        else:
            told.append({"role": "user", "content": content})
    return told
