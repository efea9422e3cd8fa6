"""Observations that are statuses: which of those that a row lists means the status of a response."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus

from dicomweb_conformance.catalogue.requirements import BUSY, Requirement
from dicomweb_conformance.catalogue.verdicts import Verdict

BAD_REQUEST = frozenset({HTTPStatus.BAD_REQUEST.value, HTTPStatus.UNPROCESSABLE_ENTITY.value})
"""Statuses that refuse a request for what it asks: a client that does not know 422 takes it for 400 (RFC 9110 15)."""
_REMARKS = re.compile(r"(?:(?<=204) without body)?(?: \([^()]*\))*\Z")
_TERM = re.compile(
    r"(?P<code>\d{3})"
    r"|(?:(?P<article>any|another|other) )?(?P<family>[1-5])xx"
    r"(?: other than (?P<first>\d{3})(?: to (?P<last>\d{3}))?| than (?P<than>\d{3}))?"
)
_CODE = re.compile(r"(?<!\d)[1-5]\d\d(?!\d)")
_REGISTERED = frozenset(status.value for status in HTTPStatus)


@dataclass(frozen=True, slots=True)
class _Term:
    """One code, or the codes of a family but for some; `rest`: but for all that the row names."""

    codes: frozenset[int]
    rest: bool = False

    def specificity(self, status: int, named: frozenset[int]) -> int:
        """Return 0 where the status is not meant, else the more the fewer codes are."""
        if status not in self.codes or (self.rest and status in named):
            return 0
        return 3 if len(self.codes) == 1 else 2 if self.rest else 1


def status_observation(row: Requirement, status: int) -> str | None:
    """Return the code of the observation that means this status and nothing else, remarks in parentheses apart.

    A code goes before a family of codes. "another 4xx" means those that the row names nowhere; 501 is one of "5xx";
    "204 without body" is any 204, as what follows one is judged by HTTP-005. 422 that a row does not name is refused
    as 400 is, of which clients make the same (RFC 9110 15), but meets no row that asks for 400.

    Returns:
        The code as listed; None where there is none, and for 429, 502, 503 and 504, which are never a verdict.

    """
    if status in BUSY:
        return None
    named = frozenset(int(code) for each in row.listed.values() for code in _CODE.findall(each.sentence))
    best, found = 0, None
    for observation, listed in row.listed.items():
        specificity = max((term.specificity(status, named) for term in _statuses_of(listed.sentence)), default=0)
        if specificity > best:
            best, found = specificity, observation
    if found is None and status == HTTPStatus.UNPROCESSABLE_ENTITY:
        refused = status_observation(row, HTTPStatus.BAD_REQUEST)
        return None if refused is None or row.verdict_of(refused) == Verdict.PASS else refused
    return found


def is_status(observation: str) -> bool:
    """Tell whether an observation consists of nothing but statuses, so that `status_observation` may return it."""
    return bool(_statuses_of(observation))


@cache
def _statuses_of(observation: str) -> tuple[_Term, ...]:
    matches = [_TERM.fullmatch(part) for part in re.split(r", | or ", _REMARKS.sub("", observation))]
    terms = tuple(_term(match) for match in matches if match)
    return terms if len(terms) == len(matches) and all(term.codes for term in terms) else ()


def _term(match: re.Match[str]) -> _Term:
    if match["code"]:
        return _Term(frozenset({int(match["code"])}) & _REGISTERED)
    hundred = int(match["family"]) * 100
    first = int(match["first"] or match["than"] or 0)
    excluded = range(first, int(match["last"] or first) + 1)
    codes = frozenset(range(hundred, hundred + 100)) - BUSY - frozenset(excluded)
    return _Term(codes, rest=match["article"] in {"another", "other"})
