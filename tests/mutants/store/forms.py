"""Defects in how a store request is read: its envelope, the labels of its parts, and many of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dicomweb_fixtures.building.transfer_syntaxes import RLE_LOSSLESS
from dicomweb_reference.archive import Instance
from dicomweb_reference.elements import Element, Elements
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.outcomes import Received
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []


@mutant("store-multipart-grammar[boundary-within-a-line]", into=MUTANTS)
class SplitsAtTheBoundaryAnywhere(Reference):
    """A part ends wherever the boundary stands with its hyphens, also within a line."""

    def multipart_parts(self, body: bytes, boundary: str) -> list[Part]:
        pieces = body.split(b"--" + boundary.encode())[1:-1] if boundary else []
        if body.count(b"--" + boundary.encode()) <= body.count(b"\r\n--" + boundary.encode()) + 1:
            return super().multipart_parts(body, boundary)
        return [Part((), piece.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")) for piece in pieces]


@mutant("store-multipart-grammar[epilogue]", into=MUTANTS)
class EpilogueRefused(Reference):
    """What follows the closing delimiter is bad syntax."""

    def multipart_parts(self, body: bytes, boundary: str) -> list[Part]:
        if boundary and f"--{boundary}--".encode() in body and not body.rstrip().endswith(f"--{boundary}--".encode()):
            raise Refusal(400, "Octets behind the end.")
        return super().multipart_parts(body, boundary)


LINE_BREAKS = b"\n\r\r\n"


@mutant("store-multipart-grammar[line-breaks-at-the-end]", into=MUTANTS)
class LineBreaksTakenForTheDelimiter(Reference):
    """A part that ends in several line breaks loses them, and its file is refused as one that breaks off."""

    def multipart_parts(self, body: bytes, boundary: str) -> list[Part]:
        parts = super().multipart_parts(body, boundary)
        return [replace(part, body=part.body.removesuffix(LINE_BREAKS)) for part in parts]


@mutant("store-multipart-grammar[line-breaks-at-the-end]", into=MUTANTS)
class LineBreaksLostAtTheEnd(Reference):
    """A file that ends in several line breaks is kept without them, and the answer is 200."""

    def keep(self, received: Received) -> None:
        super().keep(replace(received, octets=received.octets.removesuffix(LINE_BREAKS)))


class LabelsRead(Reference):
    """The header fields of parts are looked at."""

    def multipart_parts(self, body: bytes, boundary: str) -> list[Part]:
        parts = super().multipart_parts(body, boundary)
        for part in parts:
            self.look({name.lower(): value for name, value in part.headers})
        return parts

    def look(self, fields: dict[str, str]) -> None:
        """Look at the fields of one part."""


def refusing_parts(case: str, name: str, mark: str = "") -> None:
    """A server that refuses a part for one of its header fields."""

    class Refusing(LabelsRead):
        def look(self, fields: dict[str, str]) -> None:
            if fields.get("content-type", "").startswith("application/dicom") and mark in fields.get(name, "-"):
                raise Refusal(400, "The request is malformed.")

    Refusing.__doc__ = f"A part that has {case} is refused."
    mutant(
        f"store-part-headers[{case}]",
        may_trip=["store"],
        into=MUTANTS,
        name=f"refuses-parts-with-{case}",
    )(Refusing)


refusing_parts("content-length", "content-length", "1")
refusing_parts("content-location", "content-location", "/instances/")
refusing_parts("transfer-syntax", "content-type", "transfer-syntax")


@mutant("store-part-headers[all]", may_trip=["store"], into=MUTANTS)
class TakesOneLabelAtMost(LabelsRead):
    """A part is refused that says how long it is and what it is a representation of."""

    def look(self, fields: dict[str, str]) -> None:
        if fields.keys() >= {"content-length", "content-location"}:
            raise Refusal(400, "The request is malformed.")


@mutant("store-part-headers[other-transfer-syntax]", may_trip=["store"], into=MUTANTS)
class LabelGoesBeforeTheFile(LabelsRead):
    """A file is taken to be in the transfer syntax that the Content-Type of its part names."""

    label = ""

    def look(self, fields: dict[str, str]) -> None:
        self.label = fields.get("content-type", "").partition("transfer-syntax=")[2]

    def keep(self, received: Received) -> None:
        super().keep(replace(received, transfer_syntax=self.label or received.transfer_syntax))


@mutant("store-many-instances[studies]", "store-many-instances[study]", may_trip=["store"], into=MUTANTS)
class TwentyPartsAreEnough(Reference):
    """Parts behind the twentieth are passed over, and the answer is 200."""

    def payload_parts(self, request: Request) -> list[bytes]:
        return super().payload_parts(request)[:20]


@mutant("store-ordinary-size", into=MUTANTS)
class TwoMegabytesAreEnough(Reference):
    """Of a file longer than two megabytes what lies behind is replaced by zeros."""

    def keep(self, received: Received) -> None:
        if len(received.octets) > 2 << 20:
            octets = received.octets[: 2 << 20] + bytes(len(received.octets) - (2 << 20))
            received = replace(received, octets=octets)
        super().keep(received)


@mutant("store-ordinary-size", into=MUTANTS)
class LargeRequestsMalformed(Reference):
    """A request of more than a megabyte is answered 400."""

    def multipart_parts(self, body: bytes, boundary: str) -> list[Part]:
        if len(body) > 1 << 20:
            raise Refusal(400, "The request is too large.")
        return super().multipart_parts(body, boundary)


@mutant("store-300-instances", may_trip=["store"], tiers=["large"], into=MUTANTS)
class TwoHundredPartsAreEnough(Reference):
    """Parts behind the two hundredth are passed over, and the answer is 200."""

    def payload_parts(self, request: Request) -> list[bytes]:
        return super().payload_parts(request)[:200]


@mutant("store-200-megabytes", may_trip=["store"], tiers=["large"], into=MUTANTS)
class LargeValuesAreCut(Reference):
    """Of a value longer than 64 MB what lies behind is replaced by zeros."""

    def keep(self, received: Received) -> None:
        if len(received.octets) > 64 << 20:
            octets = received.octets[: 64 << 20] + bytes(len(received.octets) - (64 << 20))
            received = replace(received, octets=octets)
        super().keep(received)


@mutant("store-1000-frames", may_trip=["store"], tiers=["large"], into=MUTANTS)
class FramesBehindTheNineHundredthAreBlack(Reference):
    """Frames behind the nine hundredth of a list are black."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        found = super().native_values(instance, content, element, numbers)
        named = zip(numbers or [0] * len(found), found, strict=True)
        return [bytes(len(each)) if 900 < number < 1000 else each for number, each in named]


@mutant("store-2-gigabytes", may_trip=["store"], tiers=["huge"], into=MUTANTS)
class CountsFramesInElevenBits(Reference):
    """Behind frame 2,048 the first one comes again."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        counted = numbers and [(number - 1) % 2048 + 1 for number in numbers]
        return super().native_values(instance, content, element, counted)


@mutant("store-mixed-transfer-syntaxes", may_trip=["store", "retrieve", "frames", "metadata"], into=MUTANTS)
class LosesWhatIsInRle(Reference):
    """An instance in RLE Lossless that comes with others is lost behind a 200."""

    several = False

    def payload_parts(self, request: Request) -> list[bytes]:
        parts = super().payload_parts(request)
        self.several = len(parts) > 1
        return parts

    def keep(self, received: Received) -> None:
        if received.transfer_syntax != RLE_LOSSLESS or not self.several:
            super().keep(received)
