"""The google flavour: what the Cloud Healthcare API does otherwise than PS3.18, or beside it."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from lxml import etree
from pydicom import Dataset

from dicomweb_reference.google import DATASET, Google
from dicomweb_reference.serving import running
from tests.reference.payloads import MULTIPART, SERIES, STUDY, Service, image, instance, part10, path_of


@pytest.fixture
def google(http: requests.Session) -> Iterator[Service]:
    with running(Google()) as base:
        yield Service(base, http)


def operation_url(google: Service, name: str) -> str:
    return google.base.partition("/projects/")[0] + "/" + name


def ended(google: Service, name: str) -> dict:
    while True:
        document = google.session.get(operation_url(google, name), timeout=10).json()
        if document.get("done"):
            return document


def test_the_base_is_that_of_a_dicom_store(google: Service) -> None:
    assert urlsplit(google.base).path == f"/v1/{DATASET}/dicomStores/reference/dicomWeb"
    assert google.get("/studies").status_code == 204


@pytest.mark.parametrize("accept", [None, "*/*"])
def test_a_store_is_answered_in_bare_xml_unless_json_is_asked_for(google: Service, accept: str | None) -> None:
    one = instance()

    answer = google.store(one, **({"Accept": accept} if accept else {}))

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/dicom+xml"
    assert answer.text.startswith('<NativeDicomModel><DicomAttribute tag="00081190" vr="UR" keyword="RetrieveURL">')
    root = etree.fromstring(answer.content)
    assert [each.get("tag") for each in root] == ["00081190", "00081199"]
    assert google.store(one, Accept="application/dicom+json").json()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("PatientID=P1", 200),
        ("PatientID=P*", 204),
        ("PatientName=zh&fuzzymatching=true", 200),
        ("PatientName=ally&fuzzymatching=true", 204),
        ("StudyTime=101500", 400),
        ("NotADicomKeyword=1", 400),
        ("includefield=AvailableTransferSyntaxUID", 400),
        ("limit=5000&offset=1000000", 204),
    ],
)
def test_searches_take_few_keys_and_no_wild_cards(google: Service, query: str, status: int) -> None:
    google.store(instance(PatientID="P1", PatientName="Sally^Zhang"))

    assert google.get(f"/studies?{query}").status_code == status


def test_results_hold_the_documented_attributes(google: Service) -> None:
    google.store(instance(PatientID="P1"))

    (study,) = google.get("/studies").json()
    (series,) = google.get(f"/studies/{STUDY}/series").json()

    assert study["00100020"]["Value"] == ["P1"]
    assert not {"00080061", "00081190", "00201206", "00201208"} & study.keys()
    assert "0020000D" not in series


def test_what_the_service_has_not_is_not_found(google: Service) -> None:
    one = instance()
    google.store(one)

    for path in (f"{path_of(one)}/thumbnail", f"/studies/{STUDY}/rendered", f"/studies/{STUDY}/bulkdata"):
        assert google.get(path, "*/*").status_code == 404


def test_a_file_comes_back_octet_for_octet(google: Service) -> None:
    one = instance()
    file = part10(one)

    assert google.post("/studies", file, Content_Type="application/dicom").status_code == 200

    answer = google.get(path_of(one), "application/dicom; transfer-syntax=*")
    assert answer.headers["Content-Type"] == "application/dicom"
    assert answer.content == file


def test_another_content_under_a_stored_uid_is_409_with_a_detail_and_changes_nothing(google: Service) -> None:
    first, good = instance(number=1), instance(number=2)
    google.store(first)

    answer = google.store(instance(number=1, PatientSex="O"), good, Accept="application/dicom+json")

    assert answer.status_code == 409
    module = answer.json()
    (failed,) = module["00081198"]["Value"]
    assert failed["00081197"]["Value"] == [272]
    assert failed["00091097"]["vr"] == "LT"
    assert [each["00081155"]["Value"] for each in module["00081199"]["Value"]] == [[good.SOPInstanceUID]]
    assert "PatientSex" not in google.retrieve(path_of(first))[0]
    assert google.store(first).status_code == 200


def test_an_instance_is_deleted_at_once(google: Service) -> None:
    one = instance()
    google.store(one)

    answer = google.session.delete(google.base + path_of(one), timeout=10)

    assert (answer.status_code, answer.json()) == (200, {})
    assert google.get(path_of(one)).status_code == 404


@pytest.mark.parametrize(("path", "left"), [(f"/studies/{STUDY}", 0), (f"/studies/{STUDY}/series/{SERIES}", 1)])
def test_a_study_or_series_is_deleted_by_an_operation(google: Service, path: str, left: int) -> None:
    google.store(instance(number=1), instance(number=2), instance(series="2.25.1.2", number=3))

    answer = google.session.delete(google.base + path, timeout=10)

    assert answer.status_code == 200
    assert list(answer.json()) == ["name"]
    name = answer.json()["name"]
    running_still = google.session.get(operation_url(google, name), timeout=10).json()
    assert "done" not in running_still
    assert "endTime" not in running_still["metadata"]
    assert running_still["metadata"]["counter"] == {"pending": str(3 - left)}
    document = ended(google, name)
    assert document["response"] == {"@type": "type.googleapis.com/google.protobuf.Empty"}
    assert document["metadata"]["counter"] == {"success": str(3 - left)}
    assert document["metadata"]["endTime"] >= document["metadata"]["createTime"]
    assert len(google.found("/instances")) == left


def test_nothing_is_added_to_what_is_being_deleted(google: Service) -> None:
    google.store(instance(number=1))
    google.session.delete(f"{google.base}/studies/{STUDY}", timeout=10)

    assert google.store(instance(number=2)).status_code == 409


def test_a_cancelled_operation_ends_with_code_1(google: Service) -> None:
    google.store(instance())
    name = google.session.delete(f"{google.base}/studies/{STUDY}", timeout=10).json()["name"]

    answer = google.session.post(operation_url(google, name) + ":cancel", json={}, timeout=10)

    assert (answer.status_code, answer.json()) == (200, {})
    document = ended(google, name)
    assert document["error"]["code"] == 1
    assert "response" not in document
    assert len(google.found("/instances")) == 1


def test_operations_are_listed_in_pages(google: Service) -> None:
    google.store(instance(), instance("2.25.2", "2.25.2.1"))
    names = [
        google.session.delete(f"{google.base}/studies/{uid}", timeout=10).json()["name"] for uid in (STUDY, "2.25.2")
    ]
    url = operation_url(google, f"{DATASET}/operations")

    first = google.session.get(f"{url}?pageSize=1", timeout=10).json()
    second = google.session.get(f"{url}?pageSize=1&pageToken={first['nextPageToken']}", timeout=10).json()

    assert [each["name"] for each in (*first["operations"], *second["operations"])] == names
    assert "nextPageToken" not in second


@pytest.mark.parametrize("path", ["/studies/2.25.404", "/../elsewhere"])
def test_errors_are_in_googles_json(google: Service, path: str) -> None:
    answer = google.get(path)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.json()["error"]["status"] == "NOT_FOUND"
    assert answer.json()["error"]["code"] == 404


def test_parameters_of_every_google_method_are_no_match_keys(google: Service) -> None:
    google.store(instance())

    assert len(google.found("/studies?PatientID=PAT-1&alt=json&prettyPrint=false&alt=")) == 1


def grey_image() -> Dataset:
    one = image(16, 8, BitsAllocated=8, BitsStored=8, HighBit=7)
    one.add_new("PixelData", "OB", bytes(range(128)))
    return one


@pytest.mark.parametrize("suffix", ["", ".1", ".4.50", ".4.70", ".4.80", ".4.81", ".4.90", ".4.91", ".5"])
def test_a_grey_image_comes_in_each_transfer_syntax_of_the_list(google: Service, suffix: str) -> None:
    syntax = f"1.2.840.10008.1.2{suffix}"
    one = grey_image()
    google.store(one)

    (received,) = google.retrieve(path_of(one), f"{MULTIPART}; transfer-syntax={syntax}")

    assert received.file_meta.TransferSyntaxUID == syntax
    assert received.original_encoding[0] is (not suffix)


def test_a_frame_comes_as_png(google: Service) -> None:
    one = grey_image()
    google.store(one)

    answer = google.get(f"{path_of(one)}/frames/1", 'multipart/related; type="image/png"')

    assert answer.status_code == 200
    assert b"Content-Type: image/png\r\n" in answer.content
    assert b"\x89PNG\r\n" in answer.content


def test_a_token_is_taken_from_the_header_or_the_query(http: requests.Session) -> None:
    server = Google()
    server.token = "t-1"  # noqa: S105 - of a server in this process
    with running(server) as base:
        statuses = [
            http.get(f"{base}/studies{query}", headers=fields, timeout=10).status_code
            for query, fields in (
                ("", {}),
                ("", {"Authorization": "Bearer t-2"}),
                ("", {"Authorization": "Bearer t-1"}),
                ("?access_token=t-1", {}),
            )
        ]
        refused = http.get(f"{base}/studies", timeout=10)

    assert statuses == [401, 401, 204, 204]
    assert refused.headers["WWW-Authenticate"].startswith("Bearer ")
    assert refused.json()["error"]["status"] == "UNAUTHENTICATED"
