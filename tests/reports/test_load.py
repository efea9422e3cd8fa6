"""A load in figures, as a page, as Markdown and as JSON."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from lxml import html as lxml_html

from dicomweb_reports import load, load_html, load_json, load_lines, load_markdown
from dicomweb_reports.load import Outcome
from dicomweb_reports.write import write_reports
from tests.reports.run_directory import RunDirectory, finding

BOUNDS = {"users": 8, "ramp": 4.0, "requests": 1000, "seconds": 60.0, "think": 0.5, "stores": 10, "instances": 100}
RAN = {
    "seconds": 20.0,
    "why": "20 s were over",
    "gone": False,
    "users": 8,
    "late_in_the_median": 0.001,
    "late_in_95_of_100": 0.02,
    "latest": 0.3,
}
CHECK, ROW = "load-search-studies", "STORE-001"


def loaded(directory: RunDirectory, **fields: Any) -> None:
    """Record what a load is and what came of it."""
    said = {
        "bounds": BOUNDS,
        "clients": [{"name": "ohif", "title": "OHIF Viewer 3", "does": "reads"}],
        "left_out": {},
        "stores": {"sent": 2, "found": 2},
        "ran": RAN,
        "outcomes": {CHECK: {"right": 100}},
        "alone": [],
    }
    directory.event("load", **{**said, **fields})


def responses(directory: RunDirectory, seconds: list[float], **fields: Any) -> list[str]:
    return [directory.exchange(**{"check": CHECK, "purpose": "load", "seconds": took, **fields}) for took in seconds]


def test_so_many_of_100_responses_came_within_the_time_that_is_told(directory: RunDirectory) -> None:
    directory.header()
    responses(directory, [number / 1000 for number in range(1, 101)])
    responses(directory, [9.0], purpose="probe")
    responses(directory, [8.0], status=503)
    responses(directory, [30.0], status=None, error="timed out: the exchange was not over after 30 s")
    loaded(directory, outcomes={CHECK: {"right": 100, "busy": 1, "timed out": 1}})

    (line,) = load.lines(directory.load())

    assert (line.name, line.requests, line.wrong) == ("search studies", 102, 0)
    assert line.errors == {"busy": 1, "timed out": 1}
    assert line.shares == {50: 0.051, 90: 0.091, 95: 0.096, 99: 0.1}
    assert line.longest == 0.1


def test_each_response_is_a_point_and_slower_ones_stand_further_right(directory: RunDirectory) -> None:
    directory.header()
    responses(directory, [0.002, 0.02, 0.2, 2.0])
    loaded(directory, outcomes={CHECK: {"right": 4}})

    page = lxml_html.document_fromstring(load_html.html(directory.load()))
    (path,) = page.xpath("//svg//path")

    points = [(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h0", path.get("d"))]
    assert len(points) == 4
    assert points == sorted(points)
    assert all(load.LEFT <= x <= load.WIDTH for x, _ in points)
    assert path.get("class") == "of-2xx"


@pytest.mark.parametrize(
    ("outcomes", "ran", "expected"),
    [
        ({"right": 9}, {}, Outcome.RIGHT),
        ({"right": 9, "busy": 3}, {}, Outcome.RIGHT),
        ({"right": 9, "wrong": 1}, {}, Outcome.WRONG),
        ({"busy": 9}, {}, Outcome.NOTHING),
        ({"right": 9, "refused": 20}, {"gone": True}, Outcome.GONE),
        ({"right": 9, "wrong": 1, "refused": 20}, {"gone": True}, Outcome.WRONG),
    ],
)
def test_what_a_load_comes_to(
    outcomes: dict[str, int], ran: dict[str, bool], expected: Outcome, directory: RunDirectory
) -> None:
    directory.header()
    loaded(directory, outcomes={CHECK: outcomes}, ran={**RAN, **ran})

    assert load.outcome(directory.load()) is expected


def wrong(directory: RunDirectory) -> None:
    """A load with a fault that only load brings about, and one that is there anyway."""
    directory.header()
    directory.plan((CHECK, ROW, "A search finds <b>just</b> what is stored."))
    first, second = responses(directory, [0.1, 0.2])
    loaded(
        directory,
        outcomes={CHECK: {"right": 3, "wrong": 2}},
        alone=[{"check": CHECK, "requirement": ROW, "code": "always-so"}],
    )
    found = [finding(ROW, "always so", exchange=first), finding(ROW, "swapped", exchange=second)]
    directory.result(CHECK, ROW, "A search finds <b>just</b> what is stored.", "fail", findings=found, scenario="load")
    directory.footer()


def test_what_only_load_brings_about_stands_first_with_what_repeats_it(directory: RunDirectory) -> None:
    wrong(directory)
    run = directory.load()

    assert [(each.finding.code, each.alone) for each in load.wrong(run)] == [("swapped", False), ("always-so", True)]
    told = load_json.members(run)
    assert [(each["code"], each["seen_alone"]) for each in told["wrong"]] == [("swapped", False), ("always-so", True)]
    command = told["wrong"][0]["repeat"]
    assert command.startswith("curl -sS -i")
    assert command in load_markdown.markdown(run)
    assert command in "\n".join(load_lines.lines(run))
    page = load_html.html(run)
    assert "under load only" in page
    assert "<b>just</b>" not in page
    assert "2 responses were wrong: 2 kinds of fault, 1 of them under load only" in page


def test_the_pages_of_a_load_are_written_and_those_of_a_run_are_not(directory: RunDirectory) -> None:
    wrong(directory)

    assert write_reports(directory.path).unwritten == ()

    written = {path.name for path in directory.path.iterdir() if path.is_file()}
    assert written == {"run.jsonl", "load.html", "load.md", "load.json", "exchanges.har"}
    told = json.loads((directory.path / "load.json").read_text("utf-8"))
    assert told["schema"] == "dicomweb-conformance-load/1"


def test_a_load_that_broke_off_before_it_began_has_pages(directory: RunDirectory) -> None:
    directory.header()
    loaded(directory, ran=None, outcomes={})

    assert write_reports(directory.path).unwritten == ()
    page = (directory.path / "load.html").read_text("utf-8")
    assert "Nothing judged" in page
    assert "it broke off" in page
