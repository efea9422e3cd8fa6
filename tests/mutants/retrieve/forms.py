"""Defects that checks of what a retrieve gives, and in which transfer syntax, must notice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from starlette.responses import Response

from dicomweb_reference import elements, transfer_syntaxes
from dicomweb_reference.archive import Instance
from dicomweb_reference.elements import PIXEL_DATA, Element, Elements
from dicomweb_reference.media_types import DICOM, DICOM_JSON, MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.server import Headers, Reference, Step
from dicomweb_reference.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN
from tests.mutants.frames.kinds import LOSSLESS, WITH_A_TYPE
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []
ENCAPSULATED = ("encapsulated_uncompressed", *WITH_A_TYPE, "deflated_image_frame")
LONG_VALUE = "00720066"


@mutant("retrieve-bulk-data-of-instance", may_trip=["bulkdata"], into=MUTANTS)
class AnotherValueAsOctets(Reference):
    """An instance as application/octet-stream is its file, in a multipart."""

    def all_bulk_data(self, request: Request, instances: Sequence[Instance]) -> list[Part]:
        return [self.part(self.archive.octets(instance), "application/octet-stream", "") for instance in instances]


@mutant("retrieve-instance-is-no-json", into=MUTANTS, may_trip=["messages"])
class InstanceAsPlainText(Reference):
    """An instance as DICOM JSON is a text."""

    def retrieve(self, request: Request) -> Response:
        if request.accept == DICOM_JSON.name:
            return self.answer([b"An instance."], "text/plain")
        return super().retrieve(request)


@mutant("retrieve-twice", may_trip=["retrieve", "store"], into=MUTANTS)
class AnotherEachTime(Reference):
    """Every second time a retrieve leaves out the last instance."""

    retrieved = 0

    def retrieve_parts(
        self, request: Request, instances: Sequence[Instance], syntaxes: Sequence[str]
    ) -> Iterator[Part]:
        self.retrieved += 1
        chosen = len(instances) - (self.retrieved % 2 if len(instances) > 1 else 0)
        yield from super().retrieve_parts(request, instances[:chosen], syntaxes[:chosen])


def answered(name: str, defect: str, status: int, *kills: str) -> None:
    """A server that tells a retrieve that worked by another status."""

    class Answered(Reference):
        def multipart_answer(
            self, parts: Iterable[Part], root: MediaType, headers: Headers, own: int = 200
        ) -> Response:
            several = list(parts)
            told = status if root == DICOM and len(several) > 1 else own
            return super().multipart_answer(several, root, headers, told)

    Answered.__doc__ = defect
    tripping = ["retrieve", "metadata", "store", "search", "negotiation", "delete", "charset", "messages"]
    mutant(*kills, may_trip=tripping, into=MUTANTS, name=f"retrieve-answered-{name}")(Answered)


WHOLE = ("retrieve-success-is-whole[study]", "retrieve-success-is-whole[series]")
answered("206", "All instances come with 206, as if some were missing.", 206, *WHOLE)
answered("203", "All instances come with 203, as if a proxy had changed them.", 203, *WHOLE)


@mutant(*WHOLE, may_trip=["retrieve", "metadata", "store", "search", "delete", "messages"], into=MUTANTS)
class NoPartAtAll(Reference):
    """A retrieve of several instances is a multipart without parts."""

    def retrieve_parts(
        self, request: Request, instances: Sequence[Instance], syntaxes: Sequence[str]
    ) -> Iterator[Part]:
        if len(instances) == 1:
            yield from super().retrieve_parts(request, instances, syntaxes)


@mutant("retrieve-is-not-posted", tiers=["unsafe"], into=MUTANTS)
class PostIsGet(Reference):
    """POST on a series is as good as GET."""

    def resources(self) -> dict[str, dict[str, Step]]:
        tree = super().resources()
        series = "/studies/{study}/series/{series}"
        return {**tree, series: {**tree[series], "POST": self.retrieve}}


@mutant("retrieve-rendered-volume[mpr]", "retrieve-rendered-volume[3d]", may_trip=["messages"], into=MUTANTS)
class VolumesAreEmpty(Reference):
    """Rendered volumes are answered 200 with nothing."""

    def resources(self) -> dict[str, dict[str, Step]]:
        series = "/studies/{study}/series/{series}"
        volumes: dict[str, dict[str, Step]] = {
            f"{series}/{name}": {"GET": self.volume} for name in ("renderedmpr", "rendered3d")
        }
        return super().resources() | volumes

    def volume(self, request: Request) -> Response:
        return Response(b"", media_type="image/jpeg")


@mutant(
    *(f"retrieve-decoded[{each}]" for each in LOSSLESS),
    may_trip=["retrieve", "store", "frames", "bulkdata", "rendered", "google", "seed"],
    into=MUTANTS,
)
class PixelsOffByOne(Reference):
    """Decoded pixels of an instance are off by one here and there."""

    def native(self, instance: Instance, content: Elements) -> Elements:
        decoded = super().native(instance, content)
        value = decoded[PIXEL_DATA].value
        changed = bytes([*value[:4], value[4] ^ 1, *value[5:]]) if len(value) > 5 else value
        return {**decoded, PIXEL_DATA: replace(decoded[PIXEL_DATA], value=changed)}


@mutant(
    "retrieve-decoded[rle_lossless]", may_trip=["retrieve", "store", "frames", "bulkdata", "rendered"], into=MUTANTS
)
class DecodedStillCalledTwice(Reference):
    """Decoded pixels have twice the rows that the image says."""

    def native(self, instance: Instance, content: Elements) -> Elements:
        decoded = super().native(instance, content)
        twice = replace(decoded[PIXEL_DATA], value=decoded[PIXEL_DATA].value * 2)
        return {**decoded, PIXEL_DATA: twice}


@mutant(
    *(f"retrieve-in-own-syntax[{each}]" for each in ENCAPSULATED),
    may_trip=["retrieve", "store", "messages"],
    into=MUTANTS,
)
class LabelledAsAnother(Reference):
    """What is sent in a compressed syntax is labelled as JPEG 2000 with loss, or as RLE."""

    def part10_of(self, instance: Instance, transfer_syntax: str, dataset: bytes) -> bytes:
        named = transfer_syntax
        if PIXEL_DATA in self.elements_of(instance) and (
            ".1.2.4." in named or named.endswith((".1.98", ".8.1", ".2.5"))
        ):
            named = "1.2.840.10008.1.2.5" if named.endswith(".91") else "1.2.840.10008.1.2.4.91"
        return super().part10_of(instance, named, dataset)


@mutant("retrieve-long-value", may_trip=["store"], into=MUTANTS)
class LongValueCut(Reference):
    """A value that is too long for a 16-bit length is cut to what it can say."""

    def transcode(self, instance: Instance, transfer_syntax: str) -> bytes:
        content = self.elements_of(instance)
        if LONG_VALUE not in content or transfer_syntax == instance.transfer_syntax:
            return super().transcode(instance, transfer_syntax)
        cut = replace(content[LONG_VALUE], value=content[LONG_VALUE].value[:0xFFFE])
        return elements.write({**content, LONG_VALUE: cut})


@mutant("retrieve-long-value", may_trip=["store"], into=MUTANTS)
class LongValueRefused(Reference):
    """An instance with a value that is too long for a 16-bit length ends in 500."""

    def transcode(self, instance: Instance, transfer_syntax: str) -> bytes:
        if LONG_VALUE in self.elements_of(instance):
            raise Refusal(500, "An exception.")
        return super().transcode(instance, transfer_syntax)


@mutant(*(f"retrieve-decoded[{each}]" for each in LOSSLESS), may_trip=["retrieve"], into=MUTANTS)
class DecodedWithoutItsBodyPart(Reference):
    """Of an image that is decoded not all that describes it remains."""

    def native(self, instance: Instance, content: Elements) -> Elements:
        return {tag: each for tag, each in super().native(instance, content).items() if tag != "00180015"}


@mutant("retrieve-decoded[jpeg_2000_lossless]", may_trip=["retrieve"], into=MUTANTS)
class ColoursOfTheCodestream(Reference):
    """Colours that were decoded from JPEG 2000 are called YBR_RCT as before."""

    def native(self, instance: Instance, content: Elements) -> Elements:
        decoded = super().native(instance, content)
        colours = content.get("00280004")
        return {**decoded, "00280004": colours} if colours and colours.value.startswith(b"YBR_RCT") else decoded


@mutant("retrieve-multipart-whatever-it-is", may_trip=["retrieve", "persona"], into=MUTANTS)
class MultiFramesAreBare(Reference):
    """An image of several frames comes as a bare file, though only multipart was acceptable."""

    def retrieve(self, request: Request) -> Response:
        instances = self.found(request.resource)
        if request.resource.instance and "00280008" in self.elements_of(instances[0]):
            request = replace(request, accept=f"{DICOM.name}; transfer-syntax=*")
        return super().retrieve(request)


@mutant("retrieve-any-transfer-syntax[pdf]", may_trip=["retrieve", "store"], into=MUTANTS)
class DocumentsHaveNoSyntax(Reference):
    """A document that is asked for in any transfer syntax ends in 500: it has no pixels that could be in one."""

    def retrieve(self, request: Request) -> Response:
        instances = self.found(request.resource)
        no_pixels = all(PIXEL_DATA not in self.elements_of(each) for each in instances)
        if request.resource.instance and no_pixels and "transfer-syntax" in (request.accept or ""):
            raise Refusal(500, "An exception.")
        return super().retrieve(request)


@mutant("retrieve-series-of-many-is-whole", may_trip=["retrieve", "store"], into=MUTANTS)
class PixelsOfTheFirstOfASeries(Reference):
    """Each image of a series of many has the pixels of the first one."""

    def retrieve_parts(
        self, request: Request, instances: Sequence[Instance], syntaxes: Sequence[str]
    ) -> Iterator[Part]:
        parts = list(super().retrieve_parts(request, instances, syntaxes))
        pixels = [self.elements_of(each)[PIXEL_DATA].value for each in instances] if len(instances) > 100 else []
        for part, own in zip_longest(parts, pixels):
            yield replace(part, body=part.body.removesuffix(own) + pixels[0]) if own else part


TRANSCODED = ("retrieve-default-transfer-syntax[rle]", "store-round-trip[implicit]")


class _Losing(Reference):
    """A server that loses elements of what it brings into another transfer syntax."""

    def is_lost(self, tag: str, element: Element) -> bool:
        return False

    def transcode(self, instance: Instance, transfer_syntax: str) -> bytes:
        octets = super().transcode(instance, transfer_syntax)
        if transfer_syntax != EXPLICIT_VR_LITTLE_ENDIAN or instance.transfer_syntax == transfer_syntax:
            return octets
        content = elements.read(octets, transfer_syntaxes.of(transfer_syntax))
        return elements.write({tag: each for tag, each in content.items() if not self.is_lost(tag, each)})


@mutant(*TRANSCODED, may_trip=["retrieve", "negotiation", "store"], into=MUTANTS)
class TranscodedWithoutItsRescale(_Losing):
    """An instance that is brought into another transfer syntax has no Rescale Intercept and Slope any more."""

    def is_lost(self, tag: str, element: Element) -> bool:
        return tag in {"00281052", "00281053"}


@mutant(*TRANSCODED, may_trip=["retrieve", "negotiation", "store"], into=MUTANTS)
class TranscodedWithoutItsWindow(_Losing):
    """An instance that is brought into another transfer syntax has no Window Center and Width any more."""

    def is_lost(self, tag: str, element: Element) -> bool:
        return tag in {"00281050", "00281051"}


@mutant(
    *(*TRANSCODED, "retrieve-decoded[rle_lossless]"),
    may_trip=["retrieve", "negotiation", "store"],
    into=MUTANTS,
)
class TranscodedWithoutItsSequences(_Losing):
    """An instance that is brought into another transfer syntax has no sequences any more."""

    def is_lost(self, tag: str, element: Element) -> bool:
        return element.vr == "SQ" and int(tag[:4], 16) % 2 == 0


@mutant(
    *(*TRANSCODED, "retrieve-decoded[rle_lossless]"),
    may_trip=["retrieve", "negotiation", "store"],
    into=MUTANTS,
)
class TranscodedWithoutItsPrivateElements(_Losing):
    """An instance that is brought into another transfer syntax has no private elements any more."""

    def is_lost(self, tag: str, element: Element) -> bool:
        return int(tag[:4], 16) % 2 == 1
