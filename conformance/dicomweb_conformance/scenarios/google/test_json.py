"""Store of JSON metadata with a JPEG, as the page of the Cloud Healthcare API builds the request."""

from __future__ import annotations

from pydicom import Dataset

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.reading import values
from dicomweb_conformance.scenarios.steps.storing import additions, changes, retrieved, stored_for
from dicomweb_conformance.scenarios.steps.storing_metadata import nothing_stored, page_works
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.validators.images import jpeg
from dicomweb_fixtures.building import transfer_syntaxes
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.payloads import json_bulk
from dicomweb_fixtures.payloads.json_bulk import Payload

EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
BIG_ENDIAN_AND_DEFLATED = ("1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")
REFUSED = frozenset({400, 409})


def _kept(dicomweb: StudiesService, archive: Archive, payload: Payload) -> Dataset:
    """Send the request of the page and return what the target keeps.

    Raises:
        Inconclusive: it does not work.
    """
    control(dicomweb.store_metadata(payload, accept=None), because="Google's own request does not work")
    assume(archive.holds(payload.instance), "what was stored does not become visible", "google-json-jpeg[colour]")
    return retrieved(dicomweb, payload.instance)


def _has_the_jpeg(received: Dataset, octets: bytes) -> bool:
    kept = jpeg.of(received)
    return kept is not None and jpeg.unpadded(kept) == octets


def _of_page(fresh: Fresh, kind: str) -> Payload:
    return json_bulk.page(fresh.place(), colour=kind == "colour")


STORED = (Variant("colour", "GOOGLE-011"), Variant("grayscale", "GOOGLE-011"))


@verifies(id="google-json-jpeg", each=STORED)
def test_json_jpeg(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """The request that Google's documentation builds is stored as it stands."""
    payload = _of_page(fresh, case.id)

    response = dicomweb.store_metadata(payload, accept=None)

    with expect(response) as it:
        it.has_status(200)
        if not archive.holds(payload.instance):
            it.observes("2xx-and-not-retrievable", expected=["the instance retrievable"])


KEPT = (Variant("colour", "GOOGLE-012"), Variant("grayscale", "GOOGLE-012"))


@verifies(id="google-json-jpeg-kept", each=KEPT)
def test_json_jpeg_kept(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """The stored instance has the JPEG as it was sent, in the transfer syntax that was sent."""
    payload = _of_page(fresh, case.id)
    received = _kept(dicomweb, archive, payload)

    response = dicomweb.retrieve(payload.instance)

    sent = payload.bulk_data[0].octets
    with expect(response) as it:
        kept = jpeg.of(received)
        syntax = values.syntax(received)
        if not values.octets(received, "PixelData"):
            it.observes("no-pixel-data")
        elif syntax != transfer_syntaxes.JPEG_BASELINE:
            it.observes("another-transfer-syntax", expected=[transfer_syntaxes.JPEG_BASELINE], received=syntax)
        elif (
            kept is not None
            and kept != sent
            and kept.strip(b"\r\n\0") == sent.strip(b"\r\n\0")
            and b"\r\n" in (kept[:2], kept[-2:], kept[-3:-1])
        ):
            it.observes("multipart-line-ends-part-of-jpeg", received=f"it begins {kept[:4]!r}")
        elif not _has_the_jpeg(received, sent):
            it.observes("recompressed-or-other-octets", received=f"{len(kept or b'')} octets, sent {len(sent)}")


@verifies("GOOGLE-013", id="google-json-attributes")
def test_json_attributes(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The stored instance has the attributes that were sent, and none that was made up."""
    payload = _of_page(fresh, "colour")

    response = dicomweb.store_metadata(payload, accept=None)

    control(response, because="Google's own request does not work")
    assume(archive.holds(payload.instance), "what was stored does not become visible", "google-json-jpeg[colour]")
    with expect(response) as it:
        received = retrieved(dicomweb, payload.instance)
        for change in changes(payload.instance, received):
            it.observes("element-missing-or-another-value", received=change)
        if added := [*additions(payload.instance, received)]:
            it.observes("further-elements-agree-with-jpeg", received=", ".join(added))


TOKENS = (Variant("token", "GOOGLE-014", "x-1"), Variant("url", "GOOGLE-014", "http://bulk.invalid/jpeg?n=1"))


@verifies(id="google-json-token", each=TOKENS)
def test_json_token(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """Any BulkDataURI is accepted, as long as a Content-Location is the same."""
    page_works(dicomweb, fresh)
    payload = json_bulk.page(fresh.place(), location=case.value)

    response = dicomweb.store_metadata(payload, accept=None)

    with expect(response) as it:
        if 400 <= response.status < 500:
            it.observes("4xx", received=it.status_line)
            it.concludes()
        it.has_status(200)
        sent = payload.bulk_data[0].octets
        if not archive.holds(payload.instance) or not _has_the_jpeg(retrieved(dicomweb, payload.instance), sent):
            it.observes("2xx-without-the-jpeg")


@verifies("GOOGLE-015", id="google-json-header-order")
def test_json_header_order(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The Content-Location of a part may stand after its Content-Type as well as before it."""
    page_works(dicomweb, fresh)
    payload = json_bulk.page(fresh.place(), location_first=False)

    response = dicomweb.store_metadata(payload, accept=None)

    with expect(response) as it:
        if 400 <= response.status < 500:
            it.observes("4xx-for-either", received=it.status_line)
            it.concludes()
        it.has_status(200)
        if not archive.holds(payload.instance):
            it.finds("2xx and not retrievable")


@verifies("GOOGLE-016", id="google-json-inline")
def test_json_inline(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The JSON part may name a transfer syntax, in which its InlineBinary is written."""
    page_works(dicomweb, fresh)
    payload = json_bulk.with_inline_icc_profile(_of_page(fresh, "colour"), b"\0\1\2\3\4\5\6\7")

    response = dicomweb.store_metadata(payload, accept=None)

    with expect(response) as it:
        if 400 <= response.status < 500:
            it.observes("4xx", received=it.status_line)
            it.concludes()
        it.has_status(200)
        profile = payload.instance.dataset.ICCProfile
        if not archive.holds(payload.instance) or retrieved(dicomweb, payload.instance).get("ICCProfile") != profile:
            it.observes("value-lost-or-changed", where="(0028,2000)")


@verifies("GOOGLE-017", id="google-json-no-transfer-syntax")
def test_json_no_transfer_syntax(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Metadata without Transfer Syntax UID are refused, or stored in the transfer syntax of the part."""
    page_works(dicomweb, fresh)
    payload = json_bulk.without_attribute(_of_page(fresh, "colour"), "00020010")

    response = dicomweb.store_metadata(payload, accept=None)

    with expect(response) as it:
        if response.status in REFUSED:
            nothing_stored(it, dicomweb, archive, fresh, payload)
            it.concludes()
        it.has_status(200)
        if not archive.holds(payload.instance):
            it.observes("2xx-and-not-retrievable")
            it.concludes()
        received = retrieved(dicomweb, payload.instance)
        if values.syntax(received) != transfer_syntaxes.JPEG_BASELINE:
            it.observes("2xx-and-transfer-syntax-does-not-fit", received=values.syntax(received))
        else:
            it.observes("200-in-the-syntax-of-the-part")


@verifies("GOOGLE-018", id="google-json-other-transfer-syntax")
def test_json_other_transfer_syntax(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A JPEG is not stored in the native transfer syntax that the metadata name."""
    page_works(dicomweb, fresh)
    payload = json_bulk.claiming(_of_page(fresh, "colour"), EXPLICIT_VR_LITTLE_ENDIAN)

    response = dicomweb.store_metadata(payload, accept=None)

    with expect(response) as it:
        if response.status in REFUSED:
            nothing_stored(it, dicomweb, archive, fresh, payload)
            it.concludes()
        it.has_status(200)
        if not archive.holds(payload.instance):
            it.finds("2xx and not retrievable")
            it.concludes()
        received = retrieved(dicomweb, payload.instance)
        native = not jpeg.is_encapsulated(received)
        if native and payload.bulk_data[0].octets in values.octets(received, "PixelData"):
            it.observes("2xx-jpeg-under-native-syntax")
        elif not native:
            it.observes("200-and-stored-as-jpeg")
        else:
            it.finds("2xx and native pixels", received=values.syntax(received))


ENCODINGS = tuple(
    Variant(name, "GOOGLE-019", uid)
    for name, uid in zip(("big-endian", "deflated"), BIG_ENDIAN_AND_DEFLATED, strict=True)
)


@verifies(id="google-json-encoding", each=ENCODINGS)
def test_json_encoding(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """Metadata that name a big endian or deflated transfer syntax are refused."""
    page_works(dicomweb, fresh)
    payload = json_bulk.claiming(json_bulk.native(fresh.place()), case.value)

    response = dicomweb.store_metadata(payload, accept=None)

    with expect(response) as it:
        if response.status == 415:
            it.observes("415", received=it.status_line)
        elif 200 <= response.status < 300:
            it.observes("2xx", received=it.status_line)
            it.concludes()
        else:
            it.has_status(*REFUSED)
        nothing_stored(it, dicomweb, archive, fresh, payload)


@verifies("GOOGLE-020", id="google-json-part-twice")
def test_json_part_twice(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Two parts with the same Content-Location are refused, or one of them is stored whole."""
    page_works(dicomweb, fresh)
    payload = json_bulk.part_twice(_of_page(fresh, "colour"))

    response = dicomweb.store_metadata(payload, accept=None)

    with expect(response) as it:
        if response.status in REFUSED:
            nothing_stored(it, dicomweb, archive, fresh, payload)
            it.concludes()
        it.has_status(200)
        if not archive.holds(payload.instance):
            it.finds("2xx and not retrievable")
            it.concludes()
        received = retrieved(dicomweb, payload.instance)
        if not values.octets(received, "PixelData"):
            it.observes("2xx-without-pixel-data")
        elif _has_the_jpeg(received, payload.bulk_data[0].octets):
            it.observes("200-and-first-or-last-stored-whole")
        else:
            it.observes("2xx-with-both-run-together", received=f"{len(jpeg.of(received) or b'')} octets")


@verifies("GOOGLE-109", id="google-json-two-instances")
def test_json_two_instances(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Two objects and two JPEGs become two instances, each with the JPEG that it names, in whatever order."""
    page_works(dicomweb, fresh)
    one = json_bulk.page(fresh.place(), location="jpeg-1")
    other = json_bulk.page(fresh.place(), location="jpeg-2", start=90)

    response = dicomweb.store_metadata(json_bulk.in_reversed_order(json_bulk.together(one, other)), accept=None)

    with expect(response) as it:
        it.has_status(200)
        if not archive.holds(one.instance, other.instance):
            it.observes("only-one-stored-under-200")
            it.concludes()
        for each in (one, other):
            if not _has_the_jpeg(retrieved(dicomweb, each.instance), each.bulk_data[0].octets):
                it.observes("the-jpeg-of-one-in-the-other", where=each.instance.sop_instance_uid)


@verifies("GOOGLE-110", id="google-json-missing-part")
def test_json_missing_part(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Metadata whose JPEG is not in the request are refused."""
    page_works(dicomweb, fresh)
    payload = json_bulk.without_part(_of_page(fresh, "colour"))

    response = dicomweb.store_metadata(payload, accept=None)

    with expect(response) as it:
        if 400 <= response.status < 500 and response.status not in REFUSED:
            it.observes("another-4xx-nothing-stored", received=it.status_line)
        elif 200 <= response.status < 300:
            it.observes("2xx", received=it.status_line)
        else:
            it.has_status(*REFUSED)
        later = fresh.instance(name="later")
        stored_for(dicomweb, archive, later)
        if not archive.lacks(payload.instance, after=later):
            it.observes("instance-retrievable-without-pixel-data")
