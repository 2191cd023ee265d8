"""What of a text can be seen without reading it: each feature a small function of one text.

Counts of tokens, headers, list items and bold spans are those of FastChat's style control (Apache-2.0), which
removes fenced code first; the others follow the arena's list of stylistic tells. Nothing here loads anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

FENCED = re.compile(r"^(```|~~~).*?(?:^\1[^\n]*$|\Z)", re.MULTILINE | re.DOTALL)
HEADER = re.compile(r"^ {0,3}#{1,6} ", re.MULTILINE)
ITEM = re.compile(r"^[ \t]*(?:\d+\.|[-*+•])[ \t]+", re.MULTILINE)
BOLD = re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__")
TABLE_ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*$", re.MULTILINE)
WORD = re.compile(r"\w+")
TOKEN = re.compile(r"\w+|[^\w\s]")
PICTOGRAM = re.compile(
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u2388\u23cf\u23e9-\u23f3"
    "\u23f8-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u2605\u2607-\u2612\u2614-\u2685\u2690-\u2705"
    "\u2708-\u2712\u2714\u2716\u271d\u2721\u2728\u2733\u2734\u2744\u2747\u274c\u274e\u2753-\u2755\u2757"
    "\u2763-\u2767\u2795-\u2797\u27a1\u27b0\u27bf\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d"
    "\u3297\u3299\U0001f000-\U0001f0ff\U0001f10d-\U0001f10f\U0001f12f\U0001f16c-\U0001f171\U0001f17e\U0001f17f"
    "\U0001f18e\U0001f191-\U0001f19a\U0001f201-\U0001f20f\U0001f21a\U0001f22f\U0001f232-\U0001f23a"
    "\U0001f249-\U0001f3fa\U0001f400-\U0001f53d\U0001f546-\U0001f64f\U0001f680-\U0001f6ff\U0001f7d5-\U0001f7ff"
    "\U0001f90c-\U0001f93a\U0001f93c-\U0001f945\U0001f947-\U0001faff]"
)
"""Unicode's Extended_Pictographic, the blocks that are assigned."""

HEDGES = re.compile(
    r"\b(?:perhaps|maybe|possibly|probably|likely|might|could be|seems?|appears?|arguably|generally|"
    r"usually|in general|to some extent|it depends|i think|i believe|it is possible)\b",
    re.IGNORECASE,
)
PRAISE = re.compile(
    r"\b(?:great|good|excellent|wonderful|fantastic|amazing|brilliant|insightful|thoughtful) "
    r"(?:question|point|idea|choice|job|work|thinking|observation)\b|"
    r"\byou(?:'re| are) (?:absolutely )?right\b",
    re.IGNORECASE,
)


def prose(text: str) -> str:
    """Return a text without its fenced code, in which marks are not formatting."""
    return FENCED.sub("", text)


def _tokens(text: str) -> float:
    return len(TOKEN.findall(text))


def _share_of_code(text: str) -> float:
    return 1 - len(prose(text)) / len(text) if text else 0.0


def _variety(text: str) -> float:
    words = [word.lower() for word in WORD.findall(text)]
    return len(set(words)) / len(words) if words else 0.0


def _paragraphs(text: str) -> float:
    return sum(1 for part in re.split(r"\n\s*\n", prose(text)) if part.strip())


def _tables(text: str) -> float:
    lines = [bool(TABLE_ROW.match(line)) for line in prose(text).split("\n")]
    return sum(1 for before, now in zip([False, *lines], lines, strict=False) if now and not before)


FEATURES: Mapping[str, Callable[[str], float]] = {
    "tokens": _tokens,
    "headers": lambda text: len(HEADER.findall(prose(text))),
    "list_items": lambda text: len(ITEM.findall(prose(text))),
    "bold_spans": lambda text: len(BOLD.findall(prose(text))),
    "emoji": lambda text: len(PICTOGRAM.findall(text)),
    "exclamations": lambda text: text.count("!") + text.count("！"),
    "paragraphs": _paragraphs,
    "tables": _tables,
    "code_share": _share_of_code,
    "hedges": lambda text: len(HEDGES.findall(text)),
    "praise": lambda text: len(PRAISE.findall(text)),
    "em_dash_rate": lambda text: 100 * text.count("—") / max(_tokens(text), 1),
    "word_variety": _variety,
}
"""Name → what is counted in a text. Marks in fenced code do not count; tokens are words and punctuation."""

FOUR = ("tokens", "headers", "list_items", "bold_spans")
"""The features of the first public style control: length and the three commonest formats."""


def words(text: str) -> int:
    """Return how many words there are to read.

    >>> words("Two words.")
    2
    """
    return len(text.split())
