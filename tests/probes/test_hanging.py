"""What does not answer in time is asked for three times, and then no more; what answers is asked on."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from dicomweb_conformance.checks.judgement import NotAsked
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.probes.hanging import TIMES, Hanging

BASE = "http://127.0.0.1:8080/dicom-web"


def late(url: str) -> Response:
    return Response("main-1", "GET", BASE + url, 0, error="TimeoutError: timed out")


def answered(url: str) -> Response:
    return Response("main-1", "GET", BASE + url, 404)


def is_asked(hanging: Hanging, url: str, method: str = "GET") -> bool:
    try:
        hanging.refuse(method, BASE + url)
    except NotAsked as refusal:
        return refusal.blame != "message[HTTP-002]"
    return True


@pytest.fixture
def hanging(tmp_path: Path) -> Hanging:
    return Hanging(BASE, tmp_path)


def test_the_resource_of_one_study_is_asked_for_three_times(hanging: Hanging) -> None:
    hanging.note(answered("/studies/2.25.9/metadata"))
    for instance in range(TIMES):
        assert is_asked(hanging, "/studies/2.25.1/metadata")
        hanging.note(late("/studies/2.25.1/metadata"))
        hanging.note(answered(f"/studies/2.25.1/series/2.25.2/instances/2.25.{instance}"))

    assert not is_asked(hanging, "/studies/2.25.1/metadata")
    assert is_asked(hanging, "/studies/2.25.3/metadata"), "that of another study"
    assert is_asked(hanging, "/studies/2.25.1"), "another resource of the study"


def test_what_no_study_answers_is_asked_for_three_times(hanging: Hanging) -> None:
    for study in range(TIMES):
        hanging.note(late(f"/studies/2.25.{study}/metadata"))

    assert not is_asked(hanging, "/studies/2.25.99/metadata")
    assert is_asked(hanging, "/studies/2.25.99/series")


def test_an_answer_in_between_begins_the_count_anew(hanging: Hanging) -> None:
    for _ in range(TIMES - 1):
        hanging.note(late("/studies/2.25.1/metadata"))
    hanging.note(answered("/studies/2.25.1/metadata"))
    hanging.note(late("/studies/2.25.1/metadata"))

    assert is_asked(hanging, "/studies/2.25.1/metadata")


def test_searches_are_told_apart_by_their_keys(hanging: Hanging) -> None:
    hanging.note(answered("/studies?PatientID=A"))
    for name in "ABC":
        hanging.note(late(f"/studies?PatientName={name}&fuzzymatching=true"))

    assert not is_asked(hanging, "/studies?fuzzymatching=true&PatientName=D")
    assert is_asked(hanging, "/studies?PatientName=D")


def test_what_one_process_learned_the_others_know(hanging: Hanging, tmp_path: Path) -> None:
    for _ in range(TIMES):
        hanging.note(late("/studies/2.25.1/metadata"))

    assert not is_asked(Hanging(BASE, tmp_path), "/studies/2.25.1/metadata")


def test_of_payloads_some_of_which_hang_the_others_are_sent_on(
    hanging: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(check: str) -> None:
        monkeypatch.setattr("dicomweb_conformance.probes.hanging.is_judging", lambda: True)
        monkeypatch.setattr("dicomweb_conformance.probes.hanging.current", lambda: SimpleNamespace(check=check))

    hanging.note(replace(answered("/studies"), method="POST"))
    for number in range(3):
        send(f"store-malformed[{number}]")
        for _ in range(TIMES):
            assert is_asked(hanging, "/studies", "POST")
            hanging.note(replace(late("/studies"), method="POST"))
        assert not is_asked(hanging, "/studies", "POST")

    send("store-multipart")
    assert not is_asked(hanging, "/studies", "POST"), "none was answered any more"
    hanging.note(replace(answered("/studies"), method="POST"))
    assert is_asked(hanging, "/studies", "POST")
