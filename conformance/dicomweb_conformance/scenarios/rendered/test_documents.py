"""Rendered: videos, encapsulated documents, and the characters of reports (PS3.18 8.7.4, 8.8.5)."""

from __future__ import annotations

import html
import re

from dicomweb_conformance.checks.expect import expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.steps.pictures import ABSENT
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.studies import video

REFUSED = ABSENT | {400, 406, 415}
_PDF, _HTML = "application/pdf", "text/html"
# What a file of each type has near its beginning: `ftyp` of ISO/IEC 14496-12, a pack or sequence header of MPEG-2.
VIDEOS = (
    Variant("mp4", "RENDERED-009", "video/mp4 66747970"),
    Variant("mpeg", "RENDERED-009", "video/mpeg 000001"),
    Variant("h265", "RENDERED-009", "video/H265 000001"),
)
_HEAD = 64


@verifies("RENDERED-009b", id="rendered-video", each=VIDEOS, needs="rendered")
def test_video(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A video is rendered in the type asked for, or that type is refused with 406."""
    instance = corpus.video.instances[0]
    name, _, begins = case.value.partition(" ")

    response = dicomweb.rendered(instance, accept=name)

    with expect(response) as it:
        it.has_status(200, 406)
        if response.status == 406:
            it.observes("406")
            it.concludes()
        it.observes("200")
        came = media_types.name_of(response.content_type)
        offered(came == name.lower(), f"{name} is answered in another type")
        if bytes.fromhex(begins) not in response.body[:_HEAD]:
            it.observes("body-of-another-type", where="Content-Type", received=it.status_line, of="RENDERED-009b")
        elif case.id == "mp4" and response.body.rstrip(b"\0") == video.mp4().rstrip(b"\0"):
            it.observes("video-with-the-frames", of="RENDERED-009b")
        elif case.id == "mp4" and b"moov" not in response.body:
            received = f"{len(response.body)} octets without a moov box"
            it.observes("body-that-does-not-decode", received=received, of="RENDERED-009b")


DOCUMENTS = (Variant("pdf", "RENDERED-011", _PDF), Variant("rtf", "RENDERED-011", "text/rtf"))


@verifies("RENDERED-011b", id="rendered-document", each=DOCUMENTS, needs="rendered")
def test_document(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """An encapsulated PDF is rendered as that document, a report as RTF, or these types are refused with 406."""
    instance = corpus.pdf.instances[0] if case.id == "pdf" else corpus.reports.instances[1]

    response = dicomweb.rendered(instance, accept=case.value)

    with expect(response) as it:
        it.has_status(200, 406)
        if response.status == 406:
            it.observes("406")
            it.concludes()
        it.observes("200")
        came = media_types.name_of(response.content_type)
        offered(came == case.value, f"{case.value} is answered in another type")
        if case.id == "rtf":
            if not response.body.lstrip().startswith(b"{\\rtf"):
                it.finds("body that is not RTF", received=it.status_line, of="RENDERED-011b")
            it.concludes()
        stored = bytes(instance.dataset.EncapsulatedDocument)
        at = response.body.find(b"%PDF-")
        if response.body.rstrip(b"\0") == stored.rstrip(b"\0"):
            it.observes("octets-of-stored-document-padding-apart", of="RENDERED-011b")
        elif response.body[128:132] == b"DICM" or (at > 0 and response.body[at:].rstrip(b"\0") == stored.rstrip(b"\0")):
            received = f"{at} octets in front of the document"
            it.observes("dicom-header-in-front", received=received, of="RENDERED-011b")
        elif at != 0 or b"%%EOF" not in response.body[-1024:]:
            it.observes("body-that-is-not-a-pdf", received=it.status_line, of="RENDERED-011b")
        else:
            it.observes("another-well-formed-pdf", received=f"{len(response.body)} octets", of="RENDERED-011b")


@verifies("RENDERED-048", id="rendered-characters-of-a-report", needs="rendered")
def test_characters_of_a_report(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A report is rendered in the characters that it has, in the character set that the response names."""
    instance = corpus.reports.instances[1]

    response = dicomweb.rendered(instance, accept=_HTML)

    offered(response.status not in REFUSED, "text is not rendered", "rendered.text")
    with expect(response) as it:
        it.has_status(200)
        offered(media_types.name_of(response.content_type) == _HTML, "text/html is answered in another type")
        charset = _charset(response)
        try:
            text = response.body.decode(charset)
        except (UnicodeDecodeError, LookupError) as error:
            it.observes("declared-charset-does-not-decode", where="Content-Type", received=f"{charset}: {error}")
            it.concludes()
        words = ("Größe", "µm")
        if all(word in text for word in words):
            it.observes("text-in-its-declared-charset")
        elif all(word in html.unescape(text) for word in words):
            it.observes("characters-as-html-character-references")
        else:
            it.observes(
                "replacement-characters-or-mojibake",
                expected=[", ".join(words)],
                received=f"neither, read as {charset}",
            )


def _charset(response: Response) -> str:
    """Return the character set of a page: of Content-Type, or as the page says itself, else UTF-8."""
    named = media_types.read(response.content_type).media_type.parameter("charset")
    said = re.search(rb"<meta[^>]+charset=[\"']?([\w.:-]+)", response.body[:1024], re.IGNORECASE)
    return named or (said[1].decode("ascii") if said else "utf-8")
