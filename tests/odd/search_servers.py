"""Servers that are odd in how they search."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dicomweb_reference.dicom_json import Attribute, Json
from dicomweb_reference.matching import Key, Query
from dicomweb_reference.server import Reference
from tests.odd.odd import Odd, odd

ODD: list[Odd] = []


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
