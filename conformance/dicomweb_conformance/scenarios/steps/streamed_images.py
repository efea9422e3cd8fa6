"""Whether an image too large to be read whole came to be on the target: by some of its frames."""

from __future__ import annotations

from collections.abc import Sequence

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, assume, expect
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.payloads.streamed import StreamedImage


def comes_back(
    it: Expectation,
    dicomweb: StudiesService,
    archive: Archive,
    image: StreamedImage,
    numbers: Sequence[int],
    *,
    otherwise: str,
) -> None:
    """Report `otherwise` for an image that does not become visible, or each of some frames that is not as it was sent.

    Raises:
        Inconclusive: the image is found, and its frames cannot be retrieved.
    """
    first = [dicomweb.frames(image.instance, "1")]

    def is_shown() -> bool:
        first.append(dicomweb.frames(image.instance, "1"))
        return first[-1].status == 200

    if first[0].status != 200 and not archive.settles(is_shown):
        assume(
            not archive.lists(image.instance),
            "the instance is found, but its frames cannot be retrieved, and it is too large to be read whole",
            "frames-of-an-image",
        )
        it.observes(otherwise, received="the instance is not found")
        it.concludes()
    for number in numbers:
        answer = first[-1] if number == 1 else dicomweb.frames(image.instance, str(number))
        _is_frame(it, answer, image, number, otherwise)


def _is_frame(it: Expectation, answer: Response, image: StreamedImage, number: int, otherwise: str) -> None:
    found = b""
    if answer.status == 200:
        with expect(answer) as frame:
            found = pixel_octets.joined(pixel_octets.items_in(frame))
    sent = image.frame(number)
    if found != sent:
        it.observes(
            otherwise,
            where=f"frame {number}",
            expected=[f"the {len(sent)} octets that were sent"],
            received=pixel_octets.difference(found, sent) if found else f"{answer.status}",
        )
