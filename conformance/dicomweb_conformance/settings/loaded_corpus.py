"""A corpus that reached the target by other means than a store: what its corpus.json says of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dicomweb_fixtures.entities import Study

FORMAT = 1
"""Of corpus.json, as `dicomweb-conformance corpus export` writes it."""


class LoadedCorpusError(ValueError):
    """A corpus.json that cannot be used; says why."""


@dataclass(frozen=True)
class LoadedCorpus:
    """What was loaded: the seed that it was made from, and SHA-256 and name of each file by SOP Instance UID."""

    path: Path
    seed: int
    digests: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)

    def name_of(self, sop_instance_uid: str) -> str:
        """Return the file that an instance was loaded from, or its UID where that is not known."""
        return self.files.get(sop_instance_uid, sop_instance_uid)

    def lacks(self, study: Study) -> str:
        """Say why a study was not loaded as this suite would make it now; empty where it was."""
        digests = [(self.digests.get(instance.sop_instance_uid), instance.part10) for instance in study.instances]
        if any(digest is None for digest, _ in digests):
            return f"it is not in {self.path.name}"
        if any(digest != hashlib.sha256(octets).hexdigest() for digest, octets in digests):
            return f"{self.path.name} was written by another version of the suite or of its codecs: export it again"
        return ""


def load(path: Path) -> LoadedCorpus:
    """Read a corpus.json.

    Raises:
        LoadedCorpusError: it cannot be read, or is not of this format.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LoadedCorpusError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise LoadedCorpusError(f"{path} is no JSON: {error}") from None
    try:
        if document["format"] != FORMAT:
            raise LoadedCorpusError(f"{path} has format {document['format']}; expected {FORMAT}: export it again")
        instances = list(_instances(document))
        digests = {instance["SOPInstanceUID"]: instance["sha256"] for instance in instances}
        files = {instance["SOPInstanceUID"]: str(instance["file"]) for instance in instances}
        return LoadedCorpus(path, int(document["seed"]), digests, files)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, LoadedCorpusError):
            raise
        raise LoadedCorpusError(f"{path} is not what 'dicomweb-conformance corpus export' writes") from None


def _instances(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for study in document["studies"]:
        for series in study["series"]:
            yield from series["instances"]
