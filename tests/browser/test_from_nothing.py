"""The whole way in a browser: a brief, a pilot, work, a review, an appeal, a data set that loads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .test_pilot import PAIRS, author, dismiss, judge_everything, settle, write_brief  # noqa: F401 -- a fixture

MEMBERS = """
for name in ("Rosa", "Sami"): service.add_person(name, "a long password", ["en"])
service.add_member("moon", "Rosa", "reviewer")
service.add_member("moon", "Sami", "reviewer")
from assay.platform.models import ProjectRow
ProjectRow.objects.update(review_share=1.0)
"""


def enter(browser: Browser, url: str, name: str, path: str) -> Page:
    """Sign somebody in, in a window of their own, and go somewhere."""
    page = browser.new_context(accept_downloads=True).new_page()
    page.goto(f"{url}/sign-in/?next={path}")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill("a long password")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}{path}")
    return page


def pilot(page: Page, server, browser: Browser) -> None:
    write_brief(page, server.url)
    table = {"name": "moon.csv", "mimeType": "text/csv", "buffer": PAIRS.encode()}
    page.get_by_label("File", exact=True).set_input_files(table)
    page.get_by_role("button", name="Bring in").click()
    server.shell('for name in ("Ben", "Dora", "Emil"): service.add_member("moon", name)', MEMBERS)
    page.get_by_role("link", name="Pilot").click()
    page.get_by_label("Works").fill("2")
    page.get_by_role("button", name="Begin the pilot").click()
    for name, word in {"Ben": "coin", "Dora": "coin", "Emil": "bright"}.items():
        judge_everything(browser, server.url, name, word)
    page.get_by_role("button", name="Collect now").click()
    settle(page)
    dismiss(page)
    page.get_by_role("button", name="Close the pilot").click()
    page.get_by_role("button", name="Open the project").click()
    expect(page.locator("#project-state")).to_have_text("open")


@pytest.mark.slow
def test_a_project_from_nothing_to_rows_that_a_trainer_loads(server, author, browser, tmp_path):  # noqa: F811
    pilot(author, server, browser)
    for name in ("Ben", "Dora"):
        assert judge_everything(browser, server.url, name, "coin") >= 4

    reader = enter(browser, server.url, "Rosa", "/projects/moon/review/")
    reader.keyboard.press("x")
    reader.keyboard.press("w")
    reader.keyboard.type("The reason names no principle.")
    reader.keyboard.press("Control+Enter")
    reader.wait_for_function("() => document.querySelector('#judging')?.dataset.token !== 'review-1'")

    told = {}
    for name in ("Ben", "Dora", "Emil"):
        told[name] = enter(browser, server.url, name, "/me/feedback/")
    author_of = next(
        page for page in told.values() if page.get_by_text("The reason names no principle.").count()
    )
    author_of.locator("summary", has_text="Appeal").click()
    author_of.get_by_label("Why should your answer stand?").fill("It surprises, and I say so.")
    author_of.get_by_role("button", name="Appeal").click()
    expect(author_of.get_by_text("Somebody who knows neither of you will decide.").first).to_be_visible()

    third = enter(browser, server.url, "Sami", "/projects/moon/disputes/")
    expect(third.get_by_text("Rosa")).to_have_count(0)
    third.get_by_label("Judgment 1").check()
    third.get_by_label("Because of which principle?").fill("An image that surprises beats a fact.")
    third.get_by_role("button", name="Decide").click()
    author_of.reload()
    expect(author_of.get_by_text("stands, after your appeal")).to_be_visible()

    page = author
    page.goto(f"{server.url}/projects/moon/quality/")
    expect(page.get_by_role("heading", name="The best, to read")).to_be_visible()
    expect(page.get_by_role("row", name="Ben")).to_be_visible()
    page.goto(f"{server.url}/projects/moon/")
    expect(page.get_by_role("heading", name="Standing of the models")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="TRL preference").click()
    file = tmp_path / "moon.jsonl"
    download.value.save_as(file)
    loads(file)


def loads(file: Path) -> None:
    """Load the rows as the trainer's own loader does, and compare with the lines."""
    datasets = pytest.importorskip("datasets")
    rows = datasets.load_dataset(
        "json", data_files=str(file), split="train", cache_dir=str(file.parent / "cache")
    )
    lines = [json.loads(line) for line in file.read_text().splitlines()]

    assert len(rows) == len(lines) >= 4
    assert {"prompt", "chosen", "rejected"} <= set(rows.column_names)
    assert "coin" in json.dumps(rows[0]["chosen"])
