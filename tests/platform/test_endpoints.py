"""The models of a project: who names them, where they may be, what follows from them."""

from __future__ import annotations

import pytest

from assay.errors import AnswerError, AssayError
from assay.platform.actions import endpoints, people, work
from assay.platform.models import EndpointRow, WorkRow
from assay.platform.queries import outcomes

from .talks import speaking, talks


def open_works(project):
    rows = WorkRow.objects.filter(project=project)
    return {row.key for row in rows if row.taken < row.cap}


def test_the_works_follow_the_models_and_what_was_begun_stays(cast):
    project = talks(cast.ann)
    assert open_works(project) == {"moon"}

    endpoints.add_endpoint(project=project, name="x")
    assert open_works(project) == {"moon"}
    endpoints.add_endpoint(project=project, name="y")
    assert open_works(project) == {"moon:x|y"}
    begun = work.claim_work(person=cast.ann, project=project)
    z = endpoints.add_endpoint(project=project, name="z")
    endpoints.remove_endpoint(project=project, number=z.pk)

    assert open_works(project) == {"moon:x|y"}
    assert begun.work.key == "moon:x|y"
    endpoints.add_endpoint(project=project, name="z")
    assert open_works(project) == {"moon:x|y", "moon:x|z", "moon:y|z"}


def test_two_models_are_compared_so_the_last_but_one_stays(cast):
    project = talks(cast.ann, ("x", ""), ("y", ""))

    with pytest.raises(AssayError, match="add another one before"):
        endpoints.remove_endpoint(project=project, number=EndpointRow.objects.first().pk)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x"}, "name"),
        ({"name": "m", "url": "ftp://example.org", "model": "m"}, "url"),
        ({"name": "m", "url": "file:///etc/passwd", "model": "m"}, "url"),
        ({"name": "m", "url": "http://169.254.169.254/latest/meta-data", "model": "m"}, "url"),
        ({"name": "m", "url": "http://[fe80::1]/", "model": "m"}, "url"),
        ({"name": "m", "url": "http://user:word@127.0.0.1", "model": "m"}, "url"),
        ({"name": "m", "url": "http://127.0.0.1"}, "model"),
        ({"name": "m", "model": "m"}, "url"),
    ],
)
def test_a_model_that_cannot_be_one_is_refused_by_its_field(cast, fields, field):
    project = talks(cast.ann, ("x", ""))

    with pytest.raises(AnswerError) as wrong:
        endpoints.add_endpoint(project=project, **fields)

    assert wrong.value.field == field
    assert EndpointRow.objects.count() == 1


def test_a_model_whose_name_comes_to_lead_elsewhere_is_not_asked(cast, monkeypatch):
    from assay.inference import InferenceError
    from assay.platform import talking

    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("169.254.169.254", 80))])

    with pytest.raises(InferenceError, match="not where models answer"):
        talking._endpoint("http://rebound.example", "m", "")


def test_only_owners_name_models_and_authors_see_them(cast, client_of):
    project = talks(cast.ann)
    people.add_member(project=project, name="Ben", role="author")
    given = {"name": "x", "url": "", "model": "", "key": ""}

    assert client_of("Ben").get("/projects/talks/models/").status_code == 200
    assert client_of("Ben").post("/projects/talks/models/", given).status_code == 404
    assert client_of("Ann").post("/projects/talks/models/", given).status_code == 302
    row = EndpointRow.objects.get()
    assert client_of("Ben").post(f"/projects/talks/models/{row.pk}/remove/").status_code == 404
    assert client_of("Cleo").get("/projects/talks/models/").status_code == 404


def test_a_key_never_comes_out_again(cast, client_of):
    with speaking() as model:
        project = talks(cast.ann)
        given = {"name": "x", "url": model.url, "model": "m", "key": "secret-key"}
        client_of("Ann").post("/projects/talks/models/", given)
        row = EndpointRow.objects.get()
        tried = client_of("Ann").post(f"/projects/talks/models/{row.pk}/try/", follow=True)

    pages = ["/projects/talks/models/", "/projects/talks/", "/projects/talks/judgments.jsonl"]
    assert EndpointRow.objects.get().key == "secret-key"
    assert "m hears: Say hello" in tried.content.decode()
    for path in pages:
        answer = client_of("Ann").get(path)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b"secret-key" not in body
    assert "secret-key" not in str(outcomes.material(project))
    wrong = client_of("Ann").post("/projects/talks/models/", {**given, "url": "ftp://x"})
    assert b"secret-key" not in wrong.content


def test_a_model_that_does_not_answer_says_why_to_those_who_run_the_project(cast, client_of):
    talks(cast.ann, ("x", "http://127.0.0.1:9"))
    row = EndpointRow.objects.get()

    page = client_of("Ann").post(f"/projects/talks/models/{row.pk}/try/", follow=True).content.decode()

    assert "nothing answers at http://127.0.0.1:9" in page
