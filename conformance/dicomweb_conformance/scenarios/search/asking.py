"""Asks queries, judges their answers by what PS3.4 C.2.2.2 has them hold, and finds the smallest that goes wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import islice

from dicomweb_conformance.checks.expect import BUSY, expect
from dicomweb_conformance.dicom import json_model, matching
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.scenarios.search.queries import (
    NO_VALUE,
    RESERVED,
    TAGS,
    UID_WITH_WILD_CARD,
    Key,
    Place,
    Query,
    values,
)
from dicomweb_conformance.scenarios.search.query_keys import pool_of
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService

OWN = "SEARCH-160"
PAGE = "a-page-is-not-of-the-list"
_WHATEVER_IS_ASKED = frozenset({PAGE, "204-or-200-empty-list"})
"""What goes wrong in the same way whatever else a query holds."""
READINGS = {
    matching.CASE_FOLDED: ("SEARCH-027", "the-study"),
    matching.STAR_NEEDS_A_VALUE: ("SEARCH-036", "study-with-empty-value-left-out"),
    matching.DATE_AND_TIME_APART: ("SEARCH-042", "date-and-time-matched-apart"),
    matching.WILD_CARDS_IN_UIDS: ("SEARCH-037", "studies-with-that-prefix"),
}
"""Known ways to match otherwise than the text says, and the rows that own them."""
_UNDECODED = ("HTTP-034", "none")
"""What tells of values whose percent-encoding a server does not undo."""
_OF_THE_SERVER = frozenset({"00080056", "00081190"})
"""Instance Availability and Retrieve URL, which are how things are and may change."""
_TRIED = 6
"""Keys of one form that are tried for whether the form is read at all."""
_SHRINKING = 40
"""Smaller queries that are tried at most for one that goes wrong."""


@dataclass(frozen=True)
class Answer:
    """What was answered to a query: results of this run, and how many there were of others."""

    response: Response
    results: tuple[DataSet, ...]
    uids: tuple[str, ...]
    others: int

    @property
    def is_refusal(self) -> bool:
        """Whether the query was refused, or went wrong."""
        return self.response.status not in {200, 204}


@dataclass(frozen=True)
class Wrong:
    """What is wrong with the answer to a query: the row and code that say so, and the words that show it."""

    query: Query
    response: Response
    requirement: str
    code: str
    expected: str
    received: str

    def explains(self, other: Wrong) -> bool:
        """Tell whether another query goes wrong for what shows here already.

        It has the same kinds of parameters, or goes wrong for the same known reading, or for what is not decoded.
        """
        cause, is_same = (
            (self.requirement, self.code),
            self.code == other.code and self.requirement == other.requirement,
        )
        is_anywhere = self.code in _WHATEVER_IS_ASKED or cause in {_UNDECODED, *READINGS.values()}
        return self.query.kinds <= other.query.kinds or (is_same and is_anywhere)

    @property
    def where(self) -> str:
        """The query as a reader writes it."""
        return Harmless(f"{self.query.place.path}?{resources.query(self.query.parameters())}")


@dataclass(frozen=True)
class Asking:
    """Asks each query once, however often its answer is looked at."""

    dicomweb: StudiesService
    answers: dict[str, Answer] = field(default_factory=dict)

    def answer_to(self, query: Query) -> Answer:
        """Return the answer to a query."""
        sent = f"{query.place.path}?{resources.query(query.parameters())}"
        if sent not in self.answers:
            self.answers[sent] = self._asked(query)
        return self.answers[sent]

    def _asked(self, query: Query) -> Answer:
        response = self.dicomweb.search(query.place.path, query.parameters())
        with expect(response) as it:
            if 400 <= response.status < 600 and response.status not in BUSY:
                return Answer(response, (), (), 0)
            found = it.is_a_list_of_matches()
        return Answer(response, found.own, tuple(found.uids(query.place.unique_key)), found.foreign)

    def finds_all(self, place: Place) -> bool:
        """Tell whether a search without further keys finds all that a place has, and nothing else."""
        answer = self.answer_to(Query(place))
        return (
            not answer.is_refusal
            and not answer.others
            and set(answer.uids) == {entity.uid for entity in place.entities}
        )

    def finds_nothing(self, place: Place, keys: Iterable[Key]) -> bool:
        """Tell whether none of the first keys by which something should be found finds anything."""
        queries = (query for key in keys if (query := Query(place, (key,))).answers().required)
        answers = [self.answer_to(each) for each in islice(queries, _TRIED)]
        return bool(answers) and not any(answer.uids or answer.is_refusal for answer in answers)

    def matches_well(self, query: Query) -> bool:
        """Tell whether a query finds what it should, however that is then shown."""
        answer = self.answer_to(query)
        return not answer.is_refusal and self._matches(query, answer) is None

    def judged(self, query: Query) -> Wrong | None:
        """Return what is wrong with the answer to a query; None where it is one of those that may be."""
        answer = self.answer_to(query)
        if answer.is_refusal:
            return self._refused(query, answer)
        if query.is_paged:
            return self._page(query, answer)
        return (
            self._matches(query, answer)
            or self._twice(query, answer)
            or self._included(query, answer)
            or self._changed(query, answer)
        )

    def pages(self, place: Place) -> list[Query]:
        """Return queries for the pages of what a search without further keys lists, three or four of them."""
        everything = self.answer_to(Query(place)).uids
        length = max(1, len(everything) // 3)
        return [Query(place, limit=length, offset=at) for at in range(0, len(everything), length)]

    def _refused(self, query: Query, answer: Answer) -> Wrong | None:
        status = answer.response.status
        if status == 400 and {UID_WITH_WILD_CARD, NO_VALUE} & query.kinds:
            return None
        code = "another-4xx" if status < 500 else "5xx"
        if status == 400:
            code = "400" if query.has_rare_forms else "400-for-plain-keys"
        return Wrong(query, answer.response, OWN, code, "200 or 204", Harmless(f"status {status}"))

    def _matches(self, query: Query, answer: Answer) -> Wrong | None:
        expected, found = query.answers(), set(answer.uids)
        if expected.accept(found) and not answer.others:
            return None
        missing, surplus = expected.required - found, found - expected.permitted
        code = "what-does-not-match-is-returned" if surplus or answer.others else "a-match-is-missing"
        requirement = OWN
        is_less = missing and not surplus and not answer.others
        if is_less and (RESERVED in query.kinds or (query.is_encoded and self._never_decodes(query.place))):
            requirement, code = _UNDECODED
        if NO_VALUE in query.kinds and not found and not answer.others:
            requirement, code = "SEARCH-031", "204-or-200-empty-list"
        for reading, row in READINGS.items():
            if not answer.others and query.answers(reading).accept(found):
                requirement, code = row
        told = [f"missing {each}" for each in _described(query, missing)]
        told += [f"too many {each}" for each in _described(query, surplus)]
        told += [f"{answer.others} that are not of this run"] if answer.others else []
        return Wrong(
            query,
            answer.response,
            requirement,
            code,
            f"exactly {', '.join(_described(query, expected.required)) or 'no match'}",
            Harmless("; ".join(told)),
        )

    def _never_decodes(self, place: Place) -> bool:
        """Tell whether no plain value that needs percent-encoding finds what it must: it finds another, if any."""
        keys = (key for forms in pool_of(place).values() for key in forms.get(RESERVED, ()))
        queries = [query for each in keys if (query := Query(place, (each,))).answers().required][:_TRIED]
        return bool(queries) and not any(each.answers().required & set(self.answer_to(each).uids) for each in queries)

    def _page(self, query: Query, answer: Answer) -> Wrong | None:
        """Compare a page with the list that comes without paging."""
        whole = self.answer_to(replace(query, limit=None, offset=None))
        if whole.is_refusal or whole.others:
            return None
        left = max(0, len(whole.uids) - (query.offset or 0))
        number = left if query.limit is None else min(left, query.limit)
        if len(answer.uids) == number and not answer.others and set(answer.uids) <= set(whole.uids):
            return None
        received = Harmless(f"{len(answer.uids) + answer.others}, {len(set(answer.uids) - set(whole.uids))} of others")
        expected = f"{number} of the {len(whole.uids)} results that come without limit and offset"
        return Wrong(query, answer.response, OWN, PAGE, expected, received)

    def _included(self, query: Query, answer: Answer) -> Wrong | None:
        """Look for attributes of the levels above, which an answer shall hold where they are asked for (10.6.3.3)."""
        entities = {entity.uid: entity for entity in query.place.entities}
        for uid, result in zip(answer.uids, answer.results, strict=True):
            for keyword in query.include:
                stored = entities[uid].attributes[keyword].values if uid in entities else ()
                found = json_model.text(result, TAGS[keyword])
                if stored and found.rstrip("^= ") != stored[0].rstrip("^= "):
                    code = "an-attribute-has-another-value" if found else "an-attribute-asked-for-is-absent"
                    expected, received = f"{keyword} {stored[0]}", f"{keyword} {found or 'absent'}"
                    return Wrong(query, answer.response, OWN, code, expected, received)
        return None

    def _twice(self, query: Query, answer: Answer) -> Wrong | None:
        """Look for an entity that is listed more than once (10.6.3.3)."""
        doubled = [f"{uid} {number} times" for uid, number in Counter(answer.uids).items() if number > 1]
        if not doubled:
            return None
        code = "two-objects-with-the-same-unique-key"
        return Wrong(query, answer.response, "SEARCH-082", code, "each once", Harmless(", ".join(doubled)))

    def _changed(self, query: Query, answer: Answer) -> Wrong | None:
        """Compare results with those of the search without keys: what a query asks for changes no value of them."""
        plain = self.answer_to(Query(query.place))
        before = dict(zip(plain.uids, plain.results, strict=True))
        for uid, result in zip(answer.uids, answer.results, strict=True):
            for tag in sorted(result.keys() & before.get(uid, {}).keys() - _OF_THE_SERVER):
                values, stored = json_model.values(result, tag), json_model.values(before[uid], tag)
                if not any(isinstance(value, dict) for value in values) and sorted(map(str, values)) != sorted(
                    map(str, stored)
                ):
                    expected, received = f"{tag} {stored}, as without keys", f"{tag} {values}"
                    return Wrong(query, answer.response, OWN, "a-value-depends-on-the-query", expected, received)
        return None

    def shrunk(self, wrong: Wrong) -> Wrong:
        """Return what is wrong in the same way with the fewest parameters, in their plainest spelling."""
        tried = 0
        smaller = iter(wrong.query.smaller())
        while tried < _SHRINKING and (query := next(smaller, None)) is not None:
            tried += 1
            found = self.judged(query)
            if found is not None and (found.requirement, found.code) == (wrong.requirement, wrong.code):
                wrong, smaller = found, iter(found.query.smaller())
        return wrong


def _described(query: Query, uids: Iterable[str]) -> list[str]:
    """Return UIDs with the values that were stored for the keys of a query, in the order of these values.

    UIDs are others in each run, and no order that a reader could compare.
    """
    stored = {entity.uid: _stored(query, entity.attributes) for entity in query.place.entities}
    told = sorted((stored.get(uid, ""), uid) for uid in uids)
    return [f"{uid} ({values})" if values else uid for values, uid in told]


def _stored(query: Query, attributes: matching.Attributes) -> str:
    told = [f"{key.keyword} {', '.join(values(attributes, key.keyword)) or 'empty'}" for key in query.keys]
    return "; ".join(told) or "no key"
