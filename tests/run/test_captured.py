"""`dicomweb-conformance judge`: exchanges that somebody else made, judged as those of a run are."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from dicomweb_conformance.cli import main
from dicomweb_conformance.run.captured import NOT_SHOWN
from dicomweb_conformance.service.masking import Masking
from tests.reports.interchange import HAR, SARIF

BASE = "https://pacs.example/dicom-web"
STUDY = "1.2.826.0.1.3680043.8.498.12345678901234567890"
PATIENT = "Müller^Ännchen"
MATCH = {
    "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": PATIENT}]},
    "00100020": {"vr": "LO", "Value": ["ID-4711-SECRET"]},
    "0020000D": {"vr": "UI", "Value": [STUDY]},
}
MATCHES = json.dumps([MATCH], ensure_ascii=False)
JSON = "application/dicom+json"


def entry(
    path: str = f"/studies?PatientName={PATIENT}",
    text: str | None = MATCHES,
    *,
    status: int = 200,
    content_type: str | None = JSON,
    method: str = "GET",
    accept: str = JSON,
    base: str = BASE,
    **content: Any,
) -> dict[str, Any]:
    """An exchange as developer tools write it."""
    headers = [{"name": "Content-Type", "value": content_type}] if content_type else []
    size = len((text or "").encode())
    body = {"size": size, "mimeType": content_type or "", **({"text": text} if text is not None else {}), **content}
    return {
        "startedDateTime": "2026-11-22T23:50:01.123Z",
        "time": 12,
        "request": {
            "method": method,
            "url": f"{base}{path}",
            "httpVersion": "h2",
            "headers": [
                {"name": ":authority", "value": "pacs.example"},
                {"name": "accept", "value": accept},
                {"name": "Authorization", "value": "Bearer top-secret-token"},
                {"name": "Cookie", "value": "session=top-secret-token"},
                {"name": "X-Patient", "value": "ID-4711-SECRET"},
            ],
        },
        "response": {"status": status, "statusText": "", "httpVersion": "h2", "headers": headers, "content": body},
        "timings": {},
    }


def judged(tmp_path: Path, *entries: Any, options: tuple[str, ...] = ()) -> Result:
    file = tmp_path / "captured.har"
    file.write_text(json.dumps({"log": {"version": "1.2", "entries": list(entries)}}), encoding="utf-8")
    return CliRunner().invoke(main, ["judge", str(file), "--to", str(tmp_path / "out"), *options])


def results(tmp_path: Path) -> dict[str, Any]:
    report = json.loads((tmp_path / "out/report.json").read_text("utf-8"))
    return {each["check"]: each for each in report["results"]}


def everything_written(tmp_path: Path) -> str:
    return "\n".join(path.read_text("utf-8", "replace") for path in (tmp_path / "out").rglob("*") if path.is_file())


def test_sound_messages_pass_and_what_a_har_does_not_show_is_not_judged(tmp_path: Path) -> None:
    ended = judged(tmp_path, entry())

    assert ended.exit_code == 0, ended.output
    assert results(tmp_path)["message[HTTP-004]"]["verdict"] == "pass"
    for row in NOT_SHOWN - {"HTTP-002"}:
        assert results(tmp_path)[f"message[{row}]"]["included"] is False
        assert "a HAR does not show how messages are framed" in results(tmp_path)[f"message[{row}]"]["reason"]
    assert "no exchange of the file shows" in results(tmp_path)["message[XML-015]"]["reason"]
    assert f"1 exchanges with {BASE} judged" in ended.output
    assert "Partial: No message of the 1 captured exchanges is at fault; no check was run." in ended.output


def test_faults_are_told_as_in_a_run_and_end_with_one(tmp_path: Path) -> None:
    wrong = json.dumps([{**MATCH, "00100030": {"vr": "DA", "InlineBinary": "MTk="}}], ensure_ascii=False)

    ended = judged(tmp_path, entry(content_type=None), entry(text=wrong))

    assert ended.exit_code == 1
    assert results(tmp_path)["message[HTTP-004]"]["findings"][0]["code"] == "no-content-type-on-a-non-empty-body"
    assert "fail message[HTTP-004] no-content-type-on-a-non-empty-body" in ended.output
    sarif = json.loads((tmp_path / "out/report.sarif").read_text("utf-8"))
    Draft202012Validator(SARIF).validate(sarif)
    Draft202012Validator(HAR).validate(json.loads((tmp_path / "out/exchanges.har").read_text("utf-8")))


def test_nothing_of_a_patient_and_no_secret_is_in_any_report(tmp_path: Path) -> None:
    broken = MATCHES.replace('"vr": "PN"', '"vr": "XX"')
    other = entry(f"/studies/{STUDY}/series?00100020=ID-4711-SECRET&limit=5", text=broken)

    ended = judged(tmp_path, entry(content_type=None), other, entry(f"/studies/{PATIENT}/metadata", text="[{]"))

    written = everything_written(tmp_path) + ended.output
    for secret in (PATIENT, "nnchen", "ID-4711-SECRET", STUDY, "top-secret-token"):
        assert secret not in written, secret
    assert f"{BASE}/studies/uid-1/series?00100020=***&limit=5" in written


def test_with_values_the_reports_quote_and_still_tell_no_secret(tmp_path: Path) -> None:
    judged(tmp_path, entry(content_type=None), options=("--with-values",))

    written = everything_written(tmp_path)
    assert STUDY in written
    assert "ID-4711-SECRET" in written
    assert "top-secret-token" not in written


@pytest.mark.parametrize(
    "lost",
    [
        entry(text=None, size=500),
        entry(text=MATCHES[:40], size=500),
        entry(text="\ufffd\ufffd", content_type="multipart/related; boundary=x", size=2),
        entry(text="ÿØÿà", content_type="image/jpeg"),
        entry(text="no base64!", encoding="base64"),
    ],
)
def test_a_body_that_the_file_does_not_hold_whole_is_no_fault_of_the_server(tmp_path: Path, lost: Any) -> None:
    ended = judged(tmp_path, lost, entry(status=404, text=None, size=30))

    assert ended.exit_code == 0, ended.output
    assert not [result for result in results(tmp_path).values() if result["findings"]]


def test_binary_bodies_are_read_and_so_are_those_beside_a_har_of_this_suite(tmp_path: Path) -> None:
    coded = base64.b64encode(b"\xff\xd8no multipart").decode()
    kind = 'multipart/related; type="application/dicom"; boundary=x'

    ended = judged(tmp_path, entry(f"/studies/{STUDY}", text=coded, encoding="base64", content_type=kind, size=14))

    assert ended.exit_code == 1
    assert any(name.startswith("message[MULTIPART") for name, each in results(tmp_path).items() if each["findings"])


def test_what_is_no_exchange_with_the_service_is_left_out_and_counted(tmp_path: Path) -> None:
    ended = judged(
        tmp_path,
        entry(),
        entry(),
        entry("/app.js", base="https://viewer.example", content_type=None),
        entry("/studies", base="https://viewer.example/ui", accept="text/html,*/*", content_type=None),
        entry("/studies", base="https://other.example/wado", content_type=None),
        entry(method="OPTIONS", content_type=None),
        entry(status=0, content_type=None),
        {"request": {}},
        None,
    )

    assert ended.exit_code == 0, ended.output
    assert f"2 exchanges with {BASE}" in ended.output
    assert "not judged, 2 x: no exchange" in ended.output
    assert "not judged, 3 x: of no Studies Service at that URL" in ended.output
    assert "not judged, 1 x: without a response" in ended.output

    other = judged(tmp_path, entry(), entry(base="https://other.example/wado"), options=("--url", f"{BASE}/"))
    assert f"1 exchanges with {BASE} " in other.output


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        ("", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no HAR"),
        ('{"log": {"entries": {}}}', "is no HAR"),
        ('{"log": {"entries": []}}', "holds no request for a resource below /studies"),
        ('{"log": {"entries": [1, null, {"request": 3, "response": []}]}}', "holds no request"),
        ("\udc80".encode("utf-8", "surrogateescape"), "is no JSON"),
    ],
)
def test_bad_input_is_told_in_a_sentence_and_ends_with_four(tmp_path: Path, content: Any, told: str) -> None:
    file = tmp_path / "captured.har"
    if content is not None:
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    ended = CliRunner().invoke(main, ["judge", str(file), "--to", str(tmp_path / "out")])

    assert (ended.exit_code, told in ended.output, "Traceback" in ended.output) == (4, True, False), ended.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "odd",
    [
        {"time": float("nan")},
        {"time": 1e300, "startedDateTime": "yesterday"},
        {"time": True, "startedDateTime": 5},
        {"response": {"status": 200.5, "headers": "x", "content": {"text": "\ud800", "size": 3}}},
        {"response": {"status": 10**400, "content": None}},
        {"response": {"status": -1, "content": []}},
        {"request": {"method": "GET", "url": f"{BASE}/studies?x=\ud800&\x1b[31m", "headers": [{"name": 1}, 2]}},
        {"request": {"method": "\x1b", "url": "http://[/studies", "headers": None, "postData": 5, "bodySize": "x"}},
    ],
)
def test_odd_members_cost_at_most_their_exchange(tmp_path: Path, odd: dict[str, Any]) -> None:
    ended = judged(tmp_path, {**entry(), **odd}, entry())

    assert ended.exit_code in {0, 1}, ended.output
    assert ended.exception is None or isinstance(ended.exception, SystemExit)
    assert not [result for result in results(tmp_path).values() if result["verdict"] == "error"]
    assert "\x1b" not in ended.output + everything_written(tmp_path)


def test_a_directory_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/notes.txt").write_text("mine")

    ended = judged(tmp_path, entry())

    assert (ended.exit_code, "holds what no run of this suite made" in ended.output) == (4, True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["notes.txt"]


PATHS = {
    "/studies": "/studies",
    f"/studies/{STUDY}/series/1.2.3.4.5.6.7/instances/{STUDY}/frames/1,2": (
        "/studies/uid-1/series/uid-2/instances/uid-1/frames/1,2"
    ),
    "/studies?includefield=00081030&PatientID=4711": "/studies?includefield=00081030&PatientID=***",
    f"/series?StudyInstanceUID={STUDY}&SOPClassUID=1.2.840.10008.5.1.4.1.1.2": (
        "/series?StudyInstanceUID=uid-1&SOPClassUID=1.2.840.10008.5.1.4.1.1.2"
    ),
    "/studies/M%C3%BCller/rendered?window=40,400,linear": "/studies/***/rendered?window=40,400,linear",
    "/studies?M%C3%BCller": "/studies?***",
    f"/studies?limit={STUDY}": "/studies?limit=***",
}


@pytest.mark.parametrize("path", PATHS)
def test_a_url_says_which_resource_and_no_more(path: str) -> None:
    assert Masking(BASE).url(f"{BASE}{path}") == f"{BASE}{PATHS[path]}"
    assert Masking(BASE).text(f"no study {STUDY} here") == "no study uid-1 here"
