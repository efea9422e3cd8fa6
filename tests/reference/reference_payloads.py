"""Tiny instances and request payloads for the tests of the reference server."""

import io
from itertools import count
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
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
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", "1.2.3")
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3")
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


def multipart(*parts: bytes, boundary: str = "frontier") -> tuple[bytes, dict[str, str]]:
    """Return the body and the header fields of a store request."""
    delimiter = b"--" + boundary.encode()
    body = b"".join(delimiter + b"\r\nContent-Type: application/dicom\r\n\r\n" + part + b"\r\n" for part in parts)
    headers = {"Content-Type": f'{MULTIPART}; boundary="{boundary}"'}
    return body + delimiter + b"--\r\n", headers


def parts_of(content_type: str, body: bytes) -> list[bytes]:
    """Return the parts of a multipart answer, header fields taken off."""
    boundary = content_type.split("boundary=")[1].split(";")[0].strip('"').encode()
    sections = (b"\r\n" + body).split(b"\r\n--" + boundary)
    assert sections[-1].startswith(b"--")
    return [section.split(b"\r\n\r\n", 1)[1] for section in sections[1:-1]]
