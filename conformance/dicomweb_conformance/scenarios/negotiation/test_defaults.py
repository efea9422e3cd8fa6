"""Negotiation: what comes where nothing more than the kind of answer is asked for (PS3.18 8.7.2 to 8.7.4, 8.8.5)."""

from __future__ import annotations

import html
from copy import deepcopy

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.dicom import differences
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import values
from dicomweb_conformance.scenarios.steps.returned import keeps_elements
from dicomweb_conformance.scenarios.steps.storing import pixels
from dicomweb_conformance.service.resources import path
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.building.transfer_syntaxes import DEFLATED, JPEG_BASELINE
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import EXPLICIT_VR_LITTLE_ENDIAN, Instance
from dicomweb_fixtures.fresh import Fresh

MULTI_FRAME_WORD = "1.2.840.10008.5.1.4.1.1.7.3"
PDF = "application/pdf"
_MULTIPART_PDF = media_types.multipart_related(PDF)
FINDING = "所見なし"
LOSSY = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (51, 81, 91, 92, 112, 203))
ABSENT = frozenset({400, 404, 405, 406, 415, 501})


@verifies("NEGOTIATION-024", "RETRIEVE-012", "RETRIEVE-014", id="negotiation-lossy-by-default", needs="retrieve")
def test_lossy_by_default(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A lossy image comes decoded or just as it was stored where no transfer syntax is asked for."""
    instance = corpus.jpeg.instances[0]

    response = dicomweb.retrieve(instance)

    with expect(response) as it:
        if response.status == 406:
            it.concludes()
        received = it.is_one_instance()
        syntax = values.syntax(received)
        octets = values.octets(received, "PixelData")
        stored = values.octets(instance.dataset, "PixelData")
        if syntax == JPEG_BASELINE:
            if octets.rstrip(b"\0") != stored.rstrip(b"\0"):
                it.observes("200-in-jpeg-baseline-changed", received=f"{len(octets)} of {len(stored)} octets")
            else:
                it.observes("200-in-jpeg-baseline-unchanged")
        elif syntax == EXPLICIT_VR_LITTLE_ENDIAN:
            expected = values.number(received, "Rows") * values.number(received, "Columns")
            expected *= values.number(received, "SamplesPerPixel", 1)
            if len(pixels(received)) != expected:
                said = f"{len(octets)} octets under Explicit VR Little Endian"
                it.observes("content-that-does-not-fit-0002-0010", expected=[f"{expected} octets"], received=said)
            else:  # which it is for good: Lossy Image Compression stays 01 (PS3.3 C.7.6.1.1.5)
                keeps_elements(it, dicomweb, instance, received)
        elif syntax in LOSSY:
            it.observes("200-in-a-third-lossy-syntax", where="(0002,0010)", received=syntax)


@verifies("NEGOTIATION-033", id="negotiation-deflated-by-default", needs="retrieve")
def test_deflated_by_default(dicomweb: StudiesService, corpus: Corpus) -> None:
    """What was stored deflated comes in Explicit VR Little Endian where no transfer syntax is asked for."""
    instance = corpus.encoded(DEFLATED).instances[0]

    response = dicomweb.retrieve(instance)

    with expect(response) as it:
        received = it.is_one_instance()
        syntax = values.syntax(received)
        if syntax == DEFLATED:
            it.observes("0002-0010-is-1-2-840-10008-1-2-1-99", where="(0002,0010)", received=syntax)
        elif syntax != EXPLICIT_VR_LITTLE_ENDIAN:
            it.finds("another transfer syntax", where="(0002,0010)", received=syntax or "absent")
        differing = differences.data_sets(instance.dataset, received)  # private elements are judged by RETRIEVE-014
        lost = [data_set for data_set in differing if data_set.kind != "added" and not data_set.private]
        if lost or pixels(received) != pixels(instance.dataset):
            where = lost[0].path if lost else "PixelData"
            it.observes("values-differ-from-the-stored-ones", where=where)


@verifies("NEGOTIATION-050", id="negotiation-one-frame-of-a-multi-frame")
def test_one_frame_of_a_multi_frame(dicomweb: StudiesService, corpus: Corpus, archive: Archive, fresh: Fresh) -> None:
    """A multi-frame object with one frame is rendered as a JPEG, as a single frame is."""
    control(dicomweb.rendered(corpus.ct_pair.instances[0]), because="a single frame is not rendered as JPEG either")
    single = fresh.instance()
    frame = fresh.with_values(single, SOPClassUID=MULTI_FRAME_WORD, NumberOfFrames=1)
    _is_there(dicomweb, archive, frame)

    response = dicomweb.rendered(frame)

    with expect(response) as it:
        it.has_status(200)
        if media_types.name_of(response.content_type) != media_types.JPEG:
            received = response.content_type or "no Content-Type"
            it.observes("200-with-another-type", where="Content-Type", received=received)
        elif not response.body.startswith(b"\xff\xd8"):
            it.observes("body-that-is-not-jpeg")


def _is_there(dicomweb: StudiesService, archive: Archive, instance: Instance) -> None:
    control(dicomweb.store([instance]), 200, 202, because="what is to be looked at cannot be stored")
    assume(archive.holds(instance), "what is to be looked at does not become visible", "store-multipart")


@verifies("NEGOTIATION-020", id="negotiation-type-of-each-part")
def test_type_of_each_part(dicomweb: StudiesService, corpus: Corpus, archive: Archive, fresh: Fresh) -> None:
    """Bulk data of an image and a document come in parts of media types that Accept lists, each what it says it is."""
    image = fresh.instance()
    document = fresh.with_values(
        corpus.pdf.instances[0],
        StudyInstanceUID=image.study_instance_uid,
        SeriesInstanceUID=fresh.uid(),
        SOPInstanceUID=fresh.uid(),
        PatientID=image.value("PatientID"),
        PatientName=image.value("PatientName"),
    )
    _is_there(dicomweb, archive, image)
    _is_there(dicomweb, archive, document)
    resource = f"studies/{image.study_instance_uid}/bulkdata"
    usual = dicomweb.get(resource, accept=media_types.MULTIPART_OCTETS)
    offered(usual.status not in ABSENT, "there are no bulk data of a whole study", "bulkdata.levels")
    control(usual, because="the bulk data of a study cannot be retrieved")

    response = dicomweb.get(resource, accept=f"{media_types.MULTIPART_OCTETS}, {_MULTIPART_PDF};q=0.5")

    with expect(response) as it:
        if response.status == 406:
            it.concludes()
        it.has_status(200)
        try:
            parts = multipart.parts_of(response.content_type, response.body)
        except UnreadableError as error:
            it.cannot_read(error, "a multipart of bulk data")
        for number, part in enumerate(parts, 1):
            kind = media_types.name_of(part.kind)
            if kind not in {media_types.OCTET_STREAM, PDF}:
                it.observes("a-part-in-a-type-that-was-not-listed", where=f"part {number}", received=kind or "none")
            elif kind == PDF and not part.body.startswith(b"%PDF"):
                it.observes("body-of-part-does-not-fit-content-type", where=f"part {number}", received=kind)


@verifies("NEGOTIATION-045", id="charset-that-cannot-hold-the-text", needs="rendered")
def test_charset_that_cannot_hold_the_text(
    dicomweb: StudiesService, corpus: Corpus, archive: Archive, fresh: Fresh
) -> None:
    """A report in Japanese asked for in US-ASCII is refused, or comes with all of its characters."""
    report = _in_japanese(corpus.with_documents().two_series.series[1].instances[0], fresh)
    _is_there(dicomweb, archive, report)
    usual = dicomweb.rendered(report, accept="text/html")
    offered(usual.status not in ABSENT, "text is not rendered", "rendered.text")
    control(usual, because="the report is not rendered")
    assume(FINDING in _text(usual), "the report is rendered without its text", usual.exchange)

    response = dicomweb.get(f"{path(report)}/rendered", accept="text/html", headers=[("Accept-Charset", "us-ascii")])

    with expect(response) as it:
        if response.status == 406:
            it.concludes()
        it.has_status(200)
        _holds_the_text(it)


def _holds_the_text(it: Expectation) -> None:
    declared = media_types.read(it.response.content_type).media_type.parameter("charset") or ""
    try:
        text = it.response.body.decode(declared or "us-ascii")
    except (UnicodeDecodeError, LookupError):
        it.observes("octets-do-not-decode-in-declared-charset", where="Content-Type", received=declared or "none")
        return
    if FINDING not in html.unescape(text):
        it.observes("200-with-characters-dropped-or-replaced", expected=[FINDING])
    elif declared.lower() in {"us-ascii", "ascii"}:
        it.observes("200-in-us-ascii-with-references")
    else:
        it.observes("200-in-utf-8-declared", where="Content-Type", received=declared)


def _text(response: Response) -> str:
    return html.unescape(response.body.decode("utf-8", "replace"))


def _in_japanese(report: Instance, fresh: Fresh) -> Instance:
    content = deepcopy(report.dataset.ContentSequence)
    for item in content:
        if "TextValue" in item:
            item.TextValue = FINDING
    stranger = fresh.instance()  # another patient's, or a search for the first would find two
    names = ("PatientID", "PatientName", "AccessionNumber", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    own = {name: stranger.value(name) for name in names}
    return fresh.with_values(report, SpecificCharacterSet="ISO_IR 192", ContentSequence=content, **own)
