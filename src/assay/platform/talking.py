"""Models answer beside the threads that serve pages: one thread an answer, a few at a time.

Conversations and battles are answered alike; a battle also logs when its answers came.

Nothing looks for work. Whoever waits for an answer asks how far it has come, and that starts what nobody is
at: a new answer, and one that was left by a server that died. An idle server does nothing.
"""

from __future__ import annotations

import atexit
import logging
import os
import secrets
import threading
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace

from django.db import connection

from assay.errors import AssayError
from assay.inference import Endpoint, addresses
from assay.inference.embedded import embedded
from assay.inference.endpoint import StreamError
from assay.platform import one_at_a_time
from assay.platform.actions import arena as battles
from assay.platform.actions import turns as actions
from assay.platform.queries import arena, endpoints
from assay.platform.queries import turns as queries
from assay.wording import say

AT_ONCE = 8
"""Answers that a process reads at the same time; more wait for a place."""
EVERY_S = 0.2
"""How often what has come of an answer is written down."""
BEAT_S = 2.0
WITHIN_S = 180.0
SILENCE_S = 60.0
MAX_TOKENS = 1024
BOXED_TOKENS = 320
"""The small model does not know when to stop."""
TRIAL_S = 20.0
WARMTH = 0.7
"""The temperature in conversations."""


def _me() -> str:
    """Return what this process signs the answers with that it is at; a server forks its workers."""
    return f"{_SERVER}{os.getpid():x}"


@dataclass
class Said:
    """How far an answer has come, and how much of it is written down; `lost` where another writes it now."""

    text: str = ""
    written: str = ""
    lost: bool = False


_SERVER = secrets.token_hex(8)
_under_way: dict[int, Said] = {}
_guard = threading.Lock()
_writing = threading.Event()
_places = threading.BoundedSemaphore(AT_ONCE)
_box = ExitStack()
_boxed: list[Endpoint] = []
_opening = threading.Lock()
_log = logging.getLogger("assay.talking")


def start(numbers: Iterable[int]) -> None:
    """Begin to write these answers, where this process is not at them already."""
    for number in numbers:
        with _guard:
            if number in _under_way:
                continue
            if not _writing.is_set():
                _writing.set()
                threading.Thread(target=_keep_up, name="assay-talk-writer", daemon=True).start()
            _under_way[number] = Said()
        # Daemons, so that a model that says nothing does not keep a server from stopping.
        threading.Thread(target=_run, args=(number,), name="assay-talk", daemon=True).start()


def _run(number: int) -> None:
    try:
        with _places:
            answer(number)
    except Exception:  # noqa: BLE001 -- the thread goes on to the next answer; this one is taken up again
        _log.exception("an answer of a conversation could not be written")
    finally:
        with _guard:
            _under_way.pop(number, None)
        connection.close()


@dataclass(frozen=True)
class Asked:
    """Who is to answer, and what they read."""

    url: str
    model: str
    key: str
    messages: list[dict[str, str]]
    temperature: float = WARMTH


def answer(number: int) -> None:
    """Take one answer, ask its model, and write down what it says while it says it."""
    with _turn():
        row = actions.take(number, worker=_me())
        asked = _asked(row) if row else None
    if row is None:
        return
    if asked is None:
        _fail(row, "gone", say("the model {name!r} is no longer in the project", name=row.author))
        return
    from assay.inference.streaming import stream  # noqa: PLC0415 -- a server may never ask a model

    said, begun, first = _under_way.get(number, Said()), time.monotonic(), None
    try:
        endpoint = _endpoint(asked.url, asked.model, asked.key)
        most = MAX_TOKENS if asked.url else BOXED_TOKENS
        pieces = stream(
            endpoint, asked.messages, max_tokens=most, temperature=asked.temperature, within_s=WITHIN_S
        )
        for piece in pieces:
            first = time.monotonic() - begun if first is None else first
            said.text += piece
            if said.lost:
                return
    except StreamError as wrong:
        _fail(row, wrong.fault, wrong.args[0], first, time.monotonic() - begun)
    except AssayError as wrong:
        _fail(row, "unreachable", wrong.args[0], first, time.monotonic() - begun)
    except Exception as wrong:
        _fail(
            row,
            "broken",
            say("our own mistake: {name}", name=type(wrong).__name__),
            first,
            time.monotonic() - begun,
        )
        raise
    else:
        seconds = time.monotonic() - begun
        with _turn():
            if actions.finish(number, worker=_me(), text=said.text.strip(), seconds=seconds):
                battles.answered(row, first_s=first, seconds=seconds)


def _asked(row: arena.Answer) -> Asked | None:
    """Return who answers at a turn, of a battle or of a conversation; `None` where they are gone."""
    if voice := arena.voice(row):
        model = voice.entrant
        return Asked(model.url, model.model, model.key, voice.messages, model.temperature)
    known = endpoints.known(row.project_id, row.author)
    return Asked(known.url, known.model, known.key, queries.asked(row)) if known else None


def try_entrant(project: endpoints.Project, number: int) -> str:
    """Ask a model of an arena for a few words while others are served, and return what it says."""
    model = arena.entrant(project, number)
    return _tried(model.url, model.model, model.key)


def try_out(project: endpoints.Project, number: int) -> str:
    """Ask a model of a project for a few words while others are served, and return what it says."""
    known = endpoints.numbered(project, number)
    return _tried(known.url, known.model, known.key)


def _tried(url: str, model: str, key: str) -> str:
    from assay.inference.streaming import stream  # noqa: PLC0415 -- as above

    with one_at_a_time.stepped_aside():
        endpoint = replace(_endpoint(url, model, key), timeout_s=TRIAL_S)
        asked = [{"role": "user", "content": "Say hello in one short sentence."}]
        return "".join(stream(endpoint, asked, max_tokens=40, within_s=TRIAL_S)).strip()


def _fail(
    row: arena.Answer, fault: str, problem: str, first: float | None = None, seconds: float = 0.0
) -> None:
    with _turn():
        if actions.fail(row.pk, worker=_me(), fault=fault, problem=problem):
            battles.answered(row, first_s=first, seconds=seconds, fault=fault)


def _keep_up() -> None:
    """Write down what arrives, and say that this process lives, while it is at something."""
    beaten = time.monotonic()
    while True:
        time.sleep(EVERY_S)
        with _guard:
            if not _under_way:
                _writing.clear()
                break
        try:
            write_down()
            if time.monotonic() - beaten >= BEAT_S:
                beaten = time.monotonic()
                with _turn():
                    actions.beat(sorted(_under_way), worker=_me())
        except Exception:  # noqa: BLE001 -- the next time may pass
            _log.exception("the database did not take what a model said")
    connection.close()


def write_down() -> None:
    """Write down how far each answer of this process has come, where that is further than before."""
    with _guard:
        new = [(number, said, said.text) for number, said in _under_way.items() if said.text != said.written]
    for number, said, text in new:
        with _turn():
            said.lost = not actions.write(number, worker=_me(), text=text)
        said.written = text


def _turn() -> AbstractContextManager[None]:
    """Wait for our turn where requests take turns, on SQLite; PostgreSQL needs none."""
    return one_at_a_time.held() if connection.vendor == "sqlite" else nullcontext()


def _endpoint(url: str, model: str, key: str) -> Endpoint:
    if not url:
        return _embedded()
    found = Endpoint(url, model, key=key or None, timeout_s=SILENCE_S)
    addresses.check(found)
    return found


def _embedded() -> Endpoint:
    """Return the small model in the box, started once in the life of a process."""
    with _opening:
        if not _boxed:
            _boxed.append(_box.enter_context(embedded()))
        return _boxed[0]


@atexit.register
def close() -> None:
    """Stop the small model, if it was started."""
    with _opening:
        _boxed.clear()
        _box.close()
