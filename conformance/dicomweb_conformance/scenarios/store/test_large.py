"""Store: what is large (PS3.18 10.5.1.4): 3 MB, many instances in one request, many frames in one, 200 MB, 2 GB."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.catalogue.statuses import BAD_REQUEST
from dicomweb_conformance.checks.expect import Expectation, control, expect
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.dicom import store_response
from dicomweb_conformance.reading import values
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.scenarios.steps.storing import comes_back as comes_back_as_sent
from dicomweb_conformance.scenarios.steps.storing import warns
from dicomweb_conformance.scenarios.steps.streamed_images import comes_back
from dicomweb_conformance.scenarios.store.partial_success import ROWS, judge_sequences
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.payloads import streamed
from dicomweb_fixtures.payloads.streamed import StreamedImage

INSTANCES, FRAMES = 300, 400
MANY_FRAMES, AT_A_TIME, ROWS_OF_MANY, COLUMNS_OF_MANY = 1_000, 250, 64, 64
FRAMES_OF_2_GIGABYTES = 4_000
ROWS_OF_ORDINARY, COLUMNS_OF_ORDINARY = 1024, 1536
_TOO_LARGE = {413, 507}
_NOTHING_STORED = "413-or-507-nothing-stored"
_FRAME_DIFFERS = "2xx-and-a-frame-differs-or-is-missing"


@verifies("STORE-078", id="store-ordinary-size")
def test_ordinary_size(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An image of three megabytes, as ordinary ones have, is stored, and comes back."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a small image is not stored")
    image = fresh.of_size(ROWS_OF_ORDINARY, COLUMNS_OF_ORDINARY)

    response = dicomweb.store([image])

    with expect(response) as it:
        _is_small_enough(it)
        it.has_status(200, 202)
        comes_back_as_sent(it, dicomweb, archive, image, otherwise="2xx-and-the-content-differs")
        if response.status == 202 and warns(response):
            it.observes("202-warned-and-the-image-comes-back")


@verifies("STORE-072", *ROWS, id="store-300-instances")
def test_300_instances(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Three hundred instances of a series are stored by one request, and the response lists each of them."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="an instance alone is not stored")
    study = fresh.study(instances=INSTANCES)

    response = dicomweb.store(study.instances)

    with expect(response) as it:
        _is_small_enough(it)
        it.has_status(200, 202)
        held = archive.held_of(study)
        missing = {instance.sop_instance_uid for instance in study.instances} - held
        if missing:
            it.observes("2xx-and-an-instance-is-not-retrievable", received=f"{len(missing)} of {INSTANCES} are missing")
        elif response.status == 202 and warns(response):
            it.observes("202-warned-and-all-retrievable")
        answer = store_response.of_body(response.body)
        if answer:
            judge_sequences(it, answer, study.instances, held, ())


@verifies("STORE-073", id="store-200-megabytes")
def test_200_megabytes(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An image of 400 frames of half a megabyte is stored, and its frames come back."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a small image is not stored")
    image = streamed.image(fresh.place(), FRAMES)

    response = dicomweb.store_streamed(image)

    with expect(response) as it:
        _image_is_taken(it)
        comes_back(it, dicomweb, archive, image, (1, FRAMES // 2, FRAMES), otherwise=_FRAME_DIFFERS)


@verifies("STORE-073b", id="store-1000-frames")
def test_1000_frames(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An image of a thousand frames is stored, and comes back whole and frame by frame, to the last octet."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a small image is not stored")
    image = streamed.image(fresh.place(), MANY_FRAMES, ROWS_OF_MANY, COLUMNS_OF_MANY)

    response = dicomweb.store_streamed(image)

    with expect(response) as it:
        _image_is_taken(it)
        comes_back(it, dicomweb, archive, image, (1, MANY_FRAMES), otherwise=_FRAME_DIFFERS)
        for first in range(1, MANY_FRAMES, AT_A_TIME):
            _are_frames(it, dicomweb, image, range(first, first + AT_A_TIME))
        whole = dicomweb.retrieve(image.instance)
        if whole.status in {406, *BAD_REQUEST}:
            it.observes("406-or-400-for-all-of-it", received=str(whole.status))
            it.concludes()
        found = values.octets(it.on(whole).is_one_instance(), "PixelData")
        if _digest([found]) != _digest(map(image.frame, range(1, MANY_FRAMES + 1))):
            it.observes("2xx-and-a-frame-differs-or-is-missing", where="(7FE0,0010)", received=f"{len(found)} octets")


def _are_frames(it: Expectation, dicomweb: StudiesService, image: StreamedImage, numbers: range) -> None:
    """Compare the digest of frames that are asked for together with that of those sent."""
    answer = dicomweb.frames(image.instance, ",".join(map(str, numbers)))
    place = f"frames {numbers[0]} to {numbers[-1]}"
    if answer.status in {400, 406, 414}:
        it.observes("406-or-400-for-many-frames", where=place, received=str(answer.status))
        return
    found = b""
    if answer.status == 200:
        with expect(answer) as of_frames:
            found = pixel_octets.joined(pixel_octets.items_in(of_frames))
    if _digest([found]) != _digest(map(image.frame, numbers)):
        it.observes(_FRAME_DIFFERS, where=place, received=f"{answer.status}, {len(found)} octets")


def _digest(octets: Iterable[bytes]) -> str:
    digest = sha256()
    for octet in octets:
        digest.update(octet)
    return digest.hexdigest()


@verifies("STORE-073c", id="store-2-gigabytes")
def test_2_gigabytes(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An image of 4,000 frames of half a megabyte, 2.1 GB in all, is stored, and its frames come back."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a small image is not stored")
    image = streamed.image(fresh.place(), FRAMES_OF_2_GIGABYTES)

    response = dicomweb.store_streamed(image)

    with expect(response) as it:
        _image_is_taken(it)
        numbers = (1, FRAMES_OF_2_GIGABYTES // 2, FRAMES_OF_2_GIGABYTES)
        comes_back(it, dicomweb, archive, image, numbers, otherwise=_FRAME_DIFFERS)


def _image_is_taken(it: Expectation) -> None:
    """Judge by its response whether an image was taken; with a warning, too, its frames are what counts."""
    _is_small_enough(it)
    it.has_status(200, 202)
    if it.response.status == 202 and warns(it.response):
        it.observes("202-warned-frames-as-sent")


def _is_small_enough(it: Expectation) -> None:
    if it.response.status in _TOO_LARGE:
        it.observes(_NOTHING_STORED, received=it.status_line)
        it.concludes()
