"""Bulk data: the values that metadata give by a URI, and pixel data (PS3.18 10.4.1.1.5, 10.4.1.1.6, 8.7.3.3)."""

from __future__ import annotations

import base64

from pydicom import DataElement, Dataset

from dicomweb_conformance import bulk_data, comparison, media_types, resources
from dicomweb_conformance.bulk_data import PIXEL_DATA, Reference, dereferenced, references
from dicomweb_conformance.capabilities import CLEAN_REFUSALS
from dicomweb_conformance.checks import Variant, verifies
from dicomweb_conformance.dicom_json import DicomJsonError, objects, text
from dicomweb_conformance.exchanges import Response
from dicomweb_conformance.expect import Expectation, assume, control, expect, offered
from dicomweb_conformance.judgement import Inconclusive
from dicomweb_conformance.scenarios import pixel_octets
from dicomweb_conformance.scenarios.pixel_octets import items_in, joined
from dicomweb_conformance.scenarios.test_retrieve import octets_of
from dicomweb_conformance.studies_service import StudiesService
from dicomweb_conformance.validators import locations
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Series, Study

RLE_OF_ANY_SYNTAX = 'multipart/related; type="image/dicom-rle"; transfer-syntax=*'
LEVELS = ("instance", "series", "study")


def _metadata(dicomweb: StudiesService, resource: Study | Series | Instance) -> list[tuple[str, list[Reference]]]:
    """Return the bulk data URIs that metadata give, by SOP Instance UID; metadata themselves are judged elsewhere."""
    response = dicomweb.metadata(resource)
    control(response, because="metadata, which refer to bulk data, cannot be retrieved")
    try:
        found = objects(response.body)
    except DicomJsonError as error:
        raise Inconclusive(f"the metadata cannot be read: {error}", response.exchange) from None
    return [(text(each, "00080018"), list(references(each, response.url))) for each in found]


def _reference(dicomweb: StudiesService, instance: Instance, path: str = PIXEL_DATA) -> Reference:
    """Return the bulk data URI of one element, or end the check: a value may stand in the metadata itself."""
    given = {each.path: each for _, of_one in _metadata(dicomweb, instance) for each in of_one}
    offered(path in given, f"the metadata give {path} by no URI")
    return given[path]


def _get(dicomweb: StudiesService, reference: Reference, accept: str = bulk_data.EITHER_FORM) -> Response:
    response = dereferenced(dicomweb, reference, accept=accept)
    if response is None:
        raise Inconclusive(f"{reference.uri} leads to another origin, which is not asked")
    if 300 <= response.status < 400:
        raise Inconclusive("a bulk data URI redirects, and redirects are not followed", response.exchange)
    return response


def _element(data_set: Dataset, path: str) -> tuple[DataElement, Dataset]:
    """Return the element that a path leads to, and the data set that it is in."""
    *above, tag = path.split("/")
    for step in above:
        sequence, _, number = step.rstrip("]").partition("[")
        data_set = data_set[int(sequence, 16)].value[int(number) - 1]
    return data_set[int(tag, 16)], data_set


def _stored(instance: Instance, path: str) -> bytes:
    """Return the octets of a value as they are stored, native pixels without padding."""
    if path == PIXEL_DATA:
        return b"".join(instance.frames)
    element, data_set = _element(instance.dataset, path)
    return bytes(element.value) if element.VR in comparison.BINARY else octets_of(element, data_set)


def _equals(found: bytes, value: bytes) -> bool:
    """Tell whether octets are those of a value, one pad octet at its end apart (PS3.18 F.2)."""
    return pixel_octets.equals(found, value) or (len(found) % 2 == 1 and value in {found + b"\0", found + b" "})


@verifies("BULKDATA-001", "BULKDATA-008", "METADATA-017", id="bulkdata-by-uri", smoke=True)
def test_by_uri(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Every bulk data URI in the metadata of an instance leads to something, nested ones too."""
    image = corpus.two_series.instances[0]
    given = [
        (each, reference)
        for each in (image, corpus.bulk_data.instances[0])
        for _, found in _metadata(dicomweb, each)
        for reference in found
    ]
    offered(given, "the metadata give no value by a URI", "bulkdata")

    for instance, reference in given:
        response = _get(dicomweb, reference)
        with expect(response) as it:
            if response.status in {404, 410}:
                it.observes("404 or 410, also for a URI that only study or series metadata give", where=reference.path)
                it.concludes()
            if response.status == 406:
                it.observes("406 although both forms were acceptable", where=reference.path)
                it.concludes()
            it.has_status(200)
            found = joined(items_in(it))
            if instance is image and reference.path == PIXEL_DATA:
                it.observes("BulkDataURI", of="METADATA-017")
                _is_value(it, found, _stored(instance, reference.path), of="BULKDATA-008")


def _is_value(it: Expectation, found: bytes, value: bytes, *, of: str | None = None) -> None:
    if _equals(found, value):
        return
    received = pixel_octets.difference(found, value)
    if value.startswith(found):
        it.observes("octets truncated or empty", received=received, of=of)
    elif base64.b64encode(value) in found or (found.lstrip()[:2] == b"--" and value in found):
        it.observes("octets of the multipart envelope or of base64", received=received, of=of)
    else:
        it.observes("octets of another element or instance", received=received, of=of)


WITHIN = (Variant("series", "BULKDATA-001"), Variant("study", "BULKDATA-001"))


@verifies("BULKDATA-008", id="bulkdata-by-uri-of", each=WITHIN)
def test_by_uri_of(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The bulk data URIs in the metadata of a study or series lead to the values of their instances."""
    study = corpus.ct_pair
    by_uid = {each.sop_instance_uid: each for each in study.instances}
    found = _metadata(dicomweb, study if case.id == "study" else study.series[0])
    given = [
        (by_uid[uid], each) for uid, of_one in found if uid in by_uid for each in of_one if each.path == PIXEL_DATA
    ]
    offered(given, "the metadata give no pixel data by a URI")

    for instance, reference in given:
        response = _get(dicomweb, reference)
        with expect(response) as it:
            if response.status in {404, 410}:
                it.observes(
                    "404 or 410, also for a URI that only study or series metadata give", received=reference.uri
                )
                it.concludes()
            it.has_status(200)
            _is_value(it, joined(items_in(it)), _stored(instance, PIXEL_DATA), of="BULKDATA-008")


VALUES = (
    Variant("OB", "BULKDATA-008", "00720065"),
    Variant("OF", "BULKDATA-008", "00720067"),
    Variant("OW", "BULKDATA-008", "00720069"),
    Variant("UN", "BULKDATA-008", "0072006D"),
    Variant("OD", "BULKDATA-008", "00720073"),
    Variant("OL", "BULKDATA-008", "00720075"),
    Variant("OV", "BULKDATA-008", "00720081"),
    Variant("nested", "BULKDATA-008", "00720022[1]/00720065"),
    Variant("private", "BULKDATA-008", "00111005"),
)


@verifies("BULKDATA-009", "BULKDATA-010", "BULKDATA-011", id="bulkdata-is-the-value", each=VALUES)
def test_is_the_value(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Bulk data are the octets of the value that the URI stands for, little endian, and nothing else."""
    instance = corpus.bulk_data.instances[0]
    reference = _reference(dicomweb, instance, case.value)
    value = _stored(instance, case.value)

    response = _get(dicomweb, reference)

    assume(response.status == 200, f"the URI of {case.value} does not lead to anything", "bulkdata-by-uri")
    with expect(response) as it:
        items = items_in(it)
        found = joined(items)
        received = pixel_octets.difference(found, value) if len(found) != len(value) or found != value else ""
        if len(items) > 1:
            it.observes(
                "more than one part for a native value other than one per frame", received=f"{len(items)} parts"
            )
        elif _equals(found, value):
            it.observes("first octets are those of the value", of="BULKDATA-009")
            it.observes(
                "octets with the pad octet" if found == value else "octets without the pad octet", of="BULKDATA-011"
            )
        elif found[128:132] == b"DICM":
            it.observes("a Part 10 file in place of the value", received=received, of="BULKDATA-009")
        elif found.endswith(value) and found[:2] == bytes.fromhex(case.value[-8:])[1::-1]:
            it.observes("tag, VR or length in front of the value", received=received, of="BULKDATA-009")
        elif any(_swapped(found, size) == value for size in (2, 4, 8)):
            it.observes("octets swapped", received=received, of="BULKDATA-010")
        else:
            _is_value(it, found, value)


def _swapped(octets: bytes, size: int) -> bytes:
    return b"".join(octets[at : at + size][::-1] for at in range(0, len(octets), size))


@verifies("BULKDATA-004", id="bulkdata-uri-resolves")
def test_uri_resolves(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A relative bulk data URI works against the URL of the metadata."""
    instance = corpus.ct_pair.instances[0]
    reference = _reference(dicomweb, instance)
    offered(dicomweb.is_targets(reference.url), f"{reference.uri} leads to another origin, which is not asked")

    response = dicomweb.get_url(reference.url, accept=bulk_data.EITHER_FORM)

    if response.status != 200:
        control(
            bulk_data.below_base(dicomweb, reference) if reference.is_relative else response,
            because="the URI leads nowhere, see check bulkdata-by-uri",
        )
    with expect(response) as it:
        if response.status != 200:
            it.observes("relative URI that works only against the service root", received=reference.uri)
            it.concludes()
        value = _stored(instance, PIXEL_DATA)
        assume(value in response.body, "the URI does not lead to the value", "bulkdata-by-uri-of[study]")
        it.observes("relative URI that works against the metadata URL" if reference.is_relative else "absolute URI")


# Media types


@verifies("BULKDATA-005", id="bulkdata-multipart")
def test_multipart(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Bulk data come as multipart application/octet-stream."""
    instance = corpus.ct_pair.instances[0]
    reference = _reference(dicomweb, instance)

    response = _get(dicomweb, reference, media_types.MULTIPART_OCTETS)

    with expect(response) as it:
        it.has_status(200)
        name = media_types.name_of(response.content_type)
        if name == media_types.OCTET_STREAM:
            it.observes("200 single part application/octet-stream", where="Content-Type")
        elif name != media_types.MULTIPART_RELATED or {each.name for each in items_in(it)} != {
            media_types.OCTET_STREAM
        }:
            it.observes("200 with another type", where="Content-Type")
            it.concludes()
        if not _equals(joined(items_in(it)), _stored(instance, PIXEL_DATA)):
            it.finds("the parts are not the pixel data", received=f"{len(joined(items_in(it)))} octets")


@verifies("BULKDATA-006b", "BULKDATA-006", id="bulkdata-single-part", needs="bulkdata")
def test_single_part(dicomweb: StudiesService, corpus: Corpus) -> None:
    """One value as a bare application/octet-stream is offered, and is the value itself, or refused with 406."""
    instance = corpus.ct_pair.instances[0]
    reference = _reference(dicomweb, instance)
    control(_get(dicomweb, reference, media_types.MULTIPART_OCTETS), because="the multipart form cannot be retrieved")

    response = _get(dicomweb, reference, media_types.OCTET_STREAM)

    with expect(response) as it:
        if response.status == 404:
            it.observes("404 although the multipart form gives 200", of="BULKDATA-006")
            it.concludes()
        it.has_status(200, 406, of="BULKDATA-006")
        if response.status == 406:
            it.observes("406", of="BULKDATA-006")
            it.concludes()
        value, found = _stored(instance, PIXEL_DATA), response.body
        name = media_types.name_of(response.content_type)
        if name == media_types.MULTIPART_RELATED and _equals(joined(items_in(it)), value):
            it.observes("multipart/related with the right octets although only single part was acceptable")
        elif name == media_types.OCTET_STREAM and _equals(found, value):
            it.observes("Content-Type application/octet-stream and the octets of the value, one pad octet apart")
        elif not found:
            it.observes("empty body")
        elif found.lstrip()[:2] == b"--" and value in found:
            it.observes("Content-Type application/octet-stream with a multipart body", received=it.status_line)
        elif name == media_types.OCTET_STREAM:
            it.observes("octets differ", received=pixel_octets.difference(found, value))
        else:
            it.finds("200 with another type", where="Content-Type", received=response.content_type)


# Pixel data


@verifies("BULKDATA-014", id="bulkdata-of-all-frames")
def test_of_all_frames(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Native pixel data of several frames come whole."""
    instance = corpus.multiframe.instances[0]
    reference = _reference(dicomweb, instance)

    response = _get(dicomweb, reference)

    with expect(response) as it:
        it.has_status(200)
        items = items_in(it)
        found, value = joined(items), _stored(instance, PIXEL_DATA)
        if pixel_octets.are_frames(items, instance.frames) and len(items) > 1:
            it.observes("one part per frame, concatenation equal", received=f"{len(items)} parts")
        elif _equals(found, value):
            it.observes("one part of all frames, octets equal")
        elif pixel_octets.equals(found, instance.frames[0]):
            it.observes("only the first frame", received=f"{len(found)} octets")
        else:
            it.observes("concatenation differs", received=pixel_octets.difference(found, value))


@verifies("BULKDATA-016", id="bulkdata-is-decompressed")
def test_is_decompressed(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Pixel data that were compressed without loss come uncompressed, where no transfer syntax is asked for."""
    instance = corpus.rle.instances[0]
    reference = _reference(dicomweb, instance)

    response = _get(dicomweb, reference)

    with expect(response) as it:
        if response.status == 406:
            it.observes("lossless storage: 406")
            it.concludes()
        it.has_status(200)
        items = items_in(it)
        found, value = joined(items), _stored(instance, PIXEL_DATA)
        if _equals(found, value):
            it.observes("octets of the decoded pixels")
        elif pixel_octets.is_codestream(found, instance):
            it.observes(
                "the stored stream in a part whose Content-Type names its transfer syntax"
                if items[0].transfer_syntax == pixel_octets.RLE
                else "the stored stream without a transfer-syntax parameter (lossless storage)",
                where="Content-Type",
                received=items[0].content_type,
            )
        else:
            it.observes("decoded octets differ from the reference", received=pixel_octets.difference(found, value))


@verifies("BULKDATA-007", "BULKDATA-012", id="bulkdata-as-rle", needs="bulkdata")
def test_as_rle(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Pixel data stored in RLE come as image/dicom-rle without the tags of their items, or this type is refused."""
    instance = corpus.rle.instances[0]
    reference = _reference(dicomweb, instance)
    control(
        _get(dicomweb, reference, f"{media_types.MULTIPART_OCTETS}; transfer-syntax=*"),
        because="the pixel data cannot be retrieved in any form",
    )

    response = _get(dicomweb, reference, RLE_OF_ANY_SYNTAX)

    with expect(response) as it:
        if response.status == 404:
            it.observes("404 although octet-stream gives 200")
            it.concludes()
        it.has_status(200, 406)
        if response.status == 406:
            it.observes("406")
            it.concludes()
        items = items_in(it, of="BULKDATA-012")
        found = joined(items)
        offered(items[0].name in pixel_octets.IMAGE_RLE, "image/dicom-rle is answered in another type")
        if pixel_octets.is_codestream(found, instance) or pixel_octets.decodes_to(found, pixel_octets.RLE, instance, 1):
            return
        first = found[:4].hex(" ")
        if b"\xfe\xff\x00\xe0" in found:
            it.observes("item tag or offset table in front or inside", received=first, of="BULKDATA-012")
        else:
            it.finds("the codestream is not that of the pixel data", received=first, of="BULKDATA-012")


@verifies("BULKDATA-013", id="bulkdata-as-rle-by-frame", needs="bulkdata")
def test_as_rle_by_frame(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Compressed pixel data of several frames come as one part for each, in their order."""
    instance = corpus.rle_loop.instances[0]
    reference = _reference(dicomweb, instance)

    response = _get(dicomweb, reference, RLE_OF_ANY_SYNTAX)

    offered(
        response.status not in CLEAN_REFUSALS | {400},
        "pixel data do not come as image/dicom-rle, see check bulkdata-as-rle",
    )
    with expect(response) as it:
        it.has_status(200)
        items = items_in(it)
        offered(items[0].name in pixel_octets.IMAGE_RLE, "image/dicom-rle is answered in another type")
        if len(items) != len(instance.frames):
            it.observes(
                "number of parts differs from NumberOfFrames",
                expected=[f"{len(instance.frames)} parts"],
                received=f"{len(items)} parts",
            )
            it.concludes()
        shown = [pixel_octets.frame_in_rle(each.octets, instance) for each in items]
        received = ", ".join(f"frame {each}" if each else "no frame" for each in shown)
        if shown == [1, 2, 3]:
            it.observes("one part per frame in frame order, each decodes to that frame")
        elif all(shown):
            it.observes("frames in another order", received=received)
        else:
            it.observes("a part that does not decode", received=received)


# What is not there, and what need not be there


@verifies("BULKDATA-022", id="bulkdata-unknown")
def test_unknown(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A bulk data URI that does not exist is answered 404."""
    instance = corpus.ct_pair.instances[0]
    reference = _reference(dicomweb, instance)
    value = _stored(instance, PIXEL_DATA)
    working = _get(dicomweb, reference)
    control(working, because="the bulk data that exist cannot be retrieved")
    assume(value in working.body, "the URI does not lead to the value", "bulkdata-by-uri")
    above, _, _ = reference.uri.partition("?")[0].rpartition("/")
    offered(above, "the URI has no path whose last segment could be changed")

    response = _get(dicomweb, Reference(reference.path, f"{above}/no-such-bulk-data", reference.base))

    with expect(response) as it:
        if response.status == 200:
            quote = "200 with octets of another element or instance"
            if value in response.body:
                quote = "200 with the octets of the unchanged URI"
            elif not response.body:
                quote = "200 with an empty body"
            it.observes(quote, received=f"{it.status_line}, {len(response.body)} octets")
        else:
            it.has_status(404, 410, 400)


@verifies("BULKDATA-017", id="bulkdata-content-location")
def test_content_location(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Content-Location of a part, where there is one, is the URI that the metadata give."""
    instance = corpus.ct_pair.instances[0]
    reference = _reference(dicomweb, instance)

    response = _get(dicomweb, reference, media_types.MULTIPART_OCTETS)

    control(response, because="bulk data cannot be retrieved as multipart")
    with expect(response) as it:
        items = items_in(it)
        assume(
            _equals(joined(items), _stored(instance, PIXEL_DATA)),
            "the answer does not hold the value",
            "bulkdata-multipart",
        )
        for number, item in enumerate(items, 1):
            where = f"part {number}: Content-Location"
            if item.location is None:
                it.observes("Content-Location absent where all parts belong to one element", where=where)
                continue
            path = locations.path(item.location, response.url).partition("/frames/")[0]
            if path == locations.path(reference.uri, reference.base):
                it.observes("Content-Location equals the BulkDataURI, with or without /frames/{n}")
            elif locations.contradict(
                _named(instance), locations.resource(item.location, response.url)
            ) or not _ends_alike(path, reference):
                it.observes("Content-Location names another element or instance", where=where, received=item.location)


def _named(instance: Instance) -> dict[str, str]:
    return {
        "studies": instance.study_instance_uid,
        "series": instance.series_instance_uid,
        "instances": instance.sop_instance_uid,
    }


def _ends_alike(path: str, reference: Reference) -> bool:
    """Tell whether a path ends as the URI does: a proxy may change what is before that."""
    _, _, below = locations.path(reference.uri, reference.base).rpartition("/studies/")
    return bool(below) and path.endswith(below)


BULK_LEVELS = tuple(Variant(level, "BULKDATA-018", "bulkdata") for level in LEVELS)
PIXEL_LEVELS = tuple(Variant(level, "BULKDATA-019", "pixeldata") for level in LEVELS)


def _of_level(it: Expectation, study: Study, level: str, *, of: str, missing: str) -> None:
    """Judge a 200 of bulkdata or pixeldata: what there is of an instance, a series or a study."""
    wanted = [each.frames[0] for each in _instances(study, level)]
    found = [each.octets for each in items_in(it, of=of)]
    others = [each.frames[0] for each in study.instances if each.frames[0] not in wanted]
    if any(not any(_equals(each, value) for each in found) for value in wanted):
        near = any(abs(len(each) - len(wanted[0])) <= 1 and each not in others for each in found)
        it.observes(
            "octets differ" if near and len(found) == len(wanted) else missing,
            expected=[f"the pixel data of {len(wanted)} images"],
            received=f"{len(found)} parts of {', '.join(str(len(each)) for each in found)} octets",
            of=of,
        )
    if any(_equals(each, value) for each in found for value in others):
        it.observes("octets that belong to another instance", received=f"{len(found)} parts", of=of)


def _instances(study: Study, level: str) -> tuple[Instance, ...]:
    return study.instances[:1] if level == "instance" else study.instances


def _get_level(dicomweb: StudiesService, study: Study, level: str, resource: str) -> Response:
    """GET bulkdata or pixeldata of a level, once a bulk data URI is known to work."""
    reference = _reference(dicomweb, study.instances[0])
    working = _get(dicomweb, reference)
    control(working, because="bulk data cannot be retrieved by their URI")
    assume(study.instances[0].frames[0] in working.body, "the URI does not lead to the value", "bulkdata-by-uri")
    above: dict[str, Instance | Series | Study] = {
        "instance": study.instances[0],
        "series": study.series[0],
        "study": study,
    }
    return dicomweb.get(f"{resources.path(above[level])}/{resource}", accept=media_types.MULTIPART_OCTETS)


@verifies("BULKDATA-018b", id="bulkdata-of", each=BULK_LEVELS, needs="bulkdata")
def test_bulk_data_of(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """All bulk data of an instance, series or study come together, where a server has that."""
    study = corpus.ct_pair

    response = _get_level(dicomweb, study, case.id, case.value)

    with expect(response) as it:
        it.has_status(200)
        _of_level(it, study, case.id, of="BULKDATA-018b", missing="an element missing")


@verifies("BULKDATA-019b", id="bulkdata-pixels-of", each=PIXEL_LEVELS, needs="bulkdata")
def test_pixel_data_of(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """All pixel data of an instance, series or study come together, where a server has that."""
    study = corpus.ct_pair

    response = _get_level(dicomweb, study, case.id, case.value)

    with expect(response) as it:
        it.has_status(200)
        _of_level(it, study, case.id, of="BULKDATA-019b", missing="an instance or frame missing")
