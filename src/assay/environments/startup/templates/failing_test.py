"""A customer was charged too little; the rounding is mended by a pull request whose tests are run."""

from __future__ import annotations

from assay.environments.clock import MINUTE
from assay.environments.situations import Situation, is_so, ticket_changes, waits
from assay.environments.startup.coding import calls, change, changing, hours, merged, text_of, write
from assay.environments.startup.history import ci_ran, edited
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action

ROUND = "(2 * cents * days + month) // (2 * month)"
STEPPED = "(2 * cents * days + {step} * month) // ({twice} * month) * {step}"
WRONG = (
    "cents * days // ({step} * month) * {step}",
    "int(cents / month) * days // {step} * {step}",
    "round(cents * days / month / {step}) * {step}",
)


class FailingTest(Plot):
    """Evidence: the ticket with the case, the failing test, the docstring, the commit that simplified it.

    Decoys: other files, and tickets about other modules. Checks that no tool shows decide.
    """

    def plot(self, scene: Scene) -> Situation:
        repo, path, branch = "exports", "exports/invoice.py", "fix-rounding"
        step = scene.draw.one((2, 3, 4, 5, 8, 10, 15, 20, 25, 40, 50))
        stepped = STEPPED.format(step=step, twice=2 * step)
        right = edited(
            text_of(scene, repo, path),
            [(ROUND, stepped), ("half up.", f"half up to whole steps of {step} cents.")],
        )
        wrong = edited(right, [(stepped, scene.draw.one(WRONG).format(step=step))])
        # Half of a month of these is half a step more than an even number, which each mistake gets wrong.
        cents, days = step * (4 * scene.draw.between(10, 400) + 1), 15
        due = prorated(cents, days, step)
        staff = scene.staff("serving")
        write(scene, repo, {path: right}, title=f"Round to {step} cents", ago=hours(0))
        write(
            scene,
            repo,
            {path: wrong},
            title="Simplify prorated amounts",
            by=scene.draw.one(staff),
            ago=hours(1),
        )
        test = text_of(scene, repo, "test_invoice.py")
        head = write(
            scene,
            repo,
            {
                "test_invoice.py": test + "\n    def test_half_a_step(self):\n"
                f"        self.assertEqual(prorated({cents}, {days}), {due})\n"
            },
            title="Add the case of a customer",
            by=scene.draw.one(staff),
            ago=hours(5),
        )
        ci_ran(
            scene.made,
            repo,
            head,
            at=scene.begins - hours(6),
            failed=f"FAIL: test_half_a_step: prorated({cents}, {days}) is not {due}",
        )
        checks = (
            *calls(
                "exports.invoice",
                "prorated",
                (
                    ((cents, days), prorated(cents, days, step))
                    for cents in (0, 1, 55, step * 11, step * 101, step * 1_001, cents, 30_003)
                    for days in range(31)
                ),
            ),
            *calls("exports.invoice", "prorated", [((280, 14, 28), prorated(280, 14, step, month=28))]),
            *calls("exports.invoice", "total", [(([],), 0), (([(2, 150), (1, 50)],), 350)]),
        )
        key = scene.ticket(
            "OPS",
            "Part of a month is rounded wrongly",
            f"{days} days of {cents} cents should be {due} cents: halves are rounded up, to"
            f" whole steps of {step}, as {path} says.",
            labels="exports",
        )
        for place in range(scene.knobs.noise):
            scene.ticket(
                "OPS",
                "Totals are wrong?",
                f"Line {place + 1} of a total looked odd; it was not.",
                labels="exports",
            )
        start = scene.trail("rounding", f"ticket {key}")
        scene.contradict(lambda n: f"halves round down since version {n}", channel="growth")
        return scene.task(
            f"""A test of the repository {repo} fails on main. Begin at {start}. Mend the code, not the test,
            by a pull request from the branch {branch}; merge it when its tests pass, see that they pass on
            main, and set the ticket to done.""",
            hours=6,
            goals=(*merged(repo, checks), is_so("the ticket is done", "ticket", id=key, status="done")),
            allowed=(*changing(scene, repo, path), *ticket_changes(key, "status")),
            oracle=(
                Action("ticket_read", {"ticket": key}),
                Action("code_read", {"repo": repo, "path": path}),
                *change(repo, branch, path, right, "Round half up"),
                *waits(scene.begins + 90 * MINUTE, 1),
                Action("pull_merge", {"pull_request": "{pull.pull_request}"}),
                Action("ticket_change", {"ticket": key, "status": "done"}),
                *waits(scene.begins + 120 * MINUTE, 1),
            ),
        )


def prorated(cents: int, days: int, step: int, *, month: int = 30) -> int:
    """Return the part of a monthly price for some days, rounded half up to a multiple of some cents.

    >>> prorated(101, 15, 1), prorated(101, 15, 10)
    (51, 50)
    """
    return (2 * cents * days + step * month) // (2 * step * month) * step
