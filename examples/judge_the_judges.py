"""Votes in, verdicts out: why a majority is not enough.

Six people answer two hundred questions. Three are careful, two toss a coin, one has misunderstood them all.
Run it with: python examples/judge_the_judges.py
"""

import numpy as np

from assay import quality

rng = np.random.default_rng(7)
truth = {f"question {n}": str(rng.choice(["yes", "no"])) for n in range(200)}
accuracy = {"ann": 0.95, "ben": 0.9, "cleo": 0.85, "coin one": 0.5, "coin two": 0.5, "upside down": 0.15}
votes = [
    (item, rater, right if rng.random() < share else {"yes": "no", "no": "yes"}[right])
    for item, right in truth.items()
    for rater, share in accuracy.items()
]
columns = quality.Columns.from_lists(*zip(*votes, strict=True))

for method in ("majority", "dawid-skene"):
    finding = quality.weigh(columns, method=method)
    scores = quality.score(finding.result, truth)
    print(f"{method:12} is right in {scores.accuracy:.0%}")

for skill in finding.skills:
    planted = accuracy[skill.rater]
    print(f"{skill.rater:12} {skill.mean:4.0%} ({skill.low:.0%} to {skill.high:.0%}); planted: {planted:.0%}")
