"""Ask the demo's models: how its recorded answers were made, and how a live model joins them.

``python -m assay.demo.record`` asks the embedded model every prompt again, in each of its three manners, and
writes ``samples.jsonl`` anew (a minute or two on one core); the answers of the house are kept. The recorded
answers stand as they came, cut off after 120 tokens and mistaken where the model is. Afterwards
``merits.json`` has to be written anew by somebody who reads them: it says how good each text is.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from assay.demo import HOUSE, Fresh, load
from assay.errors import AssayError
from assay.inference import Endpoint, Failure, Reply, answers
from assay.inference.embedded import MODEL, embedded
from assay.records import Item, Sample

LONGEST = 120
"""Tokens after which a recorded answer is cut off."""
LIVE_PROMPTS, LIVE_TOKENS = 8, 48
"""One prompt in each language; some ten seconds for the embedded model on one core."""


@dataclass(frozen=True, slots=True)
class Manner:
    """One way of asking the embedded model, which counts as an author of its own."""

    author: str
    temperature: float = 0.0
    seed: int = 7
    system: str = ""
    languages: tuple[str, ...] = ()
    """Those it is asked in; none means all."""


MANNERS = (
    Manner(MODEL),
    # At temperature 1 the model writes no language but English, not even badly.
    Manner(f"{MODEL}-warm", temperature=1.0, languages=("en",)),
    Manner(f"{MODEL}-terse", system="Answer in one short sentence, in the language of the question."),
)

OnDone = Callable[[int, Reply | Failure], None]


def _text(reply: Reply) -> str:
    # A token can end within a letter outside ASCII; where the limit fell there, half a letter is left over.
    return unicodedata.normalize("NFC", reply.text).rstrip("\ufffd").strip()


def record(
    endpoint: Endpoint, items: Sequence[Item], manner: Manner, *, on_done: OnDone | None = None
) -> list[Sample]:
    """Return one author's answers, asked one after another so that they can be repeated.

    Raises
    ------
    AssayError
        Where a prompt got no answer.
    """
    asked = [item for item in items if not manner.languages or item.language in manner.languages]
    outcomes = answers(
        endpoint,
        [item.prompt for item in asked],
        max_tokens=LONGEST,
        temperature=manner.temperature,
        seed=manner.seed,
        system=manner.system,
        concurrency=1,  # answers computed side by side round differently, and a word may tip
        on_done=on_done,
    )
    samples = []
    for item, outcome in zip(asked, outcomes, strict=True):
        if isinstance(outcome, Failure):
            raise AssayError(f"no answer to {item.id!r}: {outcome.reason}")
        if not (text := _text(outcome)):
            raise AssayError(f"{manner.author} said nothing to {item.id!r}; try another seed")
        samples.append(Sample(f"{item.id}/{manner.author}", item.id, manner.author, text))
    return samples


def live(
    endpoint: Endpoint,
    *,
    prompts: int = LIVE_PROMPTS,
    max_tokens: int = LIVE_TOKENS,
    on_done: OnDone | None = None,
) -> Fresh:
    """Return what `load` takes as `fresh`: one more author, ``live:<model>``, who answers while we wait.

    Asked are the first `prompts` items in an order that takes one of each language in turn, four at a time.
    A prompt without an answer is left out; `on_done` hears why.

    Raises
    ------
    AssayError
        From the function that is returned, where no prompt at all got an answer.
    """

    def fresh(items: Sequence[Item]) -> list[Sample]:
        turn: dict[str, int] = {}
        order = []
        for item in items:
            turn[item.language] = turn.get(item.language, 0) + 1
            order.append((turn[item.language], item))
        chosen = [item for _, item in sorted(order, key=lambda pair: pair[0])][:prompts]
        outcomes = answers(
            endpoint, [item.prompt for item in chosen], max_tokens=max_tokens, seed=7, on_done=on_done
        )
        author = f"live:{endpoint.model}"
        samples = [
            Sample(f"{item.id}/{author}", item.id, author, text)
            for item, outcome in zip(chosen, outcomes, strict=True)
            if isinstance(outcome, Reply) and (text := _text(outcome))
        ]
        if chosen and not samples:
            why = next(
                (outcome.reason for outcome in outcomes if isinstance(outcome, Failure)), "empty answers"
            )
            raise AssayError(f"the live model answered none of {len(chosen)} prompts: {why}")
        return samples

    return fresh


def to_lines(samples: Iterable[Sample]) -> str:
    """Return samples as JSON lines, in the order given."""
    return "".join(json.dumps(asdict(sample), ensure_ascii=False) + "\n" for sample in samples)


def main() -> None:
    """Write ``samples.jsonl`` beside this file anew."""
    _, items, samples = load()
    kept = [sample for sample in samples if sample.author in HOUSE]

    def tell(what: str) -> None:
        sys.stderr.write(what)
        sys.stderr.flush()

    with embedded() as endpoint:
        for manner in MANNERS:
            tell(f"{manner.author}: ")
            kept.extend(record(endpoint, items, manner, on_done=lambda *_: tell(".")))
            tell("\n")
    places = {item.id: place for place, item in enumerate(items)}
    kept.sort(key=lambda sample: (places[sample.item], sample.author))
    Path(__file__).with_name("samples.jsonl").write_text(to_lines(kept), encoding="utf-8")


if __name__ == "__main__":
    main()
