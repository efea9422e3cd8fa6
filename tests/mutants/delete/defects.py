"""Defects that the checks of scenario delete must notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.dicom_json import Json
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Query
from dicomweb_reference.media_types import DICOM_JSON
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
        for instance in instances[: max(1, len(instances) - 1)]:
            self.archive.remove(instance.resource())


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


@mutant("delete-leaves-metadata-of-the-rest", may_trip=["metadata"], into=MUTANTS)
class MetadataAreKept(Reference):
    """The metadata of a study are those that were asked for before something of it was deleted."""

    def metadata(self, request: Request) -> Response:
        kept: dict[str | None, list[Json]] = self.__dict__.setdefault("kept", {})
        if request.resource.series is not None:
            return super().metadata(request)
        there = self.found(request.resource)
        if len(kept.get(request.resource.study, [])) > len(there):
            return self.json_answer(list(kept[request.resource.study]), DICOM_JSON)
        kept[request.resource.study] = [self.presented(self.metadata_of(each, request)) for each in there]
        return super().metadata(request)


@mutant("delete-removes[series]", "delete-removes[instance]", may_trip=["delete"], into=MUTANTS)
class InstancesOfNothingAreListed(Reference):
    """What was deleted as a series or an instance stays in the list of all instances."""

    def delete_resource(self, resource: Resource) -> None:
        if resource.series:
            self._left().extend(self.archive.instances(resource))
        super().delete_resource(resource)

    def matches(self, level: Level, request: Request, query: Query) -> Sequence[Instance]:
        found = super().matches(level, request, query)
        if level != "instance" or request.resource != Resource():
            return found
        return [*found, *(each for each in self._left() if self.match(each, query))]

    def _left(self) -> list[Instance]:
        left: list[Instance] = vars(self).setdefault("left", [])
        return left


@mutant("delete-whole-path-counts[series]", "delete-whole-path-counts[instance]", may_trip=["delete"], into=MUTANTS)
class DeletesBelowAnyStudy(Reference):
    """A series or instance is deleted whatever study the path names."""

    def delete(self, request: Request) -> Response:
        here = request.resource
        if here.series:
            request = replace(request, resource=Resource(None, None if here.instance else here.series, here.instance))
        return super().delete(request)


@mutant("delete-spares-siblings[study]", may_trip=["delete"], into=MUTANTS)
class DeletesThePatient(Reference):
    """With a study all others of its patient are deleted."""

    def delete_resource(self, resource: Resource) -> None:
        if resource.series:
            super().delete_resource(resource)
            return
        patients = [each.attributes.get("00100020") for each in self.archive.instances(resource)]
        for instance in self.archive.instances(Resource()):
            if instance.attributes.get("00100020") in patients:
                self.archive.remove(instance.resource("study"))
