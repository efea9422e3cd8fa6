"""Frames one at a time: that one can be had, whether octets are those of one, and which ones they hold."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import Expectation, assume, control
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.scenarios.steps.pixel_octets import equals
from dicomweb_fixtures.entities import Instance

NATIVE = "frames-are-native-pixels[rgb-8-bit]"
"""The check that has the first of several frames: where it comes otherwise, the others have nothing to tell."""


def is_frame(it: Expectation, found: bytes, frame: bytes, *, of: str | None = None) -> None:
    if not equals(found, frame):
        quote = (
            "octets-differ-or-are-swapped"
            if abs(len(found) - len(frame)) <= 1
            else "length-differs-by-more-than-a-pad-octet"
        )
        it.observes(
            quote,
            expected=[f"the {len(frame)} octets that were stored"],
            received=pixel_octets.difference(found, frame),
            of=of,
        )


def frames_in(found: bytes, instance: Instance) -> str:
    """Say which frames stand in octets, in their order."""
    places = sorted((found.find(frame), number) for number, frame in enumerate(instance.frames, 1) if frame in found)
    named = ", ".join(str(number) for _, number in places)
    return f"frames {named} in {len(found)} octets" if named else f"no frame in {len(found)} octets"


def is_to_be_had(response: Response, instance: Instance, number: int = 1) -> None:
    """Demand of a frame that exists that it can be had."""
    control(response, because=f"frame {number} of the image, which exists, cannot be retrieved")
    assume(
        instance.frames[number - 1] in response.body,
        f"what is retrieved as frame {number} does not hold it",
        "frames-of-an-image",
    )


def is_itself(response: Response, instance: Instance) -> None:
    """Demand of the first of several frames that it comes alone, and as it is: no list can hold it otherwise."""
    control(response, because="frame 1 of the image, which exists, cannot be retrieved")
    first, *others = instance.frames
    assume(
        first in response.body and not any(each in response.body for each in others),
        "what is retrieved as frame 1 is not that frame alone",
        NATIVE,
    )
