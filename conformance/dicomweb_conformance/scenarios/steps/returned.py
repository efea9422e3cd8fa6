"""Whether what was stored comes back: its elements with their VRs, and its pixels (PS3.18 10.5.2, 10.4.3.3.1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from pydicom import DataElement, Dataset
from pydicom.charset import convert_encodings
from pydicom.datadict import dictionary_VR
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element

from dicomweb_conformance.checks.expect import Expectation, read_parts
from dicomweb_conformance.dicom import differences
from dicomweb_conformance.dicom.differences import Difference
from dicomweb_conformance.http import multipart
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import part10_files, pixel_data, values
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.scenarios.steps.storing import AS_STORED
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.building.transfer_syntaxes import SYNTAXES
from dicomweb_fixtures.entities import Instance, Study

_LONGEST_SHORT_VALUE = 0xFFFE
_OF_PIXELS = frozenset({"00280004", "00280100", "00280101", "00280102", "00280103", "7FE00001", "7FE00002"})
"""What says how pixels are encoded: of those that were decoded it may say otherwise, which RETRIEVE-027 judges."""
_PLANAR_CONFIGURATION = "00280006"
"""How the samples of pixels are arranged: a server that encodes them anew may choose (PS3.3 C.7.6.3.1.3), and pixels
are compared as it says."""
_CHANGES = {
    "lost": "element-lost",
    "changed": "changed-and-not-recorded",
    "added": "added-and-not-recorded",
}


def always_lost(stored: Dataset, received: Dataset) -> frozenset[str]:
    """Return the paths at which a plain instance came back otherwise: what any instance would show again."""
    return frozenset(
        each.path
        for different in (differences.data_sets(stored, received), differences.representations(stored, received))
        for each in different
    )


def lost_of_a_file(dicomweb: StudiesService, instance: Instance) -> frozenset[str]:
    """Return the paths at which an instance that was stored as a file comes back otherwise; none if it does not."""
    response = dicomweb.retrieve(instance)
    if response.status != 200:
        return frozenset()
    try:
        (part,) = multipart.parts_of(response.content_type, response.body)
        return always_lost(part10_files.read(instance.part10), part10_files.read(part.body))
    except ValueError:
        return frozenset()


def has_elements(
    it: Expectation, stored: Dataset, received: Dataset, *, told: Callable[[], frozenset[str]] = frozenset
) -> None:
    """Compare standard elements: RETRIEVE-012.

    Args:
        it: the expectation on the response.
        stored: as it was sent.
        received: as it came back.
        told: returns the paths that another check tells of; asked only where something differs.
    """
    found: list[tuple[Difference, str]] = [
        (data_set, _CHANGES[data_set.kind])
        for data_set in differences.data_sets(stored, received)
        if not data_set.private
        and data_set.path != _PLANAR_CONFIGURATION
        and not came_as_un(stored, received, data_set.path)
    ]
    found += [
        (representation, quote)
        for representation in differences.representations(stored, received)
        if not representation.private and (quote := _of_representation(representation, stored, received))
    ]
    elsewhere = told() if found else frozenset()
    for each, quote in found:
        if each.path not in elsewhere:
            _tell(it, each, quote, of="RETRIEVE-012")


def _tell(it: Expectation, each: Difference, quote: str, *, of: str) -> None:
    """Report a difference; one that was lost may be one that the server said it discards."""
    where = each.path if each.kind == "vr" else f"{each.path} {each.vr}"
    report = it.loses if each.kind == "lost" else it.observes
    report(quote, where=where, expected=[each.stored], received=each.received, of=of)


def keeps_elements(it: Expectation, dicomweb: StudiesService, instance: Instance, received: Dataset) -> None:
    """Compare an instance that was brought into another transfer syntax with what was stored: RETRIEVE-012, -014.

    Its pixels are compared elsewhere, and so is what describes them. What it has otherwise when it comes as it is
    stored, `store-round-trip` tells.
    """
    stored = part10_files.read(instance.part10)

    @cache
    def told() -> frozenset[str]:
        return _OF_PIXELS | _otherwise_as_stored(dicomweb, instance)

    has_elements(it, stored, received, told=told)
    has_private_elements(it, stored, received, told=told)


def _otherwise_as_stored(dicomweb: StudiesService, instance: Instance) -> frozenset[str]:
    response = as_stored(dicomweb, instance)
    try:
        found = read_parts(response) if response.status == 200 else []
    except UnreadableError:
        found = []
    return always_lost(part10_files.read(instance.part10), found[0]) if found else frozenset()


def of_other_pixels(stored: Dataset, received: Dataset) -> frozenset[str]:
    """Return the paths of what says how pixels are encoded, where they came in a transfer syntax of another encoding.

    To a wildcard a server may answer with what it decoded or encoded (PS3.18 8.7.3.5.2), and says so.
    """
    before, after = values.syntax(stored), values.syntax(received)
    as_it_was = before == after or (_is_native(before) and _is_native(after))
    return frozenset() if as_it_was else _OF_PIXELS


def as_stored(dicomweb: StudiesService, resource: Study | Instance) -> Response:
    """Retrieve as it is stored, or as it comes from a server that does not know the wildcard."""
    response = dicomweb.retrieve(resource, accept=AS_STORED)
    return response if response.status not in {400, 406} else dicomweb.retrieve(resource)


def _of_representation(each: Difference, stored: Dataset, received: Dataset) -> str | None:
    """Say what another VR of a standard element is, where it is anything (PS3.5 6.2.2, PS3.6 6)."""
    if each.received == "UN":
        before = element_at(stored, each.path)
        too_long = before is not None and len(octets_of(before, stored)) > _LONGEST_SHORT_VALUE
        same = came_as_un(stored, received, each.path)
        return "standard-element-as-un" if same and not too_long else None
    try:
        known = dictionary_VR(int(each.path.rpartition("/")[2], 16)).split(" or ")
    except KeyError:  # it may be younger than the dictionary
        return None
    if each.stored == "UN" and each.received in known:
        return None
    return "another-vr-of-those-ps3-6-gives-element" if each.received in known else "vr-ps3-6-does-not-give-element"


def has_private_elements(
    it: Expectation, stored: Dataset, received: Dataset, *, told: Callable[[], frozenset[str]] = frozenset
) -> None:
    """Compare private elements, their creators among them: RETRIEVE-014.

    Args:
        it: the expectation on the response.
        stored: as it was sent.
        received: as it came back.
        told: returns the paths that another check tells of; asked only where something differs.
    """
    unclear = set()
    for data_set in differences.data_sets(stored, received):
        if not data_set.private or data_set.kind == "added" or data_set.path in told():
            continue
        unclear.add(data_set.path)
        if came_as_un(stored, received, data_set.path):
            it.observes("private-element-as-un", where=f"{data_set.path} {data_set.vr}", of="RETRIEVE-014")
            continue
        creator = data_set.path.rpartition("/")[2][4:6] == "00"
        quote = "value-changed"
        if data_set.kind == "lost":
            quote = "private-creator-lost-or-moved" if creator else "private-element-lost"
        _tell(it, data_set, quote, of="RETRIEVE-014")
    if stored.original_encoding[0]:
        return  # which says nothing of the VR of a private element
    for representation in differences.representations(stored, received):
        if representation.private and representation.path not in unclear and representation.stored != "UN":
            is_un = representation.received == "UN"
            quote = "private-element-as-un" if is_un else "another-vr-than-was-stored-and-not-un"
            _tell(it, representation, quote, of="RETRIEVE-014")


def has_pixel_octets(it: Expectation, instance: Instance, received: Dataset) -> None:
    """Compare Pixel Data octet for octet where the transfer syntax is that sent, else decoded: RETRIEVE-013."""
    stored = instance.dataset
    if "PixelData" not in stored:
        return
    octets = values.octets(received, "PixelData")
    if not octets:
        it.observes(
            "pixel-data-missing-or-empty",
            where="(7FE0,0010)",
            expected=["pixels"],
            received="none",
            of="RETRIEVE-013",
        )
    elif not _has_octets(instance, received, octets):
        if _is_native(instance.transfer_syntax_uid) and _is_native(values.syntax(received)):
            it.observes(
                "lossless-pixels-differ",
                where="(7FE0,0010)",
                expected=["the octets that were stored"],
                received=pixel_octets.difference(octets, stored.PixelData),
                of="RETRIEVE-013",
            )
        else:
            _has_samples(it, instance, received)


def _has_octets(instance: Instance, received: Dataset, octets: bytes) -> bool:
    """Tell whether Pixel Data is that of the instance: the same octets or codestreams, or the frames it was made of."""
    stored = instance.dataset.PixelData
    if octets.rstrip(b"\0") == stored.rstrip(b"\0"):
        return True
    if _is_native(values.syntax(received)):
        lossless = (
            SYNTAXES[instance.transfer_syntax_uid].lossless if instance.transfer_syntax_uid in SYNTAXES else False
        )
        return lossless and pixel_octets.equals(octets, b"".join(instance.frames))
    if values.syntax(received) != instance.transfer_syntax_uid:
        return False
    try:
        found = pixel_octets.codestreams(Instance(received, instance.frames))
    except UnreadableError:
        return False
    before = pixel_octets.codestreams(instance)
    return [each.rstrip(b"\0") for each in found] == [each.rstrip(b"\0") for each in before]


def _has_samples(it: Expectation, instance: Instance, received: Dataset) -> None:
    """Compare what two decoders make of compressed pixels."""
    before = instance.transfer_syntax_uid
    if _is_lossless(instance):
        has_pixels(
            it,
            instance,
            received,
            differ="lossless-pixels-differ",
            missing="pixel-data-missing-or-empty",
            frames="number-of-frames-differs",
            of="RETRIEVE-013",
        )
        return
    expected = pixel_data.samples(instance.dataset).astype(int)
    try:
        pixels = pixel_data.samples(received).astype(int)
    except UnreadableError as error:
        it.finds("pixels that do not decode", where="(7FE0,0010)", received=str(error), of="RETRIEVE-013")
        return
    tolerance = SYNTAXES[before].tolerance if before in SYNTAXES else 0
    far = pixels.shape != expected.shape or np.abs(pixels - expected).max() > tolerance
    if far:
        it.finds(
            "pixels of a lossy object differ",
            where="(7FE0,0010)",
            received=_pixel_difference(pixels, expected),
            of="RETRIEVE-013",
        )
    elif not np.array_equal(pixels, expected):
        it.observes(
            "lossy-pixels-within-tolerance",
            where="(7FE0,0010)",
            received=_pixel_difference(pixels, expected),
            of="RETRIEVE-013",
        )


def _is_lossless(instance: Instance) -> bool:
    known = SYNTAXES.get(instance.transfer_syntax_uid)
    return known is not None and known.lossless


def _is_native(transfer_syntax: str) -> bool:
    return values.is_known_syntax(transfer_syntax) and not values.is_encapsulated(transfer_syntax)


def came_as_un(stored: Dataset, received: Dataset, path: str) -> bool:
    """Tell whether an element that differs is UN with the octets that were stored."""
    before, after = element_at(stored, path), element_at(received, path)
    if before is None or after is None or after.VR != "UN":
        return False
    found = after.value if isinstance(after.value, bytes) else b""
    return found.rstrip(b"\0 ") == octets_of(before, stored).rstrip(b"\0 ")


def element_at(data_set: Dataset, path: str) -> DataElement | None:
    """Return the element that the path of a difference leads to."""
    for step in path.split("/"):
        tag, _, number = step.partition("[")
        element: DataElement | None = data_set.get(int(tag, 16))
        if element is None or not number:
            return element
        items = values.items(data_set, element.tag)
        if len(items) < int(number.rstrip("]")):
            return None
        data_set = items[int(number.rstrip("]")) - 1]
    return None


def octets_of(element: DataElement, data_set: Dataset) -> bytes:
    """Return the value of an element as it stands in Implicit VR Little Endian, which is how UN has it."""
    written = DicomBytesIO()
    written.is_little_endian, written.is_implicit_VR = True, True
    write_data_element(written, element, convert_encodings(data_set.get("SpecificCharacterSet") or ""))
    return written.getvalue()[8:]


def has_pixels(
    it: Expectation,
    instance: Instance,
    received: Dataset,
    *,
    differ: str,
    missing: str,
    frames: str | None = None,
    of: str | None = None,
) -> bool:
    """Compare decoded pixels with those that the image was made from, and tell whether they are equal."""
    if not values.octets(received, "PixelData"):
        it.observes(missing, where="(7FE0,0010)", expected=["pixels"], received="none", of=of)
        return False
    try:
        pixels = pixel_data.samples(received)
    except UnreadableError as error:
        it.observes(
            differ,
            where="(7FE0,0010)",
            expected=["pixels that decode"],
            received=str(error),
            of=of,
        )
        return False
    expected = pixel_data.samples(instance.dataset)
    if frames and _frames(received) != _frames(instance.dataset):
        it.observes(
            frames,
            where="(0028,0008)",
            expected=[instance.value("NumberOfFrames") or "1"],
            received=str(received.get("NumberOfFrames")),
            of=of,
        )
        return False
    if not np.array_equal(pixels, expected):
        it.observes(
            differ,
            where="(7FE0,0010)",
            expected=["the pixels that were stored"],
            received=_pixel_difference(pixels, expected),
            of=of,
        )
        return False
    return True


def _frames(data_set: Dataset) -> int:
    return values.number(data_set, "NumberOfFrames", 1) or 1


def fits(received: Dataset) -> bool:
    """Tell whether the data set has the VR encoding that its transfer syntax claims: pydicom reads it either way."""
    claimed = values.syntax(received)
    return not values.is_known_syntax(claimed) or received.original_encoding[0] == values.uid(claimed).is_implicit_VR


def _pixel_difference(found: np.ndarray, expected: np.ndarray) -> str:
    if found.shape != expected.shape:
        return f"an image of {' x '.join(map(str, found.shape))} rather than {' x '.join(map(str, expected.shape))}"
    different = np.argwhere(found != expected)
    first = tuple(int(each) for each in different[0])
    return f"{len(different)} of {found.size} samples differ; at {first} {found[first]} rather than {expected[first]}"
