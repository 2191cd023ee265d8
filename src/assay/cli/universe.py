"""`assay universe`: worlds for agents; each command stands in a module of its own, `universe_…`."""

from __future__ import annotations

import importlib

import click

PARTS: tuple[str, ...] = ("run", "mcp", "audit", "verifier", "show", "clone")
"""Names of commands; `name` stands as `command` in `assay.cli.universe_name`."""


@click.group("universe", options_metavar="", subcommand_metavar="COMMAND …")
def command() -> None:
    """Worlds for agents: play tasks, audit their scores, look at a company, look at what an agent did in it.

    \b
    Examples:
      assay universe run --tasks 20 --model http://127.0.0.1:8000   how good is a model at them?
      assay universe mcp --template bad-deploy         let your own agent play
      assay universe audit startup --tasks 40          is every task's score earned?
      assay universe verifier mine:score tasks.jsonl   … and the scores of your own tasks?
      assay universe show startup --seed 7             walk through the company in a browser
      assay universe clone startup api                 a repository of it, with its history, for git
    """


for _part in PARTS:
    command.add_command(importlib.import_module(f"assay.cli.universe_{_part}").command)
