"""An arena in a real browser: from its author's first word to a board that the command line reads."""

from __future__ import annotations

import json
import re
import secrets
import socket
import subprocess
import sys
import threading

import pytest
from playwright.sync_api import Browser, Page, expect

from assay.inference.embedded import available

from ..platform.talks import piece, speaking
from .test_from_nothing import enter

pytestmark = pytest.mark.usefixtures("no_page_breaks")

AUTHOR = "service.add_person('Ann', 'a long password', ['en']); from assay.platform.models import PersonRow; "
AUTHOR += "PersonRow.objects.filter(name='Ann').update(is_administrator=True)"
WAIVE = (
    "from assay.platform.models import ProjectRow; "
    "ProjectRow.objects.filter(slug='ring').update(state='open', waived='a test')"
)
RING = """
from assay.platform.actions import arena
from assay.platform.models import ProjectRow, PersonRow
for name in ("Ann", "Ben"):
    if not PersonRow.objects.filter(name=name): service.add_person(name, "a long password", ["en"])
brief = Brief({slug!r}, "Find the better editor of verse.", "pairwise", languages=("en",), live={live})
service.create_project(brief, owner="Ann")
service.add_member({slug!r}, "Ben")
project, ann = ProjectRow.objects.get(slug={slug!r}), PersonRow.objects.get(name="Ann")
for name, url in {models}:
    given = {{"name": name, "provider": "ours", "url": url, "model": name}}
    arena.register(project=project, person=ann, given=given)
"""


@pytest.fixture
def model():
    with speaking() as found:
        found.script = lambda body: iter([piece("Tonight she is a "), piece("coin."), b"data: [DONE]\n\n"])
        yield found


@pytest.fixture
def ring(running, page, sign_in, model):
    """Ben sits at a fresh desk of an arena of two scripted models; each test has an arena of its own."""

    def begin(live: str = "Live()", second: str = "") -> str:
        slug = f"ring-{secrets.token_hex(4)}"
        models = (("mica", model.url), ("slate", second or model.url))
        running.shell(RING.format(slug=slug, live=live, models=models))
        if running.process is None:
            running.start()
        sign_in(running, "Ben")
        page.goto(f"{running.url}/projects/{slug}/judge/")
        expect(page.get_by_role("textbox", name="Your prompt")).to_be_focused()
        return slug

    return begin


def ask(page: Page, prompt: str) -> None:
    page.keyboard.type(prompt)
    page.keyboard.press("Control+Enter")


def both_whole(page: Page, timeout: int | None = None) -> None:
    expect(page.locator(".sample[data-state=done]")).to_have_count(2, timeout=timeout)


def register(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.locator(f"form.panel [name={name}]").fill(value)
    page.get_by_role("button", name="Register it").click()


@pytest.mark.slow
@pytest.mark.skipif(available() is not None, reason=str(available()))
def test_from_the_first_word_of_the_author_to_a_board(server, page, sign_in, browser: Browser, tmp_path):
    server.shell(AUTHOR)
    server.start()
    sign_in(server, "Ann")
    page.goto(f"{server.url}/projects/new/")
    page.get_by_label("Name of the project").fill("ring")
    page.get_by_label("Compare two answers").check()
    page.get_by_label("Two models answer on the spot").check()
    page.get_by_label("After their vote people may see").check()
    page.get_by_label("Goal").fill("Find the settings with which the small model is the better editor.")
    page.get_by_role("button", name="Begin the project").click()
    page.get_by_role("link", name="Register models").click()
    register(page, name="box-t01", provider="ours", temperature="0.1")
    register(page, name="box-t12", provider="ours", temperature="1.2", system="You are a poet.")
    expect(page.get_by_text("Registered on")).to_have_count(2)
    server.shell(
        WAIVE, "service.add_person('Ben', 'a long password', ['en'])", "service.add_member('ring', 'Ben')"
    )

    ben = enter(browser, server.url, "Ben", "/projects/ring/battle/")
    for number, keys in enumerate(("15", "26", "3", "4")):
        expect(ben.get_by_role("textbox", name="Your prompt")).to_be_focused()
        ask(ben, f"Say one short sentence about the moon ({number}).")
        expect(ben.locator(".sample[data-state]")).to_have_count(2)
        both_whole(ben, 120_000)
        assert re.search(r"\w", ben.locator(".samples .prose").first.inner_text())
        assert "box-t01" not in ben.content()
        assert "box-t12" not in ben.content()
        ben.keyboard.press("Escape")
        for key in keys:
            ben.keyboard.press(key)
        ben.keyboard.press("Control+Enter")
        expect(ben.get_by_role("heading", name="Your vote is kept")).to_be_visible()
        if number == 0:
            assert "box-t01" not in ben.content()
            ben.keyboard.press("w")
            expect(ben.locator("#names")).to_contain_text("box-t01")
            expect(ben.get_by_role("button", name="Take it back")).to_have_count(0)
        ben.get_by_role("link", name="Next battle").focus()
        ben.keyboard.press("Enter")

    page.goto(f"{server.url}/projects/ring/board/")
    expect(page.locator("#voted")).to_have_text("4")
    expect(page.locator("#refusal")).to_contain_text("needs 10 votes at least", timeout=60_000)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Every battle, as assay arena reads it").click()
    table = tmp_path / "battles.csv"
    taken.value.save_as(table)
    done = subprocess.run(
        [sys.executable, "-m", "assay", "arena", "fit", table], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "4 comparisons of 2 models by 1 rater on 4 prompts" in done.stdout


def test_a_model_that_dies_in_the_middle_is_told_and_the_prompt_is_kept(ring, page, model):
    ring()

    def dies(body):
        yield piece("Tonight she ")
        if body["model"] == "mica":
            yield b"data: {not json\n\n"
        yield piece("is a coin.")

    model.script = dies
    ask(page, "A prompt that took an hour to write.")

    trouble = page.locator(".live-trouble")
    expect(trouble).to_contain_text("no answer. Your prompt is kept.")
    expect(page.locator(".prompt")).to_contain_text("A prompt that took an hour to write.")
    expect(page.get_by_role("button", name="Submit")).to_be_hidden()
    model.script = lambda body: iter([piece("A coin.")])
    page.keyboard.press("a")
    both_whole(page)
    expect(trouble).to_be_hidden()
    expect(page.get_by_role("button", name="Submit")).to_be_visible()


class Mortal:
    """An endpoint that begins to answer and is killed: whoever reads has half an answer in hand."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.dies = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def serve(self) -> None:
        reader, _where = self.socket.accept()
        reader.recv(65_536)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        part = piece("Tonight she is ")
        reader.sendall(head + f"{len(part):x}\r\n".encode() + part + b"\r\n")
        self.dies.wait()
        self.socket.close()
        reader.close()


def test_an_endpoint_killed_in_the_middle_is_told_and_the_prompt_is_kept(ring, running, page, model):
    mortal = Mortal()
    slug = ring(second=mortal.url)
    ask(page, "The first prompt, which both answer in part.")
    expect(page.locator(".samples .prose").first).to_have_text("Tonight she is")

    mortal.dies.set()
    trouble = page.locator(".live-trouble")
    expect(trouble).to_contain_text("broke off in the middle. Your prompt is kept.")
    page.keyboard.press("a")
    expect(trouble).to_contain_text("cannot be reached just now")
    page.keyboard.press("b")

    desk = page.get_by_role("textbox", name="Your prompt")
    expect(desk).to_have_value("The first prompt, which both answer in part.")
    running.shell(
        "from assay.platform.models import EntrantRow",
        f"EntrantRow.objects.filter(project__slug={slug!r}).update(url={model.url!r})",
    )
    page.get_by_role("button", name="Let two models answer").click()
    both_whole(page)


def test_an_endpoint_that_is_down_gives_the_prompt_back(ring, page):
    ring(second="http://127.0.0.1:9")
    ask(page, "A prompt that took an hour to write.")
    expect(page.locator(".live-trouble")).to_contain_text("cannot be reached just now")

    page.keyboard.press("b")

    expect(page.get_by_role("textbox", name="Your prompt")).to_have_value(
        "A prompt that took an hour to write."
    )


def in_two_pieces(model):
    """Let the model wait in the middle of its answer for the event that is returned."""
    go_on = threading.Event()

    def script(body):
        yield piece("Tonight ")
        go_on.wait()
        yield piece("she is a coin.")

    model.script = script
    return go_on


def test_a_slow_model_is_waited_for_in_the_open(ring, page, model):
    go_on = in_two_pieces(model)
    page.clock.install()
    ring()
    ask(page, "The moon?")

    expect(page.locator(".samples .prose").first).to_have_text("Tonight")
    expect(page.locator(".waiting-for")).to_contain_text("Both models are writing")
    page.clock.fast_forward(11_000)
    expect(page.locator(".waiting-for")).to_contain_text("Still waiting")
    go_on.set()
    both_whole(page)


def test_neither_answer_is_ahead_of_the_other(ring, page, model):
    go_on = threading.Event()

    def uneven(body):
        if body["model"] == "mica":
            yield piece("One two three four five six seven.")
        else:
            yield piece("One two ")
            go_on.wait()
            yield piece("THREE.")

    model.script = uneven
    ring()
    ask(page, "Count.")

    answers = page.locator(".samples .prose")
    expect(answers.nth(0)).to_have_text("One two")
    page.wait_for_timeout(1_500)
    assert [answers.nth(k).inner_text().strip() for k in range(2)] == ["One two", "One two"]
    go_on.set()
    both_whole(page)


def test_names_stay_hidden_where_the_brief_says_nothing_of_them(ring, page):
    ring()
    ask(page, "The moon?")
    both_whole(page)
    page.keyboard.press("4")
    page.keyboard.press("Control+Enter")

    expect(page.locator("#unnamed")).to_be_visible()
    assert "mica" not in page.content()
    page.keyboard.press("u")
    expect(page.get_by_text("You took this back")).to_be_visible()
    expect(page.get_by_label("Both bad").first).to_be_checked()


def test_half_a_prompt_survives_a_browser_that_was_offline_and_a_reload(ring, page):
    ring()
    page.context.set_offline(True)
    page.keyboard.type("The mo")
    expect(page.locator(".bar .state.away")).to_contain_text("kept in this browser")
    page.context.set_offline(False)
    expect(page.locator(".bar .state")).to_have_text("Saved")

    page.reload()

    expect(page.get_by_role("textbox", name="Your prompt")).to_have_value("The mo")


def test_people_go_on_with_both_models(ring, page, model):
    ring("Live(follow_ups=1)")
    model.script = lambda body: iter([piece(f"I hear: {body['messages'][-1]['content']}")])
    ask(page, "The moon?")
    both_whole(page)

    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.keyboard.type("And the sea?")
    page.keyboard.press("Alt+Enter")

    for place in range(2):
        answer = page.locator(".samples > .sample").nth(place)
        expect(answer.locator("> .prose")).to_have_text(["I hear: The moon?", "I hear: And the sea?"])
        expect(answer.locator("blockquote")).to_have_text("And the sea?")
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Your vote is kept")).to_be_visible()


def test_the_page_keeps_what_it_saw_and_how_long_answers_took(ring, running, page, model):
    go_on = in_two_pieces(model)
    slug = ring()
    ask(page, "The moon?")
    expect(page.locator(".samples .prose").first).to_have_text("Tonight")
    go_on.set()
    both_whole(page)
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Your vote is kept")).to_be_visible()

    # The page tells it beside the vote, and nothing on it says when that has arrived.
    told = running.shell(
        "from assay.platform.models import BattleRow", "import json, time",
        f"ours = BattleRow.objects.filter(project__slug={slug!r}, state='begun')",
        "events = lambda: json.dumps(ours.get().events)",
        "until = time.monotonic() + 60",
        "while 'whole' not in events() and time.monotonic() < until: time.sleep(0.1)",
        "print(events())",
    )  # fmt: skip

    names = [event["name"] for event in json.loads(told)]
    assert names.count("answered") == 2
    assert names.count("scrolled") == 2
    assert "whole" in names


def test_what_a_model_writes_runs_nothing_and_fetches_nothing(ring, page, model):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    spy = "![spy](https://evil.example/spy.png) <img src=x onerror=alert(1)>"
    model.script = lambda body: iter([piece("<script>document.title='owned'</script>" + spy)])
    ring()
    ask(page, "The moon?")
    both_whole(page)
    page.reload()

    expect(page.locator(".samples .prose").first).to_contain_text("spy")
    assert page.title() != "owned"
    assert not [url for url in asked if "evil.example" in url]
