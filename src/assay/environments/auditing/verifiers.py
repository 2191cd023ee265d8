"""The audit of somebody else's verifier: a function of a task and an answer that returns a number.

It runs in a process of its own, perhaps of another Python; what it raises, prints, never answers or takes
down with it is a finding, not an error.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from assay.environments.auditing import asked
from assay.environments.auditing.findings import FLOOR, Audited
from assay.environments.auditing.texts import CONSTANTS, INJECTED
from assay.environments.streams import Stream
from assay.errors import AssayError

OVERLONG = 200_000
"""Characters of an answer that nobody meant to read."""

SECONDS = 60.0


@dataclass(frozen=True)
class Known:
    """A task whose verifier is asked, with an answer that is right.

    Attributes
    ----------
    row
        What the verifier gets as the task: the whole row of the table.
    answer
        A text, or anything JSON can hold: then texts in it are what cheats write, and lists and numbers are
        emptied.
    group
        What findings are gathered by, such as a suite.
    """

    id: str
    prompt: str
    answer: Any
    row: Mapping[str, Any]
    group: str = "tasks"


@dataclass(frozen=True)
class Said:
    """What a verifier said: a number, or why there is none."""

    value: float | None
    wrong: str = ""


class Verifier:
    """A verifier in a process of its own. Use as a context manager.

    Parameters
    ----------
    address
        `module:function`, found from `folder`.
    python
        Whose Python runs it; this one by default.
    seconds
        How long one answer may take.

    Raises
    ------
    AssayError
        Where the function cannot be imported.
    """

    def __init__(
        self,
        address: str,
        *,
        folder: Path,
        python: str = sys.executable,
        seconds: float = SECONDS,
        hash_seed: int = 0,
    ) -> None:
        module, colon, name = address.partition(":")
        if not (module and colon and name):
            raise AssayError(f"{address!r} is no address of a function; write it as module:function")
        self.address = address
        self._folder, self._python, self._seconds, self._hash_seed = folder, python, seconds, hash_seed
        self._process: subprocess.Popen[str] | None = None
        self._start()

    def __enter__(self) -> Verifier:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process is None:
            return
        # With all that it started: what hangs may have children.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._process.wait()
        self._process = None

    def _start(self) -> None:
        command = [self._python, str(asked.__file__), self.address, str(self._folder.resolve())]
        try:
            self._process = subprocess.Popen(  # noqa: S603 -- the user names what is run
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                cwd=self._folder,
                start_new_session=True,
                env={**os.environ, "PYTHONHASHSEED": str(self._hash_seed)},
            )
        except OSError as wrong:
            raise AssayError(f"{self._python} cannot be run: {wrong.strerror}; name a Python") from wrong
        said = self._line()
        if said is None or "ready" not in said:
            self.close()
            why = "its import did not end" if said is None else said.get("lost", "it ended")
            raise AssayError(f"{self.address} cannot be imported from {self._folder}: {why}")

    def score(self, task: Known, answer: Any) -> Said:
        """Return what the verifier says of an answer."""
        if self._process is None:
            self._start()
        process = self._process
        if process is None or process.stdin is None:
            return Said(None, "ended its process")
        try:
            process.stdin.write(json.dumps({"task": dict(task.row), "answer": answer}, default=str) + "\n")
            process.stdin.flush()
        except (BrokenPipeError, OSError):
            self.close()
            return Said(None, "ended its process")
        said = self._line()
        if said is None:
            self.close()
            return Said(None, f"gave no answer within {self._seconds:g} s")
        if "value" in said:
            value = float(said["value"])
            return Said(value) if math.isfinite(value) else Said(None, f"returned {value}")
        if "ended" in said:
            self.close()
            return Said(None, "ended its process")
        return Said(None, f"raised {said['raised']}" if "raised" in said else f"returned {said['returned']}")

    def _line(self) -> dict[str, Any] | None:
        """Return the next line, `None` where none comes in time."""
        process = self._process
        if process is None or process.stdout is None:
            return {"ended": True}
        with selectors.DefaultSelector() as waiting:
            waiting.register(process.stdout, selectors.EVENT_READ)
            if not waiting.select(self._seconds):
                return None
        line = process.stdout.readline()
        found: dict[str, Any] = json.loads(line) if line else {"ended": True}
        return found


def known(
    rows: Sequence[Mapping[str, Any]],
    *,
    key: str = "id",
    prompt: str = "prompt",
    answer: str = "answer",
    group: str | None = None,
) -> list[Known]:
    """Read tasks from the rows of a table.

    >>> known([{"id": "q1", "prompt": "2 + 2?", "answer": "4"}])[0].answer
    '4'

    Raises
    ------
    AssayError
        Where a column is not there, a row has no answer, or two rows have one id.
    """
    found: list[Known] = []
    seen: dict[str, int] = {}
    for place, row in enumerate(rows, 1):
        for column in (key, prompt, answer, *([group] if group else [])):
            if column not in row:
                known_columns = ", ".join(map(str, row))
                raise AssayError(f"row {place} has no column {column!r}; it has: {known_columns}")
        if row[answer] is None:
            raise AssayError(f"row {place} has no right answer in {answer!r}; give one or leave the row out")
        one = str(row[key])
        if one in seen:
            raise AssayError(f"rows {seen[one]} and {place} have the same id {one!r}; give each its own")
        seen[one] = place
        part = str(row[group]) if group else "tasks"
        found.append(Known(one, str(row[prompt] or ""), row[answer], row, part))
    if not found:
        raise AssayError("the table has no rows; bring a task a row")
    return found


def attempts(task: Known) -> Iterator[tuple[str, Any]]:
    """Return answers that deserve nothing, by what they try.

    >>> task = Known("q", "2 + 2?", "4", {})
    >>> dict(attempts(task))["echo"]
    '2 + 2?'
    """
    yield "empty", _with(task.answer, "")
    for text in CONSTANTS:
        yield "constant", _with(task.answer, text)
    for text in INJECTED:
        yield "injected", _with(task.answer, text)
    yield "echo", _with(task.answer, task.prompt)
    yield "overlong", _with(task.answer, ("answer " * (OVERLONG // 7 + 1))[:OVERLONG])


def _with(answer: Any, text: str) -> Any:
    """Return an answer of the same shape that says a text, and does nothing."""
    if isinstance(answer, str):
        return text
    if isinstance(answer, Mapping):
        return {name: _with(value, text) for name, value in answer.items()}
    if isinstance(answer, list):
        return []
    return text if isinstance(answer, int | float) and not isinstance(answer, bool) else None


def others(tasks: Sequence[Known], place: int, *, most: int = 3) -> list[Known]:
    """Return some other tasks with other answers, far from each other: neighbours are often related.

    >>> tasks = [Known(f"q{n}", "", str(n), {}) for n in range(8)]
    >>> [each.id for each in others(tasks, 0)]
    ['q2', 'q4', 'q6']
    """
    many = len(tasks)
    places = dict.fromkeys((place + step * many // (most + 1)) % many for step in range(1, most + 1))
    return [tasks[each] for each in places if each != place and tasks[each].answer != tasks[place].answer]


def shuffled(answer: Any, draw: Stream) -> Any:
    """Return an answer with the words of its texts in another order; the same where they have but one."""
    if isinstance(answer, str):
        words = answer.split()
        return " ".join(draw.some(words, len(words))) if len(words) > 1 else answer
    if isinstance(answer, Mapping):
        return {name: shuffled(value, draw) for name, value in answer.items()}
    return answer


def audit(
    verifier: Verifier,
    second: Verifier,
    tasks: Sequence[Known],
    *,
    full: float = 1.0,
    told: Callable[[str], None] | None = None,
) -> list[Audited]:
    """Audit a verifier on some tasks.

    Parameters
    ----------
    second
        The same function in another process.
    full
        What it gives for a task that is done; everything is reported as a share of it.
    told
        Is called with the id of each task that is done.
    """
    found = []
    for place, task in enumerate(tasks):
        found.append(_audited(verifier, second, task, others(tasks, place), full))
        if told:
            told(task.id)
    return found


def _audited(
    verifier: Verifier, second: Verifier, task: Known, others: Sequence[Known], full: float
) -> Audited:
    broke: dict[str, None] = {}
    notes: dict[str, None] = {}
    of_oracle, of_empty = verifier.score(task, task.answer), verifier.score(task, _with(task.answer, ""))
    if of_oracle.value is None:
        broke[f"for the right answer it {of_oracle.wrong}"] = None
    elif of_oracle.value < full:
        broke[f"the right answer gets {of_oracle.value / full:.2f}"] = None
    rewards: dict[str, float] = {}
    for name, answer in attempts(task):
        said = verifier.score(task, answer)
        if said.value is None:
            broke[f"for {_CALLED[name]} it {said.wrong}"] = None
            continue
        reward = said.value / full
        rewards[name] = max(rewards.get(name, -math.inf), reward)
        if not 0 <= reward <= 1:
            broke[f"for {_CALLED[name]} it gives {said.value:g}, which is not from 0 to {full:g}"] = None
    broke.update(
        {f"{_CALLED[name]} gets {reward:.2f}": None for name, reward in rewards.items() if reward > FLOOR}
    )
    passed = [each.id for each in others if (verifier.score(task, each.answer).value or 0.0) / full > FLOOR]
    if len(passed) > 1 and len(passed) > len(others) // 2:
        broke[f"answers to {len(passed)} of {len(others)} other tasks get something"] = None
    elif passed:
        # One alone may well be right here too: tasks overlap.
        notes[f"the answer to {', '.join(passed)} gets something here too"] = None
    again = verifier.score(task, task.answer), verifier.score(task, _with(task.answer, ""))
    there = second.score(task, task.answer), second.score(task, _with(task.answer, ""))
    if again != (of_oracle, of_empty):
        broke["it says something else when it is asked again"] = None
    if there != (of_oracle, of_empty):
        broke["another process says something else"] = None
    mixed = shuffled(task.answer, Stream(0, "shuffled", task.id))
    if mixed != task.answer:
        said = verifier.score(task, mixed)
        if said.value is not None and said.value / full > FLOOR:
            notes[f"the right answer with its words in another order gets {said.value / full:.2f}"] = None
    oracle = (of_oracle.value or 0.0) / full
    return Audited(task.id, task.group, oracle, rewards, broke=tuple(broke), notes=tuple(notes))


_CALLED = {
    "empty": "an empty answer",
    "constant": "an answer that is the same everywhere",
    "injected": "a text made for graders",
    "echo": "the prompt said back",
    "overlong": "an answer without end",
}
