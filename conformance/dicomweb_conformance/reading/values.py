"""Values of a data set that was received, as the type that a check needs: whatever VR they came in."""

from __future__ import annotations

from pydicom import Dataset
from pydicom.config import IGNORE
from pydicom.uid import UID
from pydicom.valuerep import VR


def octets(data_set: Dataset, keyword: str) -> bytes:
    """Return the octets of a value; none where it is absent, or no octets."""
    value = data_set.get(keyword)
    return bytes(value) if isinstance(value, bytes | bytearray) else b""


def number(data_set: Dataset, keyword: str, default: int = 0) -> int:
    """Return a value that is one integer, or `default`."""
    value = data_set.get(keyword)
    return int(value) if isinstance(value, int) else default


def text(data_set: Dataset, keyword: str) -> str:
    """Return a value as text; empty where there is none."""
    value = data_set.get(keyword)
    return "" if value is None else str(value)


def items(data_set: Dataset, tag: int) -> list[Dataset]:
    """Return the items of a sequence; none where it is absent, or no sequence."""
    if tag not in data_set or data_set[tag].VR != VR.SQ:
        return []
    return list(data_set[tag].value or [])


def syntax(data_set: Dataset) -> str:
    """Return the transfer syntax that a file claims; empty where it claims none."""
    meta = getattr(data_set, "file_meta", None)
    return text(meta, "TransferSyntaxUID") if meta is not None else ""


def uid(text: str) -> UID:
    """Return a text as a UID, valid or not, without the warning that pydicom gives of an invalid one."""
    return UID(text, IGNORE)


def is_known_syntax(text: str) -> bool:
    """Tell whether a text is a transfer syntax of PS3.6, so that pydicom knows how data sets are encoded in it."""
    known = uid(text)
    return not known.is_private and known.is_transfer_syntax


def is_encapsulated(transfer_syntax: str) -> bool:
    """Tell whether Pixel Data are encapsulated in a transfer syntax; what is none that is known counts as native."""
    return is_known_syntax(transfer_syntax) and uid(transfer_syntax).is_encapsulated
