"""What is large, of a DICOM store of the Cloud Healthcare API: one image, and more results than come at a time."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.scenarios.google.searches import LEVELS
from dicomweb_conformance.scenarios.steps.streamed_images import comes_back
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Series, Study
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.payloads import streamed

FRAMES = 120
"""Frames of half a megabyte."""


@verifies("GOOGLE-043", id="google-60-megabytes")
def test_60_megabytes(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An image of 60 megabytes is stored, and its frames come back."""
    control(dicomweb.store([fresh.instance(name="control")]), because="a small image is not stored")
    image = streamed.image(fresh.place(), FRAMES)

    response = dicomweb.store_streamed(image)

    with expect(response) as it:
        it.has_status(200)
        comes_back(it, dicomweb, archive, image, (1, FRAMES), otherwise="2xx-and-cut")


MANY = (
    Variant("studies", "GOOGLE-053", "100", needs="search.studies"),
    Variant("series", "GOOGLE-053", "100", needs="search.series"),
    Variant("instances", "GOOGLE-053", "1000", needs="search.instances"),
)


@verifies(id="google-default-limit", each=MANY)
def test_default_limit(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """Without limit 100 studies or series are returned, or 1,000 instances, where there is one more."""
    limit = int(case.value)
    studies = _of_one_more(fresh, case.id, limit)
    instances = [instance for study in studies for instance in study.instances]
    control(dicomweb.store(instances), because=f"{len(instances)} instances cannot be stored by one request")
    held = set().union(*(archive.held_of(study) for study in studies))
    assume(len(held) == len(instances), "what was stored does not become visible", "store-multipart")

    if case.id == "studies":
        response = dicomweb.search("studies", PatientID=instances[0].value("PatientID"))
    else:
        response = dicomweb.search_in(studies[0], case.id)

    with expect(response) as it:
        it.has_status(200)
        found = len(set(it.is_a_list_of_matches().uids(LEVELS[case.id])))
        expected, received = [f"{limit} {case.id}"], f"{found} of {limit + 1}"
        if found > limit:
            it.observes("more", expected=expected, received=received)
        elif found < limit:
            it.observes("fewer-than-100-although-101-are-stored", expected=expected, received=received)


def _of_one_more(fresh: Fresh, of: str, limit: int) -> list[Study]:
    """Return so many studies of a patient, or one study of so many series or instances, and one more."""
    match of:
        case "series":
            return [fresh.study(series=limit + 1)]
        case "instances":
            return [fresh.study(instances=limit + 1)]
    first = fresh.study()
    shared = {name: first.instances[0].value(name) for name in ("PatientID", "PatientName")}
    others = (fresh.with_values(fresh.instance(), **shared) for _ in range(limit))
    return [first, *(Study("one of many", (Series((each,)),)) for each in others)]
