"""A figure is one finding twice: drawn, and as a table; names in it stay names."""

import json
import re
from collections.abc import Callable, Sequence
from importlib import resources

import pytest

from assay.errors import AssayError
from assay.evaluation import Board
from assay.evaluation import plots as evaluation_plots
from assay.figures import Figure, page, timeline
from assay.quality import plots as quality_plots
from assay.records import Skill, Standing, Verdict

HOSTILE = "</script><script>alert('Ann')</script>"
NAMES = ["Ann", "محمد بن عبد الرحمن", "王小明", HOSTILE]


def skills(raters: Sequence[str] = NAMES, questions: Sequence[str] = ("better",)) -> Figure:
    return quality_plots.skills(
        [
            Skill(rater, question, mean=0.9 - place / 1000, low=0.5, high=0.95, votes=12)
            for question in questions
            for place, rater in enumerate(raters)
        ]
    )


def contest(questions: Sequence[str] = ("better",), contests: Sequence[float] = (0.0, 0.55, 1.0)) -> Figure:
    return quality_plots.contest(
        [
            Verdict(f"w{place}", question, "left", 0.8, {"left": 0.8, "right": 0.2}, 3, value, "majority")
            for question in questions
            for place, value in enumerate(contests)
        ]
    )


def standings(models: Sequence[str] = NAMES) -> Figure:
    ranked = tuple(
        Standing(model, 1000.0 + 40 * place, 980.0 + 40 * place, 1020.0 + 40 * place, 50, 1, 2)
        for place, model in enumerate(models)
    )
    return evaluation_plots.standings(Board(ranked, votes=100, raters=9, clustered=True))


def days() -> Figure:
    return timeline("Judgments by day", {"2026-03-01": 4, "2026-03-02": 7, "2026-03-05": 1})


EVERY_FIGURE: list[Callable[[], Figure]] = [skills, contest, standings, days]


@pytest.mark.parametrize("make", EVERY_FIGURE)
def test_a_figure_says_what_it_shows_in_words_and_in_numbers(make: Callable[[], Figure]) -> None:
    figure = make()

    assert figure.title in figure.spec["description"]
    assert figure.caption in figure.spec["description"]
    assert figure.rows
    assert figure.spec["width"] == "container"
    assert json.loads(json.dumps(figure.spec)) == figure.spec


@pytest.mark.parametrize("make", EVERY_FIGURE)
def test_every_field_that_a_figure_draws_stands_in_its_data(make: Callable[[], Figure]) -> None:
    spec = make().spec
    fields = set(re.findall(r'"field": "(\w+)"', json.dumps(spec)))

    assert fields
    assert all(fields <= row.keys() for row in spec["data"]["values"])


@pytest.mark.parametrize(
    "make",
    [
        lambda: quality_plots.skills([]),
        lambda: quality_plots.contest([]),
        lambda: evaluation_plots.standings(Board((), votes=0, raters=0, clustered=False)),
        lambda: timeline("Judgments by day", {}),
    ],
)
def test_a_figure_of_nothing_says_what_is_missing(make: Callable[[], Figure]) -> None:
    figure = make()

    assert figure.rows == ()
    assert figure.caption.endswith(".")
    assert figure.caption in figure.to_html()


def test_a_name_from_the_data_cannot_end_the_script_around_it() -> None:
    html = page(HOSTILE, [skills(), standings()], intro=HOSTILE)

    assert HOSTILE not in html
    assert html.count("</script>") == 3  # one for each figure, one for the script that draws them
    assert "&lt;/script&gt;&lt;script&gt;alert(&#x27;Ann&#x27;)" in html


def test_a_page_loads_nothing_from_elsewhere() -> None:
    html = page("Ann's project", [skills()])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)

    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy[1]
    assert re.findall(r"<(?:link|img|iframe)\b|\bsrc=", html.replace(bundle(), "")) == []


def test_the_script_can_stand_inside_a_page() -> None:
    assert "</script" not in bundle()
    assert "<!--" not in bundle()
    assert "\beval(" not in bundle()


def test_the_script_carries_the_licences_of_what_is_in_it() -> None:
    notice = resources.files("assay.figures").joinpath("NOTICE.txt").read_text(encoding="utf-8")

    assert {"vega", "vega-lite", "vega-interpreter", "d3-scale", "delaunator"} <= set(
        re.findall(r"^(\S+) \d[\d.]* \(", notice, re.MULTILINE)
    )


def test_too_many_raters_leave_the_best_and_the_worst_of_every_question() -> None:
    raters = [f"rater-{place:03}" for place in range(100)]

    figure = skills(raters, questions=("helpful", "true"))

    shown = [row["rater"] for row in figure.spec["data"]["values"] if row["question"] == "true"]
    assert shown == raters[:15] + raters[-15:]
    assert "140 are left out" in figure.caption
    assert len(figure.rows) == 200


def test_many_questions_still_make_a_figure_of_at_most_sixty_lines() -> None:
    figure = skills(["Ann", "Ben", "Chen"], questions=[f"question {place}" for place in range(50)])

    assert 0 < len(figure.spec["data"]["values"]) <= quality_plots.ROWS


def test_a_rater_measured_in_two_ways_has_two_marks_on_one_line() -> None:
    figure = quality_plots.skills(
        [
            Skill("Ann", "better", 0.9, 0.8, 0.95, votes=40, against="gold"),
            Skill("Ann", "better", 0.7, 0.6, 0.8, votes=90, against="verdicts"),
        ]
    )

    drawing = figure.spec["layer"][-1]["encoding"]
    assert drawing["y"]["scale"]["domain"] == ["better\x1fAnn"]
    assert drawing["shape"]["field"] == "against"


def test_verdicts_are_counted_in_the_bin_of_their_contest() -> None:
    figure = contest(contests=[0.0, 0.05, 0.55, 1.0])

    counts = {row["contest"]: row["verdicts"] for row in figure.rows if row["verdicts"]}
    assert counts == {"0.0–0.1": 2, "0.5–0.6": 1, "0.9–1.0": 1}


def test_questions_share_one_colour_where_colours_could_not_tell_them_apart() -> None:
    assert "color" in contest(questions=("helpful", "true")).spec["encoding"]
    assert "color" not in contest(questions=[f"question {place}" for place in range(9)]).spec["encoding"]


def test_the_best_model_stands_on_top() -> None:
    figure = standings(["mica", "basalt"])

    assert [row["model"] for row in figure.rows] == ["basalt", "mica"]


def test_a_board_that_cannot_be_ranked_says_why() -> None:
    refused = Board((), votes=2, raters=1, clustered=False, refusal="mica and basalt never met.")

    assert evaluation_plots.standings(refused).caption == "mica and basalt never met."


def test_a_page_shows_the_beginning_of_a_long_table_and_says_so() -> None:
    html = skills([f"rater-{place:03}" for place in range(250)]).to_html()

    assert html.count("<tr>") == 1 + 200
    assert "The first 200 of 250 rows." in html


def test_a_day_that_is_no_date_is_named() -> None:
    with pytest.raises(AssayError, match="'yesterday' is not a date"):
        timeline("Judgments by day", {"yesterday": 3})


def test_a_notebook_gets_a_specification_and_a_table() -> None:
    bundle = skills()._repr_mimebundle_()

    assert bundle["application/vnd.vegalite.v6+json"]["title"] == "Skill of the raters"
    assert bundle["application/vnd.vegalite.v5+json"]["$schema"].endswith("/v5.json")
    assert "<table>" in bundle["text/html"]
    assert HOSTILE not in bundle["text/html"]


def bundle() -> str:
    return resources.files("assay.figures").joinpath("vega.js").read_text(encoding="utf-8")
