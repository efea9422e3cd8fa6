"""The record of a run stays small, whatever a server sends, and says where it kept less than there was."""

import json
from pathlib import Path
from typing import Any

from dicomweb_conformance.http import limits
from dicomweb_conformance.record import abridging
from dicomweb_conformance.record.recorder import Recorder
from dicomweb_conformance.record.redaction import Redaction

HEAD = [("Content-Type", "application/dicom+json"), *((f"X-{number}", "x" * 1000) for number in range(64))]


def recorded(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / "run.jsonl").read_text().splitlines()]


def test_large_heads_on_every_answer_leave_a_small_record(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "main", Redaction())
    lines = [f"{name}: {value}" for name, value in HEAD]

    for number in range(2000):
        recorder.event(
            "exchange",
            id=f"main-{number}",
            check=None,
            response={"headers": recorder.headers(HEAD)},
            wire={"lines": recorder.header_lines(lines)},
        )

    assert (tmp_path / "run.jsonl").stat().st_size < 10_000_000
    events = recorded(tmp_path)
    assert events[0]["response"]["headers"][:2] == [list(HEAD[0]), list(HEAD[1])]
    for event in (events[0], events[-1]):
        kept = event["response"]["headers"]
        assert kept[0] == list(HEAD[0])
        assert kept[-1] == [abridging.REST, f"{len(HEAD) - len(kept) + 1} more, of which nothing is kept"]
        assert event["wire"]["lines"][0] == "Content-Type: application/dicom+json"


def test_a_usual_head_is_kept_whole(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "main", Redaction())
    head = HEAD[:4]

    assert recorder.headers(head) == head
    assert recorder.header_lines([f"{name}:{value}" for name, value in head]) == [f"{n}:{v}" for n, v in head]


def test_what_tells_of_a_message_is_kept_before_all_else(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "main", Redaction())

    kept = recorder.headers([*HEAD[1:], ("Location", "https://pacs.example/x"), ("Transfer-Encoding", "chunked")])

    assert ("Location", "https://pacs.example/x") in kept
    assert ("Transfer-Encoding", "chunked") in kept
    assert kept[0] == HEAD[1]


def test_a_large_field_is_cut(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "main", Redaction())

    ((name, value),) = recorder.headers([("X-Filler", "x" * 1_000_000)])

    assert name == "X-Filler"
    assert value == "x" * limits.FIELD_RECORDED + "... (1,000,000 characters)"


def test_findings_of_a_megabyte_leave_a_small_record(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "main", Redaction())
    findings = [{"observation": "other entities", "received": "x" * 1_000_000} for _ in range(40)]

    recorder.event("result", check="search-studies", findings=findings, reason="y" * 1_000_000)

    (event,) = recorded(tmp_path)
    assert (tmp_path / "run.jsonl").stat().st_size < limits.EVENT_RECORDED
    assert event["check"] == "search-studies"
    assert event["findings"][0]["observation"] == "other entities"
    assert event["findings"][0]["received"].endswith("characters)")


def test_a_secret_does_not_survive_by_being_cut(tmp_path: Path) -> None:
    secret = "a-secret-of-some-length"  # noqa: S105 - it is none
    recorder = Recorder(tmp_path, "main", Redaction((secret,)))

    recorder.event("result", check="x", reason="x" * (limits.TEXT_RECORDED - 10) + secret + "x" * 10)

    assert secret[:10] not in (tmp_path / "run.jsonl").read_text()


def test_bodies_are_kept_whole_only_so_long_as_there_is_room(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "main", Redaction())
    sizes = []
    for number in range(limits.BODIES_RECORDED // limits.BODY_RECORDED + 3):
        kept = recorder.body(number.to_bytes(4, "big") * (limits.BODY_RECORDED // 2))
        assert kept is not None
        assert kept["size"] == 2 * limits.BODY_RECORDED
        sizes.append(kept["kept"])

    assert sizes[0] == limits.BODY_RECORDED
    assert sizes[-3:] == [limits.BODY_RECORDED_LATER] * 3
