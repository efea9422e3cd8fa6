"""Retrieve of studies, series and instances: that they are whole, and come back as they were stored (PS3.18 10.4)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive, shows
from dicomweb_conformance.checks.expect import Expectation, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import part10_files
from dicomweb_conformance.scenarios.steps.refusals import names_any_of, study_named, type_of_parts
from dicomweb_conformance.scenarios.steps.returned import has_elements, has_pixels, has_private_elements
from dicomweb_conformance.scenarios.steps.storing import AS_STORED, asked_again
from dicomweb_conformance.scenarios.steps.wholeness import are_as_alone, holds_exactly, leave_to_plainest_retrieve
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import EXPLICIT_VR_LITTLE_ENDIAN, Instance, Series, Study
from dicomweb_fixtures.fresh import Fresh


@verifies("RETRIEVE-001", "RETRIEVE-002", id="retrieve-instance-series-study", smoke=True)
def test_instance_series_study(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A stored instance, its series and its study are retrieved as multipart DICOM."""
    study = corpus.two_series
    resources_asked_for: tuple[Instance | Series | Study, ...] = (study, study.series[0], study.instances[0])

    for resource in resources_asked_for:
        response = dicomweb.retrieve(resource)
        with expect(response) as it:
            it.has_status(200)
            if _is_page(it):
                it.observes("200-with-an-html-or-login-page", received=it.status_line)
                it.concludes()
            match media_types.name_of(response.content_type):
                case media_types.MULTIPART_RELATED:
                    if type_of_parts(it) not in {media_types.DICOM, None}:
                        it.observes(
                            "another-media-type",
                            where="Content-Type",
                            received=response.content_type,
                            of="RETRIEVE-002",
                        )
                    else:
                        names_any_of(it, (resource,) if isinstance(resource, Instance) else resource.instances)
                case media_types.DICOM:
                    it.observes(
                        "single-part-although-multipart-asked",
                        where="Content-Type",
                        received=response.content_type,
                        of="RETRIEVE-002",
                    )
                case _:
                    it.observes(
                        "another-media-type", where="Content-Type", received=response.content_type, of="RETRIEVE-002"
                    )
    # Whoever asks in these ways reads a bare file, too, and leaves it to this check that it is bare.
    for accept in (AS_STORED, AS_STORED.replace("*", EXPLICIT_VR_LITTLE_ENDIAN)):
        response = dicomweb.retrieve(study.instances[0], accept=accept)
        if response.status == 200 and media_types.name_of(response.content_type) == media_types.DICOM:
            with expect(response) as it:
                it.observes(
                    "single-part-although-multipart-asked",
                    where="Content-Type",
                    received=response.content_type,
                    of="RETRIEVE-002",
                )


@verifies("RETRIEVE-002", id="retrieve-multipart-whatever-it-is")
def test_multipart_whatever_it_is(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Whatever an instance is comes as multipart, as asked for, and so does a series or study of one instance."""
    kinds: dict[str, Instance | Series | Study] = {
        "an image of several frames": corpus.multiframe.instances[0],
        "a compressed image": corpus.rle.instances[0],
        "a lossy image": corpus.jpeg.instances[0],
        "a video": corpus.video.instances[0],
        "a report": corpus.with_documents().two_series.series[1].instances[0],
        "a document": corpus.pdf.instances[0],
        "a series of one instance": corpus.multiframe.series[0],
        "a study of one instance": corpus.multiframe,
    }

    for kind, resource in kinds.items():
        response = dicomweb.retrieve(resource)
        if response.status != 200 or media_types.name_of(response.content_type) != media_types.DICOM:
            continue
        plainest = dicomweb.retrieve(corpus.two_series.instances[0])
        bare = media_types.name_of(plainest.content_type) == media_types.DICOM
        assume(not bare, "any instance comes as a bare file", "retrieve-instance-series-study")
        with expect(response) as it:
            received = f"{response.content_type} of {kind}"
            it.observes("single-part-although-multipart-asked", where="Content-Type", received=received)


@verifies("RETRIEVE-005", id="retrieve-study-is-whole", smoke=True)
def test_study_is_whole(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A study is retrieved with all its instances, each once."""
    study = corpus.two_series

    response = dicomweb.retrieve(study)

    leave_to_plainest_retrieve(dicomweb, corpus, response)
    with expect(response) as it:
        holds_exactly(it, study.instances, foreign="instance-of-another-study")


@verifies("RETRIEVE-006", id="retrieve-series-is-whole")
def test_series_is_whole(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A series is retrieved with all its instances and no others."""
    series = corpus.two_series.series[1]

    response = dicomweb.retrieve(series)

    leave_to_plainest_retrieve(dicomweb, corpus, response)
    with expect(response) as it:
        holds_exactly(it, series.instances, foreign="instance-of-another-series")


@verifies("RETRIEVE-006", id="retrieve-series-of-many-is-whole")
def test_series_of_many_is_whole(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A series of 120 instances is retrieved with all of them, however many a page of a search holds."""
    series = corpus.many_slices.series[0]

    response = dicomweb.retrieve(series)

    leave_to_plainest_retrieve(dicomweb, corpus, response)
    with expect(response) as it:
        found = holds_exactly(it, series.instances, foreign="instance-of-another-series")
        are_as_alone(it, dicomweb, series.instances, found)


@verifies("RETRIEVE-006", id="retrieve-follows-stores")
def test_follows_stores(dicomweb: StudiesService, archive: Archive, corpus: Corpus, fresh: Fresh) -> None:
    """A series that was retrieved before is retrieved with an instance that was added since."""
    series, response = asked_again(dicomweb, archive, fresh, dicomweb.retrieve)

    leave_to_plainest_retrieve(dicomweb, corpus, response)
    with expect(response) as it:
        holds_exactly(it, series.instances, foreign="instance-of-another-series")


@verifies("RETRIEVE-007", id="retrieve-instance-is-that-one")
def test_instance_is_that_one(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An instance of a series of three is retrieved alone."""
    instance = corpus.two_series.series[1].instances[1]

    response = dicomweb.retrieve(instance)

    with expect(response) as it:
        found = [str(each.get("SOPInstanceUID", "")) for each in it.is_multipart_dicom()]
        if set(found) - {instance.sop_instance_uid}:
            it.observes("another-instance", expected=[instance.sop_instance_uid], received=", ".join(found))
        elif len(found) > 1:
            it.observes("more-than-one-instance", expected=["one part"], received=f"{len(found)} parts")
        elif not found:
            it.finds("no part", expected=[instance.sop_instance_uid], received="a multipart without parts")


def _is_page(it: Expectation) -> bool:
    return media_types.name_of(it.response.content_type) == "text/html"


@verifies("RETRIEVE-004", "RETRIEVE-004b", id="retrieve-single-part")
def test_single_part(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An instance asked for as a bare application/dicom file is returned as such, or refused with 406."""
    instance = corpus.ct_pair.instances[0]
    control(dicomweb.retrieve(instance), because="the instance cannot be retrieved as multipart")

    response = dicomweb.retrieve(instance, accept=media_types.DICOM)

    with expect(response) as it:
        if response.status == 404:
            it.observes("404-although-multipart-form-gives-200")
            it.concludes()
        it.has_status(200)
        if media_types.name_of(response.content_type) == media_types.MULTIPART_RELATED:
            it.observes("200-with-multipart-dicom", where="Content-Type")
        elif not shows(response, [instance.sop_instance_uid]):
            it.observes(
                "part-10-file-of-another-instance"
                if response.body[128:132] == b"DICM"
                else "body-that-is-not-a-part-10-file",
                expected=[instance.sop_instance_uid],
                received=f"{it.status_line}, {len(response.body)} octets without it",
                of="RETRIEVE-004b",
            )


@verifies("RETRIEVE-004b", id="retrieve-single-part-is-one-file")
def test_single_part_is_one_file(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A bare application/dicom response is one Part 10 file, that of the instance asked for."""
    instance = corpus.ct_pair.instances[1]

    response = dicomweb.retrieve(instance, accept=media_types.DICOM)

    with expect(response) as it:
        it.has_status(200)
        offered(
            media_types.name_of(response.content_type) == media_types.DICOM,
            "one instance comes as multipart, though only a single part was asked for",
        )
        if response.body[128:132] != b"DICM":
            multipart = response.body.lstrip()[:2] == b"--"
            it.observes("multipart-body-under-dicom-type" if multipart else "body-that-is-not-a-part-10-file")
            it.concludes()
        try:
            found = str(part10_files.read(response.body).get("SOPInstanceUID", ""))
        except UnreadableError as error:
            it.cannot_read(error, "a Part 10 file", otherwise="body-that-is-not-a-part-10-file")
        if found != instance.sop_instance_uid:
            it.observes("part-10-file-of-another-instance", expected=[instance.sop_instance_uid], received=found)


@verifies("RETRIEVE-012", id="retrieve-returns-elements")
def test_returns_elements(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Every standard element of an instance with all value representations comes back with its value."""
    instance = corpus.elements.instances[0]

    response = dicomweb.retrieve(instance)

    with expect(response) as it:
        has_elements(it, part10_files.read(instance.part10), it.is_one_instance())


@verifies("RETRIEVE-014", id="retrieve-returns-private-elements")
def test_returns_private_elements(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Private elements come back with their creators and values."""
    instance = corpus.elements.instances[0]

    response = dicomweb.retrieve(instance)

    with expect(response) as it:
        has_private_elements(it, part10_files.read(instance.part10), it.is_one_instance())


PIXELS = (
    Variant("ct_pair", "RETRIEVE-013"),
    Variant("multiframe", "RETRIEVE-013"),
    Variant("implicit", "RETRIEVE-013"),
    Variant("rle", "RETRIEVE-013"),
)


@verifies(id="retrieve-returns-pixels", each=PIXELS)
def test_returns_pixels(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The pixels of a stored image come back as they were, whatever the transfer syntax."""
    instance = study_named(corpus, case.id).instances[0]

    response = dicomweb.retrieve(instance, accept=AS_STORED)

    with expect(response) as it:
        has_pixels(
            it,
            instance,
            it.is_one_instance(),
            differ="lossless-pixels-differ",
            missing="pixel-data-missing-or-empty",
            frames="number-of-frames-differs",
        )
