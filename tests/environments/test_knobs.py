"""Each knob does what it says, in every template, and the tasks stay possible at its extremes."""

from __future__ import annotations

import inspect
from itertools import product
from pathlib import Path

import pytest

from assay.environments.auditing.worlds import audit
from assay.environments.errors import WorldError
from assay.environments.facing import faced
from assay.environments.playing import Oracle, play
from assay.environments.schema import HIDDEN, SURFACES
from assay.environments.situations import MOST_TURNED, Knobs
from assay.environments.startup import AGENT, APPS
from assay.environments.startup.permissions import SCOPES
from assay.environments.tasks import Task
from assay.environments.universe import Universe

HARD = Knobs(noise=8, hops=4, faults=4, contradictions=4, permissions=3)


def rows(universe: Universe, task: Task) -> int:
    """Return how many rows a world has as play begins, and how many are still to come."""
    with universe.episode(task) as episode:
        return sum(
            len(episode.world.hidden(f"SELECT 1 FROM {table}"))  # noqa: S608 -- names of our own tables
            for table in (*SURFACES, *HIDDEN)
        )


def oracle(universe: Universe, task: Task) -> float:
    with universe.episode(task) as episode:
        return play(episode, Oracle(task)).reward


@pytest.mark.parametrize(
    ("knobs", "some"),
    [
        (Knobs(noise=4), {"bad-deploy", "ticket-priorities", "week-plan", "repeated-webhooks"}),
        (Knobs(hops=3), {"bad-deploy", "ticket-priorities", "week-plan", "dependency-below"}),
        (Knobs(faults=3), {"bad-deploy", "ticket-priorities", "week-plan", "rate-limit"}),
        (Knobs(contradictions=3), {"bad-deploy", "ticket-priorities", "week-plan", "everything-down"}),
    ],
)
def test_a_knob_that_is_turned_plants_more(universe: Universe, knobs: Knobs, some: set[str]):
    for name in sorted(some):
        assert rows(universe, universe.task(name, 1, knobs)) > rows(universe, universe.task(name, 1))


def test_every_task_can_be_done_with_all_knobs_turned_and_with_none(universe: Universe):
    lost = []
    for knobs in (HARD, Knobs(noise=0)):
        tasks = universe.tasks(len(universe.templates), knobs=knobs)
        lost += [task.id for task in tasks if oracle(universe, task) < 1]

    assert lost == []


@pytest.mark.slow
@pytest.mark.parametrize("knob", [name for name in MOST_TURNED if name != "size"])
def test_however_far_a_knob_is_turned_a_task_can_be_done_and_nothing_is_of_the_future(
    universe: Universe, knob: str
):
    amiss = []
    for name in universe.templates:
        task = universe.task(name, 1, Knobs(**{knob: MOST_TURNED[knob]}))
        with universe.episode(task, most_steps=3_000) as episode:
            amiss += [
                (name, table)
                for table in SURFACES
                if episode.world.hidden(
                    f"SELECT 1 FROM {table} WHERE created_at NOT BETWEEN 0 AND ?",  # noqa: S608
                    episode.world.now,
                )
            ]
            if play(episode, Oracle(task)).reward < 1:
                amiss.append((name, "oracle"))

    assert amiss == []


def test_scores_at_the_extremes_are_earned(universe: Universe):
    names = ("bad-deploy", "ticket-priorities")
    tasks = [universe.task(name, 2, knobs) for name in names for knobs in (HARD, Knobs(noise=0))]

    assert [(each.task, each.broke) for each in audit(universe, tasks)] == [(task.id, ()) for task in tasks]


def test_a_task_lies_behind_as_many_notes_as_are_wanted(universe: Universe):
    task = universe.task("bad-deploy", 1, Knobs(hops=3))
    read = [step.arguments["doc"] for step in task.oracle if step.tool == "doc_read"]

    with universe.episode(task) as episode:
        place = task.text
        for doc in read:
            assert doc in place
            place = episode.call("doc_read", {"doc": doc}).answer["text"]

    assert len(read) == 2  # the third place is the evidence itself
    assert place == universe.task("bad-deploy", 1).text


def test_a_permission_is_lacking_until_who_gives_it_is_asked(universe: Universe):
    task = universe.task("bad-deploy", 1, Knobs(permissions=1))
    with universe.episode(task) as episode:
        world = episode.world
        (fault,) = world.hidden("SELECT scope FROM fault WHERE kind = 'lost-permission'")
        scope = fault["scope"].removeprefix("permission:")
        had = episode.call("people_read", {"person": AGENT}).answer["permissions"]
        refused = [
            episode.call(step.tool, step.arguments).code
            for step in task.oracle
            if step.tool in SCOPES and not any("{" in str(each) for each in step.arguments.values())
        ]
        paper = episode.call("doc_search", {"query": scope}).answer["found"]

    assert task.knobs["permissions"] == 1
    assert scope not in had
    assert "forbidden" in refused
    assert [each["id"] for each in paper] == ["who-gives-permissions"]
    assert oracle(universe, task) == 1
    asking = [place for place, step in enumerate(task.oracle) if scope in str(step.arguments)]
    with universe.episode(task) as episode:
        assert play(episode, Oracle(task, without=asking)).reward < 1


def test_every_template_can_lack_a_permission_but_the_one_that_wants_none(universe: Universe):
    lacks = {
        name: universe.task(name, seed, Knobs(permissions=1)).knobs["permissions"]
        for name in universe.templates
        for seed in (1, 2)
    }

    assert [name for name, many in lacks.items() if not many] == ["access-refused"]


@pytest.mark.parametrize(
    ("template", "scope"),
    [
        ("finish-pull", "code:merge"),
        ("false-lead", "billing:read"),
        ("rate-limit", "contracts:read"),
        ("week-plan", "calendar:write"),
    ],
)
def test_who_may_not_do_it_is_refused_and_may_again_after_asking(
    universe: Universe, template: str, scope: str
):
    task = universe.task(template, 1, Knobs(permissions=1))
    asking = [place for place, step in enumerate(task.oracle) if f"have {scope}" in str(step.arguments)]
    with universe.episode(task) as episode:
        without = play(episode, Oracle(task, without=asking))
        met = {each.kind: each.met for each in faced(episode.world, task)}
    with universe.episode(task) as episode:
        whole = play(episode, Oracle(task))

    assert met["lost-permission"]
    assert without.reward < 1 == whole.reward


def test_every_tool_that_wants_a_permission_is_known():
    wanting = {
        tool.name for app in APPS for tool in app.tools if "desk.require(" in inspect.getsource(tool.run)
    }

    assert wanting == set(SCOPES)


def test_a_larger_company_has_as_many_more_rows(universe: Universe):
    small, large = (universe.task("invoice-dispute", 1, Knobs(size=size)) for size in (1, 4))

    assert 3 < rows(universe, large) / rows(universe, small) < 5
    assert oracle(universe, large) == 1
    universe.check()


@pytest.mark.parametrize("knobs", [Knobs(), Knobs(noise=12), Knobs(permissions=2), Knobs(size=30), HARD])
def test_knobs_stand_in_the_id_of_a_task_and_are_read_from_there(knobs: Knobs):
    assert Knobs.read(knobs.code) == knobs


def test_two_settings_of_the_knobs_never_share_an_id():
    values = ((1, 2, 12, 21), (1, 12), (0, 10))
    settings = [Knobs(*each) for each in product(*values)]

    assert len({each.code for each in settings}) == len(settings)


@pytest.mark.parametrize(
    "wrong",
    [
        {"noise": -1},
        {"hops": 0},
        {"size": 0},
        {"faults": 1.5},
        {"noise": True},
        {"noise": 10**30},
        {"size": 401},
    ],
)
def test_a_knob_that_cannot_be_turned_so_far_says_so(wrong: dict[str, int]):
    with pytest.raises(WorldError, match=f"the knob {next(iter(wrong))} is a whole number from"):
        Knobs(**wrong)


def test_a_base_of_another_generator_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = Universe("startup", 7, tmp_path)
    monkeypatch.setattr("assay.environments.universe.generator", lambda build: "changed")
    second = Universe("startup", 7, tmp_path)

    assert first.base != second.base
    assert first.base.exists()
    assert first.fingerprint == second.fingerprint
