"""Rendered: ICC profiles of images that have one of their own (PS3.18 8.3.5.1.5)."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import expect
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import picture_files
from dicomweb_conformance.scenarios.steps.pictures import frames, profiles_are_offered, shown
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

COLOUR = 2


@verifies("RENDERED-036", id="rendered-no-icc-profile", needs="rendered")
def test_no_icc_profile(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`iccprofile=no` leaves the profile out, though the image has one."""
    profiles_are_offered(dicomweb, corpus.pictures.instances[COLOUR])

    response = dicomweb.rendered(frames(corpus.whole_slide_colour.instances[0], "1"), [("iccprofile", "no")])

    with expect(response) as it:
        it.has_status(200)
        if shown(it).icc_profile is None:
            it.observes("no-app2-icc-profile-and-no-iccp-chunk")
        else:
            it.observes("profile-embedded", where="iccprofile=no")


@verifies("RENDERED-037b", id="rendered-icc-profile-of-the-image", needs="rendered")
def test_icc_profile_of_the_image(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`iccprofile=yes` embeds the profile that the image has."""
    instance = corpus.whole_slide_colour.instances[0]
    own = bytes(instance.dataset.OpticalPathSequence[0].ICCProfile)
    profiles_are_offered(dicomweb, corpus.pictures.instances[COLOUR])

    response = dicomweb.rendered(frames(instance, "1"), [("iccprofile", "yes")])

    with expect(response) as it:
        it.has_status(200)
        profile = shown(it).icc_profile
        if profile is None:
            it.observes("no-profile")
            it.concludes()
        expected = picture_files.profile_name(own)
        try:
            name = picture_files.profile_name(profile or b"")
        except UnreadableError as error:
            it.observes("profile-that-does-not-parse", received=str(error))
            it.concludes()
        if name == expected:
            it.observes("profile-of-the-image")
        else:
            it.observes("another-profile", where="ICC profile", expected=[expected], received=name)
