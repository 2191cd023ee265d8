"""Kinds of tasks are ranked by whether they tell agents apart; too few agents are told nothing."""

from __future__ import annotations

import math

import pytest

from assay.environments import runs
from assay.environments.streams import Stream
from assay.environments.telling import difficulties, telling
from assay.environments.trajectories import Trajectory

ABLE = {"weak": -1.5, "middling": 0.0, "good": 1.0, "best": 2.5}
HARD = {"easy": -2.0, "usual": 0.0, "tricky": 1.0, "hard": 2.0}


def episode(agent: str, template: str, reward: float, seed: int = 1) -> Trajectory:
    return Trajectory(
        f"{template}-{seed}", template, seed, 7, {}, "", agent, reward=reward, stopped="finished"
    )


@pytest.fixture
def played() -> list[Trajectory]:
    """Episodes of agents and kinds that are as able and as hard as said, and of one kind that is perverse."""
    draw = Stream(5, "telling")
    found = []
    for agent, able in ABLE.items():
        for seed in range(150):
            for template, hard in HARD.items():
                found.append(
                    episode(agent, template, float(draw.chance(1 / (1 + math.exp(hard - able)))), seed)
                )
            found.append(episode(agent, "perverse", float(draw.chance(1 / (1 + math.exp(able)))), seed))
    return found


def test_difficulties_come_out_in_order_and_near_what_they_are(played: list[Trajectory]):
    found = {each.template: each for each in telling([one for one in played if one.template in HARD])}

    hard = [found[name].difficulty for name in HARD]
    assert hard == sorted(hard)
    assert hard[-1] - hard[0] == pytest.approx(HARD["hard"] - HARD["easy"], abs=1.0)


def test_kinds_tell_apart_say_nothing_or_go_the_wrong_way_round(played: list[Trajectory]):
    more = [
        episode(agent, name, reward) for agent in ABLE for name, reward in (("given", 1.0), ("never", 0.0))
    ]

    found = {each.template: each.says for each in telling([*played, *more])}

    assert {found[name] for name in HARD} == {"tells apart"}
    assert found["perverse"] == "the wrong way round"
    assert (found["given"], found["never"]) == ("everybody does it", "nobody does it")


def test_two_agents_are_too_few_and_what_one_did_not_play_is_left_out(played: list[Trajectory]):
    pair = [each for each in played if each.agent in ("weak", "best")]
    gap = [each for each in played if (each.agent, each.template) != ("weak", "hard")]

    sure = [episode(name, "easy", reward) for name, reward in (("oracle", 1.0), ("nothing", 0.0))]

    assert telling([*pair, *sure]) == []
    assert "hard" not in {each.template for each in telling(gap)}
    assert "It takes 3 agents" in runs.page(pair, "run")
    assert "the wrong way round" in runs.page(played, "run")


@pytest.mark.parametrize(
    "whole", [[], [[]], [[(9, 9)] * 5] * 3, [[(0, 400), (400, 400)], [(400, 400), (0, 400)]]]
)
def test_whatever_was_got_every_difficulty_is_a_number(whole: list[list[tuple[int, int]]]):
    assert all(math.isfinite(each) and abs(each) < 20 for each in difficulties(whole))
