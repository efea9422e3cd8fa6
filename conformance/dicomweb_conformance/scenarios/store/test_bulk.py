"""Store of metadata with bulk data of each kind, and of pairs that contradict each other (PS3.18 10.5.1.4, 10.5.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.reading import values
from dicomweb_conformance.scenarios.steps.storing import retrieved
from dicomweb_conformance.scenarios.steps.storing_metadata import (
    FORMS,
    Sent,
    is_refused,
    is_taken,
    keeps_jpegs,
    nothing_stored,
    reports_a_failure,
    shown,
    uncompressed,
    works,
)
from dicomweb_conformance.scenarios.store import from_metadata
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.validators.images import jpeg
from dicomweb_fixtures.building import jpeg_images
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.identifiers import Branch
from dicomweb_fixtures.payloads import bulk_kinds, json_bulk, unchanged_kinds
from dicomweb_fixtures.payloads.json_bulk import JPEG, Payload

JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


def _in(form: str, requirement: str, *kinds: str) -> Iterable[Variant]:
    """Yield each kind as sent in a form, or the form itself where there are no kinds."""
    for kind in kinds or ("",):
        yield Variant(f"{form}-{kind}".rstrip("-"), requirement, kind, needs=f"store.{form}-bulk")


def _said(case: Variant, payload: Payload) -> Sent:
    return FORMS[case.id.partition("-")[0]](payload)


DOCUMENTS = (*_in("json", "STORE-051"), *_in("xml", "STORE-051"))


@verifies(id="store-bulk-document", each=DOCUMENTS)
def test_document(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """An encapsulated document that is sent in its own media type comes back octet for octet."""
    works(dicomweb, _said(case, json_bulk.native(fresh.place())))
    payload = _said(case, bulk_kinds.document(fresh.place()))

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.type_is_taken(it, dicomweb, archive, fresh, payload)
        sent, kept = (payload.bulk_data[0].octets, retrieved(dicomweb, payload.instance).get("EncapsulatedDocument"))
        if (kept or b"").removesuffix(b"\0") != sent.removesuffix(b"\0"):
            it.observes(
                "2xx-and-document-missing-or-different",
                where="(0042,0011)",
                expected=[f"the {len(sent)} octets sent"],
                received=f"{len(kept)} octets" if kept else "no document",
            )


def _unlabelled(place: Branch) -> Payload:
    return bulk_kinds.labelled(json_bulk.photograph(place), JPEG)


def _from_a_camera(place: Branch) -> Payload:
    return json_bulk.photograph(place, **jpeg_images.MARKERS)


def _several_instances(place: Branch) -> Payload:
    return json_bulk.in_reversed_order(bulk_kinds.photographs(place / "1", place / "2", place / "3"))


JPEG_MAKERS: Mapping[str, Callable[[Branch], Payload]] = {
    "unlabelled": _unlabelled,
    "from-a-camera": _from_a_camera,
    "several-frames": bulk_kinds.frames,
    "several-instances": _several_instances,
}
JPEGS = (*_in("json", "STORE-052", *JPEG_MAKERS), *_in("xml", "STORE-052", "several-frames", "several-instances"))


@verifies(id="store-bulk-jpeg", each=JPEGS)
def test_jpeg(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """JPEGs are kept as they are, each with its instance and frame, in a transfer syntax that fits them."""
    works(dicomweb, _said(case, json_bulk.native(fresh.place())))
    payload = _said(case, JPEG_MAKERS[case.value](fresh.place()))

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.type_is_taken(it, dicomweb, archive, fresh, payload)
        octets = [each.octets for each in payload.bulk_data]
        if case.value == "several-frames":
            keeps_jpegs(it, dicomweb, payload.instance, *octets)
            it.concludes()
        for instance, codestream in zip(payload.instances[::-1], octets, strict=True):
            keeps_jpegs(it, dicomweb, instance, codestream)


JPEGS_2000 = (*_in("json", "STORE-052"), *_in("xml", "STORE-052"))


@verifies(id="store-bulk-jpeg-2000", each=JPEGS_2000)
def test_jpeg_2000(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """A JPEG 2000 codestream is kept as it is, in a transfer syntax that fits it."""
    works(dicomweb, _said(case, json_bulk.native(fresh.place())))
    payload = _said(case, bulk_kinds.jpeg_2000(fresh.place()))

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.type_is_taken(it, dicomweb, archive, fresh, payload)
        received = retrieved(dicomweb, payload.instance)
        syntax, kept = str(values.syntax(received)), jpeg.of(received)
        if not values.octets(received, "PixelData"):
            it.observes("pixel-data-missing")
        elif kept is None:
            it.observes("2xx-and-the-codestream-was-recompressed", received=f"native pixels in {syntax}")
        elif syntax not in bulk_kinds.OF_REVERSIBLE_JPEG_2000:
            it.observes("transfer-syntax-does-not-fit-codestream", received=syntax)
        elif jpeg.unpadded(kept) != payload.bulk_data[0].octets:
            it.observes("2xx-and-the-codestream-was-recompressed", received=f"another one of {len(kept)} octets")


UNCHANGED = (
    *_in("json", "STORE-052", *unchanged_kinds.KINDS),
    *_in("xml", "STORE-052", "jph", "mp4"),
)


@verifies(id="store-bulk-unchanged", each=UNCHANGED)
def test_unchanged(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """JPEG 2000 Part 2, HTJ2K, JPEG XL and videos are kept as they are, in a transfer syntax that fits them."""
    works(dicomweb, _said(case, json_bulk.native(fresh.place())))
    kind = unchanged_kinds.KINDS[case.value]
    payload = _said(case, kind.make(fresh.place()))

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.type_is_taken(it, dicomweb, archive, fresh, payload)
        received, sent = retrieved(dicomweb, payload.instance), payload.bulk_data[0].octets
        syntax, kept = str(values.syntax(received)), jpeg.of(received)
        if not values.octets(received, "PixelData"):
            it.observes("pixel-data-missing")
        elif kept is None:
            it.observes("2xx-and-the-codestream-was-recompressed", received=f"native pixels in {syntax}")
        elif syntax not in kind.syntaxes:
            it.observes("transfer-syntax-does-not-fit-codestream", expected=[kind.syntaxes[0]], received=syntax)
        elif _is(kept, jpeg.of(payload.instance.dataset)):
            it.observes("same-codestream-matching-syntax")
        elif _is(kept, sent):
            it.observes("kept-with-its-boxes")
        else:
            it.observes("2xx-and-the-codestream-was-recompressed", received=f"another one of {len(kept)} octets")


def _is(kept: bytes, sent: bytes | None) -> bool:
    """Tell whether a codestream is the one sent, the octet apart that makes its number even."""
    return sent is not None and kept.removesuffix(b"\0") == sent.removesuffix(b"\0")


PICTURES = (
    *_in("json", "STORE-053", *bulk_kinds.PICTURES),
    *_in("xml", "STORE-053", "png-colour", "gif-gray"),
)


@verifies(id="store-bulk-picture", each=PICTURES)
def test_picture(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """A PNG or GIF, which has no transfer syntax, becomes an image with the same pixels."""
    works(dicomweb, _said(case, json_bulk.native(fresh.place())))
    payload = _said(case, bulk_kinds.picture(fresh.place(), case.value))

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.type_is_taken(it, dicomweb, archive, fresh, payload)
        _shows_the_picture(it, dicomweb, payload)


def _shows_the_picture(it: Expectation, dicomweb: StudiesService, sent: Sent) -> None:
    received = uncompressed(dicomweb, sent.instance)
    syntax = values.syntax(received)
    if sent.bulk_data[0].octets in values.octets(received, "PixelData"):
        it.observes("2xx-png-file-as-pixels", received=f"the file itself, in {syntax}")
        return
    try:
        if shown(received) != shown(sent.instance.dataset):
            it.observes("2xx-and-pixels-differ", where="(7FE0,0010)", received=f"other pixels, in {syntax}")
    except ValueError as error:
        it.observes("2xx-and-pixels-differ", where="(7FE0,0010)", received=f"no pixels that decode: {error}")


DESCRIBED_BY: Mapping[str, Callable[[Branch], Payload]] = {
    "jpeg": json_bulk.photograph,
    "png": lambda place: bulk_kinds.picture(place, "png-colour"),
    "gif": lambda place: bulk_kinds.picture(place, "gif-gray"),
}
LEFT_OUT = (*_in("json", "STORE-054", "png", "gif"), *_in("xml", "STORE-054", "jpeg", "png"))


@verifies(id="store-bulk-derives-description", each=LEFT_OUT)
def test_derives_description(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """The server takes from the image what the metadata leave out of the pixels' description, or refuses all."""
    make = DESCRIBED_BY[case.value]
    is_taken(dicomweb, _said(case, make(fresh.place())))
    payload = _said(case, bulk_kinds.without_description(make(fresh.place())))

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.type_is_taken(it, dicomweb, archive, fresh, payload)
        received = (retrieved if case.value == "jpeg" else uncompressed)(dicomweb, payload.instance)
        from_metadata.is_described(it, received, payload.instance)


def _with(tag: str, vr: str, value: object) -> Callable[[Payload], Payload]:
    return lambda payload: bulk_kinds.with_value(payload, tag, vr, value)


CONTRADICTIONS: Mapping[str, Callable[[Payload], Payload]] = {
    "rows": _with("00280010", "US", 2 * jpeg_images.ROWS),
    "columns": _with("00280011", "US", jpeg_images.COLUMNS + 1),
    "samples": _with("00280002", "US", 1),
    "frames": _with("00280008", "IS", 3),
    "transfer-syntax-of-the-part": lambda payload: bulk_kinds.labelled(payload, bulk_kinds.typed(JPEG_LOSSLESS)),
    "transfer-syntax-of-the-metadata": lambda payload: json_bulk.claiming(payload, EXPLICIT_VR_LITTLE_ENDIAN),
    "no-jpeg": json_bulk.not_a_jpeg,
}
"""The faults of the pair, each made of a payload in which metadata and JPEG agree."""
CONTRADICTING = (
    *_in("json", "STORE-052b", *CONTRADICTIONS),
    *_in("xml", "STORE-052b", "rows", "transfer-syntax-of-the-part", "no-jpeg"),
)


@verifies(id="store-bulk-contradiction", each=CONTRADICTING)
def test_contradiction(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """No instance that contradicts itself is made of metadata and a JPEG that contradict each other."""
    is_taken(dicomweb, _said(case, json_bulk.photograph(fresh.place())))
    payload = _said(case, CONTRADICTIONS[case.value](json_bulk.photograph(fresh.place())))

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        if response.status == 501:
            it.observes("501", received=it.status_line)
        if is_refused(response) or response.status == 501 or reports_a_failure(response):
            nothing_stored(it, dicomweb, archive, fresh, payload)
            it.concludes()
        it.has_status(200, 202)
        if not archive.holds(payload.instance):
            it.observes("2xx-and-the-instance-not-retrievable")
            it.concludes()
        _agrees_with_itself(it, dicomweb, payload)


def _agrees_with_itself(it: Expectation, dicomweb: StudiesService, sent: Sent) -> None:
    """Report where what is stored is not described by what its pixels are."""
    received, described = retrieved(dicomweb, sent.instance), sent.instance.dataset
    syntax = str(values.syntax(received))
    keywords = ("Rows", "Columns", "SamplesPerPixel")
    wrong = [
        f"{keyword} {received.get(keyword)}" for keyword in keywords if received.get(keyword) != described.get(keyword)
    ]
    if (values.number(received, "NumberOfFrames", 1) or 1) != 1:
        wrong.append(f"NumberOfFrames {values.text(received, 'NumberOfFrames')}")
    kept = jpeg.of(received)
    if kept is None and sent.bulk_data[0].octets in values.octets(received, "PixelData"):
        wrong.append(f"the octets of the part in the native transfer syntax {syntax}")
    elif kept is not None and not jpeg.fits(kept, syntax):
        wrong.append(f"octets that are not {syntax}")
    if not values.octets(received, "PixelData"):
        it.observes("2xx-and-pixel-data-missing")
    elif wrong:
        it.observes("stored-as-described", received=", ".join(wrong))


STRAY = (*_in("json", "STORE-048c"), *_in("xml", "STORE-048c"))


@verifies(id="store-bulk-unreferenced", each=STRAY)
def test_unreferenced(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """Bulk data that no metadata refer to never become part of an instance."""
    is_taken(dicomweb, _said(case, json_bulk.photograph(fresh.place())))
    payload = _said(case, json_bulk.without_reference(json_bulk.photograph(fresh.place())))

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        if is_refused(response) or reports_a_failure(response):
            nothing_stored(it, dicomweb, archive, fresh, payload)
            it.concludes()
        it.has_status(200, 202)
        if not archive.holds(payload.instance):
            it.observes("2xx-and-the-instance-not-retrievable")
        elif "PixelData" in retrieved(dicomweb, payload.instance):
            it.observes("2xx-and-bulk-data-in-instance", where="(7FE0,0010)")
        else:
            it.observes("stored-without-the-bulk-data", received=it.status_line)


NAMED = (*_in("json", "STORE-049b"), *_in("xml", "STORE-049b"))


@verifies(id="store-bulk-group-0002", each=NAMED)
def test_group_0002(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """Metadata with Transfer Syntax UID, as the Cloud Healthcare API has them, are stored correctly or refused."""
    is_taken(dicomweb, _said(case, json_bulk.photograph(fresh.place())))
    payload = _said(case, json_bulk.page(fresh.place()))

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        if is_refused(response):
            nothing_stored(it, dicomweb, archive, fresh, payload)
            it.observes("4xx-nothing-stored", received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        if not archive.holds(payload.instance):
            it.observes("2xx-and-the-instance-not-retrievable")
            it.concludes()
        received = retrieved(dicomweb, payload.instance)
        kept, syntax = jpeg.of(received), str(values.syntax(received))
        if kept is not None and not jpeg.fits(kept, syntax):
            it.observes("transfer-syntax-does-not-fit-pixel-data", received=syntax)
        elif kept is None and payload.bulk_data[0].octets in values.octets(received, "PixelData"):
            it.observes("transfer-syntax-does-not-fit-pixel-data", received=f"a JPEG in {syntax}")
