"""Long counts beside the server, in a process of their own: `python -m assay.platform.counting`.

Statistics load SciPy and polars, which is a hundred megabytes, and Python runs one thread at a time: counted
in a process that serves, they would hold up everybody. The other process is started by the first count, ends
when nobody has asked anything for a minute or when the one that serves is gone, and touches no table: what it
needs comes through a pipe, and what it found goes back through another. Where nobody is served (a shell, a
notebook, a test) counts run in a thread.
"""

from __future__ import annotations

import copyreg
import gc
import io
import os
import pickle
import select
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from importlib import import_module
from operator import attrgetter
from types import MappingProxyType
from typing import IO, Any, cast

from assay import records
from assay.errors import AssayError

IDLE = 60.0
"""Seconds after which the other process ends if nobody asks anything."""

PIPE = 1 << 20
"""Bytes that one process hands over before the other has to take them; Linux gives 64 KB unasked."""


def _read_only(values: dict[str, object]) -> MappingProxyType[str, object]:
    return MappingProxyType(values)


def _by_place(noun: type[Any]) -> Callable[[Any], tuple[type[Any], tuple[object, ...]]]:
    """Return how a record is taken apart: into its class and its values, in their order."""
    values = attrgetter(*(field.name for field in fields(noun)))
    return lambda record: (noun, values(record))


class _Pickler(pickle.Pickler):
    """Lets travel whatever records hold; Python itself cannot send a read-only mapping.

    Records travel as their values alone, in a third of the time that their names would take besides.
    """

    dispatch_table = copyreg.dispatch_table.copy()
    dispatch_table[MappingProxyType] = lambda mapping: (_read_only, (dict(mapping),))
    dispatch_table |= {
        noun: _by_place(noun)
        for noun in vars(records).values()
        if isinstance(noun, type) and is_dataclass(noun)
    }


def _send(pipe: IO[bytes], thing: object) -> None:
    _Pickler(pipe, protocol=5).dump(thing)
    pipe.flush()


def done(work: str, *given: object, **named: object) -> Any:
    """Do a work named as `module:function`."""
    module, _, function = work.partition(":")
    return getattr(import_module(module), function)(*given, **named)


class Counter:
    """The other process, for one thread to ask."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, work: str, *given: object, **named: object) -> Any:
        """Have a work done there. If the process ends meanwhile, another one does it once more."""
        try:
            raised, found = self._asked(work, given, named)
        except (OSError, EOFError, pickle.UnpicklingError):
            self.end()
            try:
                raised, found = self._asked(work, given, named)
            except (OSError, EOFError, pickle.UnpicklingError) as gone:
                self.end()
                raise RuntimeError(f"{work} was ended twice before it was done") from gone
        if raised:
            raise found
        return found

    def _asked(self, work: str, given: tuple[object, ...], named: dict[str, object]) -> tuple[bool, Any]:
        process = self.process
        if process is None or process.poll() is not None:
            self.end()
            process = self.process = subprocess.Popen(
                [sys.executable, "-m", "assay.platform.counting"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pipesize=PIPE,
            )
            # Whenever it ends, somebody has to take note, or the system keeps its name forever.
            threading.Thread(target=process.wait, daemon=True).start()
        _send(cast("IO[bytes]", process.stdin), (work, given, named))
        answer: tuple[bool, Any] = pickle.load(cast("IO[bytes]", process.stdout))  # noqa: S301 -- from ours
        return answer

    def end(self) -> None:
        """End the process, if there is one."""
        process, self.process = self.process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:  # what it did not take any more
                pass


_counter = Counter()
_beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="counting")
_do = done


def begin(work: str, *given: object, **named: object) -> Future[Any]:
    """Have a work done that is named as `module:function` and touches no table, while others are served.

    >>> begin("math:sqrt", 9.0).result()
    3.0
    """
    return _beside.submit(lambda: _do(work, *given, **named))


def elsewhere() -> None:
    """Count in another process from now on: this one serves."""
    global _do  # noqa: PLW0603 -- said once, when a server starts
    _do = _counter.ask


def apart() -> bool:
    """Say whether counts run in another process."""
    return _do is not done


# -- the other process ---------------------------------------------------------------------------------------


def _told(wrong: Exception) -> Exception:
    """Return an error as it can travel: a mistake of users as it is, one of ours with where it was raised."""
    if not isinstance(wrong, AssayError):
        return RuntimeError("".join(traceback.format_exception(wrong)))
    parcel = io.BytesIO()
    try:
        _send(parcel, wrong)
        pickle.loads(parcel.getvalue())  # noqa: S301 -- what was just packed
    except Exception:  # noqa: BLE001 -- whatever it is that cannot travel, its sentence can
        return AssayError(*wrong.args[-1:])
    return wrong


def main() -> None:
    """Do what comes in, one after the other, until nothing comes."""
    asked, told = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints, prints elsewhere
    parent = os.getppid()

    def leave() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=leave, daemon=True).start()
    # What comes in stays until it is answered: to look it through meanwhile would take most of the time.
    gc.disable()
    while select.select([asked], [], [], IDLE)[0]:
        try:
            work, given, named = pickle.load(asked)  # noqa: S301 -- from the process that started this one
        except EOFError:
            return
        try:
            answer = False, done(work, *given, **named)
        except Exception as wrong:  # noqa: BLE001 -- told to whoever asked
            answer = True, _told(wrong)
        _send(told, answer)
        del work, given, named, answer
        gc.collect()


if __name__ == "__main__":
    os.nice(5)  # people first
    import_module("assay.platform.counting").main()  # under its name, by which its functions travel
