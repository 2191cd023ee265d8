"""A commit of a colleague broke the limits of the API; what was right before comes back by a pull request."""

from __future__ import annotations

import json

from assay.environments.clock import HOUR, MINUTE
from assay.environments.situations import Situation, told, waits, writes
from assay.environments.startup.coding import change, changing, keep_tests, merged, text_of, write
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action


class RevertCommit(Plot):
    """Evidence: the log, the document that lists the limits, and what the author tells.

    Decoys: commits that changed nothing that matters.
    """

    def plot(self, scene: Scene) -> Situation:
        repo, path, branch = "api", "api/limits.py", "bring-limits-back"
        right = text_of(scene, repo, path)
        lost, team = scene.draw.between(20, 50), scene.draw.between(61, 90)
        right = right.replace('"team": 60', f'"team": {team}')
        wrong = right.replace('"business": 600', f'"business": {lost}').replace("used <", "used <=")
        author = scene.draw.one(scene.staff("serving", but=(scene.lead("serving"),)))
        tests = text_of(scene, repo, "test_limits.py").replace("60", str(team)).replace("59", str(team - 1))
        write(scene, repo, {path: wrong, "test_limits.py": tests})
        titles = [
            "Tidy the limits",
            *(f"Reword ({place + 1})" for place in range(scene.knobs.noise)),
        ]
        for place, title in enumerate(titles):
            scene.made.put(
                "code_commit",
                id=f"api-tidy-{place}",
                repo=repo,
                branch="main",
                title=title,
                parent=f"api-tidy-{place - 1}" if place else "api-first",
                paths=json.dumps([path]),
                by=author,
                at=scene.begins - (6 - place) * HOUR,
            )
        keep_tests(
            scene,
            repo,
            "import unittest\n\nfrom api.limits import CALLS, allowed\n\n\n"
            "class Kept(unittest.TestCase):\n    def test_all(self):\n"
            f"        self.assertEqual(CALLS, {{'team': {team}, 'business': 600, 'enterprise': 6000}})\n"
            "        for plan, most in CALLS.items():\n"
            "            self.assertTrue(allowed(plan, most - 1))\n"
            "            self.assertFalse(allowed(plan, most))\n",
        )
        doc = scene.doc(
            "limits-of-the-api",
            "Limits of the API",
            f"Calls a minute: team {team}, business 600, enterprise 6000. More calls are refused.",
            by=scene.lead("serving"),
        )
        scene.made.knows(author, "commit", "limits", "I tidied the limits. Business was 600 before, with <.")
        start = scene.trail("limits", f"document {doc}")
        scene.contradict(lambda n: f"business has {600 + 100 * n} calls a minute", channel="serving")
        return scene.task(
            f"""Customers on the business plan are limited too early since yesterday; one call too many goes
            through on every plan. Begin at {start}, and at the log of the repository {repo}. Bring the
            limits back by a pull request from the branch {branch}, merge it when its tests pass, see that
            they pass on main, and tell {author}, whose commit it was, the path of what you mended.""",
            hours=6,
            goals=(*merged(repo), told(author, path, name="the author knows")),
            allowed=changing(scene, repo, path),
            oracle=(
                Action("doc_read", {"doc": doc}),
                Action("code_log", {"repo": repo}),
                Action("code_read", {"repo": repo, "path": path}),
                *change(repo, branch, path, right, "Bring the limits back"),
                *waits(scene.begins + 90 * MINUTE, 1),
                Action("pull_merge", {"pull_request": "{pull.pull_request}"}),
                writes(author, f"I mended {path} after your commit."),
                *waits(scene.begins + 120 * MINUTE, 2),
            ),
        )
