"""The samples of the page as they are sent."""

from __future__ import annotations

from dicomweb_conformance.scenarios.seed.samples import SAMPLES, of
from dicomweb_conformance.scenarios.seed.sending import request_file
from dicomweb_conformance.scenarios.steps.heads import Head
from dicomweb_fixtures.identifiers import Branch
from dicomweb_fixtures.payloads import json_bulk
from tests.mutants.samples import OF


def test_every_operation_of_the_page_has_its_clients() -> None:
    assert {sample.operation for sample in SAMPLES} == set(OF)
    assert {operation: tuple(each.client for each in of(operation)) for operation in OF} == OF


def test_a_head_keeps_the_order_and_the_spelling_of_its_fields() -> None:
    head = Head.of("\nGET /studies/{study}?alt=&prettyPrint=false\nhost: {host}\nAccept: a/b; c=d, */*; q=0.2\n")

    filled = head.filled({"study": "1.2", "host": "pacs.example"})

    assert (filled.method, filled.target) == ("GET", "/studies/1.2?alt=&prettyPrint=false")
    assert filled.fields == (("host", "pacs.example"), ("Accept", "a/b; c=d, */*; q=0.2"))


def test_nothing_is_left_to_be_filled_in() -> None:
    known = ("host", "study", "series", "instance", "length", "token")

    for sample in SAMPLES:
        for head in (sample.request, *sample.before):
            filled = head.filled(dict.fromkeys(known, "x"))
            assert "{" not in f"{filled.target}{filled.fields}"


def test_the_request_file_is_what_the_page_puts_together() -> None:
    payload = json_bulk.page(Branch(1, "test"))
    metadata, picture = (part.octets for part in payload.parts)

    assert request_file(payload) == (
        b"--DICOMwebBoundary\r\nContent-Type: application/dicom+json\r\n\r\n"
        + metadata
        + b"\r\n--DICOMwebBoundary\r\nContent-Location: jpeg-image\r\nContent-Type: image/jpeg; "
        + b"transfer-syntax=1.2.840.10008.1.2.4.50\r\n\r\n"
        + picture
        + b"\r\n--DICOMwebBoundary--"
    )
