"""One other tool, in a process and an environment of its own; prints JSON.

    python peers.py TOOL

Each is asked for what it has of these: a reset, a copy of its state, a tool call through the door that an
agent's framework uses, the memory of one environment.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

Said = dict[str, float | str]


def median_ms(do: Callable[[], object], many: int) -> float:
    taken = []
    for _ in range(many):
        start = time.process_time()
        do()
        taken.append(time.process_time() - start)
    return 1_000 * statistics.median(taken)


def rate(do: Callable[[], object], many: int, rounds: int = 3) -> float:
    """Return calls a CPU second, the best of some rounds."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(many):
            do()
        found.append(many / (time.process_time() - start))
    return max(found)


def resident() -> float:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def agentdojo() -> Said:
    """The workspace suite: mails, calendar and files as objects; a copy is pydantic's deep one."""
    start = time.process_time()
    from agentdojo.functions_runtime import FunctionsRuntime
    from agentdojo.task_suite.load_suites import get_suite

    imported = time.process_time() - start
    suite = get_suite("v1.2.2", "workspace")
    made = suite.load_and_inject_default_environment({})
    runtime = FunctionsRuntime(suite.tools)
    before = made.model_copy(deep=True)
    for name, given in (("get_unread_emails", {}), ("get_file_by_id", {"file_id": "1"})):
        assert runtime.run_function(made, name, given)[1] is None
    said: Said = {
        "import_s": imported,
        "reset_ms": median_ms(lambda: suite.load_and_inject_default_environment({}), 20),
        "fork_ms": median_ms(lambda: made.model_copy(deep=True), 200),
        "calls": rate(lambda: runtime.run_function(made, "get_unread_emails", {}), 300),
        "lookups": rate(lambda: runtime.run_function(made, "get_file_by_id", {"file_id": "1"}), 2_000),
    }
    taken = []
    for task in suite.user_tasks.values():
        with contextlib.suppress(Exception):  # some of them want an answer that is a number
            taken.append(median_ms(lambda task=task: task.utility("x", before, made, strict=False), 5))
    said["verify_ms"] = max(taken)
    memory = resident()
    held = [made.model_copy(deep=True) for _ in range(200)]
    said["each_mb"] = (resident() - memory) / len(held)
    return said


def are() -> Said:
    """Mails and contacts of Meta's research environments: objects, copied deeply; no seed for its faults."""
    import copy

    start = time.process_time()
    from are.simulation.apps.contacts import Contact, ContactsApp

    imported = time.process_time() - start
    app = ContactsApp()
    keys = [app.add_contact(Contact(first_name=f"Ann{n}", last_name="Vale")) for n in range(1_000)]
    tools = {tool.name: tool for tool in app.get_tools()}
    name = next(name for name in tools if name.endswith("get_contact"))
    return {
        "import_s": imported,
        "fork_ms": median_ms(lambda: copy.deepcopy(app.get_state()), 10),
        "lookups": rate(lambda: tools[name](contact_id=keys[3]), 2_000),
    }


def appworld() -> Said:
    """Nothing but its import: tasks and data are fetched from elsewhere, which is not reached from here."""
    start = time.process_time()
    import appworld  # noqa: F401

    return {"import_s": time.process_time() - start}


def mcp() -> Said:
    """Calls a second of the official client over HTTP to the address given, one after the other."""
    import asyncio

    from mcp.client import Client

    async def go() -> float:
        async with Client(sys.argv[2]) as client:
            await client.call_tool("people_on_call", {"team": "serving"})
            start = time.perf_counter()
            for _ in range(500):
                await client.call_tool("people_on_call", {"team": "serving"})
            return 500 / (time.perf_counter() - start)

    return {"calls": asyncio.run(go())}


if __name__ == "__main__":
    found = {"agentdojo": agentdojo, "are": are, "appworld": appworld, "mcp": mcp}[sys.argv[1]]()
    sys.stdout.write("\n" + json.dumps(found) + "\n")
