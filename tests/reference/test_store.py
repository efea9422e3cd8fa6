from collections.abc import Callable

import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.reference.payloads import MULTIPART, STUDY, Service, image, instance, multipart, part10, path_of

REFERENCED, FAILED, OTHER = "00081199", "00081198", "0008119A"


def uids(module: dict, sequence: str) -> list[str]:
    return [item["00081155"]["Value"][0] for item in module.get(sequence, {}).get("Value", [])]


def test_all_stored_is_200_with_an_item_for_each(dicomweb: Service) -> None:
    first, second = instance(), instance()

    answer = dicomweb.store(first, second)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/dicom+json"
    module = answer.json()
    assert list(module) == ["00081190", REFERENCED]
    assert module["00081190"] == {"vr": "UR", "Value": [f"{dicomweb.base}/studies/{STUDY}"]}
    assert module[REFERENCED]["Value"] == [
        {
            "00081150": {"vr": "UI", "Value": [one.SOPClassUID]},
            "00081155": {"vr": "UI", "Value": [one.SOPInstanceUID]},
            "00081190": {"vr": "UR", "Value": [dicomweb.base + path_of(one)]},
        }
        for one in (first, second)
    ]
    assert answer.headers["Location"] == f"{dicomweb.base}/studies/{STUDY}"


def test_instances_of_two_studies_have_no_common_retrieve_url(dicomweb: Service) -> None:
    answer = dicomweb.store(instance(), instance("2.25.2", "2.25.2.1"))

    assert answer.status_code == 200
    assert answer.json()["00081190"] == {"vr": "UR"}
    assert "Location" not in answer.headers


def test_instance_of_another_study_is_409_and_not_stored(dicomweb: Service) -> None:
    stranger = instance("2.25.2", "2.25.2.1")

    answer = dicomweb.store(stranger, path=f"/studies/{STUDY}")

    assert answer.status_code == 409
    module = answer.json()
    assert uids(module, FAILED) == [stranger.SOPInstanceUID]
    assert REFERENCED not in module
    assert module[FAILED]["Value"][0]["00081197"] == {"vr": "US", "Value": [0x0110]}
    assert dicomweb.found("/studies") == []


def test_part_of_the_request_stored_is_202_with_both_sequences(dicomweb: Service) -> None:
    ours, stranger = instance(), instance("2.25.2", "2.25.2.1")

    answer = dicomweb.store(ours, stranger, b"hello", path=f"/studies/{STUDY}")

    assert answer.status_code == 202
    module = answer.json()
    assert uids(module, REFERENCED) == [ours.SOPInstanceUID]
    assert uids(module, FAILED) == [stranger.SOPInstanceUID]
    assert module[OTHER]["Value"] == [{"00081197": {"vr": "US", "Value": [0xC000]}}]
    assert dicomweb.values("/instances", "00080018") == [ours.SOPInstanceUID]


def test_garbage_alone_is_400(dicomweb: Service) -> None:
    assert dicomweb.store(b"hello").status_code == 400


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID"])
def test_instance_without_an_identifier_is_409_with_a_reason(dicomweb: Service, keyword: str) -> None:
    dataset = instance()
    setattr(dataset, keyword, "")

    answer = dicomweb.store(dataset)

    assert answer.status_code == 409
    (item,) = answer.json()[FAILED]["Value"]
    assert item["00081155"]["Value"] == [dataset.SOPInstanceUID]
    assert item["00081197"]["Value"] == [0xA900]


def test_unknown_transfer_syntax_is_409_with_c122(dicomweb: Service) -> None:
    dataset = instance()
    file = part10(dataset).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0")

    answer = dicomweb.store(file)

    assert answer.status_code == 409
    (item,) = answer.json()[FAILED]["Value"]
    assert item["00081155"]["Value"] == [dataset.SOPInstanceUID]
    assert item["00081197"]["Value"] == [0xC122]


def test_file_that_breaks_off_is_409_and_not_stored(dicomweb: Service) -> None:
    answer = dicomweb.store(part10(image())[:-7])

    assert answer.status_code == 409
    assert answer.json()[FAILED]["Value"][0]["00081197"]["Value"] == [0xC000]
    assert dicomweb.found("/instances") == []


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/related; type="application/dicom"; boundary="frontier"',
        "multipart/related; type=application/dicom; boundary=frontier",
        'Multipart/Related;Boundary=frontier;TYPE="Application/DICOM"',
    ],
)
def test_content_type_is_read_in_every_spelling(dicomweb: Service, content_type: str) -> None:
    body, _ = multipart(part10(instance()))

    assert dicomweb.post("/studies", body, Content_Type=content_type).status_code == 200


@pytest.mark.parametrize(
    "head",
    [
        b"content-type: application/dicom\r\nContent-Length: %d\r\n",
        b"Content-Length: %d\r\nCONTENT-TYPE: application/dicom; transfer-syntax=1.2.840.10008.1.2.1\r\n",
        b"X-Length: %d\r\nContent-Location: /a/b\r\nContent-Type: application/dicom\r\n",
    ],
)
def test_part_headers_may_come_in_any_order_and_case(dicomweb: Service, head: bytes) -> None:
    file = part10(instance())
    body = b"a preamble\r\n--b \r\n" + head % len(file) + b"\r\n" + file + b"\r\n--b--\r\nan epilogue"

    assert dicomweb.post("/studies", body, Content_Type=f"{MULTIPART}; boundary=b").status_code == 200


def test_boundary_inside_a_value_is_no_delimiter(dicomweb: Service) -> None:
    dataset = instance(ImageComments="first\r\n--frontierland\r\nlast")

    assert dicomweb.store(dataset).status_code == 200
    assert dicomweb.retrieve(path_of(dataset))[0].ImageComments == dataset.ImageComments


def test_chunked_request_is_stored(dicomweb: Service) -> None:
    body, headers = multipart(part10(instance()))

    assert dicomweb.post("/studies", iter([body[:100], body[100:]]), **headers).status_code == 200


def test_single_part_is_stored(dicomweb: Service) -> None:
    dataset = instance()

    assert dicomweb.post("/studies", part10(dataset), Content_Type="application/dicom").status_code == 200
    assert dicomweb.retrieve(path_of(dataset))


@pytest.mark.parametrize(
    "content_type",
    [
        "image/bmp",
        "text/plain",
        'multipart/related; type="text/plain"; boundary=frontier',
        'multipart/form-data; type="application/dicom"; boundary=frontier',
    ],
)
def test_other_media_types_are_415_and_named(dicomweb: Service, content_type: str) -> None:
    body, _ = multipart(part10(instance()))

    answer = dicomweb.post("/studies", body, Content_Type=content_type)

    assert answer.status_code == 415
    assert "application/dicom" in answer.text
    assert dicomweb.found("/instances") == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (multipart(b"")[0], MULTIPART),
        (multipart(part10(instance()))[0][:300], f"{MULTIPART}; boundary=frontier"),
        (multipart(part10(instance()))[0], f"{MULTIPART}; boundary=other"),
        (b"--frontier--\r\n", f"{MULTIPART}; boundary=frontier"),
        (b"--frontier\r\nno blank line\r\n--frontier--", f"{MULTIPART}; boundary=frontier"),
        (b"", f"{MULTIPART}; boundary=frontier"),
        (b"", "application/dicom"),
    ],
    ids=["no boundary", "cut", "wrong boundary", "no part", "no blank line", "empty", "empty single part"],
)
def test_malformed_payload_is_400(dicomweb: Service, body: bytes, content_type: str) -> None:
    answer = dicomweb.post("/studies", body, Content_Type=content_type)

    assert answer.status_code == 400
    assert dicomweb.found("/instances") == []


def test_query_parameters_are_ignored(dicomweb: Service) -> None:
    assert dicomweb.store(instance(), path="/studies?x_probe=1").status_code == 200


@pytest.mark.parametrize("accept", ["application/dicom+json", "*/*", "text/html, application/*;q=0.1"])
def test_answer_is_dicom_json_where_that_is_acceptable(dicomweb: Service, accept: str) -> None:
    answer = dicomweb.store(instance(), Accept=accept)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/dicom+json"


@pytest.mark.parametrize("accept", ["image/bmp", "application/x-nothing", "application/json"])
def test_unacceptable_answer_is_406_and_nothing_is_stored(dicomweb: Service, accept: str) -> None:
    answer = dicomweb.store(instance(), Accept=accept)

    assert answer.status_code == 406
    assert "application/dicom+json" in answer.text
    assert dicomweb.found("/instances") == []


def test_store_under_the_same_uid_replaces_all_of_it(dicomweb: Service) -> None:
    old = image(number=7, PatientName="Old", StudyDescription="old", SeriesDescription="old")
    new = image(2, 2, number=7, PatientName="New", StudyDescription="new")

    assert dicomweb.store(old).status_code == 200
    assert dicomweb.store(new).status_code == 200

    (study,) = dicomweb.found("/studies?includefield=StudyDescription")
    assert study["00081030"]["Value"] == ["new"]
    assert study["00201208"]["Value"] == [1]
    (stored,) = dicomweb.retrieve(path_of(new))
    assert stored == new
    (metadata,) = dicomweb.metadata(path_of(new))
    assert metadata["00100010"]["Value"] == [{"Alphabetic": "New"}]
    assert "0008103E" not in metadata


def test_store_under_the_same_uid_in_another_study_moves_it(dicomweb: Service) -> None:
    old = instance(number=7)
    new = instance("2.25.2", "2.25.2.1")
    new.SOPInstanceUID = old.SOPInstanceUID

    dicomweb.store(old)
    dicomweb.store(new)

    assert dicomweb.values("/studies", "0020000D") == ["2.25.2"]
    assert dicomweb.get(path_of(old)).status_code == 404


def test_same_uid_twice_in_one_request_is_answered_once(dicomweb: Service) -> None:
    answer = dicomweb.store(instance(number=7, PatientID="A"), instance(number=7, PatientID="B"))

    assert uids(answer.json(), REFERENCED) == ["2.25.1.1.7"]
    assert dicomweb.values("/studies", "00100020") == ["B"]


@pytest.mark.parametrize("transfer_syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_file_meta_that_disagrees_with_the_data_set_is_refused_or_put_right(
    dicomweb: Service, with_freedom: Callable[..., Service], transfer_syntax: str
) -> None:
    dataset = instance(number=7)
    file = part10(dataset, transfer_syntax).replace(b"2.25.1.1.7", b"2.25.1.1.8", 1)

    assert dicomweb.store(file).status_code == 409
    lenient = with_freedom("faults-borne-with")
    assert uids(lenient.store(file).json(), REFERENCED) == ["2.25.1.1.7"]
    assert lenient.retrieve(path_of(dataset))[0].file_meta.MediaStorageSOPInstanceUID == "2.25.1.1.7"


def test_first_failure_is_told_in_a_warning(dicomweb: Service) -> None:
    assert "Warning" not in dicomweb.store(instance()).headers
    assert dicomweb.store(instance(), b"hello").headers["Warning"] == f"C000 {dicomweb.base}: Cannot understand"


def test_values_of_another_vr_than_the_dictionary_has_do_no_harm(with_freedom: Callable[..., Service]) -> None:
    dicomweb = with_freedom("faults-borne-with")
    dataset = instance()
    dataset.add_new("PatientName", "LO", "Doe^Jane")
    dataset.add_new("StudyDate", "IS", "20200101")
    dataset.add_new("StudyTime", "US", 7)
    dataset.add_new("Modality", "PN", "A^B")
    dataset.add_new("StudyInstanceUID", "UN", STUDY.encode())
    dataset.add_new("RequestAttributesSequence", "LO", "x")

    assert dicomweb.store(dataset).status_code == 200
    for query in ("PatientName=Doe%5EJane", "StudyDate=20200101", f"StudyInstanceUID={STUDY}", "Modality=*"):
        assert dicomweb.values(f"/series?{query}", "0020000D") == [STUDY]
    for query in ("StudyDate=20200101-&StudyTime=10-", "00400275.00400009=x", "SeriesNumber=sNaN", "SeriesNumber=1-2"):
        assert dicomweb.get(f"/series?{query}").status_code in {200, 204}
