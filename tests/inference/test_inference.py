"""Asking a model, against a scripted OpenAI-compatible server on loopback."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from assay.inference import Endpoint, Failure, InferenceError, Reply, answers, ask, asking, conversation


@dataclass(frozen=True)
class Said:
    """One scripted response. `body` is sent as it is, or as JSON where it is not text."""

    body: Any = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    hang_up: bool = False
    after: Callable[[], object] = bool
    """What to wait for before it is sent."""


def said(text: str, *, tokens: int = 3, after_s: float = 0.0, after: Callable[[], object] = bool) -> Said:
    """Return a well-formed reply."""
    return Said(
        {
            "model": "tiny",
            "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"completion_tokens": tokens},
        },
        after_s=after_s,
        after=after,
    )


Script = Callable[[dict[str, Any]], Said]
"""Takes the body of a chat request, gives what to answer."""


@dataclass
class Stub:
    base_url: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    most_at_once: int = 0
    at_once: int = 0


@contextmanager
def serving(script: Script | list[Said], *, models: list[str] | None = None) -> Iterator[Stub]:
    """Serve a script: a function of the request, or a list taken one by one."""
    lock = threading.Lock()
    queue = iter(script) if isinstance(script, list) else None

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/v1/models" and models is not None:
                self._send(Said({"data": [{"id": name} for name in models]}))
            else:
                self._send(Said({"error": {"message": "not found"}}, status=404))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                stub.asked.append(body)
                stub.headers.append(dict(self.headers.items()))
                stub.moments.append(time.monotonic())
                stub.at_once += 1
                stub.most_at_once = max(stub.most_at_once, stub.at_once)
                answer = next(queue) if queue is not None else script(body)  # type: ignore[operator]
            time.sleep(answer.after_s)
            answer.after()
            with lock:
                stub.at_once -= 1
            if answer.hang_up:
                self.close_connection = True
                self.connection.close()
                return
            self._send(answer)

        def _send(self, answer: Said) -> None:
            raw = (answer.body if isinstance(answer.body, str) else json.dumps(answer.body)).encode()
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the asker has gone: that is what the test of a time-out is about

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class names it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stub = Stub(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# ── one question ──


def test_a_reply_carries_the_text_and_what_it_cost() -> None:
    with serving([said("Dogs are real.", tokens=4)]) as stub:
        reply = ask(
            Endpoint(stub.base_url, "tiny", key="sesame"),
            conversation("Are dogs real?", system="Be brief."),
            max_tokens=9,
            temperature=0.5,
            seed=7,
        )

    assert (reply.text, reply.model, reply.finish_reason, reply.tokens) == (
        "Dogs are real.",
        "tiny",
        "stop",
        4,
    )
    assert reply.seconds > 0
    assert stub.asked == [
        {
            "model": "tiny",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Are dogs real?"},
            ],
            "max_tokens": 9,
            "temperature": 0.5,
            "seed": 7,
        }
    ]
    assert stub.headers[0]["Authorization"] == "Bearer sesame"


def test_a_server_that_counts_no_tokens_is_believed_all_the_same() -> None:
    with serving([Said({"choices": [{"message": {"content": "yes"}}]})]) as stub:
        reply = ask(Endpoint(stub.base_url, "tiny"), conversation("?"))

    assert (reply.text, reply.model, reply.finish_reason, reply.tokens) == ("yes", "tiny", "unknown", None)
    assert "seed" not in stub.asked[0]


@pytest.mark.parametrize(
    ("response", "sentence"),
    [
        (Said("<html>Welcome!</html>"), "something other than JSON ('<html>Welcome!</html>')"),
        (Said(b"\xff\xfe\xd8".decode("latin-1")), "something other than JSON"),
        (Said({"choices": []}), "answered without a choice"),
        (Said(["choices"]), "answered without a choice"),
        (Said({"choices": ["yes"]}), "a choice that has no message"),
        (
            Said({"choices": [{"message": {"content": None}, "finish_reason": "tool_calls"}]}),
            "answered without text (it stopped with 'tool_calls'); raise max_tokens, or ask another",
        ),
        (
            Said({"error": {"message": "max_tokens is too large"}}, status=400),
            "(status 400): max_tokens is too",
        ),
        (Said({"detail": "no such field"}, status=422), "(status 422): no such field"),
        (Said("", status=302, headers={"Location": "http://elsewhere/"}), "points to http://elsewhere/"),
        (Said("{" * 9_000, status=500), "failed with status 500; try later, or read its log ({{{"),
    ],
)
def test_an_answer_that_is_none_is_refused_in_one_sentence(response: Said, sentence: str) -> None:
    with serving([response]) as stub, pytest.raises(InferenceError) as raised:
        ask(Endpoint(stub.base_url, "tiny"), conversation("?"))

    assert sentence in str(raised.value)
    assert len(str(raised.value)) < 400
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_named_as_wrong_and_never_shown(status: int) -> None:
    endpoint_body = {"error": {"message": "Incorrect API key provided: sk-sesame"}}
    with serving([Said(endpoint_body, status=status)]) as stub, pytest.raises(InferenceError) as raised:
        ask(Endpoint(stub.base_url, "tiny", key="sk-sesame"), conversation("?"))

    assert str(raised.value) == f"{stub.base_url} refused us with status {status}; check the key"


def test_a_missing_key_is_asked_for() -> None:
    with serving([Said("", status=401)]) as stub, pytest.raises(InferenceError, match="set ASSAY_API_KEY"):
        ask(Endpoint(stub.base_url, "tiny"), conversation("?"))


def test_a_key_that_the_server_echoes_does_not_come_out_in_any_error() -> None:
    echo = Said({"error": {"message": "bad header: Bearer sk-sesame"}}, status=400)
    with serving([echo]) as stub, pytest.raises(InferenceError, match="bad header: Bearer") as raised:
        ask(Endpoint(stub.base_url, "tiny", key="sk-sesame"), conversation("?"))

    assert "sesame" not in str(raised.value)
    assert "sesame" not in repr(Endpoint(stub.base_url, "tiny", key="sk-sesame"))


def test_an_unknown_model_is_answered_with_the_known_ones() -> None:
    missing = Said({"error": {"message": "no such model"}}, status=404)
    with serving([missing], models=["tiny", "large"]) as stub, pytest.raises(InferenceError) as raised:
        ask(Endpoint(stub.base_url, "huge"), conversation("?"))

    assert str(raised.value) == f"{stub.base_url} has no model 'huge'; it offers: large, tiny"


def test_where_nothing_is_known_the_address_is_doubted_first() -> None:
    with (
        serving([Said("", status=404)]) as stub,
        pytest.raises(InferenceError, match="check the address, then"),
    ):
        ask(Endpoint(stub.base_url, "huge"), conversation("?"))


def test_a_server_that_hangs_is_left_after_the_timeout() -> None:
    with serving(lambda _: said("late", after_s=600)) as stub:
        with pytest.raises(InferenceError, match=r"did not answer in 0\.3 s; ask for fewer tokens"):
            ask(Endpoint(stub.base_url, "tiny", timeout_s=0.3), conversation("?"), attempts=3)
        until = time.monotonic() + 60
        while not stub.asked and time.monotonic() < until:  # a busy machine hears of it later
            time.sleep(0.01)

    assert len(stub.asked) == 1  # what was too slow is not paid for again


def test_nobody_there_is_said_so() -> None:
    with socket.socket() as held:  # nobody listens there, and nobody else can
        held.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{held.getsockname()[1]}/v1"

        with pytest.raises(InferenceError, match=f"nothing answers at {nowhere}; start the server"):
            ask(Endpoint(nowhere, "tiny"), conversation("?"), attempts=3)


@pytest.mark.parametrize(
    ("address", "options", "sentence"),
    [
        ("localhost:8000", {}, "begin it with http"),
        ("", {}, "begin it with http"),
        ("file:///etc/passwd", {}, "begin it with http"),
        ("http://ann:secret@models.example", {}, "pass the key apart"),
        ("http://models.example", {"key": "sk-1\r\nX-Evil: 1"}, "copy it again"),
        ("http://models.example", {"key": "sk-ü"}, "copy it again"),
        ("http://models.example", {"timeout_s": 0}, "above 0"),
    ],
)
def test_an_endpoint_that_cannot_be_one_is_refused_at_once(
    address: str, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InferenceError, match=sentence) as raised:
        Endpoint(address, "tiny", **options)

    assert "sk-" not in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_key_pasted_with_its_line_end_works() -> None:
    assert Endpoint("http://models.example", "tiny", key="sk-1\n").key == "sk-1"
    assert Endpoint("http://models.example", "tiny", key="  ").key is None


# ── many questions ──


def test_answers_keep_the_order_of_the_prompts_and_stay_within_the_concurrency() -> None:
    heard: list[int] = []
    three, fourth = threading.Barrier(3), threading.Event()

    def echo(body: dict[str, Any]) -> Said:
        """Answer the first three once all of them are there, and the first two after the third."""
        prompt = body["messages"][-1]["content"]
        if prompt == "d":
            fourth.set()
        after = {"a": lambda: three.wait() + fourth.wait(), "c": three.wait}
        return said(prompt.upper(), after=after.get("a" if prompt == "b" else prompt, bool))

    with serving(echo) as stub:
        outcomes = answers(
            Endpoint(stub.base_url, "tiny"),
            list("abcdefgh"),
            concurrency=3,
            on_done=lambda place, outcome: heard.append(place),
        )

    assert [outcome.text for outcome in outcomes if isinstance(outcome, Reply)] == list("ABCDEFGH")
    assert sorted(heard) == list(range(8))
    assert heard != list(range(8))  # they did finish in another order
    assert stub.most_at_once == 3


def test_a_busy_server_is_asked_again_after_the_pause_it_names() -> None:
    with serving([Said("", status=429, headers={"Retry-After": "0.3"}), said("now")]) as stub:
        (outcome,) = answers(Endpoint(stub.base_url, "tiny"), ["?"])

    assert isinstance(outcome, Reply)
    assert outcome.text == "now"
    assert stub.moments[1] - stub.moments[0] >= 0.3


def test_retry_after_is_understood_as_a_date_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "BACKOFF_SECONDS", 50.0)
    past = Said("", status=503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
    with serving([past, said("now")]) as stub:
        (outcome,) = answers(Endpoint(stub.base_url, "tiny"), ["?"])

    assert isinstance(outcome, Reply)
    assert stub.moments[1] - stub.moments[0] < 25


@pytest.mark.parametrize(
    "trouble", [Said("out of memory", status=500), Said("", status=502), Said(hang_up=True)]
)
def test_a_server_that_broke_is_asked_again(trouble: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "BACKOFF_SECONDS", 0.01)
    with serving([trouble, trouble, said("well again")]) as stub:
        (outcome,) = answers(Endpoint(stub.base_url, "tiny"), ["?"])

    assert isinstance(outcome, Reply)
    assert len(stub.asked) == 3


def test_trying_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "BACKOFF_SECONDS", 0.01)
    with serving(lambda _: Said("", status=500)) as stub:
        (outcome,) = answers(Endpoint(stub.base_url, "tiny"), ["?"], attempts=3)

    assert isinstance(outcome, Failure)
    assert outcome.attempts == len(stub.asked) == 3


def test_a_server_that_asks_for_an_hour_is_given_up_on() -> None:
    with serving(lambda _: Said("", status=429, headers={"Retry-After": "3600"})) as stub:
        (outcome,) = answers(Endpoint(stub.base_url, "tiny"), ["?"])

    assert isinstance(outcome, Failure)
    assert "it asks for a pause of 3600 s" in outcome.reason
    assert len(stub.asked) == 1


def test_one_failure_takes_nothing_from_the_others() -> None:
    def script(body: dict[str, Any]) -> Said:
        prompt = body["messages"][-1]["content"]
        return Said("prompt too long", status=400) if prompt == "b" else said(prompt)

    with serving(script) as stub:
        outcomes = answers(Endpoint(stub.base_url, "tiny"), ["a", "b", "c"])

    assert [type(outcome) for outcome in outcomes] == [Reply, Failure, Reply]
    assert outcomes[1] == Failure(
        f"{stub.base_url} did not accept the request (status 400): prompt too long", attempts=1
    )


def test_a_wrong_key_is_tried_once_not_a_hundred_times() -> None:
    with serving(lambda _: Said("", status=401, after_s=0.05)) as stub:
        outcomes = answers(Endpoint(stub.base_url, "tiny", key="no"), ["?"] * 100, concurrency=2)

    assert len(stub.asked) <= 2
    assert {outcome.reason for outcome in outcomes if isinstance(outcome, Failure)} == {
        f"{stub.base_url} refused us with status 401; check the key"
    }
    assert len(outcomes) == 100


def test_a_callback_that_fails_ends_the_asking() -> None:
    def fail(place: int, outcome: Reply | Failure) -> None:
        raise RuntimeError("the disk is full")

    with (
        serving(lambda _: said("yes", after_s=0.05)) as stub,
        pytest.raises(RuntimeError, match="disk is full"),
    ):
        answers(Endpoint(stub.base_url, "tiny"), ["?"] * 500, concurrency=2, on_done=fail)

    assert len(stub.asked) < 250


def test_whole_conversations_are_asked_as_they_are() -> None:
    told = [{"role": "user", "content": "Knock, knock."}, {"role": "assistant", "content": "Who is there?"}]
    with serving([said("Lettuce.")]) as stub:
        answers(
            Endpoint(stub.base_url, "tiny"),
            [[*told, {"role": "user", "content": "Go on."}]],
            system="Be kind.",
        )

    assert stub.asked[0]["messages"] == [*told, {"role": "user", "content": "Go on."}]


def test_no_prompts_are_no_trouble() -> None:
    assert answers(Endpoint("http://127.0.0.1:9", "tiny"), []) == []
