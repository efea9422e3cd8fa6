"""Reading run records, whole and damaged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from dicomweb_reports.record import Body, RecordError, load, load_plan, with_events
from tests.reports.realistic_run import realistic
from tests.reports.run_directory import RunDirectory, finding

if TYPE_CHECKING:
    from pathlib import Path

CHECK = ("search-limit-caps", "SEARCH-069", "`limit=2` returns two matches.")


def test_a_record_is_read_as_it_was_written(faulty: RunDirectory) -> None:
    run = faulty.load()

    assert (run.suite.version, run.profile, run.seed) == ("0.1.0", "dicom", 1234)
    assert run.target.product is not None
    assert run.target.product.name == "Archive"
    assert len(run.planned) == 23
    assert run.requirements["STORE-003"].note == ("409 without a module",)
    exchange = run.exchanges["main-6"]
    assert (exchange.method, exchange.status) == ("GET", 200)
    assert exchange.request.header("authorization") == "Bearer ***"
    assert exchange.response is not None
    assert (run.body(exchange.response.body) or b"").startswith(b'[{"00080005"')
    assert run.body(exchange.response.body, first=2) == b"[{"
    assert run.stored[0].tried[0].reason == "500 Internal Server Error"
    assert [capability.state for capability in run.capabilities] == ["absent", "offered", "broken"]
    assert run.footer is not None
    assert run.footer.stale[0].why == "the check passes now"
    assert (len(run.left), run.cleaned) == (2, 7)


def test_events_may_come_from_several_processes_and_lists_add_up(directory: RunDirectory) -> None:
    directory.header()
    directory.plan(CHECK)
    directory.plan(CHECK, ("store-two", "STORE-001", "Two are stored."))
    directory.event("cleaned", studies=3)
    directory.event("cleaned", studies=4)

    run = directory.load()

    assert [check.check for check in run.planned] == ["search-limit-caps", "store-two"]
    assert set(run.requirements) == {"SEARCH-069", "STORE-001"}
    assert run.cleaned == 7


def test_unknown_events_and_fields_are_passed_over(directory: RunDirectory) -> None:
    directory.header(mood="hopeful")
    directory.event("weather", sky="blue")

    assert directory.load().results == ()


def test_a_run_that_broke_off_has_no_footer(tmp_path: Path) -> None:
    run = realistic(tmp_path / "run", ended=False).load()

    assert run.footer is None
    assert run.results


@pytest.mark.parametrize("rest", ['{"event": "result", "che', '{"event": "left", "study_uid": "2', '{"name": "\u00e9'])
def test_a_torn_last_line_is_passed_over(directory: RunDirectory, rest: str) -> None:
    directory.header()
    with (directory.path / "run.jsonl").open("ab") as file:
        file.write(rest.encode()[:-1])

    assert directory.load().results == ()


def test_a_last_line_without_its_line_break_counts_if_it_is_whole(directory: RunDirectory) -> None:
    directory.header()
    with (directory.path / "run.jsonl").open("a") as file:
        file.write('{"event": "cleaned", "studies": 2}')

    assert directory.load().cleaned == 2


def test_of_a_check_with_two_results_the_worst_counts(directory: RunDirectory) -> None:
    directory.header()
    directory.plan(CHECK)
    directory.result(*CHECK, "fail", findings=[finding("SEARCH-069", "none")])
    directory.result(*CHECK, "pass")

    assert [result.verdict for result in directory.load().results] == ["fail"]


def test_a_lone_surrogate_becomes_what_can_be_written(directory: RunDirectory) -> None:
    directory.header()
    text = json.dumps({"event": "left", "study_uid": "2.25.1", "reason": "caf\udce9 \U0001f41f"})
    with (directory.path / "run.jsonl").open("a", encoding="ascii") as file:
        file.write(text + "\n")

    assert directory.load().left[0].reason == "caf\ufffd \U0001f41f"


def test_a_body_that_was_not_recorded_is_none(directory: RunDirectory) -> None:
    directory.header()

    run = directory.load()

    assert run.body(None) is None
    assert run.body(Body("", 123, 0)) is None
    assert run.body(Body("0" * 64, 123, 123)) is None


def test_no_record_at_all(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"run\.jsonl does not exist: expected the directory of a run"):
        load(tmp_path)


def test_a_record_without_events(tmp_path: Path) -> None:
    (tmp_path / "run.jsonl").write_text('{"event": "hea')

    with pytest.raises(RecordError, match="holds no events: expected a header first"):
        load(tmp_path)


HEADER_FIRST = '{"event": "left", "study_uid": "2.25.1"}'


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["not JSON"], "line 2: expected a JSON object in UTF-8"),
        (["[1]"], "line 2: expected a JSON object"),
        (['{"study_uid": "2.25.1"}'], "line 2: event is missing; expected a string"),
        (['{"event": "left", "study_uid": 7}'], "line 2: study_uid is 7; expected a string"),
        (['{"event": "cleaned", "studies": -1}'], "line 2: studies is -1; expected a whole number from 0"),
        (['{"event": "cleaned", "studies": NaN}'], "line 2: expected a JSON object in UTF-8 .NaN is not JSON"),
        (['{"event": "planned", "checks": {}}'], "line 2: checks is {}; expected a list"),
        (['{"event": "planned", "checks": [{}]}'], "line 2, checks 1: check is missing; expected a string"),
        (['{"event": "planned", "requirements": {"A-1": 5}}'], "line 2, requirements: A-1 is 5; expected an object"),
        (["[" * 100_000], "line 2: expected a JSON object"),
    ],
)
def test_other_damage_is_said_with_file_line_and_expectation(
    directory: RunDirectory, lines: list[str], message: str
) -> None:
    directory.header()
    with (directory.path / "run.jsonl").open("a") as file:
        file.writelines(f"{line}\n" for line in lines)

    with pytest.raises(RecordError, match=r"run\.jsonl, " + message.replace("[", r"\[")):
        directory.load()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"verdict": "splendid"}, "verdict is 'splendid'; expected one of fail, error"),
        ({"started": "yesterday"}, "started is 'yesterday'; expected a time"),
        ({"core": None}, "core is None; expected true or false"),
        ({"seconds": "quick"}, "seconds is 'quick'; expected a number of seconds"),
        ({"findings": [{"requirement": "A-1"}]}, "line 2, findings 1: code is missing"),
    ],
)
def test_a_wrong_result_is_said(directory: RunDirectory, fields: dict[str, Any], message: str) -> None:
    directory.header()
    directory.result(*CHECK, **fields)

    with pytest.raises(RecordError, match=message):
        directory.load()


@pytest.mark.parametrize("digest", ["../../../etc/passwd", "ABC", ""])
def test_a_body_cannot_lie_outside_of_the_run(directory: RunDirectory, digest: str) -> None:
    directory.header()
    directory.exchange(request={"headers": [], "body": {"sha256": digest, "size": 4, "kept": 4}})

    with pytest.raises(RecordError, match=r"sha256 is .* expected 64 hexadecimal digits"):
        directory.load()


def test_two_runs_in_one_file(directory: RunDirectory) -> None:
    directory.header()
    directory.header()

    with pytest.raises(RecordError, match="line 2: expected one header; are these two runs in one file"):
        directory.load()


def test_two_exchanges_of_one_id(directory: RunDirectory) -> None:
    directory.header()
    directory.exchange()
    directory.exchange(id="main-1")

    with pytest.raises(RecordError, match="id is 'main-1'; expected an id that no earlier exchange has"):
        directory.load()


def test_a_header_comes_first(tmp_path: Path) -> None:
    (tmp_path / "run.jsonl").write_text(HEADER_FIRST + "\n")

    with pytest.raises(RecordError, match="line 1: expected the event header before all others"):
        load(tmp_path)


def test_a_later_format_is_not_guessed_at(directory: RunDirectory) -> None:
    directory.header(format=2)

    with pytest.raises(RecordError, match="format is 2; expected 1"):
        directory.load()


def test_what_was_odd_on_the_wire_and_what_was_sent_again(directory: RunDirectory) -> None:
    directory.header()
    odd = {
        "faults": ["octets after the end of the body"],
        "lines": ["HTTP/1.1 200 OK", "content-length: 1"],
        "framing": "length",
        "announced": 1,
        "received": 1,
        "after": 7,
        "interim": [103],
    }
    directory.exchange(id="main-1")
    directory.exchange(id="main-2", retry_of="main-1", wire=odd)

    run = directory.load()

    assert (run.exchanges["main-1"].wire, run.exchanges["main-1"].retry_of) == (None, None)
    assert run.exchanges["main-2"].retry_of == "main-1"
    wire = run.exchanges["main-2"].wire
    assert wire is not None
    assert wire.faults == ("octets after the end of the body",)
    assert (wire.announced, wire.received, wire.after, wire.interim) == (1, 1, 7, (103,))


def test_a_record_is_read_as_far_as_it_says_what_was_planned(directory: RunDirectory) -> None:
    directory.header()
    directory.event("planned", checks=[], requirements={})
    directory.exchange(id="main-1")
    lines = (directory.path / "run.jsonl").read_bytes().splitlines(keepends=True)
    directory.event("garbage that is not looked at")

    plan = load_plan(directory.path)
    told = with_events(plan, lines[-1:])

    assert not plan.exchanges
    assert list(told.exchanges) == ["main-1"]
    assert told.seed == plan.seed
