"""Metadata with bulk data, posted to the reference server."""

from io import BytesIO

import requests
from pydicom import Dataset, dcmread
from pydicom.encaps import generate_fragments

from dicomweb_fixtures.payloads.json_bulk import Payload
from dicomweb_fixtures.payloads.xml_bulk import XmlPayload
from tests.reference.payloads import Service

MULTIPART = 'multipart/related; type="{}"; boundary=DICOMwebBoundary'
MULTIPART_JSON = MULTIPART.format("application/dicom+json")


def body_of(payload: Payload | XmlPayload) -> bytes:
    """Return the parts as the Cloud Healthcare API's page frames them."""
    parts = (
        b"\r\n".join([*(f"{name}: {value}".encode() for name, value in part.headers), b"", part.octets])
        for part in payload.parts
    )
    return b"--DICOMwebBoundary\r\n" + b"\r\n--DICOMwebBoundary\r\n".join(parts) + b"\r\n--DICOMwebBoundary--"


def posted(service: Service, payload: Payload | XmlPayload) -> requests.Response:
    """Post a payload to /studies."""
    return service.post("/studies", body_of(payload), Content_Type=MULTIPART.format(payload.root_type))


def stored(service: Service, payload: Payload | XmlPayload, number: int = 0) -> Dataset:
    """Return an instance of a payload as the server keeps it."""
    one = payload.instances[number]
    path = f"/studies/{one.study_instance_uid}/series/{one.series_instance_uid}/instances/{one.sop_instance_uid}"
    answer = service.get(path, "application/dicom; transfer-syntax=*")
    assert answer.status_code == 200, answer.text
    return dcmread(BytesIO(answer.content))


def codestreams(dataset: Dataset) -> list[bytes]:
    """Return the fragments of encapsulated Pixel Data, whatever offset table comes before them."""
    return [*generate_fragments(dataset.PixelData)][1:]
