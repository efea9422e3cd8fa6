"""What is malformed is refused, and with nothing kept of it; each payload of the corpus says what is wrong with it."""

from collections.abc import Callable

import pytest

from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.payloads import malformed
from dicomweb_fixtures.payloads.malformed.payload import Malformed
from tests.reference.payloads import Service

REFERENCED, OTHER = "00081199", "0008119A"
LAWFUL = {"xml_attribute_without_vr"}
"""PS3.19 Table A.1.5-2 makes vr optional."""
PARTLY = {"empty_part"}
ENVELOPES = {"group_length_too_short", "part_of_another_type", "boundary_of_71_characters"}
DATA_SETS = {"date_that_is_none", "element_twice", "missing_rows", "pixel_data_too_long", "uid_with_leading_zero"}


def made(name: str) -> Malformed:
    return malformed.make(name, Fresh(5, "reference", name))


@pytest.mark.parametrize("name", [fault for fault in malformed.FAULTS if fault not in LAWFUL | PARTLY])
def test_a_malformed_payload_is_refused(dicomweb: Service, name: str) -> None:
    payload = made(name)

    answer = dicomweb.post("/studies", payload.body, Content_Type=payload.content_type)

    assert answer.status_code in {400, 409, 415}, answer.text
    assert dicomweb.found("/studies") == []


def test_a_part_that_is_whole_is_stored_beside_an_empty_one(dicomweb: Service) -> None:
    payload = made("empty_part")

    answer = dicomweb.post("/studies", payload.body, Content_Type=payload.content_type)

    assert answer.status_code == 202
    assert {REFERENCED, OTHER} <= set(answer.json())
    assert len(dicomweb.found("/studies")) == 1


@pytest.mark.parametrize("name", sorted(ENVELOPES | DATA_SETS))
def test_faults_may_be_borne_with(with_freedom: Callable[..., Service], name: str) -> None:
    payload, service = made(name), with_freedom("faults-borne-with")

    answer = service.post("/studies", payload.body, Content_Type=payload.content_type)

    assert answer.status_code == 200
    assert len(service.found("/studies")) == 1


@pytest.mark.parametrize("name", sorted(DATA_SETS))
def test_faults_may_be_warned_of(with_freedom: Callable[..., Service], name: str) -> None:
    payload, service = made(name), with_freedom("faults-warned-of")

    answer = service.post("/studies", payload.body, Content_Type=payload.content_type)

    assert answer.status_code == 202
    assert answer.json()[REFERENCED]["Value"][0]["00081196"]["Value"] == [0xB007]
