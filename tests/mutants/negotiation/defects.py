"""Defects that the checks of scenarios negotiation and charset must notice, and those of URIs as they stand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from dicomweb_reference import media_types
from dicomweb_reference.archive import Instance
from dicomweb_reference.levels import Level
from dicomweb_reference.media_types import DICOM_JSON, JPEG, MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Reference, Step
from dicomweb_reference.transactions.negotiation import Ranges
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []
PICTURES = ("negotiation", "rendered", "thumbnail")
BEFORE = ("negotiation", "metadata", "retrieve", "xml", "charset", "frames", "bulkdata")


def refusing(name: str, defect: str, odd: Callable[[Request], bool], *kills: str, status: int = 406) -> None:
    """A server that refuses a request for something odd about it that it should take."""

    class Refusing(Reference):
        def acceptable(self, request: Request, default: MediaType) -> Ranges:
            if odd(request):
                raise Refusal(status, "An odd request.")
            return super().acceptable(request, default)

    Refusing.__doc__ = defect
    mutant(*kills, may_trip=BEFORE, into=MUTANTS, name=name)(Refusing)


def accepts(text: str) -> Callable[[Request], bool]:
    return lambda request: text in (request.accept or "")


def asks(text: str) -> Callable[[Request], bool]:
    return lambda request: text in request.query


def names_charsets(text: str) -> Callable[[Request], bool]:
    return lambda request: text in (request.accept_charset or "")


refusing(
    "parameter-without-accept-breaks",
    "The accept parameter without Accept ends in 500.",
    lambda request: request.accept is None and "accept=" in request.query,
    "negotiation-parameter-without-header",
    status=500,
)
refusing(
    "wildcard-in-parameter-breaks",
    "A wildcard in the accept parameter ends in 500.",
    asks("accept=*/*"),
    "negotiation-parameter-takes-no-wildcard",
    status=500,
)
refusing(
    "parameter-refused",
    "The accept parameter is refused.",
    asks("accept="),
    "negotiation-parameter",
    status=406,
)
refusing("quality-zero-breaks", "A weight of 0 ends in 500.", accepts("q=0,"), "negotiation-quality-zero", status=500)
refusing(
    "lists-refused",
    "A list of media types is refused, unless anything will do at last.",
    lambda request: "," in (request.accept or "") and "*/*;q=0.1" not in (request.accept or ""),
    "negotiation-highest-quality",
    "negotiation-unsupported-passed-over[metadata]",
    "negotiation-malformed-passed-over",
    "negotiation-repeated-lines",
    "negotiation-several-transfer-syntaxes",
)
for resource, accepted in (
    ("search", 'type="application/octet-stream", application/dicom+json'),
    ("instance", "application/x-nothing, multipart/related"),
    ("wildcard", "application/xhtml+xml"),
):
    refusing(
        f"{resource}-of-a-list-refused",
        f"A list of media types is refused where it begins with one that is not to be had ({resource}).",
        accepts(accepted),
        f"negotiation-unsupported-passed-over[{resource}]",
    )
refusing(
    "mixed-categories-break",
    "A picture beside a DICOM media type ends in 500.",
    lambda request: "image/" in (request.accept or "") and "dicom" in (request.accept or ""),
    "negotiation-mixed-with-png",
    "negotiation-mixed-with-jpeg",
    status=500,
)
refusing(
    "parameter-names-compared-with-case",
    "The name of a media type parameter in capital letters is not known.",
    accepts("TYPE="),
    "negotiation-parameter-name-in-other-case",
)
refusing(
    "any-multipart-breaks",
    "multipart/* ends in 500.",
    lambda request: request.accept == "multipart/*",
    "negotiation-any-multipart",
    status=500,
)
refusing(
    "json-with-transfer-syntax-breaks",
    "JSON with a transfer syntax ends in 500.",
    accepts("dicom+json; transfer-syntax"),
    "negotiation-transfer-syntax-of-json",
    status=500,
)
refusing(
    "plain-json-breaks",
    "application/json ends in 500.",
    accepts("application/json"),
    "negotiation-plain-json",
    status=500,
)
refusing(
    "transfer-syntax-refused",
    "A transfer syntax in Accept is refused, * apart.",
    accepts("transfer-syntax=1."),
    "negotiation-transfer-syntax",
    "negotiation-several-transfer-syntaxes",
)
refusing(
    "unavailable-syntax-breaks",
    "A transfer syntax that cannot be had ends in 500.",
    accepts("1.2.840.10008.1.2.4.100"),
    "negotiation-unavailable-transfer-syntax",
    status=500,
)
refusing(
    "transfer-syntax-query-breaks",
    "The query parameter transferSyntax ends in 500.",
    asks("transferSyntax"),
    "negotiation-transfer-syntax-in-the-query",
    status=500,
)
refusing(
    "charset-of-json-refused",
    "A charset parameter of a media type is refused.",
    accepts("charset"),
    "charset-of-the-media-type[token]",
    "charset-of-the-media-type[quoted]",
)
refusing(
    "charset-parameter-refused", "A charset in the query is refused.", asks("charset="), "charset-parameter", status=400
)
refusing(
    "unsupported-charset-parameter-breaks",
    "A charset in the query that is not known ends in 500.",
    asks("charset=x-none"),
    "charset-parameter-unsupported",
    status=500,
)
refusing(
    "unsupported-charset-refused",
    "A character set that is not known is refused.",
    lambda request: bool(re.search("foo|x-none", request.accept_charset or "")),
    "charset-header-unsupported[unsupported-first]",
    "charset-header-unsupported[unsupported-only]",
)
refusing(
    "weighted-charsets-refused",
    "Weights of character sets are refused.",
    names_charsets("q="),
    "charset-header-weights",
    status=400,
)
refusing("charset-on-search-refused", "Accept-Charset is refused.", names_charsets("utf-8"), "charset-header-on-search")


@mutant("negotiation-default-quality", "negotiation-most-specific-range", may_trip=PICTURES, into=MUTANTS)
class RenderedAsJpegAlways(Reference):
    """Pictures come as JPEG wherever that is acceptable, whatever the weights are."""

    def negotiate(self, request: Request, offers: Sequence[MediaType]) -> MediaType:
        ranges = self.acceptable(request, offers[0])
        accepts_jpeg = JPEG in offers and media_types.quality(ranges, JPEG) > 0
        return JPEG if accepts_jpeg else super().negotiate(request, offers)


@mutant("negotiation-parameter-before-header", may_trip=PICTURES, into=MUTANTS)
class ParameterOfPicturesIgnored(Reference):
    """The accept parameter of rendered resources is ignored."""

    def retrieve_rendered(self, request: Request) -> Response:
        return super().retrieve_rendered(replace(request, query=""))


def odd_picture(name: str, defect: str, odd: Callable[[Request], bool], *kills: str) -> None:
    """A server that breaks where a rendered resource is asked for in an odd way."""

    class OddPicture(Reference):
        def retrieve_rendered(self, request: Request) -> Response:
            if odd(request):
                raise Refusal(500, "An exception.")
            return super().retrieve_rendered(request)

    OddPicture.__doc__ = defect
    mutant(*kills, may_trip=PICTURES, into=MUTANTS, name=name)(OddPicture)


odd_picture(
    "parameter-outside-header-breaks",
    "An accept parameter that Accept does not hold ends in 500.",
    lambda request: request.accept == "image/jpeg" and "accept=image/png" in request.query,
    "negotiation-parameter-outside-header",
)
odd_picture(
    "parameter-in-other-case-breaks",
    "A query parameter Accept ends in 500.",
    asks("Accept="),
    "negotiation-parameter-in-other-case",
)
odd_picture(
    "equal-quality-breaks",
    "Two types of the same weight end in 500.",
    lambda request: request.accept in {"image/jpeg, image/png", "image/png, image/jpeg"},
    "negotiation-equal-quality[jpeg-first]",
    "negotiation-equal-quality[png-first]",
)
odd_picture(
    "picture-with-transfer-syntax-breaks",
    "A rendered media type with a transfer syntax ends in 500.",
    accepts("image/jpeg; transfer-syntax"),
    "negotiation-transfer-syntax-of-a-picture",
)


@mutant("negotiation-highest-quality", may_trip=(*BEFORE, "store"), into=MUTANTS)
class FirstListedWins(Reference):
    """The media type that is listed first is chosen, whatever the weights are."""

    def acceptable(self, request: Request, default: MediaType) -> Ranges:
        ranges = super().acceptable(request, default)
        return [(media, quality / (1 + place)) for place, (media, quality) in enumerate((m, 1.0) for m, _ in ranges)]


@mutant("negotiation-parameter", may_trip=BEFORE, into=MUTANTS)
class AcceptParameterIgnored(Reference):
    """The accept parameter is ignored."""

    def acceptable(self, request: Request, default: MediaType) -> Ranges:
        return super().acceptable(replace(request, query=""), default)


@mutant("negotiation-repeated-lines", may_trip=BEFORE, into=MUTANTS)
class FirstAcceptLineOnly(Reference):
    """Of several Accept lines only the first is read."""

    def request_of(self, http: HttpRequest, body: bytes) -> Request:
        return replace(super().request_of(http, body), accept=http.headers.get("accept"))


@mutant("negotiation-single-part-of-a-study", may_trip=BEFORE, into=MUTANTS)
class StudyAsItsFirstInstance(Reference):
    """A study as a single application/dicom body is its first instance."""

    def instance_offers(self, request: Request) -> list[MediaType]:
        return [*super().instance_offers(request), MediaType("application/dicom")]


@mutant("negotiation-transfer-syntax", may_trip=(*BEFORE, "store"), into=MUTANTS)
class AlwaysRle(Reference):
    """Images come in RLE Lossless, whatever transfer syntax is asked for."""

    def transfer_syntax_for(self, instance: Instance, wanted: Sequence[tuple[str | None, float]]) -> str | None:
        found = super().transfer_syntax_for(instance, wanted)
        rle = "1.2.840.10008.1.2.5"
        return rle if found and wanted[0][0] not in {None, "*"} and self.deliverable(instance, rle) else found


@mutant("negotiation-several-transfer-syntaxes", may_trip=(*BEFORE, "store"), into=MUTANTS)
class RleForWhoeverListsTwo(AlwaysRle):
    """An image that is welcome in two transfer syntaxes comes in a third."""

    def transfer_syntax_for(self, instance: Instance, wanted: Sequence[tuple[str | None, float]]) -> str | None:
        if len(wanted) > 1:
            return super().transfer_syntax_for(instance, wanted)
        return Reference.transfer_syntax_for(self, instance, wanted)


@mutant(
    "charset-of-the-media-type[token]",
    "charset-parameter",
    "charset-parameter-unsupported",
    "charset-header-unsupported[unsupported-only]",
    may_trip=BEFORE,
    into=MUTANTS,
)
class WishesGiveLatin1(Reference):
    """Metadata are in ISO-8859-1 as soon as a request speaks of character sets."""

    def metadata(self, request: Request) -> Response:
        answer = super().metadata(request)
        if request.accept_charset or "charset" in request.query + (request.accept or ""):
            models = [self.presented(self.metadata_of(each, request)) for each in self.found(request.resource)]
            body = json.dumps(models, ensure_ascii=False).encode("latin-1", "replace")
            return self.answer([body], DICOM_JSON.name)
        return answer


@mutant("charset-header-on-search", into=MUTANTS, may_trip=["search"])
class CharsetHidesResults(Reference):
    """A search with Accept-Charset finds nothing."""

    def search(self, request: Request, level: Level) -> Response:
        return self.search_answer([], DICOM_JSON, []) if request.accept_charset else super().search(request, level)


# URIs as they stand


def odd_query(name: str, defect: str, odd: Callable[[str], bool], *kills: str, status: int = 500) -> None:
    """A server that refuses a search for how its query is spelt."""

    class Odd(Reference):
        def search(self, request: Request, level: Level) -> Response:
            if odd(request.query):
                raise Refusal(status, "An odd query.")
            return super().search(request, level)

    Odd.__doc__ = defect
    mutant(*kills, may_trip=["search"], into=MUTANTS, name=name)(Odd)


odd_query(
    "lower-case-hex-refused",
    "A percent-encoded octet in lower-case digits is refused.",
    lambda query: "%5e" in query,
    "search-percent-encoding-in-lower-case",
    status=400,
)
odd_query(
    "circumflex-breaks",
    "A circumflex as it is ends in 500.",
    lambda query: "^" in query,
    "search-circumflex-as-it-is",
)
odd_query(
    "repeated-key-breaks",
    "A key that is given twice ends in 500.",
    lambda query: query.count("PatientID") > 1,
    "search-repeated-key[same-value]",
    "search-repeated-key[other-value]",
)


@mutant("search-empty-query", into=MUTANTS)
class EmptyQueryBreaks(Reference):
    """A question mark with nothing behind it ends in 500.

    The framework does not show it, but that the connection is to be closed, as with every request to the octet.
    """

    async def exchange(self, steps: dict[str, Step], http: HttpRequest) -> Response:
        closes = http.headers.get("connection") == "close"
        if http.url.path.endswith("/series") and not http.url.query and closes:
            raise Refusal(500, "An exception.")
        return await super().exchange(steps, http)


@mutant("search-dot-segments", into=MUTANTS)
class DotSegmentsBreak(Reference):
    """Dot segments in a path end in 500."""

    def resources(self) -> dict[str, dict[str, Step]]:
        return {**super().resources(), "/studies/{study}/metadata/../series": {"GET": self.breaks}}

    def breaks(self, request: Request) -> Response:
        raise Refusal(500, "An exception.")
