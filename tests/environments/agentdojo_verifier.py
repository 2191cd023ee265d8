"""AgentDojo's own checkers behind one function; runs where `agentdojo` 0.1.35 is installed.

An answer is what an agent said and the calls that it made: {"output": …, "calls": [{"function", "args"}]}.
Started as a program, it prints the table of tasks with the answers that AgentDojo holds to be right.
"""

import json
import sys
import warnings
from functools import cache

from agentdojo.functions_runtime import FunctionCall, FunctionsRuntime
from agentdojo.task_suite.load_suites import get_suites

VERSION = "v1.2.2"


@cache
def suites():
    return get_suites(VERSION)


@cache
def world(suite):
    return suites()[suite].load_and_inject_default_environment({})


def score(task, answer):
    """Return 1 where the task's own checker is content with what was said and done, else 0."""
    one, output, before, now, calls = played(task, answer)
    by_calls = one.utility_from_traces(output, before, now, calls)
    return float(one.utility(output, before, now) if by_calls is None else by_calls)


def by_state(task, answer):
    """Return what the checker of the state alone says, which is not shown which calls were made."""
    one, output, before, now, _ = played(task, answer)
    return float(one.utility(output, before, now))


def played(task, answer):
    """Make the calls of an answer in a fresh state."""
    warnings.simplefilter("ignore")
    suite = suites()[task["suite"]]
    one = suite.get_user_task_by_id(task["task"])
    now = one.init_environment(world(task["suite"]).model_copy(deep=True))
    before = now.model_copy(deep=True)
    runtime = FunctionsRuntime(suite.tools)
    calls = [FunctionCall(function=call["function"], args=call["args"]) for call in answer["calls"]]
    for call in calls:
        runtime.run_function(now, call.function, call.args)
    return one, answer["output"], before, now, calls


def table():
    """Return a row for each user task."""
    for name, suite in suites().items():
        for key, one in suite.user_tasks.items():
            calls = one.ground_truth(one.init_environment(world(name).model_copy(deep=True)))
            yield {
                "id": f"{name}/{key}",
                "suite": name,
                "task": key,
                "prompt": one.PROMPT,
                "answer": {
                    "output": one.GROUND_TRUTH_OUTPUT,
                    "calls": [{"function": call.function, "args": dict(call.args)} for call in calls],
                },
            }


if __name__ == "__main__":
    for row in table():
        sys.stdout.write(json.dumps(row, default=str) + "\n")
