"""Store: what is taken (PS3.18 10.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from pydicom import Dataset

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.catalogue.statuses import BAD_REQUEST
from dicomweb_conformance.checks.expect import Expectation, assume, control, expect
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.dicom import json_model, store_response
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import values
from dicomweb_conformance.scenarios.steps.storing import is_stored, leave_to_plainest_store, warns
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh

WARNED = "202-with-a-warningreason"
_IMAGE_COMMENTS, _ACQUISITION_NUMBER = "00204000", "00200012"


@verifies("STORE-005", id="store-multipart", smoke=True)
def test_multipart(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """One Part 10 file in a multipart/related message is stored."""
    instance = fresh.instance()

    response = dicomweb.store([instance])

    with expect(response) as it:
        it.has_status(200, 202)
        is_stored(it, archive, instance)
        if response.status == 202 and warns(response):
            it.observes(WARNED)


@verifies("STORE-001", "STORE-031", id="store-two-studies")
def test_two_studies(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Instances of two studies are stored by one request to `/studies`."""
    one, other = fresh.study(name="one").instances[0], fresh.study(name="other").instances[0]

    response = dicomweb.store([one, other])

    leave_to_plainest_store(dicomweb, fresh, response)
    with expect(response) as it:
        it.has_status(200, 202)
        is_stored(it, archive, one, other, otherwise="2xx-and-one-of-two-missing")
        if response.status == 202 and warns(response):
            it.observes("202-with-warningreason-both-retrievable")
        answer = store_response.of_body(response.body)
        for item in answer.stored if answer else ():
            _leads_into_its_study(it, item, (one, other))


def _leads_into_its_study(it: Expectation, item: DataSet, sent: Sequence[Instance]) -> None:
    """Judge whether the Retrieve URL of an item, where it has one, names the study of the item's instance."""
    uid, url = (json_model.text(item, tag) for tag in (store_response.SOP_INSTANCE, store_response.RETRIEVE_URL))
    own = [each for each in sent if each.sop_instance_uid == uid]
    if own and url and any(each.study_instance_uid in url for each in sent if each is not own[0]):
        expected = [f"a URL that ends in /{resources.path(own[0])}"]
        it.observes("the-url-gives-another-instance", where=uid, expected=expected, received=url, of="STORE-031")


@verifies("STORE-002", id="store-into-study")
def test_into_study(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An instance is stored by a request to `/studies/{study}` of its own study."""
    instance = fresh.instance()

    response = dicomweb.store([instance], study=instance.study_instance_uid)

    leave_to_plainest_store(dicomweb, fresh, response)
    with expect(response) as it:
        it.has_status(200, 202)
        is_stored(it, archive, instance, otherwise="2xx-and-the-instance-not-retrievable")
        if response.status == 202 and warns(response):
            it.observes("202-warned-and-retrievable")


@verifies("STORE-008", id="store-single-part")
def test_single_part(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A bare application/dicom body is stored, or refused as unsupported."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a plain store does not work")
    instance = fresh.instance()

    response = dicomweb.store_single_part(instance)

    with expect(response) as it:
        it.has_status(200, 202)
        is_stored(it, archive, instance, otherwise="2xx-and-missing-or-different")


@verifies("STORE-046", "STORE-009", id="store-three-parts")
def test_three_parts(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Three parts of one series are stored as three instances, and the response is 200."""
    instances = fresh.study(instances=3).instances
    alone = fresh.instance(name="alone")
    control(dicomweb.store([alone]), 200, 202, because="a part alone is not stored")

    response = dicomweb.store(instances)

    with expect(response) as it:
        if 400 <= response.status < 500:
            it.observes("refused-though-parts-are-stored-alone", received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        is_stored(
            it, archive, *instances, otherwise="fewer-stored-than-sent-under-200" if response.status == 200 else None
        )
        answer = store_response.of_body(response.body)
        if answer and response.status == 200 and (answer.failed or answer.other_failures):
            it.observes("200-with-a-failure-item", of="STORE-009")


@verifies("STORE-045", id="store-adds-to-series")
def test_adds_to_series(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A second instance of a stored series joins the first in the same study and series."""
    series = fresh.study().series[0]
    first = series.instances[0]
    control(dicomweb.store([first]), 200, 202, because="the first instance is not stored")
    assume(archive.holds(first), "the first instance does not become visible", "store-multipart")
    second = fresh.another_in(series)

    response = dicomweb.store([second])

    with expect(response) as it:
        it.has_status(200, 202)
        is_stored(it, archive, second, otherwise="second-instance-not-below-series")
        is_stored(it, archive, first, otherwise="the-first-instance-is-gone")
        found = dicomweb.search("studies", StudyInstanceUID=first.study_instance_uid)
        with expect(found) as listed:
            studies = listed.is_a_list_of_matches().uids("0020000D")
        if len(studies) > 1:
            it.observes("second-entry-with-same-uid", received=f"{len(studies)} studies")


@verifies("STORE-065", id="store-implicit")
def test_implicit(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A file in Implicit VR Little Endian is stored, or refused with a reason."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a plain store does not work")
    instance = fresh.implicit()

    response = dicomweb.store([instance])

    with expect(response) as it:
        if response.status in {400, 409}:
            answer = store_response.of_body(response.body)
            if answer and answer.failed:
                it.observes("409-or-400-with-a-failure-item", received=it.status_line)
            else:
                it.finds("409 or 400 without a failure item", received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        is_stored(it, archive, instance, otherwise="2xx-and-values-differ-on-retrieval")


@verifies("STORE-068", id="store-empty-patient-id")
def test_empty_patient_id(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An instance without a Patient ID is stored, or refused."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a plain store does not work")
    instance = fresh.with_empty_patient_id()

    response = dicomweb.store([instance])

    with expect(response) as it:
        it.has_status(200, 202)
        is_stored(it, archive, instance, otherwise="2xx-and-not-retrievable")


@verifies("STORE-018", id="store-ignores-query")
def test_ignores_query(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A query parameter on a store changes nothing."""
    control(
        dicomweb.store([fresh.instance(name="control")]),
        200,
        202,
        because="the same store without a query does not work",
    )
    instance = fresh.instance()

    response = dicomweb.store([instance], query=[("x_probe", "1")])

    with expect(response) as it:
        if 400 <= response.status < 500:
            it.observes("400-or-another-4xx", received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        is_stored(it, archive, instance, otherwise="2xx-and-the-instance-not-stored")


@verifies("HTTP-023", id="store-chunked")
def test_chunked(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A store without Content-Length, sent in chunks, is stored or answered with 411."""
    whole, in_chunks = fresh.instance(name="whole"), fresh.instance(name="chunked")
    with_length = dicomweb.store([whole])
    control(with_length, 200, 202, because="the same store with Content-Length does not work")

    response = dicomweb.store([in_chunks], chunked=True)

    with expect(response) as it:
        if response.status == 411:
            it.observes("with-content-length-stored-chunked-411")
            it.concludes()
        if response.status in {501, *BAD_REQUEST}:
            it.observes("chunked-400-or-501", received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        is_stored(it, archive, in_chunks, otherwise="chunked-request-lost")


@verifies("STORE-060", id="store-twice")
def test_twice(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An instance that is sent twice is there once, whatever the second response is."""
    instance = fresh.instance()
    control(dicomweb.store([instance]), 200, 202, because="the first store does not work")
    assume(archive.holds(instance), "the instance does not become visible", "store-multipart")

    response = dicomweb.store([instance])

    with expect(response) as it:
        if not (400 <= response.status < 500 and response.status != 409):
            it.has_status(200, 202, 409)
        else:
            it.observes("another-4xx-content-unchanged", received=it.status_line)
        is_stored(it, archive, instance, otherwise="content-changed-or-gone")
        listed = dicomweb.search(resources.path(instance).rpartition("/")[0])
        with expect(listed) as found:
            times = found.is_a_list_of_matches().uids("00080018").count(instance.sop_instance_uid)
        if times > 1:
            it.observes("two-instances-with-that-uid", received=f"listed {times} times")


@verifies("STORE-061", "STORE-061b", id="store-other-version")
def test_other_version(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """After a second data set was sent under the same UID, one of the two is there whole."""
    first = fresh.instance()
    second = fresh.other_version(first)
    control(dicomweb.store([first]), 200, 202, because="the first store does not work")
    assume(archive.holds(first), "the instance does not become visible", "store-multipart")

    response = dicomweb.store([second])

    with expect(response) as it:
        if 400 <= response.status < 500 and response.status != 409:
            it.observes("another-4xx", received=it.status_line)
        elif response.status >= 500:
            it.has_status(200, 202, 409)
        archive.settles(lambda: second.dataset.PixelData in dicomweb.retrieve(first).body)
        found = dicomweb.retrieve(first)
        if found.status in {404, 410}:
            it.observes("the-instance-is-gone", of="STORE-061b", received=f"{found.status} to {found.request_line}")
            it.concludes()
        with expect(found) as retrieved:
            parts = retrieved.is_multipart_dicom(of="STORE-061b")
        if len(parts) > 1:
            it.observes("two-entries-for-one-uid", of="STORE-061b", received=f"{len(parts)} parts")
            it.concludes()
        assume(parts, "the instance comes back as a multipart without parts", "retrieve-instance-is-that-one")
        versions = [each for each in (first, second) if _is_version(parts[0], each)]
        if not versions:
            it.observes(
                "versions-mixed",
                of="STORE-061b",
                expected=["the old data set whole", "the new data set whole"],
                received="neither",
            )
        elif versions == [first] and response.status == 200 and not warns(response):
            it.observes("200-and-old-data-set", expected=["the new data set", "409"])
        else:
            _others_agree(dicomweb, archive, versions[0])


def _others_agree(dicomweb: StudiesService, archive: Archive, version: Instance) -> None:
    """Judge whether metadata and search tell of the version that is retrieved, where they tell of any."""
    told = {_IMAGE_COMMENTS: version.value("ImageComments"), _ACQUISITION_NUMBER: version.value("AcquisitionNumber")}
    below = f"studies/{version.study_instance_uid}/series/{version.series_instance_uid}"
    ways = (
        partial(dicomweb.metadata, version),
        partial(dicomweb.search, f"{below}/instances", [("includefield", tag) for tag in told]),
    )
    for ask in ways:
        archive.time_until(partial(_agrees, ask, version, told))
        response = ask()
        if other := _tells_otherwise(response, version, told):
            with expect(response) as it:
                for tag, found in other.items():
                    quote, expected = "resources-disagree-on-version", [f"{told[tag]}, as in the instance retrieved"]
                    it.observes(quote, where=tag, expected=expected, received=found, of="STORE-061b")


def _agrees(ask: Callable[[], Response], version: Instance, told: Mapping[str, str]) -> bool:
    return not _tells_otherwise(ask(), version, told)


def _tells_otherwise(response: Response, version: Instance, told: Mapping[str, str]) -> dict[str, str]:
    """Return what a response in DICOM JSON says otherwise of an instance, where it says anything of it."""
    if response.status != 200:
        return {}
    try:
        objects = json_model.objects(response.body)
    except UnreadableError:
        return {}
    own = [each for each in objects if json_model.text(each, "00080018") == version.sop_instance_uid]
    found = {tag: json_model.text(own[0], tag) for tag in told} if own else {}
    return {tag: text for tag, text in found.items() if text and text != told[tag]}


def _is_version(received: Dataset, version: Instance) -> bool:
    data_set = version.dataset
    return all(
        values.text(received, each) == values.text(data_set, each) for each in ("ImageComments", "AcquisitionNumber")
    ) and values.octets(received, "PixelData").rstrip(b"\0") == bytes(data_set.PixelData).rstrip(b"\0")
