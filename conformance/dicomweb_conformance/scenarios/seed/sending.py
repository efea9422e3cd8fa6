"""How the samples of the page are sent: octet for octet as their clients send them."""

from __future__ import annotations

from collections.abc import Iterable

from dicomweb_conformance.checks.expect import Expectation, expect
from dicomweb_conformance.checks.judgement import NotIncluded
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.seed import elsewhere
from dicomweb_conformance.scenarios.seed.samples import Sample
from dicomweb_conformance.scenarios.steps import heads
from dicomweb_conformance.scenarios.steps.heads import sent_as
from dicomweb_conformance.service.long_running import Operations
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.payloads.json_bulk import Payload

STAND_IN = "none"
"""What stands in the place of the token for a target that asks for none."""
_IN_URL = "the sample puts the access token into the URL, which logs keep: --dicomweb-include=unsafe sends it"
_STARTED = frozenset({200, 204})
_OPENING = b"--DICOMwebBoundary\r\nContent-Type: application/dicom+json\r\n\r\n"
_MIDDLE = (
    b"\r\n--DICOMwebBoundary\r\nContent-Location: jpeg-image\r\n"
    b"Content-Type: image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50\r\n\r\n"
)
_CLOSING = b"\r\n--DICOMwebBoundary--"


def request_file(payload: Payload) -> bytes:
    """Return what the page puts together of its three boundary files, a file of metadata and a JPEG."""
    metadata, picture = payload.parts
    return _OPENING + metadata.octets + _MIDDLE + picture.octets + _CLOSING


def sent(dicomweb: StudiesService, sample: Sample, about: Instance) -> Response:
    """Send the request of a sample about an instance, its series or its study; first what the client asks for first.

    Raises:
        CheckFailed: what it asks for first is refused, so that the client ends there.
    """
    _begun(dicomweb, sample, about)
    return sent_as(dicomweb, sample.request, heads.about(about))


def stored(
    dicomweb: StudiesService, sample: Sample, files: Iterable[bytes], may_store: Iterable[Instance]
) -> list[Response]:
    """Send the request of a sample once for each of its bodies.

    Raises:
        CheckFailed: what it asks for first is refused, so that the client ends there.
        NotIncluded: it would put the token of the run into a URL.
    """
    instances = list(may_store)
    token = dicomweb.url_token
    if "{token}" in sample.request.target:
        if not token and dicomweb.is_authorized:
            raise NotIncluded(_IN_URL)
        dicomweb = dicomweb.without_credentials()
    _begun(dicomweb, sample, instances[0])
    return [sent_as(dicomweb, sample.request, {"token": token or STAND_IN}, file, instances) for file in files]


def polled(operations: Operations, sample: Sample, name: str) -> list[Response]:
    """Ask for an operation as the client of a sample does until it is done; as this suite does where it never asks."""
    fields = sample.poll.fields if sample.poll else ()
    return operations.polled(name, [field for field in fields if field[0].lower() != "host"])


def has_type(it: Expectation, sample: Sample, otherwise: str) -> bool:
    """Tell whether the response is of a media type that the client goes on with, and report `otherwise` where not."""
    kind = media_types.name_of(it.response.content_type)
    if sample.types and kind not in sample.types:
        it.observes(otherwise, expected=[" or ".join(sample.types)], received=it.status_line)
        return False
    return True


def _begun(dicomweb: StudiesService, sample: Sample, about: Instance) -> None:
    for each in sample.before:
        response = sent_as(dicomweb, each, heads.about(about))
        with expect(response) as it:
            elsewhere.leave_refused(it, elsewhere.begun(dicomweb, each, about))
            it.has_status(*_STARTED)
