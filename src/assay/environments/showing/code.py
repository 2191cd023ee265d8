"""Code as a page: repositories with their requests, test reports, files and commits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.environments.showing.markup import Html, folded, join, listed, pairs, table, tag, text, when
from assay.environments.showing.parts import MOST, Drawn, by, find, state
from assay.environments.world import World


def code(world: World) -> Drawn:
    """Return the repositories: files by branch, pull requests with reviews, test reports, commits."""
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
        files = find(world, "SELECT * FROM file WHERE repo = ? ORDER BY branch, path LIMIT ?", key, MOST)
        parts.append(tag("h3", "Files"))
        parts += [
            folded(
                join((row["path"], " ", tag("span", row["branch"], class_="soft"))),
                _source(row["text"], row["path"]),
            )
            for row in files
        ]
        commits = find(
            world,
            "SELECT * FROM code_commit WHERE repo = ? ORDER BY created_at DESC, id LIMIT ?",
            key,
            MOST,
        )
        parts.append(tag("h3", "Commits"))
        parts.append(
            table(
                f"Commits of {key}",
                [
                    {
                        "commit": row["id"],
                        "branch": row["branch"],
                        "title": row["title"],
                        "by": row["author"],
                        "at": when(row["created_at"]),
                    }
                    for row in commits
                ],
            )
        )
    return "Code", join(parts)


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
