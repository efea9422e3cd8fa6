"""Negotiation: the transfer syntax that a server chooses (PS3.18 8.7.3.4, 8.7.3.5.2)."""

from __future__ import annotations

from collections.abc import Callable

from pydicom import Dataset

from dicomweb_conformance.checks.expect import BUSY, Expectation, assume, control, expect
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.http.media_types import MULTIPART_DICOM
from dicomweb_conformance.reading import values
from dicomweb_conformance.scenarios.steps.accept_lists import takes_lists
from dicomweb_conformance.scenarios.steps.storing import pixels
from dicomweb_conformance.scenarios.steps.syntax_asked_for import leave_to_plainest_syntax
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import EXPLICIT_VR_LITTLE_ENDIAN, Instance

MPEG2 = "1.2.840.10008.1.2.4.100"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
REFUSED = "406-400-or-another-4xx"
MISFIT = "content-that-does-not-fit-0002-0010"


def in_syntax(uid: str) -> str:
    """Write an Accept element for instances in one transfer syntax."""
    return f"{MULTIPART_DICOM}; transfer-syntax={uid}"


def _only(it: Expectation, instance: Instance) -> Dataset:
    parts = it.is_multipart_dicom()
    found = [part for part in parts if str(part.get("SOPInstanceUID", "")) == instance.sop_instance_uid]
    assume(found, "what is retrieved does not hold the instance", "retrieve-instance-is-that-one")
    return found[0]


def _has_its_pixels(received: Dataset, instance: Instance) -> bool:
    return pixels(received) == pixels(instance.dataset)


def _works(dicomweb: StudiesService, instance: Instance) -> None:
    control(dicomweb.retrieve(instance), because="the instance cannot be retrieved without a transfer-syntax parameter")


def _is_not_refused(it: Expectation) -> None:
    if 400 <= it.response.status < 500 and it.response.status not in BUSY:
        it.observes(REFUSED, received=it.status_line)
        it.concludes()
    it.has_status(200)


@verifies("NEGOTIATION-021", id="negotiation-transfer-syntax")
def test_transfer_syntax(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An instance comes in the transfer syntax that Accept names, if it was stored in it."""
    instance = corpus.ct_pair.instances[0]
    _works(dicomweb, instance)

    response = dicomweb.retrieve(instance, accept=in_syntax(EXPLICIT_VR_LITTLE_ENDIAN))

    with expect(response) as it:
        _is_not_refused(it)
        syntax = values.syntax(_only(it, instance))
        if syntax != EXPLICIT_VR_LITTLE_ENDIAN:
            it.observes("another-transfer-syntax", where="(0002,0010)", received=syntax or "absent")


@verifies("NEGOTIATION-026", id="negotiation-unavailable-transfer-syntax")
def test_unavailable_transfer_syntax(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An image asked for in the transfer syntax of a video is answered with 406, or in the default syntax."""
    instance = corpus.ct_pair.instances[0]
    _works(dicomweb, instance)

    response = dicomweb.retrieve(instance, accept=in_syntax(MPEG2))

    with expect(response) as it:
        if response.status != 200:
            it.has_status(406)
            it.concludes()
        leave_to_plainest_syntax(dicomweb, corpus, values.syntax(_only(it, instance)))
        _is_the_default(
            it,
            instance,
            lambda: it.observes("200-in-explicit-vr-le-by-default"),
            "200-in-any-other-syntax",
        )


def _is_the_default(it: Expectation, instance: Instance, default: Callable[[], None], otherwise: str) -> None:
    received = _only(it, instance)
    syntax = values.syntax(received)
    if syntax != EXPLICIT_VR_LITTLE_ENDIAN:
        it.observes(otherwise, where="(0002,0010)", received=syntax or "absent")
    elif not _has_its_pixels(received, instance):
        it.observes(MISFIT, where="(7FE0,0010)", received=f"{len(pixels(received))} octets that were not stored")
    else:
        default()


@verifies("NEGOTIATION-027", id="negotiation-several-transfer-syntaxes")
def test_several_transfer_syntaxes(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Of two transfer syntaxes the server returns the one that it has, even where it has less weight."""
    instance = corpus.ct_pair.instances[0]
    takes_lists(dicomweb, corpus)
    _works(dicomweb, instance)

    accept = f"{in_syntax(MPEG2)}, {in_syntax(EXPLICIT_VR_LITTLE_ENDIAN)};q=0.5"
    response = dicomweb.retrieve(instance, accept=accept)

    with expect(response) as it:
        _is_not_refused(it)
        syntax = values.syntax(_only(it, instance))
        if syntax != EXPLICIT_VR_LITTLE_ENDIAN:
            leave_to_plainest_syntax(dicomweb, corpus, syntax)
            it.observes("another-syntax", where="(0002,0010)", received=syntax or "absent")


@verifies("NEGOTIATION-031", id="negotiation-transfer-syntax-in-the-query")
def test_transfer_syntax_in_the_query(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A transferSyntax query parameter, which is one of the URI Service, changes nothing."""
    instance = corpus.ct_pair.instances[0]
    _works(dicomweb, instance)

    response = dicomweb.get(_path(instance), [("transferSyntax", JPEG_BASELINE)], accept=MULTIPART_DICOM)

    with expect(response) as it:
        it.has_status(200)
        received = _only(it, instance)
        if values.syntax(received) == JPEG_BASELINE:
            it.observes("200-in-the-vendor-syntax-named", where="(0002,0010)")
        elif not _has_its_pixels(received, instance):
            it.observes(MISFIT, where="(7FE0,0010)", received=f"{len(pixels(received))} octets that were not stored")


def _path(instance: Instance) -> str:
    study, series = instance.study_instance_uid, instance.series_instance_uid
    return f"studies/{study}/series/{series}/instances/{instance.sop_instance_uid}"
