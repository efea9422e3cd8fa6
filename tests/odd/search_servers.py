"""Servers that are odd in how they search."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dicomweb_reference.archive import Instance
from dicomweb_reference.dicom_json import Attribute, Json
from dicomweb_reference.matching import Key, Query
from dicomweb_reference.messages import Refusal
from dicomweb_reference.server import Reference
from tests.odd.odd import Odd, odd

ODD: list[Odd] = []

OF_A_STEP = "PerformedProcedureStepStartDate"
DATE_RANGES = ("search-date-range[closed]", "search-date-range[until]", "search-date-range[from]")


@odd("search", into=ODD)
class StudyDateIgnored(Reference):
    """Study Date does not filter."""

    def match_key(self, key: Key, attribute: Attribute | None, query: Query) -> bool:
        return key.tag == "00080020" or super().match_key(key, attribute, query)


@odd("search", into=ODD)
class StudyTimeFindsNothing(Reference):
    """Study Time as a key finds nothing."""

    def match_key(self, key: Key, attribute: Attribute | None, query: Query) -> bool:
        return key.tag != "00080030" and super().match_key(key, attribute, query)


@odd("search", into=ODD)
class UidListsFindNothing(Reference):
    """A list of UIDs is taken for one UID, which nothing has."""

    def match_uid_list(self, key: Key, values: Sequence[Json]) -> bool:
        return super().match_uid_list(key, values) and not re.search(r"[,\\\\]", key.value)


@odd("search", into=ODD)
class SeriesNumberIgnored(Reference):
    """Series Number does not filter."""

    def match_key(self, key: Key, attribute: Attribute | None, query: Query) -> bool:
        return key.tag == "00200011" or super().match_key(key, attribute, query)


@odd(checks=("search-matches-patient[PatientName]", "search-star-in-a-name", "search-no-fuzzy-unasked"), into=ODD)
class PatientNameIgnored(Reference):
    """Patient's Name does not filter."""

    def match_key(self, key: Key, attribute: Attribute | None, query: Query) -> bool:
        return key.tag == "00100010" or super().match_key(key, attribute, query)


@odd(checks=("search-matches-study[AccessionNumber]", "search-value-against-an-empty-one"), into=ODD)
class AccessionNumberIgnored(Reference):
    """Accession Number does not filter."""

    def match_key(self, key: Key, attribute: Attribute | None, query: Query) -> bool:
        return key.tag == "00080050" or super().match_key(key, attribute, query)


@odd(checks=(*DATE_RANGES, "search-time-range", "search-any-query[studies]", "search-any-query[all-series]"), into=ODD)
class RangesFindNothing(Reference):
    """A range of dates or times is taken for one value, which nothing has."""

    def match_range(self, key: Key, values: Sequence[Json]) -> bool:
        return key.value in values

    def match_date_and_time(self, date: Key, time: Key, entity: Instance) -> bool:
        return False


@odd(
    checks=(
        *(f"search-matches-series[{OF_A_STEP}]", "search-keys-of-levels-above[all-instances-by-series]"),
        "search-keys-of-levels-above[instances-of-a-study-by-series]",
    ),
    into=ODD,
)
class StepDateRefused(Reference):
    """Performed Procedure Step Start Date is no key: it is refused at every level."""

    def match_key(self, key: Key, attribute: Attribute | None, query: Query) -> bool:
        if key.tag == "00400244":
            raise Refusal(400, "This key is not known.")
        return super().match_key(key, attribute, query)


@odd(
    checks=("search-matches-study[ModalitiesInStudy]", "search-follows-stores"),
    passes=("search-follows-stores",),
    into=ODD,
)
class ModalitiesInStudyIgnored(Reference):
    """Modalities in Study does not filter."""

    def match_key(self, key: Key, attribute: Attribute | None, query: Query) -> bool:
        return key.tag == "00080061" or super().match_key(key, attribute, query)


@odd(checks=("search-star[at-the-end]", "search-limit-caps", "search-warns-of-more"), into=ODD)
class FiveAtOnce(Reference):
    """No answer has more than five results, and Warning 299 counts the rest."""

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return super().page(matches, min(limit or 5, 5), offset)
