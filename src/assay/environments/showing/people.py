"""People as pages: who is there, who meets when, who is away and who is on call."""

from __future__ import annotations

from assay.environments.showing.markup import join, own, pairs, table, tag, text, when
from assay.environments.showing.parts import MOST, Drawn, find
from assay.environments.world import World
from assay.wording import say


def people(world: World) -> Drawn:
    """Return people by team, then candidates."""
    parts = []
    for team in find(world, "SELECT * FROM team ORDER BY id"):
        rows = find(world, "SELECT * FROM person WHERE team = ? ORDER BY id", team["id"])
        parts.append(tag("h2", own(team["name"])))
        parts.append(join((text(team["purpose"]), pairs({say("lead"): team["lead"] or say("nobody")}))))
        parts.append(
            table(
                say("Team {name}", name=team["name"]),
                [
                    {
                        say("id"): row["id"],
                        say("name"): row["name"],
                        say("role"): row["role"],
                        say("answers to"): row["manager"],
                        say("address"): row["email"],
                        say("hours from UTC"): f"{row['zone']:+}"
                        if isinstance(row["zone"], int)
                        else row["zone"],
                        say("status"): row["status"],
                    }
                    for row in rows
                ],
            )
        )
    candidates = find(world, "SELECT * FROM candidate ORDER BY id LIMIT ?", MOST)
    parts.append(tag("h2", say("Candidates")))
    parts.append(
        table(
            say("Candidates"),
            [
                {
                    say("id"): row["id"],
                    say("name"): row["name"],
                    say("position"): row["position"],
                    say("stage"): row["stage"],
                    say("owner"): row["owner"],
                    say("notes"): row["notes"],
                }
                for row in candidates
            ],
        )
    )
    return say("People"), join(parts)


def calendar(world: World) -> Drawn:
    """Return meetings by day, who is away, and who is on call."""
    meetings = find(world, "SELECT * FROM meeting ORDER BY begins, id LIMIT ?", 5 * MOST)
    people: dict[int, list[str]] = {}
    for row in find(world, "SELECT meeting, person, answer FROM attendance ORDER BY id"):
        said = "" if row["answer"] in ("yes", None) else f" ({row['answer']})"
        people.setdefault(row["meeting"], []).append(f"{row['person']}{said}")
    days: dict[str, list[dict[str, object]]] = {}
    for row in meetings:
        days.setdefault(when(row["begins"])[:-6], []).append(
            {
                say("time"): say(
                    "{begins} to {ends}", begins=when(row["begins"])[-5:], ends=when(row["ends"])[-5:]
                ),
                say("meeting"): row["title"],
                say("place"): row["place"],
                say("person"): ", ".join(people.get(row["id"], [])),
                say("status"): row["status"],
                say("notes"): row["notes"],
            }
        )
    away = find(world, "SELECT * FROM absence ORDER BY begins")
    calls = find(world, "SELECT * FROM on_call WHERE ends > ? ORDER BY begins, team LIMIT 60", world.now)
    return say("Calendar"), join(
        (
            *(
                join((tag("h2", own(day)), table(say("Meetings on {day}", day=day), rows)))
                for day, rows in days.items()
            ),
            tag("h2", say("Away")),
            table(
                say("Away"),
                [
                    {
                        say("person"): row["person"],
                        say("begins"): when(row["begins"]),
                        say("ends"): when(row["ends"]),
                        say("stands in"): row["stand_in"],
                    }
                    for row in away
                ],
            ),
            tag("h2", say("On call")),
            table(
                say("On call"),
                [
                    {
                        say("team"): row["team"],
                        say("person"): row["person"],
                        say("begins"): when(row["begins"]),
                        say("ends"): when(row["ends"]),
                    }
                    for row in calls
                ],
            ),
        )
    )
