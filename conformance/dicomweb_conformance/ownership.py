"""Whose data is it? Comparisons are filtered by what this run stored, and nothing of anybody else is ever recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

from dicomweb_conformance import media_types
from dicomweb_conformance.exchanges import Response
from dicomweb_conformance.reading import json_documents
from dicomweb_conformance.reading.unreadable import TooLargeError, UnreadableError
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.malformed import PATIENTS

_PATIENT_ID = "00100020"
_UNIQUE_KEYS = ("0020000D", "0020000E", "00080018")
_SEARCH_RESOURCES = ("studies", "series", "instances")
_IN_A_PATH = re.compile(r"[/?=&]")


class Own:
    """The entities of this run: its patients by the prefix of their IDs, and each UID that it made."""

    def __init__(self, patient_id_prefix: str) -> None:
        self._prefix = patient_id_prefix
        self._uids: set[str] = set()
        self._malformed: set[str] = set()

    def claim(self, instances: Iterable[Instance]) -> None:
        """Count these instances, their series and studies as this run's."""
        for each in instances:
            self._uids.update(filter(None, (each.study_instance_uid, each.series_instance_uid, each.sop_instance_uid)))

    def claim_malformed(self, study_uids: Iterable[str]) -> None:
        """Count these studies as this run's, and as no measure of a target: they were sent malformed."""
        uids = set(filter(None, study_uids))
        self._uids |= uids
        self._malformed |= uids

    def holds_malformed(self, response: Response) -> bool:
        """Tell whether a retrieval or a search found what was sent malformed: it may come back as it was sent."""
        if response.method != "GET" or not 200 <= response.status < 300:
            return False
        named = set(_IN_A_PATH.split(unquote(response.url)))
        return not self._malformed.isdisjoint(named) or f"{self._prefix}-{PATIENTS}".encode() in response.body

    def has(self, match: dict[str, Any]) -> bool:
        """Tell whether a search result (a DICOM JSON object) is of this run's data."""
        if any(_first(match, tag) in self._uids for tag in _UNIQUE_KEYS):
            return True
        patient_id = _first(match, _PATIENT_ID)
        return isinstance(patient_id, str) and patient_id.startswith(self._prefix)

    def screen(self, response: Response) -> bytes | None:
        """Return what may be recorded of an answer: of a search result, only this run's rows; None for nothing."""
        if not (200 <= response.status < 300) or not _is_search(response) or not response.body.strip():
            return response.body
        if media_types.name_of(response.content_type).startswith("text/"):
            return response.body
        try:
            matches = json_documents.value_of(response.body)
        except (UnreadableError, TooLargeError):
            return None
        if not isinstance(matches, list) or all(isinstance(each, dict) and self.has(each) for each in matches):
            return response.body
        kept = [
            each if isinstance(each, dict) and self.has(each) else {"not of this run": "not recorded"}
            for each in matches
        ]
        return json.dumps(kept, ensure_ascii=False).encode()


def _first(match: dict[str, Any], tag: str) -> object:
    element = match.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return values[0] if isinstance(values, list) and values and isinstance(values[0], str) else None


def _is_search(response: Response) -> bool:
    return response.method == "GET" and urlsplit(response.url).path.rstrip("/").rsplit("/", 1)[-1] in _SEARCH_RESOURCES
