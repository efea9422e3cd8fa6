"""What every message showed is one result for each requirement, also of a run that broke off."""

from __future__ import annotations

from typing import Any

from dicomweb_reports.failure import failure_text
from dicomweb_reports.report_html import html
from dicomweb_reports.report_markdown import markdown
from tests.reports.run_directory import RunDirectory


def observed(run: RunDirectory, observation: str, verdict: str, exchange: str, **fields: Any) -> None:
    run.event("observed", requirement="SEARCH-069", observation=observation, verdict=verdict, code="x",
              exchange=exchange, **fields)  # fmt: skip


def tally(run: RunDirectory, judged: int, at_fault: int) -> None:
    run.event("tally", requirements={"SEARCH-069": {"judged": judged, "at_fault": at_fault}})


def test_a_requirement_has_the_worst_verdict_of_its_messages_and_the_first_examples(directory: RunDirectory) -> None:
    directory.header()
    directory.plan(("search-limit-caps", "SEARCH-069", "Claim."))
    observed(directory, "one object, then two", "pass", "main-1")
    for number in range(2, 8):
        observed(directory, "more objects than limit", "fail", f"main-{number}", where="[0]")
    tally(directory, 10, 4)
    tally(directory, 3, 2)

    (result,) = directory.load().results

    assert (result.check, result.scenario, result.verdict) == ("message[SEARCH-069]", "messages", "fail")
    assert [finding.exchange for finding in result.findings] == [f"main-{number}" for number in range(2, 8)]
    assert [each.observation for each in result.observed] == ["one object, then two"]
    assert result.messages is not None
    assert (result.messages.judged, result.messages.at_fault) == (13, 6)


def test_reports_tell_how_many_messages_were_judged(directory: RunDirectory) -> None:
    directory.header()
    directory.plan(("search-limit-caps", "SEARCH-069", "Claim."))
    observed(directory, "more objects than limit", "fail", "main-1")
    tally(directory, 1234, 6)
    run = directory.load()

    (result,) = run.results
    for text in (failure_text(result, run), html(run), markdown(run)):
        assert "1,234 messages judged, 6 not so." in text


def test_a_run_that_broke_off_tells_what_its_messages_showed(directory: RunDirectory) -> None:
    directory.header()
    directory.plan(("search-limit-caps", "SEARCH-069", "Claim."))
    observed(directory, "more objects than limit", "fail", "main-1")

    (result,) = directory.load().results

    assert result.verdict == "fail"
    assert result.messages is None


def test_what_the_run_concluded_goes_before_what_its_messages_showed(directory: RunDirectory) -> None:
    directory.header()
    directory.plan(("search-limit-caps", "SEARCH-069", "Claim."))
    observed(directory, "more objects than limit", "fail", "main-1")
    directory.result("message[SEARCH-069]", "SEARCH-069", "Claim.", "known")

    (result,) = directory.load().results

    assert result.verdict == "known"
