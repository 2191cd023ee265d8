"""The figures draw in a real browser, under the strictest policy that the platform could send."""

import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path

import pytest

from assay.figures import Figure, page, timeline
from assay.quality import plots
from assay.records import Skill

playwright_sync = pytest.importorskip("playwright.sync_api", reason="the browser extra is not installed")
pytestmark = pytest.mark.browser

CHROMIUM = "/usr/bin/chromium"
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
POLICY = "default-src 'self'; style-src 'self'"
WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => violations.push(
    `${event.violatedDirective} ${event.sourceFile}:${event.lineNumber}:${event.columnNumber}`));
"""
HOSTILE = "</script><script>document.title='taken'</script>"
FIGURES = [
    timeline("Judgments by day", {"2026-03-01": 4, "2026-03-02": 7}),
    plots.skills(
        [
            Skill(name, question, mean=0.8, low=0.7, high=0.9, votes=12)
            for name in ("Ann", "محمد", HOSTILE)
            for question in ("helpful", "true")
        ]
    ),
]


@pytest.fixture(scope="module")
def chromium(playwright: "playwright_sync.Playwright") -> "Iterator[playwright_sync.Browser]":
    if not Path(CHROMIUM).exists():
        if os.environ.get("CI"):
            pytest.fail(f"{CHROMIUM} is missing; a browser test never skips in CI")
        pytest.skip(f"{CHROMIUM} is missing")
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Serve the figures as the platform does: script and style from files, nothing inline that runs."""
    body = "".join(figure.fragment() for figure in FIGURES)
    head = '<!doctype html><meta charset="utf-8"><title>Figures</title><script src="/vega.js" defer></script>'
    files = {"/": ("text/html", head + body), "/vega.js": ("text/javascript", read("vega.js"))}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, text = files.get(self.path, ("text/plain", ""))
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: object) -> None:
            """Keep the test's output quiet."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}/"
    httpd.shutdown()


@pytest.fixture
def visit(
    chromium: "playwright_sync.Browser",
) -> "Iterator[Callable[..., tuple[playwright_sync.Page, list[str]]]]":
    """Return a way to open an address and a list that fills with everything the browser complains about."""
    pages: list[playwright_sync.Page] = []

    def open_page(address: str, **options: object) -> "tuple[playwright_sync.Page, list[str]]":
        tab = chromium.new_page(**options)  # type: ignore[arg-type]
        tab.set_default_timeout(90_000)  # only a test that fails waits so long
        pages.append(tab)
        complaints: list[str] = []
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.add_init_script(WATCH)
        tab.goto(address)
        tab.locator("svg").nth(len(FIGURES) - 1).wait_for()
        return tab, complaints

    yield open_page
    for tab in pages:
        tab.close()


def test_figures_draw_under_a_policy_without_eval_and_without_inline_style(server: str, visit) -> None:  # type: ignore[no-untyped-def]
    tab, complaints = visit(server)

    tab.locator("svg").nth(1).hover(position={"x": 300, "y": 40})

    assert tab.evaluate("violations") == []
    assert complaints == []
    assert tab.title() == "Figures"
    assert tab.get_by_text("95 % interval: 70–90 %").is_visible()


def test_a_figure_is_read_aloud_by_its_description(server: str, visit) -> None:  # type: ignore[no-untyped-def]
    tab, _ = visit(server)

    assert tab.locator(".assay-drawing").first.get_attribute("role") == "graphics-document"
    assert tab.locator(".assay-drawing").first.get_attribute("aria-label") == FIGURES[0].spec["description"]


def test_a_figure_follows_the_width_and_the_colours_of_its_reader(server: str, visit) -> None:  # type: ignore[no-untyped-def]
    tab, _ = visit(server, viewport={"width": 1000, "height": 700}, color_scheme="light")
    assert tab.locator('svg [fill="#0072b2"]').count() > 0

    tab.set_viewport_size({"width": 390, "height": 700})
    tab.emulate_media(color_scheme="dark")
    tab.locator('svg [fill="#56b4e9"]').first.wait_for()
    # A drawing follows its width when the dragging of a window pauses.
    tab.wait_for_function("() => document.documentElement.scrollWidth <= 390")

    assert tab.locator("svg").count() == len(FIGURES)
    assert tab.evaluate("violations") == []


def test_a_page_works_from_a_file_and_asks_the_network_for_nothing(tmp_path: Path, visit) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "figures.html"
    path.write_text(page("Ann's project", FIGURES), encoding="utf-8")

    tab, complaints = visit(path.as_uri())

    assert complaints == []
    assert tab.evaluate("violations") == []
    assert tab.evaluate("performance.getEntriesByType('resource').length") == 0
    assert tab.title() == "Ann's project"
    tab.get_by_text("The data as a table").first.click()
    assert tab.get_by_role("cell", name="2026-03-02").is_visible()


def test_the_script_draws_a_specification_that_a_page_hands_over(server: str, visit) -> None:  # type: ignore[no-untyped-def]
    tab, complaints = visit(server)
    figure: Figure = FIGURES[0]

    tab.evaluate(
        """async (spec) => {
            document.body.append(Object.assign(document.createElement("div"), {id: "here"}));
            await assayFigures.render(document.getElementById("here"), spec);
        }""",
        dict(figure.spec),
    )

    assert tab.locator("#here svg").count() == 1
    assert complaints == []


def read(name: str) -> str:
    return resources.files("assay.figures").joinpath(name).read_text(encoding="utf-8")
