"""Ask a model, wherever it runs: the only place in Assay that talks to one.

Takes an `Endpoint` (any server with OpenAI-compatible ``/v1/chat/completions``) and a prompt, gives a
`Reply`; many prompts at once give a list in the order they were asked, in which a prompt that failed is a
`Failure` beside the others' replies. `assay.inference.embedded` serves a small model that needs no key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.inference.endpoint import Endpoint as Endpoint
from assay.inference.endpoint import Failure as Failure
from assay.inference.endpoint import InferenceError as InferenceError
from assay.inference.endpoint import Message as Message
from assay.inference.endpoint import Reply as Reply
from assay.inference.endpoint import conversation as conversation

if TYPE_CHECKING:
    from assay.inference.asking import answers as answers
    from assay.inference.asking import ask as ask


def __getattr__(name: str) -> object:
    """Import what asks when it is asked for: whoever only names models need not load `httpx`."""
    if name not in ("answers", "ask"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from assay.inference import asking

    found: object = getattr(asking, name)
    globals()[name] = found
    return found
