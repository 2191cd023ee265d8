"""Runs somebody's verifier in a Python of its own; started by its path, so it imports nothing of Assay.

Reads lines {"task": …, "answer": …}, writes lines {"value": …}, {"raised": …} or {"returned": …}. What the
verifier prints goes to standard error, so that it cannot answer for itself.
"""

import asyncio
import importlib
import inspect
import json
import os
import sys
from typing import Any


def main(address: str, folder: str) -> None:
    """Answer every line with what the function at `module:function` says."""
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.path.insert(0, folder)
    try:
        module, _, name = address.partition(":")
        function = importlib.import_module(module)
        for part in name.split("."):
            function = getattr(function, part)
        if not callable(function):
            raise TypeError(f"{address} is no function")
    except BaseException as wrong:  # noqa: BLE001 -- whatever it is, whoever asked has to hear of it
        said.write(json.dumps({"lost": f"{type(wrong).__name__}: {wrong}"}) + "\n")
        said.flush()
        return
    said.write(json.dumps({"ready": True}) + "\n")
    said.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            value = function(asked["task"], asked["answer"])
            if inspect.isawaitable(value):
                value = asyncio.run(_awaited(value))
            try:
                answer: dict[str, Any] = {"value": float(value)}
                if isinstance(value, str):
                    answer = {"returned": repr(value)[:200]}
            except (TypeError, ValueError):
                answer = {"returned": repr(value)[:200]}
        except BaseException as wrong:  # noqa: BLE001 -- that it raises is what is asked
            answer = {"raised": f"{type(wrong).__name__}: {wrong}"[:300]}
        said.write(json.dumps(answer) + "\n")
        said.flush()


async def _awaited(value: Any) -> Any:
    return await value


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
