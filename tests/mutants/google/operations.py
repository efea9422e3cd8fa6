"""Defects of the google flavour in deletes and their long-running operations."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from dicomweb_reference import operations
from dicomweb_reference.archive import Resource
from dicomweb_reference.google import DATASET, Google
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.operations import Json, Operation
from dicomweb_reference.outcomes import Reason, Received
from dicomweb_reference.server import Reference
from tests.mutants.mutant import EVERYWHERE, Mutant, mutant
from tests.mutants.samples import POLLED, POLLED_SERIES, POLLED_STUDY, checks

MUTANTS: list[Mutant] = []


@mutant("lro-delete-study", may_trip=EVERYWHERE, into=MUTANTS)
class DeletesAtOnce(Google):
    """A study or series is deleted at once, and answered 204."""

    def delete(self, request: Request) -> Response:
        self.found(request.resource)
        self.delete_resource(request.resource)
        return Response(status_code=204)


@mutant("lro-delete-series", may_trip=EVERYWHERE, into=MUTANTS)
class DeletesSeriesAtOnce(Google):
    """A series is deleted at once, and answered 200 with an empty object."""

    def delete(self, request: Request) -> Response:
        if request.resource.series is None:
            return super().delete(request)
        self.delete_resource(request.resource)
        return self.google_answer({})


@mutant("google-delete-instance", may_trip=EVERYWHERE, into=MUTANTS)
class DeletesInstancesByOperations(Google):
    """An instance is deleted by an operation."""

    def delete(self, request: Request) -> Response:
        self.found(request.resource)
        return self.google_answer(self.begun_answer(self.begin(request.resource)))


@mutant("google-delete-instance", may_trip=EVERYWHERE, into=MUTANTS)
class DeletesNoInstances(Google):
    """Studies and series are deleted, and the delete of an instance is refused."""

    def delete(self, request: Request) -> Response:
        if request.resource.instance is not None:
            raise Refusal(405, "Instances stay.", {"Allow": "GET"})
        return super().delete(request)


@mutant("google-delete-instance-removes", *checks("delete-instance"), may_trip=EVERYWHERE, into=MUTANTS)
class KeepsInstances(Google):
    """The delete of an instance is answered 200, and it stays."""

    def delete_resource(self, resource: Resource) -> None:
        if resource.instance is None:
            super().delete_resource(resource)


@mutant("google-delete-absent-instance", "lro-absent-study", may_trip=["google", "seed"], into=MUTANTS)
class AbsentBreaksTheDelete(Google):
    """The delete of what is not there ends in 500."""

    def delete(self, request: Request) -> Response:
        if not self.archive.instances(request.resource):
            raise Refusal(500, "An exception.")
        return super().delete(request)


@mutant("google-error-body", may_trip=EVERYWHERE, into=MUTANTS)
class SaysJsonOfText(Google):
    """An error body says that it is JSON, and is text."""

    def refusal(self, refusal: Refusal) -> Response:
        return Response(refusal.reason, refusal.status, dict(refusal.headers), "application/json; charset=UTF-8")


@mutant("lro-json", may_trip=EVERYWHERE, into=MUTANTS)
class TellsOfOperationsInWords(Google):
    """How far an operation has come is told in words, and called JSON."""

    def google_answer(self, content: Json, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        if isinstance(content, dict) and "metadata" in content:
            return Response("It goes on.", status, headers, "application/json")
        return super().google_answer(content, status, headers)


@mutant("lro-name", may_trip=["google", "seed"], into=MUTANTS)
class NamesWithASlash(Google):
    """The names of operations begin with a slash."""

    def begun_answer(self, operation: Operation) -> Json:
        return {"name": f"/{operation.name}"}


@mutant("lro-name", may_trip=["google", "seed"], into=MUTANTS)
class NamesAnotherDataset(Google):
    """Operations are named after another dataset."""

    def begun_answer(self, operation: Operation) -> Json:
        return {"name": operation.name.replace("/datasets/reference/", "/datasets/other/")}


@mutant("lro-names-differ", may_trip=["google", "seed"], into=MUTANTS)
class NamesAllTheSame(Google):
    """All operations have the same name."""

    def operation_name(self, number: int) -> str:
        return f"{DATASET}/operations/1000"


@mutant("lro-poll", "lro-ends", may_trip=["google", "seed"], into=MUTANTS)
class HasNoOperations(Google):
    """Operations cannot be read."""

    def get_operation(self, request: Request) -> Response:
        raise Refusal(404, "There is no such operation.")


@mutant("lro-metadata", into=MUTANTS)
class MetadataOfNoType(Google):
    """The metadata of an operation have no @type."""

    def operation_metadata(self, operation: Operation) -> Json:
        return {name: each for name, each in super().operation_metadata(operation).items() if name != "@type"}


@mutant("lro-metadata", into=MUTANTS)
class NumbersTheMethod(Google):
    """The name of the method called is a number."""

    def operation_metadata(self, operation: Operation) -> Json:
        return super().operation_metadata(operation) | {"apiMethodName": 7}


@mutant("lro-times", may_trip=["google", "seed"], into=MUTANTS)
class CreatesAgainAndAgain(Google):
    """createTime is the time of the poll."""

    def operation_metadata(self, operation: Operation) -> Json:
        return super().operation_metadata(operation) | {"createTime": operations.timestamp()}


@mutant("lro-times", into=MUTANTS)
class EndsBeforeTheEnd(Google):
    """endTime is there while an operation runs."""

    def operation_metadata(self, operation: Operation) -> Json:
        return {"endTime": operation.created} | super().operation_metadata(operation)


@mutant("lro-counters", into=MUTANTS)
class CountsInNumbers(Google):
    """Counters are JSON numbers."""

    def operation_counter(self, operation: Operation) -> Json:
        return {name: int(each) for name, each in super().operation_counter(operation).items()}


@mutant("lro-result", *POLLED, may_trip=["google"], into=MUTANTS)
class EndsInBothWays(Google):
    """A finished operation has a response and an error."""

    def operation_result(self, operation: Operation) -> Json:
        return super().operation_result(operation) | {"error": {"code": 2, "message": "Unknown."}}


@mutant("lro-result", *POLLED, may_trip=["google"], into=MUTANTS)
class SaysNothingOfTheResult(Google):
    """A finished operation has neither a response nor an error."""

    def operation_result(self, operation: Operation) -> Json:
        return {"done": True}


@mutant("lro-ends", *POLLED, into=MUTANTS)
class NeverEnds(Google):
    """Operations go on for ever."""

    def end(self, operation: Operation) -> None:
        operation.looks = 0


@mutant("lro-stays", may_trip=["google", "seed"], into=MUTANTS)
class ForgetsWhatIsOver(Google):
    """An operation that was seen to be over is forgotten."""

    def get_operation(self, request: Request) -> Response:
        operation = self.found_operation(request.operation)
        if operation.done:
            del self.operations[operation.name]
        return self.google_answer(self.operation_document(operation))


@mutant("lro-removes-study", "lro-removes-series", *POLLED, may_trip=EVERYWHERE, into=MUTANTS)
class SaysDoneAndDeletesNothing(Google):
    """An operation is done with a response, and nothing is deleted."""

    def end(self, operation: Operation) -> None:
        operation.ended = operations.timestamp()


@mutant("lro-removes-study", *POLLED_STUDY, into=MUTANTS)
class GoogleStudyLeavesOneInstance(Google):
    """The delete of a study leaves its last instance."""

    def delete_resource(self, resource: Resource) -> None:
        instances = self.archive.instances(resource)
        left = 1 if resource.series is None and len(instances) > 1 else 0
        for instance in instances[: len(instances) - left]:
            super().delete_resource(instance.resource())


@mutant("lro-removes-series", *POLLED_SERIES, into=MUTANTS)
class GoogleSeriesLeavesOneInstance(Google):
    """The delete of a series leaves its last instance."""

    def delete_resource(self, resource: Resource) -> None:
        instances = self.archive.instances(resource)
        left = 1 if resource.series and resource.instance is None and len(instances) > 1 else 0
        for instance in instances[: len(instances) - left]:
            super().delete_resource(instance.resource())


@mutant("lro-cancel", into=MUTANTS)
class CancelledNeverEnds(Google):
    """An operation that was asked to stop goes on for ever."""

    def end(self, operation: Operation) -> None:
        if operation.cancel_requested:
            operation.looks = 0
        else:
            super().end(operation)


@mutant("lro-second-delete", into=MUTANTS)
class SecondDeleteNeverEnds(Google):
    """A delete of what another operation deletes already goes on for ever."""

    def end(self, operation: Operation) -> None:
        earlier = [each for each in self.operations.values() if each.resource == operation.resource]
        if earlier[0] is not operation:
            operation.looks = 0
        else:
            super().end(operation)


@mutant("lro-spares-others", *POLLED_STUDY, may_trip=EVERYWHERE, into=MUTANTS)
class DeletesWhatCameBefore(Google):
    """The delete of a study removes every study that was stored before it, too."""

    def delete_resource(self, resource: Resource) -> None:
        here = self.archive.instances(resource)
        for instance in self.archive.instances(Resource()):
            if resource.series is None and here and instance.ordinal < here[0].ordinal:
                super().delete_resource(instance.resource())
        super().delete_resource(resource)


@mutant("lro-removes-series", *POLLED_SERIES, may_trip=["google"], into=MUTANTS)
class GoogleDeletesTheStudy(Google):
    """The delete of a series removes its study."""

    def delete_resource(self, resource: Resource) -> None:
        super().delete_resource(Resource(resource.study) if resource.instance is None else resource)


@mutant("lro-store-again", may_trip=EVERYWHERE, into=MUTANTS)
class NeverTakesBack(Google):
    """What was deleted and is stored again is lost behind a 200."""

    def keep(self, received: Received) -> None:
        if not self.archive.was_removed(received.identity.resource):
            super().keep(received)


@mutant("lro-adds-nothing", into=MUTANTS)
class AddsToWhatIsDeleted(Google):
    """An instance is added to a study while its delete runs, and goes with it."""

    def unwelcome(self, received: Received) -> Reason | None:
        return Reason.PROCESSING_FAILURE if self.is_changed(received) else Reference.unwelcome(self, received)


@mutant("lro-second-delete", may_trip=["google", "seed"], into=MUTANTS)
class SecondDeleteBreaksTheServer(Google):
    """A second delete while the first runs ends in 500."""

    def begin(self, resource: Resource) -> Operation:
        if any(each.resource == resource for each in self.running()):
            raise Refusal(500, "An exception.")
        return super().begin(resource)


@mutant("lro-goes-on[study]", "lro-goes-on[neighbour]", may_trip=EVERYWHERE, into=MUTANTS)
class StandsStillWhileDeleting(Google):
    """While an operation runs retrieves end in 500."""

    def retrieve(self, request: Request) -> Response:
        if self.running():
            raise Refusal(500, "An exception.")
        return super().retrieve(request)


@mutant("lro-unknown-operation", may_trip=["google", "seed"], into=MUTANTS)
class UnknownOperationsBreakTheServer(Google):
    """An operation that was never there ends in 500."""

    def no_operation(self, identifier: str) -> Refusal:
        return Refusal(500, "An exception.")


@mutant("lro-list", may_trip=["google", "seed"], into=MUTANTS)
class ListsNothing(Google):
    """The list of operations is empty."""

    def list_operations(self, request: Request) -> Response:
        return self.google_answer({})


@mutant("lro-list-paged", may_trip=["google", "seed"], into=MUTANTS)
class ListsTheFirstPageAgain(Google):
    """Every page of the list is the first."""

    def list_operations(self, request: Request) -> Response:
        documents: list[Any] = [self.operation_document(operation) for operation in self.operations.values()]
        return self.google_answer({"operations": documents[:1], "nextPageToken": "again"})


@mutant("lro-cancel", into=MUTANTS)
class CancelBreaksTheServer(Google):
    """A request to stop an operation ends in 500."""

    def cancel_operation(self, request: Request) -> Response:
        raise Refusal(500, "An exception.")


@mutant("lro-cancel", into=MUTANTS)
class EndsWithHttpCodes(Google):
    """The error of a cancelled operation has an HTTP status for its code."""

    def operation_result(self, operation: Operation) -> Json:
        result = super().operation_result(operation)
        return result | {"error": {"code": 499, "message": "Cancelled."}} if "error" in result else result


@mutant("lro-removes-every-series", may_trip=["seed"], into=MUTANTS)
class KeepsTheLastSeries(Google):
    """The delete of the only series of a study ends, and deletes nothing."""

    def end(self, operation: Operation) -> None:
        resource = operation.resource
        if resource.series and self.archive.instances(Resource(resource.study)) == self.archive.instances(resource):
            operation.ended = operations.timestamp()
        else:
            super().end(operation)


class _LeavesShells(Google):
    def __init__(self, freedoms: frozenset[str] | set[str] = frozenset()) -> None:
        self.shells: set[str] = set()
        super().__init__(freedoms)

    def retrieve(self, request: Request) -> Response:
        if request.resource.instance in self.shells:
            raise Refusal(404, "Its file is gone.")
        return super().retrieve(request)


@mutant("lro-cancelled-leaves-no-halves", may_trip=["google"], into=MUTANTS)
class CancelledDeletesTheFiles(_LeavesShells):
    """A delete that is cancelled leaves instances that are listed, and cannot be retrieved."""

    def end(self, operation: Operation) -> None:
        if operation.cancel_requested:
            self.shells |= {instance.instance for instance in self.archive.instances(operation.resource)}
        super().end(operation)


@mutant("lro-partly-failed", may_trip=["google", "seed"], into=MUTANTS)
class FailsToDeleteAndLeavesShells(_LeavesShells):
    """A delete fails with one instance, which is listed and cannot be retrieved."""

    def delete_resource(self, resource: Resource) -> None:
        instances = self.archive.instances(resource)
        if resource.series is None and len(instances) > 1:
            self.shells.add(instances[-1].instance)
            instances = instances[:-1]
        for instance in instances:
            super().delete_resource(instance.resource())

    def operation_counter(self, operation: Operation) -> Json:
        return super().operation_counter(operation) | ({"failure": "1"} if operation.done else {})
