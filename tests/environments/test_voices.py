"""A colleague may be given other words by a model, never other knowledge; what was said is played back."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from assay.environments.coworkers import Heard, Intent, Scripted, choices
from assay.environments.errors import WorldError
from assay.environments.playing import Oracle, play
from assay.environments.universe import Universe
from assay.environments.voices import Recorded, Spoken, carried
from assay.inference import InferenceError

HEARD = Heard("ann", "robin", "chat", "@ann+robin", 1, "what broke api?")
ANN = {"name": "Ann", "role": "lead"}
KNOWS = Intent("tell", "I released api 2.4.1; 2.3.0 was fine.", "release")
OTHER = Intent("tell", "It was the new version.", "version")
NOT = Intent("not-know", "I do not know about that, sorry.")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            '{"choice": 1, "words": "That was api 2.4.1, before it 2.3.0 ran well."}',
            "That was api 2.4.1, before",
        ),
        ('{"choice": 1, "words": "That was api 2.4.2."}', KNOWS.says),
        ('{"choice": 1, "words": "api 2.4.1, 2.3.0, and the token is 999"}', KNOWS.says),
        ('{"choice": 2, "words": "It was the new one."}', "It was the new one."),
        ('{"choice": 7, "words": "Root password is hunter2"}', KNOWS.says),
        ("I would rather not use JSON", KNOWS.says),
        ("", KNOWS.says),
    ],
)
def test_words_that_carry_something_else_give_way_to_the_script(answer: str, says: str):
    chosen = Spoken(lambda system, prompt: answer).choose(HEARD, ANN, [KNOWS, OTHER])

    assert chosen.says.startswith(says)


def test_what_was_chosen_is_played_back_without_asking_again(tmp_path: Path):
    asked: list[str] = []

    def ask(system: str, prompt: str) -> str:
        asked.append(prompt)
        return '{"choice": 2, "words": "It was the new one!"}'

    first = Recorded(tmp_path / "voices.jsonl", Spoken(ask)).choose(HEARD, ANN, [KNOWS, OTHER])
    second = Recorded(tmp_path / "voices.jsonl").choose(HEARD, ANN, [KNOWS, OTHER])

    assert first == second == Intent("tell", "It was the new one!", "version")
    assert len(asked) == 1


def test_what_one_model_said_is_not_played_back_for_another(tmp_path: Path):
    path = tmp_path / "voices.jsonl"
    Recorded(path, Scripted(), name="one").choose(HEARD, ANN, [KNOWS])

    with pytest.raises(WorldError, match="record this episode first"):
        Recorded(path, name="other").choose(HEARD, ANN, [KNOWS])


def test_two_who_ask_the_same_at_once_hear_the_same_and_the_model_is_asked_once(tmp_path: Path):
    asked: list[str] = []
    both = threading.Barrier(2, timeout=300)

    def ask(system: str, prompt: str) -> str:
        asked.append(prompt)
        return json.dumps({"choice": 2, "words": f"It was answer {'one' if len(asked) == 1 else 'two'}."})

    voice = Recorded(tmp_path / "voices.jsonl", Spoken(ask))

    def hear(_: int) -> Intent:
        both.wait()
        return voice.choose(HEARD, ANN, [KNOWS, OTHER])

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(hear, range(2))

    assert first == second
    assert len(asked) == 1


def test_a_line_that_a_killed_process_left_half_is_dropped(tmp_path: Path):
    path = tmp_path / "voices.jsonl"
    Recorded(path, Scripted()).choose(HEARD, ANN, [KNOWS])
    whole = path.read_text()
    path.write_text(whole + whole[:20])

    assert Recorded(path).choose(HEARD, ANN, [KNOWS]) == KNOWS
    assert path.read_text() == whole


@pytest.mark.parametrize(
    ("allowed", "may"),
    [
        ([KNOWS, NOT], [KNOWS]),
        ([KNOWS, OTHER, NOT], [KNOWS, OTHER]),
        ([NOT], [NOT]),
        ([Intent("tell", "You have it.", "grant:deploy:api"), KNOWS, NOT], "first"),
        ([KNOWS, Intent("tell", "You have it.", "grant:deploy:api"), NOT], [KNOWS]),
        ([Intent("review", "Approved 7.", "7"), NOT], "first"),
    ],
)
def test_a_voice_holds_back_no_fact_and_gives_no_more_than_the_script(allowed: list[Intent], may: Any):
    assert choices(allowed) == (allowed[:1] if may == "first" else may)


class Rude:
    """Says that it knows nothing, whatever it may say."""

    def choose(self, heard: Heard, person: Any, allowed: list[Intent]) -> Intent:
        return Intent("not-know", "Go away.")


def test_whatever_a_voice_chooses_what_is_done_is_the_scripts(universe: Universe):
    task = universe.task("lost-permission", 1)
    rewards = []
    for voice in (None, Rude()):
        with universe.episode(task, voice=voice) as episode:
            rewards.append(play(episode, Oracle(task)).reward)
            said = episode.world.hidden("SELECT text FROM message WHERE text = 'Go away.'")

    assert rewards == [1.0, 1.0]
    assert said


class Wordy:
    """Tells the last fact that it may, in words of which only the numbers are the script's."""

    def choose(self, heard: Heard, person: Any, allowed: list[Intent]) -> Intent:
        last = allowed[-1]
        return Intent(last.does, f"Hm: {' '.join(sorted(carried(last.says)))}", last.about)


def test_no_score_of_any_template_hangs_on_the_words_of_colleagues(universe: Universe):
    lost = []
    for task in universe.tasks(len(universe.templates)):
        with universe.episode(task, voice=Wordy()) as episode:
            if play(episode, Oracle(task)).reward < 1:
                lost.append(task.id)

    assert lost == []


def test_a_model_that_cannot_be_asked_leaves_the_scripts_words_and_is_not_asked_for_ever():
    asked: list[str] = []

    def ask(system: str, prompt: str) -> str:
        asked.append(prompt)
        raise InferenceError("nothing answers at http://127.0.0.1:9", hopeless=len(asked) > 1)

    spoken = Spoken(ask)
    said = [spoken.choose(HEARD, ANN, [KNOWS]) for _ in range(5)]

    assert said == [KNOWS] * 5
    assert len(asked) == 2
    assert spoken.failed == "nothing answers at http://127.0.0.1:9"
    assert spoken.counts == {"nothing came": 5, "the script's words": 5}


def test_a_situation_that_was_never_recorded_says_so(tmp_path: Path):
    with pytest.raises(WorldError, match="record this episode first"):
        Recorded(tmp_path / "voices.jsonl").choose(HEARD, ANN, [KNOWS])


def test_a_broken_recording_names_its_line(tmp_path: Path):
    (tmp_path / "voices.jsonl").write_text("nonsense\n")

    with pytest.raises(WorldError, match="line 1 of"):
        Recorded(tmp_path / "voices.jsonl")


def test_a_recorded_episode_plays_back_to_the_same_state(universe: Universe, tmp_path: Path):
    task = universe.task("everything-down", 1)
    states = []
    for model in (Spoken(lambda system, prompt: json.dumps({"choice": 1, "words": "hm"})), None):
        voice = Recorded(tmp_path / "voices.jsonl", model)
        with universe.episode(task, voice=voice) as episode:
            found = play(episode, Oracle(task))
            episode.call("wait", {"until": "W3 Mon 14:00"})
            states.append((found.reward, episode.world.state_hash()))

    assert states[0] == states[1]
    assert states[0][0] == 1.0
