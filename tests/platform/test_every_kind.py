"""Every kind on the platform: its page, its form, and what its judgments come to."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from assay import briefs, registry
from assay.platform.actions import projects
from assay.platform.models import JudgmentRow, LeaseRow
from assay.platform.queries import outcomes
from assay.platform.queries import work as queries
from assay.records import Item, Judgment, Sample

KINDS = sorted(set(registry.names("kinds")) - {"conversation"})


def sample_of(name: str) -> dict:
    return json.loads(registry.folder("kinds", name).joinpath("sample/sample.json").read_text("utf-8"))


@pytest.fixture
def opened(cast):
    """Open a project of a kind with the brief and the work of its own sample."""

    def project(name: str, **changes: object):
        sample = sample_of(name)
        brief = replace(briefs.from_mapping(sample["brief"]), project=f"{name} here", **changes)
        work = sample["work"]
        items, samples = [Item(**work["item"])], [Sample(**one) for one in work["samples"]]
        found, _report = projects.open_with(
            owner=cast.ann, brief=brief, items=items, samples=samples, waived="a test"
        )
        return found, sample

    return project


def fields_of(answer: object, path: str = "") -> dict[str, str]:
    """Write an answer as a form sends it: parts by their path, lists as JSON."""
    if isinstance(answer, dict):
        found: dict[str, str] = {}
        for name, value in answer.items():
            found |= fields_of(value, f"{path}.{name}" if path else name)
        return found
    return {path: json.dumps(answer) if isinstance(answer, list) else str(answer)}


def renamed(answer: object, names: dict[str, str]) -> object:
    if isinstance(answer, dict):
        return {names.get(key, key): renamed(value, names) for key, value in answer.items()}
    if isinstance(answer, list):
        return [renamed(value, names) for value in answer]
    return names.get(answer, answer) if isinstance(answer, str) else answer


def form_for(lease: LeaseRow, answer: dict) -> dict[str, str]:
    """Name samples as the page names them for this person."""
    known = {key: drawn for drawn, key in queries.assignment(lease).names.items()}
    return fields_of(renamed(answer, known))


@pytest.mark.parametrize("name", KINDS)
def test_a_form_is_taken_and_kept(name, opened, client_of):
    project, sample = opened(name)
    ann = client_of("Ann")
    page = ann.get(f"/projects/{project.slug}/judge/")
    lease = LeaseRow.objects.get(project=project)

    answer = sample["accepted"][-1] if name == "choice" else sample["accepted"][0]
    sent = ann.post(f"/work/{lease.token}/submit/", form_for(lease, answer))

    assert page.status_code == 200
    assert sent.status_code == 302, sent.content.decode()[:3000]
    row = JudgmentRow.objects.get(project=project)
    held = outcomes.material(project)
    assert row.answer
    assert held.judgments[0].answer == row.answer


@pytest.mark.parametrize("name", KINDS)
def test_what_is_refused_is_said_on_the_page_and_nothing_is_kept(name, opened, client_of):
    project, sample = opened(name)
    ann = client_of("Ann")
    ann.get(f"/projects/{project.slug}/judge/")
    lease = LeaseRow.objects.get(project=project)

    for answer in sample["refused"]:
        sent = ann.post(f"/work/{lease.token}/submit/", form_for(lease, answer))
        assert sent.status_code == 422
        assert re.search(r'id="problem"[^>]*>[^<]{10}', sent.content.decode())

    assert not JudgmentRow.objects.filter(project=project).exists()


@pytest.mark.parametrize("name", KINDS)
def test_a_draft_of_every_answer_can_be_shown_again(name, opened, client_of):
    project, sample = opened(name)
    ann = client_of("Ann")
    ann.get(f"/projects/{project.slug}/judge/")
    lease = LeaseRow.objects.get(project=project)

    for answer in (*sample["accepted"], *sample["refused"]):
        ann.post(f"/work/{lease.token}/draft/", form_for(lease, answer))
        assert ann.get(f"/projects/{project.slug}/judge/").status_code == 200


@pytest.mark.parametrize("name", KINDS)
def test_what_people_said_can_be_read_weighed_and_taken_out(name, opened, client_of):
    project, sample = opened(name)
    work = outcomes.WorkRow.objects.get(project=project)
    said = [
        Judgment(f"j{n}", work.key, rater, name, sample["accepted"][0])
        for n, rater in enumerate(("Ann", "Ben", "Dora"))
    ]
    projects.bring_in(project=project, items=[], judgments=said)
    ann = client_of("Ann")

    for path in ("", "outcome/", f"works/{work.pk}/", "judgments.jsonl", "export/jsonl/"):
        answer = ann.get(f"/projects/{project.slug}/{path}")
        assert answer.status_code == 200, path
        assert "outcome-waits" not in str(getattr(answer, "content", ""))

    rows = [json.loads(line) for line in b"".join(answer.streaming_content).decode().splitlines()]
    assert rows
    assert all(row["judgments"] for row in rows)
