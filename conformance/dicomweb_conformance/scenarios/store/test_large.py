"""Store: what is large (PS3.18 10.5.1.4): many instances in one request, and one of 200 MB."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, control, expect
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.dicom import store_response
from dicomweb_conformance.scenarios.steps.storing import warns
from dicomweb_conformance.scenarios.steps.streamed_images import comes_back
from dicomweb_conformance.scenarios.store.partial_success import ROWS, judge_sequences
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.payloads import streamed

INSTANCES, FRAMES = 300, 400
_TOO_LARGE = {413, 507}
_NOTHING_STORED = "413-or-507-nothing-stored"
_FRAME_DIFFERS = "2xx-and-a-frame-differs-or-is-missing"


@verifies("STORE-072", *ROWS, id="store-300-instances")
def test_300_instances(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Three hundred instances of a series are stored by one request, and the response lists each of them."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="an instance alone is not stored")
    study = fresh.study(instances=INSTANCES)

    response = dicomweb.store(study.instances)

    with expect(response) as it:
        _is_small_enough(it)
        it.has_status(200, 202)
        held = archive.held_of(study)
        missing = {each.sop_instance_uid for each in study.instances} - held
        if missing:
            it.observes("2xx-and-an-instance-is-not-retrievable", received=f"{len(missing)} of {INSTANCES} are missing")
        elif response.status == 202 and warns(response):
            it.observes("202-warned-and-all-retrievable")
        answer = store_response.of_body(response.body)
        if answer:
            judge_sequences(it, answer, study.instances, held, ())


@verifies("STORE-073", id="store-200-megabytes")
def test_200_megabytes(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An image of 400 frames of half a megabyte is stored, and its frames come back."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a small image is not stored")
    image = streamed.image(fresh.place(), FRAMES)

    response = dicomweb.store_streamed(image)

    with expect(response) as it:
        _is_small_enough(it)
        it.has_status(200, 202)
        if response.status == 202 and warns(response):
            it.observes("202-warned-frames-as-sent")
        comes_back(it, dicomweb, archive, image, (1, FRAMES // 2, FRAMES), otherwise=_FRAME_DIFFERS)


def _is_small_enough(it: Expectation) -> None:
    if it.response.status in _TOO_LARGE:
        it.observes(_NOTHING_STORED, received=it.status_line)
        it.concludes()
