"""Thumbnails: one small picture of a study, series, instance or frame (PS3.18 10.4.1.1.4, 10.4.3.3.4)."""

from __future__ import annotations

from dicomweb_conformance.catalogue.statuses import BAD_REQUEST
from dicomweb_conformance.checks.expect import control, expect, offered, unreadable
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import expected_renderings, renderings
from dicomweb_conformance.http import media_types, urls
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.observed import REDIRECTS
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.http.urls import UrlError
from dicomweb_conformance.reading import picture_files
from dicomweb_conformance.reading.picture_files import Picture
from dicomweb_conformance.scenarios.steps.pictures import (
    frames,
    is_alike,
    is_multipart,
    is_same,
    listed,
    shown,
    size_of,
)
from dicomweb_conformance.scenarios.steps.refusals import missing_beside
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.absence import CLEAN_REFUSALS
from dicomweb_conformance.service.studies_service import Pairs, StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Study

JPEG = media_types.JPEG
_THERE = REDIRECTS | {200}
_HOPS = 5


def _levels(study: Study) -> dict[str, str]:
    """Return the path of each resource that has a thumbnail."""
    instance = study.instances[0]
    return {
        "study": resources.path(study),
        "series": resources.path(study.series[0]),
        "instance": resources.path(instance),
        "frame": frames(instance, "1"),
    }


def _followed(dicomweb: StudiesService, response: Response, accept: str) -> Response:
    """Return what a redirect leads to: the last answer, be it another redirect. Only the target's origin is asked."""
    for _ in range(_HOPS):
        location = response.headers.get("Location")
        if response.status not in REDIRECTS or not location or _refusal(response):
            return response
        there = urls.resolve(location, response.url)
        if there.origin != dicomweb.base.origin:
            return response
        response = dicomweb.get_url(there, accept=accept, follow=False)
    return response


def _refusal(response: Response) -> str:
    """Say why the Location of a redirect cannot be followed; empty where it can."""
    try:
        urls.resolve(response.headers.get("Location") or "", response.url)
    except UrlError as error:
        return str(error)
    return ""


def _thumbnail(
    dicomweb: StudiesService, target: Instance | Study | str, query: Pairs = (), *, accept: str = JPEG
) -> Response:
    """Return the thumbnail of a resource, redirects followed."""
    return _followed(dicomweb, dicomweb.thumbnail(target, query, accept=accept), accept)


def _plain(dicomweb: StudiesService, target: Instance | Study) -> Picture:
    """Return the thumbnail without any parameter, the control of those that have one.

    Raises:
        Inconclusive: there is none.
    """
    response = _thumbnail(dicomweb, target)
    control(response, because="there is no thumbnail without a parameter")
    try:
        return picture_files.read(response.body)
    except UnreadableError as error:
        raise unreadable(error, response, "the thumbnail is not an image") from None


@verifies("THUMBNAIL-001", "THUMBNAIL-002", "THUMBNAIL-006", id="thumbnail-of-each-level")
def test_of_each_level(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A server that has thumbnails has them of a study, a series, an instance and a frame."""
    answers = {level: dicomweb.thumbnail(path) for level, path in _levels(corpus.pair_of_pictures).items()}

    absent = {level for level, each in answers.items() if each.status in CLEAN_REFUSALS}
    offered(len(absent) < len(answers), "the target has no thumbnails: every level was refused", "thumbnail")
    if all(answer.status in BAD_REQUEST for answer in answers.values()):
        with expect(answers["instance"]) as it:
            it.observes("400-on-all-four")
        return
    there = any(answer.status in _THERE for answer in answers.values())
    for level, response in answers.items():
        with expect(response) as it:
            if level in absent and there:
                it.observes("404-405-406-or-501-on-one-of-them", where=level, of="THUMBNAIL-002")
                it.concludes()
            it.has_status(*_THERE)
            if response.status in {303, 307}:
                it.observes("303-or-307", where=level, of="THUMBNAIL-006")
            elif response.status == 200:
                shown(it, of="THUMBNAIL-002")


ACCEPTED = (Variant("jpeg", "THUMBNAIL-003", JPEG), Variant("anything", "THUMBNAIL-003", "*/*"))


@verifies(id="thumbnail-is-jpeg", each=ACCEPTED)
def test_is_jpeg(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A thumbnail is a JPEG, whether JPEG or any type is asked for."""
    response = _thumbnail(dicomweb, corpus.pair_of_pictures.instances[0], accept=case.value)

    with expect(response) as it:
        it.has_status(200)
        name = media_types.name_of(response.content_type)
        if name != JPEG:
            other_image = name.startswith("image/") and case.value == "*/*"
            it.observes(
                "star-star-another-rendered-image-type" if other_image else "another-type-for-accept-image-jpeg",
                where="Content-Type",
                received=name or "none",
            )
        elif shown(it, otherwise="body-that-does-not-fit-content-type").media_type != JPEG:
            it.observes("body-that-does-not-fit-content-type", where="Content-Type")


@verifies("THUMBNAIL-003b", id="thumbnail-unacceptable")
def test_unacceptable(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A thumbnail in an unknown media type is answered with 406, or in the default type."""
    instance = corpus.pair_of_pictures.instances[0]
    _plain(dicomweb, instance)

    response = _thumbnail(dicomweb, instance, accept="application/x-nothing")

    with expect(response) as it:
        if response.status != 200:
            it.has_status(406)
            it.concludes()
        if media_types.name_of(response.content_type) != JPEG:
            it.observes("200-with-another-type", where="Content-Type", received=response.content_type or "none")
            it.concludes()
        shown(it)


LEVELS = tuple(Variant(level, "THUMBNAIL-004") for level in ("study", "series", "instance", "frame"))


@verifies(id="thumbnail-is-one-picture", each=LEVELS)
def test_is_one_picture(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A thumbnail is one image, in a single part, of the resource whose thumbnail it is."""
    study = corpus.pair_of_pictures

    response = _thumbnail(dicomweb, _levels(study)[case.id])

    offered(response.status not in CLEAN_REFUSALS, f"there is no thumbnail of a {case.id}")
    with expect(response) as it:
        it.has_status(200)
        if is_multipart(response):
            it.observes("multipart", where="Content-Type")
            it.concludes()
        own = study.instances if case.id in {"study", "series"} else study.instances[:1]
        expected = expected_renderings.frames_of(own[0])[0]
        picture = shown(it, otherwise="body-that-is-no-picture", beside=expected)
        if len(picture.frames) > 1:
            it.observes("several-pictures", received=f"an animation of {len(picture.frames)}")
        if not any(_may_show(picture, each) for each in own):
            others = [corpus.pictures.instances[0], *set(study.instances) - set(own)]
            if any(_may_show(picture, each) for each in others):
                it.observes("picture-of-another-study", received=f"{size_of(picture)} of another image")


def _may_show(picture: Picture, instance: Instance) -> bool:
    """Tell whether a picture looks like an image: a thumbnail may be cropped, framed or rough."""
    expected = expected_renderings.frames_of(instance)[0].mean(axis=2)
    found = renderings.scaled(picture.grey, expected.shape[1::-1])
    return renderings.correlation(found, expected) > 0.8


@verifies("THUMBNAIL-006b", id="thumbnail-redirect-leads-to-a-picture")
def test_redirect_leads_to_a_picture(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Where a thumbnail is a redirect, it leads to a rendered image."""
    first = dicomweb.thumbnail(corpus.pair_of_pictures.instances[0])
    offered(first.status in REDIRECTS, "thumbnails are not redirects")
    location = first.headers.get("Location") or ""
    elsewhere = not _refusal(first) and urls.resolve(location, first.url).origin != dicomweb.base.origin
    offered(not (location and elsewhere), "thumbnails are redirected to another origin, which is not asked")

    response = _followed(dicomweb, first, JPEG)

    with expect(response) as it:
        if not location:
            it.observes("no-location", where="Location")
        elif refusal := _refusal(response):
            it.not_followed(response.headers.get("Location") or "", refusal, where="Location")
        elif response.status in REDIRECTS:
            it.observes("redirect-loop", where="Location", received=f"{_HOPS} redirects")
        elif response.status == 406:
            it.observes("406-for-the-accept-of-the-first-request")
        elif response.status in {404, *BAD_REQUEST}:
            it.observes("404-or-400-at-the-location", where="Location", received=location)
        else:
            it.has_status(200)
            shown(it)


@verifies("THUMBNAIL-007", "THUMBNAIL-007b", id="thumbnail-viewport")
def test_viewport(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A viewport bounds the thumbnail, which keeps its aspect ratio, or changes nothing."""
    instance = corpus.pictures.instances[0]
    before = _plain(dicomweb, instance)

    response = _thumbnail(dicomweb, instance, [("viewport", listed("32,32"))])

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        it.has_status(200)
        picture = shown(it)
        (width, height), received = picture.size, size_of(picture)
        if picture.size == before.size:
            it.observes("same-size-as-without-the-parameter", received=received)
        elif max(picture.size) > 32:
            it.observes("larger-than-32x32", expected=["32x24"], received=received, of="THUMBNAIL-007b")
        elif before.size == (width, width) or abs(width * 96 / 128 - height) <= 1:
            it.observes("fits-in-32x32", of="THUMBNAIL-007b")
        elif width == height and not is_alike(picture, before):
            it.observes("padded-to-32x32", expected=["32x24"], received=received, of="THUMBNAIL-007b")
        else:
            it.observes("distorted", expected=["32x24"], received=received, of="THUMBNAIL-007b")


@verifies("THUMBNAIL-008", id="thumbnail-viewport-with-region")
def test_viewport_with_region(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A viewport of a thumbnail that selects a region of the image is answered with 400."""
    instance = corpus.pictures.instances[0]
    known = _thumbnail(dicomweb, instance, [("viewport", listed("32,32"))])
    offered(known.status != 400, "thumbnails take no viewport")
    control(known, because="a thumbnail with a viewport does not work")

    response = _thumbnail(dicomweb, instance, [("viewport", listed("32,32,0,0,10,10"))])

    with expect(response) as it:
        it.has_status(200, 400)
        if response.status == 200:
            shown(it)
            it.observes("200")


@verifies("THUMBNAIL-009", id="thumbnail-ignores-window")
def test_ignores_window(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A window parameter does not apply to a thumbnail."""
    instance = corpus.pictures.instances[0]
    before = _plain(dicomweb, instance)

    response = _thumbnail(dicomweb, instance, [("window", listed("40,400,linear"))])

    with expect(response) as it:
        it.has_status(200, 400)
        if response.status == 400:
            it.observes("400")
            it.concludes()
        if not is_same(before, shown(it, beside=before.samples)):
            it.observes("picture-differs-from-the-plain-one")


MISSING = tuple(Variant(level, "THUMBNAIL-011") for level in ("study", "series", "instance"))


@verifies(id="thumbnail-missing", each=MISSING)
def test_missing(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The thumbnail of what does not exist is answered with 404 or 410, at each level."""
    stored, missing = missing_beside(corpus, corpus.pair_of_pictures.instances[0], case.id)
    neighbour = _thumbnail(dicomweb, stored)
    offered(neighbour.status not in CLEAN_REFUSALS, f"there is no thumbnail of a {case.id}")
    control(neighbour, because="there is no thumbnail of what is stored there")

    first = dicomweb.thumbnail(missing)

    response = _followed(dicomweb, first, JPEG)
    with expect(response) as it:
        if response.status == 200:
            try:
                picture_files.read(response.body)
            except UnreadableError:
                it.finds("200 with a body that is no picture", received=it.status_line)
            else:
                it.observes("200-with-a-picture", received=it.status_line)
        elif response.status == 404 and first.status != 404:
            it.observes("302-to-a-resource-that-gives-404")
        else:
            it.has_status(404, 410)


@verifies("THUMBNAIL-012", id="thumbnail-of-a-report")
def test_of_a_report(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A report, and a study with an image and reports, have a thumbnail, or are answered as having none."""
    study = corpus.with_documents().two_series
    report = study.series[1].instances[0]
    control(_thumbnail(dicomweb, study.instances[0]), because="there is no thumbnail of an image")

    for target in (report, study):
        response = _thumbnail(dicomweb, target)
        with expect(response) as it:
            if response.status in {204, 400}:
                it.observes("204-or-400")
                it.concludes()
            it.has_status(200, 404, 406)
            if response.status == 200:
                shown(it)
