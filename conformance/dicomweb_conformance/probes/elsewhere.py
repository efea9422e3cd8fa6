"""What else answers around a base URL: looked at only to give advice, and only for a few seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator

from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import TooLargeError, UnreadableError
from dicomweb_conformance.reading import part10_files
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.settings.target import Target
from dicomweb_fixtures.corpus import Corpus

USUAL_PATHS = (
    "dicom-web",
    "dicomweb",
    "dicom",
    "dicom-web/rs",
    "rs",
    "api/dicom-web",
    "api/dicomweb",
    "dcm4chee-arc/aets/DCM4CHEE/rs",
    "v2",
)
"""Where DICOMweb services usually live below a host."""
LONGEST = 4.0
"""Seconds after which no further path is looked at."""
OF_NOTHING = frozenset({0, 401, 403, 407, 429, 502, 503, 504})
"""Statuses that say nothing of the path that was asked for."""


def studies_service(service: StudiesService, target: Target) -> str:
    """Return advice where a search is answered like one below or above the base URL; empty where it is not."""
    end = time.monotonic() + LONGEST
    for base in _bases(target):
        if time.monotonic() > end:
            break
        if answers_searches(service, base):
            return f"a Studies Service answers at {base}: --dicomweb-url={base}"
    return ""


def answers_searches(service: StudiesService, base: str) -> bool:
    """Tell whether a search below a base URL is answered like one."""
    response = service.get_url(f"{base}/studies?limit=1&StudyInstanceUID=2.25.1", accept=media_types.DICOM_JSON)
    if response.status == 204:
        return True
    if response.status != 200 or media_types.name_of(response.content_type) not in {
        media_types.DICOM_JSON,
        media_types.JSON,
    }:
        return False
    try:
        json_model.objects(response.body)
    except (UnreadableError, TooLargeError):
        return False
    return True


def _bases(target: Target) -> Iterator[str]:
    origin, path = target.base.origin, target.base.path.strip("/")
    if path.endswith("studies"):
        yield f"{origin}/{path.removesuffix('studies').rstrip('/')}".rstrip("/")
    for usual_path in USUAL_PATHS:
        yield f"{origin}/{path}/{usual_path}" if path else f"{origin}/{usual_path}"
    if path:
        yield from (f"{origin}/{usual_path}" for usual_path in USUAL_PATHS if usual_path != path)


def wado_uri(service: StudiesService, target: Target, seed: int) -> str:
    """Return advice where WADO-URI (PS3.18 9) is answered, which is another service; empty where it is not.

    What is asked for may not be there: then a server that knows of WADO-URI answers another requestType otherwise.
    """
    instance = Corpus(seed).two_series.instances[0]
    uids = f"studyUID={instance.study_instance_uid}&seriesUID={instance.series_instance_uid}"
    of_it = f"{uids}&objectUID={instance.sop_instance_uid}&contentType=application%2Fdicom"
    path = target.base.path.rstrip("/")
    end = time.monotonic() + LONGEST
    for each in dict.fromkeys((path or "/", f"{path}/wado", f"{path.rpartition('/')[0]}/wado", "/wado")):
        if time.monotonic() > end:
            break
        there = f"{target.base.origin}{each}"
        asked = service.get_url(f"{there}?requestType=WADO&{of_it}", accept="*/*")
        if asked.status == 200 and _is_an_object(asked):
            return f"it answers WADO-URI at {there}, which is another service (PS3.18 9)"
        if asked.status in OF_NOTHING:
            continue
        other = service.get_url(f"{there}?requestType=NONE&{of_it}", accept="*/*")
        # Whoever echoes the query says as much of either.
        if other.status not in OF_NOTHING and _outline(asked) != _outline(other):
            return f"it seems to answer WADO-URI at {there}, which is another service (PS3.18 9)"
    return ""


def _is_an_object(response: Response) -> bool:
    name = media_types.name_of(response.content_type)
    if name.startswith("image/"):
        return True
    try:
        part10_files.read(response.body)
    except (UnreadableError, TooLargeError):
        return False
    return True


def _outline(response: Response) -> tuple[int, str, int]:
    return response.status, media_types.name_of(response.content_type), len(response.body)
