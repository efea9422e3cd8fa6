"""What must come of metadata with bulk data, whatever form the metadata have (PS3.18 10.5.1.4, 10.5.2)."""

from __future__ import annotations

from functools import cache

from pydicom import Dataset

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, control
from dicomweb_conformance.reading import values
from dicomweb_conformance.scenarios.steps.returned import has_elements, has_private_elements, lost_of_a_file
from dicomweb_conformance.scenarios.steps.storing import changes, is_there, pixels, retrieved, warns
from dicomweb_conformance.scenarios.steps.storing_metadata import (
    TYPE_REFUSED,
    Sent,
    are_there_with_their_pixels,
    has_its_pixels,
    is_not_offered,
    is_refused,
    keeps_jpegs,
    lacks,
    nothing_stored,
    reports_a_failure,
)
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.validators.images import jpeg
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.payloads import json_bulk

_DESCRIPTION = (
    *("SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit"),
)


def form_is_offered(it: Expectation, dicomweb: StudiesService, archive: Archive, sent: Sent) -> None:
    """Judge whether the form is taken, and an instance with its pixels made of it."""
    if is_not_offered(it.response):
        it.observes("415-406-400-405-or-501-form-not-offered", received=it.status_line)
        it.concludes()
    it.has_status(200, 202)
    if it.response.status == 202 and warns(it.response):
        it.observes("202-with-a-warningreason-content-equal")
    if is_there(it, archive, sent.instance, otherwise="2xx-and-the-instance-not-retrievable"):
        has_its_pixels(it, dicomweb, sent.instance, "2xx-and-pixel-data-missing-or-different")


def attributes_came_back(it: Expectation, dicomweb: StudiesService, archive: Archive, sent: Sent, *, form: str) -> None:
    """Compare the attributes of the instance with those of the metadata; `form` is the row that owns the form."""
    control(it.response, 200, 202, because="plain metadata with pixels do not work")
    if not is_there(it, archive, sent.instance, otherwise="2xx-and-the-instance-not-retrievable", of=form):
        it.concludes()
    for change in changes(sent.instance, retrieved(dicomweb, sent.instance)):
        lost = " lost: " in change
        it.observes("element-lost" if lost else "changed-and-not-recorded", received=change)


def elements_came_back(
    it: Expectation,
    dicomweb: StudiesService,
    archive: Archive,
    fresh: Fresh,
    corpus: Corpus,
    sent: Sent,
    *,
    form: str,
) -> None:
    """Compare elements of each VR, in sequences and private, with those of the metadata.

    What comes back otherwise where the same elements are stored as a file `store-round-trip` tells.

    Args:
        it: the expectation on the answer.
        dicomweb: retrieves.
        archive: tells what is there.
        fresh: makes what is stored to see that nothing else was.
        corpus: has the same elements in a file.
        sent: the request.
        form: the row that owns the form.
    """
    if is_refused(it.response):
        nothing_stored(it, dicomweb, archive, fresh, sent)
        it.observes("elements-refused-and-nothing-stored", received=it.status_line, of=form)
        it.concludes()
    it.has_status(200, 202, of=form)
    if not is_there(it, archive, sent.instance, otherwise="2xx-and-the-instance-not-retrievable", of=form):
        it.concludes()
    plain = json_bulk.native(fresh.place()).instance.dataset

    @cache
    def elsewhere() -> frozenset[str]:
        of_a_file = lost_of_a_file(dicomweb, corpus.elements.instances[0])
        return of_a_file | {f"{element.tag:08X}" for element in plain}

    received = retrieved(dicomweb, sent.instance)
    has_elements(it, sent.instance.dataset, received, told=elsewhere)
    has_private_elements(it, sent.instance.dataset, received, told=elsewhere)


def file_meta_fits(it: Expectation, dicomweb: StudiesService, archive: Archive, sent: Sent) -> None:
    """Judge the File Meta Information that the server made."""
    received = _kept(it, dicomweb, archive, sent)
    meta = received.file_meta
    named = (meta.get("MediaStorageSOPClassUID"), meta.get("MediaStorageSOPInstanceUID"))
    if named != (sent.instance.sop_class_uid, sent.instance.sop_instance_uid):
        it.observes("file-meta-missing-or-with-other-uids", received=", ".join(map(str, named)))
    if jpeg.is_encapsulated(received):
        it.observes("syntax-does-not-fit-the-octets", received=values.syntax(received))


def _kept(it: Expectation, dicomweb: StudiesService, archive: Archive, sent: Sent) -> Dataset:
    """Return what was stored, or end the block where nothing was."""
    it.has_status(200, 202)
    if not archive.holds(*sent.instances):
        it.finds("2xx and an instance not retrievable", received=it.status_line)
        it.concludes()
    return retrieved(dicomweb, sent.instance)


def _may_be_refused(
    it: Expectation, dicomweb: StudiesService, archive: Archive, fresh: Fresh, sent: Sent, quote: str
) -> None:
    """End the block with a note where the request is refused, and nothing was stored."""
    if is_refused(it.response):
        nothing_stored(it, dicomweb, archive, fresh, sent)
        it.observes(quote, received=it.status_line)
        it.concludes()


def each_object_is_an_instance(
    it: Expectation, dicomweb: StudiesService, archive: Archive, fresh: Fresh, sent: Sent
) -> None:
    """Judge a request of several objects: each is an instance with its own pixels, or nothing is stored."""
    refused = "4xx-one-object-per-request"
    _may_be_refused(it, dicomweb, archive, fresh, sent, refused)
    it.has_status(200, 202)
    are_there_with_their_pixels(
        it, dicomweb, archive, sent, missing="only-one-stored-under-200", differ="pixel-data-of-one-in-the-other"
    )


def locations_count(it: Expectation, dicomweb: StudiesService, archive: Archive, fresh: Fresh, sent: Sent) -> None:
    """Judge a request whose bulk data come in another order than the objects that name them."""
    _may_be_refused(it, dicomweb, archive, fresh, sent, "4xx-nothing-stored")
    _kept(it, dicomweb, archive, sent)
    for instance in sent.instances:
        has_its_pixels(it, dicomweb, instance, "pixel-data-swapped-or-missing")


def missing_part_is_noticed(
    it: Expectation, dicomweb: StudiesService, archive: Archive, fresh: Fresh, sent: Sent
) -> None:
    """Judge a request whose metadata refer to bulk data that are not in it."""
    status = it.response.status
    if status == 202 and not reports_a_failure(it.response):
        it.observes("202-without-a-failure-item", received=it.status_line)
    elif not is_refused(it.response) and status != 202:
        it.has_status(400, 409)
    if not lacks(dicomweb, archive, fresh, sent):
        it.observes("instance-retrievable-without-pixel-data")


def values_came_back(it: Expectation, dicomweb: StudiesService, archive: Archive, fresh: Fresh, sent: Sent) -> None:
    """Judge a request with two items of bulk data: Pixel Data and an ICC Profile."""
    _may_be_refused(it, dicomweb, archive, fresh, sent, "4xx-nothing-stored")
    it.has_status(200, 202)
    lost, stored = "2xx-and-a-value-missing", sent.instance.dataset
    if not is_there(it, archive, sent.instance, otherwise=lost):
        it.concludes()
    received = retrieved(dicomweb, sent.instance)
    if values.octets(received, "ICCProfile").rstrip(b"\0") != stored.ICCProfile.rstrip(b"\0"):
        it.observes(lost, where="(0028,2000)")
    if pixels(received) != pixels(stored):
        it.observes(lost, where="(7FE0,0010)")


def type_is_taken(it: Expectation, dicomweb: StudiesService, archive: Archive, fresh: Fresh, sent: Sent) -> None:
    """Go on where bulk data of an optional media type are taken; where they are refused, nothing may be stored."""
    if it.response.status in TYPE_REFUSED:
        nothing_stored(it, dicomweb, archive, fresh, sent)
        it.observes(
            "refused-and-nothing-stored",
            received=it.status_line,
        )
        it.concludes()
    if it.response.status == 501:
        nothing_stored(it, dicomweb, archive, fresh, sent)
        it.observes("501", received=it.status_line)
        it.concludes()
    it.has_status(200, 202)
    if not archive.holds(*sent.instances):
        it.finds("2xx and an instance not retrievable", received=it.status_line)
        it.concludes()


def jpeg_is_kept(it: Expectation, dicomweb: StudiesService, archive: Archive, fresh: Fresh, sent: Sent) -> None:
    """Judge a request with one JPEG."""
    type_is_taken(it, dicomweb, archive, fresh, sent)
    keeps_jpegs(it, dicomweb, sent.instance, sent.bulk_data[0].octets)


def is_described(it: Expectation, received: Dataset, sent: Instance) -> None:
    """Judge the description of the pixels, which the metadata left to the server; in a palette only their extent."""
    indexed = received.get("PhotometricInterpretation") == "PALETTE COLOR"
    for keyword in ("Rows", "Columns") if indexed else _DESCRIPTION:
        expected, found = sent.dataset.get(keyword), received.get(keyword)
        if found != expected:
            it.observes(
                "2xx-and-attributes-missing-or-wrong", where=keyword, expected=[str(expected)], received=str(found)
            )
