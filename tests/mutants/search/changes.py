"""Defects that show while a study is stored in parts, stored again and deleted in parts."""

from __future__ import annotations

from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Query
from dicomweb_reference.messages import Request
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []
STORES, DELETES = "search-follows-stores", "search-follows-deletes"


@mutant(STORES, DELETES, may_trip=["search", "store"], into=MUTANTS)
class CountsOfTheFirstLook(Reference):
    """Instances are counted once, when somebody first asks."""

    def number_of_instances(self, resource: Resource) -> int:
        counted = vars(self).setdefault("counted", {})
        return int(counted.setdefault(resource, super().number_of_instances(resource)))


@mutant(DELETES, may_trip=["search", "delete"], into=MUTANTS)
class CountsOnlyGrow(Reference):
    """A count of series or instances is the largest there ever was."""

    def number_of_series(self, study: Resource) -> int:
        return self._largest(study, "series", super().number_of_series(study))

    def number_of_instances(self, resource: Resource) -> int:
        return self._largest(resource, "instances", super().number_of_instances(resource))

    def _largest(self, resource: Resource, of: str, number: int) -> int:
        most = vars(self).setdefault("most", {})
        most[resource, of] = max(number, most.get((resource, of), 0))
        return int(most[resource, of])


@mutant(DELETES, may_trip=["search", "delete"], into=MUTANTS)
class ModalitiesThatWere(Reference):
    """A study keeps the modality of a series that was deleted."""

    def modalities_in_study(self, study: Resource) -> list[str]:
        known = vars(self).setdefault("known", {}).setdefault(study, set())
        known.update(super().modalities_in_study(study))
        return sorted(known)


@mutant(STORES, may_trip=["search", "store"], into=MUTANTS)
class ListedForEachSeries(Reference):
    """A study that has two series is listed twice where it is searched by a modality."""

    def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
        found = super().matches(level, request, query)
        by_modality = level == "study" and "ModalitiesInStudy" in request.query
        return (
            [each for each in found for _ in range(self.number_of_series(each.resource("study")))]
            if by_modality
            else found
        )
