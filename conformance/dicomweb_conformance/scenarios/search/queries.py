"""Queries on the studies of one patient: where they are asked, and what an answer must hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import quote

from dicomweb_conformance.dicom import matching
from dicomweb_conformance.dicom.matching import Answers, Attributes, Entity
from dicomweb_conformance.dicom.search_attributes import (
    INSTANCE_KEYS,
    PATIENT_KEYS,
    SERIES_KEYS,
    STUDY_KEYS,
    UNIQUE_KEYS,
    MatchKey,
)
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.resources import Value
from dicomweb_fixtures.entities import Patient, Study

UID_WITH_WILD_CARD = "wild card in a UID"
RESERVED = "characters that need percent-encoding"
NO_VALUE = "no value"
_OF_ANY_KEY = ("range", "list", "wild", "star", "lone", "question", "characters", NO_VALUE)
PAIRS = (("StudyDate", "StudyTime"), ("PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime"))
"""Dates and the times that belong to them."""
_TIMES = frozenset(time for _, time in PAIRS)
MOMENTS = frozenset(each for pair in PAIRS for each in pair)
TAGS = {key.id: key.tag for key in (*STUDY_KEYS, *PATIENT_KEYS, *SERIES_KEYS, *INSTANCE_KEYS)}


@dataclass(frozen=True)
class Key:
    """A key of a query: its keyword, its value, in which form that is, and how the key is spelled."""

    keyword: str
    value: str | Sequence[str]
    form: str
    by_tag: bool = False

    @property
    def kind(self) -> str:
        """What two keys share that go wrong for one cause: the form, or the keyword of a plain value."""
        return self.form if self.form.startswith(_OF_ANY_KEY) else self.keyword

    @property
    def name(self) -> str:
        """What stands before the equals sign."""
        return TAGS[self.keyword] if self.by_tag else self.keyword


@dataclass(frozen=True, eq=False, repr=False)
class Place:
    """A resource to search, with what it holds of the patient.

    Attributes:
        path: of the resource, below the base URL.
        level: of its results.
        entities: what it holds.
        keys: the keys of the levels that Table 10.6.1-4 gives it.
        confined: the parameter that confines a search to the patient, where the path does not.
        upper: keys of the levels above that are no part of its results unless asked for.
        unread: forms of matching that the server does not read at all, which their own checks tell.
        tags: whether it reads a key that is written as tag, which its own check tells.
    """

    path: str
    level: str
    entities: tuple[Entity, ...]
    keys: tuple[MatchKey, ...]
    confined: tuple[tuple[str, Value], ...] = ()
    upper: tuple[str, ...] = ()
    unread: frozenset[str] = frozenset()
    tags: bool = True

    def by_unique_key(self) -> Place:
        """Return the same resource, searched for the patient's own by a list of their unique keys."""
        keyword = next(key.id for key in self.keys if key.tag == self.unique_key)
        uids = tuple(entity.uid for entity in self.entities)
        return replace(self, confined=((keyword, uids),), keys=tuple(key for key in self.keys if key.id != keyword))

    @property
    def keys_together(self) -> list[tuple[str, str]]:
        """Dates and times among its keys that can be one range."""
        if "range" in self.unread:
            return []
        return [pair for pair in PAIRS if set(pair) <= {key.id for key in self.keys}]

    @property
    def unique_key(self) -> str:
        """The tag that tells one result from another."""
        return UNIQUE_KEYS[self.level]


@dataclass(frozen=True)
class Query:
    """A query: keys, a page of its results, and attributes to be included."""

    place: Place
    keys: tuple[Key, ...] = ()
    limit: int | None = None
    offset: int | None = None
    include: tuple[str, ...] = ()

    @property
    def is_paged(self) -> bool:
        """Whether a page of the results is asked for."""
        return self.limit is not None or self.offset is not None

    @property
    def is_encoded(self) -> bool:
        """Whether it has a value that cannot be sent as it stands."""
        values = [key.value if isinstance(key.value, str) else "".join(key.value) for key in self.keys]
        return any(quote(value, safe="*?") != value for value in values)

    @property
    def kinds(self) -> frozenset[str]:
        """What kinds of parameters it has."""
        extra = {"paging": self.is_paged, "includefield": bool(self.include)}
        return frozenset({key.kind for key in self.keys} | {name for name, is_there in extra.items() if is_there})

    @property
    def has_rare_forms(self) -> bool:
        """Whether it has wild cards or ranges of times, which some archives do without."""
        return any(
            key.form.startswith(("star", "lone", "question")) or (key.keyword in _TIMES and "-" in key.value)
            for key in self.keys
        )

    def parameters(self) -> list[tuple[str, Value]]:
        """Return what is sent."""
        found: list[tuple[str, Value]] = [*self.place.confined]
        found += [(key.name, key.value) for key in self.keys]
        if self.include:
            found.append(("includefield", self.include))
        found += [(name, value) for name in ("limit", "offset") if (value := getattr(self, name)) is not None]
        return found

    def answers(self, *reading: str) -> Answers:
        """Return which entities an answer must and may hold, were it not paged."""
        keys = {key.keyword: key.value for key in self.keys}
        return matching.answers(self.place.entities, keys, reading=reading)

    def smaller(self) -> list[Query]:
        """Return the queries with one parameter less, and those with a plainer spelling."""
        found = [replace(self, keys=self.keys[:at] + self.keys[at + 1 :]) for at in range(len(self.keys))]
        if self.include:
            found.append(replace(self, include=()))
        if self.is_paged:
            found.append(replace(self, limit=None, offset=None))
        if self.limit is not None and self.offset is not None:
            found += [replace(self, limit=None), replace(self, offset=None)]
        if len(self.include) > 1:
            found += [replace(self, include=(each,)) for each in self.include]
        if any(key.by_tag for key in self.keys):
            found.append(replace(self, keys=tuple(replace(key, by_tag=False) for key in self.keys)))
        return found


def places(patient: Patient) -> dict[str, Place]:
    """Return the six resources, searched for what belongs to a patient (Tables 10.6.1-2 and 10.6.1-4)."""
    of_patient: tuple[tuple[str, Value], ...] = (("PatientID", patient.patient_id),)
    two_series = next(each for each in patient.studies if len(each.series) > 1)
    several = next(each for each in patient.studies if len(each.instances) > len(each.series))
    study, series, instance = STUDY_KEYS, SERIES_KEYS, INSTANCE_KEYS
    upper = ("StudyDate", "StudyID", "AccessionNumber", "PatientID", "PatientName")

    def below(study: Study, level: str) -> tuple[Entity, ...]:
        return matching.entities([study], level)

    everything = partial(matching.entities, patient.studies)
    path, inner = resources.path(two_series), resources.path(several.series[0])
    return {
        "studies": Place("studies", "study", everything("study"), study, of_patient),
        "series-of-a-study": Place(f"{path}/series", "series", below(two_series, "series"), series, (), upper),
        "instances-of-a-study": Place(
            f"{path}/instances", "instance", below(two_series, "instance"), (*series, *instance), (), upper
        ),
        "instances-of-a-series": Place(
            f"{inner}/instances", "instance", below(several, "instance"), instance, (), (*upper, "Modality")
        ),
        "all-series": Place("series", "series", everything("series"), (*study, *series), of_patient),
        "all-instances": Place(
            "instances", "instance", everything("instance"), (*study, *series, *instance), of_patient
        ),
    }


def stored(place: Place, keyword: str) -> list[str]:
    """Return the values that a key has among the entities of a place, each once, in their order."""
    found: dict[str, None] = {}
    for entity in place.entities:
        found.update(dict.fromkeys(values(entity.attributes, keyword)))
    return list(found)


def plain_keys(place: Place, keyword: str) -> tuple[Key, Key]:
    """Return a key with a value that some entities have and others not, and one with a value that none has.

    Both are the same in every time zone, and need no percent-encoding, where there is such a value.
    """
    at_noon = [entity for entity in place.entities if values(entity.attributes, "StudyTime") == ["120000"]]
    firsts = [found[0] for each in (*at_noon, *place.entities) if (found := values(each.attributes, keyword))]
    told_apart = [
        first for first in firsts if not all(first in values(entity.attributes, keyword) for entity in place.entities)
    ]
    return Key(keyword, (told_apart or firsts)[0], "value"), Key(keyword, _value_of_none(keyword), "value")


def _value_of_none(keyword: str) -> str:
    if keyword.endswith("UID"):
        return "2.25.1"
    if keyword in MOMENTS:
        return "030405" if keyword in _TIMES else "19010203"
    return "9999" if keyword.endswith("Number") and keyword != "AccessionNumber" else "NONE"


def values(attributes: Attributes, keyword: str) -> list[str]:
    """Return the values of a key in an entity: those of a member of a sequence from all of its items."""
    sequence, _, member = keyword.partition(".")
    element = attributes.get(sequence)
    if element is None:
        return []
    if not member:
        return list(element.values)
    return [value for item in element.items if member in item for value in item[member].values]
