"""`assay demo`: the whole path on a small project, then the platform."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli import options

if TYPE_CHECKING:
    from assay.demo import Fresh, Planted
    from assay.inference import Endpoint
    from assay.pipeline import Outcome
    from assay.records import Brief, Example, Item, Judgment, Sample, Work

CLEAR = 0.5
"""Works whose two hidden worths differ by less are left out when verdicts are checked: either would do."""


@click.command("demo")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("assay-demo"),
    show_default=True,
    help="Folder for the data set and the database.",
)
@options.port
@click.option(
    "--serve/--no-serve", default=True, show_default=True, help="Serve the platform after the report."
)
@click.option(
    "--seed", default=7, show_default=True, help="Seed of the simulated people; same seed, same report."
)
@click.option(
    "--base-url", help="Ask this OpenAI-compatible endpoint for one more answer; key in ASSAY_API_KEY."
)
@click.option("--model", help="Name of the model at --base-url.")
@click.option("--recorded", is_flag=True, help="Ask no model; use the recorded answers only.")
def command(
    home: Path, port: int, serve: bool, seed: int, base_url: str | None, model: str | None, recorded: bool
) -> None:
    """Walk the whole path on a small project: prompts, answers, judgments, verdicts, a board, a data set.

    The prompts are in eight languages. The answers are ours and those of a small model; the people who judge
    are simulated, with habits planted in them, so that you can check what Assay finds. Afterwards the
    platform is served with the project in it, and works left for you to judge.

    \b
    Examples:
      assay demo
      assay demo --no-serve
      assay demo --base-url http://127.0.0.1:8000 --model my-model
    """
    import numpy as np

    from assay import briefs, demo, pipeline
    from assay.cli import screen
    from assay.errors import AssayError
    from assay.platform import service

    if bool(base_url) != bool(model):
        raise AssayError("--base-url and --model go together; give both or neither")
    if serve:
        service.require_free(port)
    service.prepare(home)

    with ExitStack() as open_models:
        fresh = None if recorded else _live(open_models, base_url, model)
        brief, items, samples = demo.load(fresh)
    works = briefs.plan(items, samples, shows=2)
    rng = np.random.default_rng(seed)
    worth = demo.worths(works, rng=rng)
    judgments, planted = demo.simulate(works, rng=rng, worth=worth)
    with screen.working("weighing the judgments"):
        outcome = pipeline.run(brief, works, judgments)
        counted = pipeline.run(brief, works, judgments, method="majority")

    authors = len({sample.author for sample in samples})
    screen.heading(f"{brief.project}: {brief.goal}")
    screen.plain(
        f"{len(items)} prompts in {len(brief.languages)} languages, {len(samples)} answers by {authors} "
        f"authors, {len(judgments):,} judgments by {len(planted)} people"
    )
    screen.plain(
        "The people are simulated: they read nothing, and each has a habit planted in them.", "yellow"
    )
    _show_board(outcome)
    _show_raters(outcome, planted)
    _show_contested(outcome, works)
    _show_truth(outcome, counted, works, worth)
    _write(home, brief, outcome.examples)
    _keep(brief, items, samples, judgments)
    if serve:
        from assay.cli import up

        screen.console.print()
        up.serve(home, port)
    else:
        screen.plain(f"\nServe the platform with: assay up --home {home}", "dim")


def _live(open_models: ExitStack, base_url: str | None, model: str | None) -> Fresh | None:
    """Return what asks a model for one more author's answers, or say in one line why there is none."""
    from assay.cli import screen
    from assay.demo import record
    from assay.inference import Endpoint, embedded

    endpoint: Endpoint
    if base_url and model:
        key = os.environ.get("ASSAY_API_KEY") or os.environ.get("OPENAI_API_KEY")
        endpoint = Endpoint(base_url, model, key=key)
    elif embedded.available() is not None:  # `doctor` says why, and how to mend it
        screen.plain("Using the recorded answers; `make local` installs a model that answers live.", "dim")
        return None
    else:
        endpoint = open_models.enter_context(embedded.embedded())
    bar = open_models.enter_context(screen.progress(record.LIVE_PROMPTS, f"asking {endpoint.model}"))
    return record.live(endpoint, on_done=lambda place, outcome: bar.advance(bar.task_ids[0]))


def _show_board(outcome: Outcome) -> None:
    from assay.cli import screen

    assert outcome.board is not None  # noqa: S101 -- the demo's works all compare two answers
    screen.heading("The board: whose answers people would rather send")
    if outcome.board.refusal:
        screen.plain(outcome.board.refusal, "yellow")
        return
    screen.show_board(outcome.board)


def _show_raters(outcome: Outcome, planted: Mapping[str, Planted]) -> None:
    from assay.cli import screen

    def habits(*raters: str) -> None:
        for rater in raters:
            screen.plain(f"  {rater} {planted[rater].about}", "dim")

    by_low = sorted(outcome.skills, key=lambda skill: (-skill.low, skill.rater))
    by_high = sorted(outcome.skills, key=lambda skill: (skill.high, skill.rater))
    screen.heading("Most reliable raters: right about the verdicts that others reached")
    screen.show_skills(by_low[:4])
    habits(*(skill.rater for skill in by_low[:4]))
    screen.heading("Least reliable raters")
    screen.show_skills(by_high[:4])
    habits(*(skill.rater for skill in by_high[:4]))


def _show_contested(outcome: Outcome, works: Sequence[Work]) -> None:
    from assay.cli import screen

    work_of = {work.id: work for work in works}
    screen.heading("Most contested: read these first, they show what the brief leaves open")
    table = screen.grid("prompt", "between", "votes", "contest", right=("votes", "contest"))
    for verdict in outcome.contested[:4]:
        work = work_of[verdict.item]
        between = " and ".join(sample.author for sample in work.samples)
        table.add_row(
            screen.Text(_short(work.item.prompt)),
            screen.Text(between),
            str(verdict.votes),
            f"{verdict.contest:.2f}",
        )
    screen.console.print(table)


def _show_truth(
    outcome: Outcome, counted: Outcome, works: Sequence[Work], worth: Mapping[str, float]
) -> None:
    """Compare the verdicts with the hidden worths, which only a simulation knows."""
    from assay.cli import screen

    better = {}
    for work in works:
        first, second = (worth[sample.id] for sample in work.samples)
        if abs(first - second) >= CLEAR:
            better[work.id] = "a" if first > second else "b"

    def share(found: Outcome) -> float:
        picks = [
            verdict.label == better[verdict.item] for verdict in found.verdicts if verdict.item in better
        ]
        return sum(picks) / len(picks)

    screen.heading("Was it right? The simulation knows which answer was better")
    screen.plain(
        f"Of {len(better)} works with a clear difference, {outcome.verdicts[0].method} names the better "
        f"answer in {share(outcome):.0%}, majority vote in {share(counted):.0%}."
    )


def _write(home: Path, brief: Brief, examples: Sequence[Example]) -> None:
    from assay import datasets
    from assay.cli import files, screen

    screen.heading("The data set")
    for name in ("trl-preference", "trl-sft", "jsonl"):
        form = datasets.format_named(name)
        lines = list(datasets.lines(examples, form))
        path = home / "dataset" / f"{name}{form.suffix}"
        files.write_text(path, lines)
        screen.plain(f"{path}: {len(lines)} rows, {form.title}")
    card = home / "dataset" / "README.md"
    files.write_text(card, datasets.card(brief, examples))
    screen.plain(f"{card}: what the rows are for, and how sure they are")


def _keep(
    brief: Brief, items: Sequence[Item], samples: Sequence[Sample], judgments: Sequence[Judgment]
) -> None:
    """Let the project happen in the platform's database, unless an earlier demo has."""
    from assay.cli import screen
    from assay.demo import story
    from assay.inference import embedded
    from assay.platform import service

    there = {summary.slug for summary in service.projects()}
    if brief.project in there:
        screen.plain(f"The platform keeps {brief.project!r} as an earlier demo left it.", "dim")
        return
    with screen.working("filling the platform"):
        service.rehearse(brief, items, samples, judgments)
        if embedded.available() is None and story.TALK.project not in there:
            service.create_project(story.TALK, story.TALK_ABOUT)
    screen.plain(
        "On the platform: two versions of the brief, the pilot between them, readers, an appeal; and an "
        f"experiment that waits for you to say which brief wins, in {story.SEND.project!r}.",
        "dim",
    )


def _short(text: str, length: int = 60) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"
