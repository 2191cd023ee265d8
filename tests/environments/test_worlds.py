"""A world is deterministic, forks cost nothing, its base is never written, no tool sees what is hidden."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from assay.environments import store
from assay.environments.clock import MINUTE, SECOND
from assay.environments.errors import WorldError
from assay.environments.playing import Oracle, Random, play
from assay.environments.schema import SURFACES
from assay.environments.startup import APPS
from assay.environments.streams import Stream
from assay.environments.universe import OpenEpisode, Universe
from assay.environments.world import World

PLAY = """
import sys, tempfile
from pathlib import Path
from assay.environments.playing import Random, play
from assay.environments.streams import Stream
from assay.environments.universe import Universe
with tempfile.TemporaryDirectory() as folder:
    universe = Universe("startup", 11, Path(folder))
    task = universe.task("everything-down", 3)
    with universe.episode(task) as episode:
        play(episode, Random(Stream(5, "random"), steps=25))
        print(episode.world.state_hash(), episode.world.hash)
"""


def test_the_same_seed_and_actions_give_the_same_state_in_three_processes_under_three_hash_seeds(
    said_under_hash_seeds: Callable[[str], set[str]],
):
    assert len(said_under_hash_seeds(PLAY)) == 1


def test_another_seed_makes_another_company(universe: Universe, tmp_path: Path):
    other = Universe("startup", 8, tmp_path)

    assert other.fingerprint != universe.fingerprint


def test_whatever_is_done_in_a_fork_the_base_stays_as_it_was_and_so_do_other_forks(universe: Universe):
    task = universe.task("bad-deploy", 2)
    with universe.episode(task) as one, universe.episode(task) as other:
        before = other.world.state_hash()
        play(one, Oracle(task))
        one.world.close()

        assert store.fingerprint(universe.base) == universe.fingerprint
        assert other.world.state_hash() == before


def test_a_fork_of_a_fork_goes_on_from_where_it_was_and_alike(universe: Universe, tmp_path: Path):
    task = universe.task("bad-deploy", 1)
    with universe.episode(task) as episode:
        for _ in range(3):
            episode.call("chat_post", {"channel": "general", "text": "hello @dario"})
        store.fork(episode.world.path, universe.folder / "second")
        with World(universe.folder / "second", APPS) as second:
            same = second.call("people_search", {"query": "lead"})
            first = episode.world.call("people_search", {"query": "lead"})

            assert same == first
            assert second.state_hash() == episode.world.state_hash()
        store.remove(universe.folder / "second")


@pytest.mark.parametrize("table", ["truth", "fact", "fault", "coworker", "heap", "step", "meta", "contact"])
def test_no_statement_of_a_tool_can_read_what_is_hidden(episode: OpenEpisode, table: str):
    desk = episode.world.desk("robin", 1)

    with pytest.raises(WorldError, match="no tool may"):
        desk.rows(f"SELECT count(*) FROM {table}")  # noqa: S608
    with pytest.raises(WorldError, match="no tool may"):
        desk.rows(f"SELECT id FROM person WHERE EXISTS (SELECT 1 FROM {table})")  # noqa: S608


@pytest.mark.parametrize(
    ("tool", "given", "says"),
    [
        ("chat_shout", {}, "there is no tool"),
        ("chat_read", {}, "chat_read wants channel"),
        ("chat_read", {"channel": 5}, "channel has to be a string"),
        ("chat_read", {"channel": "general", "limit": "many"}, "limit has to be a integer"),
        ("chat_read", {"channel": "general", "limit": True}, "limit has to be a integer"),
        ("chat_read", {"channel": "general", "limit": 10**30}, "too large"),
        ("chat_read", {"channel": "general", "sudo": 1}, "has no argument 'sudo'"),
        ("chat_post", {"channel": "general", "text": "x" * 70_000}, "longer than"),
        ("mail_send", {"to": "ann", "subject": "s", "body": "b"}, "to has to be a list of strings"),
        ("ticket_change", {"ticket": "OPS-1", "status": "burnt"}, "status is one of"),
        ("chat_post", {"channel": "general", "text": "half a sign: \ud83d"}, "signs that are none"),
        ("chat_\ud83d", {"\ud83d": "\ud83d"}, "there is no tool"),
        ("chat_read", {"channel": "'; DROP TABLE person; --"}, "there is no channel"),
    ],
)
def test_what_agents_get_wrong_is_answered_and_changes_nothing(
    episode: OpenEpisode, tool: str, given: dict[str, object], says: str
):
    reply = episode.call(tool, given)

    assert not reply.fine
    assert says in reply.answer
    assert episode.world.changes() == []


def test_an_outage_takes_what_needs_the_service_with_it_and_leaves_the_rest(universe: Universe):
    task = universe.task("everything-down", 1)
    with universe.episode(task) as episode:
        before = episode.call("chat_channels")
        episode.world.wait(episode.world.now + 20 * MINUTE)
        episode.world.wait(episode.world.now + 20 * MINUTE)
        chat, mail = episode.call("chat_channels"), episode.call("mail_list")

    assert before.fine
    assert chat.code == "unavailable"
    assert mail.fine


def test_waiting_ends_when_something_comes_up(universe: Universe):
    with universe.episode(universe.task("everything-down", 1)) as episode:
        reply = episode.call("wait", {"until": "W3 Mon 12:00"})

    assert reply.notices
    assert reply.ends < reply.begins + 30 * MINUTE


def test_waiting_for_minutes_passes_just_so_long_where_nothing_comes_up(episode: OpenEpisode):
    reply = episode.call("wait", {"minutes": 7})

    assert reply.ends - reply.begins == 7 * MINUTE


def test_who_waits_for_one_thing_is_not_woken_by_another_and_is_told_of_it_at_the_end(universe: Universe):
    with universe.episode(universe.task("everything-down", 1)) as episode:
        reply = episode.call("wait", {"minutes": 45, "event": "mail"})

    assert reply.ends - reply.begins == 45 * MINUTE
    assert any(notice.startswith("pager") for notice in reply.notices)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "either until when"),
        ({"until": "W3 Mon 10:00", "minutes": 5}, "either until when"),
        ({"minutes": 0}, "whole number"),
        ({"minutes": "long"}, "whole number"),
        ({"until": "tomorrow"}, "is no moment"),
        ({"minutes": 5, "event": 7}, "event has to be a string"),
        ({"for": 5}, "has no argument 'for'"),
    ],
)
def test_a_wait_that_makes_no_sense_is_answered_and_takes_no_time(
    episode: OpenEpisode, given: dict[str, object], says: str
):
    reply = episode.call("wait", given)

    assert says in reply.answer
    assert reply.begins == reply.ends


def test_a_colleague_answers_what_they_know_when_they_work(universe: Universe):
    task = universe.task("bad-deploy", 1)
    with universe.episode(task) as episode:
        service = episode.world.hidden("SELECT subject FROM truth")[0]["subject"]
        owner = episode.world.hidden("SELECT owner FROM service WHERE id = ?", service)[0]["owner"]
        episode.call("chat_post", {"channel": f"@{owner}", "text": f"what happened to {service}?"})
        heard = [episode.call("wait", {"until": "W3 Tue 09:00"}) for _ in range(3)]

    said = " ".join(notice for reply in heard for notice in reply.notices)
    assert f"I released {service}" in said


def surfaces(episode: OpenEpisode) -> list[object]:
    return [episode.world.hidden(f"SELECT * FROM {table} ORDER BY id") for table in sorted(SURFACES)]  # noqa: S608


def test_what_was_done_is_taken_back_to_the_row_and_the_record_keeps_both(episode: OpenEpisode):
    before = surfaces(episode)
    episode.call("ticket_change", {"ticket": "OPS-1", "priority": "urgent"})
    episode.call("ticket_comment", {"ticket": "OPS-1", "text": "in a hurry"})

    episode.world.take_back(1)

    assert surfaces(episode) == before
    assert len(episode.world.changes()) == 3


def test_what_was_changed_again_since_is_not_taken_back(episode: OpenEpisode):
    episode.call("ticket_change", {"ticket": "OPS-1", "priority": "urgent"})
    episode.world.desk("ann", 0).change("ticket", "OPS-1", priority="low")

    with pytest.raises(WorldError, match="changed again since"):
        episode.world.take_back(1)


KILLED = """
import sys
from pathlib import Path
from assay.environments.schema import SURFACES
from assay.environments.startup import APPS
from assay.environments.world import World
world = World(Path(sys.argv[1]), APPS)
while True:
    print(world.call("ticket_comment", {"ticket": "OPS-1", "text": f"step {world.steps}"}).step, flush=True)
"""


@pytest.mark.parametrize("round_", range(3))
def test_a_killed_process_loses_no_step_that_it_answered(universe: Universe, round_: int):
    path = universe.folder / f"killed-{round_}"
    store.fork(universe.base, path)
    process = subprocess.Popen([sys.executable, "-c", KILLED, path], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    answered = [process.stdout.readline() for _ in range(40 + 30 * round_)]
    process.send_signal(signal.SIGKILL)
    process.wait()

    with World(path, APPS) as world:
        last = int((answered + process.stdout.readlines())[-1] or answered[-1])
        comments = world.hidden("SELECT count(*) AS many FROM ticket_comment WHERE text LIKE 'step %'")

        assert world.steps >= last
        assert comments == [{"many": world.steps}]
    assert store.fingerprint(universe.base) == universe.fingerprint
    store.remove(path)


def test_a_second_process_on_one_fork_is_refused_until_the_first_is_gone(universe: Universe):
    path = universe.folder / "two-processes"
    store.fork(universe.base, path)
    first = subprocess.Popen([sys.executable, "-c", KILLED, path], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    first.stdout.readline()

    with pytest.raises(WorldError, match="two-processes is open already, here or in another process"):
        World(path, APPS)
    with universe.episode(universe.task("bad-deploy", 1)) as beside:
        assert beside.call("ticket_read", {"ticket": "OPS-1"}).fine

    first.send_signal(signal.SIGKILL)
    first.wait()
    first.stdout.close()
    with World(path, APPS) as world:
        assert world.call("ticket_read", {"ticket": "OPS-1"}).fine
    store.remove(path)


def test_a_world_is_open_once_in_a_process_and_again_when_it_was_closed_or_forgotten(universe: Universe):
    path = universe.folder / "open-once"
    store.fork(universe.base, path)

    for _ in range(2):
        world = World(path, APPS)
        with pytest.raises(WorldError, match="open already"):
            World(Path(f"{path.parent}/../{path.parent.name}/{path.name}"), APPS)
        world.close()
    forgotten = World(path, APPS)
    del forgotten
    gc.collect()
    with World(path, APPS) as world:
        assert world.steps == 0
    store.remove(path)


def test_a_file_that_is_no_world_is_held_by_nobody_afterwards(tmp_path: Path):
    path = tmp_path / "none"
    path.write_text("no database at all, though it is long enough to be one" * 40)

    for _ in range(2):
        with pytest.raises(apsw.NotADBError):
            World(path, APPS)


def test_random_actions_of_many_kinds_never_end_an_episode(universe: Universe):
    task = universe.task("invoice-dispute", 1)
    with universe.episode(task) as episode:
        play(episode, Random(Stream(3, "random"), steps=150))

        assert episode.world.steps >= 100
        assert episode.world.now > episode.world.meta["begins"] + 150 * SECOND
