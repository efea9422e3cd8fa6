"""What a run says as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from dicomweb_conformance.run.terminal import terminal_lines
from dicomweb_reports.report_html import html
from dicomweb_reports.report_json import report
from dicomweb_reports.report_markdown import markdown
from dicomweb_reports.summary import (
    broken,
    counts,
    exit_status,
    not_concluded,
    overall,
    product_name,
    requirement_verdicts,
    services,
)
from tests.reports.run_directory import ROWS, RunDirectory, finding

LIMIT = ("search-limit-caps", "SEARCH-069", "`limit=2` returns two matches.")
STORE = ("store-two", "STORE-001", "Two are stored.")
NOTED = ("json-padding", "JSON-021", "No padding.")


def run_of(directory: RunDirectory, *results: tuple[tuple[str, str, str], str], core: bool = True) -> None:
    """Write a run that planned these checks, each with its verdict; "" for one that was not reached."""
    directory.header()
    directory.plan(*(check for check, _ in results), core=core)
    for check, verdict in results:
        if verdict:
            directory.result(*check, verdict, core=core)
    directory.footer()


def test_counts_hold_every_verdict(faulty: RunDirectory) -> None:
    assert counts(faulty.load()) == {
        "fail": 4,
        "error": 1,
        "fixed": 1,
        "known": 1,
        "inconclusive": 2,
        "deviation": 1,
        "note": 1,
        "pass": 11,
        "not-applicable": 1,
        "not included": 0,
        "not concluded": 0,
    }


def test_planned_checks_without_a_result_are_counted(directory: RunDirectory) -> None:
    run_of(directory, (LIMIT, "pass"), (STORE, ""))

    run = directory.load()

    assert counts(run)["not concluded"] == 1
    assert [check.check for check in not_concluded(run)] == ["store-two"]
    assert services(run)["store"]["not concluded"] == 1


def test_a_service_is_that_of_the_requirement(faulty: RunDirectory) -> None:
    table = services(faulty.load())

    assert list(table) == ["delete", "http", "json", "metadata", "rendered", "retrieve", "search", "store"]
    assert (table["search"]["fail"], table["search"]["pass"], table["rendered"]["known"]) == (2, 8, 1)


def test_what_the_run_was_not_asked_for_says_nothing_of_the_server(directory: RunDirectory) -> None:
    directory.header()
    directory.plan(LIMIT, STORE)
    directory.result(*LIMIT)
    reason = "tier large is not included: --dicomweb-include=large runs it"
    directory.result(*STORE, "not-applicable", reason=reason, included=False)
    directory.footer()
    run = directory.load()

    assert (counts(run)["not-applicable"], counts(run)["not included"]) == (0, 1)
    assert requirement_verdicts(run)["STORE-001"] == "not included"
    assert [*terminal_lines(run)][-1] == f"not included, 1 x: {reason}"
    page = html(run)
    assert '<h2 id="not-included">Not included' in page
    assert 'id="not-applicable"' not in page
    assert "| not included |" in markdown(run)
    (result,) = [each for each in report(run)["results"] if each["check"] == STORE[0]]
    assert (result["verdict"], result["included"]) == ("not-applicable", False)


@pytest.mark.parametrize(("level", "status"), [("shall", 1), ("should", 0)])
def test_a_deviation_from_a_shall_fails_a_strict_run_and_says_why_it_fails_no_other(
    directory: RunDirectory, level: str, status: int
) -> None:
    reason = "the text is ambiguous: 8.3 says one thing, and 8.4 another."
    directory.header()
    rows = {"STORE-001": {**ROWS["STORE-001"], "level": level, "because": {"another-way": reason}}}
    directory.plan(STORE, rows=rows)
    found = {**finding("STORE-001", "another way", "deviation"), "code": "another-way"}
    directory.result(*STORE, "deviation", findings=[found])
    directory.footer()
    run = directory.load()

    assert (exit_status(run, strict=True), exit_status(run, strict=False)) == (status, 0)
    assert f"deviation, 1 x: another way (STORE-001); no fail, as {reason}" in [*terminal_lines(run)]
    assert f"no fail, as {reason}" in markdown(run)
    assert f'<span class="label">No fail</span> as {reason}' in html(run)
    assert [each["because"] for each in report(run)["results"][0]["findings"]] == [reason]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("pass", "pass", "pass"),
        ("pass", "", "not concluded"),
        ("", "", "not concluded"),
        ("pass", "not-applicable", "pass"),
        ("not-applicable", "not-applicable", "not-applicable"),
        ("pass", "note", "note"),
        ("note", "deviation", "deviation"),
        ("deviation", "", "not concluded"),
        ("deviation", "inconclusive", "inconclusive"),
        ("inconclusive", "error", "error"),
        ("error", "fixed", "fixed"),
        ("fixed", "known", "known"),
        ("known", "fail", "fail"),
        ("fail", "", "fail"),
    ],
)
def test_the_worst_check_decides_on_a_requirement(
    directory: RunDirectory, first: str, second: str, expected: str
) -> None:
    run_of(directory, (LIMIT, first), (("search-limit-zero", *LIMIT[1:]), second))

    assert requirement_verdicts(directory.load()) == {"SEARCH-069": expected}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"findings": [finding("SEARCH-069", "none")]}, {"SEARCH-069": "fail", "SEARCH-036": "not concluded"}),
        (
            {
                "findings": [finding("SEARCH-069", "none")],
                "observed": [{"requirement": "SEARCH-036", "observation": "the same studies as without the key"}],
            },
            {"SEARCH-069": "fail", "SEARCH-036": "pass"},
        ),
        (
            {"findings": [finding("SEARCH-069", "none"), finding("SEARCH-036", "400", "deviation")]},
            {"SEARCH-069": "fail", "SEARCH-036": "deviation"},
        ),
        (
            {
                "findings": [finding("SEARCH-069", "none", code="n"), finding("SEARCH-036", "5xx")],
                "known": [{"requirement": "SEARCH-069", "code": "n", "reason": "", "link": ""}],
            },
            {"SEARCH-069": "known", "SEARCH-036": "fail"},
        ),
    ],
)
def test_no_requirement_is_blamed_for_another(
    directory: RunDirectory, fields: dict[str, Any], expected: dict[str, str]
) -> None:
    directory.header()
    directory.result(*LIMIT, "fail", **{**fields, "requirements": ["SEARCH-069", "SEARCH-036"]})

    assert requirement_verdicts(directory.load()) == expected


@pytest.mark.parametrize(
    ("results", "verdict", "reason", "status"),
    [
        ([(LIMIT, "pass"), (STORE, "pass")], "conforms", "All 2 planned core checks concluded and none failed.", 0),
        ([(LIMIT, "pass")], "conforms", "The only planned core check concluded and none failed.", 0),
        ([(LIMIT, "note"), (STORE, "not-applicable")], "conforms", "All 2 planned core checks", 0),
        (
            [(LIMIT, "deviation"), (STORE, "pass")],
            "conforms with deviations",
            "; 1 check found deviations.",
            0,
        ),
        (
            [(LIMIT, "pass"), (STORE, "inconclusive")],
            "partial",
            "but 1 core check is inconclusive.",
            1,
        ),
        ([(LIMIT, "pass"), (STORE, "")], "partial", "No check failed, but 1 core check is not concluded.", 1),
        ([(LIMIT, "pass"), (STORE, "error")], "partial", "1 check ended in an error of the suite.", 1),
        ([(LIMIT, "fail"), (STORE, "pass")], "does not conform", "1 of 2 checks failed: 1 in search.", 1),
        ([(LIMIT, "fail"), (STORE, "error")], "does not conform", "1 of 2 checks failed: 1 in search.", 1),
        ([(LIMIT, "known"), (STORE, "pass")], "does not conform", "1 check failed as known.", 0),
        ([(LIMIT, "fixed"), (STORE, "pass")], "conforms", "All 2 planned core checks concluded and none failed.", 1),
        (
            [(LIMIT, "inconclusive")],
            "nothing concluded",
            "No check of the 1 planned came to a verdict on",
            5,
        ),
        ([(LIMIT, ""), (STORE, "not-applicable")], "nothing concluded", "No check of the 2 planned", 5),
        ([(LIMIT, "error")], "nothing concluded", "No check of the 1 planned", 1),
        ([], "nothing concluded", "No check of the 0 planned", 5),
    ],
)
def test_the_verdict_over_all_and_the_exit_status(
    directory: RunDirectory, results: list[tuple[tuple[str, str, str], str]], verdict: str, reason: str, status: int
) -> None:
    run_of(directory, *results)

    run = directory.load()

    assert overall(run).verdict == verdict
    assert reason in overall(run).reason
    assert exit_status(run, strict=False) == status


def test_an_extended_check_may_be_inconclusive(directory: RunDirectory) -> None:
    directory.header()
    directory.plan(LIMIT)
    directory.plan(STORE, core=False)
    directory.result(*LIMIT)
    directory.result(*STORE, "inconclusive", core=False)
    directory.footer()

    run = directory.load()

    assert overall(run).verdict == "conforms"
    assert exit_status(run, strict=True) == 0


def test_a_run_without_core_checks_does_not_make_a_server_conform(directory: RunDirectory) -> None:
    run_of(directory, (LIMIT, "pass"), core=False)

    run = directory.load()

    assert (overall(run).verdict, exit_status(run, strict=False)) == ("partial", 0)


def test_a_selection_of_the_checks_does_not_make_a_server_conform(directory: RunDirectory) -> None:
    directory.header()
    directory.plan(LIMIT, left_out=582)
    directory.result(*LIMIT)
    directory.footer()

    run = directory.load()

    assert (overall(run).verdict, exit_status(run, strict=False)) == ("partial", 0)
    assert overall(run).reason == (
        "The only planned core check concluded and none failed, but this run left out 582 checks of the profile."
    )


def test_a_stale_known_row_fails_the_run(directory: RunDirectory) -> None:
    directory.header()
    directory.plan(LIMIT)
    directory.result(*LIMIT)
    directory.footer(stale=[{"check": "gone", "requirement": "A-1", "code": "x", "reason": "", "why": "no such check"}])

    run = directory.load()

    assert (overall(run).verdict, exit_status(run, strict=False)) == ("conforms", 1)


@pytest.mark.parametrize(
    ("extended", "footer", "reason"),
    [
        ((), None, "No check failed. This run broke off: its record has no end. 1 of 1 planned checks concluded."),
        ((), True, "No check failed. This run was interrupted. 1 of 1 planned checks concluded."),
        ((NOTED,), False, "No check failed. This run stopped before its end. 1 of 2 planned checks concluded."),
    ],
    ids=["broken off", "interrupted", "an extended check not concluded"],
)
def test_a_run_that_is_not_whole_does_not_make_a_server_conform(
    directory: RunDirectory, extended: tuple[tuple[str, str, str], ...], footer: bool | None, reason: str
) -> None:
    directory.header()
    directory.plan(LIMIT)
    directory.plan(*extended, core=False)
    directory.result(*LIMIT)
    if footer is not None:
        directory.footer(interrupted=footer)

    summary = overall(directory.load())

    assert summary.verdict == "partial"
    assert summary.reason == reason


@pytest.mark.parametrize(("concluded", "verdict"), [("pass", "partial"), ("fail", "does not conform")])
def test_trouble_of_the_run_itself_is_told_and_never_taken_for_a_fail(
    directory: RunDirectory, concluded: str, verdict: str
) -> None:
    directory.header()
    directory.plan(LIMIT)
    directory.result(*LIMIT, concluded)
    directory.event("trouble", what="worker gw0 died", traceback="")
    directory.event("trouble", what="worker gw0 died", traceback="")
    directory.footer()

    run = directory.load()

    assert exit_status(run, strict=False) == 3
    assert overall(run).verdict == verdict
    assert broken(run) == "The run did not end: worker gw0 died. 1 of 1 planned checks concluded."
    assert report(run)["troubles"] == ["worker gw0 died"]
    assert broken(run) in html(run)
    assert broken(run) in markdown(run)


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (("Example", "Archive", "4.2"), "Example Archive 4.2"),
        (("Orthanc", "Orthanc", "1.10.1"), "Orthanc 1.10.1"),
        (("", "", "4.2"), "4.2"),
        (("Example", "", ""), "Example"),
    ],
)
def test_a_product_is_called_by_its_vendor_once(declared: tuple[str, str, str], told: str) -> None:
    assert product_name(*declared) == told


def test_a_verdict_names_the_services_that_fail_most_and_counts_the_others(directory: RunDirectory) -> None:
    directory.header()
    for number, service in enumerate(("A", "A", "A", "B", "B", "C", "D", "E")):
        directory.result(f"c{number}", f"{service}-001", "A claim.", "fail")

    assert overall(directory.load()).reason == "8 of 8 checks failed: 3 in a, 2 in b, 1 in c and 2 in 2 other services."


def test_a_known_failure_explains_what_hangs_on_it_by_another_check(directory: RunDirectory) -> None:
    directory.header()
    directory.plan(*(checks := (LIMIT, STORE, NOTED)))
    owner, between, last = checks
    directory.result(*owner, "known")
    directory.result(*between, "inconclusive", blame=owner[0])
    directory.result(*last, "inconclusive", blame=between[0])
    directory.footer()

    assert exit_status(directory.load(), strict=False) == 0
