"""From octets to a data set (PS3.10 7, PS3.5 7): all of it is read here, to the last value of the last item.

pydicom by itself converts a value when somebody asks for it, and raises then what it stumbles over.
"""

from __future__ import annotations

import io
import warnings

import pydicom
from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.multival import MultiValue
from pydicom.valuerep import VR, PersonName

from dicomweb_conformance.http.unreadable import DEEPEST, Form, UnreadableError, quietly
from dicomweb_conformance.reading import deflated, elements

_META, _DEFLATED = 132, b"1.2.840.10008.1.2.1.99"
_LONG_LENGTHS = frozenset({b"OB", b"OW", b"SQ", b"UN", b"UT"})
_KNOWN = frozenset(VR)
_UNDEFINED = 0xFFFF_FFFF
_SIZES = {
    **dict.fromkeys(("AT", "FL", "OF", "OL", "SL", "UL"), 4),
    **dict.fromkeys(("FD", "OD", "OV", "SV", "UV"), 8),
    **dict.fromkeys(("OW", "SS", "US"), 2),
}


def read(octets: bytes) -> Dataset:
    """Return the data set of a Part 10 file, its File Meta Information as `file_meta`.

    It is read in the encoding that it has, where that is not the one which its transfer syntax claims.

    Raises:
        UnreadableError: the octets are no file, or break off, or something in it is no element or no value of its VR.
        TooLargeError: it unpacks to more, or has more elements or values, than are read.
    """
    found, breaks_off = _told_apart(octets)
    if breaks_off:
        raise UnreadableError(Form.DICOM, "it breaks off within an element")
    with quietly():
        _convert(found.file_meta)
        _convert(found)
    return found


def read_apart(octets: bytes) -> dict[int, bytes]:
    """Return the octets of each value of a Part 10 file that is no sequence, by tag, as they stand.

    For a file that may be as malformed as the one that was sent: no value is converted, so that none can be wrong.

    Raises:
        UnreadableError: the octets are no file, or its elements cannot be told apart.
        TooLargeError: as `read`.
    """
    found, _ = _told_apart(octets)
    raw: dict[int, object] = {int(tag): found.get_item(tag, keep_deferred=True) for tag in found.keys()}  # noqa: SIM118 - iterating converts elements
    return {tag: bytes(each.value or b"") for tag, each in raw.items() if isinstance(each, RawDataElement)}


def _told_apart(octets: bytes) -> tuple[Dataset, bool]:
    """Return the data set of a file as far as it goes, and whether it breaks off, of which pydicom only warns."""
    _must_be_small(octets)
    with quietly(), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            found = pydicom.dcmread(io.BytesIO(octets))
            return found, any("end of file" in str(each.message).lower() for each in warned)
        except InvalidDicomError:
            raise UnreadableError(Form.DICOM, "it is no Part 10 file", "octet 128, where DICM should stand") from None
        except RecursionError:
            raise _too_deep() from None
        except Exception as error:  # pydicom raises whatever its parser stumbles over
            raise UnreadableError(Form.DICOM, f"its elements cannot be told apart ({type(error).__name__})") from error


def _must_be_small(octets: bytes) -> None:
    """Demand of a file that it unpacks to no more than is read, and has no more elements."""
    at, claims = _META, False
    while octets[at : at + 2] == b"\x02\x00" and at + 12 <= len(octets):
        long = octets[at + 4 : at + 6] in _LONG_LENGTHS
        start = at + (12 if long else 8)
        length = int.from_bytes(octets[at + 8 : start] if long else octets[at + 6 : start], "little")
        if octets[at + 2 : at + 4] == b"\x10\x00":
            claims = octets[start : start + length].rstrip(b"\0 ") == _DEFLATED
        at = start + length
    elements.must_be_few(deflated.inflated(octets[at:])[0] if claims else memoryview(octets)[at:])


def _too_deep() -> UnreadableError:
    return UnreadableError(Form.DICOM, f"its sequences are nested more than {DEEPEST} deep")


def _convert(data_set: Dataset) -> None:
    """Have every value of a data set converted, nested ones too, without recursion."""
    waiting = [(data_set, "", 0)]
    while waiting:
        one, path, depth = waiting.pop()
        if depth > DEEPEST:
            raise _too_deep()
        for tag in sorted(one.keys()):
            where = f"{path}({tag >> 16:04X},{tag & 0xFFFF:04X})"
            raw: object = one.get_item(tag, keep_deferred=True)  # else an empty value of an unknown VR raises here
            if isinstance(raw, RawDataElement) and isinstance(raw.value, bytes):
                if len(raw.value) < raw.length != _UNDEFINED and raw.VR in {None, *_KNOWN}:
                    raise UnreadableError(
                        Form.DICOM, f"it breaks off after {len(raw.value)} of {raw.length} octets", where
                    )
                elements.must_hold_few(raw.value, raw.VR or _vr_of(tag), implicit=raw.is_implicit_VR)
            try:
                element = one[tag]
                _touch(element.value)
            except RecursionError:
                raise _too_deep() from None
            except Exception as error:  # as above
                raise UnreadableError(Form.DICOM, _why(raw, error), where) from error
            if element.VR == VR.SQ:
                waiting.extend(
                    (item, f"{where}[{number}]/", depth + 1) for number, item in enumerate(element.value or [], 1)
                )


def _vr_of(tag: int) -> str:
    """Return the VR that a dictionary knows for a tag; empty where it knows none."""
    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""


def _touch(value: object) -> None:
    """Have the groups of a name decoded, which pydicom leaves until they are looked at."""
    for each in value if isinstance(value, MultiValue) else [value]:
        if isinstance(each, PersonName):
            _ = each.alphabetic, each.ideographic, each.phonetic


def _why(raw: object, error: Exception) -> str:
    """Say what is wrong with an element; its value is not quoted, which may be a patient's."""
    if not isinstance(raw, RawDataElement):
        return f"its value cannot be read ({type(error).__name__})"
    vr, length = raw.VR or "", len(raw.value or b"")
    if vr and vr not in _KNOWN:
        return f"it has the VR {vr!r}, which PS3.5 does not know"
    size = _SIZES.get(vr or "", 1)
    if isinstance(error, BytesLengthException) and length % size:
        return f"it has length {length}, {vr} takes {size} octets each"
    of_vr = f" of VR {vr}" if vr else ""
    return f"its {length} octets are no value{of_vr} ({type(error).__name__})"
