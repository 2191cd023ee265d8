r"""Formulas in Markdown: $…$, $$…$$, \(…\) and \[…\], as MathML that browsers draw by themselves.

What a formula may hold is an allow-list here, before the page's own cleaner sees it: the converter passes
on styles, links and even HTML that stands in \text.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

LONGEST = 2_000
"""A longer formula is shown as it is written."""

MOST = 20_000
"""So many characters of formulas are drawn in one text; 20 of them take a millisecond."""

TRIES = 5
"""How many dollars may turn out to be no end before a dollar is just a dollar."""

DEFINES = ("\\newcommand", "\\renewcommand", "\\providecommand", "\\def", "\\let")
"""A few definitions that use each other twice grow beyond every limit."""

TAGS = frozenset({
    "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup",
    "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "mtable", "mtr", "mtd",
    "mpadded", "mphantom", "menclose", "mstyle",
})  # fmt: skip
ATTRIBUTES = frozenset({
    "display", "mathvariant", "stretchy", "fence", "form", "separator", "accent", "accentunder",
    "movablelimits", "minsize", "maxsize", "symmetric", "largeop", "lspace", "rspace", "linethickness",
    "columnalign", "rowspacing", "columnspacing", "columnlines", "rowlines", "width", "height", "depth",
    "voffset", "notation", "displaystyle", "scriptlevel", "dir",
})  # fmt: skip
SAME = {"{aligned}": "{align*}", "{align}": "{align*}", "{split}": "{align*}"}
"""What the converter knows under another name; a formula on a page needs no number either."""

CLOSES = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}


def use(parser: MarkdownIt) -> None:
    """Teach a parser to find formulas, and to draw them."""
    parser.inline.ruler.before("escape", "formula", _inline)
    parser.block.ruler.before(
        "fence", "formula_block", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.add_render_rule("formula", _rendered)
    parser.add_render_rule("formula_block", _rendered)


def mathml(source: str, *, block: bool = False) -> str:
    r"""Return a formula as MathML, or as code where it is none.

    >>> mathml("x^2")
    '<math dir="ltr" display="inline"><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math>'
    >>> mathml(r"\frac{")
    '<code>\\frac{</code>'
    """
    # Only a text with a formula pays for the converter.
    from latex2mathml import converter  # noqa: PLC0415

    as_written = f"<code>{escape(source)}</code>"
    if len(source) > LONGEST or any(word in source for word in DEFINES):
        return as_written
    known = source
    for name, same in SAME.items():
        known = known.replace(name, same)
    try:
        drawn = ET.fromstring(  # noqa: S314 -- it begins with <math>, so it can declare no entities
            converter.convert(known, display="block" if block else "inline")
        )
    except Exception:  # noqa: BLE001 -- whatever the converter stumbles over is no formula
        return as_written
    clean = _cleaned(drawn)
    if clean is None:
        return as_written
    clean.set("dir", "ltr")
    clean.attrib = dict(sorted(clean.attrib.items()))
    return ET.tostring(clean, encoding="unicode")


def _cleaned(element: ET.Element) -> ET.Element | None:
    name = element.tag.rpartition("}")[2]
    if name not in TAGS:
        return None
    made = ET.Element(name, {key: value for key, value in element.items() if key in ATTRIBUTES})
    made.text = element.text
    for child in element:
        if (kept := _cleaned(child)) is not None:
            made.append(kept)
    return made


def _inline(state: StateInline, silent: bool) -> bool:
    found = _at(state.src, state.pos, state.posMax)
    if found is None:
        return False
    opened, end = found
    if not silent:
        token = state.push("formula", "math", 0)
        token.content = state.src[state.pos + len(opened) : end].strip()
        token.meta = {"block": opened in ("$$", "\\[")}
    state.pos = end + len(CLOSES.get(opened, opened))
    return True


def _at(text: str, start: int, limit: int) -> tuple[str, int] | None:
    """Return how a formula opens at a place, and where it closes; `None` where there is none."""
    limit = min(limit, start + LONGEST)
    for opened, closed in CLOSES.items():
        if text.startswith(opened, start):
            end = text.find(closed, start + 2, limit)
            return (opened, end) if end > start + 2 and text[start + 2 : end].strip() else None
    if text[start] != "$" or start + 1 >= limit or text[start + 1].isspace():
        return None
    end = start
    for _try in range(TRIES):
        end = text.find("$", end + 1, limit)
        if end < 0:
            return None
        # $5 and $10 are money: a formula ends neither after a space nor before a digit.
        after = text[end + 1 : end + 2]
        if end > start + 1 and not text[end - 1].isspace() and text[end - 1] != "\\" and not after.isdigit():
            return "$", end
    return None


def _block(state: StateBlock, start: int, last: int, silent: bool) -> bool:
    opened = state.src[state.bMarks[start] + state.tShift[start] :][:2]
    if state.is_code_block(start) or opened not in ("$$", "\\["):
        return False
    found = _lines(state, start, last, CLOSES[opened])
    if found is None:
        return False
    if not silent:
        source, line = found
        token = state.push("formula_block", "math", 0)
        token.block, token.content, token.map = True, source, [start, line + 1]
        token.meta = {"block": True}
        state.line = line + 1
    return True


def _lines(state: StateBlock, start: int, last: int, closed: str) -> tuple[str, int] | None:
    """Return a formula that has its lines to itself, and the last of them; `None` where there is none."""
    held = ""
    for line in range(start, last):
        text = state.getLines(line, line + 1, state.blkIndent, False).strip()
        held += text[2:] if line == start else f"\n{text}"
        if closed in held:
            source = held.removesuffix(closed).strip()
            # What stands after the end, or nothing between, makes it no block.
            return (source, line) if source and closed not in source else None
        if not text or len(held) > LONGEST:
            return None
    return None


def _rendered(
    self: RendererProtocol, tokens: list[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[index]
    env["formulas"] = spent = int(env.get("formulas", 0)) + len(token.content)
    drawn = mathml(token.content, block=token.meta["block"]) if spent <= MOST else None
    return drawn or f"<code>{escape(token.content)}</code>"
