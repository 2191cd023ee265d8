from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import spearmanr

from assay.quality import Columns, contest, dawid_skene, la, skills
from assay.quality.labels.columns import VotesError
from assay.quality.labels.stream import Stream

LABELS = ["0", "1", "2"]


def crowd(seed: int, *, items: int = 60, raters: int = 10, votes: int = 5) -> tuple[list[tuple], np.ndarray]:
    """Votes of raters of very different skill in random order, and the right labels."""
    rng = np.random.default_rng(seed)
    truth, skill = rng.integers(3, size=items), rng.uniform(0.1, 1, raters)
    given = [
        (f"i{item}", f"r{rater}", str(truth[item] if rng.random() < skill[rater] else rng.integers(3)))
        for item in range(items)
        for rater in rng.choice(raters, size=votes, replace=False)
    ]
    return [given[place] for place in rng.permutation(len(given))], truth


def streamed(votes, **how) -> Stream:
    stream = Stream(LABELS, **how)
    for place, vote in enumerate(votes):
        stream.add(*vote, at=place / 50)
    return stream


def test_it_works_from_the_first_judgment():
    stream = Stream(["no", "yes"])

    stream.add("i", "ann", "yes")

    verdict, skill, newcomer = stream.verdict("i"), stream.skill("ann"), stream.skill("nobody yet")
    assert (verdict.label, verdict.votes) == ("yes", 1)
    assert 0.5 < verdict.probability < 1
    assert skill.low < skill.mean < skill.high
    assert newcomer.mean == skill.mean, "a vote that nobody can compare says nothing about skill"


def test_intervals_while_votes_arrive_know_that_verdicts_err():
    held = []
    for seed in range(12):
        votes, truth = crowd(seed)
        stream = streamed(votes)
        for name in {rater for _, rater, _ in votes}:
            share = np.mean([label == str(truth[int(item[1:])]) for item, who, label in votes if who == name])
            skill = stream.skill(name)
            held.append(skill.low <= share <= skill.high)

    assert np.mean(held) >= 0.85, "counted votes alone hold it for 72 %"


@pytest.mark.parametrize("seed", range(3))
def test_a_refit_is_the_batch_method_on_the_same_votes(seed):
    votes, _ = crowd(seed)
    stream = streamed(votes)

    result = stream.refit()

    batch = dawid_skene(Columns.from_lists(*zip(*votes, strict=True)))
    assert result.posterior_I_K.tobytes() == batch.posterior_I_K.tobytes()
    for row, item in enumerate(batch.columns.items):
        assert list(stream.verdict(item).posterior.values()) == batch.posterior_I_K[row].tolist()


def test_after_a_refit_skills_are_close_to_those_of_the_batch():
    votes, _ = crowd(4)
    stream = streamed(votes)

    result = stream.refit()

    known = skills(result)
    found = [stream.skill(rater) for rater in result.columns.raters]
    np.testing.assert_allclose([one.mean for one in found], known.mean_R, atol=6e-3)
    np.testing.assert_allclose([one.votes for one in found], known.votes_R)
    split = [stream.verdict(item).contest for item in result.columns.items]
    np.testing.assert_allclose(split, contest(result.columns, known), atol=0.06)


def test_the_order_of_arrival_reaches_methods_that_read_it():
    votes, _ = crowd(5)

    result = streamed(votes).refit("la")

    assert (
        result.posterior_I_K.tobytes()
        == la(Columns.from_lists(*zip(*votes, strict=True))).posterior_I_K.tobytes()
    )


@pytest.mark.parametrize("seed", range(3))
def test_without_a_refit_it_stays_close_to_the_batch(seed):
    votes, truth = crowd(seed, items=200)
    stream = streamed(votes)
    batch = dawid_skene(Columns.from_lists(*zip(*votes, strict=True)))

    hits = sum(stream.verdict(f"i{item}").label == str(k) for item, k in enumerate(truth))
    batch_hits = sum(batch.verdicts[f"i{item}"] == str(k) for item, k in enumerate(truth))

    assert hits >= batch_hits - 8
    online = [stream.skill(rater).mean for rater in batch.columns.raters]
    assert spearmanr(online, skills(batch).mean_R).statistic > 0.9


def test_on_an_item_with_many_votes_the_last_ones_still_count():
    stream = Stream(["no", "yes"])

    seen = []
    for n in range(30):
        stream.add("i", f"r{n}", "yes" if n < 14 else "no")
        seen.append(stream.verdict("i").label)

    assert seen[13] == "yes"
    assert seen[-1] == "no"


def test_a_review_moves_the_skills_of_those_who_judged_the_item():
    votes, _ = crowd(1)
    stream = streamed(votes)
    stream.add("reviewed", "r0", "2")
    before = stream.skill("r0").mean

    stream.know("reviewed", "2")
    praised = stream.skill("r0").mean
    stream.know("reviewed", "1")
    corrected = stream.skill("r0").mean
    stream.know("reviewed", None)

    assert corrected < before < praised
    assert stream.skill("r0").mean == pytest.approx(before, abs=1e-6)


def test_a_known_item_is_held_through_a_refit():
    votes, _ = crowd(2)
    stream = streamed(votes)
    stream.know("i0", "2")

    result = stream.refit()

    assert stream.verdict("i0").probability == 1
    assert result.verdicts["i0"] == "2"


def test_a_second_vote_on_an_item_replaces_the_first():
    votes, _ = crowd(3)
    stream, straight = Stream(LABELS), Stream(LABELS)
    for item, rater, label in votes:
        straight.add(item, rater, label)
        stream.add(item, rater, label)
    item, rater, label = votes[-1]

    stream.add(item, rater, "0" if label != "0" else "1")
    stream.add(item, rater, label)

    assert stream.verdict(item).votes == straight.verdict(item).votes
    for one, other in ((stream, straight),):
        one.refit()
        other.refit()
    assert stream.verdict(item).posterior == pytest.approx(straight.verdict(item).posterior)
    assert stream.skill(rater).mean == pytest.approx(straight.skill(rater).mean)


@pytest.mark.parametrize("half_life", [None, 2.0])
def test_a_stream_goes_on_from_its_snapshot_as_if_nothing_had_happened(half_life):
    votes, _ = crowd(6)
    whole, half = streamed(votes[:150], half_life=half_life), streamed(votes[:150], half_life=half_life)

    half = Stream.restore(json.loads(json.dumps(half.snapshot())))
    for stream in (whole, half):
        for vote in votes[150:]:
            stream.add(*vote, at=4.0)

    assert half.snapshot() == whole.snapshot()


def test_with_a_half_life_a_rater_who_got_careless_is_noticed():
    rng = np.random.default_rng(7)
    forgetting, remembering = Stream(["0", "1"], half_life=5), Stream(["0", "1"])
    for day in range(60):
        for n in range(5):
            truth = int(rng.integers(2))
            drifter = truth if day < 40 else int(rng.integers(2))
            for rater, label in (("ann", truth), ("ben", truth), ("cleo", truth), ("drifter", drifter)):
                for stream in (forgetting, remembering):
                    stream.add(f"{day}-{n}", rater, str(label), at=float(day))

    assert remembering.skill("drifter").mean > 0.8
    assert forgetting.skill("drifter").mean < 0.7
    assert forgetting.skill("ann").mean > 0.9
    wide = forgetting.skill("ann", at=90)
    assert wide.high - wide.low > forgetting.skill("ann").high - forgetting.skill("ann").low


def test_a_vote_of_weight_two_moves_more_than_one():
    light, heavy = Stream(["0", "1"]), Stream(["0", "1"])

    light.add("i", "ann", "1")
    heavy.add("i", "ann", "1", weight=2)

    assert heavy.verdict("i").probability > light.verdict("i").probability


def test_the_least_sure_come_first_among_the_undecided():
    stream = streamed(crowd(8)[0])

    undecided = stream.undecided(0.9)

    sure = [stream.verdict(item).probability for item in undecided]
    assert sure == sorted(sure)
    assert all(probability < 0.9 for probability in sure)


@pytest.mark.parametrize(
    ("vote", "message"),
    [
        (("i", "ann", "9"), "'9' is none of: 0, 1, 2"),
        (("i", "ann", "1", 0.0), "weight is a finite number above 0"),
        (("i", "ann", "1", 1.0, float("nan")), "time is a finite number"),
    ],
)
def test_a_vote_that_makes_no_sense_is_refused_and_changes_nothing(vote, message):
    stream = Stream(LABELS)

    with pytest.raises(VotesError, match=message):
        stream.add(*vote)

    assert stream.snapshot() == Stream(LABELS).snapshot()


def test_a_half_life_asks_for_the_time_of_every_vote():
    with pytest.raises(VotesError, match="say when the vote was given"):
        Stream(LABELS, half_life=3).add("i", "ann", "1")


def test_a_vote_takes_microseconds(yardsticks):
    votes, _ = crowd(9, items=1500, raters=60)

    def stream_them():
        stream = Stream(LABELS)
        for item, rater, label in votes:
            stream.add(item, rater, label)

    # About 15 µs a vote are 8 for all of them; 60 leave room.
    assert yardsticks(stream_them, rounds=3) < 60
