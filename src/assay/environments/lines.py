"""Texts line by line, as git sees them: what changed, how that is told, and what two sides come to."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

MOST_PAIRS = 200_000
"""Pairs of equal lines up to which two texts are compared line by line; beyond, all between is changed."""

CONTEXT = 3
"""Lines around a change that a diff shows."""

NO_END = "\\ No newline at end of file\n"


def lines_of(text: str) -> list[str]:
    """Return the lines of a text as git sees them, each with its end.

    >>> lines_of("one\\ntwo\\x0bstill two")
    ['one\\n', 'two\\x0bstill two']
    """
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def changes_between(old: list[str], new: list[str]) -> list[tuple[int, int, int, int]]:
    """Return which lines became which: (from, to) in the old text, (from, to) in the new one."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    mine, theirs = old[head : len(old) - tail], new[head : len(new) - tail]
    if not mine and not theirs:
        return []
    many: dict[str, int] = {}
    for line in mine:
        many[line] = many.get(line, 0) + 1
    if sum(many.get(line, 0) for line in theirs) > MOST_PAIRS:  # hostile texts take time without end
        return [(head, head + len(mine), head, head + len(theirs))]
    return [
        (head + a, head + b, head + c, head + d)
        for did, a, b, c, d in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes()
        if did != "equal"
    ]


def merged_text(base: str, ours: str, theirs: str) -> str | None:
    """Return a text with the changes of both sides, `None` where they touch one another.

    >>> merged_text("a\\nb\\nc\\n", "A\\nb\\nc\\n", "a\\nb\\nC\\n")
    'A\\nb\\nC\\n'
    >>> merged_text("a\\nb\\n", "A\\nb\\n", "X\\nb\\n") is None
    True
    """
    old, mine, other = map(lines_of, (base, ours, theirs))
    every = sorted(
        {(a, b, tuple(mine[c:d])) for a, b, c, d in changes_between(old, mine)}
        | {(a, b, tuple(other[c:d])) for a, b, c, d in changes_between(old, other)}
    )
    made: list[str] = []
    done = -1
    for start, end, lines in every:
        if start <= done:
            return None
        made += [*old[max(done, 0) : start], *lines]
        done = end
    return "".join([*made, *old[max(done, 0) :]])


def diff_of(path: str, old: str | None, new: str | None) -> str:
    """Return what changed in a file, as `diff -u` says it; `None` is a file that is not there.

    >>> print(diff_of("a.txt", "one\\ntwo\\n", "one\\n2\\n"))
    --- a/a.txt
    +++ b/a.txt
    @@ -1,2 +1,2 @@
     one
    -two
    +2
    <BLANKLINE>
    """
    before, after = lines_of(old or ""), lines_of(new or "")
    names = ["/dev/null" if text is None else f"{side}/{path}" for side, text in (("a", old), ("b", new))]
    said = [f"--- {names[0]}\n", f"+++ {names[1]}\n"]
    hunks: list[list[tuple[int, int, int, int]]] = []
    for one in changes_between(before, after):
        if hunks and one[0] - hunks[-1][-1][1] <= 2 * CONTEXT:
            hunks[-1].append(one)
        else:
            hunks.append([one])
    for hunk in hunks:
        low, up = min(hunk[0][0], CONTEXT), min(len(before) - hunk[-1][1], CONTEXT)
        ranges = (hunk[0][0] - low, hunk[-1][1] + up), (hunk[0][2] - low, hunk[-1][3] + up)
        said.append(f"@@ -{_range(*ranges[0])} +{_range(*ranges[1])} @@\n")
        at = ranges[0][0]
        for start, end, first, last in hunk:
            said += [f" {line}" for line in before[at:start]]
            said += [f"-{line}" for line in before[start:end]] + [f"+{line}" for line in after[first:last]]
            at = end
        said += [f" {line}" for line in before[at : ranges[0][1]]]
    return "".join(line if line.endswith("\n") else f"{line}\n{NO_END}" for line in said)


def _range(start: int, end: int) -> str:
    long = end - start
    return f"{start + (long > 0)}" if long == 1 else f"{start + (long > 0)},{long}"
