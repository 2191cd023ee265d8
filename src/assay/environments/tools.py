"""Tools: functions whose signature is all that a client needs to know.

A tool takes a `Desk` and plain arguments and returns something JSON can hold. Name, description, schema and
checks come from the function itself: its annotations and its docstring in Google's style, which is what
trainers and the Model Context Protocol read too.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from assay.environments.clock import SECOND
from assay.environments.errors import ToolError, WorldError

if TYPE_CHECKING:
    from assay.environments.desk import Desk

LARGEST = 64 * 1024
"""Characters that all texts of one call may have together."""

_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of signs, which JSON lets through and no file can hold."""

_JSON = {str: "string", int: "integer", float: "number", bool: "boolean"}


@dataclass(frozen=True)
class Parameter:
    """One argument of a tool."""

    name: str
    kind: type
    says: str
    required: bool
    many: bool = False
    among: tuple[str, ...] = ()

    def schema(self) -> dict[str, Any]:
        """Return it as JSON schema."""
        one: dict[str, Any] = {"type": _JSON[self.kind]}
        if self.among:
            one["enum"] = list(self.among)
        whole = {"type": "array", "items": one} if self.many else one
        return {**whole, "description": self.says}

    def check(self, value: object) -> None:
        """Refuse a value of another type, saying what is wanted."""
        wanted = f"a list of {_JSON[self.kind]}s" if self.many else f"a {_JSON[self.kind]}"
        if self.many is not isinstance(value, list):
            raise ToolError("bad_arguments", f"{self.name} has to be {wanted}")
        for each in value if isinstance(value, list) else (value,):
            fits = isinstance(each, self.kind) and (self.kind is bool or not isinstance(each, bool))
            if not fits and not (self.kind is float and type(each) is int):
                raise ToolError("bad_arguments", f"{self.name} has to be {wanted}")
            if self.kind is int and not -(2**63) <= typing.cast("int", each) < 2**63:
                raise ToolError("bad_arguments", f"{self.name} is too large a number")
            if isinstance(each, str) and not each.isascii() and _HALVES.search(each):
                raise ToolError("bad_arguments", f"{self.name} holds signs that are none")
            if self.among and each not in self.among:
                raise ToolError("bad_arguments", f"{self.name} is one of: {', '.join(self.among)}")


@dataclass(frozen=True)
class Tool:
    """What an agent can do, and what it costs in simulated microseconds."""

    name: str
    says: str
    parameters: tuple[Parameter, ...]
    run: Callable[..., object]
    writes: bool
    costs: int
    names: frozenset[str] = field(repr=False)

    def schema(self) -> dict[str, Any]:
        """Return the arguments as JSON schema.

        >>> @tool(writes=False)
        ... def chat_read(desk, channel: str, limit: int = 20):
        ...     '''Read a channel.
        ...
        ...     Args:
        ...         channel: its name
        ...         limit: how many messages
        ...     '''
        >>> chat_read.schema()["required"], chat_read.schema()["properties"]["limit"]["type"]
        (['channel'], 'integer')
        """
        return {
            "type": "object",
            "properties": {each.name: each.schema() for each in self.parameters},
            "required": [each.name for each in self.parameters if each.required],
            "additionalProperties": False,
        }

    def check(self, arguments: Mapping[str, object]) -> None:
        """Refuse arguments that do not fit."""
        if not self.names.issuperset(arguments):
            strange = min(set(arguments) - self.names)
            takes = ", ".join(each.name for each in self.parameters) or "nothing"
            raise ToolError("bad_arguments", f"{self.name} has no argument {strange!r}; it takes {takes}")
        long = 0
        for each in self.parameters:
            value = arguments.get(each.name)
            if value is None:
                if each.required:
                    raise ToolError("bad_arguments", f"{self.name} wants {each.name}: {each.says}")
                continue
            each.check(value)
            long += len(value) if isinstance(value, str) else sum(map(_length, _listed(value)))
        if long > LARGEST:
            raise ToolError("bad_arguments", f"the texts are longer than {LARGEST} characters; shorten them")


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _length(value: object) -> int:
    return len(value) if isinstance(value, str) else 1


def tool(*, writes: bool, costs: int = 10 * SECOND) -> Callable[[Callable[..., object]], Tool]:
    """Make a function a tool; what it says and takes is read from it."""

    if costs < 1:
        raise WorldError(f"a tool costs at least a microsecond of simulated time, not {costs}")

    def made(function: Callable[..., object]) -> Tool:
        says, args = _docs(function)
        hints = typing.get_type_hints(function, localns={"Desk": object})
        parameters = []
        for name, one in list(inspect.signature(function).parameters.items())[1:]:
            if name not in args or name not in hints:
                raise WorldError(f"the tool {function.__name__} does not say what {name} is, and its type")
            kind, many, among = _kind(hints[name], function.__name__)
            parameters.append(
                Parameter(name, kind, args[name], one.default is inspect.Parameter.empty, many, among)
            )
        names = frozenset(each.name for each in parameters)
        return Tool(function.__name__, says, tuple(parameters), function, writes, costs, names)

    return made


def _docs(function: Callable[..., object]) -> tuple[str, dict[str, str]]:
    """Return what a docstring says of a function, and of each argument."""
    text = inspect.getdoc(function) or ""
    if not text:
        raise WorldError(
            f"the tool {function.__name__} has no docstring, from which agents learn what it does"
        )
    head, _, rest = text.partition("Args:")
    args = dict(re.findall(r"^ +(\w+): (.+(?:\n {8,}.+)*)", rest, flags=re.MULTILINE))
    return " ".join(head.split()), {name: " ".join(said.split()) for name, said in args.items()}


def _kind(hint: object, name: str) -> tuple[type, bool, tuple[str, ...]]:
    """Return the type of an annotation, whether it is a list, and the words it allows."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        (hint,) = [each for each in typing.get_args(hint) if each is not type(None)]
    many = typing.get_origin(hint) is list
    if many:
        (hint,) = typing.get_args(hint)
    if typing.get_origin(hint) is Literal:
        return str, many, tuple(map(str, typing.get_args(hint)))
    if hint not in _JSON:
        raise WorldError(f"the tool {name} takes something else than text, numbers, truth values and lists")
    return hint, many, ()


@dataclass(frozen=True)
class App:
    """Tools around one service of a world, and the handlers of its own events.

    Attributes
    ----------
    service
        What it runs on: where that is down, its tools are.
    tools
        Its tools.
    events
        Kind of event → what happens then: a function of the engine's `Desk` and the event's payload.
    """

    name: str
    service: str
    tools: tuple[Tool, ...]
    events: Mapping[str, Callable[[Desk, dict[str, Any]], None]] = field(default_factory=dict)
