"""What no tool can read, as a page."""

from __future__ import annotations

import json

from assay.environments.showing.markup import join, table, tag, when
from assay.environments.showing.parts import MOST, Drawn, find
from assay.environments.world import World
from assay.wording import say


def behind(world: World) -> Drawn:
    """Return what is really so, what breaks, what people know and what is still to come."""
    truths = find(world, "SELECT subject, key, value FROM truth ORDER BY id")
    faults = find(world, "SELECT * FROM fault ORDER BY begins, id")
    facts = find(world, "SELECT holder, topic, words, text, spoilt FROM fact ORDER BY id LIMIT ?", MOST)
    coming = find(world, "SELECT at, kind, payload FROM heap ORDER BY at, priority, seq LIMIT 100")
    return say("Behind it"), join(
        (
            tag("p", say("No tool can read any of this; an agent has to find it out."), class_="soft"),
            tag("h2", say("What is so")),
            table(
                say("What is so"),
                [
                    {
                        say("subject"): row["subject"],
                        say("key"): row["key"],
                        say("value"): row["value"],
                    }
                    for row in truths
                ],
            ),
            tag("h2", say("What breaks")),
            table(
                say("What breaks"),
                [
                    {
                        say("kind"): row["kind"],
                        say("scope"): row["scope"],
                        say("begins"): when(row["begins"]),
                        say("ends"): when(row["ends"]) or say("until it is mended"),
                        say("cause"): row["cause"],
                        say("way around"): row["way_around"],
                    }
                    for row in faults
                ],
            ),
            tag("h2", say("What people know")),
            table(
                say("What people know"),
                [
                    {
                        say("person"): row["holder"],
                        say("asked with"): row["words"],
                        say("says"): row["text"],
                        say("or wrongly"): row["spoilt"],
                    }
                    for row in facts
                ],
            ),
            tag("h2", say("What is to come")),
            table(
                say("What is to come"),
                [
                    {
                        say("when"): when(row["at"]),
                        say("kind"): row["kind"],
                        say("details"): json.dumps(json.loads(row["payload"]), ensure_ascii=False)[:300],
                    }
                    for row in coming
                ],
            ),
        )
    )
