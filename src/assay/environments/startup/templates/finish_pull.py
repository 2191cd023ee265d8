"""A colleague left a pull request half done before a leave; it is finished on its branch, and merged."""

from __future__ import annotations

from assay.environments.clock import DAY, HOUR, MINUTE
from assay.environments.sandbox import Check
from assay.environments.situations import Situation, waits
from assay.environments.startup.coding import calls, changing, hours, merged, text_of, write
from assay.environments.startup.history import ci_ran
from assay.environments.startup.scene import Plot, Scene
from assay.environments.startup.stories import TEST
from assay.environments.tasks import Action


class FinishPull(Plot):
    """Evidence: the request with its failing tests, what a reviewer asked for, code and tests on the branch.

    Main has gone on meanwhile. Decoys: other requests that wait. Checks that no tool shows decide.
    """

    def plot(self, scene: Scene) -> Situation:
        repo, path, test, branch = "exports", "exports/discount.py", "test_discount.py", "discounts"
        lead = scene.lead("serving")
        author = scene.draw.one(scene.staff("serving", but=(lead,)))
        name = scene.draw.one(
            ("discounted", "reduced", "rebated", "lowered", "after_discount", "less_percent")
        )
        most = scene.draw.between(6, 18) * 5
        cents = 4 * scene.draw.between(20, 600) + 3  # a quarter less is a quarter of a cent too much
        head = (
            '"""Discounts on invoices, in cents."""\n\n\n'
            f"def {name}(cents, percent):\n"
            '    """Return a price less some percent, rounded half up."""\n'
        )
        wrong = f"{head}    return cents - cents * percent // 100\n"
        right = (
            f"{head}    if not 0 <= percent <= {most}:\n"
            f'        raise ValueError("a discount is from 0 to {most} percent")\n'
            "    return (2 * cents * (100 - percent) + 100) // 200\n"
        )
        tests = TEST.format(module="exports.discount", names=name, name="Discount") + (
            f"    def test_none(self):\n        self.assertEqual({name}(1000, 0), 1000)\n\n"
            f"    def test_half_up(self):\n        self.assertEqual({name}({cents}, 25),"
            f" {_price(cents, 25)})\n\n"
            "    def test_too_much(self):\n        with self.assertRaises(ValueError):\n"
            f"            {name}(1000, 101)\n"
        )
        write(scene, repo, {path: wrong}, title="Discounts", by=author, ago=hours(0), branch=branch)
        tip = write(
            scene, repo, {test: tests}, title="What they should do", by=author, ago=hours(2), branch=branch
        )
        readme = text_of(scene, repo, "README.md")
        write(
            scene, repo, {"README.md": f"{readme}\nAmounts are in cents.\n"}, title="Say cents", ago=hours(4)
        )
        pull = scene.made.put(
            "pull_request",
            repo=repo,
            branch=branch,
            title="Discounts",
            body="Not done yet: the tests say what is missing.",
            status="open",
            merged_as=None,
            by=author,
            at=scene.begins - hours(3),
        )
        ci_ran(
            scene.made,
            repo,
            tip,
            at=scene.begins - hours(3) + 5 * MINUTE,
            branch=branch,
            failed=f"FAIL: test_half_up: {cents - cents // 4} != {_price(cents, 25)}\n"
            "FAIL: test_too_much: ValueError not raised\n\nFAILED (failures=2)",
        )
        scene.made.put(
            "review",
            pull_request=pull,
            verdict="change",
            text=f"Contracts allow {most} percent at most: refuse more than {most} like 101, and below 0.",
            by=lead,
            at=scene.begins - hours(6),
        )
        for place in range(scene.knobs.noise):
            other = f"idea-{place + 1}"
            write(
                scene,
                repo,
                {f"docs/{other}.md": f"An idea, part {place + 1}.\n"},
                title=f"An idea ({place + 1})",
                by=lead,
                ago=hours(7) - place * MINUTE,
                branch=other,
            )
            scene.made.put(
                "pull_request",
                repo=repo,
                branch=other,
                title=f"An idea ({place + 1})",
                body="Let us talk about it first.",
                status="open",
                merged_as=None,
                by=lead,
                at=scene.begins - HOUR,
            )
        scene.away(author, until=scene.begins + 9 * DAY)
        start = scene.trail("discounts", f"pull request {pull}")
        scene.contradict(lambda n: f"discounts go up to {most + 5 * n} percent", channel="growth")
        checks = (
            *calls(
                "exports.discount",
                name,
                (
                    ((cents, percent), _price(cents, percent))
                    for cents in (0, 1, 99, 101, 333, 1005)
                    for percent in (0, 1, 5, 25, most - 1, most)
                ),
            ),
            *(
                Check("exports.discount", name, (1000, percent), raises="ValueError")
                for percent in (-1, most + 1, 100, 101)
            ),
            *calls("exports.invoice", "prorated", [((3000, 30), 3000), ((101, 15), 51)]),
        )
        given = {"repo": repo, "branch": branch, "path": path, "text": right, "title": "Round, and refuse"}
        return scene.task(
            f"""{author} is on leave and left a pull request of {repo} half done. Begin at {start}. Finish it
            on its branch, {branch}: what its tests and its review ask for. Change the code, not the tests.
            Merge it when the tests pass, and see that they pass on main.""",
            hours=6,
            goals=merged(repo, checks, pull=pull),
            allowed=changing(scene, repo, path, test, branch=branch),
            oracle=(
                Action("pull_read", {"pull_request": pull}),
                Action("code_read", {"repo": repo, "path": path, "branch": branch}),
                Action("code_read", {"repo": repo, "path": test, "branch": branch}),
                Action("code_write", given),
                *waits(scene.begins + 60 * MINUTE, 1),
                Action("pull_merge", {"pull_request": pull}),
                *waits(scene.begins + 90 * MINUTE, 1),
            ),
        )


def _price(cents: int, percent: int) -> int:
    return (2 * cents * (100 - percent) + 100) // 200
