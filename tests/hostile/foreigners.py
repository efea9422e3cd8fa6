"""Studies of other patients, on a target that is not the run's alone."""

from __future__ import annotations

import io
import urllib.request
from dataclasses import dataclass

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from dicomweb_reference.archive import Resource

EVERYTHING = Resource()
ROOT = "1.2.826.0.1.3680043.10.1797"
"""What every UID of theirs begins with."""
NAME = "Zzfremd"
"""What every name and Patient ID of theirs begins with."""
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


@dataclass(frozen=True)
class Foreign:
    """What a target holds of others.

    Attributes:
        studies: Study Instance UIDs.
        values: texts that every value of theirs contains.
    """

    studies: frozenset[str]
    values: frozenset[str] = frozenset({ROOT, NAME})


def brought(base: str, number: int) -> Foreign:
    """Store so many studies, each of a patient of its own.

    Args:
        base: URL of the service.
        number: of studies.
    """
    for first in range(0, number, 100):
        boundary = "foreigners"
        parts = [
            b"\r\n--" + boundary.encode() + b"\r\nContent-Type: application/dicom\r\n\r\n" + foreign_file(each)
            for each in range(first, min(first + 100, number))
        ]
        request = urllib.request.Request(
            f"{base}/studies",
            b"".join([*parts, b"\r\n--" + boundary.encode() + b"--\r\n"]),
            {"Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}'},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 200
    return Foreign(frozenset(_uid(each, 0) for each in range(number)))


def _uid(number: int, kind: int) -> str:
    return f"{ROOT}.{number}.{kind}"


def foreign_file(number: int) -> bytes:
    """Return an instance of another patient as a DICOM file."""
    data_set = Dataset()
    data_set.SOPClassUID = SECONDARY_CAPTURE
    data_set.StudyInstanceUID, data_set.SeriesInstanceUID = _uid(number, 0), _uid(number, 1)
    data_set.SOPInstanceUID = _uid(number, 2)
    data_set.PatientName = f"{NAME}^Patient {number}"
    data_set.PatientID = f"{NAME}-{number}"
    data_set.PatientBirthDate, data_set.PatientSex = "19200101", "O"
    data_set.StudyDate, data_set.StudyTime, data_set.StudyID = "20200101", "120000", "1"
    data_set.AccessionNumber, data_set.ReferringPhysicianName = "", f"{NAME}^Doctor"
    data_set.Modality, data_set.ConversionType = "OT", "WSD"
    data_set.SeriesNumber, data_set.InstanceNumber = 1, 1
    data_set.SamplesPerPixel, data_set.PhotometricInterpretation = 1, "MONOCHROME2"
    data_set.Rows = data_set.Columns = 2
    data_set.BitsAllocated = data_set.BitsStored = 8
    data_set.HighBit, data_set.PixelRepresentation = 7, 0
    data_set.PixelData = b"\x00\x01\x02\x03"
    data_set["PixelData"].VR = "OB"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = SECONDARY_CAPTURE, data_set.SOPInstanceUID
    meta.TransferSyntaxUID, meta.ImplementationClassUID = ExplicitVRLittleEndian, f"{ROOT}.1"
    data_set.file_meta = meta
    file = io.BytesIO()
    data_set.save_as(file, enforce_file_format=True)
    return file.getvalue()
