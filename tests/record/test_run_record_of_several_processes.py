"""Events are written as they happen, each whole, whatever else writes to the record."""

import json
import multiprocessing
from pathlib import Path

from dicomweb_conformance.record.recorder import Recorder
from dicomweb_conformance.record.redaction import Redaction


def write(directory: Path, process: str) -> None:
    recorder = Recorder(directory, process, Redaction())
    for number in range(100):
        recorder.event("exchange", id=f"{process}-{number}", check=None, filler=process * (10_000 * (number % 5)))
    recorder.close()


def test_no_line_is_torn_by_another_process(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write, args=(tmp_path, name)) for name in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)

    recorded = [json.loads(line) for line in (tmp_path / "run.jsonl").read_bytes().splitlines()]
    assert {each["id"] for each in recorded} == {f"{name}-{number}" for name in "abcd" for number in range(100)}
    assert len(recorded) == 400


def test_an_event_is_on_the_record_when_it_has_been_written(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "main", Redaction())
    recorder.event("stored", study="one")
    assert json.loads((tmp_path / "run.jsonl").read_text()) == {"event": "stored", "study": "one"}
    recorder.close()


def test_the_exchanges_of_the_running_check_are_at_hand_and_no_others(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "main", Redaction(("s3cret",)))
    recorder.event("exchange", id="main-1", check=None)
    recorder.event("exchange", id="main-2", check="first")
    recorder.event("result", check="first")
    recorder.event("exchange", id="main-3", check="second", url="http://a/s3cret")
    recorder.event("capability", capability="x")
    recorder.event("result", check="second", verdict="fail")

    told = [json.loads(line) for line in recorder.of_check("second")]
    assert [(each["event"], each.get("id"), each.get("url")) for each in told] == [
        ("exchange", "main-3", "http://a/***"),
        ("result", None, None),
    ]
    assert recorder.of_check("first") == []
    recorder.close()
