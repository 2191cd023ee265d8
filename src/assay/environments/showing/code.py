"""Code as a page: repositories with their requests, test reports, files and commits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from assay.environments.git import MAIN, Repository
from assay.environments.showing.markup import Html, folded, join, listed, pairs, tag, text, when
from assay.environments.showing.parts import MOST, Drawn, by, find, state
from assay.environments.world import World


def code(world: World) -> Drawn:
    """Return the repositories: requests with reviews, test reports, files of main, commits with diffs."""
    parts: list[Html] = []
    for repo in find(world, "SELECT * FROM repo ORDER BY id"):
        key = repo["id"]
        parts.append(tag("h2", key))
        parts.append(tag("p", f"{repo['purpose']}; owner: {repo['owner'] or 'nobody'}"))
        requests = find(
            world, "SELECT * FROM pull_request WHERE repo = ? ORDER BY id DESC LIMIT ?", key, MOST
        )
        parts.append(tag("h3", "Pull requests"))
        parts += [_request(world, row) for row in requests] or [tag("p", "None.", class_="soft")]
        runs = find(world, "SELECT * FROM ci_run WHERE repo = ? ORDER BY id DESC LIMIT ?", key, MOST)
        parts.append(tag("h3", "Test reports"))
        parts += [
            folded(
                join(
                    (
                        state(row["status"]),
                        f" {row['branch']} at {row['code_commit']} ",
                        when(row["created_at"]),
                    )
                ),
                _source(row["report"], "Test report"),
            )
            for row in runs
        ] or [tag("p", "None.", class_="soft")]
        held = Repository(key, world.hidden)
        refs, files = held.refs(), held.files(held.branch(MAIN))
        parts.append(tag("h3", "Branches and tags"))
        parts.append(
            pairs({name.removeprefix("refs/").removeprefix("heads/"): oid[:10] for name, oid in refs.items()})
        )
        parts.append(tag("h3", "Files"))
        parts += [folded(path, _source(held.text(files[path].oid), path)) for path in sorted(files)]
        parts.append(tag("h3", "Commits"))
        commits = find(
            world,
            "SELECT * FROM code_commit WHERE repo = ? ORDER BY created_at DESC, id LIMIT ?",
            key,
            MOST,
        )
        parts += [_one(world, held, row) for row in commits]
    return "Code", join(parts)


def _one(world: World, held: Repository, row: Mapping[str, Any]) -> Html:
    """Return a commit with what it changed."""
    parents = json.loads(row["parents"])
    diff = held.diff(parents[0] if parents else None, row["id"])
    head = join((row["id"][:10], " ", row["title"], " ", tag("span", row["author"], class_="soft")))
    message = held.text(row["id"]).partition("\n\n")[2].strip()
    about = {"commit": row["id"], "parents": ", ".join(parents) or "none"}
    return folded(
        join((head, " ", when(row["created_at"]))),
        pairs(about),
        text(message),
        _source("".join(diff.values()), row["title"]),
    )


def _request(world: World, row: Mapping[str, Any]) -> Html:
    reviews = find(world, "SELECT * FROM review WHERE pull_request = ? ORDER BY id", row["id"])
    said = listed(
        (
            join((by(world, each["author"], each["created_at"]), " ", each["verdict"], text(each["text"])))
            for each in reviews
        ),
        class_="talk",
    )
    about = {
        "branch": row["branch"],
        "status": row["status"],
        "merged as": row["merged_as"],
        "by": row["author"],
    }
    return folded(f"#{row['id']} {row['title']}", pairs(about), text(row["body"]), said)


def _source(source: object, label: object) -> Html:
    return tag("pre", source, tabindex="0", role="region", aria_label=str(label), dir="ltr")
