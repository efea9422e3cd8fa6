import base64
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from pydicom.uid import ImplicitVRLittleEndian, RLELossless

import dicomweb_reference
from dicomweb_reference.freedoms import FREEDOMS
from dicomweb_reference.server import Reference
from tests.reference.payloads import (
    MULTIPART,
    SERIES,
    STUDY,
    Service,
    compressed,
    image,
    instance,
    part10,
    parts_of,
    path_of,
)

WithFreedom = Callable[..., Service]
REFERENCED, FAILED = "00081199", "00081198"


def test_unknown_freedom_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown freedoms: no-such"):
        Reference({"late", "no-such"})


def test_every_freedom_is_a_switch_of_the_server_and_allows_rows_of_the_catalogue() -> None:
    modules = Path(dicomweb_reference.__file__).parent.rglob("*.py")
    source = "".join(module.read_text("utf-8") for module in modules)

    assert set(re.findall(r'self\.free\("([^"]+)"\)', source)) == set(FREEDOMS)
    assert all(re.fullmatch(r"[A-Z]+-\d{3}[a-z]?", row) for freedom in FREEDOMS.values() for row in freedom.allows)


# Messages


def test_missing_accept_is_406(with_freedom: WithFreedom) -> None:
    assert with_freedom("missing-accept-is-406").get("/studies", None).status_code == 406


def test_unacceptable_gets_default(with_freedom: WithFreedom) -> None:
    service = with_freedom("unacceptable-gets-default")
    dataset = instance()

    answer = service.store(dataset, Accept="image/bmp")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/dicom+json")
    assert service.get("/studies", "image/bmp").headers["Content-Type"] == "application/dicom+json"
    for accept in ("image/bmp", f"{MULTIPART}; transfer-syntax={RLELossless}"):
        assert service.get(path_of(dataset), accept).headers["Content-Type"].startswith(MULTIPART)


def test_application_json_is_an_alias(with_freedom: WithFreedom) -> None:
    service = with_freedom("application-json-answered")
    service.store(instance())

    assert service.get("/studies", "application/json").headers["Content-Type"] == "application/json"
    assert service.get("/studies", "*/*").headers["Content-Type"] == "application/dicom+json"


def test_charset_named(with_freedom: WithFreedom) -> None:
    service = with_freedom("charset-named")
    service.store(instance())

    assert service.get("/studies").headers["Content-Type"] == "application/dicom+json; charset=utf-8"


def test_chunked_answers(with_freedom: WithFreedom) -> None:
    service = with_freedom("chunked-answers")
    service.store(instance())

    for path in ("/studies", f"/studies/{STUDY}"):
        answer = service.get(path)
        assert "Content-Length" not in answer.headers
        assert answer.headers["Transfer-Encoding"] == "chunked"


def test_errors_without_body_and_in_html(with_freedom: WithFreedom) -> None:
    bare = with_freedom("errors-without-body").get("/studies/1.2.3")
    assert (bare.status_code, bare.content) == (404, b"")
    assert "Content-Type" not in bare.headers

    page = with_freedom("errors-in-html").get("/studies/<b>")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "&lt;b&gt;" in page.text


def test_location_left_out(with_freedom: WithFreedom) -> None:
    service = with_freedom("location-left-out")

    assert "Location" not in service.store(instance()).headers
    assert "Content-Location" not in service.get(f"/studies/{STUDY}").headers


def test_capabilities_not_offered(with_freedom: WithFreedom) -> None:
    service = with_freedom("capabilities-not-offered")

    assert service.session.options(service.base, timeout=10).status_code in {404, 405}


# Multipart


def test_envelopes(with_freedom: WithFreedom) -> None:
    service = with_freedom(
        *("unquoted-type-and-boundary", "preamble-and-epilogue", "part-headers-extra"),
        *("fixed-boundary", "part-transfer-syntax"),
    )
    dataset = instance()
    service.store(dataset)

    answer = service.get(path_of(dataset))

    content_type = "multipart/related; type=application/dicom; boundary=dicomweb-reference"
    assert answer.headers["Content-Type"] == content_type
    assert answer.content.startswith(b"A preamble.\r\n--dicomweb-reference\r\nX-Reference: extra\r\nCONTENT-LENGTH: ")
    assert b'CONTENT-TYPE: application/dicom; transfer-syntax="1.2.840.10008.1.2.1"\r\n' in answer.content
    assert answer.content.endswith(b"\r\n--dicomweb-reference--\r\nAn epilogue.")
    assert parts_of(content_type, answer.content.partition(b"\r\n")[2].removesuffix(b"An epilogue."))


def test_part_headers_few(with_freedom: WithFreedom) -> None:
    service = with_freedom("part-headers-few")
    service.store(instance())

    head = service.get(f"/studies/{STUDY}").content.partition(b"\r\n\r\n")[0]
    assert head.split(b"\r\n")[1:] == [b"Content-Type: application/dicom"]


# Store


def test_forms_of_the_store_answer(with_freedom: WithFreedom) -> None:
    assert len(with_freedom("store-answer-in-array").store(instance()).json()) == 1
    assert with_freedom("empty-retrieve-url").store(instance()).json()["00081190"] == {"vr": "UR"}

    relative = with_freedom("retrieve-url-relative").store(instance()).json()["00081190"]["Value"]
    assert relative == [f"/dicom-web/studies/{STUDY}"]
    proxied = with_freedom("retrieve-url-other-host").store(instance()).json()["00081190"]["Value"]
    assert proxied == [f"http://archive.invalid/dicom-web/studies/{STUDY}"]
    assert with_freedom("retrieve-url-vr-ut").store(instance()).json()["00081190"]["vr"] == "UT"


def test_second_store(with_freedom: WithFreedom) -> None:
    keeping, warning = with_freedom("duplicate-store-conflicts"), with_freedom("duplicate-store-warns")
    for service in (keeping, warning):
        assert service.store(instance(number=7, PatientID="OLD")).status_code == 200

    refused = keeping.store(instance(number=7, PatientID="NEW"))
    assert refused.status_code == 409
    assert refused.json()[FAILED]["Value"][0]["00081197"]["Value"] == [0x0111]
    assert keeping.values("/studies", "00100020") == ["OLD"]

    replaced = warning.store(instance(number=7, PatientID="NEW"))
    assert replaced.status_code == 202
    assert replaced.json()[REFERENCED]["Value"][0]["00081196"]["Value"] == [0xB006]
    assert warning.values("/studies", "00100020") == ["NEW"]


@pytest.mark.parametrize(("freedom", "status"), [("coerces-with-warning", 202), ("coercion-warning-is-200", 200)])
@pytest.mark.parametrize("original", [None, "Clinic"])
def test_coercion_is_recorded(with_freedom: WithFreedom, freedom: str, status: int, original: str | None) -> None:
    service = with_freedom(freedom)
    dataset = image(**({"InstitutionName": original} if original else {}))

    answer = service.store(compressed(dataset, RLELossless))

    assert answer.status_code == status
    assert answer.json()[REFERENCED]["Value"][0]["00081196"] == {"vr": "US", "Value": [0xB000]}
    (stored,) = service.retrieve(path_of(dataset))
    assert stored.InstitutionName == "Reference"
    (record,) = stored.OriginalAttributesSequence
    assert (record.ModifiedAttributesSequence[0].InstitutionName or None) == original
    assert {"AttributeModificationDateTime", "ModifyingSystem", "ReasonForTheAttributeModification"} <= set(
        record.dir()
    )
    assert stored.PixelData == dataset.PixelData


def test_refusals(with_freedom: WithFreedom) -> None:
    assert with_freedom("garbage-is-409").store(b"hello").status_code == 409

    plain = with_freedom("failures-without-module").store(instance(), path="/studies/2.25.9")
    assert (plain.status_code, plain.headers["Content-Type"]) == (409, "text/plain; charset=utf-8")

    service = with_freedom("all-or-nothing")
    assert service.store(instance(), b"hello").status_code == 409
    assert service.found("/studies") == []

    implicit = with_freedom("implicit-refused").store(part10(instance(), ImplicitVRLittleEndian))
    assert implicit.json()[FAILED]["Value"][0]["00081197"]["Value"] == [0xC122]

    assert with_freedom("empty-patient-id-refused").store(instance(PatientID="")).status_code == 409

    single = with_freedom("single-part-store-refused")
    assert single.post("/studies", part10(instance()), Content_Type="application/dicom").status_code == 415


@pytest.mark.parametrize("status", [409, 501])
def test_private_sop_class_is_refused(with_freedom: WithFreedom, status: int) -> None:
    service = with_freedom(f"unsupported-sop-class-is-{status}")

    answer = service.store(instance(SOPClassUID="2.25.77"))

    assert answer.status_code == status
    assert answer.json()[FAILED]["Value"][0]["00081197"]["Value"] == [0x0122]
    assert service.store(instance()).status_code == 200


def test_late(with_freedom: WithFreedom) -> None:
    service = with_freedom("late")
    dataset = instance()

    service.store(dataset)
    assert service.get(path_of(dataset)).status_code == 404
    _wait_for(lambda: service.get(path_of(dataset)).status_code == 200)
    assert len(service.found("/studies")) == 1

    service.store(instance(number=dataset.InstanceNumber, PatientID="NEW"))
    assert service.values("/studies", "00100020") == ["PAT-1"]
    _wait_for(lambda: service.values("/studies", "00100020") == ["NEW"])

    assert service.session.delete(service.base + path_of(dataset), timeout=10).status_code == 204
    assert len(service.found("/studies")) == 1
    _wait_for(lambda: service.found("/studies") == [])


def _wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end


# Search


def test_answers_to_a_search_without_matches(with_freedom: WithFreedom) -> None:
    answer = with_freedom("empty-search-is-200").get("/studies")
    assert (answer.status_code, answer.json()) == (200, [])

    service = with_freedom("unknown-parent-is-404")
    assert service.get("/studies/2.25.9/series").status_code == 404
    assert service.get("/studies?PatientID=nobody").status_code == 204


def test_keys(with_freedom: WithFreedom) -> None:
    def searched(*names: str) -> Service:
        service = with_freedom(*names)
        service.store(instance(PatientName="Doe^Jane", StudyDescription="Knee", PatientID="A B"))
        return service

    ignoring = searched("optional-keys-ignored")
    (study,) = ignoring.found("/studies?StudyDescription=Head&includefield=all")
    assert "00081030" not in study

    strict = searched("names-case-sensitive")
    assert (len(strict.found("/studies?PatientName=doe*")), len(strict.found("/studies?PatientName=Doe*"))) == (0, 1)

    fuzzy = searched("fuzzy-supported")
    assert len(fuzzy.found("/studies?PatientName=Jayne%5EDoe&fuzzymatching=true")) == 1
    assert fuzzy.found("/studies?PatientName=Jayne%5EDoe") == []
    assert fuzzy.found("/studies?PatientName=Moritz&fuzzymatching=true") == []

    refusing = searched("malformed-key-is-400")
    assert refusing.get("/studies?0010=1").status_code == 400
    assert refusing.get("/studies?x_probe=1&NotADicomKeyword=2").status_code == 200

    assert len(searched("bare-plus-is-blank").found("/studies?PatientID=A+B")) == 1


def test_parameters_that_are_not_supported_are_warned_of(with_freedom: WithFreedom) -> None:
    service = with_freedom("empty-values-unsupported", "multiple-values-unsupported", "warnings-quoted")

    answer = service.get("/studies?emptyvaluematching=true&multiplevaluematching=true&StudyID=%22%22")

    empty, multiple = answer.headers["Warning"].split(", ")
    assert empty.startswith(f'299 {service.base} "The emptyvaluematching parameter is not supported.')
    assert multiple.startswith(f'299 {service.base} "The multiplevaluematching parameter is not supported.')


def test_limits(with_freedom: WithFreedom) -> None:
    service = with_freedom("own-limit", "limit-zero-is-400")
    service.store(*(instance(number=number) for number in range(101)))

    answer = service.get("/instances?limit=1000")

    assert len(answer.json()) == 100
    assert "There are 1 additional results" in answer.headers["Warning"]
    assert service.get("/instances?limit=0").status_code == 400


def test_attributes_of_results(with_freedom: WithFreedom) -> None:
    service = with_freedom("empty-attributes-left-out", "availability-unknown", "available-transfer-syntaxes")
    dataset = image(AccessionNumber="")
    service.store(compressed(dataset, RLELossless))

    (one,) = service.found("/instances")

    assert one.keys().isdisjoint({"00080050", "00080056", "00200011"})
    assert one["00083002"] == {"vr": "UI", "Value": ["1.2.840.10008.1.2.1", RLELossless]}


# Retrieve, metadata, delete


def test_no_single_part(with_freedom: WithFreedom) -> None:
    service = with_freedom("no-single-part")
    dataset = instance()
    service.store(dataset)

    assert service.get(path_of(dataset), "application/dicom").status_code == 406


def test_parts_in_other_order(with_freedom: WithFreedom) -> None:
    service = with_freedom("parts-in-other-order")
    service.store(instance(number=1), instance(number=2))

    assert [one.InstanceNumber for one in service.retrieve(f"/studies/{STUDY}/series/{SERIES}")] == [2, 1]
    assert [one["00200013"]["Value"] for one in service.metadata(f"/studies/{STUDY}")] == [[2], [1]]


def test_forms_of_metadata(with_freedom: WithFreedom) -> None:
    inline, relative = with_freedom("bulk-data-inline"), with_freedom("bulk-data-relative")
    proxied = with_freedom("bulk-data-other-host")
    strings, reverse = with_freedom("numbers-as-strings"), with_freedom("json-keys-in-other-order")
    item = instance()
    dataset = image(20, 20, PixelSpacing=["0.5", "2"], RequestAttributesSequence=[item])
    for service in (inline, relative, proxied, strings, reverse):
        service.store(dataset)

    (model,) = inline.metadata(path_of(dataset))
    assert base64.b64decode(model["7FE00010"]["InlineBinary"]) == dataset.PixelData
    (model,) = relative.metadata(path_of(dataset))
    assert model["7FE00010"]["BulkDataURI"] == f"/dicom-web{path_of(dataset)}/bulkdata/7FE00010"
    (model,) = proxied.metadata(path_of(dataset))
    assert model["7FE00010"]["BulkDataURI"] == f"http://archive.invalid/dicom-web{path_of(dataset)}/bulkdata/7FE00010"
    (model,) = strings.metadata(path_of(dataset))
    assert model["00280030"]["Value"] == ["0.5", "2"]
    assert model["00400275"]["Value"][0]["00200013"]["Value"] == [str(item.InstanceNumber)]
    assert strings.values("/studies", "00201208") == ["1"]
    assert len(strings.found(f"/instances?InstanceNumber={dataset.InstanceNumber}")) == 1
    (model,) = reverse.metadata(path_of(dataset))
    assert list(model) == sorted(model, reverse=True)


def test_deletes(with_freedom: WithFreedom) -> None:
    def deleted(freedom: str) -> tuple[Service, requests.Response]:
        service = with_freedom(freedom)
        service.store(instance(number=1))
        return service, service.session.delete(f"{service.base}/studies/{STUDY}", timeout=10)

    assert deleted("delete-is-200")[1].status_code == 200

    service, answer = deleted("gone-is-410")
    assert answer.status_code == 204
    assert service.get(f"/studies/{STUDY}/series/{SERIES}").status_code == 410
    assert service.get("/studies/2.25.9").status_code == 404

    service, answer = deleted("delete-not-offered")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert len(service.found("/studies")) == 1


def test_malformed_uid_and_warnings_of_a_store(with_freedom: WithFreedom) -> None:
    service = with_freedom("malformed-uid-is-400", "store-warning-left-out")

    assert service.get("/studies/not-a-uid").status_code == 400
    assert service.get("/studies/2.25.9").status_code == 404
    assert "Warning" not in service.store(instance(), b"hello").headers
