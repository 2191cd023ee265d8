"""Do intervals, looks, suspicions and choices keep their promises? Simulations whose truth is known."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from harness import QUICK, Figure, step
from scipy.special import expit

PREFS = Path(__file__).parents[3] / "shared" / "data" / "prefs"
CROWDS = 40 if QUICK else 200
PEOPLE = 200 if QUICK else 2000
ELO = 400 / np.log(10)


def chance_of(figure: str, held: Sequence[float] | np.ndarray) -> Figure:
    """Return the Monte Carlo error of a share that is the mean of independent runs."""
    spread = float(np.std(np.asarray(held, dtype=float), ddof=1))
    return Figure(f"{figure}: Monte Carlo error", 100 * spread / np.sqrt(len(held)), "points")


def coverage() -> list[Figure]:
    """How often 95 % intervals hold the truth where people have tastes of their own."""
    from assay.evaluation.sandwich import clustered, pairs
    from assay.evaluation.simulations import fitted, taste

    step("coverage where tastes differ")
    held = {"rater": [], "vote": []}
    for seed in range(5 * CROWDS):
        crowd = taste(np.random.default_rng(10_000 + seed))
        theta_M = fitted(crowd)
        chance_N = expit(theta_M[crowd.a_N] - theta_M[crowd.b_N])
        for name, way in (("rater", crowd.rater_N), ("vote", np.arange(len(chance_N)))):
            # votes as people of their own take long, and miss by so much that a tenth of the crowds shows it
            if name == "vote" and seed >= CROWDS // 2:
                continue
            design = pairs(crowd.a_N, crowd.b_N, len(theta_M))
            found = clustered(design, crowd.score_N - chance_N, chance_N * (1 - chance_N), [way])
            held[name].append(np.mean(np.abs(theta_M - crowd.theta_M) <= found.half_K))
    ours, plain = (100 * float(np.mean(held[name])) for name in ("rater", "vote"))
    return [
        Figure("taste: coverage of 95 % intervals", ours, "%", ">= 94", "independent votes", f"{plain:.1f}"),
        chance_of("taste: coverage of 95 % intervals", held["rater"]),
    ]


def ranks() -> list[Figure]:
    """Wrong ranks where some models are equal."""
    from assay.evaluation.ranks import rank_sets

    step("simultaneous ranks")
    rng, wrong = np.random.default_rng(0), []
    theta = np.repeat([0.0, 0.3, 0.3, 0.6], 5)
    truth = theta[:, None] > theta[None, :]
    for _ in range(2 * CROWDS):
        root = rng.normal(0, 0.03, (20, 20))
        covariance = root @ root.T + np.eye(20) * 0.003
        found = rank_sets(rng.multivariate_normal(theta, covariance), covariance, rng)
        wrong.append(bool((found.above_M_M & ~truth).any()))
    name = "rank sets: boards with any wrong rank, 20 models"
    return [Figure(name, 100 * float(np.mean(wrong)), "%", "<= 6"), chance_of(name, wrong)]


def ranks_time() -> list[Figure]:
    """The time that rank sets take for a hundred models."""
    from assay.evaluation.ranks import rank_sets

    rng = np.random.default_rng(0)
    many, spent = rng.normal(0, 0.6, 100), []
    for _ in range(7):
        start = time.process_time()
        rank_sets(many, np.eye(100) * 0.002, rng)
        spent.append(time.process_time() - start)
    return [Figure("rank sets: 100 models, 2,000 draws, CPU", 1000 * float(np.median(spent)), "ms", "<= 200")]


def looks() -> list[Figure]:
    """False alarms where one looks every fifty votes from 100 to 3,000, and what stopping costs."""
    from assay.evaluation import evalues

    step("looking often")
    rng, at = np.random.default_rng(1), np.arange(100, 3001, 50)
    wins = rng.integers(0, 2, (PEOPLE, 3000)).cumsum(axis=1)[:, at - 1].astype(float)
    alarms = (evalues.beta_binomial(wins, at - wins) >= np.log(20)).any(axis=1)
    rate = wins / at
    naive = (np.abs(rate - 0.5) > 1.96 * np.sqrt(rate * (1 - rate) / at)).any(axis=1).mean()
    told = [
        Figure(
            "a look every 50 votes: false alarms", 100 * float(alarms.mean()), "%", "<= 5",
            "95 % intervals for one look", f"{100 * naive:.1f}",
        ),
        chance_of("a look every 50 votes: false alarms", alarms),
    ]  # fmt: skip
    for share in (0.54, 0.6):
        won = (rng.random((PEOPLE // 4, 8000)) < share).cumsum(axis=1)[:, 49::50].astype(float)
        votes = np.arange(50.0, 8001, 50)
        stop = votes[np.argmax(evalues.beta_binomial(won, votes - won) >= np.log(20), axis=1)]
        fixed = "1225" if share == 0.54 else "197"
        told.append(
            Figure(
                f"win rate {share}: median votes until sure", float(np.median(stop)), "votes", "",
                "a fixed test with 80 % power", fixed,
            )
        )  # fmt: skip
    return told


def suspicions() -> list[Figure]:
    """Machines that are seen by their hundredth vote, and honest people who are accused."""
    from assay.evaluation import careless
    from assay.evaluation.simulations import voter

    step("machines among raters")

    def share(figure: str, how: str, votes: int, target: str = "", people: int = PEOPLE // 2) -> list[Figure]:
        flags = []
        for seed in range(people):
            rng = np.random.default_rng(20_000 + seed)
            honest_N, chose_N, favoured_N = voter(rng, votes, how)
            path, _ = careless.evidence(
                honest_N, chose_N, left_N=np.ones(votes, int), provider_N_P=favoured_N[:, None], rng=rng
            )
            flags.append(path.max() >= np.log(20))
        return [Figure(figure, 100 * float(np.mean(flags)), "%", target), chance_of(figure, flags)]

    few = PEOPLE // 5
    return [
        *share("coins seen within 100 votes", "coin", 100, ">= 90"),
        *share("honest people accused within 100 votes", "honest", 100, "<= 5"),
        *share("honest people accused within 300 votes", "honest", 300, "<= 5", few),
        *share("always left, seen within 30 votes", "left", 30, people=few),
        *share(
            "favours a provider in a fifth of the pairs, seen within 200 votes", "rigger", 200, people=few
        ),
    ]


def choices() -> list[Figure]:
    """Intervals of the best of 27 equal variants, a thousand votes each."""
    from assay.evaluation.selection import best_of, split

    step("the best of 27")
    rng, error = np.random.default_rng(2), np.sqrt(4 / 1000) * 1.15
    held, widths = [], []
    for _ in range(PEOPLE):
        own, again = rng.normal(0, error, 27), rng.normal(0, error)
        chosen, both = best_of(own, error), best_of(own, error, fresh=again, fresh_error=error)
        low, high = split(again, error)
        held.append(
            (
                chosen.low <= 0 <= chosen.high,
                both.low <= 0 <= both.high,
                chosen.naive_low <= 0 <= chosen.naive_high,
            )
        )
        widths.append(((both.high - both.low) * ELO, (high - low) * ELO))
    given, carved, naive = 100 * np.mean(held, axis=0)
    told = chance_of("best of 27: coverage given the choice", np.array(held)[:, 0])
    wide, alone = np.median(widths, axis=0)
    return [
        Figure(
            "best of 27: coverage given the choice", given, "%", ">= 94", "its own interval", f"{naive:.1f}"
        ),
        told,
        Figure("best of 27: coverage with as many fresh votes", carved, "%", ">= 94"),
        Figure("best of 27: width with fresh votes", wide, "Elo", "", "fresh votes alone", f"{alone:.1f}"),
    ]


def authors() -> list[Figure]:
    """How often the author of a real answer is named, prompts kept apart."""
    import polars as pl

    from assay.evaluation.tells import name_authors

    folder = PREFS / "alpaca_outputs"
    if not folder.exists():
        step("tells: needs shared/data/prefs/alpaca_outputs, which is not beside this checkout")
        return []
    step("tells")
    frame = pl.read_parquet(next(folder.glob("*.parquet"))).filter(pl.col("response").is_not_null())
    items = frame["item"].unique(maintain_order=True)[: 60 if QUICK else 160]
    frame = frame.filter(pl.col("item").is_in(items.implode()))
    models = sorted(set(frame["model"]))
    author_N = np.array([models.index(one) for one in frame["model"]])
    start = time.process_time()
    found = name_authors(
        frame["response"].to_list(), author_N, frame["item"].rank("dense").to_numpy(), len(models)
    )
    spent = time.process_time() - start
    return [
        Figure(
            f"tells: authors named, {len(models)} models, {len(frame):,} answers",
            100 * found.accuracy, "%", "", "chance", f"{100 * found.chance:.1f}",
        ),
        Figure("tells: CPU", spent, "s"),
    ]  # fmt: skip


def training() -> list[Figure]:
    """A training run: alarms where nothing changed, and what is found where one slice rose and four fell."""
    from assay.evaluation.gate import Votes
    from assay.evaluation.watching import watched

    step("a training run")

    def run(rng: np.random.Generator, quality: dict[str, list[float]], prompts: dict[str, int]):
        rows, part = [], []
        for name, worth in quality.items():
            for at in range(1, len(worth)):
                won = rng.random(prompts[name]) < expit(worth[at] - worth[at - 1])
                rows += [(at, at - 1, float(one)) for one in won]
                part += [name] * prompts[name]
        order = rng.permutation(len(rows))
        a_N, b_N, score_N = (np.array(column)[order] for column in zip(*rows, strict=True))
        names = np.array(part)[order]
        votes = Votes(a_N, b_N, score_N, np.arange(len(order)))
        line = [(at, f"step {at}") for at in range(len(next(iter(quality.values()))))]
        return watched(votes, line, slices={name: names == name for name in quality})

    four = ("prose", "law", "letters", "code")
    alarms, found, named, hidden = [], [], [], []
    for seed in range(CROWDS):
        rng = np.random.default_rng(30_000 + seed)
        flat = {name: [0.0] * 6 for name in ("puzzles", *four)}
        alarms.append(bool(run(rng, flat, dict.fromkeys(flat, 60)).falls))
        narrow = {
            "puzzles": [0.0, 0.0, 0.0, 1.4, 1.4],
            **{name: [0.0, 0.1, 0.1, -0.8, -0.8] for name in four},
        }
        told = run(rng, narrow, {"puzzles": 800, **dict.fromkeys(four, 150)})
        fell = [turn.change for turn in told.falls if turn.change.slice in four]
        found.append(len(fell) / 4)
        named.append(np.mean([each.since == "step 3" for each in fell]) if fell else 0.0)
        hidden.append(bool(told.hidden))
    name = "watch: runs with any false alarm, 6 checkpoints, 5 slices"
    return [
        Figure(name, 100 * float(np.mean(alarms)), "%", "<= 5"),
        chance_of(name, alarms),
        Figure("watch: falls found, 150 prompts a step, win rate 0.29", 100 * float(np.mean(found)), "%"),
        Figure("watch: of these, with the right checkpoint", 100 * float(np.mean(named)), "%", ">= 90"),
        Figure("watch: runs where the average is said to hide it", 100 * float(np.mean(hidden)), "%"),
    ]


def kinds() -> list[Figure]:
    """How often votes kept aside say the right number of kinds of taste."""
    from assay.evaluation import simulations
    from assay.evaluation.classes import how_many

    step("kinds of taste")
    told = []
    for shares in ((1.0,), (0.7, 0.3), (0.4, 0.35, 0.25)):
        right = [
            how_many(
                simulations.kinds(np.random.default_rng(seed), shares=shares).battles,
                np.random.default_rng(seed), most=4, restarts=3,
            ).chosen == len(shares)
            for seed in range(CROWDS // 10)
        ]  # fmt: skip
        told.append(
            Figure(
                f"kinds of taste: {len(shares)} found where there are {len(shares)}",
                100 * np.mean(right),
                "%",
            )
        )
    return told


def tastes() -> list[Figure]:
    """How well kinds and directions of taste foresee the same votes kept aside, on released votes."""
    import foresight

    from assay.evaluation.classes import beside_factors

    if QUICK:
        return []
    if not (PREFS / "llmfao").exists():
        step("tastes: needs shared/data/prefs/llmfao, which is not beside this checkout")
        return []
    step("tastes")
    told = beside_factors(foresight.read(PREFS, "llmfao"), np.random.default_rng(0))
    one = told.pop("1 kind")
    return [
        Figure(
            f"llmfao: log-loss of votes kept aside, {name} of taste",
            loss,
            "nats",
            "",
            "one board",
            f"{one:.4f}",
        )
        for name, loss in told.items()
    ]


def rubrics() -> list[Figure]:
    """Coverage of the worth by rubric, severe raters on few scores each.

    A fit misses or hits with several models at once, so that it takes hundreds to tell 93 % from 95.
    """
    import polars as pl

    from assay.evaluation.facets import facets
    from assay.evaluation.sheets import rubric

    step("rubrics")
    truth, held = np.linspace(-0.9, 0.9, 6), []
    for seed in range(2 * CROWDS):
        rng = np.random.default_rng(40_000 + seed)
        severity_R, ease_I = rng.normal(0, 0.8, 30), rng.normal(0, 0.6, 40)
        rater, model, item = rng.integers(0, 30, 900), rng.integers(0, 6, 900), rng.integers(0, 40, 900)
        latent = truth[model] - severity_R[rater] + ease_I[item] + rng.logistic(size=900)
        score = 1 + (latent[:, None] > np.array([-2.0, -0.7, 0.6, 1.9])).sum(axis=1)
        names = [
            [f"{letter}{code:02d}" for code in codes]
            for letter, codes in (("i", item), ("r", rater), ("m", model))
        ]
        frame = pl.DataFrame({"item": names[0], "rater": names[1], "model": names[2], "score": score})
        low_M, high_M = facets(rubric(frame)).intervals_M_2().T
        held.append(np.mean((low_M <= truth) & (truth <= high_M)))
    name = "rubric: coverage of 95 % intervals, 30 raters"
    return [Figure(name, 100 * float(np.mean(held)), "%", ">= 93"), chance_of(name, held)]


PARTS: tuple[Callable[[], list[Figure]], ...] = (
    coverage,
    ranks,
    looks,
    suspicions,
    choices,
    authors,
    training,
    kinds,
    tastes,
    rubrics,
)
