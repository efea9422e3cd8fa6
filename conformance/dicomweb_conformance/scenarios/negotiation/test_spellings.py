"""Negotiation: one media type in the spellings that clients give it (RFC 9110 5.6.6 and 8.3.1, RFC 2045 5)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import shows
from dicomweb_conformance.checks.expect import BUSY, assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.scenarios.steps.refusals import names_any_of
from dicomweb_conformance.scenarios.steps.storing import AS_STORED
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

_ONE_SYNTAX = AS_STORED.replace("*", "1.2.840.10008.1.2.1")
_USUAL = {"transfer-syntax-first": AS_STORED, "transfer-syntax-quoted": _ONE_SYNTAX}
SPELLINGS = (
    Variant("type-in-capitals", "HTTP-027", 'MULTIPART/Related; type="application/dicom"'),
    Variant("no-white-space", "HTTP-027b", 'multipart/related;type="application/dicom"'),
    Variant("white-space-in-front", "HTTP-027b", 'multipart/related ; type="application/dicom"'),
    Variant("transfer-syntax-first", "HTTP-027b", 'multipart/related; transfer-syntax=*; type="application/dicom"'),
)
QUOTED = _ONE_SYNTAX.replace("1.2.840.10008.1.2.1", '"1.2.840.10008.1.2.1"')


@verifies(id="negotiation-spelled-otherwise", each=SPELLINGS, needs="retrieve")
def test_spelled_otherwise(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A media type means the same whatever its case, its white space and the order of its parameters."""
    instance = corpus.ct_pair.instances[0]
    usual = dicomweb.retrieve(instance, accept=_USUAL.get(case.id, media_types.MULTIPART_DICOM))
    control(usual, because="the instance cannot be retrieved in the usual spelling")
    is_there = shows(usual, [instance.sop_instance_uid])
    assume(is_there, "what is retrieved does not hold the instance", "retrieve-instance-series-study")

    response = dicomweb.retrieve(instance, accept=case.value)

    with expect(response) as it:
        if 400 <= response.status < 500 and response.status not in BUSY:
            expected = ["200, as in the usual spelling"]
            in_front = case.id == "white-space-in-front"
            quote = "white-space-in-front-refused" if in_front else "406-400-or-another-4xx"
            it.observes(quote, expected=expected, received=f"{it.status_line} for {case.value}")
            it.concludes()
        it.has_status(200)
        if media_types.name_of(response.content_type) != media_types.name_of(usual.content_type):
            expected, received = [usual.content_type], response.content_type
            it.observes("another-media-type", where="Content-Type", expected=expected, received=received)
        else:
            names_any_of(it, (instance,))


@verifies("HTTP-028", id="negotiation-transfer-syntax-quoted", needs="retrieve")
def test_transfer_syntax_quoted(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The `transfer-syntax` parameter in Accept means the same with and without quotation marks."""
    instance = corpus.ct_pair.instances[0]
    unquoted = dicomweb.retrieve(instance, accept=_ONE_SYNTAX)
    control(unquoted, because="the instance cannot be retrieved in the form without quotation marks")

    response = dicomweb.retrieve(instance, accept=QUOTED)

    with expect(response) as it:
        if 400 <= response.status < 500 and response.status not in BUSY:
            it.observes("200-for-the-unquoted-form-only", received=f"{it.status_line} for {QUOTED}")
            it.concludes()
        it.has_status(200)
        if media_types.name_of(response.content_type) != media_types.name_of(unquoted.content_type):
            received = f"{unquoted.content_type} and {response.content_type}"
            it.observes("different-media-types-for-the-two", received=received)
        else:
            names_any_of(it, (instance,))
