"""Code as pages: repositories, their requests and reports, history as a graph, commits, files with blame."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from assay.environments.git import MAIN, Repository
from assay.environments.showing.graph import lanes, strand
from assay.environments.showing.markup import (
    Html,
    folded,
    join,
    listed,
    own,
    pairs,
    said,
    slug,
    table,
    tag,
    text,
    when,
)
from assay.environments.showing.parts import MOST, Drawn, by, find, state
from assay.environments.world import World
from assay.wording import say

KINDS = frozenset({"repository", "history", "commit", "file"})
"""What names of pages of repositories begin with."""

A_PAGE = 50
"""Commits of a page of history."""


def code(world: World) -> Drawn:
    """Return the repositories."""
    rows = []
    for repo in find(world, "SELECT * FROM repo ORDER BY id"):
        held = Repository(repo["id"], world.hidden)
        latest = held.branch(MAIN)
        waits = find(
            world,
            "SELECT count(*) AS many FROM pull_request WHERE repo = ? AND status = 'open'",
            repo["id"],
        )
        rows.append(
            {
                say("repository"): tag("a", own(repo["id"]), href=_repository(repo["id"])),
                say("what it is for"): repo["purpose"],
                say("owner"): repo["owner"] or say("nobody"),
                say("open requests"): waits[0]["many"],
                say("commits"): len(held.log(*held.refs().values())),
                say("the latest"): when(held.commit(latest)["created_at"]) if latest else "",
            }
        )
    return say("Code"), table(say("Repositories"), rows)


def names(world: World) -> Iterator[str]:
    """Return the names of the pages of all repositories."""
    for repo in find(world, "SELECT id FROM repo ORDER BY id"):
        held = Repository(repo["id"], world.hidden)
        yield _repository(held.name)
        commits = held.log(*held.refs().values())
        yield from (
            _history(held.name, at) for at in range(1, len(commits) // A_PAGE + (len(commits) % A_PAGE > 0))
        )
        yield from (_commit(oid) for oid in commits)
        yield from (_file(held.name, path) for path in held.files(held.branch(MAIN)))


def one(world: World, name: str) -> Drawn | None:
    """Return a page of a repository, `None` where there is none of this name."""
    kind = name.partition("-")[0]
    for repo in find(world, "SELECT * FROM repo ORDER BY id"):
        held = Repository(repo["id"], world.hidden)
        if name == _repository(held.name):
            return repository(world, held, repo)
        commits = held.log(*held.refs().values())
        if kind == "history":
            for at in range(1, 1 + len(commits) // A_PAGE):
                if name == _history(held.name, at) and at * A_PAGE < len(commits):
                    title = say("History of {name}", name=held.name)
                    return title, join((_back(held), _graph(held, at)))
        if kind == "commit" and (oid := name[7:-5]) in commits:
            return commit(world, held, oid)
        if kind == "file":
            for path in held.files(held.branch(MAIN)):
                if name == _file(held.name, path):
                    return file(held, path)
    return None


def repository(world: World, held: Repository, repo: Mapping[str, Any]) -> Drawn:
    """Return a repository: requests with reviews, test reports, branches, files, the latest history."""
    requests = find(
        world, "SELECT * FROM pull_request WHERE repo = ? ORDER BY id DESC LIMIT ?", held.name, MOST
    )
    runs = find(world, "SELECT * FROM ci_run WHERE repo = ? ORDER BY id DESC LIMIT ?", held.name, MOST)
    none = tag("p", say("None."), class_="soft")
    branches = {own(_called(name)): _link(oid) for name, oid in held.refs().items()}
    files = sorted(held.files(held.branch(MAIN)))
    return held.name, join(
        (
            text(repo["purpose"]),
            pairs({say("owner"): repo["owner"] or say("nobody")}),
            tag("h2", say("Pull requests")),
            *([_request(world, held, row) for row in requests] or [none]),
            tag("h2", say("Test reports")),
            *([_ran(row) for row in runs] or [none]),
            tag("h2", say("Branches and tags")),
            pairs(branches),
            tag("h2", say("Files")),
            listed(tag("a", own(path), href=_file(held.name, path)) for path in files),
            tag("h2", say("History")),
            _graph(held, 0),
        )
    )


def _graph(held: Repository, page: int) -> Html:
    """Return a page of history: a commit a row, each with what it goes back to."""
    refs: dict[str, list[str]] = {}
    for name, oid in held.refs().items():
        refs.setdefault(oid, []).append(_called(name))
    commits = held.log(*held.refs().values())
    parents = {oid: json.loads(held.commit(oid)["parents"]) for oid in commits}
    rows = list(lanes(parents))
    wide = max((row.wide for row in rows), default=1)
    shown = slice(page * A_PAGE, (page + 1) * A_PAGE)
    drawn = []
    for oid, row in zip(commits[shown], rows[shown], strict=True):
        told = held.commit(oid)
        about = (
            _link(oid),
            *(tag("span", own(name), class_="label") for name in refs.get(oid, ())),
            own(told["title"]),
            tag("span", own(told["author"] or ""), " ", own(when(told["created_at"])), class_="soft"),
        )
        drawn.append(tag("li", strand(row, wide), tag("span", join(join((" ", each)) for each in about))))
    places = [tag("a", say("older commits"), href=_history(held.name, page + 1), rel="next")]
    if page:
        newer = _history(held.name, page - 1) if page > 1 else _repository(held.name)
        places.insert(0, tag("a", say("newer commits"), href=newer, rel="prev"))
    if shown.stop >= len(commits):
        places.pop()
    return join((tag("ol", *drawn, class_="graph"), tag("p", join(join((" ", each)) for each in places))))


def commit(world: World, held: Repository, oid: str) -> Drawn:
    """Return a commit: what it says, what it changed, and all files as they were then."""
    row = held.commit(oid)
    parents = json.loads(row["parents"])
    diff = held.diff(parents[0] if parents else None, oid)
    message = held.text(oid).partition("\n\n")[2].strip()
    about = {
        say("commit"): oid,
        say("parents"): join(join((" ", _link(each))) for each in parents) if parents else say("none"),
        say("tests"): join(
            join((" ", state(run["status"])))
            for run in find(world, "SELECT status FROM ci_run WHERE code_commit = ? ORDER BY id", oid)
        ),
    }
    files = held.files(oid)
    return row["title"], join(
        (
            _back(held),
            tag("p", by(world, row["author"], row["created_at"])),
            pairs(about),
            text(message),
            tag("h2", say("What it changed")),
            *(folded(own(path), _source(told, path), opened=True) for path, told in diff.items()),
            tag("h2", say("Files as they were then")),
            *(folded(own(path), _source(held.text(files[path].oid), path)) for path in sorted(files)),
        )
    )


def file(held: Repository, path: str) -> Drawn:
    """Return a file of main, each line with the commit that it comes from."""
    known: dict[str, Mapping[str, Any]] = {}
    rows, before = [], ""
    for number, (oid, line) in enumerate(held.blame(held.branch(MAIN) or "", path), 1):
        told = known.setdefault(oid, held.commit(oid))
        rows.append(
            {
                say("commit"): _link(oid) if oid != before else "",
                say("author"): told["author"] if oid != before else "",
                say("when"): when(told["created_at"]) if oid != before else "",
                say("line"): number,
                say("text"): tag("code", line.rstrip("\r\n") or " ", dir="ltr"),
            }
        )
        before = oid
    return f"{held.name}: {path}", join((_back(held), table(path, rows)))


def _request(world: World, held: Repository, row: Mapping[str, Any]) -> Html:
    reviews = find(world, "SELECT * FROM review WHERE pull_request = ? ORDER BY id", row["id"])
    told = listed(
        (
            join(
                (
                    by(world, each["author"], each["created_at"]),
                    " ",
                    own(each["verdict"]),
                    text(each["text"]),
                )
            )
            for each in reviews
        ),
        class_="talk",
    )
    there = row["merged_as"] and held.find(str(row["merged_as"]))
    about = {
        say("branch"): row["branch"],
        say("status"): row["status"],
        say("merged as"): _link(there) if there else row["merged_as"],
        say("author"): row["author"],
    }
    return folded(own(f"#{row['id']} {row['title']}"), pairs(about), text(row["body"]), told)


def _ran(row: Mapping[str, Any]) -> Html:
    branch = say("{branch} at {commit}", branch=row["branch"], commit=str(row["code_commit"])[:10])
    head = join((state(row["status"]), " ", branch, " ", own(when(row["created_at"]))))
    return folded(head, _source(row["report"], say("Test report")))


def _source(source: object, label: object) -> Html:
    return tag("pre", source, tabindex="0", role="region", aria_label=said(label), dir="ltr")


def _back(held: Repository) -> Html:
    return tag("p", tag("a", own(held.name), href=_repository(held.name)))


def _link(oid: str) -> Html:
    return tag("a", tag("samp", oid[:10]), href=_commit(oid))


def _called(ref: str) -> str:
    return ref.removeprefix("refs/").removeprefix("heads/")


def _repository(name: str) -> str:
    return f"repository-{slug(name)}.html"


def _history(name: str, page: int) -> str:
    return f"history-{slug(name)}-{page + 1}.html"


def _commit(oid: str) -> str:
    return f"commit-{oid}.html"


def _file(name: str, path: str) -> str:
    return f"file-{slug(f'{name}:{path}')}.html"
