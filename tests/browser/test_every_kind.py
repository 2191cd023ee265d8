"""One person, the keyboard, one judgment of each kind: what they did is what is stored."""

from __future__ import annotations

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from ..platform.ports import free_port
from .conftest import Server

KINDS = """
import json
service.add_person("Ann", "a long password")
texts = ["The moon is round.", "A coin the river cannot spend.", "Moon, you old photocopier."]
run = [{"role": "user", "text": "When does the moon rise in Lisbon?"},
       {"role": "assistant", "tool": "moonrise", "args": {"city": "London"}, "result": "18:04"},
       {"role": "assistant", "text": "At **18:04**."}]
likert = Question("new", "How new is it?", type="ratings", low=1, high=5)
share = Question("share", "Which share would you keep?", type="ratings", low=0, high=100)
form = Question("form", "What form has it?", ("couplet", "haiku", "other"))
image = Question("image", "What is she compared with?", ("money", "animals", "machines"), several=True)
ear = Question("ear", "Which sounds better?", ("no", "yes"))
def project(name, kind, texts, *questions, language="en", prompt="The moon, please."):
    items = [Item(f"m{k}", prompt, "", language) for k in range(2)]
    samples = [Sample(f"{i.id}/{n}", i.id, f"author{n}", text) for i in items for n, text in enumerate(texts)]
    brief = Brief(name, "Delight.", kind, questions=questions, judgments_per_work=1)
    service.create_project(brief, items, samples, owner="Ann")
project("pairwise", "pairwise", texts[:2], ear)
project("best", "best-of-n", texts)
project("ranking", "ranking", texts)
project("rating", "rating", texts[:1], likert, share)
project("choice", "choice", texts[:1], form, image)
project("spans", "spans", ["The \U0001f600 moon is round, the moon is bright."])
project("alamat", "spans", ["القمر مستدير والقمر منير"], language="ar", prompt="القمر")
claim = Question("claim", "Is it so?", ("supported", "refuted", "unknown"), type="spans", sourced=True)
project("claims", "spans", ["The moon is made of basalt."], claim)
project("rewrite", "rewrite", texts[:1])
project("trajectory", "trajectory", [json.dumps(run)])
"""
SLUGS = ("pairwise", "best", "ranking", "rating", "choice", "spans", "alamat", "rewrite", "trajectory")


@pytest.fixture(scope="module")
def desks(tmp_path_factory):
    """A server with a project of each kind; no test shares a project with another."""
    server = Server(tmp_path_factory.mktemp("kinds"), free_port())
    server.shell(KINDS)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def at(desks, page: Page, sign_in):
    """Open the page of a project; a blocked script or style or an exception on it fails the test."""
    said: list[str] = []
    page.on("pageerror", lambda wrong: said.append(str(wrong)))
    page.on(
        "console", lambda line: said.append(line.text) if "Content Security Policy" in line.text else None
    )
    sign_in(desks, "Ann")

    def enter(slug: str) -> None:
        page.goto(f"{desks.url}/projects/{slug}/judge/")
        expect(page.locator("#answer")).to_be_visible()

    yield enter
    assert said == []


@pytest.fixture
def stored(desks, page):
    """Give the answer to the last judgment of a project, samples by author, as its owner takes it away."""

    def answer(slug: str) -> dict:
        lines = page.request.get(f"{desks.url}/projects/{slug}/judgments.jsonl")
        assert lines.ok, lines.status
        return json.loads(lines.text().splitlines()[-1])["answer"]

    return answer


def type_keys(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def submit(page: Page) -> None:
    token = page.locator("#judging").get_attribute("data-token")
    page.keyboard.press("Control+Enter")
    page.wait_for_function("token => document.querySelector('#judging')?.dataset.token !== token", arg=token)


def place_of(page: Page, text: str) -> str:
    """Return the number of the answer that begins with some words: sides are drawn for each person."""
    return page.locator(".sample", has_text=text).locator("kbd").first.text_content()


def test_a_comparison_and_each_of_its_questions_have_the_same_keys(at, page, stored):
    at("pairwise")
    first = "1" if "coin" in page.locator(".sample").first.text_content() else "2"

    type_keys(page, first, "4", "6", "r")
    page.keyboard.type("The coin.")
    submit(page)

    sample = stored("pairwise")["choice"]
    assert stored("pairwise") == {
        "choice": sample,
        "strength": 2,
        "reason": "The coin.",
        "dimensions": {"ear": "both_bad"},
    }
    assert sample.endswith("/1")


def test_the_best_of_several_is_one_key(at, page, stored):
    at("best")

    type_keys(page, place_of(page, "A coin"), "e")
    submit(page)

    assert stored("best")["choice"].endswith("/1")
    assert stored("best")["strength"] == 3


def test_answers_are_ordered_with_arrows_and_the_order_survives_a_reload(at, page, stored):
    at("ranking")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("give every answer a place")

    type_keys(page, place_of(page, "Moon, you"), "ArrowUp", "ArrowUp")
    type_keys(page, place_of(page, "The moon is round"), "ArrowDown", "ArrowDown", "=")
    expect(page.locator(".state")).to_have_text("Saved")
    page.reload()

    expect(page.locator(".rank").first).to_contain_text("photocopier")
    expect(page.locator(".rank.tied")).to_have_count(1)  # whichever of the two was drawn later
    submit(page)
    best, rest = stored("ranking")["ranking"]
    assert best.endswith("/2")
    assert {one[-2:] for one in rest} == {"/0", "/1"}


def test_answers_are_ordered_with_the_mouse(at, page):
    at("ranking")
    last, first = page.locator(".rank").nth(2), page.locator(".rank").nth(0)
    title = last.locator("h3").text_content()

    last.locator("h3").drag_to(first.locator("h3"))

    expect(first.locator("h3")).to_have_text(title)
    expect(first.locator("select")).to_have_value("1")


def test_a_scale_takes_the_number_that_is_typed(at, page, stored):
    at("rating")

    type_keys(page, "4", "n")
    page.keyboard.type("87.5")
    submit(page)

    assert stored("rating") == {"ratings": {"new": 4, "share": 87.5}}


def test_labels_are_ticked_one_after_the_other(at, page, stored):
    at("choice")

    type_keys(page, "2", "1", "3")
    submit(page)

    assert stored("choice") == {"labels": {"form": "haiku", "image": ["money", "machines"]}}


def test_a_stretch_is_marked_by_keyboard_and_counted_in_characters(at, page, stored):
    at("spans")

    type_keys(page, "t", "ArrowRight", "ArrowRight", "Shift+ArrowRight")  # The [😀 moon]
    type_keys(page, "3", "2")  # style, major
    type_keys(page, "ArrowRight", "Shift+ArrowRight", "Shift+ArrowLeft", "Alt+ArrowRight")  # [is ]
    type_keys(page, "2", "1")
    expect(page.locator(".state")).to_have_text("Saved")
    page.reload()
    expect(page.locator(".raw mark")).to_have_text(["😀 moon", "is"])
    submit(page)

    assert stored("spans")["marks"] == [
        {"start": 4, "end": 10, "label": "style", "degree": "major"},
        {"start": 11, "end": 13, "label": "fluency", "degree": "minor"},
    ]


def test_a_stretch_is_marked_with_the_mouse_also_over_another_mark(at, page):
    at("spans")
    box = page.locator("#raw span").bounding_box()

    for _each in range(2):
        page.mouse.dblclick(box["x"] + 12, box["y"] + box["height"] / 2)
        page.get_by_role("button", name="accuracy").click()
        page.get_by_role("button", name="style").click()
    page.keyboard.press("Delete")

    expect(page.locator(".marks .mark")).to_have_count(1)
    expect(page.locator(".raw mark")).to_have_text(["The"])


def test_in_arabic_the_left_arrow_goes_on(at, page, stored):
    at("alamat")

    type_keys(page, "t", "ArrowLeft", "ArrowLeft", "1", "3")
    submit(page)

    assert stored("alamat")["marks"] == [{"start": 6, "end": 12, "label": "accuracy", "degree": "critical"}]


def test_a_claim_is_marked_with_its_source(at, page, stored):
    at("claims")

    type_keys(page, "t", "End", "1")
    page.keyboard.type("https://moon.example")
    type_keys(page, "Enter", "Home", "Shift+ArrowRight", "3")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("mark 1: name a source")
    page.get_by_label("Comment").first.fill("Nobody has looked.")
    submit(page)

    assert stored("claims")["marks"] == [
        {"start": 0, "end": 8, "label": "unknown", "comment": "Nobody has looked."},
        {"start": 20, "end": 26, "label": "supported", "source": "https://moon.example"},
    ]


def test_an_edit_shows_what_changed_and_no_edit_is_refused(at, page, stored):
    at("rewrite")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("nothing has changed")

    page.keyboard.press("Escape")
    type_keys(page, "e", "Control+End", "Backspace")
    page.keyboard.type(" and bald.")

    expect(page.locator("#diff ins")).to_have_text(" and bald")
    submit(page)
    assert stored("rewrite") == {"text": "The moon is round and bald."}


def test_steps_are_judged_up_to_the_first_mistake(at, page, stored):
    at("trajectory")

    page.keyboard.press("3")
    expect(page.get_by_label("What is wrong?").first).to_be_focused()
    page.keyboard.type("It asked for London.")
    expect(page.locator(".first-error:visible")).to_have_count(1)
    page.get_by_label("failed").focus()
    page.keyboard.press("Space")
    submit(page)

    assert stored("trajectory") == {
        "steps": {"2": "wrong"},
        "reasons": {"2": "It asked for London."},
        "labels": {"outcome": "failed"},
    }


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 390)], ids=["light on a desk", "dark on a phone"]
)
def test_axe_finds_nothing_serious_on_the_page_of_any_kind(desks, page, sign_in, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    sign_in(desks, "Ann")
    wrong = []

    for slug in SLUGS:
        page.goto(f"{desks.url}/projects/{slug}/judge/")
        expect(page.locator("#answer")).to_be_visible()
        if slug in ("spans", "alamat"):
            type_keys(page, "t", "End", "1", "2")
        if slug == "trajectory":
            page.keyboard.press("3")
        found = Axe().run(page).response["violations"]
        wrong += [
            f"{slug}: {each['id']}: {each['nodes'][0]['html'][:120]}"
            for each in found
            if each["impact"] in ("serious", "critical")
        ]
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{slug} is wider than the screen by {wider} px"

    assert wrong == []
