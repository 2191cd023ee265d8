"""One test over everything registered: to join the registry is to be checked here."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from assay import briefs, registry
from assay.datasets import format_named, lines
from assay.errors import AnswerError
from assay.judgments import kind as kind_named
from assay.pipeline.weighing import weigh
from assay.quality import Columns, Result
from assay.records import Example, Item, Judgment, Question, Sample, Vote, Work


def sample_of(name: str) -> dict:
    return json.loads(registry.folder("kinds", name).joinpath("sample/sample.json").read_text("utf-8"))


def work_of(fields: dict) -> Work:
    return Work(fields["id"], Item(**fields["item"]), tuple(Sample(**one) for one in fields["samples"]))


def conforms(name: str) -> None:
    """Check one kind against its own sample: what every kind owes the rest of the path."""
    kind, sample = kind_named(name), sample_of(name)
    brief, work = briefs.from_mapping(sample["brief"]), work_of(sample["work"])
    assert kind.name == name
    assert kind.shows == len(work.samples) or (kind.shows is None and 3 <= len(work.samples) <= 8)
    asked = {question.name: question for question in kind.questions(brief)}
    for answer, votes in zip(sample["accepted"], sample["votes"] or [{}], strict=False):
        clean = kind.check(brief, work, answer)
        assert kind.check(brief, work, clean) == clean, "checking twice changes nothing"
        assert json.loads(json.dumps(clean)) == clean, "an answer is JSON"
        assert kind.votes(brief, work, clean) == votes
        assert votes.keys() <= asked.keys()
        for question, label in votes.items():
            assert label in asked[question].labels or asked[question].type not in briefs.LABELLED
    for answer in sample["refused"]:
        with pytest.raises(AnswerError) as refusal:
            kind.check(brief, work, answer)
        assert refusal.value.field
        assert str(refusal.value)
    said = [
        Judgment(f"j{n}", work.id, f"r{n}", name, kind.check(brief, work, sample["accepted"][0]))
        for n in range(2)
    ]
    verdicts = {
        question: weigh(asked[question], [Vote(work.id, "r0", question, label)], method="majority").verdicts[
            0
        ]
        for question, label in kind.votes(brief, work, said[0].answer).items()
    }
    rows = kind.examples(brief, work, said, verdicts)
    assert rows
    assert {row.work for row in rows} == {work.id}
    assert {judgment for row in rows for judgment in row.judgments} == {"j0", "j1"}
    page = registry.folder("kinds", name).joinpath("page.html").read_text("utf-8")
    assert "<script" not in page, "a page carries no inline script: the browser is told to refuse it"


@pytest.mark.parametrize("name", registry.names("kinds"))
def test_a_kind_keeps_its_promises_on_its_own_sample(name):
    conforms(name)


@pytest.mark.parametrize("name", registry.names("quality"))
def test_a_quality_method_gives_a_verdict_for_every_item(name):
    rng = np.random.default_rng(3)
    votes = [(f"i{i}", f"r{r}", str(rng.integers(3))) for i in range(20) for r in range(4)]
    columns = Columns.from_lists(*zip(*votes, strict=True))

    result = registry.get("quality", name)(columns)

    assert isinstance(result, Result)
    assert result.method == name
    assert result.assumed
    np.testing.assert_allclose(result.posterior_I_K.sum(axis=1), 1)
    assert set(result.verdicts) == set(columns.items)


@pytest.mark.parametrize("name", registry.names("quality"))
def test_a_quality_method_survives_one_vote_and_one_label(name):
    result = registry.get("quality", name)(Columns.from_lists(["i"], ["ann"], ["yes"]))

    assert result.verdicts == {"i": "yes"}


@pytest.mark.parametrize("name", registry.names("quality"))
def test_a_quality_method_does_not_see_names(name):
    rng = np.random.default_rng(4)
    votes = [(f"i{i}", f"r{r}", str(rng.integers(3))) for i in range(20) for r in range(5)]
    renamed = [(f"x{19 - int(i[1:])}", f"y{r}", label) for i, r, label in votes]

    before = registry.get("quality", name)(Columns.from_lists(*zip(*votes, strict=True)))
    if not before.order_matters:
        renamed.reverse()
    after = registry.get("quality", name)(Columns.from_lists(*zip(*renamed, strict=True)))

    for row, item in enumerate(before.columns.items):
        moved = after.columns.items.index(f"x{19 - int(item[1:])}")
        np.testing.assert_allclose(before.posterior_I_K[row], after.posterior_I_K[moved], atol=1e-9)


EVERY_SHAPE = (
    Example("1", "preference", "p", "w1", ("j1", "j2"), chosen="ب", rejected="b", weight=0.9, language="ar"),
    Example("2", "demonstration", "p", "w2", ("j3",), completion="t", chosen_author="ann"),
    Example("3", "rating", "p", "w3", ("j4",), completion="t", ratings={"surprise": "yes"}),
)


@pytest.mark.parametrize("name", registry.names("formats"))
def test_the_datasets_library_loads_what_a_format_writes(name, tmp_path):
    datasets = pytest.importorskip("datasets")
    form = format_named(name)
    path = tmp_path / f"rows{form.suffix}"
    path.write_text("".join(lines(EVERY_SHAPE, form)), encoding="utf-8")

    loaded = datasets.load_dataset(
        "json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache")
    )

    fitting = [example for example in EVERY_SHAPE if example.shape in form.shapes]
    assert [row["id"] for row in loaded] == [example.id for example in fitting]
    assert list(loaded) == [form.row(example) for example in fitting]


DUMMY = """
from assay.errors import AnswerError
from assay.records import Example, Question

class YesNo:
    name, title, shows = "yes-no", "Yes or no", 0
    def questions(self, brief): return (Question("yes", "Is it?", ("no", "yes")),)
    def check(self, brief, work, answer):
        if answer.get("yes") not in ("no", "yes"): raise AnswerError("yes", "say yes or no")
        return {"yes": answer["yes"]}
    def votes(self, brief, work, answer): return dict(answer)
    def examples(self, brief, work, judgments, verdicts):
        ids = tuple(judgment.id for judgment in judgments)
        labels = {"yes": verdicts["yes"].label}
        return [Example(work.id, "rating", work.item.prompt, work.id, ids, ratings=labels)]
"""


@pytest.fixture
def yes_no(tmp_path, monkeypatch):
    """A kind of somebody else's: one folder, and one line in the registry."""
    folder = tmp_path / "yes_no_kind"
    (folder / "sample").mkdir(parents=True)
    (folder / "__init__.py").write_text(DUMMY)
    (folder / "page.html").write_text('<input type="radio" name="yes" value="yes" data-key="y">')
    sample = {
        "brief": {"project": "p", "goal": "g", "kind": "yes-no"},
        "work": {"id": "w", "item": {"id": "w", "prompt": "Is it?"}, "samples": []},
        "accepted": [{"yes": "yes"}],
        "votes": [{"yes": "yes"}],
        "refused": [{}, {"yes": "perhaps"}],
    }
    (folder / "sample/sample.json").write_text(json.dumps(sample))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(registry.BUILT_IN["kinds"], "yes-no", "yes_no_kind:YesNo")
    yield "yes-no"
    sys.modules.pop("yes_no_kind", None)


def test_a_new_kind_is_one_folder_and_one_line(yes_no):
    conforms(yes_no)


def test_a_new_kind_travels_the_whole_path(yes_no):
    from assay import pipeline

    sample = sample_of(yes_no)
    brief, work = briefs.from_mapping(sample["brief"]), work_of(sample["work"])
    said = [Judgment(name, work.id, name, yes_no, {"yes": "yes"}) for name in ("ann", "ben")]

    outcome = pipeline.run(brief, [work], said)

    assert [verdict.label for verdict in outcome.verdicts] == ["yes"]
    assert outcome.examples[0].ratings == {"yes": "yes"}
    assert outcome.board is None


def test_two_things_cannot_share_a_name(monkeypatch):
    monkeypatch.setattr(registry, "_from_packages", lambda group: {"pairwise": "elsewhere:Pairwise"})

    with pytest.raises(registry.RegistryError, match="pairwise in kinds is built in"):
        registry.names("kinds")


def test_a_question_cannot_be_asked_twice():
    twice = (Question("q", "?", ("no", "yes")),) * 2

    with pytest.raises(briefs.BriefError, match="asked twice"):
        briefs.check(replace(briefs.from_mapping(sample_of("rubric")["brief"]), questions=twice))


@pytest.mark.parametrize("name", registry.names("quality"))
def test_for_a_quality_method_a_vote_of_weight_two_is_the_vote_of_two_raters_alike(name):
    """Exact for a single item, where no model of raters can tell one rater from two."""
    import polars as pl

    heavy = pl.DataFrame(
        {"item": ["i"] * 2, "rater": ["r0", "r1"], "label": ["x", "y"], "weight": [2.0, 1.0]}
    )
    result = registry.get("quality", name)(Columns.from_frame(heavy))

    assert result.verdicts == {"i": "x"}


@pytest.mark.parametrize("name", registry.names("quality"))
def test_a_quality_method_leaves_known_items_as_they_are(name):
    votes = Columns.from_lists(["i", "i", "j"], ["ann", "ben", "ann"], ["yes", "yes", "no"])

    result = registry.get("quality", name)(votes.knowing({"i": "no"}))

    assert result.verdicts["i"] == "no"
