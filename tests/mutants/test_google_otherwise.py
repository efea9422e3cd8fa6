"""No false alarm on stores that do what the Cloud Healthcare API leaves open in another way than the google flavour."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse

from dicomweb_reference import operations
from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.dicom_json import Model
from dicomweb_reference.google import Google
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Query
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.operations import Json, Operation
from dicomweb_reference.outcomes import Outcome
from dicomweb_reference.rendering import Viewport
from dicomweb_reports import samples
from tests.mutants.google.access import TakesTokensInHeadersOnly, WantsAToken
from tests.mutants.harness import judged


class ChallengesNobody(WantsAToken):
    """401 names no scheme."""

    def unauthenticated(self) -> Refusal:
        return Refusal(401, "Request is missing required authentication credential.")


class HidesWhatIsThere(WantsAToken):
    """Who has no token is told that there is nothing."""

    def unauthenticated(self) -> Refusal:
        return Refusal(404, "There is no such store.")


class ListsEmptyStudies(Google):
    """A study whose series were all deleted is still listed."""

    def __init__(self, freedoms: frozenset[str] | set[str] = frozenset()) -> None:
        self.empty: dict[str, Instance] = {}
        super().__init__(freedoms)

    def delete_resource(self, resource: Resource) -> None:
        if resource.series:
            self.empty |= {instance.study: instance for instance in self.archive.instances(Resource(resource.study))}
        super().delete_resource(resource)

    def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
        found = super().matches(level, request, query)
        asked = [each for each in self.empty.values() if level == "study" and self.match(each, query)]
        return found or asked


class FailsWithOne(Google):
    """A delete of a study leaves an instance, and counts it as a failure."""

    def delete_resource(self, resource: Resource) -> None:
        instances = self.archive.instances(resource)
        left = 1 if resource.series is None and len(instances) > 1 else 0
        for instance in instances[left:]:
            super().delete_resource(instance.resource())

    def operation_counter(self, operation: Operation) -> Json:
        return super().operation_counter(operation) | ({"failure": "1"} if operation.done else {})


class FailsWithOneAndSaysSo(FailsWithOne):
    """And the operation ends with an error."""

    def operation_result(self, operation: Operation) -> Json:
        return {"done": True, "error": {"code": 13, "message": "One instance could not be deleted."}}


class StopsHalfWay(Google):
    """A delete that is cancelled has removed the first instance already."""

    def end(self, operation: Operation) -> None:
        if operation.cancel_requested:
            self.delete_resource(self.archive.instances(operation.resource)[0].resource())
        super().end(operation)


class IsTooQuickToStop(Google):
    """A request to stop an operation comes too late."""

    def end(self, operation: Operation) -> None:
        self.delete_resource(operation.resource)
        operation.ended = operations.timestamp()


class KnowsNoLimitOfItsOwn(Google):
    """Without limit all results come."""

    def search_query(self, request: Request, level: Level) -> Query:
        query = super().search_query(request, level)
        return query if request.parameter("limit") else replace(query, limit=None)


class GivesCanonicalCodes(Google):
    """The code of an error body is that of google.rpc.Code."""

    def refusal(self, refusal: Refusal) -> HttpResponse:
        error = {"code": 5, "message": refusal.reason, "status": "NOT_FOUND"}
        return self.google_answer({"error": error}, refusal.status, dict(refusal.headers))


class PadsPictures(Google):
    """A picture fills its viewport, with a margin about it."""

    def scaled(self, picture: Image.Image, viewport: Viewport) -> Image.Image:
        return ImageOps.pad(picture, (viewport.width, viewport.height))


class DeletesInstancesWithoutAWord(Google):
    """The delete of an instance is answered 204."""

    def delete(self, request: Request) -> HttpResponse:
        answer = super().delete(request)
        return answer if request.resource.instance is None else HttpResponse(status_code=204)


class NamesNoStudyUrl(Google):
    """The answer to a store names where each instance is, and not where the study is."""

    def store_module(self, request: Request, outcomes: Sequence[Outcome]) -> Model:
        return {tag: each for tag, each in super().store_module(request, outcomes).items() if tag != "00081190"}


class GivesStudiesInPartsOnly(Google):
    """A study comes as multipart where a single part is asked for."""

    def request_of(self, http: HttpRequest, body: bytes) -> Request:
        request = super().request_of(http, body)
        single = request.accept == "application/dicom" and request.resource.study and not request.resource.series
        return replace(request, accept=None) if single else request


OTHERWISE = [
    (NamesNoStudyUrl, "google-retrieve-urls", "deviation", "absent"),
    (DeletesInstancesWithoutAWord, "google-delete-instance", "deviation", "204"),
    (DeletesInstancesWithoutAWord, "seed-delete-instance[curl]", "note", "no-body-which-the-client-does-not-read"),
    (GivesStudiesInPartsOnly, "google-study-not-single[single-part]", "note", "200-with-multipart-dicom-default"),
    (PadsPictures, "google-viewport[wider]", "note", "undistorted-picture-with-margin"),
    (GivesCanonicalCodes, "google-error-body", "note", "code-differs-from-the-http-status"),
    (ChallengesNobody, "google-token-wanted[absent]", "note", "401-without-www-authenticate"),
    (HidesWhatIsThere, "google-token-wanted[broken]", "deviation", "404"),
    (TakesTokensInHeadersOnly, "google-access-token", "deviation", "401-or-403"),
    (ListsEmptyStudies, "lro-removes-every-series", "note", "an-empty-study-is-listed"),
    (FailsWithOne, "lro-partly-failed", "note", "response-although-failures-counted"),
    (FailsWithOne, "lro-removes-study", "inconclusive", ""),
    (FailsWithOneAndSaysSo, "lro-partly-failed", "pass", ""),
    (StopsHalfWay, "lro-cancelled-leaves-no-halves", "pass", ""),
    (IsTooQuickToStop, "lro-cancelled-leaves-no-halves", "not-applicable", ""),
]


@pytest.mark.parametrize(("server", "check", "verdict", "code"), OTHERWISE)
def test_what_is_left_open_is_no_failure(
    server: type[Google], check: str, verdict: str, code: str, tmp_path: Path
) -> None:
    run = judged(server(), tmp_path, checks={check})

    (result,) = [each for each in run.results if each.check == check]
    assert (result.verdict, [finding.code for finding in result.findings]) == (verdict, [code] if code else []), (
        result.reason
    )
    assert not [each.check for each in run.results if each.verdict in {"fail", "error"}]


LARGE = [f"google-default-limit[{each}]" for each in ("studies", "series", "instances")]


def test_more_results_than_documented_are_no_failure(tmp_path: Path) -> None:
    run = judged(KnowsNoLimitOfItsOwn(), tmp_path, "--dicomweb-include=delete,large", checks=LARGE)

    assert {result.check: result.verdict for result in run.results if result.check in LARGE} == dict.fromkeys(
        LARGE, "deviation"
    )


class HasTheLeast(Google):
    """Takes and gives no single part, decodes nothing in a query, deletes no instance, and reads no list in Accept."""

    def request_of(self, http: HttpRequest, body: bytes) -> Request:
        request = super().request_of(http, body)
        if http.method == "DELETE" and request.resource.instance:
            raise Refusal(405, "Instances are not deleted.", {"Allow": "GET"})
        if "," in (request.accept or "") and request.resource.study and not http.url.path.endswith("/metadata"):
            raise Refusal(400, "Accept is no media type.")
        return replace(request, query=request.query.replace("%", "%25").replace("+", "%2B"))


TOLD_BY = {
    "seed-store[curl]": "google-single-part-store",
    "seed-retrieve-instance[curl]": "google-single-part-retrieve",
    "seed-retrieve-instance[java]": "negotiation-unsupported-passed-over[instance]",
    "seed-retrieve-study[java]": "negotiation-unsupported-passed-over[instance]",
    "seed-rendered[java]": "negotiation-equal-quality[jpeg-first]",
    "seed-search-studies[go]": "search-decodes-reserved-characters",
    "seed-delete-instance[curl]": "google-delete-instance",
}


def test_what_the_target_lacks_is_told_once_and_breaks_each_client(tmp_path: Path) -> None:
    server = HasTheLeast({"single-part-store-refused", "no-single-part"})
    run = judged(server, tmp_path, checks={*TOLD_BY, *TOLD_BY.values()})

    results = {result.check: result for result in run.results}
    assert {check: results[check].blame for check in TOLD_BY} == TOLD_BY
    assert {results[check].verdict for check in TOLD_BY} == {"inconclusive"}
    assert {check for check, each in results.items() if each.verdict == "fail"} == set(TOLD_BY.values())
    assert {row.outcome for row in samples.rows(run)} == {"breaks"}
