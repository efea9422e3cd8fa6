"""Defects that the checks of scenario delete must notice."""

from __future__ import annotations

from starlette.responses import Response

from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.dicom_json import Model, with_values
from dicomweb_reference.levels import Level
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []
LEVELS = ("instance", "series", "study")


@mutant(*(f"delete-is-answered[{level}]" for level in LEVELS), may_trip=["delete"], into=MUTANTS)
class DeleteBreaks(Reference):
    """DELETE ends in 500."""

    def delete(self, request: Request) -> Response:
        raise Refusal(500, "An exception.")


@mutant(*(f"delete-removes[{level}]" for level in LEVELS), may_trip=["delete"], into=MUTANTS)
class DeletesNothing(Reference):
    """DELETE is answered 204, and everything stays."""

    def delete_resource(self, resource: Resource) -> None:
        """Remove nothing."""


@mutant("delete-removes[series]", "delete-removes[study]", may_trip=["delete"], into=MUTANTS)
class LeavesOneInstance(Reference):
    """DELETE of a study or series leaves its last instance."""

    def delete_resource(self, resource: Resource) -> None:
        instances = self.archive.instances(resource)
        for each in instances[: max(1, len(instances) - 1)]:
            self.archive.remove(each.resource())


@mutant(*(f"delete-spares-siblings[{level}]" for level in ("instance", "series")), may_trip=["delete"], into=MUTANTS)
class DeletesTheStudy(Reference):
    """Whatever is named, its whole study is removed."""

    def delete_resource(self, resource: Resource) -> None:
        self.archive.remove(Resource(resource.study))


@mutant("delete-spares-siblings[study]", may_trip=["delete", "store", "search", "retrieve", "metadata"], into=MUTANTS)
class DeletesEverything(Reference):
    """DELETE of a study removes every study."""

    def delete_resource(self, resource: Resource) -> None:
        self.archive.remove(Resource() if resource.series is None else resource)


@mutant("delete-unknown", into=MUTANTS)
class UnknownBreaks(Reference):
    """DELETE of what is not there ends in 500."""

    def delete(self, request: Request) -> Response:
        if not self.archive.instances(request.resource):
            raise Refusal(500, "An exception.")
        return super().delete(request)


@mutant("delete-last-instance", may_trip=["delete"], into=MUTANTS)
class EmptyStudiesBreak(Reference):
    """A search for a study whose last instance was deleted ends in 500."""

    def delete_resource(self, resource: Resource) -> None:
        super().delete_resource(resource)
        if resource.instance and not self.archive.instances(Resource(resource.study)):
            self.emptied = {*getattr(self, "emptied", set()), resource.study}

    def search(self, request: Request, level: Level) -> Response:
        if any(study in request.query for study in getattr(self, "emptied", set())):
            raise Refusal(500, "An exception.")
        return super().search(request, level)


@mutant("delete-leaves-no-trace", into=MUTANTS)
class CountsAreNotTakenBack(Reference):
    """A study goes on counting the instances that it had."""

    def study_attributes(self, entity: Instance, request: Request) -> Model:
        most: dict[str, int] = self.__dict__.setdefault("most", {})
        count = self.archive.count("instance", entity.resource("study"))
        most[entity.study] = max(count, most.get(entity.study, 0))
        return super().study_attributes(entity, request) | {"00201208": with_values("IS", [most[entity.study]])}
