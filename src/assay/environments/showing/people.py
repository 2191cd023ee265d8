"""People as pages: who is there, who meets when, who is away and who is on call."""

from __future__ import annotations

from assay.environments.showing.markup import join, table, tag, when
from assay.environments.showing.parts import MOST, Drawn, find
from assay.environments.world import World


def people(world: World) -> Drawn:
    """Return people by team, then candidates."""
    parts = []
    for team in find(world, "SELECT * FROM team ORDER BY id"):
        rows = find(world, "SELECT * FROM person WHERE team = ? ORDER BY id", team["id"])
        parts.append(tag("h2", team["name"]))
        parts.append(tag("p", f"{team['purpose']}; lead: {team['lead'] or 'nobody'}"))
        parts.append(
            table(
                f"Team {team['name']}",
                [
                    {
                        "id": row["id"],
                        "name": row["name"],
                        "role": row["role"],
                        "answers to": row["manager"],
                        "mail": row["email"],
                        "hours from UTC": f"{row['zone']:+}" if isinstance(row["zone"], int) else row["zone"],
                        "status": row["status"],
                    }
                    for row in rows
                ],
            )
        )
    candidates = find(world, "SELECT * FROM candidate ORDER BY id LIMIT ?", MOST)
    parts.append(tag("h2", "Candidates"))
    parts.append(
        table(
            "Candidates",
            [
                {name: row[name] for name in ("id", "name", "position", "stage", "owner", "notes")}
                for row in candidates
            ],
        )
    )
    return "People", join(parts)


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
                "time": f"{when(row['begins'])[-5:]} to {when(row['ends'])[-5:]}",
                "meeting": row["title"],
                "place": row["place"],
                "who": ", ".join(people.get(row["id"], [])),
                "status": row["status"],
                "notes": row["notes"],
            }
        )
    away = find(world, "SELECT * FROM absence ORDER BY begins")
    calls = find(world, "SELECT * FROM on_call WHERE ends > ? ORDER BY begins, team LIMIT 60", world.now)
    return "Calendar", join(
        (
            *(join((tag("h2", day), table(f"Meetings on {day}", rows))) for day, rows in days.items()),
            tag("h2", "Away"),
            table(
                "Away",
                [
                    {
                        "who": row["person"],
                        "from": when(row["begins"]),
                        "to": when(row["ends"]),
                        "stands in": row["stand_in"],
                    }
                    for row in away
                ],
            ),
            tag("h2", "On call"),
            table(
                "On call",
                [
                    {
                        "team": row["team"],
                        "who": row["person"],
                        "from": when(row["begins"]),
                        "to": when(row["ends"]),
                    }
                    for row in calls
                ],
            ),
        )
    )
