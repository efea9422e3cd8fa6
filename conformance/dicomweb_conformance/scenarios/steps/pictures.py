"""What checks of rendered resources and thumbnails share: images out of responses, and those to compare with."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import NoReturn

from dicomweb_conformance.checks.expect import Expectation, assume, control, offered, quoted, unreadable
from dicomweb_conformance.checks.judgement import Inconclusive
from dicomweb_conformance.dicom import renderings
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import picture_files
from dicomweb_conformance.reading.picture_files import Picture, Samples
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance

ABSENT = frozenset({404, 405, 501})
"""How a server says that there is no such resource at all."""
OWNER = "rendered-instance-and-frame"
ALIKE = 0.9
"""Correlation from which two renderings of one image count as the same picture: between two that differ it is far
lower, as the corpus is made, and a rough JPEG of its squares stays above."""
_SAME = 6.0
"""Mean difference of two pictures, of 255, up to which one is a recoding of the other."""


def frames(instance: Instance, numbers: str) -> str:
    """Return the path of frames of an instance."""
    return f"{resources.path(instance)}/frames/{numbers}"


def several(of_parts: str = media_types.JPEG) -> str:
    """Return the Accept of pictures as the parts of a multipart."""
    return media_types.multipart_related(of_parts)


def listed(value: str) -> list[str]:
    """Return the values of a parameter, between which a comma stands in the query as it is (8.3.5.1)."""
    return value.split(",")


def is_multipart(response: Response) -> bool:
    """Tell whether the response says that it is a multipart."""
    return media_types.name_of(response.content_type) == media_types.MULTIPART_RELATED


ACCEPTS_NONE = "text/html"
"""An Accept that no rendered image meets."""


def type_of_pictures(response: Response) -> str:
    """Return the media type of the picture, or of the parts of a multipart; empty where it does not say."""
    if not is_multipart(response):
        return media_types.name_of(response.content_type)
    try:
        return media_types.parse(response.content_type).of_parts or ""
    except media_types.MediaTypeError:
        return ""


def read_all(response: Response) -> list[Picture]:
    """Return the pictures of a response, in a single part or several.

    Raises:
        UnreadableError: one of them does not decode, or the multipart cannot be taken apart.
    """
    if not is_multipart(response):
        return [picture_files.read(response.body)]
    return [picture_files.read(each.body) for each in multipart.parts_of(response.content_type, response.body)]


def shown(it: Expectation, *, otherwise: str = "", of: str | None = None, beside: Samples | None = None) -> Picture:
    """Return the picture that a response holds, or report `otherwise` and end the block.

    A multipart of one part will do: which envelope a picture comes in is judged elsewhere. What is found against the
    picture is shown with the one that it was to look like (`beside`).
    """
    found = all_shown(it, otherwise=otherwise, of=of)
    if len(found) != 1:
        _unreadable(it, f"{len(found)} images", otherwise, of)
    if beside is not None:
        it.shows(partial(renderings.side_by_side, found[0].samples, beside))
    return found[0]


def all_shown(it: Expectation, *, otherwise: str = "", of: str | None = None) -> list[Picture]:
    """Return the pictures that a response holds, or report `otherwise` and end the block."""
    try:
        return read_all(it.response)
    except UnreadableError as error:
        _unreadable(it, str(error), otherwise, of)


def _unreadable(it: Expectation, why: str, otherwise: str, of: str | None) -> NoReturn:
    received = f"{it.status_line}; {why}"
    if otherwise:
        it.observes(otherwise, expected=["an image"], received=received, of=of)
    else:
        it.finds("the body is no picture", expected=["an image"], received=received, of=of)
    it.concludes()
    raise AssertionError  # the block has ended


def plain(dicomweb: StudiesService, instance: Instance, *, accept: str = media_types.JPEG) -> tuple[Response, Picture]:
    """Return the picture of an instance without any parameter, which is the control of all that have one.

    Raises:
        Inconclusive: there is none.
    """
    response = dicomweb.rendered(instance, accept=accept)
    control(response, because="the image cannot be rendered without any parameter")
    return response, of_control(response)


def of_control(response: Response) -> Picture:
    """Return the one picture of a control, or end the check as inconclusive."""
    try:
        found = read_all(response)
    except UnreadableError as error:
        raise unreadable(error, response, "the control is not an image") from None
    assume(len(found) == 1, "the control is not one image", OWNER)
    assume(not renderings.is_flat(found[0].samples), "the control is of one colour all over", "rendered-shows")
    return found[0]


def plain_and_with(
    dicomweb: StudiesService, instance: Instance, name: str, value: str, *, accept: str = media_types.JPEG
) -> tuple[Picture, Picture]:
    """Return the plain picture, and one with a good value of a parameter.

    Raises:
        NotApplicable: the target does not take the parameter.
        Inconclusive: it breaks of it, or there is no plain picture.
    """
    before, picture = plain(dicomweb, instance, accept=accept)
    after = dicomweb.rendered(instance, [(name, listed(value))], accept=accept)
    refused = 400 <= after.status < 500 and after.status != 429
    offered(not refused, f"the target does not take {name}={value}: {after.status}", f"rendered.{name}")
    control(after, because=f"{name}={value} does not work")
    try:
        (changed,) = read_all(after)
    except (UnreadableError, ValueError) as error:
        raise Inconclusive(f"{name}={value} gives no image: {quoted(error)}", after.exchange) from None
    said = f"the target ignores {name}, as it has to where it does not support it (8.3); see check rendered-parameters"
    offered(has_effect(before, picture, after, changed), said, f"rendered.{name}")
    return picture, changed


def is_of_what_was_asked(dicomweb: StudiesService, response: Response, instance: Instance, accepted: str) -> None:
    """End a check of a media type where a picture of another comes, and comes as well to who accepts none at all.

    JPEG, which some servers take for the default, has observations of its own.

    Raises:
        Inconclusive: that is one habit, which `rendered-unacceptable` tells.
    """
    name = type_of_pictures(response)
    if response.status != 200 or name in {accepted, media_types.JPEG}:
        return
    other = dicomweb.rendered(instance, accept=ACCEPTS_NONE)
    ignored = other.status == 200 and type_of_pictures(other) == name
    assume(not ignored, f"{quoted(name)} comes whatever is accepted", "rendered-unacceptable")


def profiles_are_offered(dicomweb: StudiesService, instance: Instance) -> None:
    """Demand that a colour image is rendered with the ICC profile that is asked for.

    Raises:
        NotApplicable: the parameter is refused, or ignored, as one has to be that is not supported (PS3.18 8.3).
        Inconclusive: the target breaks of it.
    """
    capability = "rendered.iccprofile"
    response = dicomweb.rendered(instance, [("iccprofile", "srgb")])
    refused = 400 <= response.status < 500 and response.status != 429
    offered(not refused, f"the target does not take iccprofile=srgb: {response.status}", capability)
    control(response, because="iccprofile=srgb does not work")
    try:
        profile = picture_files.read(response.body).icc_profile
    except UnreadableError as error:
        raise unreadable(error, response, "iccprofile=srgb gives no image") from None
    offered(profile is not None, "the target ignores iccprofile, as it has to where it does not support it", capability)


def has_effect(before: Response, picture: Picture, after: Response, changed: Picture) -> bool:
    """Tell whether a parameter changed a picture or its octets. Octets alone count where the media type is lossy."""
    lossy = changed.media_type == media_types.JPEG
    return not is_same(picture, changed) or (lossy and len(before.body) != len(after.body))


def is_same(one: Picture, other: Picture) -> bool:
    """Tell whether two pictures are the same, but for what JPEG does to them."""
    return renderings.difference(one.samples, other.samples) <= _SAME


def is_alike(one: Picture, other: Picture) -> bool:
    """Tell whether two pictures, of any sizes, show the same."""
    scaled = renderings.scaled(other.samples, one.size)
    return renderings.correlation(one.samples.mean(axis=2), scaled.mean(axis=2)) >= ALIKE


def is_padded(picture: Picture, before: Picture) -> bool:
    """Tell whether a picture shows the whole of another undistorted, with a margin about it or at one of its ends."""
    (columns, rows), ratio = picture.size, before.size[0] / before.size[1]
    width, height = min(columns, round(rows * ratio)), min(rows, round(columns / ratio))
    parts = (
        picture.samples[top : top + height, left : left + width]
        for left in _starts(columns - width)
        for top in _starts(rows - height)
    )
    return any(is_alike(replace(picture, frames=(part,)), before) for part in parts)


def _starts(margin: int) -> set[int]:
    """Return where a picture can begin beside so many pixels that it leaves free."""
    return {0, margin // 2, -(-margin // 2), margin}


def size_of(picture: Picture) -> str:
    """Return width and height of a picture, for a reader."""
    return "x".join(map(str, picture.size))


def region(dicomweb: StudiesService, instance: Instance, viewport: str) -> Picture:
    """Return the picture of a region, or end the check as not applicable where regions are not offered."""
    before, _ = plain_and_with(dicomweb, instance, "viewport", "32,32")
    response = dicomweb.rendered(instance, [("viewport", listed(viewport))])
    offered(response.status != 400, "regions of the image are not offered")
    control(response, because="a region of the image cannot be rendered")
    try:
        (picture,) = read_all(response)
    except (UnreadableError, ValueError) as error:
        raise unreadable(error, response, "a region of the image is not an image") from None
    whole = viewport.endswith("0,0,64,64")
    offered(whole or not is_alike(picture, before), "regions of the image are not offered")
    return picture
