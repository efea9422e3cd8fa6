"""Retrieve: what an instance is not, what it was for historical reasons, and how a success is told (PS3.18 10.4)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import shows
from dicomweb_conformance.checks.expect import Expectation, control, expect, read_parts
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom.json_model import objects, text
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import part10_files, picture_files
from dicomweb_conformance.scenarios.steps.pixel_octets import equals, items_in
from dicomweb_conformance.scenarios.steps.wholeness import leave_to_plainest_retrieve
from dicomweb_conformance.service import bulk_data, resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Series, Study

ANOTHER_SUCCESS = frozenset({201, 202, 203})


@verifies("RETRIEVE-003", id="retrieve-bulk-data-of-instance")
def test_bulk_data_of_instance(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An instance asked for as multipart application/octet-stream comes as its bulk data, for historical reasons."""
    instance = corpus.ct_pair.instances[0]
    control(dicomweb.retrieve(instance), because="the instance cannot be retrieved as DICOM")

    response = dicomweb.retrieve(instance, accept=media_types.MULTIPART_OCTETS)

    with expect(response) as it:
        if response.status in {204, 404} and not _refers_to_bulk_data(dicomweb, instance):
            it.observes("204-or-404-without-bulk-data", received=it.status_line)
            it.concludes()
        it.has_status(200)
        if _type_of_parts(response.content_type) == media_types.DICOM:
            it.observes("200-with-default-multipart-dicom", where="Content-Type")
            it.concludes()
        items = items_in(it)
        if any(equals(item.octets, instance.frames[0]) for item in items):
            it.observes("200-with-bulk-data-parts")
        else:
            received = f"{len(items)} parts of {', '.join(str(len(item.octets)) for item in items)} octets"
            it.observes("200-with-octets-no-value-of-instance", received=received)


def _refers_to_bulk_data(dicomweb: StudiesService, instance: Instance) -> bool:
    """Tell whether metadata give a value by a URI: where all stand in them there are no bulk data."""
    response = dicomweb.metadata(instance)
    control(response, because="metadata, which say whether there are bulk data, cannot be retrieved")
    try:
        return any(True for each in objects(response.body) for _ in bulk_data.references(each, response))
    except UnreadableError:
        return True


def _type_of_parts(content_type: str) -> str:
    """Return the media type of the parts of a multipart, of anything else its own."""
    try:
        named = media_types.parse(content_type)
    except media_types.MediaTypeError:
        return ""
    return named.of_parts or media_types.name_of(content_type)


@verifies("RETRIEVE-024", id="retrieve-instance-is-no-json")
def test_instance_is_no_json(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An instance asked for as application/dicom+json, which only its metadata are, is refused with 406."""
    instance = corpus.ct_pair.instances[0]
    control(dicomweb.retrieve(instance), because="the instance cannot be retrieved as DICOM")

    response = dicomweb.retrieve(instance, accept=media_types.DICOM_JSON)

    with expect(response) as it:
        if response.status != 200:
            it.has_status(406)
            it.observes("406")
        elif _type_of_parts(response.content_type) == media_types.DICOM:
            it.observes("200-with-default-multipart-dicom", where="Content-Type")
        elif _names(response.body) == [instance.sop_instance_uid]:
            it.observes("200-with-dicom-json-array-of-instance")
        else:
            it.observes("200-with-anything-else", received=it.status_line)


def _names(body: bytes) -> list[str]:
    try:
        return [text(each, "00080018") for each in objects(body)]
    except UnreadableError:
        return []


@verifies("RETRIEVE-030", "RETRIEVE-029", id="retrieve-twice", afresh=True)
def test_twice(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A study retrieved twice is the same twice, in whatever order its instances come."""
    study = corpus.two_series
    first = dicomweb.retrieve(study)
    control(first, because="the study cannot be retrieved")

    response = dicomweb.retrieve(study)

    leave_to_plainest_retrieve(dicomweb, corpus, response)
    with expect(response) as it:
        before, after = (_data_sets(it, each.content_type, each.body) for each in (first, response))
        if sorted(before) != sorted(after):
            differ = sum(one != other for one, other in zip(sorted(before), sorted(after), strict=False))
            it.observes(
                "set-or-data-set-differs-between-the-two",
                received=f"{len(before)} data sets, then {len(after)}, of which {differ} differ",
            )
        else:
            it.observes("same-set-and-same-data-sets-in-any-order")
            it.observes("any-order-of-parts", of="RETRIEVE-029")


def _data_sets(it: Expectation, content_type: str, body: bytes) -> list[str]:
    """Return the data sets of a multipart as text, without what stands in group 0002."""
    try:
        parts = multipart.parts_of(content_type, body)
        return [str(part10_files.read(part.body)) for part in parts]
    except UnreadableError as error:
        it.cannot_read(error, "multipart/related with application/dicom parts")


TARGETS = (Variant("study", "RETRIEVE-015"), Variant("series", "RETRIEVE-015"))


@verifies("RETRIEVE-016b", "RETRIEVE-016", "RETRIEVE-022", id="retrieve-success-is-whole", each=TARGETS)
def test_success_is_whole(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """All of a study or a series comes with 200; what comes with 206 lacks something, and no success is empty."""
    study = corpus.two_series
    target: Study | Series = study if case.id == "study" else study.series[1]

    response = dicomweb.retrieve(target)

    leave_to_plainest_retrieve(dicomweb, corpus, response)
    with expect(response) as it:
        if response.status == 204:
            it.observes("204-for-a-stored-target", received=it.status_line, of="RETRIEVE-022")
            it.concludes()
        if response.status in ANOTHER_SUCCESS:
            it.observes("201-202-or-203-by-the-origin-server", received=it.status_line)
            it.concludes()
        it.has_status(200, 206)
        if not response.body:
            it.observes("200-with-an-empty-body", received=it.status_line, of="RETRIEVE-022")
            it.concludes()
        found = _uids(it)
        if not found and response.status == 206:
            it.observes("no-part", received=it.status_line, of="RETRIEVE-016b")
        elif not found:
            it.observes("multipart-with-no-part", received=it.status_line, of="RETRIEVE-022")
        elif response.status == 200:
            it.observes("200")
            it.observes("2xx-with-a-non-empty-payload", of="RETRIEVE-022")
        else:
            _is_partial(it, found, {instance.sop_instance_uid for instance in target.instances})


def _is_partial(it: Expectation, found: list[str], wanted: set[str]) -> None:
    received = f"206 with {len(found)} of {len(wanted)} instances"
    it.observes("206-without-a-range-header", received=received, of="RETRIEVE-016")
    if set(found) - wanted:
        it.observes("an-instance-outside-the-target", received=received, of="RETRIEVE-016b")
    elif len(found) != len(set(found)):
        it.observes("the-same-instance-twice", received=received, of="RETRIEVE-016b")
    elif set(found) == wanted:
        it.observes("206-without-range-all-there", received=received)
    else:
        it.observes("parts-proper-non-empty-subset-of-target", of="RETRIEVE-016b")


def _uids(it: Expectation) -> list[str]:
    try:
        return [str(read_part.get("SOPInstanceUID", "")) for read_part in read_parts(it.response)]
    except UnreadableError as error:
        it.cannot_read(error, "multipart/related with application/dicom parts", of="RETRIEVE-022")


@verifies("RETRIEVE-021", id="retrieve-is-not-posted", needs="retrieve")
def test_is_not_posted(dicomweb: StudiesService, corpus: Corpus) -> None:
    """POST on a series, which no transaction has, is refused, and nothing comes of it."""
    series = corpus.two_series.series[1]
    control(dicomweb.retrieve(series), because="the series cannot be retrieved")

    response = dicomweb.send("POST", series, accept=media_types.MULTIPART_DICOM, body=b"")

    after = dicomweb.retrieve(series)
    with expect(response) as it:
        wanted = {instance.sop_instance_uid for instance in series.instances}
        if not 200 <= response.status < 300:
            it.has_status(405, 400, 404, 411, 415, 422)
        elif any(uid.encode() in response.body for uid in wanted):
            it.observes("2xx-with-the-instances-of-the-series", received=it.status_line)
        elif after.status != 200 or not shows(after, list(wanted)):
            it.observes("2xx-after-which-the-series-differs", received=it.status_line)
        else:
            it.observes("2xx-and-nothing-changed", received=it.status_line)


VOLUMES = (
    Variant("mpr", "RETRIEVE-031", "renderedmpr"),
    Variant("3d", "RETRIEVE-032", "rendered3d"),
)
HELD = {"mpr": "RETRIEVE-031b", "3d": "RETRIEVE-032b"}


@verifies("RETRIEVE-031b", "RETRIEVE-032b", id="retrieve-rendered-volume", each=VOLUMES, needs="retrieve")
def test_rendered_volume(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A series asked for as a rendered volume comes as an image, or is refused cleanly."""
    series = corpus.ct_pair.series[0]

    response = dicomweb.get(f"{resources.path(series)}/{case.value}", accept=media_types.JPEG)

    with expect(response) as it:
        it.has_status(200, 400, 404, 405, 406, 501)
        if response.status != 200:
            it.concludes()
        it.observes("200")
        name, of = media_types.name_of(response.content_type), HELD[case.id]
        if not response.body:
            it.observes("empty-body", received=it.status_line, of=of)
        elif name == media_types.DICOM_JSON and _is_json(response.body):
            it.observes("a-rendered-volume-response-module", of=of)
        elif name.startswith("video/") or _is_picture(response.body, name):
            it.observes("picture-or-video-of-its-type", of=of)
        else:
            it.observes("body-that-does-not-fit-content-type", where="Content-Type", received=it.status_line, of=of)


def _is_json(body: bytes) -> bool:
    try:
        return bool(objects(body))
    except UnreadableError:
        return False


def _is_picture(body: bytes, name: str) -> bool:
    try:
        return picture_files.read(body).media_type == name
    except UnreadableError:
        return False
