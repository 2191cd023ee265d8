"""Asking a model for whole replies, one or many at once."""

from __future__ import annotations

import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx

from assay.inference.endpoint import Endpoint, Failure, InferenceError, Message, Reply, conversation
from assay.wording import say

CONNECT_SECONDS = 10.0
BACKOFF_SECONDS = 0.5
"""The first wait after a failure that names none; each further one is twice as long."""
LONGEST_WAIT = 60.0
"""Nobody watches a progress bar stand still for longer: a server that asks for more is given up on."""

_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
_EXCERPT = 160
_LISTED = 12


def _client(endpoint: Endpoint) -> httpx.Client:
    host = httpx.URL(endpoint.base_url).host
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    return httpx.Client(
        headers={"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {},
        timeout=httpx.Timeout(endpoint.timeout_s, connect=min(CONNECT_SECONDS, endpoint.timeout_s)),
        trust_env=not local,  # a proxy from the environment cannot know our own machine's ports
        verify=_trusted(not local),
    )


@cache
def _trusted(environment: bool) -> ssl.SSLContext:
    """Return whose certificates are believed, read once: it takes longer than all else of an answer."""
    return httpx.create_ssl_context(trust_env=environment)


def _excerpt(endpoint: Endpoint, text: str) -> str:
    """Return the beginning of what a server said on one line, without the key it may have echoed."""
    if endpoint.key:
        text = text.replace(endpoint.key, "[key]")
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT else f"{line[:_EXCERPT]}…"


def _complaint(response: httpx.Response) -> tuple[str, str]:
    """Return the message and the code of an error body in any of the shapes that servers give it."""
    try:
        body = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return response.text, ""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        return str(error.get("message") or error.get("detail") or error), str(error.get("code") or "")
    return str(error), ""


def _known_models(endpoint: Endpoint, client: httpx.Client) -> list[str]:
    try:
        listed = client.get(endpoint.url("models")).json()["data"]
        return sorted({str(entry["id"]) for entry in listed})
    except (httpx.HTTPError, json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        return []  # the list only makes the message better


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that a Retry-After header asks for, in either of its two forms."""
    given = response.headers.get("Retry-After", "").strip()
    if not given:
        return None
    try:
        return max(0.0, float(given))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(given)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _unknown(endpoint: Endpoint, client: httpx.Client) -> InferenceError:
    where, known = endpoint.base_url, _known_models(endpoint, client)
    if not known:
        return InferenceError(
            say(
                "{where} knows neither its models nor {model!r}; check the address, then the name",
                where=where,
                model=endpoint.model,
            ),
            hopeless=True,
        )
    shown = ", ".join(known[:_LISTED]) + (", …" if len(known) > _LISTED else "")
    text = say(
        "{where} has no model {model!r}; it offers: {shown}", where=where, model=endpoint.model, shown=shown
    )
    return InferenceError(text, hopeless=True)


def _refusal(endpoint: Endpoint, client: httpx.Client, response: httpx.Response) -> InferenceError:
    """Turn an unhappy status into a sentence that says what to do."""
    status, where = response.status_code, endpoint.base_url
    if status in (401, 403):
        # The body is left out: some servers echo the key they were given, cut in their own way.
        advice = say("check the key") if endpoint.key else say("it wants a key; set ASSAY_API_KEY")
        return InferenceError(
            say(
                "{where} refused us with status {status}; {advice}", where=where, status=status, advice=advice
            ),
            hopeless=True,
        )
    message, code = _complaint(response)
    said = _excerpt(endpoint, message)
    if status == 404 or code == "model_not_found":
        return _unknown(endpoint, client)
    if status == 429:
        advice = say("{where} wants fewer requests; lower the concurrency, or try later", where=where)
        text = say("{advice} ({said})", advice=advice, said=said) if said else advice
        return InferenceError(text, again=True, after=_retry_after(response))
    if status in _TRY_AGAIN:
        return InferenceError(
            say(
                "{where} failed with status {status}; try later, or read its log ({said})",
                where=where,
                status=status,
                said=said,
            ),
            again=True,
            after=_retry_after(response),
        )
    if response.is_redirect:
        target = _excerpt(endpoint, response.headers.get("Location", "elsewhere"))
        return InferenceError(
            say("{where} points to {target}; use that address if you trust it", where=where, target=target),
            hopeless=True,
        )
    return InferenceError(
        say(
            "{where} did not accept the request (status {status}): {said}",
            where=where,
            status=status,
            said=said,
        )
    )


def _reply(endpoint: Endpoint, response: httpx.Response, seconds: float) -> Reply:
    where = endpoint.base_url
    try:
        body: Any = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError) as rubbish:
        raise InferenceError(
            f"{where} answered with something other than JSON ({_excerpt(endpoint, response.text)!r}); "
            "is it the address of an OpenAI-compatible server?"
        ) from rubbish
    choices = body.get("choices") if isinstance(body, dict) else None
    if not isinstance(choices, list) or not choices:
        raise InferenceError(
            f"{where} answered without a choice ({_excerpt(endpoint, response.text)!r}); "
            "is it the address of an OpenAI-compatible server?"
        )
    try:
        text, reason = choices[0]["message"]["content"], choices[0].get("finish_reason")
    except (KeyError, TypeError, AttributeError) as wrong:
        raise InferenceError(
            f"{where} answered with a choice that has no message; check its version"
        ) from wrong
    if not isinstance(text, str):
        raise InferenceError(
            f"{where} answered without text (it stopped with {reason!r}); raise max_tokens, or ask another"
        )
    usage = body.get("usage")
    tokens = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return Reply(
        text=text,
        model=str(body.get("model") or endpoint.model),
        finish_reason=str(reason or "unknown"),
        tokens=tokens if isinstance(tokens, int) else None,
        seconds=seconds,
    )


def _ask_once(endpoint: Endpoint, client: httpx.Client, body: Mapping[str, object]) -> Reply:
    where, begun = endpoint.base_url, time.perf_counter()
    try:
        response = client.post(endpoint.url("chat/completions"), json=body)
    except httpx.ConnectTimeout as late:
        raise InferenceError(
            f"{where} cannot be reached; check the address and the network", hopeless=True
        ) from late
    except httpx.TimeoutException as late:
        # Not asked again: what was too slow once is too slow again, and may be paid for twice.
        raise InferenceError(
            f"{where} did not answer in {endpoint.timeout_s:g} s; ask for fewer tokens, or raise the timeout"
        ) from late
    except httpx.ConnectError as refused:
        raise InferenceError(
            f"nothing answers at {where}; start the server or fix the address", hopeless=True
        ) from refused
    except httpx.TransportError as broken:
        raise InferenceError(
            f"{where} broke off before it answered; try later, or read its log", again=True
        ) from broken
    if not response.is_success:
        raise _refusal(endpoint, client, response)
    return _reply(endpoint, response, time.perf_counter() - begun)


def _ask(
    endpoint: Endpoint,
    client: httpx.Client,
    body: Mapping[str, object],
    *,
    attempts: int,
    stop: threading.Event,
    count: Callable[[int], None] = lambda _: None,
) -> Reply:
    wait = BACKOFF_SECONDS
    for attempt in range(1, attempts + 1):
        count(attempt)
        try:
            return _ask_once(endpoint, client, body)
        except InferenceError as error:
            if not error.again or attempt == attempts:
                raise
            pause = wait if error.after is None else error.after
            if pause > LONGEST_WAIT:
                raise InferenceError(f"{error}; it asks for a pause of {pause:.0f} s") from error
            if stop.wait(pause):
                raise
            wait = min(2 * wait, LONGEST_WAIT)
    raise InferenceError("attempts must be at least 1")


def _body(
    endpoint: Endpoint, messages: Sequence[Message], max_tokens: int, temperature: float, seed: int | None
) -> dict[str, object]:
    if not messages:
        raise InferenceError("there is nothing to ask; give at least one message")
    body: dict[str, object] = {
        "model": endpoint.model,
        "messages": [dict(message) for message in messages],
        "max_tokens": max_tokens,
        "temperature": temperature,
    }
    return body if seed is None else {**body, "seed": seed}


def ask(
    endpoint: Endpoint,
    messages: Sequence[Message],
    *,
    max_tokens: int = 256,
    temperature: float = 0.0,
    seed: int | None = None,
    attempts: int = 1,
) -> Reply:
    """Ask once, and wait for the whole answer.

    Parameters
    ----------
    max_tokens
        After this many tokens the answer is cut off.
    temperature
        0 always takes the likeliest token.
    seed
        Where the server honours it, the same seed gives the same answer; `None` leaves it out of the request.
    attempts
        How often to try in all where the server is busy or broken.

    Raises
    ------
    InferenceError
        In one sentence that says what to do.

    >>> ask(Endpoint("http://127.0.0.1:9", "tiny"), conversation("Are dogs real?"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    assay.inference.endpoint.InferenceError: nothing answers at http://127.0.0.1:9; start the server ...
    """
    body = _body(endpoint, messages, max_tokens, temperature, seed)
    with _client(endpoint) as client:
        return _ask(endpoint, client, body, attempts=attempts, stop=threading.Event())


def answers(
    endpoint: Endpoint,
    prompts: Sequence[str | Sequence[Message]],
    *,
    max_tokens: int = 256,
    temperature: float = 0.0,
    seed: int | None = None,
    system: str = "",
    concurrency: int = 4,
    attempts: int = 4,
    on_done: Callable[[int, Reply | Failure], None] | None = None,
) -> list[Reply | Failure]:
    """Ask many prompts, a few at a time, and return one outcome for each, in their order.

    A busy or broken server is asked again, up to `attempts` times, after the wait it names or a growing one.
    One prompt's failure takes nothing from the others; only where it shows that all would fail (nobody there,
    a wrong key, an unknown model) those not yet asked are left alone and get the same reason.

    Parameters
    ----------
    prompts
        Texts, or whole conversations; `system` is put before the texts only.
    seed
        The same for every prompt, so that an answer does not depend on its neighbours in the list.
    on_done
        Called in the caller's thread with the place in the list and its outcome, as each arrives.

    >>> answers(Endpoint("http://127.0.0.1:9", "tiny"), ["Are dogs real?"])[0].attempts
    1
    """
    if concurrency < 1 or attempts < 1:
        raise InferenceError("concurrency and attempts must be at least 1")
    bodies = [
        _body(
            endpoint,
            conversation(prompt, system=system) if isinstance(prompt, str) else prompt,
            max_tokens,
            temperature,
            seed,
        )
        for prompt in prompts
    ]
    outcomes: dict[int, Reply | Failure] = {}
    stop = threading.Event()
    reasons: list[str] = []  # why it stopped: the first hopeless error

    def work(body: Mapping[str, object]) -> Reply | Failure:
        if stop.is_set():
            return Failure(reasons[0] if reasons else "not asked: the run was broken off", attempts=0)
        tried = 0

        def count(attempt: int) -> None:
            nonlocal tried
            tried = attempt

        try:
            return _ask(endpoint, client, body, attempts=attempts, stop=stop, count=count)
        except InferenceError as error:
            if error.hopeless:
                reasons.append(str(error))
                stop.set()
            return Failure(str(error), attempts=tried)

    with _client(endpoint) as client, ThreadPoolExecutor(concurrency, "assay-ask") as threads:
        places = {threads.submit(work, body): place for place, body in enumerate(bodies)}
        try:
            for future in as_completed(places):
                place = places[future]
                outcomes[place] = future.result()
                if on_done is not None:
                    on_done(place, outcomes[place])
        except BaseException:
            # An interrupt, or a callback that failed: those under way finish, nothing more is asked.
            stop.set()
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    return [outcomes[place] for place in range(len(bodies))]
