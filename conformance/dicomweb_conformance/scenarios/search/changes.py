"""Stores and deletes of what one study has, and what searches and a retrieval must say after each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dicomweb_conformance.archive.contents import listed
from dicomweb_conformance.checks.expect import BUSY, assume, expect, offered, read_parts
from dicomweb_conformance.dicom import json_model, store_response
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.scenarios.search.controls import INSTANCE, SERIES, STUDY
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance, Series, Study

DELETED = frozenset({200, 202, 204})
NOT_OFFERED = frozenset({401, 403, 404, 405, 501})
_MODALITIES, _SERIES_OF_STUDY, _OF_STUDY, _OF_SERIES = "00080061", "00201206", "00201208", "00201209"
_OF_NONE = "XX"
"""A modality that no series has."""

Shape: TypeAlias = "frozenset[tuple[int, int]]"
"""Which instances of a study are meant, by the places of their series and their own."""
WHOLE: Shape = frozenset({(0, 0), (0, 1), (1, 0), (1, 1)})
"""A study of two series with two instances each."""
_PARTS = ((None, None), (0, None), (1, None), *sorted(WHOLE))


@dataclass(frozen=True)
class Change:
    """A store or a delete: of the study, of a series, or of one instance."""

    verb: str
    series: int | None = None
    instance: int | None = None

    def __str__(self) -> str:
        """Say it as a reader would."""
        series = "" if self.series is None else f" series {self.series + 1}"
        instance = "" if self.instance is None else f" instance {self.instance + 1} of"
        return f"{self.verb}{instance}{series or ' the study'}"

    @property
    def named(self) -> Shape:
        """Where what is stored or deleted stands in the study."""
        return frozenset(each for each in WHOLE if self.series in (None, each[0]) and self.instance in (None, each[1]))

    def after(self, there: Shape) -> Shape:
        """Return what is there after it."""
        return there - self.named if self.verb == "delete" else there | self.named

    def is_settled(self, there: Shape) -> bool:
        """Tell whether it is settled what becomes of it.

        Not of a delete of what is not there, nor of one that leaves a study or series without an instance.
        """
        if self.verb == "store":
            return True
        if not self.named <= there:
            return False
        if self.instance is not None:
            return any(series == self.series for series, _ in self.after(there))
        return self.series is None or bool(self.after(there))

    def resource(self, study: Study) -> Study | Series | Instance:
        """Return what is stored or deleted."""
        if self.series is None:
            return study
        series = study.series[self.series]
        return series if self.instance is None else series.instances[self.instance]

    def instances(self, study: Study) -> tuple[Instance, ...]:
        """Return the instances that are stored or deleted."""
        resource = self.resource(study)
        return resource.instances if isinstance(resource, (Study, Series)) else (resource,)


STORES, DELETES = (tuple(Change(verb, *part) for part in _PARTS) for verb in ("store", "delete"))


def shorter(changes: Sequence[Change]) -> Iterator[tuple[Change, ...]]:
    """Yield the histories with one change less, the last being what shows: those of which it is settled what comes."""
    for at in range(len(changes) - 1):
        left = (*changes[:at], *changes[at + 1 :])
        there: Shape = frozenset()
        for each in left:
            if not each.is_settled(there):
                break
            there = each.after(there)
        else:
            yield left


@dataclass(frozen=True)
class Wrong:
    """What is not as it must be: the code that says so, where, and the words that show it."""

    code: str
    response: Response
    where: str
    expected: str
    received: str


@dataclass
class History:
    """What becomes of one study, change by change.

    Attributes:
        dicomweb: the service that is asked.
        study: what may be stored; nobody else stores of it.
        there: the SOP Instance UIDs of what is stored.
        made: the changes so far.
    """

    dicomweb: StudiesService
    study: Study
    there: set[str] = field(default_factory=set)
    made: list[Change] = field(default_factory=list)

    def make(self, change: Change) -> None:
        """Make a change.

        Raises:
            Inconclusive: a store or delete does not work.
            NotApplicable: DELETE is not offered.
        """
        instances = change.instances(self.study)
        uids = {instance.sop_instance_uid for instance in instances}
        if change.verb == "delete":
            response = self.dicomweb.delete(change.resource(self.study))
            said = f"DELETE: status {response.status}"
            offered(response.status not in NOT_OFFERED, f"DELETE is not offered: {said}", "delete")
            assume(response.status in DELETED, said, "delete-is-answered[study]")
            self.there -= uids
        else:
            response = self.dicomweb.store(instances)
            again = uids <= self.there
            known = response.status == 200 or (again and response.status in {202, 409})
            if not known:
                answer = store_response.of_body(response.body)
                assume(response.status == 202 and answer, f"a store: status {response.status}", "store-multipart")
                uids &= set(answer.stored_uids) if answer else set()
            self.there |= uids
        self.made.append(change)

    def wrong(self) -> Wrong | None:
        """Return the first thing that does not fit to what is there."""
        return next(self._all_wrong(), None)

    def retrieves_otherwise(self) -> Wrong | None:
        """Return what a retrieval of the study shows that does not fit to what is there."""
        response = self.dicomweb.retrieve(self.study)
        if response.status in BUSY or response.exceeded or (self.there and response.status in {400, 406}):
            return None
        found: set[str] = set()
        if response.status == 200:
            try:
                found = {str(read_part.get("SOPInstanceUID", "")) for read_part in read_parts(response)}
            except UnreadableError:
                return None  # which is judged of each message
        if found == self.there:
            return None
        return Wrong(
            "another-set-is-retrieved",
            response,
            Harmless(self._path),
            f"{len(self.there)} instances: {_listed(self.there)}",
            Harmless(f"status {response.status}, {len(found)} instances: {_listed(found)}"),
        )

    @property
    def _path(self) -> str:
        return f"studies/{self.study.study_instance_uid}"

    def _of(self, series: Series, there: set[str]) -> set[str]:
        return {instance.sop_instance_uid for instance in series.instances} & there

    def _all_wrong(self) -> Iterator[Wrong]:
        own = {"StudyInstanceUID": self.study.study_instance_uid}
        filled = {each.uid: each for each in self.study.series if self._of(each, self.there)}
        modalities = {each.modality for each in filled.values()}
        is_there = {self.study.study_instance_uid} if filled else set()
        numbers = {_SERIES_OF_STUDY: len(filled), _OF_STUDY: len(self.there)}
        yield from self._lists("studies", own, STUDY, dict.fromkeys(is_there, numbers), modalities=sorted(modalities))
        for modality in sorted({each.modality for each in self.study.series}):
            by_modality = is_there if modality in modalities else set()
            wrong = [
                *self._lists("studies", own | {"ModalitiesInStudy": modality}, STUDY, {uid: {} for uid in by_modality})
            ]
            if not (wrong and self._does_not_filter(own | {"ModalitiesInStudy": _OF_NONE})):
                yield from wrong
        of_series = {uid: {_OF_SERIES: len(self._of(each, self.there))} for uid, each in filled.items()}
        yield from self._lists(f"{self._path}/series", {}, SERIES, of_series)
        for each in self.study.series:
            path = f"{self._path}/series/{each.uid}/instances"
            yield from self._lists(path, {}, INSTANCE, {uid: {} for uid in self._of(each, self.there)})

    def _does_not_filter(self, query: dict[str, str]) -> bool:
        """Tell whether the study is found by what it has not: that a key is ignored is told where it is judged."""
        return self.study.study_instance_uid in listed(self.dicomweb.search("studies", query), STUDY)

    def _lists(
        self,
        path: str,
        query: dict[str, str],
        tag: str,
        wanted: dict[str, dict[str, int]],
        modalities: Sequence[str] = (),
    ) -> Iterator[Wrong]:
        """Compare what a search lists with what is there: each once, its counts and modalities right."""
        response = self.dicomweb.search(path, query)
        if not wanted and response.status in {404, 410} and query == {}:
            return
        if response.status == 400 and "ModalitiesInStudy" in query:  # which is told where that key is judged
            return
        with expect(response) as it:
            results = it.is_a_list_of_matches().own
        where = Harmless(f"{path}?{'&'.join(f'{key}={value}' for key, value in query.items())}".rstrip("?"))
        found = [json_model.text(each, tag) for each in results]
        expected, received = _listed(wanted), Harmless(_listed(found))
        if set(wanted) - set(found):
            yield Wrong("what-is-there-is-not-found", response, where, expected, received)
        if set(found) - set(wanted):
            yield Wrong("what-is-gone-is-found", response, where, expected, received)
        if len(found) > len(set(found)):
            yield Wrong("an-entity-is-listed-twice", response, where, expected, received)
        for uid, result in zip(found, results, strict=True):
            for count, number in wanted.get(uid, {}).items():
                told = json_model.text(result, count)
                if told and told.strip() != str(number):
                    yield Wrong("a-count-is-wrong", response, Harmless(f"{where} {count}"), str(number), told)
            listed = sorted({str(each) for each in json_model.values(result, _MODALITIES)})
            if modalities and listed and listed != list(modalities):
                place = Harmless(f"{where} {_MODALITIES}")
                yield Wrong("modalities-are-wrong", response, place, ", ".join(modalities), ", ".join(listed))


def _listed(uids: Sequence[str] | set[str] | dict[str, dict[str, int]]) -> str:
    return ", ".join(sorted(uids)) or "none"
