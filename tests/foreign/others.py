"""Other people's data, a tell-tale value in every attribute, and the search for those in what a run left."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

ROOT = "1.2.826.0.1.3680043.9.7433"
STUDIES = 2000

# What gives others away: words, dates, numbers and UIDs that are in no data of the suite.
CANARIES = ("KANARIE", "18930417", "18930418", "130713.77", "61.80339887", "3680043.9.7433")


def uid(number: int, level: int) -> str:
    return f"{ROOT}.{number}.{level}.202511230000"


def row(number: int, base: str = "http://127.0.0.1:9/dicom-web") -> dict[str, Any]:
    """A search result, or the metadata of an instance, of somebody else."""
    study, series, instance = (uid(number, level) for level in range(3))
    return {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
        "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]},
        "00080018": {"vr": "UI", "Value": [instance]},
        "00080020": {"vr": "DA", "Value": ["18930417"]},
        "00080030": {"vr": "TM", "Value": ["130713.77"]},
        "00080050": {"vr": "SH", "Value": [f"KANARIEA{number}"]},
        "00080056": {"vr": "CS", "Value": ["ONLINE"]},
        "00080060": {"vr": "CS", "Value": ["CT"]},
        "00080061": {"vr": "CS", "Value": ["CT"]},
        "00080090": {"vr": "PN", "Value": [{"Alphabetic": f"KANARIE^REFERRER^{number}"}]},
        "00081030": {"vr": "LO", "Value": [f"KANARIE description {number}"]},
        "0008103E": {"vr": "LO", "Value": [f"KANARIE series {number}"]},
        "00081190": {"vr": "UR", "Value": [f"{base}/studies/{study}/KANARIE"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": f"KANARIE^Patient {number}", "Ideographic": "KANARIE=金"}]},
        "00100020": {"vr": "LO", "Value": [f"KANARIE-{number}"]},
        "00100030": {"vr": "DA", "Value": ["18930418"]},
        "00100040": {"vr": "CS", "Value": ["O"]},
        "00101030": {"vr": "DS", "Value": [61.80339887]},
        "00104000": {"vr": "LT", "Value": [f"KANARIE comment {number}. " * 3]},
        "0020000D": {"vr": "UI", "Value": [study]},
        "0020000E": {"vr": "UI", "Value": [series]},
        "00200010": {"vr": "SH", "Value": [f"KANARIES{number}"]},
        "00200013": {"vr": "IS", "Value": [1]},
        "00280010": {"vr": "US", "Value": [2]},
        "00280011": {"vr": "US", "Value": [2]},
        "00400275": {"vr": "SQ", "Value": [{"00400007": {"vr": "LO", "Value": ["KANARIE procedure"]}}]},
        "7FE00010": {"vr": "OW", "BulkDataURI": f"{base}/bulk/KANARIE-{number}/1"},
    }


@cache
def part10(number: int) -> bytes:
    """An instance of somebody else as a file."""
    dataset = pydicom.Dataset.from_json({tag: each for tag, each in row(number).items() if tag != "7FE00010"})
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 2, 2, 1
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PixelData = b"KANARIE!"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    file = io.BytesIO()
    pydicom.dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


def _forms(text: str) -> Iterator[bytes]:
    """Yield a text in every form in which it could stand in a file."""
    for one in (text, text.lower(), text.swapcase()):
        yield one.encode()
        yield one.encode("utf-16-le")
        yield one.encode("utf-16-be")
    yield "".join(f"%{octet:02X}" for octet in text.encode()).encode()
    yield "".join(f"\\u{ord(sign):04x}" for sign in text).encode()
    yield "".join(f"&#{ord(sign)};" for sign in text).encode()
    yield "".join(f"&#x{ord(sign):x};" for sign in text).encode()
    yield text.encode().hex().encode()
    yield text.encode().hex(" ").encode()
    yield quote(html.escape(json.dumps(text)[1:-1])).encode()
    # What of base64 does not depend on what stands around: of each of its three alignments.
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + text.encode())
        yield coded[(0, 2, 3)[shift] : (len(text) + shift) // 3 * 4]


_SEARCHED = re.compile(b"|".join(re.escape(form) for canary in CANARIES for form in dict.fromkeys(_forms(canary))))


def found_in(octets: bytes) -> list[str]:
    """Return where others show in octets, each place with what is around it."""
    return [
        repr(octets[max(0, found.start() - 80) : found.end() + 60]) for found in islice(_SEARCHED.finditer(octets), 3)
    ]


def found_below(*paths: Path) -> dict[str, list[str]]:
    """Return where others show in files, and in all files of directories: by the name of the file."""
    files = [each for path in paths for each in ([path] if path.is_file() else path.rglob("*")) if each.is_file()]
    assert files
    return {str(file): found for file in files if (found := found_in(file.read_bytes() + file.name.encode()))}
