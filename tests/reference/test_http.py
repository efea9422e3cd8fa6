"""What HTTP itself offers: ranges, entity tags, HEAD, content codings, CORS, and the description of capabilities."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.reference.payloads import MULTIPART, STUDY, Service, instance

JSON = "application/dicom+json"
METADATA = f"/studies/{STUDY}/metadata"


def test_capabilities_in_json_have_the_shape_of_annex_g(dicomweb: Service) -> None:
    answer = dicomweb.session.options(dicomweb.base, headers={"Accept": "application/json"}, timeout=10)

    application = answer.json()["application"]
    assert application["doc"][0]["value"].endswith("(charset UTF-8).")
    assert application["resources"]["@base"] == dicomweb.base
    studies = application["resources"]["resource"][0]
    assert (studies["@path"], [each["@name"] for each in studies["method"]]) == ("studies", ["GET", "POST"])


def test_capabilities_are_not_sent_again_to_who_has_them(dicomweb: Service) -> None:
    tag = dicomweb.session.options(dicomweb.base, timeout=10).headers["ETag"]
    again = dicomweb.session.options(dicomweb.base, headers={"If-None-Match": tag}, timeout=10)

    assert (again.status_code, again.content) == (304, b"")


def test_capabilities_in_xml_only(with_freedom: Callable[..., Service]) -> None:
    service = with_freedom("capabilities-in-xml-only")
    answer = service.session.options(service.base, headers={"Accept": "application/json"}, timeout=10)

    assert answer.status_code == 406


def test_a_preflight_allows_what_it_is_asked_for(dicomweb: Service) -> None:
    asked = {
        "Origin": "https://viewer.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = dicomweb.session.options(f"{dicomweb.base}/studies", headers=asked, timeout=10)

    assert (answer.status_code, answer.headers["Access-Control-Allow-Headers"]) == (200, "authorization")


def test_what_need_not_be_offered(with_freedom: Callable[..., Service]) -> None:
    service = with_freedom("cors-not-offered", "head-not-offered")
    asked = {"Origin": "https://viewer.example", "Access-Control-Request-Method": "GET"}

    preflight = service.session.options(f"{service.base}/studies", headers=asked, timeout=10)
    head = service.session.head(f"{service.base}/studies", timeout=10)

    assert (preflight.status_code, preflight.headers.get("Access-Control-Allow-Origin")) == (405, None)
    assert (head.status_code, head.headers["Allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    ("accepted", "coding"), [("gzip, br", "gzip"), ("identity", None), ("gzip;q=0", None), (None, None)]
)
def test_gzip_comes_to_who_accepts_it(
    with_freedom: Callable[..., Service], accepted: str | None, coding: str | None
) -> None:
    service = with_freedom("gzip-served")
    service.store(instance())

    answer = service.get(METADATA, JSON, Accept_Encoding=accepted)

    assert answer.headers.get("Content-Encoding") == coding
    assert len(answer.json()) == 1


def test_ranges_of_a_multipart_fit_together(with_freedom: Callable[..., Service]) -> None:
    service = with_freedom("ranges-of-multipart")
    service.store(instance())
    whole = service.get(f"/studies/{STUDY}", MULTIPART).content

    first = service.get(f"/studies/{STUDY}", MULTIPART, Range="bytes=0-99")
    rest = service.get(f"/studies/{STUDY}", MULTIPART, Range="bytes=100-")

    assert (first.status_code, first.headers["Content-Range"]) == (206, f"bytes 0-99/{len(whole)}")
    assert first.content + rest.content == whole


def test_a_strong_entity_tag_follows_the_content(with_freedom: Callable[..., Service]) -> None:
    service = with_freedom("validators-strong")
    service.store(instance(number=1))
    first = service.get(METADATA, JSON).headers["ETag"]

    assert first.startswith('"')
    assert service.get(METADATA, JSON).headers["ETag"] == first
    service.store(instance(number=2))
    assert service.get(METADATA, JSON).headers["ETag"] != first
