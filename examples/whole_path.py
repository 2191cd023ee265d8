"""The whole path in memory, on the demo's prompts: judgments in, a board, skills and a data set out.

Run it with: python examples/whole_path.py
"""

import numpy as np

from assay import briefs, datasets, demo, pipeline

brief, items, samples = demo.load()
works = briefs.plan(items, samples, shows=2)

# The people are simulated; put your own `Judgment` records here.
judgments, planted = demo.simulate(works, rng=np.random.default_rng(7))

outcome = pipeline.run(brief, works, judgments)

print(f"{len(judgments)} judgments on {len(works)} works")
for standing in outcome.board.standings:
    print(f"{standing.model:20} {standing.rating:5.0f}  ({standing.low:.0f} to {standing.high:.0f})")

least = min(outcome.skills, key=lambda skill: skill.high)
print(f"least reliable: {least.rater}, right {least.mean:.0%} of the time; {planted[least.rater].about}")

split = outcome.contested[0]
print(f"most contested: {split.item}")

rows = list(datasets.lines(outcome.examples, datasets.format_named("trl-preference"), least_weight=0.9))
print(f"{len(rows)} of {len(outcome.examples)} rows are at least 90 % sure")
