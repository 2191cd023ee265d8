"""The same verbs from a shell: one file a command, imported when it runs.

Exit codes: 0 done; 1 the answer is no (`doctor` found something); 2 the command or its input is wrong.
"""

from __future__ import annotations

import codecs
import errno
import importlib
import io
import keyword
import sys
from types import MappingProxyType
from typing import NoReturn

import click

from assay import __version__
from assay.errors import AssayError

COMMANDS = MappingProxyType(
    {
        "demo": "the whole path on a small project, then the platform",
        "up": "serve the platform on this machine",
        "import": "bring prompts, answers or comparisons into a project",
        "quality": "what a table of votes is worth: verdicts, raters, contested items",
        "board": "rank models from comparisons, with honest intervals",
        "arena": "what comparisons are sure of: claims, rank sets, a gate for checkpoints, a card",
        "universe": "worlds for agents: run, audit and look at them",
        "export": "write a project's data set in a training format",
        "doctor": "check this installation, and say what to do",
    }
)
"""Command → the line that the overview shows; each stands in the module of its name (`import_` too)."""


class Commands(click.Group):
    """Commands by name, each imported only when it is called, so that help answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"assay.cli.{cmd_name}{'_' * keyword.iskeyword(cmd_name)}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        import difflib

        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as wrong:
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command {args[0]!r}; {hint}", ctx) from wrong

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="assay")
def program() -> None:
    """Measure what human judgments are worth, and turn them into data that trains.

    \b
    Start here:
      assay demo                                 see the whole path in a minute
      assay quality votes.csv --gold gold.csv    you have votes: who is right, who is good?
      assay board battles.parquet                you have comparisons: which model wins?
      assay arena card battles.parquet           … and what would a sceptic ask?
      assay up                                   you want people to judge: serve the platform

    Every command explains itself with --help. Nothing leaves this machine.
    """


def _plain(wrong: UnicodeError) -> tuple[str, int]:
    """Write what a terminal has no letter for in the nearest that it has."""
    if not isinstance(wrong, UnicodeEncodeError):
        raise wrong
    nearest = {"–": "-", "─": "-", "├": "|", "┤": "|", "●": "o", "…": ".", "’": "'", "“": '"', "”": '"'}
    lost = wrong.object[wrong.start : wrong.end]
    return "".join(nearest.get(sign, "?") for sign in lost), wrong.end


codecs.register_error("assay.plain", _plain)


def main() -> NoReturn:
    """Run the program; a mistake of the user's becomes one sentence and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="assay.plain")
    try:
        # Click gives back the code of a command that left early, and what the command returned otherwise.
        code = program.main(standalone_mode=False)
    except AssayError as mistake:
        click.echo(f"Error: {mistake}", err=True)
        sys.exit(2)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader (head, less) left; what is still in the buffer has nowhere to go.
        sys.stdout = None
        sys.exit(0)
    except OSError as wrong:
        if wrong.errno != errno.ENOSPC:
            raise
        click.echo(f"Error: {wrong.strerror}; make room, or write elsewhere", err=True)
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)
