"""What octets are, whatever media type they are labelled with: the models of DICOM tell themselves."""

from __future__ import annotations

import re

from dicomweb_conformance.dicom.xml_model import MODEL, local_name
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.unreadable import TooLargeError, UnreadableError
from dicomweb_conformance.reading import json_documents, xml_octets

BELIEVED = frozenset({media_types.DICOM_JSON, media_types.JSON, media_types.DICOM_XML, media_types.DICOM})
"""Labels that are believed: what does not fit one of them is judged by its model."""
_BEFORE = b" \t\r\n\xef\xbb\xbf"
_TAG = re.compile("[0-9A-Fa-f]{8}")


def model_of(octets: bytes) -> str:
    """Return the media type of the model that octets are of, whatever they are labelled; empty for any other."""
    text = octets.lstrip(_BEFORE)
    if text.startswith(b"<"):
        root = xml_octets.read(octets).root
        is_model = root is not None and local_name(root) == MODEL
        return media_types.DICOM_XML if is_model else ""
    if not text.startswith((b"[", b"{")):
        return ""
    try:
        value = json_documents.value_of(octets)
    except (UnreadableError, TooLargeError):
        return ""
    data_sets = value if isinstance(value, list) else [value]
    return media_types.DICOM_JSON if data_sets and all(map(_is_data_set, data_sets)) else ""


def _is_data_set(value: object) -> bool:
    return isinstance(value, dict) and bool(value) and all(map(_TAG.fullmatch, value))
