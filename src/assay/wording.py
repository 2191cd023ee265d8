"""Sentences that remember what they were made of, so that a page can say them in another language.

The path speaks English and knows of no translation. What it says to people it makes with `say` and `counted`:
text like any other, which carries its template and its values along.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

_KEPT = "sentence:"
"""What text begins with that `kept` wrote."""


class Sentence(str):
    """Text in English, with the template it was made from; `plural` where it counts something.

    >>> said = say("You judged {work} in {seconds:.0f} seconds.", work="one work", seconds=90.2)
    >>> said, said.template
    ('You judged one work in 90 seconds.', 'You judged {work} in {seconds:.0f} seconds.')
    """

    template: str
    plural: str
    number: int
    values: Mapping[str, object]

    def __new__(
        cls, template: str, values: Mapping[str, object], *, plural: str = "", count: int = 1
    ) -> Sentence:
        """Fill the template in, the plural one where there is one and the count is not 1."""
        made = super().__new__(cls, (plural if plural and count != 1 else template).format(**values))
        made.template, made.plural, made.number = template, plural, count
        made.values = MappingProxyType(dict(values))
        return made

    def __reduce__(self) -> tuple[Callable[..., Sentence], tuple[object, ...]]:
        """Let a sentence travel between processes."""
        return _again, (self.template, dict(self.values), self.plural, self.number)


def _again(template: str, values: dict[str, object], plural: str, count: int) -> Sentence:
    return Sentence(template, values, plural=plural, count=count)


def say(template: str, /, **values: object) -> Sentence:
    """Make a sentence from a template as `str.format` knows it.

    >>> say("Keep the {field} under {limit:,} characters.", field="reason", limit=4000)
    'Keep the reason under 4,000 characters.'
    """
    return Sentence(template, values)


def counted(one: str, many: str, /, count: int, **values: object) -> Sentence:
    """Make a sentence that counts something; both templates may name `count`.

    >>> counted("{count} vote only", "{count} votes only", 1), counted("{count} vote", "{count} votes", 0)
    ('1 vote only', '0 votes')
    """
    return Sentence(one, {"count": count, **values}, plural=many, count=count)


def kept(text: str) -> str:
    """Return text to be kept in a table: a sentence with its template and values, other text as it is.

    >>> again(kept(say("{name} has no word for it.", name="tiny"))).template
    '{name} has no word for it.'
    """
    if not isinstance(text, Sentence):
        return text
    told: dict[str, Any] = {
        "template": text.template,
        "plural": text.plural,
        "count": text.number,
        "values": {},
    }
    for name, value in text.values.items():
        plain = value if isinstance(value, int | float) else str(value)
        told["values"][name] = {"kept": kept(value)} if isinstance(value, Sentence) else plain
    return _KEPT + json.dumps(told, ensure_ascii=False)


def again(text: str) -> str:
    """Return what `kept` was given; text that it did not write stays as it is.

    >>> again("The key is wrong."), again(kept(counted("{count} vote", "{count} votes", 2)))
    ('The key is wrong.', '2 votes')
    """
    if not text.startswith(_KEPT):
        return text
    try:
        told = json.loads(text.removeprefix(_KEPT))
        values = {
            name: again(value["kept"]) if isinstance(value, dict) else value
            for name, value in told["values"].items()
        }
        return Sentence(told["template"], values, plural=told["plural"], count=told["count"])
    except (ValueError, KeyError, TypeError, IndexError):  # cut off, or by somebody else
        return text


def joined(sentences: Iterable[str], by: str = " ") -> Sentence:
    """Make one text of several sentences, each of which can still be translated.

    >>> joined([say("One."), counted("{count} vote.", "{count} votes.", 2)])
    'One. 2 votes.'
    """
    values = {f"part_{place}": sentence for place, sentence in enumerate(sentences)}
    return Sentence(by.join(f"{{{name}}}" for name in values), values)


def translated(text: str, one: Callable[[str], str], several: Callable[[str, str, int], str]) -> str:
    """Return a sentence as two functions translate templates (`gettext`, `ngettext`), values included.

    Text that is no sentence of ours, such as a name, stays as it is; so does a translation that does not fit
    its values, in English: a slip of a translator breaks no page.

    >>> translated(say("Hello, {name}.", name="Ann"), lambda text: "Salaam, {name}.", lambda a, b, n: a)
    'Salaam, Ann.'
    """
    if not isinstance(text, Sentence):
        return text
    template = several(text.template, text.plural, text.number) if text.plural else one(text.template)
    values = {
        name: translated(value, one, several) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    try:
        return template.format(**values)
    except (KeyError, IndexError, ValueError):
        return str(text)


RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "syr", "ug", "ur", "yi"})
"""Languages that are written from right to left, where their tag names no other script."""


def _unchanged(text: str) -> str:
    return text


@dataclass(frozen=True)
class Words:
    """How a page speaks to its reader.

    Parameters
    ----------
    one
        Translates a template, whose values stand in braces by their names; `gettext` of any catalogue will
        do. What it does not know it returns as it is.
    several
        Translates a template that counts, as `ngettext` does; without it `one` is given the English form.
    tag
        The language, as HTML names it.

    >>> turkish = Words({"{count} votes": "{count} oy", "model": "model"}.get, tag="tr")
    >>> turkish(counted("{count} vote", "{count} votes", 7)), turkish("votes of Ann"), turkish.direction
    ('7 oy', 'votes of Ann', 'ltr')
    """

    one: Callable[[str], str | None] = _unchanged
    several: Callable[[str, str, int], str] | None = None
    tag: str = "en"

    def __call__(self, text: str) -> str:
        """Return a sentence in the reader's language; text that is none, such as a name, as it is."""
        return translated(text, self.word, self.several or self._by_english)

    def word(self, text: str) -> str:
        """Return words of ours that come without values, such as the name of a column."""
        return self.one(text) or text if text else ""

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`."""
        language, *rest = self.tag.replace("_", "-").lower().split("-")
        return "ltr" if "latn" in rest or "cyrl" in rest or language not in RIGHT_TO_LEFT else "rtl"

    def _by_english(self, one: str, many: str, count: int) -> str:
        return self.word(one if count == 1 else many)


ENGLISH = Words()
