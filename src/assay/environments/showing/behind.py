"""What no tool can read, as a page."""

from __future__ import annotations

import json

from assay.environments.showing.markup import join, table, tag, when
from assay.environments.showing.parts import MOST, Drawn, find
from assay.environments.world import World


def behind(world: World) -> Drawn:
    """Return what is really so, what breaks, what people know and what is still to come."""
    truths = find(world, "SELECT subject, key, value FROM truth ORDER BY id")
    faults = find(world, "SELECT * FROM fault ORDER BY begins, id")
    facts = find(world, "SELECT holder, topic, words, text, spoilt FROM fact ORDER BY id LIMIT ?", MOST)
    coming = find(world, "SELECT at, kind, payload FROM heap ORDER BY at, priority, seq LIMIT 100")
    return "Behind it", join(
        (
            tag("p", "No tool can read any of this; an agent has to find it out.", class_="soft"),
            tag("h2", "What is so"),
            table("What is so", truths),
            tag("h2", "What breaks"),
            table(
                "What breaks",
                [
                    {
                        "kind": row["kind"],
                        "on": row["scope"],
                        "from": when(row["begins"]),
                        "to": when(row["ends"]) or "mended",
                        "cause": row["cause"],
                        "way around": row["way_around"],
                    }
                    for row in faults
                ],
            ),
            tag("h2", "What people know"),
            table(
                "What people know",
                [
                    {
                        "who": row["holder"],
                        "asked with": row["words"],
                        "says": row["text"],
                        "or wrongly": row["spoilt"],
                    }
                    for row in facts
                ],
            ),
            tag("h2", "What is to come"),
            table(
                "What is to come",
                [
                    {
                        "at": when(row["at"]),
                        "what": row["kind"],
                        "with": json.dumps(json.loads(row["payload"]), ensure_ascii=False)[:300],
                    }
                    for row in coming
                ],
            ),
        )
    )
