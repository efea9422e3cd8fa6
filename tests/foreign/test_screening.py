"""What is recorded of one answer: all that is proved to be the run's, and nothing else."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from dicomweb_conformance.http import multipart
from dicomweb_conformance.http.exchanges import Headers, Response
from dicomweb_conformance.http.multipart import Part
from dicomweb_conformance.http.screened import Screened
from dicomweb_conformance.http.wire_facts import Fault, WireFacts
from dicomweb_conformance.service.ownership import Own
from dicomweb_conformance.service.screening import Screening
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Study
from dicomweb_reference.server import Reference
from tests.foreign import others

BASE = "http://127.0.0.1:8080/dicom-web"
SEED = 11
JSON, XML, DICOM = "application/dicom+json", "application/dicom+xml", "application/dicom"
OTHER = others.row(1)


@pytest.fixture(scope="module")
def study() -> Study:
    return Corpus(SEED).ct_pair


def row_of(study: Study, **more: Any) -> dict[str, Any]:
    instance = study.instances[0]
    return {
        "00080018": {"vr": "UI", "Value": [instance.sop_instance_uid]},
        "00080020": {"vr": "DA", "Value": ["20240115"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Zoë^Own"}]},
        "00100020": {"vr": "LO", "Value": [instance.value("PatientID")]},
        "0020000D": {"vr": "UI", "Value": [study.study_instance_uid]},
        "0020000E": {"vr": "UI", "Value": [instance.series_instance_uid]},
        **more,
    }


def screened(
    path: str,
    body: bytes = b"",
    content_type: str = JSON,
    *fields: tuple[str, str],
    method: str = "GET",
    status: int = 200,
    wire: WireFacts | None = None,
    reason: str = "OK",
) -> Screened:
    headers = Headers((*([("Content-Type", content_type)] if content_type else []), *fields))
    url = f"{BASE}/{path}"
    response = Response("main-1", method, url, status, reason, headers, body, wire=wire)
    return Screening(Own(SEED), BASE).screen(response)


def resource_of(study: Study) -> str:
    instance = study.instances[0]
    series = f"studies/{study.study_instance_uid}/series/{instance.series_instance_uid}"
    return f"{series}/instances/{instance.sop_instance_uid}"


LABELS = (JSON, "application/json", "text/plain", "text/html; charset=latin1", "application/octet-stream", XML, "")
CODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32")


# Searches


@pytest.mark.parametrize("content_type", LABELS)
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("limited", [True, False], ids=["limited", "unlimited"])
def test_own_rows_are_kept_whole_whatever_they_are_called(
    study: Study, content_type: str, coding: str, limited: bool
) -> None:
    body = json.dumps([row_of(study)], ensure_ascii=False).encode(coding)

    found = screened(
        f"studies?StudyInstanceUID={study.study_instance_uid}" if limited else "studies", body, content_type
    )

    assert found.octets == body
    assert found.proved


@pytest.mark.parametrize("content_type", LABELS)
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("limited", [True, False], ids=["limited", "unlimited"])
def test_of_rows_of_others_nothing_is_kept(study: Study, content_type: str, coding: str, limited: bool) -> None:
    body = json.dumps([OTHER, row_of(study), OTHER], ensure_ascii=False).encode(coding)

    found = screened(
        f"studies?StudyInstanceUID={study.study_instance_uid}" if limited else "studies", body, content_type
    )

    assert not found.proved
    other = {"not of this run": "not recorded"}
    assert json.loads(found.octets or b"") == [other, row_of(study), other]
    assert "KANARIE^Patient 1" in found.foreign, "so that no finding tells it"


def test_a_uid_of_the_run_is_nobody_elses_wherever_it_stands(study: Study) -> None:
    uid = study.study_instance_uid
    found = screened(
        f"studies?StudyInstanceUID={uid}", json.dumps([{"uid": uid, "name": "KANARIE^Patient 1"}]).encode()
    )

    assert not found.proved
    assert found.foreign == {"KANARIE^Patient 1"}


NOT_READ = {
    "cut": json.dumps([OTHER])[:300],
    "cut before any UID": json.dumps([{"00100010": OTHER["00100010"]}])[:60],
    "in a string": json.dumps(json.dumps([OTHER])),
    "two documents": json.dumps([OTHER]) * 2,
    "a document a line": f"{json.dumps(OTHER)}\n{json.dumps(OTHER)}",
    "garbage behind": json.dumps([OTHER]) + "]",
    "in an object": json.dumps({"results": [OTHER]}),
    "in an object beside words": json.dumps({"patients": ["KANARIE"], "results": []}),
    "words": json.dumps(["KANARIE"]),
    "keywords": json.dumps([{"PatientName": "KANARIE"}]),
    "no UID": json.dumps([{"00100010": OTHER["00100010"]}]),
    "too deep": "[" * 9000 + json.dumps(OTHER) + "]" * 9000,
    "a page": "<html><td>KANARIE^Patient 1</td>",
    "a table": "name;id\nKANARIE^Patient 1;KANARIE-1",
    "XML": "<NativeDicomModel><DicomAttribute tag='00100010' vr='PN'/></NativeDicomModel>",
}


@pytest.mark.parametrize("body", NOT_READ.values(), ids=NOT_READ)
@pytest.mark.parametrize("limited", [True, False], ids=["limited", "unlimited"])
def test_of_what_cannot_be_read_nothing_is_kept(study: Study, body: str, limited: bool) -> None:
    found = screened(
        f"studies?StudyInstanceUID={study.study_instance_uid}" if limited else "studies", body.encode(), "text/plain"
    )

    assert found.octets is None
    assert not found.proved


def test_a_row_is_nobodys_where_anything_in_it_is_of_another(study: Study) -> None:
    mixed = [row_of(study) | {tag: OTHER[tag]} for tag in ("0020000D", "0020000E", "00080018", "00100020", "00081190")]
    nested = row_of(study, **{"00081115": {"vr": "SQ", "Value": [OTHER]}})

    assert screened("studies", json.dumps([*mixed, nested]).encode()).octets is None


def test_what_stands_first_under_a_name_that_stands_twice_is_not_kept(study: Study) -> None:
    body = json.dumps([row_of(study)]).replace(
        '"00100010"', '"00100020": {"vr": "LO", "Value": ["KANARIE"]}, "00100010"'
    )

    assert screened("studies", body.encode()).octets is None


@pytest.mark.parametrize("oddity", ['"\\ud800"', "NaN", '"\x01"', "1e999", "123456789" * 30])
def test_own_rows_that_are_odd_are_kept_as_they_came(study: Study, oddity: str) -> None:
    body = json.dumps([row_of(study)]).replace('"20240115"', oddity).encode()

    assert screened("studies", body).octets == body


def test_a_packed_body_that_does_not_say_so_is_not_kept(study: Study) -> None:
    body = gzip.compress(json.dumps([OTHER]).encode())

    assert screened(f"studies?PatientID={study.instances[0].value('PatientID')}", body).octets is None
    assert screened(f"{resource_of(study)}/frames/1", body).octets is None
    assert screened(f"{resource_of(study)}/frames/1", b"\x01\x02", "x/y", ("Content-Encoding", "br")).octets is None


# Errors


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_the_words_of_an_error_are_kept_where_nothing_but_own_data_was_asked_for(study: Study, status: int) -> None:
    patient = study.instances[0].value("PatientID")
    asked = [
        f"studies?PatientID={patient}&limit=x",
        f"studies?00100020={patient[:10].lower()}*",
        f"series?SeriesInstanceUID={study.instances[0].series_instance_uid}",
        f"studies?StudyInstanceUID={study.study_instance_uid},{study.study_instance_uid}",
        f"{resource_of(study)}/metadata",
    ]

    for path in asked:
        assert screened(path, b"limit is no number", "text/plain", status=status).proved, path
    assert screened(asked[0], b'{"message": "no"}', "application/json", status=status).proved


@pytest.mark.parametrize(
    "path",
    [
        *("studies", "studies?limit=x", "series?Modality=CT", "studies?PatientID=*", "studies?PatientID="),
        *("studies?PatientID=KANARIE-1", "studies?PatientName=Own", f"studies?StudyInstanceUID={others.uid(1, 0)}"),
        *(f"studies/{others.uid(1, 0)}/metadata", "studies/x/metadata", "patients", "../users"),
    ],
)
def test_of_an_error_about_anything_else_nothing_is_kept(path: str) -> None:
    assert screened(path, b"KANARIE is locked", "text/plain", status=409).octets is None


@pytest.mark.parametrize(
    "body",
    [
        json.dumps([OTHER]),
        json.dumps([OTHER])[:150],
        json.dumps({"00100010": OTHER["00100010"]}),
        json.dumps({"errors": [{"study": {"00100010": OTHER["00100010"]}}]}),
        f"the study {others.uid(1, 0)} is locked",
        json.dumps({"message": f"the study {others.uid(1, 0)} is locked"}),
    ],
)
def test_nothing_of_others_is_kept_of_an_error(study: Study, body: str) -> None:
    path = f"studies?PatientID={study.instances[0].value('PatientID')}"

    assert screened(path, body.encode(), "text/plain", status=500).octets is None


# Stores and deletions


def test_answers_to_a_store_are_kept(study: Study) -> None:
    instance = study.instances[0]
    item = {
        "00081150": {"vr": "UI", "Value": [instance.sop_class_uid]},
        "00081155": {"vr": "UI", "Value": [instance.sop_instance_uid]},
    }
    module = {"00081199": {"vr": "SQ", "Value": [item]}}
    nameless = {"00081198": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [272]}}]}}

    for body in (json.dumps(module), json.dumps([module]), json.dumps(nameless), "stored", "<p>stored</p>", "{}"):
        for path in ("studies", f"studies/{study.study_instance_uid}"):
            assert screened(path, body.encode(), method="POST").proved, body
    assert screened(f"studies/{study.study_instance_uid}", b"deleted", "text/plain", method="DELETE").proved


@pytest.mark.parametrize("body", [[OTHER], OTHER, [{"00100010": OTHER["00100010"]}], {"studies": [OTHER]}])
def test_others_in_the_answer_to_a_store_are_not_kept(body: object) -> None:
    assert screened("studies", json.dumps(body).encode(), method="POST").octets is None


def test_what_a_target_can_do_is_kept() -> None:
    wadl = b'<application xmlns="http://wadl.dev.java.net/2009/02"><resources/></application>'

    assert screened("", wadl, "application/vnd.sun.wadl+xml", method="OPTIONS").octets == wadl


# Retrieve


def envelope(*parts: tuple[str, bytes]) -> tuple[bytes, str]:
    boundary, body = multipart.write([Part(Headers((("Content-Type", name),)), octets) for name, octets in parts])
    return body, f'multipart/related; type="{parts[0][0]}"; boundary={boundary}'


@pytest.mark.parametrize("content_type", [DICOM, "text/plain", "image/png", ""])
def test_own_files_are_kept_and_those_of_others_are_not(study: Study, content_type: str) -> None:
    own = study.instances[0].part10

    assert screened(resource_of(study), own, content_type).proved
    assert screened(resource_of(study), others.part10(1), content_type).octets is None
    assert screened(resource_of(study), own + others.part10(1), content_type).octets is None
    assert screened(resource_of(study), others.part10(1)[132:], content_type).octets is None
    assert screened(resource_of(study), own[:400], content_type).octets is None, "its UIDs were not read"


@pytest.mark.parametrize("labelled", [True, False])
def test_of_an_envelope_the_own_parts_are_kept(study: Study, labelled: bool) -> None:
    one, other = (instance.part10 for instance in study.instances[:2])
    whole, label = envelope((DICOM, one), (DICOM, other))
    mixed, label_of_mixed = envelope((DICOM, others.part10(1)), (DICOM, one), ("text/plain", b"KANARIE"))
    path = f"studies/{study.study_instance_uid}"

    assert screened(path, whole, label if labelled else "text/plain").proved
    found = screened(path, mixed, label_of_mixed if labelled else "")
    assert not found.proved
    assert one in (found.octets or b"")
    assert others.found_in(found.octets or b"") == []
    assert (found.octets or b"").count(b"not proved to be of this run: not recorded") == 2


def test_words_around_an_envelope_and_the_head_of_a_part_may_be_anybodys(study: Study) -> None:
    body, label = envelope((DICOM, study.instances[0].part10))
    path = f"studies/{study.study_instance_uid}"
    located = body.replace(
        b"Content-Type", f"Content-Location: /studies/{others.uid(1, 0)}\r\nContent-Type".encode(), 1
    )

    assert others.found_in(screened(path, b"KANARIE\r\n" + body + b"KANARIE", label).octets or b"") == []
    assert screened(path, located, label).octets is None


def test_models_in_json_and_xml_are_kept_by_what_they_identify(study: Study) -> None:
    write = Reference().xml_document
    path = f"{resource_of(study)}/metadata"

    for content_type in (XML, "text/html", JSON, ""):
        assert screened(path, write(row_of(study)), content_type).proved
        assert screened(path, write(OTHER), content_type).octets is None
        assert screened(path, write(OTHER)[:-40], content_type).octets is None
    commented = write(row_of(study)).replace(b"<DicomAttribute", b"<!-- KANARIE --><DicomAttribute", 1)
    assert screened(path, commented, XML).octets is None
    both, label = envelope((XML, write(row_of(study))), (XML, write(OTHER)))
    found = screened(path, both, label)
    assert b"Zo" in (found.octets or b"")
    assert others.found_in(found.octets or b"") == []


@pytest.mark.parametrize("path", ["frames/1", "bulkdata/7FE00010", "rendered", "frames/1/rendered", "thumbnail"])
def test_octets_that_prove_nothing_are_kept_where_the_path_names_own_data(study: Study, path: str) -> None:
    octets = bytes(range(256)) * 9
    body, label = envelope(("application/octet-stream", octets), ("image/jpeg", octets))
    other = f"studies/{others.uid(1, 0)}/series/1.2.3/instances/1.2.3.4/{path}"

    for payload, content_type in ((octets, "image/jpeg"), (octets, ""), (body, label)):
        assert screened(f"{resource_of(study)}/{path}", payload, content_type).proved
        assert screened(other, payload, content_type).octets is None
    for payload in (others.part10(1), json.dumps([OTHER]).encode(), json.dumps([OTHER])[:200].encode()):
        assert screened(f"{resource_of(study)}/{path}", payload, "image/jpeg").octets is None


# Heads


HEAD = (
    ("ETag", '"KANARIE"'),
    ("Location", f"/dicom-web/studies/{others.uid(1, 0)}"),
    ("Content-Disposition", "attachment; filename=KANARIE.dcm"),
    ("KANARIE^Name", "x"),
    ("Server", "Example/1.0"),
)


@pytest.mark.parametrize("body", [json.dumps([OTHER]).encode(), b"", b"<p>KANARIE"])
@pytest.mark.parametrize("path", ["studies", "studies?PatientID=DWC-"])
def test_of_the_head_of_others_only_what_http_defines_is_kept(body: bytes, path: str) -> None:
    lines = tuple(f"{name}: {value}" for name, value in HEAD)
    wire = WireFacts("HTTP/1.1 200 KANARIE", "HTTP/1.1", "KANARIE", (*lines, "KANARIE"), faults=(Fault.NO_COLON,))

    found = screened(path, body, JSON, *HEAD, wire=wire, reason="KANARIE")

    assert others.found_in(repr((found.fields, found.lines, found.reason)).encode()) == []
    assert ("Server", "Example/1.0") in found.fields
    assert "Server: Example/1.0" in found.lines


def test_the_head_of_own_data_is_kept_but_for_the_uids_of_others(study: Study) -> None:
    location = f"{BASE}/studies/{study.study_instance_uid}/{others.uid(1, 0)}"
    fields = [("ETag", '"abc"'), ("Location", location), ("X-Uid", "1.2.840.10008.1.2.4.50 and 127.0.0.1")]

    found = screened(resource_of(study), study.instances[0].part10, DICOM, *fields, reason="Fine")

    assert found.reason == "Fine"
    assert ("ETag", '"abc"') in found.fields
    assert ("X-Uid", "1.2.840.10008.1.2.4.50 and 127.0.0.1") in found.fields
    assert ("Location", location.replace(others.uid(1, 0), "(a UID that is not of this run)")) in found.fields


def test_a_url_that_others_gave_is_not_shown() -> None:
    screening = Screening(Own(SEED), BASE)
    screening.screen(Response("main-1", "GET", f"{BASE}/studies", 200, body=json.dumps([OTHER]).encode()))

    uri = OTHER["7FE00010"]["BulkDataURI"]
    assert "KANARIE" in uri
    assert "KANARIE" not in screening.url(uri)
    assert others.uid(2, 0) not in screening.url(f"{BASE}/studies/{others.uid(2, 0)}")
    assert screening.url(f"{BASE}/studies?limit=1") == f"{BASE}/studies?limit=1"


@pytest.mark.parametrize("location", ["/dicom-web/studies/?{}", BASE + "/studies/?{}"])
def test_a_redirect_that_adds_a_slash_gives_no_url_of_others(location: str, study: Study) -> None:
    screening, keys = Screening(Own(SEED), BASE), f"StudyInstanceUID={study.study_instance_uid}"
    led = Headers((("Location", location.format(keys)),))

    found = screening.screen(Response("main-1", "GET", f"{BASE}/studies?{keys}", 301, headers=led))

    assert found.proved
    assert screening.url(f"{BASE}/studies/?{keys}") == f"{BASE}/studies/?{keys}"


@pytest.mark.parametrize("elsewhere", ["/dicom-web/studies/?PatientID=KANARIE", "//other.example/dicom-web/studies/"])
def test_a_redirect_that_names_more_may_be_of_others(elsewhere: str, study: Study) -> None:
    screening, url = Screening(Own(SEED), BASE), f"{BASE}/studies?StudyInstanceUID={study.study_instance_uid}"

    found = screening.screen(Response("main-1", "GET", url, 301, headers=Headers((("Location", elsewhere),))))

    assert not found.proved
