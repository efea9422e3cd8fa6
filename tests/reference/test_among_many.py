"""Searches of an archive with so many studies of others that indexes find what a look at each would."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
import requests

from dicomweb_reference.archive import Gone, Instance, Resource
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from tests.reference.payloads import Service
from tests.reference.test_search import MATCHES, A, B, C, filled

OTHERS = 1_100
SYNTAX = "1.2.840.10008.1.2.1"


def other(number: int) -> Instance:
    study = f"2.25.9{number:05}"
    values = {
        "00080016": ("UI", "1.2.840.10008.5.1.4.1.1.7"),
        "00080018": ("UI", f"{study}.1.1"),
        "00080060": ("CS", "OT"),
        "00100010": ("PN", {"Alphabetic": f"{'Öther' if number % 2 else 'Other'}^{number}"}),
        "00100020": ("LO", f"[{number}]"),
        "0020000D": ("UI", study),
        "0020000E": ("UI", f"{study}.1"),
    }
    attributes = {tag: {"vr": vr, "Value": [value]} for tag, (vr, value) in values.items()}
    return Instance(study, f"{study}.1", f"{study}.1.1", "1.2.840.10008.5.1.4.1.1.7", SYNTAX, attributes)


@pytest.fixture(scope="module")
def many(http: requests.Session) -> Iterator[tuple[Reference, Service]]:
    reference = Reference()
    for number in range(OTHERS):
        reference.archive.add(other(number), b"")
    with running(reference) as base:
        yield reference, filled(Service(base, http))


@pytest.mark.parametrize(("query", "studies"), MATCHES)
def test_the_same_studies_match_as_among_few(many: tuple[Reference, Service], query: str, studies: list[str]) -> None:
    assert [each for each in many[1].values(f"/studies?{query}", "0020000D") if each in {A, B, C}] == studies


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("PatientName=other%5E10*", 56),
        ("PatientName=*%5E10%3F", 10),
        ("PatientName=%C3%96ther%5E101", 1),
        ("PatientName=%C3%B6THER%5E101", 1),
        ("PatientID=[7]", 1),
        ("PatientID=[7*", 111),
        ("PatientID=%3F%3F%3F", 11),
        ("SeriesInstanceUID=2.25.900007.1", 1),
        ("SOPInstanceUID=2.25.900007.1.1,2.25.900008.1.1", 2),
        ("SOPInstanceUID=2.25.900007.1.1&PatientID=[8]", 0),
        ("Modality=OT&PatientID=[8]", 1),
        ("PatientID=[8],[9]", 0),
        ("PatientName=Other%5E8&PatientID=[8]&fuzzymatching=true", 1),
        ("PatientName=Other%5E9&PatientID=[8]&fuzzymatching=true", 0),
    ],
)
def test_what_an_index_finds_is_matched_all_the_same(many: tuple[Reference, Service], query: str, found: int) -> None:
    assert len(many[1].values(f"/instances?{query}", "0020000D")) == found


def test_a_page_of_many_says_how_many_there_are_beside_it(many: tuple[Reference, Service]) -> None:
    answer = many[1].get("/studies?limit=10&offset=20", "application/dicom+json")

    assert [each["0020000D"]["Value"][0] for each in answer.json()] == [f"2.25.9{at:05}" for at in range(17, 27)]
    assert f"{OTHERS + 3 - 30} additional results" in answer.headers["Warning"]


def test_all_of_many_are_sent_while_they_are_put_together(many: tuple[Reference, Service]) -> None:
    answer = many[1].get("/studies", "application/dicom+json")

    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.headers["Content-Type"] == "application/dicom+json"
    found = [each["0020000D"]["Value"][0] for each in answer.json()]
    assert found == sorted({A, B, C} | {f"2.25.9{at:05}" for at in range(OTHERS)})


def test_what_is_removed_while_an_answer_is_sent_is_left_out_of_it() -> None:
    reference = Reference()
    for number in range(OTHERS):
        reference.archive.add(other(number), b"")
    found = reference.archive.latest("study", Resource())

    reference.archive.remove(Resource("2.25.900001"))
    seen = []
    for at in range(len(found)):
        with suppress(Gone):
            seen.append(found[at].study)

    assert len(found) == OTHERS
    assert set(seen) == {f"2.25.9{at:05}" for at in range(OTHERS)} - {"2.25.900001"}
    reference.close()
