from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from assay.quality import texts
from assay.quality.texts import Texts
from assay.quality.texts.certainty import LOOSE, certainty
from assay.quality.texts.likeness import hashed, likeness, tf_idf

METHODS = [texts.rasa, texts.medoid, texts.weighted_medoid]
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
WORDS = ["sun", "moon", "river", "stone", "bird", "wind", "fire", "snow", "leaf", "song"]


def crowd(
    seed: int, *, items: int = 60, writers: int = 7, slip: float = 0.35
) -> tuple[Texts, dict[str, str]]:
    """Texts with slips in them, of writers who differ, and the text that all of them meant."""
    rng = np.random.default_rng(seed)
    care = np.linspace(0.5, 1.5, writers)
    rows, truth = [], {}
    for n in range(items):
        right = rng.choice(WORDS, 8).tolist()
        truth[f"i{n:03}"] = " ".join(right)
        for writer in range(writers):
            said = [rng.choice(WORDS) if rng.random() < slip * care[writer] else word for word in right]
            rows.append((f"i{n:03}", f"w{writer}", " ".join(said)))
    return Texts.from_lists(*zip(*rows, strict=True)), truth


def plainly(held: Texts, alike_N_N, weight_N, *, own: bool):
    """The same numbers one contest after the other."""

    def contest(places):
        """Return the choice among the texts at these places, its lead, and how many differ."""

        def score(j):
            return round(sum(weight_N[k] * alike_N_N[j, k] for k in places if own or k != j), 9)

        choice = max(places, key=lambda j: (score(j), -j))
        rivals = [j for j in places if held.text_N[j] != held.text_N[choice]]
        different = len({held.text_N[j] for j in places})
        if not rivals:
            return choice, 0.0, different
        second = max(rivals, key=lambda j: (score(j), -j))
        square = sum(weight_N[k] ** 2 for k in places)
        told = len(places) > 2
        return choice, (score(choice) - score(second)) / square**0.5 if told else 0.0, different

    rows, whole = [], []
    for item in range(len(held.items)):
        places = np.flatnonzero(held.item_N == item).tolist()
        whole.append(contest(places)[1:])
        if len(places) < 3:
            continue
        for left_out in places:
            rest = [j for j in places if j != left_out]
            choice, lead, different = contest(rest)
            hit = alike_N_N[choice, left_out] >= max(alike_N_N[j, left_out] for j in rest) - 1e-9
            rows.append((lead, different, hit, weight_N[left_out] / sum(weight_N[j] for j in places)))
    lead, different, hit, weight = np.array(rows, dtype=float).T
    use = different > 1
    scale = lead[use].std()

    def chance(found, lead, different):
        return expit(found[0] * (different > 2) + found[1] * lead / scale - np.log(different - 1))

    def loss(found):
        p = chance(found, lead[use], different[use])
        said = hit[use] * np.log(p) + (1 - hit[use]) * np.log1p(-p)
        return -(weight[use] * said).sum() + LOOSE / 2 * np.square(found).sum()

    found = minimize(loss, [0.0, 0.0], tol=1e-12).x
    lead, different = np.array(whole).T
    return chance(found, lead, np.maximum(different, 2))


@pytest.mark.parametrize("own", [True, False])
def test_certainty_is_that_of_the_plain_form(own):
    held, _ = crowd(1, items=12, writers=4)
    vectors = hashed(held.text_N, dimensions=1 << 20)
    weight_N = np.linspace(0.5, 1.5, len(held))

    found = certainty(held, likeness(held, vectors), weight_N, own=own)

    plain = plainly(held, np.clip((vectors @ vectors.T).toarray(), 0, 1), weight_N, own=own)
    np.testing.assert_allclose(found.best_I, plain, atol=1e-4)


@every_method
@pytest.mark.parametrize("slip", [0.15, 0.35, 0.6])
def test_it_is_rather_modest_about_a_writer_who_was_not_there(method, slip):
    stated, hit, expected, like = [], [], [], []
    for seed in range(4):
        everybody, _ = crowd(seed, slip=slip)
        alike = hashed if method is texts.rasa else tf_idf
        vectors = alike(everybody.text_N)
        # The writer of usual care stays away.
        away_N = everybody.rater_N == 3
        rows = zip(everybody.item_N[~away_N], everybody.rater_N[~away_N], strict=True)
        places = np.flatnonzero(~away_N)
        found = method(
            Texts.from_lists(
                *zip(*((f"i{item:03}", f"w{rater}") for item, rater in rows), strict=True),
                [everybody.text_N[place] for place in places],
            )
        )
        stated += found.sure_I.tolist()
        expected += found.expected_I.tolist()
        for item in range(len(everybody.items)):
            own = np.flatnonzero((everybody.item_N == item) & ~away_N)
            absent = np.flatnonzero((everybody.item_N == item) & away_N)
            cosines = (vectors[own] @ vectors[absent].T).toarray().ravel()
            chosen = cosines[[everybody.text_N[place] for place in own].index(found.text_I[item])]
            hit.append(chosen >= cosines.max() - 1e-9)
            like.append(chosen)

    # One candidate more than in the held-out contests makes for a better choice.
    assert np.mean(hit) - 0.12 < np.mean(stated) < np.mean(hit) + 0.05
    assert abs(np.mean(expected) - np.mean(like)) < 0.05


@every_method
def test_two_texts_say_nothing_and_one_less(method):
    held = Texts.from_lists(
        ["i", "i", "j", "k", "k"], ["ann", "ben", "ann", "ann", "ben"], ["a b", "c d", "e", "f", "f"]
    )

    np.testing.assert_allclose(method(held).sure_I, [0.5, 0.5, 1.0])


@every_method
def test_names_and_the_order_of_rows_change_nothing(method):
    held, _ = crowd(3, items=15)
    rows = [
        (f"x{99 - item}", f"y{9 - rater}", text)
        for item, rater, text in zip(held.item_N, held.rater_N, held.text_N, strict=True)
    ]
    renamed = Texts.from_lists(*zip(*rows[::-1], strict=True))

    before, after = method(held), method(renamed)

    np.testing.assert_allclose(before.sure_I, after.sure_I[::-1], atol=1e-9)
    np.testing.assert_allclose(before.expected_I, after.expected_I[::-1], atol=1e-9)


@pytest.mark.parametrize(("name", "found"), [("crowdwsa_t1", 0.28), ("crowdwsa_t2", 0.29)])
def test_on_real_translations_it_is_within_five_points_of_the_references(name, found, shared):
    """`found`: how often the choice of `rasa` has the highest chrF of its item against the reference."""
    frame = pl.read_parquet(shared(f"truth/{name}/labels.parquet")).rename(
        {"task": "item", "worker": "rater"}
    )

    result = texts.rasa(Texts.from_frame(frame.select("item", "rater", "text")))

    assert abs(result.sure_I.mean() - found) < 0.05


@pytest.mark.parametrize("method", [*METHODS, texts.rover], ids=lambda method: method.__name__)
def test_a_known_text_is_the_verdict_even_if_nobody_wrote_it(method):
    held, truth = crowd(4, items=10)

    found = method(held.knowing({"i000": truth["i000"], "i001": held.text_N[7]}))

    assert found.verdicts["i000"] == truth["i000"]
    assert found.verdicts["i001"] == held.text_N[7]
    assert held.text_N[found.choice_I[1]] == held.text_N[7]
    assert found.sure_I[:2].tolist() == [1, 1]
    assert (method(held).sure_I[:2] < 1).any()


def test_known_texts_show_who_writes_well_where_the_crowd_copies_nonsense():
    rows = []
    for n in range(8):
        nonsense, right = f"{WORDS[n]} " * 5, f"the {WORDS[-1 - n]} is over there"
        rows += [(f"i{n}", "copy1", nonsense), (f"i{n}", "copy2", nonsense), (f"i{n}", "ann", right)]
    held = Texts.from_lists(*zip(*rows, strict=True))
    known = {f"i{n}": f"the {WORDS[-1 - n]} is over there" for n in range(6)}

    alone, told = texts.rasa(held), texts.rasa(held.knowing(known))

    assert alone.verdicts["i7"].startswith(WORDS[7])
    assert told.verdicts["i7"].startswith("the")
    assert held.raters[int(told.quality_R.argmax())] == "ann"


def test_who_wrote_well_before_weighs_more():
    held = Texts.from_lists(["i"] * 4, ["ann", "ben", "cleo", "dan"], ["a b c", "a b d", "x y z", "x y w"])
    past, _ = crowd(5)
    good = texts.rasa(past).history["w0"]
    poor = texts.rasa(past).history["w6"]

    told = texts.rasa(held.remembering({"cleo": good, "dan": good, "ann": poor, "ben": poor}))

    assert told.verdicts["i"].startswith("x")
    assert told.quality_R[2:].min() > told.quality_R[:2].max()
    assert told.history["cleo"].texts == good.texts + 1
