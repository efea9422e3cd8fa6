"""What checks of metadata with bulk data share, in JSON and in XML: that the form works, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from pydicom import Dataset

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import BUSY, Expectation, control, offered
from dicomweb_conformance.dicom import store_response
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.reading import pixel_data, values
from dicomweb_conformance.scenarios.steps.storing import is_there, only_one, pixels, retrieved
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.validators.images import jpeg
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.payloads import json_bulk, xml_bulk
from dicomweb_fixtures.payloads.json_bulk import Payload
from dicomweb_fixtures.payloads.xml_bulk import XmlPayload

Sent: TypeAlias = Payload | XmlPayload

TYPE_REFUSED = frozenset({400, 409, 415})
FORMS: Mapping[str, Callable[[Payload], Sent]] = {"json": lambda payload: payload, "xml": xml_bulk.of}
"""How a payload is said in each form."""


def is_not_offered(response: Response) -> bool:
    """Tell whether a form is refused cleanly, by whatever status of the client's errors, or 501."""
    status = response.status
    return status == 501 or (400 <= status < 500 and status not in {401, 403, 413, *BUSY})


def works(dicomweb: StudiesService, sent: Sent) -> None:
    """Demand that a form works at all, so that a refusal is one of what differs.

    Raises:
        Inconclusive: it does not.
    """
    control(dicomweb.store_metadata(sent), 200, 202, because="plain metadata with pixels do not work")


def page_works(dicomweb: StudiesService, fresh: Fresh) -> None:
    """Demand that the request of the Cloud Healthcare API's page works, so that a refusal is one of what differs.

    Raises:
        Inconclusive: it does not.
    """
    answer = dicomweb.store_metadata(json_bulk.page(fresh.place()), accept=None)
    control(answer, because="Google's own request does not work")


def is_taken(dicomweb: StudiesService, sent: Sent) -> None:
    """Demand that bulk data of an optional media type are taken where nothing is wrong with them.

    Raises:
        NotApplicable: they are refused.
        Inconclusive: they do not work.
    """
    response = dicomweb.store_metadata(sent)
    kind = sent.bulk_data[0].media_type
    offered(not is_not_offered(response), f"{kind} in this form is not taken: {response.status}")
    control(response, 200, 202, because=f"the same without the fault does not work with {kind}")


def is_refused(response: Response) -> bool:
    """Tell whether a request was refused as the client's fault."""
    return 400 <= response.status < 500


def reports_a_failure(response: Response) -> bool:
    """Tell whether a response has an item for something that was not stored."""
    answer = store_response.of_body(response.body)
    return bool(answer and (answer.failed or answer.other_failures))


def nothing_stored(it: Expectation, dicomweb: StudiesService, archive: Archive, fresh: Fresh, sent: Sent) -> None:
    """Look that none of the instances is there, once a sibling that was sent later is."""
    if not lacks(dicomweb, archive, fresh, sent):
        it.finds("refused, but an instance is there", expected=["nothing stored"])


def lacks(dicomweb: StudiesService, archive: Archive, fresh: Fresh, sent: Sent) -> bool:
    """Tell whether none of the instances is there, once a sibling that was sent later is."""
    later = fresh.instance(name="later")
    control(dicomweb.store([later]), 200, 202, because="a plain store does not work")
    return archive.lacks(*sent.instances, after=later)


def has_its_pixels(it: Expectation, dicomweb: StudiesService, instance: Instance, otherwise: str) -> None:
    """Report `otherwise` where an instance has not the native pixels that were sent."""
    received = retrieved(dicomweb, instance)
    if pixels(received) != pixels(instance.dataset):
        said = f"{len(pixels(received))} octets" if pixels(received) else "no Pixel Data"
        it.observes(otherwise, where="(7FE0,0010)", expected=["the octets sent"], received=said)


def are_there_with_their_pixels(
    it: Expectation, dicomweb: StudiesService, archive: Archive, sent: Sent, *, missing: str, differ: str
) -> None:
    """Report `missing` where not all instances are there, and `differ` where one has not its own pixels."""
    if is_there(it, archive, *sent.instances, otherwise=missing):
        for instance in sent.instances:
            has_its_pixels(it, dicomweb, instance, differ)


def keeps_jpegs(it: Expectation, dicomweb: StudiesService, instance: Instance, *codestreams: bytes) -> None:
    """Report where an instance has not the JPEGs of its frames as they were sent, in a transfer syntax that fits.

    The observations are those of STORE-052.
    """
    received = retrieved(dicomweb, instance)
    syntax = values.syntax(received)
    kept = jpeg.frames(received, len(codestreams))
    if not values.octets(received, "PixelData"):
        it.observes("pixel-data-missing")
    elif not jpeg.is_encapsulated(received):
        it.observes("2xx-and-the-codestream-was-recompressed", received=f"native pixels in {syntax or 'no syntax'}")
    elif kept is None:
        it.observes("pixel-data-missing", expected=[f"a JPEG for each of {len(codestreams)} frames"], received="fewer")
    elif syntax != instance.transfer_syntax_uid:
        it.observes("transfer-syntax-does-not-fit-codestream", expected=[instance.transfer_syntax_uid], received=syntax)
    elif [*map(jpeg.without_remarks, kept)] != [*map(jpeg.without_remarks, codestreams)]:
        it.observes(
            "2xx-and-the-codestream-was-recompressed",
            received=f"{len(kept)} other JPEGs of {', '.join(str(len(each)) for each in kept)} octets",
        )


def uncompressed(dicomweb: StudiesService, instance: Instance) -> Dataset:
    """Return an instance in the default transfer syntax, into which whatever is compressed without loss is decoded.

    Raises:
        Inconclusive: it cannot be retrieved so.
        CheckFailed: what comes back is no instance.
    """
    return only_one(dicomweb.retrieve(instance))


def shown(dataset: Dataset) -> list[object]:
    """Return the decoded pixels of an image, the colours of a palette in place of its entries.

    Raises:
        UnreadableError: they do not decode, or native ones are not what the image says of them.
    """
    indexed = dataset.get("PhotometricInterpretation") == "PALETTE COLOR"
    decoded = pixel_data.samples(dataset, colours=indexed)
    if indexed and decoded.itemsize == 2:
        decoded = decoded >> 8  # palettes of PS3.3 C.7.6.3.1.6 have 16 bits; those of a picture had 8
    found: list[object] = decoded.tolist()
    return found
