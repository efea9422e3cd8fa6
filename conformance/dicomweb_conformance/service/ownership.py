"""Whose data is it? Comparisons are filtered by what this run stored, and nothing of anybody else is ever recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote

from dicomweb_conformance.http.exchanges import Response
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.identifiers import is_sent_by_run, patient_id_prefix
from dicomweb_fixtures.payloads.malformed import PATIENTS

NOT_OURS = "(a UID that is not of this run)"
PATIENT_ID = "00100020"
_UNIQUE_KEYS = ("0020000D", "0020000E", "00080018")
_UIDS = frozenset({*_UNIQUE_KEYS, "00081155"})
_IDENTIFYING = _UIDS | {PATIENT_ID}
_URIS = frozenset({"00081190"})
_UID_KEYS = frozenset(
    {
        *_UNIQUE_KEYS,
        *("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"),
        *("studyUID", "seriesUID", "objectUID"),
    }
)
_PATIENT_KEYS = frozenset({PATIENT_ID, "PatientID"})
_IN_A_PATH = re.compile(r"[/?=&]")
_RESOURCE = re.compile(r"(?:^|/)(?:studies|series|instances)/([^/?#]+)")
_WILDCARD = re.compile(r"[*?]")
# Shorter ones are rather versions and addresses; nobody's study has so short a UID.
_UID = re.compile(r"(?<![\d.])(?=[\d.]{16})[0-2](?:\.\d+){2,}(?!\.?\d)")
_REGISTERED = "1.2.840.10008."
_NO_UID = frozenset({"unknown", "undefined", "none", "null", "n/a"})
"""Words in place of a UID that is not known: they identify nobody."""


class Own:
    """The entities of this run: its patients by the prefix of their IDs, and each UID that it made.

    Args:
        seed: from which the UIDs and Patient IDs of the run follow.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._prefix = patient_id_prefix(seed)
        self._uids: set[str] = set()
        self._malformed: set[str] = set()
        self._urls: set[str] = set()

    def claim(self, instances: Iterable[Instance]) -> None:
        """Count these instances, their series and studies as this run's."""
        for instance in instances:
            self._uids.update(
                filter(None, (instance.study_instance_uid, instance.series_instance_uid, instance.sop_instance_uid))
            )

    def claim_malformed(self, study_uids: Iterable[str]) -> None:
        """Count these studies as this run's, and as no measure of a target: they were sent malformed."""
        uids = set(filter(None, study_uids))
        self._uids |= uids
        self._malformed |= uids

    def claim_url(self, url: str) -> None:
        """Count a resource as this run's that no UID names, such as an operation which it began."""
        self._urls.add(url)

    def claims_url(self, url: str) -> bool:
        """Tell whether a URL was claimed."""
        return url in self._urls

    def holds_malformed(self, response: Response) -> bool:
        """Tell whether a retrieval or a search found what was sent malformed: it may come back as it was sent."""
        if response.method != "GET" or not 200 <= response.status < 300:
            return False
        named = set(_IN_A_PATH.split(unquote(response.url)))
        return not self._malformed.isdisjoint(named) or f"{self._prefix}-{PATIENTS}".encode() in response.body

    def has(self, match: dict[str, Any]) -> bool:
        """Tell whether a search result (a DICOM JSON object) is of this run's data, by what verdicts go by."""
        if any(_first(match, tag) in self._uids for tag in _UNIQUE_KEYS):
            return True
        patient_id = _first(match, PATIENT_ID)
        return isinstance(patient_id, str) and patient_id.startswith(self._prefix)

    def names(self, uid: str) -> bool:
        """Tell whether a UID is one that this run made, or found to have come of what it sent."""
        return uid in self._uids or is_sent_by_run(self._seed, uid)

    def has_patient(self, patient_id: str) -> bool:
        """Tell whether a Patient ID has the prefix of this run."""
        return patient_id.startswith(self._prefix)

    def identified(self, data_set: object) -> Iterator[bool]:
        """Yield, of each thing that a data set identifies, whether it is this run's.

        A merge may put one of its own UIDs beside another patient's: who asks whether all of it may be recorded
        demands that nothing foreign is among them.

        Args:
            data_set: in the shape of DICOM JSON; items of sequences count, too.
        """
        waiting = [data_set]
        while waiting:
            one = waiting.pop()
            if isinstance(one, list):
                waiting.extend(one)
            elif isinstance(one, dict):
                for tag, element in one.items():
                    yield from self._of_element(tag.upper(), element)
                    waiting.append(element)

    def _of_element(self, tag: str, element: object) -> Iterator[bool]:
        for uri in _texts(element.get("BulkDataURI") if isinstance(element, dict) else None):
            yield from self._of_uri(uri)
        if tag in _URIS:
            for uri in _texts(element):
                yield from self._of_uri(uri)
        elif tag in _IDENTIFYING:
            ours = self.has_patient if tag == PATIENT_ID else self.names
            nothing = frozenset[str]() if tag == PATIENT_ID else _NO_UID
            yield from (ours(text) for text in _texts(element) if text and text.casefold() not in nothing)

    def _of_uri(self, uri: str) -> Iterator[bool]:
        yield from (self.names(unquote(element)) for element in _RESOURCE.findall(uri))

    def limits(self, method: str, url: str, base: str) -> bool:
        """Tell whether a request asks for this run's data and nobody else's.

        A target may ignore the keys of a search: its answer is looked through all the same.

        Args:
            method: of the request.
            url: of the request.
            base: the base URL of the service, in which no UID is looked for.
        """
        if url in self._urls or method == "OPTIONS":
            return True
        path, _, query = url.removeprefix(base).partition("?")
        if uids := _RESOURCE.findall(path):
            return all(self.names(unquote(uid)) for uid in uids)
        if method == "POST":
            return path.strip("/") == "studies"
        return any(self._limits(name, value) for name, value in parse_qsl(query))

    def _limits(self, name: str, value: str) -> bool:
        if name in _UID_KEYS:
            return all(map(self.names, re.split(r"[,\\]", value)))
        literal = _WILDCARD.split(value)[0].upper()
        return name in _PATIENT_KEYS and literal.startswith(self._prefix.upper())

    def foreign_uids(self, text: str) -> list[str]:
        """Return what in a text looks like a UID and is neither this run's nor one that DICOM registers."""
        return [element for element in _UID.findall(text) if not self._may_stand(element)]

    def masked(self, text: str) -> str:
        """Return a text without the UIDs of other people's data."""
        if not text or not _UID.search(text):
            return text
        return _UID.sub(lambda found: found[0] if self._may_stand(found[0]) else NOT_OURS, text)

    def _may_stand(self, uid: str) -> bool:
        return uid.startswith(_REGISTERED) or self.names(uid)


def _first(match: dict[str, Any], tag: str) -> object:
    element = match.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return values[0] if isinstance(values, list) and values and isinstance(values[0], str) else None


def _texts(value: object) -> Iterator[str]:
    """Yield the strings and numbers in a value, however it nests them."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting.extend(each for name, each in one.items() if name != "vr")
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, str) or (isinstance(one, int | float) and not isinstance(one, bool)):
            yield str(one)
