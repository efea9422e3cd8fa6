"""What reports say to repair first: the failures, by cause."""

from __future__ import annotations

from typing import Any

import pytest

from dicomweb_conformance.run.terminal import terminal_lines
from dicomweb_reports.causes import causes
from dicomweb_reports.report_html import html
from dicomweb_reports.report_json import report
from dicomweb_reports.report_markdown import markdown
from tests.reports.run_directory import RunDirectory, finding


def failed(directory: RunDirectory, check: str, code: str, **fields: Any) -> None:
    exchange = fields.pop("exchange", None)
    requirement = fields.pop("requirement", "SEARCH-069")
    verdict = fields.pop("verdict", "fail")
    found = finding(requirement, code, verdict, where="", received="", exchange=exchange)
    directory.result(check, requirement, f"The claim of {check}.", verdict, findings=[found], **fields)


def test_one_observation_of_one_requirement_is_one_cause(directory: RunDirectory) -> None:
    directory.header()
    failed(directory, "paging-limit", "more objects than limit")
    failed(directory, "worklist-limit", "more objects than limit")
    failed(directory, "paging-none", "none")

    assert [[each.check for each in cause.at_fault] for cause in causes(directory.load())] == [
        ["paging-limit", "worklist-limit"],
        ["paging-none"],
    ]


@pytest.mark.parametrize(
    ("path", "status", "same"),
    [
        ("/studies/9/series", 404, True),
        ("/studies/9/series?limit=1", 404, True),
        ("/studies", 404, False),
        ("/studies/9/series", 500, False),
    ],
)
def test_the_same_refusal_is_one_cause_whatever_the_requirement(
    directory: RunDirectory, path: str, status: int, *, same: bool
) -> None:
    directory.header()
    one = directory.exchange(path="/studies/1/series", status=404)
    other = directory.exchange(path=path, status=status)
    failed(directory, "search-series", "4xx", exchange=one)
    failed(directory, "page-series", f"{status // 100}xx", exchange=other, requirement="SEARCH-036")

    found = causes(directory.load())

    assert len(found) == (1 if same else 2)
    assert found[0].observation.startswith("GET /studies/*/series is answered 404")


def test_a_query_that_is_refused_is_not_another_that_is(directory: RunDirectory) -> None:
    directory.header()
    one = directory.exchange(path="/studies?limit=1", status=400)
    other = directory.exchange(path="/studies?fuzzymatching=true", status=400)
    failed(directory, "paging-limit", "4xx", exchange=one)
    failed(directory, "fuzzy", "400", exchange=other, requirement="SEARCH-036")

    assert len(causes(directory.load())) == 2


def test_what_hangs_on_a_failure_stands_with_it(directory: RunDirectory) -> None:
    directory.header()
    failed(directory, "retrieve", "none")
    directory.result("frames", "SEARCH-069", "Frames.", "inconclusive", blame="retrieve", reason="no instance")
    directory.result("frames-jpeg", "SEARCH-069", "Frames.", "inconclusive", blame="frames", reason="no frames")
    directory.result("other", "SEARCH-069", "Other.", "inconclusive", blame=None, reason="slow")

    (cause,) = causes(directory.load())

    assert [each.check for each in cause.waiting] == ["frames", "frames-jpeg"]
    assert cause.checks == 3


def test_two_that_blame_each_other_hang_on_nothing(directory: RunDirectory) -> None:
    directory.header()
    failed(directory, "retrieve", "none")
    directory.result("one", "SEARCH-069", "One.", "inconclusive", blame="two", reason="two")
    directory.result("two", "SEARCH-069", "Two.", "inconclusive", blame="one", reason="one")

    assert causes(directory.load())[0].waiting == ()


def test_what_costs_most_checks_comes_first_and_fails_before_deviations(directory: RunDirectory) -> None:
    directory.header()
    failed(directory, "deviates", "400", requirement="SEARCH-036", verdict="deviation")
    failed(directory, "small", "none")
    failed(directory, "large[a]", "more objects than limit")
    failed(directory, "large[b]", "more objects than limit")

    assert [cause.at_fault[0].check for cause in causes(directory.load())] == ["large[a]", "small", "deviates"]


def test_all_reports_tell_the_causes_of_failures(directory: RunDirectory) -> None:
    directory.header()
    exchange = directory.exchange(path="/studies?limit=1", status=400)
    failed(directory, "paging-limit[one]", "4xx", exchange=exchange)
    failed(directory, "paging-limit[two]", "4xx", exchange=exchange)
    run = directory.load()
    told = "GET /studies is answered 400"

    assert "## What to repair first (1)" in markdown(run)
    assert told in markdown(run)
    assert told in html(run).replace("<wbr>", "")
    assert report(run)["causes"][0]["at_fault"] == ["paging-limit[one]", "paging-limit[two]"]
    assert any(told in line for line in terminal_lines(run))


def test_where_nothing_failed_nothing_is_to_be_repaired(directory: RunDirectory) -> None:
    directory.header()
    directory.result("paging", "SEARCH-069", "A claim.", "pass")
    run = directory.load()

    assert causes(run) == ()
    assert "repair" not in markdown(run) + html(run) + "\n".join(terminal_lines(run))
