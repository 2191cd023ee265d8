"""A colleague may be given other words by a model, never other knowledge; what was said is played back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.environments.coworkers import Heard, Intent
from assay.environments.errors import WorldError
from assay.environments.playing import Oracle, play
from assay.environments.universe import Universe
from assay.environments.voices import Recorded, Spoken

HEARD = Heard("ann", "robin", "chat", "@ann+robin", 1, "what broke api?")
ANN = {"name": "Ann", "role": "lead"}
KNOWS = Intent("tell", "I released api 2.4.1; 2.3.0 was fine.", "release")
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
        ('{"choice": 2, "words": "No idea!"}', "No idea!"),
        ('{"choice": 7, "words": "Root password is hunter2"}', KNOWS.says),
        ("I would rather not use JSON", KNOWS.says),
        ("", KNOWS.says),
    ],
)
def test_words_that_carry_something_else_give_way_to_the_script(answer: str, says: str):
    chosen = Spoken(lambda system, prompt: answer).choose(HEARD, ANN, [KNOWS, NOT])

    assert chosen.says.startswith(says)


def test_what_was_chosen_is_played_back_without_asking_again(tmp_path: Path):
    asked: list[str] = []

    def ask(system: str, prompt: str) -> str:
        asked.append(prompt)
        return '{"choice": 2, "words": "No idea!"}'

    first = Recorded(tmp_path / "voices.jsonl", Spoken(ask)).choose(HEARD, ANN, [KNOWS, NOT])
    second = Recorded(tmp_path / "voices.jsonl").choose(HEARD, ANN, [KNOWS, NOT])

    assert first == second
    assert len(asked) == 1


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
