"""A commit of a colleague broke the limits of the API; it is reverted, and what came later stays."""

from __future__ import annotations

from assay.environments.clock import MINUTE
from assay.environments.sandbox import Check
from assay.environments.situations import Situation, told, waits, writes
from assay.environments.startup.coding import calls, changing, hours, merged, text_of, write
from assay.environments.startup.history import edited
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action


class RevertCommit(Plot):
    """Evidence: the log and its diffs, the document that lists the limits, and what the author tells.

    Decoys: later commits to the same file. The guilty commit changed the tests as well, so that they pass.
    """

    def plot(self, scene: Scene) -> Situation:
        repo, path, test, branch = "api", "api/limits.py", "test_limits.py", "bring-limits-back"
        lost, team = scene.draw.between(20, 50), scene.draw.between(61, 90)
        staff = scene.staff("serving", but=(scene.lead("serving"),))
        author = scene.draw.one(staff)
        code, tests = text_of(scene, repo, path), text_of(scene, repo, test)
        code = edited(code, [('"team": 60', f'"team": {team}')])
        tests = edited(
            tests,
            [
                ("('team', 60)", f"('team', {team})"),
                ("assertTrue(allowed('team', 59", f"assertTrue(allowed('team', {team - 1}"),
            ],
        )
        write(scene, repo, {path: code, test: tests}, title=f"Team gets {team} calls", ago=hours(0))
        wrong = edited(code, [('"business": 600', f'"business": {lost}'), ("used <", "used <=")])
        weak = edited(
            tests, [(f"assertFalse(allowed('team', {team})", f"assertFalse(allowed('team', {team + 1})")]
        )
        guilty = write(
            scene, repo, {path: wrong, test: weak}, title="Tidy the limits", by=author, ago=hours(2)
        )
        said = "How many calls a customer may make"
        for place in range(1 + scene.knobs.noise):
            now = f"{said}, each minute ({place})" if place else f"{said}, each minute"
            before = f", each minute ({place - 1})" if place > 1 else ", each minute" if place else ""
            wrong = edited(wrong, [(f"{said}{before}.", f"{now}.")])
            write(
                scene,
                repo,
                {path: wrong},
                title="Reword",
                by=scene.draw.one(staff),
                ago=hours(3) - place * 20 * MINUTE,
            )
        limits = {"team": team, "business": 600, "enterprise": 6000}
        checks = (
            Check("api.limits", "CALLS", None, limits),
            Check(
                "api.limits", "__doc__", None, wrong.partition("\n")[0].strip('"')
            ),  # what came later stays
            *calls(
                "api.limits",
                "allowed",
                (((plan, most + more), more < 0) for plan, most in limits.items() for more in (-1, 0, 1)),
            ),
        )
        doc = scene.doc(
            "limits-of-the-api",
            "Limits of the API",
            f"Calls a minute: team {team}, business 600, enterprise 6000. More calls are refused.",
            by=scene.lead("serving"),
        )
        scene.made.truth(repo, "guilty", guilty)
        scene.made.knows(author, "commit", "limits", "I tidied the limits. Business was 600 before, with <.")
        start = scene.trail("limits", f"document {doc}")
        scene.contradict(lambda n: f"business has {600 + 100 * n} calls a minute", channel="serving")
        return scene.task(
            f"""Customers on the business plan are limited too early since Friday; one call too many goes
            through on every plan. Begin at {start}, and at the log of the repository {repo}. Revert the
            commit that did it by a pull request from the branch {branch}, keep what came later, merge it when
            its tests pass, see that they pass on main, and tell {author}, whose commit it was, the path of
            what you mended.""",
            hours=6,
            goals=(*merged(repo, checks), told(author, path, name="the author knows")),
            allowed=changing(scene, repo, path, test),
            oracle=(
                Action("doc_read", {"doc": doc}),
                Action("code_log", {"repo": repo, "path": path}),
                Action("code_show", {"repo": repo, "commit": guilty}),
                Action("code_revert", {"repo": repo, "branch": branch, "commit": guilty}),
                Action(
                    "pull_open",
                    {
                        "repo": repo,
                        "branch": branch,
                        "title": "Bring the limits back",
                        "body": "See the document.",
                    },
                    "pull",
                ),
                *waits(scene.begins + 90 * MINUTE, 1),
                Action("pull_merge", {"pull_request": "{pull.pull_request}"}),
                writes(author, f"I mended {path} after your commit."),
                *waits(scene.begins + 120 * MINUTE, 2),
            ),
        )
