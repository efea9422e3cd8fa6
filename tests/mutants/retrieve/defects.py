"""Defects that the checks of scenario retrieve must notice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from starlette.responses import Response

from dicomweb_conformance.scenarios.steps.encoded_images import ENCAPSULATED
from dicomweb_fixtures.building.transfer_syntaxes import JPEG_2000_LOSSLESS, RLE_LOSSLESS, SYNTAXES
from dicomweb_fixtures.entities import EXPLICIT_VR_LITTLE_ENDIAN
from dicomweb_reference import elements
from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.elements import PIXEL_DATA, Element, Elements
from dicomweb_reference.media_types import DICOM, MULTIPART_DICOM, MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.server import Reference
from tests.mutants.mutant import EVERYWHERE, Mutant, mutant

MUTANTS: list[Mutant] = []
MISSING = ("study", "series", "instance")
STORED = [SYNTAXES[EXPLICIT_VR_LITTLE_ENDIAN], *ENCAPSULATED]
STUDIES = ("ct_pair", "multiframe", "implicit", "rle")


@mutant("retrieve-instance-series-study", may_trip=["retrieve", "metadata", "search", "store", "delete"], into=MUTANTS)
class RetrieveBreaks(Reference):
    """Every retrieve ends in 500."""

    def retrieve(self, request: Request) -> Response:
        raise Refusal(500, "An exception.")


@mutant("retrieve-instance-series-study", may_trip=["retrieve", "metadata", "store"], into=MUTANTS)
class BareInstance(Reference):
    """One instance comes as a bare file, though only multipart was acceptable."""

    def retrieve(self, request: Request) -> Response:
        if request.resource.instance:
            request = replace(request, accept=DICOM.name)
        return super().retrieve(request)


def parting(name: str, defect: str, *kills: str) -> None:
    """A server whose studies and series are not what was stored."""

    class Parting(Reference):
        def retrieve_parts(
            self, request: Request, instances: Sequence[Instance], syntaxes: Sequence[str]
        ) -> Iterator[Part]:
            chosen = list(zip(instances, syntaxes, strict=True))
            if name == "drops" and len(chosen) > 1:
                chosen = chosen[:-1]
            elif name == "pages":
                chosen = chosen[:100]
            elif name == "doubles":
                chosen = [each for each in chosen for _ in range(2)]
            elif name == "widens":
                everything = self.archive.instances(
                    Resource(request.resource.study if request.resource.series else None)
                )
                chosen = [(each, "1.2.840.10008.1.2.1") for each in everything]
            yield from super().retrieve_parts(request, [each for each, _ in chosen], [syntax for _, syntax in chosen])

    Parting.__doc__ = defect
    mutant(*kills, may_trip=["retrieve", "metadata", "store"], into=MUTANTS, name=f"retrieve-{name}")(Parting)


WHOLE = ("retrieve-study-is-whole", "retrieve-series-is-whole")
parting("drops", "The last instance of a study or series is left out.", *WHOLE)
parting("pages", "A retrieve gives the first hundred instances.", "retrieve-series-of-many-is-whole")
parting("doubles", "Every instance comes twice.", *WHOLE, "retrieve-instance-is-that-one")
parting("widens", "A retrieve gives all that is above what was named.", *WHOLE, "retrieve-instance-is-that-one")


@mutant("retrieve-instance-series-study", may_trip=["retrieve", "metadata", "store", "negotiation"], into=MUTANTS)
class BareInASyntaxThatIsNamed(Reference):
    """An instance that is asked for in a transfer syntax comes as a bare file."""

    def retrieve(self, request: Request) -> Response:
        response = super().retrieve(request)
        alone = request.resource.instance is not None and "transfer-syntax" in (request.accept or "")
        if response.status_code != 200 or not alone:
            return response
        instances = self.found(request.resource)
        _, syntaxes = next(self.representations(request, instances))
        part = next(iter(self.retrieve_parts(request, instances, syntaxes)))
        return Response(part.body, 200, media_type=DICOM.name)


@mutant("retrieve-follows-stores", may_trip=["retrieve", "store", "search", "delete"], into=MUTANTS)
class RetrieveOfTheFirstLook(Reference):
    """A series is retrieved as it was when it was first asked for."""

    def __init__(self, freedoms: frozenset[str] | set[str] = frozenset()) -> None:
        super().__init__(freedoms)
        self.kept: dict[str, set[str]] = {}

    def retrieve_parts(
        self, request: Request, instances: Sequence[Instance], syntaxes: Sequence[str]
    ) -> Iterator[Part]:
        names = {instance.resource().path for instance in instances}
        kept = self.kept.setdefault(request.resource.path, names)
        chosen = [each for each in zip(instances, syntaxes, strict=True) if each[0].resource().path in kept]
        yield from super().retrieve_parts(request, [each for each, _ in chosen], [syntax for _, syntax in chosen])


@mutant("retrieve-single-part", into=MUTANTS)
class SinglePartNotFound(Reference):
    """A bare file is not found."""

    def retrieve(self, request: Request) -> Response:
        if request.accept == DICOM.name:
            raise Refusal(404, "Multipart only.")
        return super().retrieve(request)


@mutant("retrieve-single-part-is-one-file", into=MUTANTS)
class SinglePartHoldsMultipart(Reference):
    """A bare file is a multipart body under another label."""

    def retrieve(self, request: Request) -> Response:
        if request.accept != DICOM.name:
            return super().retrieve(request)
        instances = self.found(request.resource)
        (part,) = super().retrieve_parts(request, instances, ["1.2.840.10008.1.2.1"])
        return self.answer(
            [b"--b\r\nContent-Type: application/dicom\r\n\r\n" + part.body + b"\r\n--b--\r\n"], DICOM.name
        )


def altering(name: str, defect: str, tag: str, *kills: str) -> None:
    """A server that stores an element otherwise than it was sent."""

    class Altering(Reference):
        def elements_of(self, instance: Instance) -> Elements:
            content = dict(super().elements_of(instance))
            if tag in content:
                if name == "loses":
                    del content[tag]
                else:
                    content[tag] = replace(content[tag], value=bytes(each ^ 1 for each in content[tag].value))
            return content

        def transcode(self, instance: Instance, transfer_syntax: str) -> bytes:
            if instance.transfer_syntax != transfer_syntax:
                return super().transcode(instance, transfer_syntax)
            return elements.write(self.elements_of(instance))

    Altering.__doc__ = defect
    mutant(*kills, may_trip=["retrieve", "metadata", "store"], into=MUTANTS, name=f"{name}-{tag}")(Altering)


altering("loses", "Study Description is lost.", "00081030", "retrieve-returns-elements")
altering("alters", "Study Description changes.", "00081030", "retrieve-returns-elements")


@mutant("retrieve-returns-private-elements", may_trip=["retrieve", "metadata"], into=MUTANTS)
class PrivateElementsLost(Reference):
    """Private elements are not kept."""

    def elements_of(self, instance: Instance) -> Elements:
        return self.without(super().elements_of(instance))

    def without(self, content: Elements) -> Elements:
        public = {tag: each for tag, each in content.items() if int(tag[:4], 16) % 2 == 0}
        return {tag: replace(each, items=tuple(map(self.without, each.items))) for tag, each in public.items()}

    def transcode(self, instance: Instance, transfer_syntax: str) -> bytes:
        if instance.transfer_syntax != transfer_syntax:
            return super().transcode(instance, transfer_syntax)
        return elements.write(self.elements_of(instance))


@mutant(
    *(f"retrieve-returns-pixels[{name}]" for name in STUDIES), may_trip=["retrieve", "metadata", "store"], into=MUTANTS
)
class PixelsAltered(Reference):
    """The pixels of every image come inverted, in Explicit VR Little Endian."""

    def any_transfer_syntax(self, instance: Instance) -> str:
        return "1.2.840.10008.1.2.1"

    def transcode(self, instance: Instance, transfer_syntax: str) -> bytes:
        content = elements.read(super().transcode(instance, transfer_syntax), self.explicit())
        return elements.write({tag: self.inverted(each) for tag, each in content.items()})

    def explicit(self):  # type: ignore[no-untyped-def]  # a row of the server's own table
        from dicomweb_reference.transfer_syntaxes import TRANSFER_SYNTAXES

        return TRANSFER_SYNTAXES["1.2.840.10008.1.2.1"]

    def inverted(self, element: Element) -> Element:
        if element.tag != "7FE00010":
            return element
        return replace(element, value=bytes(each ^ 0x55 for each in element.value))


@mutant(
    "retrieve-default-transfer-syntax[implicit]",
    "retrieve-default-transfer-syntax[rle]",
    may_trip=["retrieve"],
    into=MUTANTS,
)
class DefaultIsAsStored(Reference):
    """Without a transfer-syntax parameter an instance comes as it was stored."""

    def default_transfer_syntax(self, instance: Instance) -> str:
        return instance.transfer_syntax

    def deliverable(self, instance: Instance, transfer_syntax: str) -> bool:
        return transfer_syntax == instance.transfer_syntax or super().deliverable(instance, transfer_syntax)


@mutant(
    "retrieve-any-transfer-syntax[ct_pair]", "retrieve-any-transfer-syntax[rle]", may_trip=["retrieve"], into=MUTANTS
)
class AnySyntaxRefused(Reference):
    """transfer-syntax=* is not understood."""

    def any_transfer_syntax(self, instance: Instance) -> str:
        return "*"


@mutant("retrieve-never-implicit", into=MUTANTS)
class ImplicitAsStored(Reference):
    """For transfer-syntax=* an instance comes in Implicit VR Little Endian, as it was stored."""

    def any_transfer_syntax(self, instance: Instance) -> str:
        return instance.transfer_syntax

    def deliverable(self, instance: Instance, transfer_syntax: str) -> bool:
        return transfer_syntax == instance.transfer_syntax or super().deliverable(instance, transfer_syntax)


@mutant(
    *(f"retrieve-missing[{level}]" for level in MISSING),
    *(f"metadata-missing[{level}]" for level in MISSING),
    may_trip=["retrieve", "metadata", "frames", "bulkdata", "rendered", "thumbnail", "delete"],
    into=MUTANTS,
)
class MissingIsNoContent(Reference):
    """What does not exist is answered 204."""

    def not_found(self, resource: Resource) -> Refusal:
        return Refusal(204, "")


@mutant(*(f"retrieve-missing[{level}]" for level in MISSING), may_trip=["retrieve", "delete"], into=MUTANTS)
class MissingIsEmpty(Reference):
    """What does not exist is answered 200 with a multipart without parts."""

    def retrieve(self, request: Request) -> Response:
        if not self.archive.instances(request.resource):
            return self.answer([b"--b--\r\n"], "multipart/related; type=application/dicom; boundary=b")
        return super().retrieve(request)


@mutant(
    "retrieve-whole-path-counts[instance-of-another-study]",
    "retrieve-whole-path-counts[instance-of-another-series]",
    "retrieve-whole-path-counts[series-of-another-study]",
    into=MUTANTS,
)
class UpperLevelsIgnored(Reference):
    """An instance or series is found whatever study and series the path names."""

    def retrieve(self, request: Request) -> Response:
        here = request.resource
        if here.instance:
            request = replace(request, resource=Resource(instance=here.instance))
        elif here.series:
            request = replace(request, resource=Resource(series=here.series))
        return super().retrieve(request)


@mutant(
    "retrieve-unacceptable",
    "metadata-unacceptable[unknown-type]",
    "metadata-unacceptable[image-bmp]",
    may_trip=["store", "retrieve"],
    into=MUTANTS,
)
class NotAcceptableIsNotFound(Reference):
    """What is not acceptable is answered 404."""

    def acceptable(self, request: Request, default: MediaType) -> Sequence[tuple[MediaType, float]]:
        if any(name in (request.accept or "") for name in ("x-nothing", "image/bmp")):
            raise Refusal(404, "There is no such representation.")
        return super().acceptable(request, default)


@mutant(
    "retrieve-anything",
    "metadata-json-by-default",
    "search-json-by-default",
    may_trip=["store"],
    into=MUTANTS,
)
class AnythingRefused(Reference):
    """`Accept: */*` is answered 406."""

    def acceptable(self, request: Request, default: MediaType) -> Sequence[tuple[MediaType, float]]:
        if request.accept == "*/*":
            raise Refusal(406, "Name a media type.")
        return super().acceptable(request, default)


@mutant("retrieve-type-quoted-or-not", into=MUTANTS)
class UnquotedTypeBreaks(Reference):
    """A type without quotation marks in Accept ends in 500."""

    def acceptable(self, request: Request, default: MediaType) -> Sequence[tuple[MediaType, float]]:
        if "type=application/dicom" in (request.accept or "") and default == MULTIPART_DICOM:
            raise Refusal(500, "An exception.")
        return super().acceptable(request, default)


@mutant(
    *(
        f"{check}[{each.key}]"
        for check in ("retrieve-in-every-syntax", "frames-in-every-syntax")
        for each in STORED
        if each.uid != RLE_LOSSLESS
    ),
    tiers=["large"],
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class TranscodesUpsideDown(Reference):
    """What is encoded anew is encoded from its last octet to its first."""

    def encoded(self, content: Elements, transfer_syntax: str) -> Elements:
        pixels = content[PIXEL_DATA]
        return super().encoded(
            {**content, PIXEL_DATA: replace(pixels, value=bytes(pixels.value)[::-1])}, transfer_syntax
        )


@mutant("retrieve-in-every-syntax[rle_lossless]", tiers=["large"], may_trip=EVERYWHERE, into=MUTANTS)
class CallsNativePixelsJpeg2000(Reference):
    """Who asks for JPEG 2000 gets native pixels, and is told that they are in JPEG 2000."""

    def deliverable(self, instance: Instance, transfer_syntax: str) -> bool:
        return transfer_syntax == JPEG_2000_LOSSLESS or super().deliverable(instance, transfer_syntax)

    def transcode(self, instance: Instance, transfer_syntax: str) -> bytes:
        is_said = transfer_syntax == JPEG_2000_LOSSLESS != instance.transfer_syntax
        return super().transcode(instance, EXPLICIT_VR_LITTLE_ENDIAN if is_said else transfer_syntax)
