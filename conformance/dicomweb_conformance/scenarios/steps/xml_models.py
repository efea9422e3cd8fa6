"""What checks of XML share: reading the Native DICOM Models of an answer, in the shape of DICOM JSON."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import Expectation, quoted
from dicomweb_conformance.checks.judgement import Inconclusive
from dicomweb_conformance.dicom import labels, xml_model
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError

MULTIPART_XML = media_types.multipart_related(media_types.DICOM_XML)
BARE = frozenset({media_types.DICOM_XML, "application/xml", "text/xml"})
_BEFORE_MARKUP = b"\xef\xbb\xbf \t\r\n"
_WANTED = "multipart/related with a Native DICOM Model in each part"


def kind_of(response: Response) -> str:
    """Return type/subtype of an answer; of DICOM JSON application/dicom+json, whatever else it is labelled.

    A label that does not fit DICOM JSON is for JSON-001 alone to judge. One of application/json stays as it is.
    """
    name = media_types.name_of(response.content_type)
    if name in {*labels.BELIEVED, *BARE, media_types.MULTIPART_RELATED}:
        return name
    return media_types.DICOM_JSON if labels.model_of(response.body) == media_types.DICOM_JSON else name


def type_of(response: Response) -> str:
    """Return what `kind_of` does; of multipart/related the type of the root part, where it is named.

    application/json counts as application/dicom+json, too.
    """
    of_parts = media_types.read(response.content_type).media_type.of_parts
    named = of_parts.lower() if of_parts else kind_of(response)
    return media_types.DICOM_JSON if named == media_types.JSON else named


def is_xml(response: Response) -> bool:
    """Tell whether an answer is labelled as Native DICOM Models, in parts or bare."""
    kind = type_of(response)
    if kind != media_types.MULTIPART_RELATED:
        return kind in BARE
    try:  # without a type parameter, which MULTIPART-002 judges, the parts tell
        parts = multipart.parts_of(response.content_type, response.body)
    except multipart.MultipartError:
        return False
    return bool(parts) and media_types.name_of(parts[0].content_type) in BARE


def is_markup(document: bytes) -> bool:
    """Tell whether octets begin as a document does, behind a byte order mark or not (XML 1.0 4.3.3)."""
    return document.lstrip(_BEFORE_MARKUP).startswith(b"<")


def documents_of(it: Expectation, *, of: str | None = None) -> list[bytes]:
    """Return the documents of an answer: its parts, or its body where that is one document.

    Report an answer that is neither, and end the block.
    """
    response = it.response
    if media_types.name_of(response.content_type) in BARE:
        return [response.body]
    try:
        return [each.body for each in multipart.parts_of(response.content_type, response.body)]
    except multipart.MultipartError as error:
        it.cannot_read(error, _WANTED, of=of)


def models_of(it: Expectation, *, of: str | None = None) -> list[DataSet]:
    """Return the data sets of a 200, one for each document.

    Raises:
        Inconclusive: one cannot be read, which other rows judge of each message.
    """
    it.has_status(200, of=of)
    return [read(each, it.response.exchange) for each in documents_of(it, of=of)]


def read(document: bytes, exchange: str) -> DataSet:
    """Return the data set of one document.

    Raises:
        Inconclusive: it cannot be read: XML-005 or XML-001.
    """
    try:
        return xml_model.data_set_of(document)
    except UnreadableError as error:
        row = "XML-005" if document.lstrip()[:1] == b"<" else "XML-001"
        raise Inconclusive(
            f"a Native DICOM Model of {exchange} cannot be read: {quoted(error)}", f"message[{row}]"
        ) from None
