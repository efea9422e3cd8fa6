"""What a search must find: attribute matching after PS3.4 C.2.2.2, as PS3.18 8.3.4 and 10.6 use it.

A key matches an entity, does not, or may do either as a clause leaves open. From that follow for each query the
entities that an answer must hold and those that it may hold.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pydicom import Dataset
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from dicomweb_conformance.dicom import moments, texts
from dicomweb_fixtures.entities import Series, Study

Value: TypeAlias = "str | Sequence[str]"
"""What a query gives for a key: a value, or a list of UIDs."""

CASE_FOLDED = "case-folded"
STAR_NEEDS_A_VALUE = "star-needs-a-value"
DATE_AND_TIME_APART = "date-and-time-apart"
WILD_CARDS_IN_UIDS = "wild-cards-in-uids"
READINGS = (CASE_FOLDED, STAR_NEEDS_A_VALUE, DATE_AND_TIME_APART, WILD_CARDS_IN_UIDS)
"""Ways in which servers are known to match otherwise than the text says; none of them is part of the standard."""

_WITH_WILD_CARDS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
_NUMBERS = frozenset({"DS", "IS", "FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"})
_MOMENTS = frozenset({"DA", "TM", "DT"})
_PAIRS = (("StudyDate", "StudyTime"), ("PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime"))
"""Dates and the times that belong to them, of Table 10.6.1-5."""


@dataclass(frozen=True)
class Match:
    """Whether an answer must, or may, hold an entity; `clause` leaves open what may be and need not."""

    must: bool
    may: bool
    clause: str = ""


YES, NO = Match(must=True, may=True), Match(must=False, may=False)


def _open(clause: str) -> Match:
    return Match(must=False, may=True, clause=clause)


_UNKNOWN = _open("PS3.4 C.2.2.1.2: a key without a value in the entity")


@dataclass(frozen=True)
class Element:
    """The values of an attribute as text, or the items of a sequence."""

    vr: str
    values: tuple[str, ...] = ()
    items: tuple[Attributes, ...] = ()


Attributes: TypeAlias = Mapping[str, Element]
"""By keyword."""


@dataclass(frozen=True)
class Entity:
    """A study, series or instance with its own attributes and those of what it belongs to."""

    uid: str
    attributes: Attributes


@dataclass(frozen=True)
class Answers:
    """The UIDs that an answer must hold and those that it may hold, and the clauses that leave the others open."""

    required: frozenset[str]
    permitted: frozenset[str]
    clauses: tuple[str, ...]

    def accept(self, found: Collection[str]) -> bool:
        """Tell whether an answer is one of those."""
        return self.required <= set(found) <= self.permitted


def entities(studies: Iterable[Study], level: str) -> tuple[Entity, ...]:
    """Return what of these studies is at a level: study, series or instance."""
    return tuple(each for study in studies for each in _of_study(study, level))


def _of_study(study: Study, level: str) -> Iterable[Entity]:
    modalities = {"ModalitiesInStudy": Element("CS", tuple(sorted({each.modality for each in study.series})))}
    if level == "study":
        yield Entity(study.study_instance_uid, attributes_of(study.instances[0].dataset) | modalities)
        return
    for series in study.series:
        yield from _of_series(series, level, modalities)


def _of_series(series: Series, level: str, above: Attributes) -> Iterable[Entity]:
    if level == "series":
        yield Entity(series.uid, {**attributes_of(series.instances[0].dataset), **above})
        return
    for instance in series.instances:
        yield Entity(instance.sop_instance_uid, {**attributes_of(instance.dataset), **above})


def attributes_of(data_set: Dataset) -> dict[str, Element]:
    """Return the attributes of a data set that have a keyword, binary values left out."""
    return {each.keyword: _element(str(each.VR), each.value) for each in data_set if each.keyword}


def _element(vr: str, value: object) -> Element:
    if vr == "SQ" and isinstance(value, Sequence):
        return Element(vr, items=tuple(attributes_of(item) for item in value))
    if value is None or isinstance(value, bytes):
        return Element(vr)
    values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return Element(vr, tuple(text for each in values if (text := str(each))))


def answers(
    among: Iterable[Entity], keys: Mapping[str, Value], *, fuzzy: bool = False, reading: Collection[str] = ()
) -> Answers:
    """Return what an answer to a query must hold, and may.

    Args:
        among: the entities that the resource of the query has.
        keys: values by keyword or tag, those of members of sequences by paths with dots.
        fuzzy: fuzzymatching=true was asked for.
        reading: of `READINGS` those by which it is matched in place of the text.

    Raises:
        KeyError: a keyword or tag that PS3.6 does not have.
    """
    outcomes = [(each.uid, matches(each.attributes, keys, fuzzy=fuzzy, reading=reading)) for each in among]
    return Answers(
        frozenset(uid for uid, match in outcomes if match.must),
        frozenset(uid for uid, match in outcomes if match.may),
        tuple(dict.fromkeys(match.clause for _, match in outcomes if match.may and not match.must)),
    )


def matches(
    attributes: Attributes, keys: Mapping[str, Value], *, fuzzy: bool = False, reading: Collection[str] = ()
) -> Match:
    """Return whether all keys match (PS3.18 8.3.4.1).

    Raises:
        KeyError: a keyword or tag that PS3.6 does not have.
    """
    matcher = _Matcher(fuzzy, frozenset(reading))
    return matcher.all_match(attributes, _by_sequence(keys))


_Tree: TypeAlias = "dict[str, Value | _Tree]"


def _by_sequence(keys: Mapping[str, Value]) -> _Tree:
    """Return keys by keyword, those of members under their sequence."""
    tree: _Tree = {}
    for path, value in keys.items():
        *above, last = map(_keyword, path.split("."))
        place = tree
        for step in above:
            below = place.setdefault(step, {})
            if not isinstance(below, dict):
                raise KeyError(f"{step} has a value and members")
            place = below
        place[last] = value
    return tree


def _keyword(name: str) -> str:
    if re.fullmatch(r"[0-9A-Fa-f]{8}", name):
        name = keyword_for_tag(int(name, 16))
    if not name or tag_for_keyword(name) is None:
        raise KeyError(name)
    return name


@dataclass(frozen=True)
class _Matcher:
    fuzzy: bool
    reading: frozenset[str]

    def all_match(self, attributes: Attributes, keys: _Tree) -> Match:
        together = [] if DATE_AND_TIME_APART in self.reading else [*_ranges_of_moments(keys)]
        alone = keys.keys() - {key for pair in together for key in pair}
        found = [self._combined(attributes, keys, *pair) for pair in together]
        return _and([*found, *(self._matches(attributes.get(key), key, keys[key]) for key in sorted(alone))])

    def _matches(self, element: Element | None, key: str, wanted: Value | _Tree) -> Match:
        if isinstance(wanted, dict):
            return self._sequence(element, wanted)
        vr = element.vr if element else dictionary_VR(key).split(" or ")[0]
        if vr == "UI":
            return self._uids(element, [wanted] if isinstance(wanted, str) else list(wanted))
        if not isinstance(wanted, str):
            return _open("PS3.18 8.3.4.1: a list for what is no UID")
        if not wanted:
            return YES  # universal matching, C.2.2.2.3
        if vr in _WITH_WILD_CARDS and not wanted.strip("*"):
            return self._lone_star(element, vr)  # its equal, C.2.2.2.4
        if element is None or not element.values:
            return _UNKNOWN
        return _or(self._one(vr, wanted, value) for value in element.values)  # any of several values, C.2.2.3

    def _lone_star(self, element: Element | None, vr: str) -> Match:
        if vr == "PN":
            return _open("PS3.4 C.2.2.2.4: wild cards in names")
        missing = STAR_NEEDS_A_VALUE in self.reading and not (element and element.values)
        return NO if missing else YES

    def _uids(self, element: Element | None, wanted: Sequence[str]) -> Match:
        """Single value and list of UID matching, C.2.2.2.1 and C.2.2.2.2."""
        if list(wanted) in ([], [""]):
            return YES
        if element is None or not element.values:
            return _UNKNOWN
        if any("\\" in each for each in wanted):
            return _open("PS3.18 8.3.4.1: the separator of UIDs is a comma")
        if WILD_CARDS_IN_UIDS in self.reading:
            return _if(any(texts.pattern(each).fullmatch(value) for each in wanted for value in element.values))
        return _if(bool(set(wanted) & set(element.values)))

    def _sequence(self, element: Element | None, members: _Tree) -> Match:
        """Sequence matching, C.2.2.2.6: all members in one item."""
        if not any(members.values()):
            return YES
        if element is None or not element.items:
            return _UNKNOWN
        return _or(self.all_match(item, members) for item in element.items)

    def _one(self, vr: str, wanted: str, value: str) -> Match:
        """Match one value of an attribute."""
        if vr in _MOMENTS:
            return _of_moment(moments.matches(vr, wanted, value))
        if vr in _NUMBERS:
            return self._number(wanted, value)
        if vr == "PN":
            return self._name(wanted, value)
        if vr not in _WITH_WILD_CARDS:
            return _open(f"PS3.4 C.2.2.2: matching of {vr}")
        if CASE_FOLDED in self.reading:
            wanted, value = wanted.casefold(), value.casefold()
        if "*" in wanted or "?" in wanted:
            return _if(bool(texts.pattern(wanted).fullmatch(value)))
        if wanted == value:
            return YES
        return _open("PS3.5 6.2: blanks around a value") if wanted.strip(" ") == value.strip(" ") else NO

    def _number(self, wanted: str, value: str) -> Match:
        if wanted == value:
            return YES
        number = texts.number(wanted)
        if number is None:
            return _open("PS3.4 C.2.2.2.5: ranges and wild cards of numbers are not defined")
        return _open("PS3.5 6.2: another spelling of a number") if number == texts.number(value) else NO

    def _name(self, wanted: str, value: str) -> Match:
        """Match a name: literally, and as the server likes where C.2.2.2.1.1 lets it be less exact."""
        if wanted.rstrip("^= ") == value.rstrip("^= ") and not {"*", "?"} & set(wanted):
            return YES
        if self.fuzzy:
            return _open("PS3.18 8.3.4.2: fuzzy matching")
        like = texts.may_be_named(wanted, value)
        return _open("PS3.4 C.2.2.2.1.1: case, position, accents and groups of names") if like else NO

    def _combined(self, attributes: Attributes, keys: _Tree, date: str, time: str) -> Match:
        """Match a range of dates and one of times as one range, C.2.2.2.5.4."""
        dates, times = (attributes.get(key, Element("")).values for key in (date, time))
        if not dates or not times:
            return _UNKNOWN
        days, hours = str(keys[date]), str(keys[time])
        found = [moments.matches_both(days, hours, day, hour) for day in dates for hour in times]
        return _or(_of_moment(each) for each in found)


def _ranges_of_moments(keys: _Tree) -> Iterable[tuple[str, str]]:
    """Return the pairs of a date and a time that are ranges of the same form."""
    for date, time in _PAIRS:
        days, hours = keys.get(date), keys.get(time)
        if isinstance(days, str) and isinstance(hours, str):
            form = moments.form_of("DA", days)
            if form is not None and form == moments.form_of("TM", hours):
                yield date, time


def _if(condition: bool) -> Match:
    return YES if condition else NO


def _of_moment(found: bool | None) -> Match:
    return _open("PS3.4 C.2.2.2.1.3: values of another precision") if found is None else _if(found)


def _and(found: Iterable[Match]) -> Match:
    each = [*found]
    must, may = all(one.must for one in each), all(one.may for one in each)
    return Match(must, may, next((one.clause for one in each if one.clause), "") if may and not must else "")


def _or(found: Iterable[Match]) -> Match:
    each = [*found]
    must, may = any(one.must for one in each), any(one.may for one in each)
    return Match(must, may, next((one.clause for one in each if one.clause), "") if may and not must else "")
