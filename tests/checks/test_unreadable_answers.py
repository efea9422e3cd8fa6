"""One cause, one failure: the row of all messages tells of an answer that cannot be read, and what needs it blames it.

And the net below: where a judge stumbles, that costs its own rows of that one answer, and is nobody's fault but ours.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.checks.expect import expect, read_parts
from dicomweb_conformance.checks.judgement import CheckFailed, Inconclusive, Judgement, judging
from dicomweb_conformance.checks.observers import JUDGES, Observers
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.observed import Answer
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.record.recorder import Recorder
from dicomweb_conformance.record.redaction import Redaction
from dicomweb_conformance.validators.http import labels, messages, multipart_envelope, multipart_parts
from dicomweb_conformance.validators.observation import Observation, Stumble
from dicomweb_fixtures.corpus import Corpus
from tests.validators.http.judged_answers import RETRIEVED, answer, multipart_answer

EXCHANGE = "main-7"
ROWS = requirements.load()


@dataclass
class Run:
    """Observers and the record that they write."""

    observers: Observers
    directory: Path

    def look(self, of: Answer) -> Response:
        """Show an answer to the observers; return it as a check has it."""
        self.observers.look(of, EXCHANGE)
        return Response(EXCHANGE, "GET", of.asked.url, of.status, headers=of.headers, body=b"".join(of.body))

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind."""
        lines = (self.directory / "run.jsonl").read_text("utf-8").splitlines()
        return [each for line in lines if (each := json.loads(line))["event"] == kind]

    def against(self) -> set[tuple[str, str]]:
        """Row and observation of what fails."""
        return {
            (event["requirement"], event["observation"])
            for event in self.events("observed")
            if event["verdict"] == "fail"
        }


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    recorder = Recorder(tmp_path, "main", Redaction())
    yield Run(Observers(JUDGES, ROWS, recorder, lambda _: True), tmp_path)
    recorder.close()


@pytest.fixture
def judgement(run: Run) -> Iterator[Judgement]:
    with judging(
        Judgement("check", "retrieve", "A check.", (ROWS["RETRIEVE-007"],), told_by=run.observers.told_by)
    ) as one:
        yield one


@pytest.fixture(scope="module")
def file() -> bytes:
    return Corpus(1).ct_pair.instances[0].part10


def of_the_run(file: bytes) -> Answer:
    """The answer to the retrieval of an instance that the run stored."""
    study = Corpus(1).ct_pair.study_instance_uid
    return multipart_answer(multipart.part(file), asked=replace(RETRIEVED, path=f"studies/{study}"))


def ends(response: Response) -> Exception:
    """How a check ends that reads an answer."""
    with pytest.raises((Inconclusive, CheckFailed)) as ended, expect(response) as it:
        it.is_multipart_dicom()
    return ended.value


def test_a_data_set_in_which_the_observers_found_the_fault(run: Run, judgement: Judgement, file: bytes) -> None:
    rows = b"\x28\x00\x10\x00US\x02\x00"
    broken = file.replace(rows, rows[:6] + b"\x03\x00\x00")

    ended = ends(run.look(of_the_run(broken)))

    assert isinstance(ended, Inconclusive)
    assert ended.blame == "message[RETRIEVE-008b]"
    assert "part 1, (0028,0010): it has length 3, US takes 2 octets each" in ended.reason
    assert ("RETRIEVE-008b", "an odd value length") in run.against()
    assert not judgement.findings


def test_a_value_that_only_the_check_reads_is_told_by_the_row_of_all_data_sets(
    run: Run, judgement: Judgement, file: bytes
) -> None:
    number = b"\x20\x00\x13\x00IS"
    at = file.index(number)
    length = int.from_bytes(file[at + 6 : at + 8], "little")
    broken = file[:at] + number + (5000).to_bytes(2, "little") + b"9" * 5000 + file[at + 8 + length :]

    first, second = (ends(run.look(of_the_run(broken))) for _ in range(2))

    assert isinstance(first, Inconclusive)
    assert isinstance(second, Inconclusive)
    assert first.blame == second.blame == "message[RETRIEVE-008b]"
    assert run.against() == {("RETRIEVE-008b", "a value that its VR does not allow")}
    (found,) = (event for event in run.events("observed") if event["code"] == "a-value-that-is-none-of-its-vr")
    assert found["verdict"] == "fail"
    assert found["where"] == "part 1, (0020,0013)"
    assert not judgement.findings


def test_json_that_does_not_parse(run: Run, judgement: Judgement) -> None:
    asked = replace(RETRIEVED, path=f"{RETRIEVED.path}/metadata")
    response = run.look(answer(b'[{"00080018": ', media_types.DICOM_JSON, asked=asked))

    with pytest.raises(Inconclusive, match="the JSON cannot be read: character 14") as ended, expect(response) as it:
        it.is_metadata()

    assert ended.value.blame == "message[JSON-003]"
    assert not judgement.findings


def test_what_no_row_of_all_messages_tells_is_the_finding_of_the_check(run: Run, judgement: Judgement) -> None:
    response = run.look(answer(b"<html>log in</html>", "text/html"))

    with pytest.raises(CheckFailed), expect(response) as it:
        it.is_metadata()

    (finding,) = judgement.findings
    assert finding.observation == "the body is not what was asked for"
    assert finding.verdict is Verdict.FAIL


def test_a_check_that_failed_before_stays_failed(run: Run, judgement: Judgement, file: bytes) -> None:
    response = run.look(multipart_answer(multipart.part(file[:200])))

    with pytest.raises(CheckFailed), expect(response) as it:  # noqa: PT012 - the first may not end the block
        it.finds("something else")
        it.is_multipart_dicom()

    assert [finding.observation for finding in judgement.findings] == ["something else"]


def test_a_row_that_the_profile_leaves_out_tells_nothing(tmp_path: Path, file: bytes) -> None:
    recorder = Recorder(tmp_path, "main", Redaction())
    observers = Observers(JUDGES, ROWS, recorder, lambda _: True, counts=lambda row: not row.id.startswith("RETRIEVE"))
    seen = Run(observers, tmp_path)
    response = seen.look(multipart_answer(multipart.part(file.replace(b"US", b"ZZ"))))

    with pytest.raises(UnreadableError) as caught:
        read_parts(response)

    assert observers.told_by(caught.value, response) is None
    recorder.close()


def test_no_text_of_a_finding_holds_what_no_file_can(run: Run, judgement: Judgement) -> None:
    response = replace(run.look(answer(b"[]", media_types.DICOM_JSON)), proved=True)

    with pytest.raises(CheckFailed), expect(response) as it:
        it.finds("an x", where="\ud800", expected=["\udc00"], received="a\udfff")

    (finding,) = judgement.findings
    assert (finding.where, finding.expected, finding.received) == (r"\ud800", (r"\udc00",), r"a\udfff")


def _stumble(*_: object) -> Iterator[Observation]:
    yield Observation("HTTP-004", "present with a type")
    raise IndexError("of the suite")


def test_a_judge_that_stumbles_costs_its_own_rows_only(monkeypatch: pytest.MonkeyPatch, file: bytes) -> None:
    sound = multipart_answer(multipart.part(file))
    before = {each.requirement for each in messages.observe(sound) if isinstance(each, Observation)}
    monkeypatch.setattr(labels, "observe", _stumble)

    seen = list(messages.observe(sound))

    (stumble,) = (each for each in seen if isinstance(each, Stumble))
    assert stumble.requirements == labels.OWNED
    after = {each.requirement for each in seen if isinstance(each, Observation)}
    assert before - after <= set(labels.OWNED)
    assert after & {*multipart_envelope.OWNED, *multipart_parts.OWNED}


def test_a_stumble_is_recorded_as_the_suites_own_fault_once(
    run: Run, monkeypatch: pytest.MonkeyPatch, file: bytes
) -> None:
    monkeypatch.setattr(labels, "observe", _stumble)

    for _ in range(3):
        run.look(multipart_answer(multipart.part(file)))

    (result,) = run.events("result")
    assert result["verdict"] == "error"
    assert result["requirements"] == list(labels.OWNED)
    assert result["exchanges"] == [EXCHANGE]
    assert result["reason"].startswith(
        "this suite stumbled over a response (IndexError in test_unreadable_answers.py, line "
    )
    assert "its own fault, not the server's" in result["reason"]
    assert {event["requirement"] for event in run.events("observed")} & set(multipart_parts.OWNED)
