"""A function that a ticket asks for is written by a pull request, reviewed by somebody else, and merged."""

from __future__ import annotations

from assay.environments.clock import HOUR
from assay.environments.situations import Situation, both, told, waits, writes
from assay.environments.startup.coding import calls, change, changing, merged, text_of
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Goal


class NewFunction(Plot):
    """Evidence: the ticket with the rules, a comment that changes one of them, the code around it.

    The order counts: the review comes before the merge, as the policy on releases wants. Checks that
    no tool shows decide.
    """

    def plot(self, scene: Scene) -> Situation:
        repo, path, branch = "api", "api/limits.py", "retry-after"
        reviewer = scene.lead("serving")
        scene.answers(reviewer)
        least = scene.draw.between(2, 29)
        name = scene.draw.one(("retry_after", "back_off", "wait_for"))
        key = scene.ticket(
            "OPS",
            f"api: say when to come back ({name})",
            f"We want {name}(used, limit, left) in {path}: 0 where used < limit, else `left` seconds,"
            " rounded up to a whole number, but at least 1.",
            labels="api",
        )
        scene.made.put(
            "ticket_comment",
            ticket=key,
            text=f"After talking to customers: at least {least}, not 1. All else stays.",
            by=reviewer,
            at=scene.begins - HOUR,
        )
        checks = (
            *calls("api.limits", name, [((5, 6, 50), 0), ((6, 6, 40.2), 41), ((7, 6, 0.5), least)]),
            *calls("api.limits", name, [((6, 6, 30), 30), ((9, 6, least), least)]),
            *calls("api.limits", "allowed", [(("business", 599), True), (("team", 60), False)]),
        )
        for place in range(scene.knobs.noise):
            scene.ticket(
                "OPS", "api: count calls by key", f"Part {place + 1}; see the other ticket.", labels="api"
            )
        start = scene.trail(name.replace("_", " "), f"ticket {key}")
        scene.contradict(lambda n: f"{name} gives at least {least + n}, as I recall", channel="serving")
        right = text_of(scene, repo, path) + (
            f"\n\ndef {name}(used, limit, left):\n"
            '    """Return after how many seconds to come back."""\n'
            f"    return 0 if used < limit else max({least}, -int(-left // 1))\n"
        )
        review = (
            "SELECT 1 FROM pull_request JOIN review ON review.pull_request = pull_request.id JOIN code_commit"
            " ON code_commit.id = merged_as WHERE pull_request.repo = ? AND verdict = 'approve' AND"
            " review.author != pull_request.author AND review.created_at < merged_at"
            " AND code_commit.author = (SELECT value FROM meta WHERE key = 'agent')"
        )
        return scene.task(
            f"""Write what {start} asks for, in the repository {repo}, on the branch {branch}. Open a pull
            request, ask {reviewer} by chat to review it once its tests pass (name its number, like
            "pull request 3"), merge it after the approval and not before, and see that the tests pass on
            main.""",
            hours=54,
            goals=(
                *merged(repo, checks),
                both(
                    "reviewed by who was asked, then merged",
                    told(reviewer, "review"),
                    Goal("", review, (repo,)),
                ),
            ),
            allowed=changing(scene, repo, path),
            oracle=(
                Action("ticket_read", {"ticket": key}),
                Action("code_read", {"repo": repo, "path": path}),
                *change(repo, branch, path, right, f"Add {name}"),
                *waits(scene.begins + HOUR, 2),
                writes(reviewer, "Please review pull request {pull.pull_request}."),
                *waits(scene.answered(reviewer) + HOUR, 3),
                Action("pull_merge", {"pull_request": "{pull.pull_request}"}),
                *waits(scene.answered(reviewer) + 3 * HOUR, 2),
            ),
        )
