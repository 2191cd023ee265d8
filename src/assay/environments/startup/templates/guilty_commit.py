"""Fees are wrong since some day, and the tests pass all the way: which commit was it, and whose?"""

from __future__ import annotations

import json
from collections.abc import Sequence

from assay.environments.clock import MINUTE
from assay.environments.situations import Situation, both, commented, is_so, ticket_changes
from assay.environments.startup.coding import hours, write
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action

TITLES = {
    "basis": "Name the basis of shares",
    "split": "Take the share out of the fee",
    "cheque": "Fees of cheques",
    "most": "Say why there is a most",
    "net": "What is left after the fee",
    "check": "Refuse what is below nothing",
}
"""What harmless commits do, by the part of the source that they change."""

BUGS = {
    "down": ("Simplify the share", "debit", 1_320),
    "most": ("Tidy the most", "card", 200_000),
    "fixed": ("Fixed parts of fees", "debit", 10_000),
}
"""Kind of mistake → the commit's title, and a payment that it charges wrongly."""


class GuiltyCommit(Plot):
    """Evidence: a payment that was charged wrongly, the history with its diffs, tests run at older commits.

    Decoys: commits to the same lines that change no fee, by others.
    """

    def plot(self, scene: Scene) -> Situation:
        repo, path = "ledger", "ledger/fees.py"
        lead = scene.lead("growth")
        staff = scene.staff("growth")
        harmless = scene.draw.some(sorted(TITLES), min(4 + scene.knobs.noise, len(TITLES)))
        bug = scene.draw.one(sorted(BUGS))
        title, method, cents = BUGS[bug]
        order: list[str] = list(harmless)
        order.insert(scene.draw.between(1, len(order) - 1), "")
        made: list[str] = []
        done: list[str] = []
        author, broken = "", ""
        for place, part in enumerate(order):
            by = scene.draw.one(staff)
            if part:
                done.append(part)
            else:
                author, broken = by, bug
            made.append(
                write(
                    scene,
                    repo,
                    {path: source(done, broken)},
                    title=TITLES.get(part, title),
                    by=by,
                    ago=hours(0) - place * 55 * MINUTE,
                )
            )
        guilty = made[order.index("")]
        due, charged = fee(cents, method), fee(cents, method, bug)
        key = scene.ticket(
            "OPS",
            f"ledger: fee of a {method} payment",
            f"A payment of {cents} cents by {method} costs {due} cents. We were told {charged}.",
            labels="ledger",
            assignee=None,
            by=lead,
        )
        scene.made.truth(repo, "guilty", guilty)
        start = scene.trail("fees", f"ticket {key}")
        scene.contradict(lambda n: f"the fees were wrong {n} weeks ago already, I think", channel="growth")
        others = [each for each in made if each != guilty]
        return scene.task(
            f"""Fees are wrong since some commit of last Friday to the repository {repo}; its tests pass all
            the way. Begin at {start}. Find the first commit at which the fee is wrong, write its full id, and
            no other one, as a comment to the ticket, and assign the ticket to whose commit it is. Change
            nothing in the repository.""",
            hours=6,
            goals=(
                both("names the guilty commit", commented(key, guilty, but_not=others), weight=2),
                both(
                    "its author has the ticket, and why",
                    is_so("", "ticket", id=key, assignee=author),
                    commented(key, guilty, but_not=others),
                ),
            ),
            allowed=ticket_changes(key, "assignee"),
            oracle=(
                Action("ticket_read", {"ticket": key}),
                Action("code_log", {"repo": repo, "path": path}),
                *(
                    Action("code_test", {"repo": repo, "branch": oid, "test": asking(cents, method, due)})
                    for oid in (made[0], made[order.index("") - 1], guilty)
                ),
                Action("ticket_comment", {"ticket": key, "text": f"It is {guilty}."}),
                Action("ticket_change", {"ticket": key, "assignee": author}),
            ),
            commits=len(made),
        )


def asking(cents: int, method: str, due: int) -> str:
    """Return a test that fails where the fee is wrong."""
    return (
        "import unittest\n\nfrom ledger.fees import fee\n\n\nclass Asked(unittest.TestCase):\n"
        f"    def test_fee(self):\n        self.assertEqual(fee({cents}, {method!r}), {due})\n"
    )


def fee(cents: int, method: str, bug: str = "") -> int:
    """Return the fee of a payment, or what a mistake makes of it.

    >>> fee(10_000, "card"), fee(1_320, "debit"), fee(1_320, "debit", "down")
    (320, 31, 30)
    """
    share = cents * {"card": 290, "debit": 80, "transfer": 0}[method]
    share = share // 10_000 if bug == "down" else (share + 5_000) // 10_000
    fixed = {"card": 30, "debit": 30 if bug == "fixed" else 20, "transfer": 0}[method]
    return min(share, 5_000) + fixed if bug == "most" else min(share + fixed, 5_000)


def source(parts: Sequence[str], bug: str) -> str:
    """Return the module with some parts done, and perhaps a mistake made."""
    basis, half = ("BASIS", "BASIS // 2") if "basis" in parts else ("10_000", "5_000")
    cheque = {"cheque": 0} if "cheque" in parts else {}
    shares = {"card": 290, "debit": 80, "transfer": 0} | cheque
    fixed = {"card": 30, "debit": 30 if bug == "fixed" else 20, "transfer": 0}
    fixed |= dict.fromkeys(cheque, 250)
    share = f"cents * SHARE[method] // {basis}"
    if bug != "down":
        share = f"(cents * SHARE[method] + {half}) // {basis}"
    took = "share(cents, method)" if "split" in parts else "share"
    whole = f"min({took}, MOST) + FIXED[method]" if bug == "most" else f"min({took} + FIXED[method], MOST)"
    lines = [
        '"""What a payment costs, in cents."""\n',
        *(["BASIS = 10_000"] if "basis" in parts else []),
        f"SHARE = {json.dumps(shares)}",
        f"FIXED = {json.dumps(fixed)}",
        "MOST = 5_000" + ("  # what the bank itself takes at most" if "most" in parts else ""),
    ]
    if "split" in parts:
        lines.append("\n\ndef share(cents, method):")
        lines.append('    """Return the part of a fee that grows, rounded half up."""')
        lines.append(f"    return {share}")
    lines.append("\n\ndef fee(cents, method):")
    lines.append('    """Return the fee: a share (in 1/10,000) rounded half up, and something fixed."""')
    if "check" in parts:
        lines += ["    if cents < 0:", '        raise ValueError("nobody pays less than nothing")']
    if "split" not in parts:
        lines.append(f"    share = {share}")
    lines.append(f"    return {whole}")
    if "net" in parts:
        lines.append("\n\ndef net(cents, method):")
        lines.append('    """Return what is left after the fee."""')
        lines.append("    return cents - fee(cents, method)")
    return "\n".join([*lines, ""])
