"""The exchanges that replays edit, by name: which of a clean run each one is."""

from __future__ import annotations

from dataclasses import dataclass

from dicomweb_conformance.http import urls
from dicomweb_conformance.http.media_types import read
from dicomweb_conformance.validators.http.error_responses import resource_of
from tests.mutants.replay.message import Message

CHECKS: dict[str, frozenset[str]] = {
    "dicom": frozenset(
        {
            *("delete-is-answered[study]", "delete-unknown", "search-below-unknown[study]", "search-studies"),
            "retrieve-any-transfer-syntax[rle]",
            *("bulkdata-single-part", "bulkdata-unknown", "bulkdata-by-uri", "frames-single-part", "frames-as-rle"),
            *("frames-unacceptable", "frames-have-no-metadata", "retrieve-single-part", "retrieve-unacceptable"),
            *("rendered-as[gif]", "rendered-as[png]", "rendered-report-as-text[plain]", "rendered-frames-as-jpeg"),
            *("thumbnail-is-one-picture[instance]", "xml-search", "xml-metadata", "xml-store-answer"),
            *("xml-store-answer-names-what-was-refused", "store-unsupported-media-type[image-bmp]"),
            *("store-garbage-beside-good", "store-all-refused[one-reason]"),
        }
    ),
    "google": frozenset({"google-delete-instance", "google-error-body", "lro-ends", "google-store-not-acceptable"}),
}
"""What each flavour is judged by, so that a run has every kind of exchange."""


@dataclass(frozen=True)
class Kind:
    """What an exchange is: resource (PS3.18 10.1.1), status, media type, the `type` of its parts, their number.

    Of several the one with the smallest body is taken, so that an edit is all there is to see.
    """

    resource: str
    status: int
    media_type: str
    of_parts: str = ""
    flavour: str = "dicom"
    method: str = ""
    parts: int = 0
    holds: bytes = b""

    def fits(self, message: Message, base_url: str) -> bool:
        """Tell whether an exchange is one of these."""
        reading = read(message.content_type)
        return (
            resource_of(message.asked.method, *_split(message.asked.url, base_url)) == self.resource
            and message.status == self.status
            and (reading.name, reading.media_type.of_parts or "") == (self.media_type, self.of_parts)
            and self.method in {"", message.asked.method}
            and (not self.parts or message.body.lower().count(b"\r\ncontent-type:") == self.parts)
            and self.holds in message.body
        )


def _split(url: str, base_url: str) -> tuple[str, str]:
    asked = urls.resolved("", url)
    return asked.path.removeprefix(urls.resolved("", base_url).path).strip("/"), asked.query or ""


JSON, XML, DICOM, OCTETS = (
    "application/dicom+json",
    "application/dicom+xml",
    "application/dicom",
    "application/octet-stream",
)
RELATED, TEXT = "multipart/related", "text/plain"

EXCHANGES: dict[str, Kind] = {
    "search": Kind("search", 200, JSON, holds=b'"0020000D"'),
    "empty search": Kind("search", 204, ""),
    "search in XML": Kind("search", 200, RELATED, XML),
    "metadata": Kind("metadata", 200, JSON),
    "metadata in XML": Kind("metadata", 200, RELATED, XML),
    "no metadata": Kind("metadata", 404, TEXT),
    "instance": Kind("instances", 200, DICOM),
    "instances": Kind("instances", 200, RELATED, DICOM, parts=2),
    "encapsulated instance": Kind("instances", 200, RELATED, DICOM, holds=b"1.2.840.10008.1.2.5\0"),
    "image": Kind("instances", 200, RELATED, DICOM, holds=b"1.2.840.10008.1.2.1\0"),
    "no instances": Kind("instances", 404, TEXT),
    "instances unacceptable": Kind("instances", 406, TEXT),
    "frames": Kind("frames", 200, RELATED, OCTETS),
    "frame": Kind("frames", 200, OCTETS),
    "frames in RLE": Kind("frames", 200, RELATED, "image/dicom-rle"),
    "frames unacceptable": Kind("frames", 406, TEXT),
    "bulk data": Kind("bulkdata", 200, RELATED, OCTETS),
    "one bulk data": Kind("bulkdata", 200, OCTETS),
    "no bulk data": Kind("bulkdata", 404, TEXT),
    "JPEG": Kind("rendered", 200, "image/jpeg"),
    "PNG": Kind("rendered", 200, "image/png"),
    "GIF": Kind("rendered", 200, "image/gif"),
    "JPEGs": Kind("rendered", 200, RELATED, "image/jpeg"),
    "text": Kind("rendered", 200, TEXT),
    "stored": Kind("store", 200, JSON),
    "stored in XML": Kind("store", 200, XML),
    "stored in part": Kind("store", 202, JSON),
    "refused": Kind("store", 409, JSON, holds=b'"00081198"'),
    "refused in XML": Kind("store", 409, XML),
    "unsupported": Kind("store", 415, TEXT),
    "deleted": Kind("delete", 204, ""),
    "nothing to delete": Kind("delete", 404, TEXT),
    "operation": Kind("", 200, "application/json", flavour="google", method="GET"),
    "no operation": Kind("", 404, "application/json", flavour="google", method="GET"),
    "operation begun": Kind("delete", 200, "application/json", flavour="google"),
}


def of(name: str, messages: list[Message], base_url: str) -> Message:
    """Return the exchange of a name.

    Raises:
        LookupError: the run had none.
    """
    found = [message for message in messages if EXCHANGES[name].fits(message, base_url)]
    if not found:
        raise LookupError(f"no check of the clean run brings about {name!r}")
    return min(found, key=lambda each: len(each.body))
