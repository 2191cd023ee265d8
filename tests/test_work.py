from __future__ import annotations

from dataclasses import replace
from math import isclose

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import AssayError
from assay.work import Ability, Candidate, Finished, grow, information, mix, order, wants_another

shares = st.floats(0, 1)
candidates = st.lists(
    st.builds(
        Candidate,
        work=st.text(min_size=1, max_size=3),
        language=st.sampled_from(["en", "en-GB", "es", "ar", "und"]),
        taken=st.integers(0, 3),
        domain=st.sampled_from(["", "odes", "haiku"]),
        doubt=st.none() | shares,
        use=st.sampled_from(["work", "pilot", "gold", "training"]),
        series=st.sampled_from(["", "book", "talk"]),
        place=st.integers(0, 5),
    ),
    unique_by=lambda each: each.work,
)
posteriors = st.lists(st.floats(0.01, 1), min_size=2, max_size=5).map(
    lambda given: {str(place): share / sum(given) for place, share in enumerate(given)}
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def ability(mean: float, **where: str) -> Ability:
    return Ability(mean, mean - 0.01, mean + 0.01, **where)


# -- order ---------------------------------------------------------------------------------------------------


@given(candidates, st.sets(st.sampled_from(["en", "es", "ar"])), st.integers(0, 9))
def test_everybody_is_given_works_of_the_list_once_and_only_what_they_read(open_works, languages, seed):
    found = order(open_works, languages=languages, rng=rng(seed))

    by_name = {each.work: each for each in open_works}
    assert len(set(found)) == len(found)
    assert set(found) <= by_name.keys()
    if languages:
        assert all(by_name[name].language[:2] in {*languages, "un"} for name in found)


@given(candidates, st.integers(0, 9))
def test_the_same_seed_gives_the_same_order(open_works, seed):
    known = [ability(0.9, domain="odes"), ability(0.6)]

    first, again = (order(open_works, languages=(), rng=rng(seed), abilities=known) for _ in range(2))

    assert first == again


@given(candidates)
def test_of_a_series_only_the_first_open_place_is_given(open_works):
    found = order(open_works, languages=(), rng=rng())

    for series in ("book", "talk"):
        places = [each.place for each in open_works if each.series == series]
        given_out = [each.place for each in open_works if each.series == series and each.work in found]
        assert given_out == ([min(places)] if places else [])


def test_the_next_page_of_what_a_person_just_read_comes_before_everything():
    pages = [Candidate(f"p{place}", "en", 0, series="book", place=place) for place in (3, 4, 5)]
    begun = Candidate("begun", "en", 2, doubt=0.5)

    found = order([begun, *pages], languages=(), rng=rng(), after=("book", 2))

    assert found == ["p3", "begun"]


def test_a_page_before_the_one_that_was_read_is_no_continuation():
    found = order(
        [Candidate("p1", "en", 0, series="book", place=1), Candidate("begun", "en", 2)],
        languages=(),
        rng=rng(),
        after=("book", 2),
    )

    assert found == ["begun", "p1"]


def test_doubtful_works_go_to_those_who_are_better_than_others_and_easy_ones_to_the_rest():
    torn, plain = Candidate("torn", "en", 1, doubt=0.45), Candidate("plain", "en", 1, doubt=0.05)

    best, rest = (
        order([torn, plain], languages=(), rng=rng(), abilities=[ability(mean)], crowd=0.75)[0]
        for mean in (0.95, 0.6)
    )

    assert (best, rest) == ("torn", "plain")


def test_where_people_are_alike_works_are_finished_one_by_one():
    works = [Candidate(f"w{taken}", "en", taken) for taken in (0, 2, 1)]

    assert order(works, languages=(), rng=rng(), abilities=[ability(0.7)], crowd=0.7) == ["w2", "w1", "w0"]


def test_a_work_is_looked_up_by_the_closest_that_is_known():
    known = [ability(0.95, language="es", domain="odes"), ability(0.55, language="es"), ability(0.75)]
    works = [
        Candidate("es odes", "es", 0, "odes"),
        Candidate("es other", "es", 0, "news"),
        Candidate("en", "en", 0, "odes"),
    ]

    assert order(works, languages=(), rng=rng(), abilities=known) == ["es odes", "en", "es other"]


def test_somebody_whose_skill_is_hardly_known_is_tried_at_both_and_somebody_known_is_not():
    works = [Candidate("odes", "en", 0, "odes"), Candidate("haiku", "en", 0, "haiku")]
    new = [Ability(0.7, 0.2, 0.99, domain="odes"), Ability(0.75, 0.2, 0.99, domain="haiku")]
    old = [ability(0.7, domain="odes"), ability(0.75, domain="haiku")]

    tried, known = (
        {order(works, languages=(), rng=rng(seed), abilities=each)[0] for seed in range(40)}
        for each in (new, old)
    )

    assert (tried, known) == ({"odes", "haiku"}, {"haiku"})


# -- information and mixing ----------------------------------------------------------------------------------


@given(shares, st.floats(0.5, 1))
def test_a_vote_tells_more_the_better_the_person_and_never_more_than_there_is_to_know(doubt, skill):
    told = information(doubt, skill)

    assert 0 <= told <= information(doubt, 1.0) + 1e-9
    assert told <= information(doubt, min(skill + 0.1, 1.0)) + 1e-9
    assert isclose(told, information(1 - doubt, skill), abs_tol=1e-9)


@given(candidates, shares, st.integers(0, 9))
def test_what_is_mixed_is_of_one_purpose_and_training_comes_first(open_works, share, seed):
    found = mix(open_works, share=share, rng=rng(seed))

    uses = {each.use for each in found}
    wanted = any(each.use in ("work", "pilot") for each in open_works)
    assert bool(found) == wanted
    if wanted and any(each.use == "training" for each in open_works):
        assert uses == {"training"}
    assert uses <= {"work", "pilot"} or len(uses) == 1


def test_known_works_come_as_often_as_asked_for():
    open_works = [Candidate("w", "en", 0), Candidate("g", "en", 0, use="gold")]
    source = rng(3)

    drawn = [mix(open_works, share=0.2, rng=source)[0].use for _ in range(2_000)]

    assert abs(drawn.count("gold") / 2_000 - 0.2) < 0.03


# -- overlap -------------------------------------------------------------------------------------------------


@given(posteriors, st.integers(0, 9), st.floats(0.5, 1), st.integers(1, 9), st.none() | st.integers(-1, 3))
def test_no_work_gets_more_than_most_or_the_budget_or_its_verdict_needs(
    posterior, votes, confidence, most, left
):
    wants = wants_another(posterior, votes, confidence=confidence, most=most, left=left)

    enough = votes >= most or (left is not None and left <= 0) or max(posterior.values()) >= confidence
    assert wants == (not enough)


@given(posteriors, st.lists(st.floats(0.3, 0.99), max_size=4), st.integers(1, 6))
def test_where_all_who_are_left_could_not_change_a_verdict_it_stands(posterior, skills, room):
    wants = wants_another(posterior, 3, confidence=1.0, most=3 + room, skills=skills)

    # All of them for the runner-up, by Bayes' rule, with errors spread evenly.
    first, second = sorted(posterior, key=posterior.__getitem__, reverse=True)[:2]
    weight = {first: posterior[first], second: posterior[second]}
    for skill in sorted(skills, reverse=True)[:room]:
        error = (1 - skill) / (len(posterior) - 1)
        if skill > error:
            weight = {first: weight[first] * error, second: weight[second] * skill}
    if not isclose(weight[first], weight[second], rel_tol=1e-6):
        assert wants == (weight[second] > weight[first])


@given(
    st.lists(
        st.builds(
            Finished, work=st.text(max_size=2), votes=st.integers(1, 5), posteriors=st.just({"q": {"a": 0.6}})
        ),
        unique_by=lambda each: each.work,
    ),
    st.integers(0, 5),
)
def test_growing_stays_within_what_is_left(finished, left):
    found = grow(finished, confidence=0.9, most=5, left=left)

    assert len(found) <= left
    assert all(each.votes < 5 for each in finished if each.work in found)


def test_the_least_sure_question_of_a_work_decides():
    work = Finished("w", 3, {"sure": {"a": 0.99, "b": 0.01}, "torn": {"a": 0.5, "b": 0.5}})

    assert grow([work], confidence=0.9, most=5) == ["w"]
    assert work.doubt == 0.5
    assert grow([replace(work, posteriors={"sure": work.posteriors["sure"]})], confidence=0.9, most=5) == []


def test_a_work_nobody_is_left_for_does_not_grow():
    torn = Finished("w", 3, {"q": {"a": 0.6, "b": 0.4}})

    assert grow([torn], confidence=0.9, most=5, skills={}) == []
    assert grow([torn], confidence=0.9, most=5, skills={"w": [0.9]}) == ["w"]


def test_confidence_is_a_probability():
    with pytest.raises(AssayError, match="above 0 and at most 1"):
        wants_another({"a": 1.0}, 1, confidence=0.0, most=3)
