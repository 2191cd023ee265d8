"""What the commands of worlds share: how hard tasks are made, which model is asked, who speaks for others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from assay.environments.coworkers import Voice
    from assay.environments.situations import Knobs
    from assay.environments.tasks import Task
    from assay.environments.universe import Universe
    from assay.environments.voices import Recorded, Spoken
    from assay.inference import Endpoint

knob = click.option(
    "--knob",
    "knobs",
    multiple=True,
    metavar="NAME=VALUE",
    help="How hard: noise, hops, faults, contradictions, permissions or size; repeat for each.",
)

voice = click.option(
    "--voice",
    default="",
    metavar="URL|embedded",
    help="Model that puts into words what colleagues say; what they do and know stays the script's.",
)

voice_name = click.option(
    "--voice-name", default="", help="Of that model; where its server has only one, that one."
)

voice_key = click.option(
    "--voice-key",
    default="",
    envvar="ASSAY_VOICE_KEY",
    show_envvar=True,
    help="Of its server; better set as a variable than typed.",
)


def grid(knobs: Sequence[str]) -> list[Knobs]:
    """Return every combination of the values that were asked for."""
    from dataclasses import fields
    from itertools import product

    from assay.environments.errors import WorldError
    from assay.environments.situations import Knobs
    from assay.errors import AssayError

    known = [each.name for each in fields(Knobs)]
    values: dict[str, list[int]] = {}
    for text in knobs:
        name, _, given = text.partition("=")
        try:
            values[name] = [int(each) for each in given.split(",")]
        except ValueError:
            raise AssayError(f"--knob {text}: write it like noise=2") from None
        if name not in known:
            raise AssayError(f"there is no knob {name!r}; there are: {', '.join(known)}")
    try:
        return [Knobs(**dict(zip(values, each, strict=True))) for each in product(*values.values())]
    except WorldError as wrong:
        raise AssayError(f"--knob: {wrong}") from None


def one(knobs: Sequence[str]) -> Knobs | None:
    """Return how hard the one task is made that a command plants; `None` where nothing was asked for."""
    from assay.errors import AssayError

    found = grid(knobs)
    if len(found) > 1:
        raise AssayError("one task has one value of each knob; give --knob NAME=VALUE")
    return found[0] if knobs else None


def planted(universe: Universe, many: int, templates: Sequence[str], grid: Sequence[Knobs]) -> list[Task]:
    """Plant tasks: the templates in turn, and each with all values of the knobs in turn."""
    from assay.cli import screen
    from assay.errors import AssayError

    names = templates or universe.templates
    if strange := sorted(set(names) - set(universe.templates)):
        raise AssayError(f"there is no template {strange[0]!r}; there are: {', '.join(universe.templates)}")
    with screen.working("planting tasks"):
        return [
            universe.task(
                names[place % len(names)],
                1 + place // len(names),
                # Neighbours have different values from the first.
                grid[(place % len(names) + place // len(names)) % len(grid)],
            )
            for place in range(many)
        ]


@contextmanager
def answering(model: str, name: str, key: str, timeout: float, *, option: str) -> Iterator[Endpoint]:
    """Give the model to be asked: at an address, or the embedded one.

    Raises
    ------
    AssayError
        Where it is no address, or nobody says which of several models.
    """
    if model == "embedded":
        from assay.inference.embedded import embedded

        with embedded(timeout_s=timeout) as endpoint:
            yield endpoint
        return
    from assay.errors import AssayError
    from assay.inference import Endpoint, ask, conversation
    from assay.inference.calling import models

    if "://" not in model:
        raise AssayError(f"--{option} {model}: give the address of a server (http://…), or embedded")
    if not name:
        anyone = Endpoint(model, "?", key=key or None, timeout_s=timeout)
        known = models(anyone)
        if len(known) > 1:
            said = "name" if option == "model" else f"{option}-name"
            offered = ", ".join(known[:12])
            raise AssayError(f"say with --{said} which model of {model} is meant; it offers: {offered}")
        # A server that lists nothing says of itself what is wrong, or answers as the one model it has.
        name = known[0] if known else ask(anyone, conversation("Say yes."), max_tokens=4).model
    yield Endpoint(model, name, key=key or None, timeout_s=timeout)


class Colleagues:
    """Who finds the words of colleagues, and how that went.

    Attributes
    ----------
    voice
        `None` where the script's words are said.
    name
        Of the model; empty without one.
    """

    def __init__(
        self, recorded: Recorded | None = None, spoken: Spoken | None = None, name: str = ""
    ) -> None:
        self._recorded, self._spoken, self.name = recorded, spoken, name

    @property
    def voice(self) -> Voice | None:
        """What episodes are opened with."""
        return self._recorded

    def told(self) -> None:
        """Print in whose words colleagues spoke."""
        from assay.cli import screen

        if self._recorded is None:
            return
        parts = [f"{self._recorded.played_back:,} times as recorded"] if self._recorded.played_back else []
        if self._spoken is not None:
            silent = self._spoken.counts.pop("nothing came", 0)
            parts += [f"{many:,} times in {whose}" for whose, many in sorted(self._spoken.counts.items())]
            if silent:
                _warn(
                    f"The voice did not answer {screen.count(silent, 'time')}, where colleagues used the"
                    f" words of the script: {self._spoken.failed}"
                )
        if parts:
            screen.plain(f"Colleagues spoke {', '.join(parts)}", "dim")


def _warn(text: str) -> None:
    """Print to standard error: standard output may be a protocol's."""
    from rich.text import Text

    from assay.cli import screen

    screen.errors.print(Text(text, style="yellow"))


@contextmanager
def colleagues(model: str, name: str, key: str, path: Path, *, timeout: float = 60.0) -> Iterator[Colleagues]:
    """Give who speaks for colleagues; what was said is kept in a file, and played back from there.

    A model that cannot be asked is no reason to stop: the script's words are said, and the screen says so.
    """
    if not model:
        yield Colleagues()
        return
    from contextlib import ExitStack

    from assay.environments.voices import PlayedBack, Recorded, Spoken, through
    from assay.inference import InferenceError, ask, conversation

    with ExitStack() as held:
        try:
            endpoint = held.enter_context(answering(model, name, key, timeout, option="voice"))
            ask(endpoint, conversation("Say yes."), max_tokens=4)
        except InferenceError as wrong:
            _warn(f"The voice cannot be asked, so colleagues use the words of the script: {wrong}")
            known = name or ("" if model != "embedded" else model)
            yield Colleagues(PlayedBack(path, name=known) if path.exists() else None, None, known)
            return
        spoken = Spoken(through(endpoint))
        yield Colleagues(Recorded(path, spoken, name=endpoint.model), spoken, endpoint.model)
