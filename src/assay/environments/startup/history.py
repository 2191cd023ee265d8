"""Commits of a world that is being filled: a story of who changed what, when and why, told in git."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay.environments.building import Builder
from assay.environments.clock import DAY, HOUR, MINUTE
from assay.environments.git import MAIN, Repository, identity
from assay.environments.streams import Stream

Edits = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Change:
    """A commit of a story.

    Attributes
    ----------
    day, hour
        When, counted from the beginning of the world.
    files
        Path → the whole text, or what is replaced by what.
    branch
        Where it is not main.
    """

    day: int
    hour: int
    title: str
    files: Mapping[str, str | Edits]
    why: str = ""
    branch: str = MAIN


@dataclass(frozen=True)
class Merge:
    """A pull request of a story that is merged."""

    day: int
    hour: int
    branch: str
    title: str
    why: str = ""


@dataclass(frozen=True)
class Tag:
    """A name for the latest commit on main."""

    name: str


Story = Sequence[Change | Merge | Tag]


def repository(made: Builder, repo: str, *, by: str = "", at: int | None = None) -> Repository:
    """Return a repository of a world that is being filled, written by somebody at a moment."""

    def put(table: str, **values: str | int | float | None) -> int:
        return made.put(table, by=by, at=at, **values)

    return Repository(repo, made.rows, put, made.change)


def commit(
    made: Builder,
    repo: str,
    files: Mapping[str, str | None],
    *,
    title: str,
    by: str,
    at: int,
    branch: str = MAIN,
    merges: str = "",
) -> str:
    """Commit files over those that are there, and return the commit's id.

    Parameters
    ----------
    files
        Path → text; `None` removes it.
    merges
        A branch that is merged by it.
    """
    held = repository(made, repo, by=by, at=at)
    head = held.branch(branch) or held.branch(MAIN)
    before = held.files(head)
    if merges and head:
        before = held.merged(held.base(head, held.branch(merges) or head), head, held.branch(merges))
    parents = [oid for oid in (head, held.branch(merges) if merges else None) if oid]
    person = made.rows("SELECT name, email, zone FROM person WHERE id = ?", by)[0]
    return held.save(
        branch,
        held.with_texts(before, files),
        parents,
        title,
        who=identity(person["name"], person["email"]),
        moment=at,
        zone=int(person["zone"]),
    )


def edited(text: str, edits: Edits) -> str:
    """Return a text with parts replaced, each of which has to be there once.

    >>> edited("a = 1\\n", [("1", "2")])
    'a = 2\\n'
    """
    for old, new in edits:
        if text.count(old) != 1:
            raise ValueError(f"{old!r} stands {text.count(old)} times in the text that it is replaced in")
        text = text.replace(old, new)
    return text


def tell(made: Builder, repo: str, story: Story, people: Sequence[str], draw: Stream) -> None:
    """Let a story have happened: the first of some people begins, who goes on changes."""
    for place, part in enumerate(story):
        held = repository(made, repo)
        if isinstance(part, Tag):
            held.point(f"refs/tags/{part.name}", held.branch(MAIN) or "")
            continue
        by = people[0] if place == 0 else draw.one(people)
        at = part.day * DAY + part.hour * HOUR + draw.below(50) * MINUTE
        if isinstance(part, Merge):
            _merge(made, repo, part, people, at)
            continue
        head = held.branch(part.branch) or held.branch(MAIN)
        texts = held.texts(head) if head else {}
        files = {
            path: what if isinstance(what, str) else edited(texts[path], what)
            for path, what in part.files.items()
        }
        commit(made, repo, files, title=f"{part.title}\n\n{part.why}", by=by, at=at, branch=part.branch)


def _merge(made: Builder, repo: str, part: Merge, people: Sequence[str], at: int) -> None:
    held = repository(made, repo)
    tip = held.branch(part.branch) or ""
    author = str(held.commit(tip)["author"])
    reviewer = next(each for each in (*people, people[0]) if each != author)
    number = made.put(
        "pull_request",
        repo=repo,
        branch=part.branch,
        title=part.title,
        body=part.why or part.title,
        status="merged",
        merged_as=None,
        by=author,
        at=at - 3 * HOUR,
    )
    ci_ran(made, repo, tip, at=at - 2 * HOUR, branch=part.branch)
    made.put("review", pull_request=number, verdict="approve", text="Fine.", by=reviewer, at=at - HOUR)
    title = f"Merge pull request #{number}: {part.title}"
    merged = commit(made, repo, {}, title=title, by=reviewer, at=at, merges=part.branch)
    made.change("pull_request", number, merged_as=merged, merged_at=at)


def ci_ran(made: Builder, repo: str, oid: str, *, at: int, branch: str = MAIN, failed: str = "") -> None:
    """Let the tests of a commit have run: passed, or failed with a report."""
    made.put(
        "ci_run",
        repo=repo,
        branch=branch,
        code_commit=oid,
        status="failed" if failed else "passed",
        report=failed or "OK",
        at=at,
    )
