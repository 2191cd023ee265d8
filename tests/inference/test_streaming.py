"""Reading an answer while it is written, from a scripted server on loopback."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from assay.inference import Endpoint, InferenceError, asking, conversation
from assay.inference.addresses import check
from assay.inference.streaming import StreamError, stream

ASKED = conversation("The moon?")


@contextmanager
def speaking(
    *parts: bytes, kind: str = "text/event-stream", status: str = "200 OK", hold: bool = False
) -> Iterator[str]:
    """Serve these bytes as the body of every answer, and close, or `hold` the line instead."""
    held = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            request = line.makefile("rb")
            length = next(int(row[15:]) for row in request if row.lower().startswith(b"content-length:"))
            while request.readline().strip():
                pass
            request.read(length)
            request.close()
            try:
                line.sendall(f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n\r\n".encode())
                for part in parts:
                    line.sendall(part)
                if hold:
                    held.wait()
            except OSError:
                pass
            line.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        held.set()
        listening.close()


def event(text: object) -> bytes:
    return f"data: {json.dumps({'choices': [{'delta': {'content': text}}]})}\n\n".encode()


def fault_of(
    *parts: bytes, timeout_s: float = 60.0, within_s: float = 120.0, **how: object
) -> tuple[str, str]:
    with speaking(*parts, **how) as url, pytest.raises(StreamError) as wrong:  # type: ignore[arg-type]
        list(stream(Endpoint(url, "tiny", timeout_s=timeout_s), ASKED, within_s=within_s))
    assert "\n" not in str(wrong.value)
    return wrong.value.fault, str(wrong.value)


def test_pieces_arrive_as_they_are_written_also_where_a_character_is_cut_in_two():
    moon = 'data: {"choices": [{"delta": {"content": "قمر 🌙"}}]}\n\n'.encode()
    parts = [
        event("The "),
        moon[:45],
        moon[45:],
        b": a comment\n\n",
        b'data: {"choices": []}\n\n',
        b"data: [DONE]\n\n",
    ]

    with speaking(*parts) as url:
        assert list(stream(Endpoint(url, "tiny"), ASKED)) == ["The ", "قمر 🌙"]


def test_a_server_that_does_not_stream_gives_its_answer_in_one_piece():
    body = json.dumps({"choices": [{"message": {"content": "A coin."}}]}).encode()

    with speaking(body, kind="application/json; charset=utf-8") as url:
        assert list(stream(Endpoint(url, "tiny"), ASKED)) == ["A coin."]


def test_an_answer_without_an_end_is_cut_off():
    with speaking(*[event("moon " * 100)] * 50) as url:
        assert len("".join(stream(Endpoint(url, "tiny"), ASKED, most=1234))) == 1234


@pytest.mark.parametrize(
    ("parts", "how", "fault"),
    [
        ([b"<!doctype html><html>hello</html>"], {"kind": "text/html"}, "rubbish"),
        ([b"data: {not json}\n\n"], {}, "rubbish"),
        ([b'data: {"choices": "none"}\n\n'], {}, "rubbish"),
        ([b'data: {"choices": [{"delta": {"content": 7}}]}\n\n'], {}, "rubbish"),
        ([b'data: {"choices": [7]}\n\n'], {}, "rubbish"),
        ([b"data: \xff\xfe\xff\n\n"], {}, "rubbish"),
        ([b"data: " + b"x" * 300_000], {}, "rubbish"),
        ([b"data: " + b"[" * 100_000 + b"\n\n"], {}, "rubbish"),
        ([b": " + b"x" * 60_000 + b"\n"] * 300, {}, "rubbish"),
        ([b"[1, 2]"], {"kind": "application/json"}, "rubbish"),
        ([b"data: [DONE]\n\n"], {}, "empty"),
        ([event("  \n")], {}, "empty"),
        ([], {}, "empty"),
        ([b'data: {"error": {"message": "out of memory"}}\n\n'], {}, "broken"),
        ([b"no"], {"status": "500 Oops"}, "refused"),
        ([b"{}"], {"status": "302 Found"}, "refused"),
        ([event("The ")], {"hold": True, "timeout_s": 0.3}, "slow"),
    ],
)  # fmt: skip
def test_whatever_a_server_sends_instead_of_an_answer_has_a_name_and_a_sentence(parts, how, fault):
    assert fault_of(*parts, **how)[0] == fault


def test_an_answer_that_takes_too_long_in_all_is_broken_off():
    assert fault_of(event("a"), event("b"), within_s=-1.0)[0] == "slow"


def test_nothing_there_is_said_and_a_key_is_never_repeated():
    with pytest.raises(StreamError) as wrong:
        list(stream(Endpoint("http://127.0.0.1:9", "tiny"), ASKED))
    assert wrong.value.fault == "unreachable"
    with speaking(b"you sent secret-key", kind="text/plain") as url, pytest.raises(StreamError) as told:
        list(stream(Endpoint(url, "tiny", key="secret-key"), ASKED))
    assert "secret-key" not in str(told.value)


def test_what_no_database_can_hold_is_left_out():
    with speaking(b'data: {"choices": [{"delta": {"content": "a\\u0000b\\ud800c"}}]}\n\n') as url:
        assert list(stream(Endpoint(url, "tiny"), ASKED)) == ["ab?c"]


@pytest.mark.parametrize(
    "found",
    ["169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254", "0.0.0.0", "224.0.0.1", "fd00:ec2::254"],  # noqa: S104
)
def test_a_name_that_leads_to_where_clouds_keep_keys_is_refused(found):
    with pytest.raises(InferenceError, match="not where models answer"):
        check(Endpoint("https://models.example", "tiny"), resolve=lambda host, port: ["10.0.0.5", found])


def test_a_model_in_the_same_house_is_welcome():
    for address in ("http://127.0.0.1:8000", "http://10.0.0.5", "http://[::1]:8000", "http://192.168.1.4"):
        check(Endpoint(address, "tiny"))


def test_whose_certificates_are_believed_is_read_once_for_many_answers(monkeypatch):
    read, whole = [], ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda **given: read.append(1) or whole(**given))
    asking._trusted.cache_clear()
    with speaking(event("A coin."), b"data: [DONE]\n\n") as url:
        said = ["".join(stream(Endpoint(url, "tiny"), ASKED)) for _ in range(3)]
    assert said == ["A coin."] * 3
    assert len(read) == 1
