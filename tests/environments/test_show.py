"""The walk through a company: every page is there, no text becomes markup, nothing is written or let in."""

from __future__ import annotations

import http.client
import json
import random
import re
import threading
from collections.abc import Iterator
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from assay.cli import program
from assay.cli.universe_show import _said
from assay.environments import store
from assay.environments.building import Builder
from assay.environments.git import Repository
from assay.environments.playing import Oracle, play
from assay.environments.schema import SURFACES, columns_of
from assay.environments.showing import Walk
from assay.environments.showing.graph import lanes
from assay.environments.showing.markup import slug
from assay.environments.showing.runs import run_page
from assay.environments.showing.serving import Server
from assay.environments.startup import APPS
from assay.environments.tasks import read_changes
from assay.environments.trajectories import Step, Trajectory
from assay.environments.universe import Universe
from assay.environments.world import World
from assay.errors import AssayError

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e</main>&lt;b&gt;'


@pytest.fixture
def run(universe: Universe) -> Trajectory:
    """What the oracle did, with hostile words in its report and answers."""
    task = universe.task("bad-deploy", 1)
    with universe.episode(task) as episode:
        found = play(episode, Oracle(task))
        steps = [
            Step(
                0,
                "c",
                reply.step,
                action["tool"],
                {"x": HOSTILE},
                reply.code,
                HOSTILE,
                "",
                reply.begins,
                reply.ends,
                (HOSTILE,),
                [asdict(each) for each in read_changes(episode.world.changes(reply.step, reply.step))],
                [{"kind": HOSTILE, "did": HOSTILE}],
            )
            for action, reply in zip(map(asdict, task.oracle), episode.replies, strict=True)
        ]
    turns = [{"text": HOSTILE, "reasoning": "", "calls": []}]
    return Trajectory(
        task.id, task.template, 1, 7, {}, HOSTILE, HOSTILE, turns=turns, steps=steps, report=HOSTILE,
        reward=found.reward, goals={HOSTILE: True, "b": False}, side_effects=[HOSTILE],
    )  # fmt: skip


@pytest.fixture
def spoilt(universe: Universe) -> Iterator[World]:
    """A company in which every surface has a row whose every text is hostile."""
    path = universe.folder / "spoilt.fork"
    store.remove(path)
    store.fork(universe.base, path)
    made = Builder.more(path, seed=7)
    for table in SURFACES:
        if table in ("notice", "metric"):
            continue
        numbers = {"begins", "ends", "due", "zone", "thread", "amount_cents", "price_cents", "seats", "seen"}
        numbers |= {"meeting", "pull_request", "version", "share", "is_on", "value", "vendor"}
        values = {
            name: (f"{HOSTILE}{table}" if SURFACES[table][0].startswith("id TEXT") else None)
            if name == "id"
            else (1 if name in numbers else HOSTILE)
            for name in columns_of(table)
        }
        made.put(table, by=HOSTILE, **values)
    made.truth(HOSTILE, HOSTILE, HOSTILE)
    made.knows(HOSTILE, HOSTILE, HOSTILE, HOSTILE, spoilt=HOSTILE)
    made.fault("outage", HOSTILE, begins=0, ends=None, cause=HOSTILE, way_around=HOSTILE)
    made.notice(made.begins * 2, HOSTILE, HOSTILE, HOSTILE)
    made.finish()
    with World(path, APPS) as world:
        yield world
    store.remove(path)


def test_no_text_of_a_world_or_of_a_run_becomes_markup(spoilt: World, universe: Universe, run: Trajectory):
    walk = Walk(spoilt, name=HOSTILE, task=universe.task("bad-deploy", 1), found=[run])
    seen = 0

    for name in walk.names():
        text = walk.page(name) or ""

        assert re.fullmatch(r"[\w.-]+\.html", name), name
        assert "<script" not in text, name
        assert "<img" not in text, name
        assert text.count("</main>") == 1, name
        seen += text.count("&lt;script&gt;alert(1)")
    assert seen > 100


def test_every_link_leads_to_a_page_and_every_page_is_reached(universe: Universe, run: Trajectory):
    task = universe.task("bad-deploy", 1)
    with universe.episode(task) as episode:
        walk = Walk(episode.world, name="startup 7", task=task, found=[run])
        names = set(walk.names())
        linked = {link for name in names for link in re.findall(r'href="([^"#]+)"', walk.page(name) or "")}

    assert linked == names


class Ours(HTMLParser):
    """What a page says that is not marked as the words of the world, and what its parts are called."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.said: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in {"meta", "br"}:
            self.open.append((tag, given.get("lang") == "en" or tag in {"style", "pre", "code", "samp"}))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(theirs for _, theirs in self.open):
            self.said.append(re.sub("\u2068[^\u2069]*\u2069", "", data))


def test_in_arabic_only_the_world_speaks_english(universe: Universe, run: Trajectory):
    task = universe.task("bad-deploy", 1)
    with universe.episode(task) as episode:
        walk = Walk(episode.world, name="startup 7", task=task, found=[run], language=_said("ar"))
        pages = {name: walk.page(name) or "" for name in walk.names() if not name.startswith("run-")}

    assert {re.findall(r"<html[^>]*>", page)[0] for page in pages.values()} == {'<html lang="ar" dir="rtl">'}
    left = {(name, said) for name, page in pages.items() for said in Ours(page).said}
    assert {each for each in left if re.search("[A-Za-z]", each[1].replace("startup 7", ""))} == set()
    assert "نظرة عامة" in pages["index.html"]
    assert '<bdi lang="en">' in pages["inbox.html"]


def test_pages_are_in_a_language_that_there_is(tmp_path: Path):
    ran = CliRunner().invoke(program, ["universe", "show", "--language", "tlh", "--out", str(tmp_path)])

    assert "there are no pages in 'tlh'; there are ar, en" in str(ran.exception)


def test_the_history_of_a_repository_is_a_graph_and_each_line_has_its_commit(universe: Universe):
    with universe.episode(universe.task("revert-commit", 1)) as episode:
        walk = Walk(episode.world, name="startup 7")
        held = Repository("api", episode.world.hidden)
        head, log = held.branch("main") or "", held.log(*held.refs().values())
        blamed = held.blame(head, "api/limits.py")[0][0]
        behind = {oid: json.loads(held.commit(oid)["parents"]) for oid in log}
        merge, parents = next((oid, each) for oid, each in behind.items() if len(each) == 2)
        page = walk.page("repository-api.html") or ""
        name = next(name for name in walk.names() if name.startswith("file-api_api_limits_py"))
        file, shown = walk.page(name) or "", walk.page(f"commit-{merge}.html") or ""

    history = page.partition('class="graph"')[2]
    assert re.findall(r"commit-([0-9a-f]{40})", history) == list(log)
    assert history.count("<circle") == history.count("<li>")
    assert re.findall(r"commit-([0-9a-f]{40})", file)[0] == blamed
    assert all(f"commit-{parent}.html" in shown for parent in parents)


def test_older_commits_are_on_pages_of_their_own(universe: Universe, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("assay.environments.showing.code.A_PAGE", 4)
    with universe.episode(universe.task("bad-deploy", 1)) as episode:
        walk = Walk(episode.world, name="startup 7")
        log = Repository("api", episode.world.hidden)
        commits = log.log(*log.refs().values())
        names, seen = set(walk.names()), list[str]()
        name: str | None = "repository-api.html"
        while name:
            page = (walk.page(name) or "").partition('class="graph"')[2]
            seen += re.findall(r"commit-([0-9a-f]{40})", page)
            older = re.search(r'href="([^"]+)" rel="next"', page)
            name = older[1] if older else None
            assert name is None or name in names
        beyond = [walk.page(f"history-api-{number}.html") for number in (0, 1, 99)]

    assert seen == list(commits)
    assert {name for name in names if name.startswith("history-api")} == {
        f"history-api-{number}.html" for number in range(2, -(-len(commits) // 4) + 1)
    }
    assert beyond == [None, None, None]


@pytest.mark.parametrize("seed", range(20))
def test_strands_lead_from_each_commit_to_its_parents(seed: int):
    draw = random.Random(seed)  # noqa: S311
    commits = [str(number) for number in range(30)]
    parents = {
        oid: draw.sample(commits[at + 1 :], min(draw.choice((0, 1, 1, 1, 2, 3)), len(commits) - at - 1))
        for at, oid in enumerate(commits)
    }
    rows = list(lanes(parents))

    on: dict[int, set[str]] = {}
    for oid, row in zip(commits, rows, strict=True):
        arrived = {place for place, _ in row.above}
        assert arrived == set(on), "what went down one row comes in at the next"
        ends = {begin for begin, end in row.above if end == row.at}
        assert {begin for begin in on if oid in on[begin]} <= ends
        below: dict[int, set[str]] = {}
        for begin, end in row.below:
            through = {each for each in on.get(begin, set()) if each != oid} if begin == end else set()
            below.setdefault(end, set()).update(through)
        for parent in parents[oid]:
            places = [end for begin, end in row.below if begin == row.at]
            assert places
            known = [place for place in places if parent in below[place]]
            target = known[0] if known else next(place for place in places if not below[place])
            below[target].add(parent)
        assert all(len(wanted) == 1 for wanted in below.values())
        on = below


def test_looking_writes_nothing(universe: Universe):
    with universe.episode(universe.task("bad-deploy", 1)) as episode:
        before = episode.world.state_hash()
        walk = Walk(episode.world, name="startup 7")
        for name in walk.names():
            walk.page(name)

        assert episode.world.state_hash() == before


def test_a_run_is_a_time_line_with_what_each_step_changed(universe: Universe, run: Trajectory):
    with universe.episode(universe.task("bad-deploy", 1)) as episode:
        text = Walk(episode.world, name="startup 7", found=[run]).page("run-1.html") or ""

    assert text.count('<li class="wrote">') == 3
    assert "deploy_start" in text
    assert re.search(r"<td[^>]*>service</td>.*<td[^>]*>version</td>", text)


@pytest.mark.parametrize(
    "name", ["../etc/passwd", "ticket-OPS-999999.html", "run-0.html", "run-٣.html", "x", ""]
)
def test_there_is_no_page_of_another_name(universe: Universe, run: Trajectory, name: str):
    with universe.episode(universe.task("bad-deploy", 1)) as episode:
        assert Walk(episode.world, name="startup 7", found=[run]).page(name) is None


def test_different_keys_have_different_files():
    keys = ["a/b", "a_b", "a b", "@ann+ben", "@ann-ben", "../x", HOSTILE, "é"]

    assert len({slug(key) for key in keys}) == len(keys)
    assert all(re.fullmatch(r"[\w-]+", slug(key), re.ASCII) for key in keys)


@pytest.fixture
def served(universe: Universe) -> Iterator[Server]:
    with (
        universe.episode(universe.task("bad-deploy", 1)) as episode,
        Server(Walk(episode.world, name="startup 7")) as server,
    ):
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def asked(server: Server, path: str, method: str = "GET", host: str = "") -> http.client.HTTPResponse:
    line = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=120)
    line.putrequest(method, path, skip_host=True)
    line.putheader("Host", host or f"127.0.0.1:{server.server_address[1]}")
    line.endheaders()
    return line.getresponse()


def test_pages_are_served_to_this_machine_under_a_strict_policy(served: Server):
    answer = asked(served, "/")

    policy = answer.getheader("Content-Security-Policy") or ""
    assert answer.status == 200
    assert served.server_address[0] == "127.0.0.1"
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "script" not in policy
    assert b"Overview" in answer.read()


@pytest.mark.parametrize(
    ("path", "method", "host", "code"),
    [
        ("/nothing.html", "GET", "", 404),
        ("/%2e%2e/%2e%2e/etc/passwd", "GET", "", 404),
        ("/", "POST", "", 501),
        ("/", "GET", "evil.example", 403),
        ("/", "GET", "127.0.0.1.evil.example:80", 403),
        ("/board.html?x=1", "HEAD", "localhost:1", 200),
    ],
)
def test_nothing_else_is_served(served: Server, path: str, method: str, host: str, code: int):
    assert asked(served, path, method, host).status == code


def test_the_command_writes_pages_and_shows_a_company_as_a_run_left_it(tmp_path: Path, universe: Universe):
    task = universe.task("bad-deploy", 1)
    with universe.episode(task) as episode:
        play(episode, Oracle(task))
        seed, end = episode.world.seed, episode.world.hash
        version = task.oracle[3].arguments["version"]
        replies = zip(task.oracle, episode.replies, strict=True)
        arguments = [dict(step.arguments) for step in task.oracle]
        arguments[-1]["incident"] = "INC-1"
        steps = [
            Step(0, "c", reply.step, step.tool, given, reply.code, reply.answer, "", reply.begins, reply.ends)
            for (step, reply), given in zip(replies, arguments, strict=True)
        ]
    one = Trajectory(task.id, task.template, 1, seed, {}, task.text, "oracle", steps=steps, hash=end)
    (tmp_path / "runs.jsonl").write_text(one.line())

    ran = CliRunner().invoke(
        program, ["universe", "show", "--run", str(tmp_path / "runs.jsonl"), "--out", str(tmp_path / "out")]
    )

    assert ran.exit_code == 0, ran.output
    assert "another way" not in ran.output
    services = (tmp_path / "out" / "operations.html").read_text()
    assert "roll back" in services
    assert str(version) in services
    assert (tmp_path / "out" / "run-1.html").exists()


def test_a_run_of_another_world_is_an_error(tmp_path: Path):
    one = Trajectory("bad-deploy-1-2100", "bad-deploy", 1, 5, {}, "", "oracle")
    (tmp_path / "runs.jsonl").write_text(one.line())

    ran = CliRunner().invoke(
        program, ["universe", "show", "--run", str(tmp_path / "runs.jsonl"), "--out", str(tmp_path / "out")]
    )

    assert "name that seed with --seed" in str(ran.exception)


def test_what_a_silent_agent_said_is_shown():
    turns = [{"text": said, "reasoning": "", "calls": []} for said in ("I would wait.", "", "As I said.")]
    one = Trajectory("t", "t", 1, 7, {}, "", "tiny", turns=turns, stopped="silent", voice="talker")

    _, page = run_page(one)

    assert page.index("I would wait.") < page.index("As I said.")
    assert page.count("The agent says") == 2
    assert "It did nothing." not in page
    assert "talker" in page


@pytest.mark.parametrize("raw", [b"root:x:0\n", b"\xff\xfe\n", b"[]\n", b"{}\n", b'{"task": 1}\n'])
def test_a_file_that_is_no_record_of_runs_says_so(tmp_path: Path, raw: bytes):
    (tmp_path / "runs.jsonl").write_bytes(raw)

    ran = CliRunner().invoke(
        program, ["universe", "show", "--run", str(tmp_path / "runs.jsonl"), "--out", str(tmp_path / "out")]
    )

    assert isinstance(ran.exception, AssayError)
    assert "is no record of runs; name a file that `assay universe run` wrote" in str(ran.exception)
