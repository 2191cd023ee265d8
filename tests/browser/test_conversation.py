"""Talking to models in a real browser: streamed answers, a server that goes, a model that is down or slow."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from assay.inference.embedded import available

from ..platform.talks import Model, piece, speaking
from .conftest import Server

pytestmark = pytest.mark.usefixtures("no_page_breaks")

TALKS = """
from assay.platform.actions import projects
from assay.platform.models import EndpointRow, PersonRow, ProjectRow
if not PersonRow.objects.filter(name="Ann"): service.add_person("Ann", "a long password", ["en"])
brief = Brief({slug!r}, "Talk as a good editor does.", "conversation", turns=(1, 3))
service.create_project(brief, owner="Ann")
project = ProjectRow.objects.get(slug={slug!r})
for name in {names}: EndpointRow.objects.create(project=project, name=name, url={url!r}, model=name)
projects.bring_in(project=project, items=[Item("moon", "Talk about the moon.", "You edit poems.", "en")])
"""
ANSWERED = (
    "import json; print(json.dumps([row for row in map(json.loads, service.export({slug!r}, 'jsonl'))]))"
)


@pytest.fixture
def model():
    with speaking() as found:
        yield found


@pytest.fixture
def talk(running, page, sign_in, model):
    """Ann is at a conversation with two models, in a project of its own."""
    return beginning(running, page, sign_in, model)


@pytest.fixture
def talk_alone(server, page, sign_in, model):
    """The same with a server that nobody else uses."""
    return beginning(server, page, sign_in, model)


def beginning(server: Server, page: Page, sign_in, model: Model) -> Callable[..., str]:
    def begin(names: str = "('first', 'second')", url: str | None = None) -> str:
        slug = f"talks-{secrets.token_hex(4)}"
        server.shell(TALKS.format(slug=slug, names=names, url=model.url if url is None else url))
        if server.process is None:
            server.start()
        sign_in(server, "Ann")
        page.goto(f"{server.url}/projects/{slug}/judge/")
        return slug

    return begin


def say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Your message").fill(text)
    page.keyboard.press("Control+Enter")


def whole(page: Page, count: int) -> None:
    expect(page.locator("[data-state=done]")).to_have_count(count)


def test_two_models_answer_side_by_side_and_the_better_answer_goes_on(talk, running, page, model):
    slug = talk()
    page.get_by_role("button", name="Take the prompt as it is").click()
    expect(page.get_by_role("textbox", name="Your message")).to_have_value("Talk about the moon.")
    page.get_by_role("button", name="Send").click()
    whole(page, 2)

    page.get_by_role("group", name="Which of these two answers is better?").get_by_text("Answer B").click()
    better = page.locator(".turn .sample").nth(1).locator(".prose").inner_text()
    say(page, "Whose coin?")
    whole(page, 4)
    page.get_by_role("button", name="Write it better").first.click()
    page.get_by_role("textbox", name="Your better answer").fill("Nobody's.")
    page.get_by_role("group", name="Which of these two answers is better?").get_by_text("Both bad").click()
    page.get_by_role("group", name="All in all").get_by_text("Model B").click()
    page.get_by_role("button", name="Submit").click()

    expect(page.locator("#nothing-left, h1:has-text('Nothing left')").first).to_be_visible()
    assert model.asked[-1]["messages"][2]["content"] == better
    assert "Nobody's." in running.shell(ANSWERED.format(slug=slug))


def test_an_answer_can_be_read_while_it_is_written_and_survives_a_reload(talk, page, model):
    go_on = threading.Event()

    def slowly(body):
        yield piece("A coin ")
        go_on.wait()
        yield piece("the river cannot spend.")

    model.script = slowly
    talk("('first',)")
    say(page, "The moon?")

    expect(page.locator("[data-state=running] .prose")).to_have_text("A coin")
    page.reload()
    expect(page.locator("[data-state=running] .prose")).to_have_text("A coin")
    expect(page.locator(".said .prose")).to_have_text("The moon?")
    go_on.set()
    expect(page.locator("[data-state=done] .prose")).to_have_text("A coin the river cannot spend.")


def test_a_message_typed_while_the_browser_is_offline_is_sent_when_it_is_back(talk, page):
    talk("('first',)")
    expect(page.get_by_role("button", name="Take the prompt as it is")).to_be_visible()
    page.context.set_offline(True)

    say(page, "The moon?")
    expect(page.locator("#talk-state.away")).to_contain_text("kept in this browser")
    expect(page.get_by_role("textbox", name="Your message")).to_have_value("The moon?")
    page.context.set_offline(False)

    whole(page, 1)
    expect(page.locator("[data-state=done] .prose")).to_have_text("first hears: The moon?")
    expect(page.get_by_role("textbox", name="Your message")).to_have_value("")


def test_a_message_sent_before_the_page_knows_the_conversation_goes_when_it_does(talk, page):
    asked: list[Route] = []

    def hold(route):
        asked.append(route)

    page.route("**/turns/", hold, times=1)
    talk("('first',)")

    say(page, "The moon?")
    expect(page.locator("#talk-state")).to_have_text("Sending…")
    for _ in range(1_500):  # what the page sends may be held here later than the page says that it sends
        if asked:
            break
        page.wait_for_timeout(20)
    asked[0].continue_()

    whole(page, 1)
    expect(page.locator("[data-state=done] .prose")).to_have_text("first hears: The moon?")


def test_half_a_message_survives_a_browser_that_was_offline(talk, page):
    talk("('first',)")
    page.context.set_offline(True)
    page.get_by_role("textbox", name="Your message").fill("The mo")
    expect(page.locator(".bar .state.away")).to_contain_text("kept in this browser")
    page.context.set_offline(False)

    expect(page.locator(".bar .state")).to_have_text("Saved")
    page.reload()
    expect(page.get_by_role("textbox", name="Your message")).to_have_value("The mo")


def test_a_message_survives_a_server_that_dies_and_what_it_was_writing_is_taken_up_again(
    talk_alone, server, page, model
):
    held = threading.Event()

    def hold(body):
        yield piece("A coin ")
        held.wait()

    model.script = hold
    talk_alone("('first',)")
    say(page, "The moon?")
    expect(page.locator("[data-state=running] .prose")).to_have_text("A coin")
    server.die()
    expect(page.locator("#talk-state.away")).to_be_visible()
    model.script = model.echo
    server.shell(
        "from assay.platform.models import TurnRow", "from assay.platform.queries import turns",
        "TurnRow.objects.update(beat_at=turns.timezone.now() - 2 * turns.STALE)",  # some time goes by
    )  # fmt: skip

    server.start()

    expect(page.locator("[data-state=done] .prose")).to_have_text("first hears: The moon?", timeout=60_000)
    held.set()


def test_a_model_that_is_down_is_told_and_can_be_asked_again(talk, running, page, model):
    slug = talk("('first',)", url="http://127.0.0.1:9")
    say(page, "The moon?")

    expect(page.get_by_role("alert")).to_contain_text("cannot be reached just now")
    running.shell(
        "from assay.platform.models import EndpointRow",
        f"EndpointRow.objects.filter(project__slug={slug!r}).update(url={model.url!r})",
    )
    page.get_by_role("button", name="Ask again").click()

    whole(page, 1)
    expect(page.locator(".said .prose")).to_have_text("The moon?")


def test_what_a_model_writes_runs_nothing_and_fetches_nothing(talk, page, model):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    spy = "![spy](https://evil.example/spy.png) <img src=x onerror=alert(1)>"
    model.script = lambda body: iter([piece("<script>document.title='owned'</script>" + spy)])
    talk("('first',)")
    say(page, "The moon?")
    whole(page, 1)

    assert page.title() != "owned"
    assert not [url for url in asked if "evil.example" in url]
    assert page.locator(".turn img").count() == 0


READ_AGAIN = """
service.add_person("Rosa", "a long password", ["en"])
service.add_member({slug!r}, "Rosa", "reviewer")
from assay.platform.models import ProjectRow
ProjectRow.objects.update(review_share=1.0)
"""
VERSIONS = """
from assay.platform.models import JudgmentRow
one, two = JudgmentRow.objects.order_by("pk")
was, now = (each.answer["turns"] for each in (one, two))
print(two.cause, [a["choice"] == b["choice"] for a, b in zip(was, now)], now[1].get("edited"))
"""


def test_a_second_reader_changes_one_turn_and_what_they_did_outlives_a_reload(
    talk_alone, server, page, sign_in
):
    slug = talk_alone()
    for number in (1, 2):
        say(page, f"Line {number}?")
        whole(page, 2 * number)
        page.get_by_role("group", name="Which of these two answers is better?").get_by_text(
            "Answer B"
        ).click()
    page.get_by_role("group", name="All in all").get_by_text("Model B").click()
    page.get_by_role("button", name="Submit").click()
    page.wait_for_function("() => !document.querySelector('#turns .turn')")
    server.shell(READ_AGAIN.format(slug=slug))
    page.context.clear_cookies()
    sign_in(server, "Rosa")
    page.goto(f"{server.url}/projects/{slug}/review/")

    first, second = page.locator(".turn").all()
    expect(first.get_by_role("radio", name="Answer B")).to_be_checked()
    expect(first.get_by_role("textbox")).to_have_count(0)
    first.get_by_role("radio", name="Equally good").check()
    second.get_by_role("textbox", name="What should have been answered here").fill("Silver.")
    expect(page.locator(".state").first).to_have_text("Saved")
    page.reload()
    expect(page.locator(".turn").first.get_by_role("radio", name="Equally good")).to_be_checked()
    page.get_by_role("radio", name="Keep my version").check()
    page.get_by_role("button", name="Decide").click()
    page.wait_for_function("() => !document.querySelector('#turns .turn')")

    assert server.shell(VERSIONS) == "edited [False, True] Silver."


@pytest.mark.skipif(available() is not None, reason=str(available()))
def test_the_small_model_in_the_box_talks(talk, page):
    talk("()")
    say(page, "Say hello.")

    expect(page.locator("[data-state=running], [data-state=done]").first).to_be_visible()
    expect(page.locator("[data-state=done] .prose")).to_have_text(re.compile(r"\w+"), timeout=60_000)


def test_a_draft_of_an_ordinary_kind_typed_offline_is_kept_and_sent(moon, page, sign_in):
    sign_in(moon, "Ben")
    page.goto(f"{moon.url}/projects/demonstration/judge/")
    token = page.locator("#judging").get_attribute("data-token")
    page.context.set_offline(True)
    page.get_by_label("Your answer").fill("the river cannot spend")
    expect(page.locator(".state.away")).to_contain_text("kept in this browser")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".state.away")).to_be_visible()

    page.context.set_offline(False)

    page.wait_for_function("token => document.querySelector('#judging')?.dataset.token !== token", arg=token)
    assert moon.shell("print(service.projects()[0].judgments)") == "1"
