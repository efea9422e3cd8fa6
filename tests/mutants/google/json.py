"""Defects that the checks of the Cloud Healthcare page's request, JSON and JPEG, must notice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dicomweb_reference.elements import PIXEL_DATA, Element, Elements
from dicomweb_reference.google import Google
from dicomweb_reference.media_types import MediaType
from dicomweb_reference.messages import Refusal
from dicomweb_reference.multipart import Part
from dicomweb_reference.outcomes import Outcome
from dicomweb_reference.transactions.store_metadata import BulkData
from tests.mutants.mutant import Mutant, Unexamined, mutant
from tests.mutants.store.json import LOSSLESS, compressed_again

MUTANTS: list[Mutant] = []
KEPT = ("google-json-jpeg-kept[colour]", "google-json-jpeg-kept[grayscale]")


@mutant("google-json-jpeg[grayscale]", may_trip=["google", "seed"], into=MUTANTS)
class WantsColour(Google):
    """A JPEG of one component is refused."""

    def described_instance(self, model: Any, bulk_data: BulkData) -> bytes | Outcome:
        if model.get("00280004", {}).get("Value") == ["MONOCHROME2"]:
            raise Refusal(400, "Colour is wanted.")
        return super().described_instance(model, bulk_data)


@mutant("google-json-jpeg[colour]", may_trip=["google", "seed"], into=MUTANTS)
class GoogleRefusesMetadata(Google):
    """Metadata with bulk data are refused as malformed."""

    def described_instances(self, parts: Sequence[Part]) -> list[bytes | Outcome]:
        raise Refusal(400, "Malformed.")


@mutant(*KEPT, may_trip=["google", "seed"], into=MUTANTS)
class GoogleCompressesAgain(Google):
    """The JPEG is decoded and compressed anew."""

    def encapsulated(self, frames: Sequence[bytes]) -> Element:
        return super().encapsulated([compressed_again(frame) for frame in frames])


@mutant(*KEPT, may_trip=["google", "seed"], into=MUTANTS)
class KeepsTheEndOfTheLine(Google):
    """The line end before the next delimiter is kept as part of the JPEG."""

    def encapsulated(self, frames: Sequence[bytes]) -> Element:
        return super().encapsulated([frame + b"\r\n" for frame in frames])


@mutant(*KEPT, may_trip=["google", "seed"], into=MUTANTS)
class GoogleNamesAnotherTransferSyntax(Google):
    """The JPEG Baseline image is kept as JPEG Lossless."""

    def with_pixels(
        self, content: Elements, parts: Sequence[tuple[MediaType, bytes]], claimed: str
    ) -> tuple[str, Elements]:
        syntax, content = super().with_pixels(content, parts, claimed)
        return LOSSLESS if syntax.endswith(".50") else syntax, content


class _Forgetful(Google):
    forgotten = ""

    def described_instance(self, model: Any, bulk_data: BulkData) -> bytes | Outcome:
        kept = {tag: attribute for tag, attribute in model.items() if tag != self.forgotten}
        return super().described_instance(kept, bulk_data)


@mutant("google-json-attributes", into=MUTANTS)
class LosesBitsStored(_Forgetful):
    """Bits Stored of the metadata is lost."""

    forgotten = "00280101"


@mutant("google-json-inline", into=MUTANTS)
class LosesInlineBinary(_Forgetful):
    """A value given as InlineBinary is lost."""

    forgotten = "00282000"


@mutant("google-json-token[token]", "google-json-token[url]", may_trip=["google", "seed"], into=MUTANTS)
class KnowsOneNameForBulkData(Google):
    """Only jpeg-image is understood as BulkDataURI."""

    def described_instance(self, model: Any, bulk_data: BulkData) -> bytes | Outcome:
        known = {location: parts for location, parts in bulk_data.items() if location == "jpeg-image"}
        return super().described_instance(model, known)


@mutant("google-json-header-order", into=MUTANTS)
class WantsLocationFirst(Google):
    """Content-Location has to stand before Content-Type."""

    def bulk_data_parts(self, parts: Sequence[Part]) -> BulkData:
        if any(part.headers[0][0] == "Content-Type" for part in parts):
            raise Refusal(400, "Header fields in the wrong order.")
        return super().bulk_data_parts(parts)


@mutant(
    "google-json-no-transfer-syntax",
    "google-json-other-transfer-syntax",
    may_trip=["google", "messages"],
    into=MUTANTS,
)
class BelievesTheMetadata(Unexamined, Google):
    """Whatever transfer syntax the metadata name is that of the instance, JPEG Lossless where they name none."""

    def claimed_transfer_syntax(self, model: Any) -> str:
        return super().claimed_transfer_syntax(model) or LOSSLESS

    def with_pixels(
        self, content: Elements, parts: Sequence[tuple[MediaType, bytes]], claimed: str
    ) -> tuple[str, Elements]:
        return claimed, super().with_pixels(content, parts, "")[1]


@mutant("google-json-encoding[big-endian]", "google-json-encoding[deflated]", into=MUTANTS)
class IgnoresTheClaim(Google):
    """The transfer syntax that the metadata name is ignored."""

    def with_pixels(
        self, content: Elements, parts: Sequence[tuple[MediaType, bytes]], claimed: str
    ) -> tuple[str, Elements]:
        return super().with_pixels(content, parts, "")


@mutant("google-json-part-twice", may_trip=["store"], freedoms=["faults-borne-with"], into=MUTANTS)
class RunsPartsTogether(Google):
    """Two parts of one location are run together."""

    def with_pixels(
        self, content: Elements, parts: Sequence[tuple[MediaType, bytes]], claimed: str
    ) -> tuple[str, Elements]:
        whole = (parts[0][0], b"".join(octets for _, octets in parts))
        return super().with_pixels(content, [whole], claimed)


@mutant("google-json-two-instances", into=MUTANTS)
class GoogleTakesBulkDataInTurn(Google):
    """Bulk data are given to the objects in their order, whatever their Content-Location."""

    def bulk_data_parts(self, parts: Sequence[Part]) -> BulkData:
        found = super().bulk_data_parts(parts)
        return dict(zip(sorted(found), found.values(), strict=True))


@mutant("google-json-missing-part", into=MUTANTS)
class GoogleStoresWithoutPixels(Unexamined, Google):
    """Where the JPEG is not in the request the instance is stored without it."""

    def described_instance(self, model: Any, bulk_data: BulkData) -> bytes | Outcome:
        missing = model.get(PIXEL_DATA, {}).get("BulkDataURI") not in bulk_data
        kept = {tag: attribute for tag, attribute in model.items() if tag != PIXEL_DATA or not missing}
        return super().described_instance(kept, bulk_data)
