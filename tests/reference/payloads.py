"""Tiny instances and request payloads for the tests of the reference server."""

import io
from itertools import count
from typing import Any

import numpy as np
import requests
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)

STUDY, SERIES = "2.25.1", "2.25.1.1"
MULTIPART = 'multipart/related; type="application/dicom"'
_numbers = count(1)


def instance(study: str = STUDY, series: str = SERIES, number: int | None = None, **attributes: Any) -> Dataset:
    """Return a small instance; its SOP Instance UID is the series' with the number."""
    number = next(_numbers) if number is None else number
    dataset = Dataset()
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.SOPInstanceUID = f"{series}.{number}"
    dataset.StudyInstanceUID = study
    dataset.SeriesInstanceUID = series
    dataset.InstanceNumber = number
    dataset.PatientID = "PAT-1"
    dataset.PatientName = "Doe^Jane"
    dataset.Modality = "OT"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def image(rows: int = 4, columns: int = 4, **attributes: Any) -> Dataset:
    """Return an instance with a gradient of 16-bit pixels."""
    pixels = np.arange(rows * columns, dtype="<u2") * 100
    described = {
        "Rows": rows,
        "Columns": columns,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 0,
    }
    dataset = instance(**(described | attributes))
    dataset.add_new("PixelData", "OW", pixels.tobytes())
    return dataset


def part10(dataset: Dataset, transfer_syntax: str = ExplicitVRLittleEndian) -> bytes:
    """Return the Part 10 file of a data set in one of the uncompressed syntaxes."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = transfer_syntax
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID") or "1.2.3"
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID") or "1.2.3"
    dataset.file_meta = meta
    buffer = io.BytesIO()
    dataset.save_as(
        buffer,
        implicit_vr=transfer_syntax == ImplicitVRLittleEndian,
        little_endian=transfer_syntax != ExplicitVRBigEndian,
        enforce_file_format=True,
    )
    return buffer.getvalue()


def compressed(dataset: Dataset, transfer_syntax: str) -> bytes:
    """Return the Part 10 file of an image in a syntax that pydicom encodes."""
    file = dcmread(io.BytesIO(part10(dataset)))
    file.compress(transfer_syntax, generate_instance_uid=False)
    buffer = io.BytesIO()
    file.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def encapsulated(dataset: Dataset, codestreams: bytes | list[bytes], transfer_syntax: str, **options: Any) -> bytes:
    """Return the Part 10 file of an image whose frames are given codestreams."""
    file = dcmread(io.BytesIO(part10(dataset)))
    file.file_meta.TransferSyntaxUID = transfer_syntax
    file.PixelData = encapsulate([codestreams] if isinstance(codestreams, bytes) else codestreams, **options)
    file["PixelData"].VR = "OB"
    file["PixelData"].is_undefined_length = True
    buffer = io.BytesIO()
    file.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def picture(pixels: np.ndarray, form: str, **options: Any) -> bytes:
    """Return pixels as a file that Pillow writes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form, **options)
    return buffer.getvalue()


def multipart(*parts: bytes, boundary: str = "frontier") -> tuple[bytes, dict[str, str]]:
    """Return the body and the header fields of a store request."""
    delimiter = b"--" + boundary.encode()
    body = b"".join(delimiter + b"\r\nContent-Type: application/dicom\r\n\r\n" + part + b"\r\n" for part in parts)
    headers = {"Content-Type": f'{MULTIPART}; boundary="{boundary}"'}
    return body + delimiter + b"--\r\n", headers


def parts_of(content_type: str, body: bytes) -> list[bytes]:
    """Return the parts of a multipart answer, header fields taken off."""
    boundary = content_type.split("boundary=")[1].split(";", maxsplit=1)[0].strip('"').encode()
    sections = (b"\r\n" + body).split(b"\r\n--" + boundary)
    assert sections[-1].startswith(b"--")
    return [section.split(b"\r\n\r\n", 1)[1] for section in sections[1:-1]]


class Service:
    """A DICOMweb service as a user sees it: paths below the base URL."""

    def __init__(self, base: str, session: requests.Session) -> None:
        self.base = base
        self.session = session

    def store(self, *parts: Dataset | bytes, path: str = "/studies", **headers: str) -> requests.Response:
        """Store Part 10 files as multipart."""
        body, fields = multipart(*(part if isinstance(part, bytes) else part10(part) for part in parts))
        return self.post(path, body, **(fields | headers))

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        """Send a POST."""
        return self.session.post(self.base + path, data=body, headers=_fields(headers), timeout=10)

    def get(self, path: str, accept: str | None = "*/*", **headers: str) -> requests.Response:
        """Send a GET; accept None sends no Accept at all."""
        fields = {"Accept": accept, **_fields(headers)}
        return self.session.get(self.base + path, headers=fields, timeout=10)

    def found(self, path: str) -> list[dict[str, Any]]:
        """Return the results of a search that succeeds, none for 204."""
        answer = self.get(path, "application/dicom+json")
        assert answer.status_code in {200, 204}, answer.text
        return answer.json() if answer.content else []

    def values(self, path: str, tag: str) -> list[Any]:
        """Return the first value of an attribute in each result of a search."""
        return [one[tag]["Value"][0] for one in self.found(path)]

    def retrieve(self, path: str, accept: str = MULTIPART) -> list[Dataset]:
        """Return the data sets of a retrieve that succeeds."""
        answer = self.get(path, accept)
        assert answer.status_code == 200, answer.text
        content_type = answer.headers["Content-Type"]
        files = parts_of(content_type, answer.content) if "multipart" in content_type else [answer.content]
        return [dcmread(io.BytesIO(file)) for file in files]

    def metadata(self, path: str) -> list[dict[str, Any]]:
        """Return the metadata of a resource."""
        answer = self.get(f"{path}/metadata", "application/dicom+json")
        assert answer.status_code == 200, answer.text
        return answer.json()


def _fields(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def parts_in(answer: requests.Response) -> list[tuple[dict[str, str], bytes]]:
    """Return the parts of a multipart answer that succeeds: header fields by name in lower case, and octets."""
    assert answer.status_code == 200, answer.text
    boundary = answer.headers["Content-Type"].split("boundary=")[1].split(";", maxsplit=1)[0].strip('"').encode()
    parts = []
    for section in (b"\r\n" + answer.content).split(b"\r\n--" + boundary)[1:-1]:
        head, _, body = section.partition(b"\r\n\r\n")
        fields = (line.partition(": ") for line in head.decode().strip().split("\r\n"))
        parts.append(({name.lower(): value for name, _, value in fields}, body))
    return parts


def path_of(dataset: Dataset) -> str:
    """Return the path of an instance."""
    return f"/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}/instances/{dataset.SOPInstanceUID}"
