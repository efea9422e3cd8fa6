"""Servers that are odd in the form of what they send."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import replace
from io import BytesIO

from PIL.Image import Image
from pydicom import dcmread
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dicomweb_reference import multipart
from dicomweb_reference.archive import Instance
from dicomweb_reference.dicom_json import Attribute, Charset, Json, Model
from dicomweb_reference.elements import Element, Elements
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Query
from dicomweb_reference.media_types import DICOM_JSON, MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.rendering import Rendering
from dicomweb_reference.server import Headers, Reference, Step
from dicomweb_reference.transactions.negotiation import Ranges
from dicomweb_reference.transactions.pixel_data import Encoding
from dicomweb_reference.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, TRANSFER_SYNTAXES
from tests.odd.odd import Odd, odd

ODD: list[Odd] = []

NAMES = ("doe_with_suffix", "latin_1", "japanese", "gb18030", "utf_8", "sally_zhang")
LABELLED_JSON = (
    *("metadata-json-by-default", "metadata-without-accept", "metadata-unacceptable[image-bmp]"),
    *("search-json-by-default", "store-without-accept", "store-malformed-accept"),
    *("store-answer-is-json[dicom-json]", "store-answer-is-json[anything]", "store-multipart"),
    *("store-answer-of-highest-quality[json-over-xml]", "store-answer-of-highest-quality[xml-over-json]"),
)


@odd("negotiation", "charset", checks=LABELLED_JSON, into=ODD)
class CallsDicomJsonJson(Reference):
    """DICOM JSON is labelled application/json, whatever was asked for."""

    label = "application/json"

    def json_answer(
        self, content: Json, media: MediaType, status: int = 200, headers: Headers | None = None
    ) -> Response:
        return super().json_answer(content, MediaType(self.label) if media == DICOM_JSON else media, status, headers)


@odd(
    checks=(
        *(*LABELLED_JSON, "store-answer-is-a-module", "search-accept-parameter", "negotiation-highest-quality"),
        *("negotiation-parameter-takes-no-wildcard", "negotiation-repeated-lines", "charset-parameter"),
    ),
    into=ODD,
)
class CallsDicomJsonOctets(CallsDicomJsonJson):
    """DICOM JSON is labelled application/octet-stream, whatever was asked for."""

    label = "application/octet-stream"


@odd(checks=("retrieve-anything",), into=ODD)
class InstancesAreJsonToAnybody(CallsDicomJsonJson):
    """Who accepts anything gets an instance as DICOM JSON, labelled application/json."""

    def retrieve(self, request: Request) -> Response:
        return self.metadata(request) if request.accept == "*/*" else super().retrieve(request)


@odd("retrieve", checks=("store-round-trip[ct_pair]", "store-round-trip[rle]"), into=ODD)
class OctetsBehindTheDataSet(Reference):
    """Every Part 10 file that is retrieved has three octets behind its data set."""

    def part10_of(self, instance: Instance, transfer_syntax: str, dataset: bytes) -> bytes:
        return super().part10_of(instance, transfer_syntax, dataset) + b"\r\n\0"


class _Framed(Reference):
    """A server whose multipart answers are framed in a way of its own."""

    def framed(self, root: MediaType, boundary: str, body: bytes) -> tuple[str, bytes]:
        """Return the Content-Type and the body of a multipart answer."""
        return f'multipart/related; type="{root.name}"; boundary="{boundary}"', body

    def multipart_answer(self, parts: Iterable[Part], root: MediaType, headers: Headers, status: int = 200) -> Response:
        body = b"".join(multipart.write(parts, "dicomweb-reference"))
        content_type, octets = self.framed(root, "dicomweb-reference", body)
        return self.answer([octets], content_type, status, headers)


MULTIPART = ("retrieve", "frames", "bulkdata", "xml")


@odd(*MULTIPART, into=ODD)
class LastDelimiterIsLikeTheOthers(_Framed):
    """The last delimiter of a multipart answer has no dashes at its end."""

    def framed(self, root: MediaType, boundary: str, body: bytes) -> tuple[str, bytes]:
        content_type, body = super().framed(root, boundary, body)
        return content_type, body.replace(f"--{boundary}--".encode(), f"--{boundary}".encode())


@odd(*MULTIPART, into=ODD)
class BoundaryNamedWithItsDashes(_Framed):
    """The boundary parameter of a multipart answer has the two dashes that only delimiters have."""

    def framed(self, root: MediaType, boundary: str, body: bytes) -> tuple[str, bytes]:
        content_type, body = super().framed(root, boundary, body)
        return content_type.replace(boundary, f"--{boundary}"), body


@odd("frames", "bulkdata", "retrieve", into=ODD)
class PartsSayNotWhatTheyAre(Reference):
    """No part of a multipart answer has a Content-Type, though the whole says what its parts are."""

    def multipart_answer(self, parts: Iterable[Part], root: MediaType, headers: Headers, status: int = 200) -> Response:
        bare = (replace(part, headers=tuple(h for h in part.headers if h[0] != "Content-Type")) for part in parts)
        return super().multipart_answer(bare, root, headers, status)


@odd("metadata", "charset", into=ODD)
class EmptyAttributesLost(Reference):
    """Metadata leave out what was stored without a value."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        return _without_empty(super().metadata_of(instance, request))


@odd("metadata", into=ODD)
class ListsAreText(Reference):
    """Several values of an attribute are one: the list of a programming language, written as text."""

    def json_values(self, element: Element, charset: Charset) -> list[Json]:
        values = super().json_values(element, charset)
        return values if len(values) < 2 or element.vr == "PN" else [str(values)]


@odd(
    checks=(*(f"search-returns-all-groups-of-a-name[{name}]" for name in NAMES), "metadata-values[names]"),
    into=ODD,
)
class NamesAreOneGroup(Reference):
    """All groups of a name stand in the alphabetic one, with the signs between them."""

    def json_values(self, element: Element, charset: Charset) -> list[Json]:
        values = super().json_values(element, charset)
        return [_in_one_group(value) for value in values] if element.vr == "PN" else values


def _in_one_group(name: Json) -> Json:
    if not isinstance(name, dict):
        return name
    groups = (str(name.get(group, "")) for group in ("Alphabetic", "Ideographic", "Phonetic"))
    return {"Alphabetic": "=".join(groups).rstrip("=")}


def _without_empty(model: Model) -> Model:
    kept = {}
    for tag, attribute in model.items():
        if not {"Value", "InlineBinary", "BulkDataURI"} & attribute.keys():
            continue
        values = attribute.get("Value")
        nested = attribute["vr"] == "SQ" and isinstance(values, list)
        kept[tag] = {**attribute, "Value": [_without_empty(item) for item in values]} if nested else attribute
    return kept


@odd("frames", "bulkdata", into=ODD)
class NoTransferSyntaxOfFrames(Reference):
    """What accepts frames with a transfer-syntax parameter is answered 406."""

    def acceptable(self, request: Request, default: MediaType) -> Ranges:
        ranges = super().acceptable(request, default)
        if request.frames and any(media.transfer_syntax for media, _ in ranges):
            raise Refusal.naming(406, [default])
        return ranges


@odd("negotiation", into=ODD)
class NoListsInAccept(Reference):
    """An Accept field with several media types is answered 406."""

    def acceptable(self, request: Request, default: MediaType) -> Ranges:
        if "," in (request.accept or ""):
            raise Refusal.naming(406, [default])
        return super().acceptable(request, default)


@odd("negotiation", "retrieve", "metadata", into=ODD)
class ErrorsAreEmptyArrays(Reference):
    """The body of a refusal is an empty array of DICOM JSON."""

    def refusal(self, refusal: Refusal) -> Response:
        return self.json_answer([], DICOM_JSON, refusal.status, list(dict(refusal.headers).items()))


@odd("xml", "negotiation", passes=("xml-search", "xml-search-limit", "xml-store-answer"), into=ODD)
class XmlForSearchOnly(Reference):
    """Results of a search come in XML, too; metadata do not."""

    def metadata(self, request: Request) -> Response:
        if "dicom+xml" in (request.accept or "") and "json" not in (request.accept or ""):
            raise Refusal.naming(406, [DICOM_JSON])
        return super().metadata(request)


@odd("search", checks=("metadata-one-object-per-instance",), into=ODD)
class ResultsInAnObject(Reference):
    """The results of a search stand in an object, and those of none are an empty one."""

    def search_answer(self, results: Sequence[Model], media: MediaType, headers: Headers) -> Response:
        content: Json = {"results": list(results)} if results else {}
        return self.json_answer(content, DICOM_JSON, 200, headers)


@odd("retrieve", checks=("store-round-trip[ct_pair]",), into=ODD)
class FilesLackTheirEnd(Reference):
    """Of every file that is retrieved the last ten octets were lost before it was framed."""

    def part10_of(self, instance: Instance, transfer_syntax: str, dataset: bytes) -> bytes:
        return super().part10_of(instance, transfer_syntax, dataset)[:-10]


@odd(
    into=ODD,
    checks=(
        *("frames-of-an-image", "frames-are-native-pixels[rgb-8-bit]", "frames-count-from-one", "frames-of-a-list"),
        *("frames-without-pad[first]", "frames-without-pad[second]", "frames-repeated", "frames-single-part-of-two"),
    ),
)
class LoopsAreOneFrame(Reference):
    """All the pixels of an image of several frames are its first frame, and it has no other."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        if numbers is None or "00280008" not in content:
            return super().native_values(instance, content, element, numbers)
        if set(numbers) != {1}:
            raise Refusal(404, "There is one frame.")
        return [element.value for _ in numbers]


@odd(into=ODD, checks=("frames-of-an-image", "frames-unacceptable", "frames-are-native-pixels[signed-16-bit]"))
class EveryFrameIsBare(Reference):
    """One frame comes as application/octet-stream alone, whatever is accepted."""

    def retrieve_frames(self, request: Request) -> Response:
        return super().retrieve_frames(replace(request, accept="application/octet-stream"))


@odd(into=ODD, checks=("frames-single-part", "frames-of-an-image", "http-range-of-a-single-part[frame]"))
class FramesInMultipartOnly(Reference):
    """One frame comes as multipart, whatever is accepted, with another boundary each time."""

    def retrieve_frames(self, request: Request) -> Response:
        return super().retrieve_frames(replace(request, accept='multipart/related; type="application/octet-stream"'))


@odd("bulkdata", into=ODD, passes=("bulkdata-by-uri", "bulkdata-is-the-value[OB]"))
class SmallPixelsInline(Reference):
    """Values of up to 1,000 octets stand in the metadata, pixels too; larger ones are given by a URI."""

    def json_binary(self, element: Element, location: str) -> Attribute:
        if element.encapsulated or len(element.value) > 1000:
            return {"vr": element.vr, "BulkDataURI": location}
        return {"vr": element.vr, "InlineBinary": base64.b64encode(element.value).decode()}


SEARCHED = (
    "search-studies",
    "search-by-keyword",
    "search-optional-key",
    "search-ignores-unknown-keys",
    "search-series-of-a-study",
)


@odd(into=ODD, checks=SEARCHED, passes=SEARCHED)
class SearchPathsEndWithSlash(Reference):
    """Searches are redirected to a path that ends in a slash, and the keys go along."""

    def routes(self) -> list[Route]:
        return [
            route
            for each in super().routes()
            for route in ([each, Route(f"{each.path}/", each.endpoint)] if _is_searched(each) else [each])
        ]

    async def exchange(self, steps: dict[str, Step], http: HttpRequest) -> Response:
        path = http.scope["raw_path"].decode("ascii")
        if http.method == "GET" and not path.endswith("/") and _is_collection(path):
            return self.redirected(http, f"{path}/")
        return await super().exchange(steps, http)


def _is_collection(path: str) -> bool:
    return path.rpartition("/")[2] in {"studies", "series", "instances"}


def _is_searched(route: Route) -> bool:
    return _is_collection(route.path)


@odd(
    into=ODD,
    checks=tuple(f"metadata-text-is-utf-8[{each}]" for each in ("ISO_IR-100", "IR13", "IR166", "ISO-2022-IR-87")),
)
class BackslashIsYen(Reference):
    """In ISO_IR 13 a backslash is a yen sign, in codes and numbers too, which then are no longer several."""

    def json_values(self, element: Element, charset: Charset) -> list[Json]:
        values = super().json_values(element, charset)
        if charset[:1] != ("ISO_IR 13",) or len(values) < 2 or element.vr not in {"CS", "DS"}:
            return values
        return ["\u00a5".join(map(str, values))] if element.vr == "CS" else []


WITHOUT_LOSS = tuple(
    f"frames-of-lossless[{each}]"
    for each in (
        *("jpeg_lossless", "jpeg_lossless_sv1", "jpeg_ls_lossless", "jpeg_2000_lossless", "jpeg_xl_lossless"),
        *("htj2k_lossless", "htj2k_lossless_rpcl", "rle_lossless", "deflated_image_frame"),
    )
)


@odd(into=ODD, checks=("frames-of-an-image", *WITHOUT_LOSS))
class FramesAreNotDecoded(Reference):
    """Frames of compressed images come as they are stored, and are called uncompressed."""

    def pixel_values(
        self,
        instance: Instance,
        content: Elements,
        element: Element,
        encoding: Encoding,
        numbers: Sequence[int] | None,
    ) -> list[bytes]:
        if encoding.is_native and element.encapsulated and numbers:
            encoding = replace(encoding, syntax=instance.transfer_syntax)
        return super().pixel_values(instance, content, element, encoding, numbers)


@odd(
    into=ODD,
    checks=(
        *("frames-of-an-image", "frames-of-lossless[encapsulated_uncompressed]", *WITHOUT_LOSS),
        *("rendered-instance-and-frame", "rendered-of-encoded[encapsulated_uncompressed]"),
        *("rendered-of-encoded[jpeg_lossless]", "rendered-of-encoded[rle_lossless]"),
    ),
)
class BlackSquaresForWhatIsCompressed(Reference):
    """In place of each compressed image stands a black square, as a frame and as a picture."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        if element.encapsulated and numbers:
            return [bytes(4096) for _ in numbers]
        return super().native_values(instance, content, element, numbers)

    def pictures(self, instance: Instance, numbers: Sequence[int], rendering: Rendering) -> list[Image]:
        found = super().pictures(instance, numbers, rendering)
        compressed = TRANSFER_SYNTAXES[instance.transfer_syntax].encapsulated
        return [each.point(lambda _: 0) for each in found] if compressed else found


JPEG_2000 = "1.2.840.10008.1.2.4.90"


@odd(
    into=ODD,
    checks=(
        *("frames-of-lossless[jpeg_2000_lossless]", "retrieve-decoded[jpeg_2000_lossless]"),
        *("rendered-of-encoded[jpeg_2000_lossless]", "retrieve-in-own-syntax[jpeg_2000_lossless]"),
    ),
)
class OneDecoderBreaks(Reference):
    """Whatever needs an image in JPEG 2000 decoded ends in 500."""

    def decodes(self, instance: Instance) -> bool:
        if instance.transfer_syntax == JPEG_2000:
            raise Refusal(500, "An exception.")
        return super().decodes(instance)

    def retrieve_rendered(self, request: Request) -> Response:
        if any(each.transfer_syntax == JPEG_2000 for each in self.found(request.resource)):
            raise Refusal(500, "An exception.")
        return super().retrieve_rendered(request)


SYNTAXES = (
    *("negotiation-transfer-syntax", "negotiation-unavailable-transfer-syntax"),
    *("negotiation-several-transfer-syntaxes", "retrieve-default-transfer-syntax[rle]", "retrieve-never-implicit"),
    *("retrieve-decoded[jpeg_ls_lossless]", "retrieve-in-own-syntax[jpeg_ls_lossless]"),
)


@odd(checks=SYNTAXES, into=ODD)
class SendsImplicitVrOnly(Reference):
    """Every instance comes in Implicit VR Little Endian, whatever is asked for."""

    def transfer_syntax_for(self, instance: Instance, wanted: Sequence[tuple[str | None, float]]) -> str | None:
        return self.default_transfer_syntax(instance)

    def part10_of(self, instance: Instance, transfer_syntax: str, dataset: bytes) -> bytes:
        explicit = dcmread(BytesIO(super().part10_of(instance, transfer_syntax, dataset)))
        written = DicomBytesIO()
        written.is_little_endian, written.is_implicit_VR = True, True
        write_dataset(written, explicit)
        return super().part10_of(instance, IMPLICIT_VR_LITTLE_ENDIAN, written.getvalue())


@odd(
    checks=(
        *(f"search-returns-all-groups-of-a-name[{name}]" for name in NAMES),
        *("metadata-values[names]", "search-matches-patient[PatientName]", "search-returns[study-PatientName]"),
    ),
    into=ODD,
)
class NamesAreStrings(Reference):
    """A name is the string that was stored, and no object of its groups."""

    def json_values(self, element: Element, charset: Charset) -> list[Json]:
        values = super().json_values(element, charset)
        return [_as_string(value) for value in values] if element.vr == "PN" else values

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        found = super().result(entity, level, query, request)
        names = {tag: each["Value"] for tag, each in found.items() if each["vr"] == "PN" and each.get("Value")}
        return found | {tag: {"vr": "PN", "Value": [_as_string(name) for name in of]} for tag, of in names.items()}


def _as_string(name: Json) -> Json:
    whole = _in_one_group(name)
    return whole["Alphabetic"] if isinstance(whole, dict) else whole


@odd(
    "retrieve",
    checks=("store-multipart", "store-round-trip[ct_pair]", "store-round-trip[rle]", "store-round-trip[two_series]"),
    passes=("store-round-trip[two_series]", "retrieve-returns-pixels[rle]", "retrieve-default-transfer-syntax[rle]"),
    into=ODD,
)
class FilesComeBare(Reference):
    """An instance comes as a bare file, whatever is accepted; a series or study as JSON of the server's own."""

    def retrieve(self, request: Request) -> Response:
        response = super().retrieve(request)
        if response.status_code != 200 or "dicom" not in (request.accept or ""):
            return response
        if request.resource.instance is None:
            return JSONResponse({"instances": len(self.found(request.resource))})
        ((_, (syntax,)), *_) = self.representations(request, self.found(request.resource))
        part = next(iter(self.retrieve_parts(request, self.found(request.resource), [syntax])))
        return Response(part.body, 200, media_type="application/dicom")


@odd(
    "retrieve",
    checks=(
        *("store-multipart", "store-into-study", "store-round-trip[ct_pair]", "store-round-trip[rle]"),
        "store-malformed[values]",
    ),
    freedoms=frozenset({"faults-borne-with"}),
    passes=("store-multipart", "store-round-trip[ct_pair]", "store-round-trip[rle]"),
    into=ODD,
)
class InstancesAreRetrievedAlone(Reference):
    """A study or a series is not retrieved: 404."""

    def retrieve(self, request: Request) -> Response:
        if request.resource.instance is None:
            raise Refusal(404, "Instances only.")
        return super().retrieve(request)


@odd("metadata", into=ODD)
class MetadataOfInstancesOnly(Reference):
    """There are no metadata of a series or a study: 404."""

    def resources(self) -> dict[str, dict[str, Step]]:
        tree = super().resources()
        return {path: steps for path, steps in tree.items() if path not in METADATA_ABOVE}


@odd("metadata", into=ODD)
class MetadataOfInstancesInAnObject(MetadataOfInstancesOnly):
    """There are no metadata of a series or a study, and those of an instance come without an array."""

    def json_answer(
        self, content: Json, media: MediaType, status: int = 200, headers: Headers | None = None
    ) -> Response:
        if isinstance(content, list) and len(content) == 1 and "7FE00010" in content[0]:
            content = {"metadata": content}
        return super().json_answer(content, media, status, headers)


METADATA_ABOVE = ("/studies/{study}/metadata", "/studies/{study}/series/{series}/metadata")


@odd(
    checks=(
        *("retrieve-decoded[jpeg_ls_lossless]", "retrieve-decoded[rle_lossless]", "retrieve-decoded[jpeg_lossless]"),
        *("retrieve-default-transfer-syntax[rle]", "retrieve-in-own-syntax[jpeg_ls_lossless]"),
        "negotiation-transfer-syntax",
    ),
    passes=("negotiation-transfer-syntax", "retrieve-in-own-syntax[jpeg_ls_lossless]"),
    into=ODD,
)
class CompressedFilesComeAsStored(Reference):
    """A compressed image comes in the transfer syntax that it is stored in, whatever is asked for."""

    def transfer_syntax_for(self, instance: Instance, wanted: Sequence[tuple[str | None, float]]) -> str | None:
        if instance.transfer_syntax in {EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN}:
            return super().transfer_syntax_for(instance, wanted)
        return instance.transfer_syntax
