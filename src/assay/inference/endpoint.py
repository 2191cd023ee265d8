"""Where a model answers, and what comes of asking it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from assay.errors import AssayError
from assay.wording import say

Message = Mapping[str, str]
"""`role` (system, user or assistant) and `content`, as the chat interface names them."""


class InferenceError(AssayError):
    """A model that could not be asked, or did not answer.

    `again` says that the same request may succeed a little later, `after` how many seconds the server asked
    us to wait, `hopeless` that every other prompt would fare the same.
    """

    def __init__(
        self, message: str, *, again: bool = False, after: float | None = None, hopeless: bool = False
    ) -> None:
        super().__init__(message)
        self.again = again
        self.after = after
        self.hopeless = hopeless


Fault = Literal["unreachable", "refused", "slow", "broken", "rubbish", "empty"]


class StreamError(InferenceError):
    """An answer that did not come, or broke off; `fault` is why, in a word."""

    def __init__(self, message: str, fault: Fault) -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model answers.

    Parameters
    ----------
    base_url
        ``http://127.0.0.1:8000`` or, where the interface does not stand under ``/v1``, the whole path to it:
        ``https://example.org/openai/v2``.
    model
        The name under which the server knows the model.
    key
        Sent as a bearer token; never shown, in errors and in `repr` neither.
    timeout_s
        The longest silence, in seconds, that is taken for thinking.

    Raises
    ------
    InferenceError
        Where the address or the key cannot be one.

    >>> Endpoint("http://127.0.0.1:8000/", "tiny", key="secret")
    Endpoint(base_url='http://127.0.0.1:8000', model='tiny', timeout_s=60.0)
    >>> Endpoint("127.0.0.1:8000", "tiny")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    assay.inference.endpoint.InferenceError: '127.0.0.1:8000' is no address of a model; begin it ...
    """

    base_url: str
    model: str
    key: str | None = field(default=None, repr=False)
    timeout_s: float = 60.0

    def __post_init__(self) -> None:
        import httpx

        address = self.base_url.strip().rstrip("/")
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL as wrong:
            raise InferenceError(
                say("{address!r} is no address of a model: {wrong}", address=address, wrong=str(wrong))
            ) from wrong
        if url.scheme not in ("http", "https") or not url.host:
            raise InferenceError(
                say(
                    "{address!r} is no address of a model; begin it with http:// or https://", address=address
                )
            )
        if url.userinfo:
            # It would end up in error messages and logs.
            raise InferenceError(
                say("leave the name and password out of the model's address; pass the key apart")
            )
        key = (self.key or "").strip() or None
        if key and not (key.isascii() and key.isprintable() and " " not in key):
            raise InferenceError(say("the key has characters that no key has; copy it again, without blanks"))
        if self.timeout_s <= 0:
            raise InferenceError("timeout_s must be above 0 seconds")
        object.__setattr__(self, "base_url", address)
        object.__setattr__(self, "key", key)

    def url(self, path: str) -> str:
        """Return the full address of one call.

        >>> Endpoint("http://127.0.0.1:8000", "tiny").url("chat/completions")
        'http://127.0.0.1:8000/v1/chat/completions'
        >>> Endpoint("https://example.org/openai/v2", "tiny").url("models")
        'https://example.org/openai/v2/models'
        """
        import httpx

        root = self.base_url if httpx.URL(self.base_url).path.strip("/") else f"{self.base_url}/v1"
        return f"{root}/{path}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said. `tokens` counts those it wrote, `None` where the server did not say.

    `finish_reason` is ``stop`` where the model had finished and ``length`` where `max_tokens` cut it off;
    `seconds` is the time from the request to the whole answer, waits between attempts left out.
    """

    text: str
    model: str
    finish_reason: str
    tokens: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Failure:
    """A prompt that got no answer, and why; `attempts` is 0 where it was not asked for a known reason."""

    reason: str
    attempts: int


def conversation(prompt: str, *, system: str = "") -> list[Message]:
    """Return a prompt as messages, with a standing instruction before it where one is given.

    >>> conversation("Why is the sea salt?", system="One sentence.")[0]
    {'role': 'system', 'content': 'One sentence.'}
    """
    standing: list[Message] = [{"role": "system", "content": system}] if system else []
    return [*standing, {"role": "user", "content": prompt}]
