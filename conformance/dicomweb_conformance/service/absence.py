"""Absent is not broken: by which answers a target says cleanly that it does not offer something."""

from __future__ import annotations

from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response

CLEAN_REFUSALS = frozenset({404, 405, 406, 415, 501})


def declines_xml(response: Response) -> bool:
    """Tell whether the answer to a request that accepts XML and nothing else says that there is no XML (8.7.8.1)."""
    refused = response.status in {400, *CLEAN_REFUSALS} - {404}
    return refused or (response.status == 200 and _is_json(response))


def _is_json(response: Response) -> bool:
    return media_types.name_of(response.content_type) in {media_types.DICOM_JSON, media_types.JSON}
