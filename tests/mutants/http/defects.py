"""Defects that the checks of scenario http must notice."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from starlette.middleware import Middleware
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from dicomweb_reference.dicom_json import Model
from dicomweb_reference.levels import Level
from dicomweb_reference.media_types import MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Headers, Reference, Step
from tests.mutants.mutant import EVERYWHERE, Mutant, mutant

MUTANTS: list[Mutant] = []
SEARCHED = (
    *("search", "series-of-a-study", "instances-of-a-study", "instances-of-a-series"),
    *("all-series", "all-instances"),
)
SINGLE = ("http-range-of-a-single-part[bulkdata]", "http-range-of-a-single-part[frame]")
TOKEN = "token-of-the-mutants-0815"  # noqa: S105 - of a server in this process


class Ranged(Reference):
    """A server whose answers to a Range are wrong in one way."""

    def wrong(self, response: Response) -> Response:
        return response

    def ranged(self, request: Request, octets: bytes, media_type: str, headers: Headers) -> Response:
        response = super().ranged(request, octets, media_type, headers)
        return self.wrong(response) if request.range else response


@mutant(*SINGLE, into=MUTANTS)
class RangesWithoutContentRange(Ranged):
    """A range does not say which it is."""

    def wrong(self, response: Response) -> Response:
        if response.status_code == 206:
            del response.headers["Content-Range"]
        return response


@mutant(*SINGLE, into=MUTANTS)
class RangesOffByOne(Reference):
    """A range begins one octet too late, and does not say so."""

    def ranged(self, request: Request, octets: bytes, media_type: str, headers: Headers) -> Response:
        return super().ranged(request, octets[1:] + octets[:1] if request.range else octets, media_type, headers)


@mutant(*SINGLE, into=MUTANTS)
class RangesAreWholes(Ranged):
    """A range comes with the status of the whole."""

    def wrong(self, response: Response) -> Response:
        response.status_code = 200 if response.status_code == 206 else response.status_code
        return response


@mutant(*SINGLE, into=MUTANTS)
class RangesBehindTheEndBreak(Reference):
    """A range that begins behind the end ends in 500."""

    def ranged(self, request: Request, octets: bytes, media_type: str, headers: Headers) -> Response:
        try:
            return super().ranged(request, octets, media_type, headers)
        except Refusal as refusal:
            raise Refusal(500, "An exception.") from refusal


@mutant("http-range-of-a-multipart", freedoms=["ranges-of-multipart"], into=MUTANTS)
class BoundariesChangeBetweenRanges(Reference):
    """Ranges of a multipart are cut from payloads with different boundaries."""

    def boundary(self) -> str:
        return uuid.uuid4().hex


@mutant("http-conditional-metadata", "http-etag-follows-the-content", into=MUTANTS)
class AnyTagIsCurrent(Reference):
    """Whatever tag If-None-Match names, the answer is 304."""

    def is_current(self, validator: str, condition: str | None) -> bool:
        return condition is not None


@mutant("http-conditional-metadata", into=MUTANTS)
class ListsOfTagsBreak(Reference):
    """An If-None-Match with several entity tags ends in 500."""

    def is_current(self, validator: str, condition: str | None) -> bool:
        if "," in (condition or ""):
            raise Refusal(500, "An exception.")
        return super().is_current(validator, condition)


@mutant("http-conditional-metadata", into=MUTANTS)
class AnyTagIsMalformed(Reference):
    """An If-None-Match of * is refused."""

    def is_current(self, validator: str, condition: str | None) -> bool:
        if condition == "*":
            raise Refusal(400, "No entity tag.")
        return super().is_current(validator, condition)


@mutant("http-etag-follows-the-content", freedoms=["validators-strong"], into=MUTANTS)
class TagOfTheResource(Reference):
    """The entity tag is that of the resource, whatever it holds."""

    def validator(self, models: Sequence[Model], media: MediaType) -> str:
        return '"the same for ever"'


@mutant("http-etag-follows-the-content", freedoms=["validators-strong"], into=MUTANTS)
class TagStaysAndConditionsAreIgnored(TagOfTheResource):
    """The entity tag stays while the content changes, and no condition is heeded."""

    def is_current(self, validator: str, condition: str | None) -> bool:
        return False


def breaking(
    name: str,
    defect: str,
    method: str,
    end: str,
    *kills: str,
    tiers: Sequence[str] = (),
    held: Collection[str] | None = None,
) -> None:
    """A server that breaks where a resource is asked for by some method; `held` are the levels that its path names."""

    class Breaking(Reference):
        async def exchange(self, steps: dict[str, Step], http: HttpRequest) -> Response:
            is_there = http.url.path.endswith(end) and (held is None or http.path_params.keys() == held)
            if http.method == method and is_there:
                raise Refusal(500, "An exception.")
            return await super().exchange(steps, http)

    Breaking.__doc__ = defect
    mutant(*kills, into=MUTANTS, name=name, tiers=tiers)(Breaking)


breaking("head-of-metadata-breaks", "HEAD of metadata ends in 500.", "HEAD", "/metadata", "http-head[metadata]")
breaking("head-of-a-search-breaks", "HEAD of a search ends in 500.", "HEAD", "/studies", "http-head[search]")
for _kind, _held in {
    "series-of-a-study": {"study"},
    "instances-of-a-study": {"study"},
    "instances-of-a-series": {"study", "series"},
    "all-series": set[str](),
    "all-instances": set[str](),
}.items():
    breaking(
        f"head-of-{_kind}-breaks",
        f"HEAD of {_kind.replace('-', ' ')} ends in 500.",
        "HEAD",
        "/instances" if "instances" in _kind else "/series",
        f"http-head[{_kind}]",
        held=_held,
    )
for _kind, _end in {"frame": "/frames/1", "rendered": "/rendered"}.items():
    breaking(f"head-of-a-{_kind}-breaks", f"HEAD of a {_kind} ends in 500.", "HEAD", _end, f"http-head[{_kind}]")
breaking(
    "head-of-an-instance-breaks",
    "HEAD of an instance ends in 500.",
    "HEAD",
    "",
    "http-head[instance]",
    held={"study", "series", "instance"},
)
breaking("patch-breaks", "PATCH ends in 500.", "PATCH", "/metadata", "http-method-not-supported", tiers=["unsafe"])


@mutant(*(f"http-options[{each}]" for each in SEARCHED), may_trip=["http", "google"], into=MUTANTS)
class OnlyPostIsAllowed(Reference):
    """Allow says that nothing but POST is supported."""

    def allow(self, methods: Iterable[str]) -> str:
        return "POST"


@mutant("http-delete-not-offered", may_trip=["delete"], tiers=["unsafe"], into=MUTANTS)
class DeleteOfNothingBreaks(Reference):
    """DELETE of what is not there ends in 500."""

    def delete(self, request: Request) -> Response:
        if not self.archive.instances(request.resource):
            raise Refusal(500, "An exception.")
        return super().delete(request)


@mutant("http-codings-listed[metadata]", "http-codings-listed[search]", into=MUTANTS, freedoms=["gzip-served"])
class GzipUnasked(Reference):
    """JSON comes in gzip to who says what is acceptable, whatever that is."""

    def coded(self, response: Response, accepted: str) -> Response:
        return super().coded(response, "gzip" if accepted else "")


@mutant("http-long-url", into=MUTANTS, may_trip=["search"])
class LongListsAreCut(Reference):
    """Of a long list of UIDs the first is not looked for."""

    def search(self, request: Request, level: Level) -> Response:
        if len(request.query) > 10_000:
            request = replace(request, query="StudyInstanceUID=" + request.query.partition(",")[2])
        return super().search(request, level)


class WantsAToken(Reference):
    """A server that answers who has the token, and says to others what it wants."""

    token = TOKEN

    def is_open(self, http: HttpRequest) -> bool:
        return False

    async def exchange(self, steps: dict[str, Step], http: HttpRequest) -> Response:
        if http.headers.get("authorization") != f"Bearer {TOKEN}" and not self.is_open(http):
            raise Refusal(401, "Who is there?", {"WWW-Authenticate": "Bearer"})
        return await super().exchange(steps, http)


@mutant(
    *(f"http-without-credentials[{each}]" for each in ("study", "metadata", "rendered", "thumbnail")),
    into=MUTANTS,
)
class OnlySearchesAreLocked(WantsAToken):
    """Searches want a token, and all that they find can be had without."""

    def is_open(self, http: HttpRequest) -> bool:
        return not http.url.path.endswith(("/studies", "/series", "/instances"))


class PagesOfOthers(Reference):
    """A server with rules of its own for pages of other origins."""

    def middleware(self) -> list[Middleware]:
        return []

    async def exchange(self, steps: dict[str, Step], http: HttpRequest) -> Response:
        if http.method == "OPTIONS" and "access-control-request-method" in http.headers:
            return Response(status_code=204, headers=self.preflight())
        return await super().exchange(steps, http)

    def preflight(self) -> dict[str, str]:
        return {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "authorization"}


@mutant("http-preflight", into=MUTANTS, may_trip=["http"])
class AnybodyWithCredentials(PagesOfOthers):
    """A preflight lets pages of any origin in, with credentials."""

    def preflight(self) -> dict[str, str]:
        return super().preflight() | {"Access-Control-Allow-Credentials": "true"}


@mutant("http-readable-across-origins", into=MUTANTS)
class NobodyMayRead(PagesOfOthers):
    """A preflight lets pages of any origin in, and no response lets them read it."""


class MixedUp(Reference):
    """Who comes over another connection gets what the one before asked for."""

    def __init__(self, freedoms: frozenset[str] | set[str] = frozenset()) -> None:
        super().__init__(freedoms)
        self.before: tuple[int, Request] | None = None
        self.port = 0

    def request_of(self, http: HttpRequest, body: bytes) -> Request:
        self.port = http.client.port if http.client else 0
        return super().request_of(http, body)

    def answered(self, request: Request) -> Request:
        """Return the request that is answered in place of one."""
        before, self.before = self.before, (self.port, request)
        return before[1] if before and before[0] != self.port else request


@mutant("http-clients-at-once[metadata]", may_trip=EVERYWHERE, into=MUTANTS)
class MetadataMixedUp(MixedUp):
    """Who asks for metadata over another connection gets those that were asked for before."""

    def metadata(self, request: Request) -> Response:
        return super().metadata(self.answered(request))


@mutant("http-clients-at-once[retrieve]", may_trip=EVERYWHERE, into=MUTANTS)
class RetrievesMixedUp(MixedUp):
    """Who retrieves over another connection gets what was retrieved before."""

    def retrieve(self, request: Request) -> Response:
        return super().retrieve(self.answered(request))


@mutant("http-clients-at-once[search]", may_trip=EVERYWHERE, into=MUTANTS)
class SearchesMixedUp(MixedUp):
    """Who searches over another connection gets what was found before."""

    def search(self, request: Request, level: Level) -> Response:
        other = self.answered(request)
        return super().search(other if other.resource == request.resource else request, level)


@mutant("http-frames-at-once", may_trip=EVERYWHERE, into=MUTANTS)
class FramesMixedUp(MixedUp):
    """Who asks for a frame over another connection gets the one that was asked for before."""

    def retrieve_frames(self, request: Request) -> Response:
        other = self.answered(request)
        return super().retrieve_frames(other if other.resource == request.resource else request)


@mutant("http-clients-at-once[retrieve]", may_trip=EVERYWHERE, into=MUTANTS)
class OneRetrieveAtATime(MixedUp):
    """A retrieval that comes over another connection than the one before ends in 500."""

    def retrieve(self, request: Request) -> Response:
        before, self.before = self.before, (self.port, request)
        if before and before[0] != self.port:
            raise Refusal(500, "The database is locked.")
        return super().retrieve(request)
