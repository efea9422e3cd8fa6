"""Servers on which a capability is lacking, broken, or offered in one form only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.responses import Response

from dicomweb_reference.archive import Instance
from dicomweb_reference.dicom_json import Attribute, Model
from dicomweb_reference.elements import PIXEL_DATA, Element
from dicomweb_reference.media_types import DICOM, MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Headers, Reference, Step
from dicomweb_reference.transactions.negotiation import Ranges
from dicomweb_reference.transactions.rendering_query import Rendering
from dicomweb_reference.transfer_syntaxes import TRANSFER_SYNTAXES
from tests.odd.odd import Odd, odd

if TYPE_CHECKING:
    from PIL.Image import Image

ODD: list[Odd] = []

ASKED_OF_METADATA = (
    *("metadata-unacceptable[image-bmp]", "metadata-path-without-uid", "negotiation-mixed-with-png"),
    *("negotiation-unsupported-passed-over[metadata]", "negotiation-unsupported-passed-over[search]"),
)


@odd("rendered", "thumbnail", into=ODD)
class PicturesBreakOff(Reference):
    """Of each picture only the first half of its octets comes."""

    def written(self, pictures: Sequence[Image], media_type: str, rendering: Rendering) -> bytes:
        whole = super().written(pictures, media_type, rendering)
        return whole[: len(whole) // 2]


@odd("retrieve", "frames", into=ODD)
class InstancesAreJson(Reference):
    """What is retrieved as application/dicom is DICOM JSON."""

    def part10_of(self, instance: Instance, transfer_syntax: str, dataset: bytes) -> bytes:
        return b'[{"00080018": {"vr": "UI", "Value": ["%s"]}}]' % instance.instance.encode()


@odd("bulkdata", "metadata", into=ODD)
class CompressedPixelsUnnamed(Reference):
    """Metadata of a compressed image name Pixel Data by VR alone: no octets, no reference."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        model = super().metadata_of(instance, request)
        if TRANSFER_SYNTAXES[instance.transfer_syntax].encapsulated and PIXEL_DATA in model:
            model[PIXEL_DATA] = {"vr": "OB"}
        return model


@odd("metadata", "negotiation", "charset", into=ODD, passes=ASKED_OF_METADATA)
class NothingIsRetrieved(Reference):
    """Instances are not retrieved; their metadata are."""

    def retrieve(self, request: Request) -> Response:
        raise Refusal(404, "Retrieve is not offered.")


@odd("retrieve", "frames", "bulkdata", into=ODD)
class SinglePartIs400(Reference):
    """What accepts no multipart is answered 400."""

    def acceptable(self, request: Request, default: MediaType) -> Ranges:
        accept = request.accept or "*/*"
        if "json" not in accept and "multipart" not in accept and "*/*" not in accept:
            raise Refusal(400, "Multipart only.")
        return super().acceptable(request, default)


@odd("metadata", passes=("metadata-holds-nested-data-sets", "metadata-holds-private-elements"), into=ODD)
class SixtyFourBitsBreak(Reference):
    """Metadata of an instance with VR SV, UV or OV end in 500."""

    def json_attribute(self, element: Element, location: str, charset: object) -> Attribute:
        if element.vr in {"SV", "UV", "OV"}:
            raise Refusal(500, "An exception.")
        return super().json_attribute(element, location, charset)  # type: ignore[arg-type] # handed on


@odd("rendered", into=ODD)
class LevelsInOnePictureOnly(Reference):
    """A rendered study or series comes as one picture, and is refused as multipart."""

    def rendered_level(self, request: Request, instances: Sequence[Instance], *more: object) -> Response:
        (first, *_) = instances
        one = replace(request, resource=first.resource())
        if "multipart" in (request.accept or ""):
            raise Refusal(406, "One picture.")
        return self.retrieve_rendered(one)


@odd(
    "metadata",
    into=ODD,
    checks=("search-by-keyword", "frames-of-a-list"),
    loaded=("two_series", "ct_pair", "multiframe", "elements"),
    passes=("metadata-holds-every-element", "metadata-holds-private-elements", "frames-of-a-list"),
)
class ShownByMetadataOnly(Reference):
    """Nothing is retrieved whole, and what a search returns is in JSON of its own: metadata and frames are there."""

    def resources(self) -> dict[str, dict[str, Step]]:
        tree = super().resources()
        return {path: steps for path, steps in tree.items() if steps.get("GET") != self.retrieve}

    def search_answer(self, results: Sequence[Model], media: MediaType, headers: Headers) -> Response:
        return super().search_answer([{"uid": result["0020000D"]["Value"][0]} for result in results], media, headers)


@odd("bulkdata", into=ODD)
class BulkDataAreInstances(Reference):
    """A bulk data URI leads to the whole instance that the value is of."""

    def retrieve_bulk_data(self, request: Request) -> Response:
        (instance,) = self.found(request.resource)
        parts = self.retrieve_parts(request, [instance], [instance.transfer_syntax])
        return self.multipart_answer(parts, DICOM, [])


@odd(
    into=ODD,
    checks=(
        *("rendered-instance-and-frame", "rendered-as[png]", "rendered-as[gif]", "rendered-as-optional-type[jp2]"),
        *("rendered-frames-as-jpeg", "rendered-frames-as-animation", "rendered-unacceptable"),
        *("rendered-jpeg-by-default[anything]", "rendered-jpeg-by-default[any-image]"),
    ),
)
class RenderedIsPng(Reference):
    """What is rendered is a PNG, whatever is accepted."""

    def retrieve_rendered(self, request: Request) -> Response:
        return super().retrieve_rendered(replace(request, accept="image/png"))
