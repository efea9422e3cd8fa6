"""Store of metadata with bulk data other than a JPEG: what the Cloud Healthcare API lists, and what it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.reading import values
from dicomweb_conformance.scenarios.steps.storing import pixels, retrieved
from dicomweb_conformance.scenarios.steps.storing_metadata import Sent, nothing_stored, page_works, shown, uncompressed
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.validators.images import jpeg
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.identifiers import Branch
from dicomweb_fixtures.payloads import bulk_kinds, json_bulk, xml_bulk
from dicomweb_fixtures.payloads.json_bulk import Payload

REFUSED = frozenset({400, 409, 415})


def _has_its_pixels(dicomweb: StudiesService, archive: Archive, instance: Instance) -> bool:
    if not archive.holds(instance):
        return False
    received = retrieved(dicomweb, instance)
    return bool(received.get("PixelData")) and pixels(received) == pixels(instance.dataset)


@verifies("GOOGLE-009", id="google-xml-bulk")
def test_xml_bulk(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Metadata in XML are refused, or stored correctly."""
    payload = xml_bulk.of(bulk_kinds.naming_its_transfer_syntax(json_bulk.native(fresh.place())))

    response = dicomweb.store_metadata(payload, accept=None)

    with expect(response) as it:
        if response.status in {400, 415}:
            nothing_stored(it, dicomweb, archive, fresh, payload)
        elif 400 <= response.status < 500:
            it.observes("another-4xx", received=it.status_line)
            nothing_stored(it, dicomweb, archive, fresh, payload)
        else:
            it.has_status(200, 202)
            right = _has_its_pixels(dicomweb, archive, payload.instance)
            it.observes("stored-content-right" if right else "2xx-and-instance-not-there-or-different")


PICTURES = (Variant("png", "GOOGLE-010", "png-colour"), Variant("gif", "GOOGLE-010", "gif-gray"))


@verifies(id="google-bulk-picture", each=PICTURES)
def test_picture(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """A PNG or GIF is refused, or stored with its pixels."""
    page_works(dicomweb, fresh)
    payload = bulk_kinds.naming_its_transfer_syntax(bulk_kinds.picture(fresh.place(), case.value))

    response = dicomweb.store_metadata(payload, accept=None)

    with expect(response) as it:
        if response.status in REFUSED:
            nothing_stored(it, dicomweb, archive, fresh, payload)
            it.concludes()
        it.has_status(200)
        if archive.holds(payload.instance) and _shows_the_same(dicomweb, payload.instance):
            it.observes("stored-pixels-equal", received=it.status_line)
        else:
            it.observes("2xx-and-pixels-differ", where="(7FE0,0010)")


def _shows_the_same(dicomweb: StudiesService, instance: Instance) -> bool:
    try:
        return shown(uncompressed(dicomweb, instance)) == shown(instance.dataset)
    except ValueError:
        return False


@verifies("GOOGLE-021", id="google-inline-pixels")
def test_inline_pixels(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Pixel Data as InlineBinary are refused, or stored."""
    page_works(dicomweb, fresh)
    payload = bulk_kinds.naming_its_transfer_syntax(bulk_kinds.inline_pixels(fresh.place()))

    response = dicomweb.store_metadata(payload, accept=None)

    with expect(response) as it:
        if response.status in {400, 409}:
            nothing_stored(it, dicomweb, archive, fresh, payload)
            it.concludes()
        it.has_status(200)
        right = _has_its_pixels(dicomweb, archive, payload.instance)
        it.observes("200-and-the-pixels-are-there" if right else "2xx-without-the-pixels", where="(7FE0,0010)")


TYPES: Mapping[str, Callable[[Branch], Payload]] = {
    "octet-stream": json_bulk.native,
    "rle": bulk_kinds.run_length_encoded,
    "jp2": bulk_kinds.jpeg_2000,
}
OF_TYPES = tuple(Variant(name, "GOOGLE-022") for name in TYPES)


@verifies(id="google-bulk-type", each=OF_TYPES)
def test_bulk_type(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """Bulk data of each type that Google's documentation lists are kept as they are."""
    page_works(dicomweb, fresh)
    payload = bulk_kinds.naming_its_transfer_syntax(TYPES[case.id](fresh.place()))

    response = dicomweb.store_metadata(payload, accept=None)

    with expect(response) as it:
        if 400 <= response.status < 500:
            it.observes("4xx", received=it.status_line)
            it.concludes()
        it.has_status(200)
        if not archive.holds(payload.instance):
            it.finds("2xx and not retrievable")
            it.concludes()
        _keeps_the_octets(it, dicomweb, payload)


def _keeps_the_octets(it: Expectation, dicomweb: StudiesService, sent: Sent) -> None:
    received, octets = retrieved(dicomweb, sent.instance), sent.bulk_data[0].octets
    syntax, wanted = values.syntax(received), sent.instance.transfer_syntax_uid
    kept = jpeg.of(received) if jpeg.is_encapsulated(received) else values.octets(received, "PixelData")
    if syntax != wanted or kept not in {octets, octets + b"\0"}:
        it.observes(
            "2xx-and-the-pixels-differ",
            where="(7FE0,0010)",
            expected=[f"{len(octets)} octets of {wanted}"],
            received=f"{len(kept or b'')} octets of {syntax}",
        )
