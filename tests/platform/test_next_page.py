"""From one work to the next: what a form leads to, what the page's script gets, what pages share."""

from __future__ import annotations

import re
from dataclasses import replace

SCRIPT = {"X-Assay-Next": "page"}


def form_of(page: str) -> tuple[str, dict[str, str]]:
    token = re.search(r'data-token="([^"]+)"', page)[1]
    return token, {"choice": re.search(r'name="choice" value="([^"]+)"', page)[1], "seconds": "1"}


def open_page(client, **headers):
    return client.get("/projects/moon/judge/", headers=headers).content.decode()


def test_a_form_leads_to_the_next_work_by_a_redirect(client_of):
    ben = client_of("Ben")
    token, fields = form_of(open_page(ben))

    answer = ben.post(f"/work/{token}/submit/", fields)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/projects/moon/judge/")


def test_the_script_gets_the_next_work_at_once_and_sent_again_the_same_one(client_of):
    ben = client_of("Ben")
    token, fields = form_of(open_page(ben))

    first, again = (ben.post(f"/work/{token}/submit/", fields, headers=SCRIPT) for _ in range(2))

    following = form_of(first.content.decode())[0]
    assert first.status_code == again.status_code == 200
    assert following != token
    assert form_of(again.content.decode())[0] == following


def test_the_script_is_told_when_nothing_is_left(client_of):
    ben = client_of("Ben")
    page = open_page(ben)
    for _ in range(4):
        token, fields = form_of(page)
        page = ben.post(f"/work/{token}/submit/", fields, headers=SCRIPT).content.decode()

    assert 'id="nothing-left"' in page


def test_who_has_left_the_project_meanwhile_gets_nothing(cast, client_of):
    from assay.platform.models import MembershipRow

    ben = client_of("Ben")
    token, fields = form_of(open_page(ben))
    MembershipRow.objects.filter(person=cast.ben).delete()

    assert ben.post(f"/work/{token}/submit/", fields, headers=SCRIPT).status_code == 404


def test_what_pages_share_is_kept_for_each_language_and_each_brief(cast, client_of):
    from assay.platform.actions.briefs import next_version
    from assay.platform.queries import projects

    ben = client_of("Ben")
    english, arabic, again = (open_page(ben, **{"Accept-Language": tag}) for tag in ("en", "ar", "en"))
    before = projects.latest_brief(cast.moon).record()
    token, fields = form_of(again)

    assert "submit, outside a text field" in english
    assert "submit, outside a text field" in again
    assert "submit, outside a text field" not in arabic
    assert before.goal in arabic
    next_version(cast.moon, replace(before, goal="Be brief."))
    after = ben.post(f"/work/{token}/submit/", fields, headers=SCRIPT).content.decode()
    assert "Be brief." in after
    assert before.goal not in after
