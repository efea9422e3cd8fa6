"""Rendered: frames of multi-frame instances, and the pictures of studies and series (PS3.18 10.4.1.1.3, 8.7.4)."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import Expectation, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import expected_renderings, renderings
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading.picture_files import Picture
from dicomweb_conformance.scenarios.steps.pictures import (
    ABSENT,
    ALIKE,
    all_shown,
    frames,
    is_multipart,
    plain,
    read_all,
    several,
    type_of_pictures,
)
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Series, Study

JPEG, GIF = media_types.JPEG, media_types.GIF


LISTS = (Variant("1-and-2", "RENDERED-044", "1,2"), Variant("3-and-5", "RENDERED-044", "3,5"))


@verifies(id="rendered-frames-of-a-list", each=LISTS)
def test_frames_of_a_list(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A list of frames is rendered as one image for each frame, in the order of the list."""
    instance = corpus.loop.instances[0]
    wanted = [int(each) for each in case.value.split(",")]

    response = dicomweb.rendered(frames(instance, case.value), accept=several())

    with expect(response) as it:
        it.has_status(200)
        found = [_frame_shown(each, instance) for each in all_shown(it)]
        expected, received = [f"frames {case.value}"], f"frames {', '.join(str(each or '?') for each in found)}"
        if found == wanted[::-1]:
            it.observes("order-reversed", expected=expected, received=received)
        elif set(found) - set(wanted) or len(found) > len(wanted):
            it.observes("pictures-of-other-frames", expected=expected, received=received)
        elif len(found) < len(wanted):
            it.observes("fewer-pictures-than-frames-asked-for", expected=expected, received=received)
        elif found != wanted:
            it.observes("pictures-of-other-frames", expected=expected, received=received)


def _frame_shown(picture: Picture, instance: Instance, number: int = 0) -> int:
    """Return which frame of an instance a picture (or the frame `number` of an animation) shows; 0 for none."""
    found = renderings.scaled(picture.frames[number], (int(instance.value("Columns")), int(instance.value("Rows"))))
    likenesses = [renderings.correlation(found, each) for each in expected_renderings.frames_of(instance)]
    best = max(likenesses)
    return likenesses.index(best) + 1 if best >= ALIKE else 0


OUT_OF_RANGE = (Variant("beyond-the-last", "RENDERED-045", "6"), Variant("zero", "RENDERED-045", "0"))


@verifies(id="rendered-frame-out-of-range", each=OUT_OF_RANGE)
def test_frame_out_of_range(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A frame that the instance does not have is answered with 404 or 400."""
    instance = corpus.loop.instances[0]
    control(dicomweb.rendered(frames(instance, "5")), because="the last frame cannot be rendered")

    response = dicomweb.rendered(frames(instance, case.value))

    with expect(response) as it:
        if response.status == 200:
            if not response.body:
                it.finds("200 with an empty body")
            else:
                it.observes("200-with-any-picture", received=it.status_line)
        else:
            it.has_status(400, 404)


def _is_a_type_of_single_frames(
    dicomweb: StudiesService, corpus: Corpus, response: Response, accepted: str, owner: str
) -> None:
    """Leave it to the check of single frames where not even these come in the media type that is asked for."""
    if type_of_pictures(response) == accepted:
        return
    single = dicomweb.rendered(corpus.pictures.instances[0], accept=accepted)
    is_one = single.status == 200 and type_of_pictures(single) == accepted
    assume(is_one, f"a single frame does not come as {accepted} either", owner)


@verifies("RENDERED-008", "RENDERED-008b", id="rendered-frames-as-jpeg", needs="rendered")
def test_frames_as_jpeg(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A multi-frame instance as JPEG is one of its frames, or all of them in their order, or 406."""
    instance = corpus.loop.instances[0]

    for accept in (JPEG, several()):
        response = dicomweb.rendered(instance, accept=accept)
        with expect(response) as it:
            it.has_status(200, 406)
            if response.status == 406:
                it.concludes()
            _is_a_type_of_single_frames(dicomweb, corpus, response, JPEG, "rendered-instance-and-frame")
            found = all_shown(it, otherwise="not-a-jpeg", of="RENDERED-008b")
            if not found or any(each.media_type != JPEG for each in found):
                it.observes("not-a-jpeg", of="RENDERED-008b")
                it.concludes()
            _in_order(
                it,
                [_frame_shown(each, instance) for each in found],
                of="RENDERED-008b",
                foreign="picture-no-frame-of-instance",
                disorder="frames-out-of-order",
                partly="several-jpegs-but-not-one-per-frame",
            )


@verifies("RENDERED-007", "RENDERED-007b", id="rendered-frames-as-animation", needs="rendered")
def test_frames_as_animation(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A multi-frame instance as image/gif is an animation of its frames in their order, or 406."""
    instance = corpus.loop.instances[0]

    response = dicomweb.rendered(instance, accept=GIF)

    with expect(response) as it:
        it.has_status(200, 406)
        if response.status == 406:
            it.concludes()
        _is_a_type_of_single_frames(dicomweb, corpus, response, GIF, "rendered-as[gif]")
        pictures_found = all_shown(it, otherwise="not-a-gif", of="RENDERED-007b")
        if not pictures_found or any(each.media_type != GIF for each in pictures_found):
            it.observes("not-a-gif", of="RENDERED-007b")
            it.concludes()
        found = [_frame_shown(each, instance, number) for each in pictures_found for number in range(len(each.frames))]
        if len(found) == 1 and found != [0]:
            it.observes("one-picture-shows-frame-of-instance", of="RENDERED-007b")
            it.concludes()
        _in_order(
            it,
            found,
            of="RENDERED-007b",
            foreign="pictures-of-another-instance",
            disorder="pictures-out-of-order",
            partly="animation-of-fewer-frames",
        )


def _in_order(it: Expectation, found: list[int], *, of: str, foreign: str, disorder: str, partly: str) -> None:
    """Judge frames by their numbers, 0 for none of the instance: one alone, or all five, will do."""
    received = f"frames {', '.join(str(each or '?') for each in found)}"
    if 0 in found:
        it.observes(foreign, received=received, of=of)
    elif found != sorted(set(found)):
        it.observes(disorder, received=received, of=of)
    elif len(found) not in {1, 5}:
        it.observes(partly, received=received, of=of)


# Studies and series

LEVELS = (Variant("study", "RENDERED-002"), Variant("series", "RENDERED-002"))


def _level(study: Study, level: str) -> Study | Series:
    return study if level == "study" else study.series[0]


@verifies(id="rendered-study-and-series", each=LEVELS, needs="rendered")
def test_study_and_series(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A study or series of two images is rendered as two images."""
    study = corpus.pair_of_pictures
    plain(dicomweb, study.instances[0])

    response = dicomweb.rendered(_level(study, case.id), accept=several())
    if response.status in {400, 406}:  # one picture for all is another form of it
        single = dicomweb.rendered(_level(study, case.id))
        response = single if single.status == 200 else response

    with expect(response) as it:
        it.has_status(200)
        found = [_instance_shown(each, study) for each in all_shown(it)]
        expected, received = ["one image of each instance"], f"images of {found}"
        if not found:
            it.finds("no picture", expected=expected, received=received)
        elif -1 in found:
            it.observes("picture-of-another-study-or-series", expected=expected, received=received)
        elif len(found) == 1:
            it.observes("200-with-one-representative-picture")
        elif sorted(found) != [0, 1]:
            it.observes("number-of-pictures-between-the-two-forms", expected=expected, received=received)


def _instance_shown(picture: Picture, study: Study) -> int:
    """Return which instance of a study a picture shows, counted from 0; -1 for none."""
    return next((number for number, each in enumerate(study.instances) if _shows(picture, each)), -1)


def _shows(picture: Picture, instance: Instance) -> bool:
    expected = expected_renderings.frames_of(instance)[0]
    found = renderings.scaled(picture.samples, expected.shape[1::-1])
    return renderings.correlation(found, expected) >= ALIKE


@verifies("RENDERED-002b", id="rendered-study-with-a-report", needs="rendered.study")
def test_study_with_a_report(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A study of an image and reports is rendered with its image, or refused as one that cannot be."""
    study = corpus.with_documents().two_series
    plain(dicomweb, study.instances[0])
    images = dicomweb.rendered(corpus.pair_of_pictures, accept=several())
    offered(images.status not in {*ABSENT, 400, 406}, "rendered study is not offered", "rendered.study")
    control(images, because="a study of images is not rendered")

    response = dicomweb.rendered(study, accept=several())

    with expect(response) as it:
        it.has_status(200, 406)
        found = all_shown(it) if response.status == 200 else []
        if response.status == 200 and not any(_shows(each, study.instances[0]) for each in found):
            it.observes(
                "another-picture-represents-the-study" if len(found) == 1 else "200-without-the-image",
                expected=["the image of the CT"],
                received=f"{len(found)} images, none of which shows it",
            )


SINGLE = (Variant("study", "RENDERED-015"), Variant("series", "RENDERED-015"))


@verifies(id="rendered-level-as-single-part", each=SINGLE, needs="rendered")
def test_level_as_single_part(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A rendered study or series asked for as single part only is answered with 406."""
    level = _level(corpus.pair_of_pictures, case.id)
    parts = dicomweb.rendered(level, accept=several())
    response = dicomweb.rendered(level)
    if response.status != 200:
        offered(parts.status not in {*ABSENT, 400, 406}, f"rendered {case.id} is not offered", "rendered.study")
        control(parts, because="the multipart form does not work")

    with expect(response) as it:
        if response.status != 200:
            it.has_status(406)
            it.concludes()
        found = all_shown(it)
        if is_multipart(response):
            it.observes("200-multipart", where="Content-Type")
        elif len(found) == 1:
            it.observes("200-with-one-representative-picture", where="Content-Type")


@verifies("RENDERED-049b", "RENDERED-049", id="rendered-content-location")
def test_content_location(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The Content-Location of a rendered image names the frames or the instance that it was made from."""
    instance = corpus.loop.instances[0]
    path = frames(instance, "3")

    response = dicomweb.rendered(path)

    control(response, because="a frame cannot be rendered")
    location = response.headers.get("Content-Location")
    offered(location, "renderings have no Content-Location")
    with expect(response) as it:
        it.observes("there-or-not", of="RENDERED-049")
        try:
            read_all(response)
        except UnreadableError as error:
            it.finds("the body is no picture", received=str(error))
        of_instance = resources.path(instance)
        named = [f"{each}{ending}" for each in (path, of_instance) for ending in ("", "/rendered")]
        if not any(resources.same_path(location or "", response.url, each) for each in named):
            it.observes(
                "names-another-instance-or-frame", where="Content-Location", expected=named, received=location or ""
            )
