"""Defects in the values of metadata: what DICOM JSON can do to them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from struct import pack, unpack
from typing import Any

from dicomweb_reference.archive import Instance
from dicomweb_reference.dicom_json import Model
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []
Attribute = dict[str, Any]


def values(name: str, defect: str, vrs: str, edit: Callable[[list[Any]], list[Any]], case: str) -> None:
    """A server that changes the values of some VRs in metadata."""

    class Changed(Reference):
        def metadata_of(self, instance: Instance, request: Request) -> Model:
            model = super().metadata_of(instance, request)
            return {
                tag: {**each, "Value": edit(each["Value"])} if each["vr"] in vrs.split() and "Value" in each else each
                for tag, each in model.items()
            }

    Changed.__doc__ = defect
    mutant(f"metadata-values[{case}]", may_trip=["metadata", "messages"], into=MUTANTS, name=name)(Changed)


def joined(found: list[Any]) -> list[Any]:
    return ["\\".join(each or "" for each in found)]


values("values-joined", "Several values are one, joined by a backslash.", "LO SH CS AE", joined, "multiplicity")
values(
    "empty-values-dropped",
    "Values that are empty are left out.",
    "LO SH CS AE",
    lambda v: list(filter(None, v)),
    "multiplicity",
)
values(
    "decimals-rounded",
    "Decimal strings are rounded to two digits.",
    "DS",
    lambda v: [None if each is None else round(float(each), 2) for each in v],
    "decimals",
)
values(
    "groups-swapped",
    "The ideographic group of a name is said to be the phonetic one.",
    "PN",
    lambda v: [
        {{"Ideographic": "Phonetic"}.get(name, name): text for name, text in (each or {}).items()} for each in v
    ],
    "names",
)
values(
    "empty-items-dropped", "Items without an element are left out.", "SQ", lambda v: list(filter(None, v)), "empty-item"
)


@mutant("metadata-values[empty-item]", may_trip=["metadata", "xml"], into=MUTANTS)
class EmptyItemsBreak(Reference):
    """An item without an element ends in 500."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        model = super().metadata_of(instance, request)
        if any({} in element.get("Value", []) for element in model.values() if element["vr"] == "SQ"):
            raise Refusal(500, "An exception.")
        return model


values("text-stripped", "Text has no blanks and line ends around it.", "LT ST UT", lambda v: [v[0].strip()], "text")
values(
    "backslashes-doubled",
    "A backslash in a text is doubled.",
    "LT ST UT",
    lambda v: [v[0].replace("\\", "\\\\")],
    "text",
)
values(
    "integers-as-floats",
    "Integers of 64 bits go through a float.",
    "SV UV",
    lambda v: [int(float(each)) for each in v],
    "64-bit",
)


@mutant("metadata-holds-every-element", may_trip=["metadata", "xml"], into=MUTANTS)
class IntegersInSinglePrecision(Reference):
    """Integers go through a float of 32 bits, and stay within their range."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        return single(super().metadata_of(instance, request))


def single(model: Model) -> Model:
    """Return a model whose integers are what a float of 32 bits makes of them, in items too."""
    return {
        tag: {**each, "Value": [_single(each["vr"], value) for value in each["Value"]]} if "Value" in each else each
        for tag, each in model.items()
    }


def _single(vr: str, value: Any) -> Any:
    if vr == "SQ":
        return single(value)
    if vr not in {"IS", "SL", "UL"} or value is None:
        return value
    (rounded,) = unpack("<f", pack("<f", int(value)))
    return max(-(2**31), min(int(rounded), 2**32 - 1 if vr == "UL" else 2**31 - 1))


values("signs-lost", "Signed words are taken for unsigned ones.", "SS", lambda v: [each % 65536 for each in v], "signs")


@mutant("metadata-values[octets]", may_trip=["metadata"], into=MUTANTS)
class OctetsReversed(Reference):
    """Binary values that are inline come backwards."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        model = super().metadata_of(instance, request)
        return {tag: self.reversed(each) for tag, each in model.items()}

    def reversed(self, attribute: Attribute) -> Attribute:
        if "InlineBinary" not in attribute:
            return attribute
        octets = base64.b64decode(attribute["InlineBinary"])
        return attribute | {"InlineBinary": base64.b64encode(octets[::-1]).decode("ascii")}


@mutant("metadata-sequence-as-un", may_trip=["metadata"], into=MUTANTS)
class UnknownValuesLeftOut(Reference):
    """An element of VR UN is in the metadata without its value."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        model = super().metadata_of(instance, request)
        return {
            tag: {"vr": "UN"} if each["vr"] in {"UN", "SQ"} and tag[3] in "13579" else each
            for tag, each in model.items()
        }


KINDS = (
    *("document", "waveform", "float-pixels", "overlays", "palettes", "annotations", "segmented-palettes"),
    *("colour-profile", "presentation-state"),
)
RARE = (
    *("00420011", "54001010", "7FE00008", "60003000", "60023000", "00281201", "00281202", "00281203", "00660016"),
    *("00281221", "00281222", "00281223", "00282000", "00283006"),
)


@mutant(
    *(f"metadata-holds-what-a-kind-has[{each}]" for each in KINDS),
    may_trip=["metadata", "bulkdata", "xml", "persona", "capabilities", "google"],
    into=MUTANTS,
)
class OnlyPixelsHaveOctets(Reference):
    """Documents, waveforms, overlays and other octets of what is no plain image are in the metadata without value."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        return _without_rare(super().metadata_of(instance, request))


def _without_rare(model: Model) -> Model:
    without = {tag: {"vr": each["vr"]} if tag in RARE else each for tag, each in model.items()}
    return {
        tag: {**each, "Value": [_without_rare(item) for item in each["Value"]]}
        if each["vr"] == "SQ" and "Value" in each
        else each
        for tag, each in without.items()
    }


@mutant(
    *(f"metadata-holds-what-a-kind-has[{each}]" for each in ("segmentation", "groups-of-frames")),
    may_trip=["metadata", "xml"],
    into=MUTANTS,
)
class FramesAreDescribedAlike(Reference):
    """Each frame has the functional groups of the first in the metadata."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        model = super().metadata_of(instance, request)
        frames = model.get("52009230", {}).get("Value", [])
        return {**model, "52009230": {"vr": "SQ", "Value": frames[:1] * len(frames)}} if frames else model


@mutant("metadata-keeps-empty-attributes", may_trip=["metadata", "xml"], into=MUTANTS)
class EmptySequencesLeftOut(Reference):
    """Metadata leave out a sequence without items."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        model = super().metadata_of(instance, request)
        return {tag: each for tag, each in model.items() if each != {"vr": "SQ"}}


@mutant("metadata-holds-nested-data-sets", may_trip=["metadata", "xml"], into=MUTANTS)
class NamesWithinItemsHaveOneGroup(Reference):
    """A name within an item has its alphabetic group alone."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        return _with_items(super().metadata_of(instance, request), _of_one_group)


def _with_items(model: Model, edit: Callable[[Attribute], Attribute]) -> Model:
    def edited(item: Model) -> Model:
        return {tag: edit(each) for tag, each in _with_items(item, edit).items()}

    return {
        tag: {**each, "Value": [edited(item) for item in each["Value"]]}
        if each["vr"] == "SQ" and "Value" in each
        else each
        for tag, each in model.items()
    }


def _of_one_group(attribute: Attribute) -> Attribute:
    if attribute["vr"] != "PN" or "Value" not in attribute:
        return attribute
    return {**attribute, "Value": [each and {"Alphabetic": each.get("Alphabetic", "")} for each in attribute["Value"]]}
