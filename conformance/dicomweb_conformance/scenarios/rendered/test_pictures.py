"""Rendered: studies, series, instances and frames as pictures (PS3.18 10.4.1.1.3, 8.7.4), without any parameter.

The grey scale and the colours of a rendering are nowhere defined (RENDERED-050): what a picture shows is judged by
correlation with the pixels, which brightness and contrast do not change.
"""

from __future__ import annotations

from dicomweb_conformance.catalogue.statuses import BAD_REQUEST
from dicomweb_conformance.checks.expect import BUSY, Expectation, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import expected_renderings, renderings
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.reading.picture_files import Samples
from dicomweb_conformance.scenarios.steps.pictures import (
    ABSENT,
    ACCEPTS_NONE,
    all_shown,
    frames,
    is_alike,
    is_multipart,
    is_of_what_was_asked,
    is_same,
    plain,
    several,
    shown,
    size_of,
    type_of_pictures,
)
from dicomweb_conformance.scenarios.steps.refusals import missing_beside
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance

JPEG, PNG, GIF = media_types.JPEG, media_types.PNG, media_types.GIF
_BEFORE_MARKUP = b"\xef\xbb\xbf \t\r\n"


@verifies("RENDERED-001", id="rendered-instance-and-frame", smoke=True)
def test_instance_and_frame(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A single-frame image and its frame are rendered as image/jpeg."""
    instance = corpus.pictures.instances[0]
    targets = (resources.path(instance), frames(instance, "1"))

    answers = [dicomweb.rendered(each) for each in targets]

    absent = [answer.status in ABSENT for answer in answers]
    for target, response in zip(targets, answers, strict=True):
        with expect(response) as it:
            if response.status in ABSENT:
                it.observes(
                    "404-405-or-501-on-both-resources" if all(absent) else "404-405-or-501-on-one-of-two-resources"
                )
                it.concludes()
            if response.status == 406:
                _comes_in_parts_only(it, dicomweb.rendered(target, accept=several()))
            it.has_status(200)
            if any(each.media_type != JPEG for each in all_shown(it, otherwise="200-with-a-body-that-is-not-a-jpeg")):
                it.observes("200-with-a-body-that-is-not-a-jpeg")


def _comes_in_parts_only(it: Expectation, again: Response) -> None:
    it.observes(
        "single-part-406-multipart-200" if again.status == 200 else "406-for-both-types",
        received=f"{it.status_line}; {again.status} for {several()}",
    )
    it.concludes()


# Media types

DEFAULTS = (Variant("anything", "RENDERED-004", "*/*"), Variant("any-image", "RENDERED-004", "image/*"))
ANOTHER_TYPE = {
    "*/*": "star-star-another-rendered-image-type",
    "image/*": "image-star-another-rendered-image-type",
}


@verifies(id="rendered-jpeg-by-default", each=DEFAULTS)
def test_jpeg_by_default(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A single-frame image asked for in any type comes as image/jpeg."""
    response = dicomweb.rendered(corpus.pictures.instances[0], accept=case.value)

    with expect(response) as it:
        it.has_status(200)
        name = type_of_pictures(response)
        if name == JPEG:
            shown(it)
        elif name.startswith("image/"):
            it.observes(ANOTHER_TYPE[case.value], where="Content-Type", received=name)
        else:
            it.observes("200-with-a-type-that-is-not-rendered", where="Content-Type", received=name or "none")


LOSSLESS = (Variant("png", "RENDERED-005", PNG), Variant("gif", "RENDERED-005b", GIF))


@verifies(id="rendered-as", each=LOSSLESS, needs="rendered")
def test_as(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A single-frame image is rendered as image/png and image/gif, too."""
    instance = corpus.pictures.instances[0]
    plain(dicomweb, instance)

    response = dicomweb.rendered(instance, accept=case.value)

    is_of_what_was_asked(dicomweb, response, instance, case.value)
    with expect(response) as it:
        it.has_status(200)
        match type_of_pictures(response):
            case case.value:
                shown(it)
            case media_types.JPEG:
                it.observes("200-image-jpeg-the-default", where="Content-Type", expected=[case.value])
            case name:
                it.observes(
                    "200-with-another-type", where="Content-Type", expected=[case.value], received=name or "none"
                )


OTHERS = (
    Variant("jp2", "RENDERED-006", "image/jp2"),
    Variant("jph", "RENDERED-006", "image/jph"),
    Variant("jxl", "RENDERED-006", "image/jxl"),
)


@verifies(id="rendered-as-optional-type", each=OTHERS)
def test_as_optional_type(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A request for an optional media type is answered in that type, or with 406."""
    instance = corpus.pictures.instances[0]
    plain(dicomweb, instance)

    response = dicomweb.rendered(instance, accept=case.value)

    is_of_what_was_asked(dicomweb, response, instance, case.value)
    with expect(response) as it:
        it.has_status(200, 406)
        name = type_of_pictures(response)
        if response.status == 200 and name == JPEG:
            it.observes("200-image-jpeg-the-default", where="Content-Type")
        elif response.status == 200 and name != case.value:
            it.observes("200-with-another-type", where="Content-Type", received=name or "none")


ALL_ALIKE = (
    Variant("png", "RENDERED-006b", PNG),
    Variant("gif", "RENDERED-006b", GIF),
    Variant("jp2", "RENDERED-006b", "image/jp2"),
)


@verifies(id="rendered-types-show-the-same", each=ALL_ALIKE)
def test_types_show_the_same(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """An image looks the same in every media type in which it is rendered."""
    instance = corpus.pictures.instances[0]
    _, jpeg = plain(dicomweb, instance)

    response = dicomweb.rendered(instance, accept=case.value)

    offered(response.status == 200 and type_of_pictures(response) == case.value, f"{case.value} is not offered")
    with expect(response) as it:
        picture = shown(it, otherwise="does-not-decode", beside=jpeg.samples)
        if picture.size != jpeg.size:
            it.observes("another-size", expected=[size_of(jpeg)], received=size_of(picture))
        elif not is_alike(picture, jpeg):
            it.observes("another-picture", expected=["that of the JPEG"], received="one that does not correlate")


ALONE = (Variant("instance", "RENDERED-016"), Variant("frame", "RENDERED-016"))


@verifies(id="rendered-alone-without-envelope", each=ALONE)
def test_alone_without_envelope(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A single rendered image asked for as image/jpeg comes as the JPEG itself, not as a part of a multipart."""
    instance = corpus.pictures.instances[0]

    response = dicomweb.rendered(instance if case.id == "instance" else frames(instance, "1"))

    with expect(response) as it:
        it.has_status(200)
        if not is_multipart(response):
            if response.body.lstrip()[:2] == b"--":
                it.observes("multipart-body-under-image-jpeg")
                it.concludes()
            shown(it)
        elif len(all_shown(it)) > 1:
            it.observes("several-pictures", where="Content-Type")
        else:
            it.observes("multipart-with-one-jpeg", where="Content-Type")


@verifies("RENDERED-046", id="rendered-unacceptable")
def test_unacceptable(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An image in a media type for text is answered with 406."""
    instance = corpus.pictures.instances[0]
    plain(dicomweb, instance)

    response = dicomweb.rendered(instance, accept=ACCEPTS_NONE)

    with expect(response) as it:
        if response.status != 200:
            it.has_status(406)
            it.concludes()
        match type_of_pictures(response):
            case media_types.JPEG:
                shown(it, otherwise="200-with-body-does-not-fit-content-type")
                it.observes("200-image-jpeg-the-default", where="Content-Type")
            case "text/html" if response.body.lstrip(_BEFORE_MARKUP).startswith(b"<"):
                it.observes("200-text-html-with-page-about-image", where="Content-Type")
            case name if name.startswith("image/"):
                shown(it, otherwise="200-with-body-does-not-fit-content-type")
                it.observes("200-with-another-type", where="Content-Type", received=name)
            case name:
                it.observes("200-with-body-does-not-fit-content-type", where="Content-Type", received=name or "none")


# What the picture shows

KINDS = (
    Variant("monochrome2", "RENDERED-018", "0"),
    Variant("monochrome1", "RENDERED-018", "1"),
    Variant("rgb", "RENDERED-018", "2"),
    Variant("16-bits-and-odd-columns", "RENDERED-018", "3"),
)


@verifies(id="rendered-shows", each=KINDS)
def test_shows(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The rendered image shows the pixels that were stored, dark as dark and red as red."""
    instance = corpus.pictures.instances[int(case.value)]

    response = dicomweb.rendered(instance)

    with expect(response) as it:
        if response.status in {406, 501, *BAD_REQUEST}:
            it.observes(
                "406-400-or-501-for-monochrome2"
                if instance.value("PhotometricInterpretation") == "MONOCHROME2"
                else "photometric-interpretation-refused"
            )
            it.concludes()
        it.has_status(200)
        low = "grey-picture-does-not-correlate"
        _shows(it, expected_renderings.frames_of(instance)[0], low)


RARE_KINDS = (Variant("palette-color", "RENDERED-018b", "0"), Variant("ybr-full", "RENDERED-018b", "1"))


@verifies(id="rendered-shows-rare-kind", each=RARE_KINDS)
def test_shows_rare_kind(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """An image in PALETTE COLOR or YBR_FULL is rendered in its colours."""
    _is_shown_in_its_colours(dicomweb, corpus.pictures_of_rare_kinds.instances[int(case.value)])


SEGMENTED = (Variant("ramp", "RENDERED-018b", "0"), Variant("copy", "RENDERED-018b", "1"))


@verifies(id="rendered-shows-segmented-palette", each=SEGMENTED)
def test_shows_segmented_palette(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """An image in PALETTE COLOR is rendered in its colours where its tables are in segments."""
    _is_shown_in_its_colours(dicomweb, corpus.segmented_palettes.instances[int(case.value)])


def _is_shown_in_its_colours(dicomweb: StudiesService, instance: Instance) -> None:
    response = dicomweb.rendered(instance)

    with expect(response) as it:
        it.has_status(200)
        _shows(it, expected_renderings.frames_of(instance)[0], "colour-picture-does-not-correlate")


def _shows(it: Expectation, expected: Samples, low: str) -> None:
    """Compare a picture with the one predicted, scaled to its size: which size it has is judged elsewhere."""
    picture = shown(it, beside=expected)
    if renderings.is_flat(picture.samples):
        it.observes("one-flat-colour", received=f"{size_of(picture)} pixels of one colour")
        return
    likeness = renderings.correlation(renderings.scaled(picture.samples, expected.shape[1::-1]), expected)
    received = f"a correlation of {likeness:.2f}"
    if likeness < 0.7:
        it.observes(low, received=received)
    elif likeness < 0.95:
        it.observes("correlation-between-0-7-and-0-95", received=received)


@verifies("RENDERED-019", id="rendered-in-the-size-of-the-image")
def test_in_the_size_of_the_image(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Without a viewport the rendered image has as many rows and columns as the image."""
    instance = corpus.pictures.instances[0]
    rows, columns = int(instance.value("Rows")), int(instance.value("Columns"))

    response = dicomweb.rendered(instance)

    with expect(response) as it:
        it.has_status(200)
        picture = shown(it)
        if picture.size != (columns, rows):
            it.observes(
                "width-and-height-exchanged" if picture.size == (rows, columns) else "another-size",
                expected=[f"{columns}x{rows}"],
                received=size_of(picture),
            )


# What has no pixels

TEXTS = (
    Variant("html", "RENDERED-010", "text/html"),
    Variant("plain", "RENDERED-010", "text/plain"),
    Variant("xml", "RENDERED-010", "text/xml"),
)


@verifies(id="rendered-report-as-text", each=TEXTS, needs="rendered")
def test_report_as_text(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A structured report is rendered as text, in each of the media types for it."""
    report = corpus.with_documents().two_series.series[1].instances[0]
    if case.id != "html":
        page = dicomweb.rendered(report, accept="text/html")
        offered(page.status not in {*ABSENT, 400, 406, 415}, "text is not rendered", "rendered.text")

    response = dicomweb.rendered(report, accept=case.value)

    with expect(response) as it:
        it.has_status(200)
        name = media_types.name_of(response.content_type)
        if not name.startswith("text/"):
            it.observes("200-with-a-type-that-is-not-text", where="Content-Type", received=name or "none")
        elif name == "text/html" != case.value:
            it.observes("200-text-html-the-default", where="Content-Type")
        elif name != case.value or not _reads_as(name, response.body):
            it.observes("body-that-does-not-fit-content-type", where="Content-Type", received=it.status_line)


def _reads_as(name: str, body: bytes) -> bool:
    """Tell whether a body can be what it is said to be; the report's text stands in it, whatever is around."""
    markup = body.lstrip(_BEFORE_MARKUP).startswith(b"<")
    return b"No finding" in body and (markup or name == "text/plain")


# What is not there, and what is not known

MISSING = (
    Variant("study", "RENDERED-047"),
    Variant("series", "RENDERED-047"),
    Variant("instance", "RENDERED-047"),
    Variant("frame", "RENDERED-047"),
)


@verifies(id="rendered-missing", each=MISSING)
def test_missing(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The rendered resource of what does not exist is answered with 404 or 410, at each level."""
    instance = corpus.pair_of_pictures.instances[0]
    stored, missing = missing_beside(corpus, instance, "instance" if case.id == "frame" else case.id)
    accept = several() if case.id in {"study", "series"} else JPEG
    ending = "/frames/1" if case.id == "frame" else ""
    neighbour = dicomweb.rendered(stored + ending, accept=accept)
    offered(
        neighbour.status not in {*ABSENT, 400, 406} or case.id in {"instance", "frame"},
        f"rendered {case.id} is not offered",
        "rendered.study",
    )
    control(neighbour, because="what is stored there cannot be rendered")

    response = dicomweb.rendered(missing + ending, accept=accept)

    with expect(response) as it:
        if response.status == 200:
            it.observes("200-with-any-body", received=it.status_line)
        else:
            it.has_status(404, 410)


@verifies("RENDERED-039", id="rendered-ignores-unknown-parameters")
def test_ignores_unknown_parameters(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A query parameter that the server does not know changes nothing."""
    instance = corpus.pictures.instances[0]
    _, before = plain(dicomweb, instance)

    response = dicomweb.rendered(instance, [("x_probe", 1)])

    with expect(response) as it:
        if 400 <= response.status < 500 and response.status not in {400, 404, 406, *BUSY}:
            it.finds(f"status {response.status}")
            it.concludes()
        it.has_status(200)
        picture = shown(it, beside=before.samples)
        if not is_same(before, picture):
            it.observes(
                "another-picture", expected=["the image rendered without the parameter"], received=size_of(picture)
            )
