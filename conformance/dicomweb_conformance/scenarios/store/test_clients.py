"""Store: two clients at once, and one that goes away (PS3.18 10.5.2, RFC 9112 8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dicomweb_conformance.archive.contents import Archive, listed
from dicomweb_conformance.checks.expect import BUSY, control, expect
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.dicom import json_model, store_response
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.steps.meetings import meetings
from dicomweb_conformance.scenarios.steps.storing import is_stored
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance, Study
from dicomweb_fixtures.fresh import Fresh

_EACH = 6
_HALF_OF_THE_PIXELS = 64


@verifies("STORE-045", id="store-two-clients-at-once")
def test_two_clients_at_once(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Two clients that store into one new study at the same time both succeed, and there is one study."""
    alone = dicomweb.store([fresh.instance(name="control")])
    control(alone, 200, 202, because="a store by one client does not work")

    put_off: list[Response] = []
    for _ in meetings(hints=put_off):
        put_off += _both_succeed(dicomweb, archive, fresh.study(series=2, instances=_EACH))
    for response in put_off[:1]:
        with expect(response) as it:
            it.observes("refused-with-a-reason-and-taken-later", received=it.status_line)


def _both_succeed(dicomweb: StudiesService, archive: Archive, study: Study) -> list[Response]:
    """Have two clients store a series each of a study at the same time, and judge what came of it.

    Returns:
        refusals of what was taken later, which is right, and no server need do.
    """
    answers = dicomweb.store_at_once([series.instances for series in study.series])
    put_off: list[Response] = []

    for instance, response in _each(study, answers):
        if _is_refused_with_a_reason(response, instance) and dicomweb.store([instance]).status in {200, 202}:
            put_off.append(response)
            continue
        with expect(response) as it:
            if response.status >= 400 and response.status not in BUSY:
                it.observes(
                    "fails-beside-another-client",
                    expected=["200"],
                    received=it.status_line,
                )
                it.concludes()
            it.has_status(200, 202)
    with expect(answers[0][0]) as it:
        is_stored(it, archive, *study.instances)
    looking = dicomweb.for_purpose("confirm")
    archive.time_until(
        lambda: all(listed(found, tag) for found, tag in _searched(looking, study)), "a search lists what was stored"
    )
    for found, tag in _searched(dicomweb, study):
        control(found, because="what was stored cannot be searched for")
        with expect(found) as it:
            it.lists_each_once(it.is_a_list_of_matches(), tag, twice="second-entry-with-same-uid")
    return put_off


def _searched(service: StudiesService, study: Study) -> Iterator[tuple[Response, str]]:
    """Search for a study, and for its series; yield each answer with the key that tells its results apart."""
    yield service.search("studies", StudyInstanceUID=study.study_instance_uid), "0020000D"
    yield service.search_in(study, "series"), "0020000E"


def _each(study: Study, answers: Sequence[Sequence[Response]]) -> Iterator[tuple[Instance, Response]]:
    for series, of_one in zip(study.series, answers, strict=True):
        yield from zip(series.instances, of_one, strict=True)


def _is_refused_with_a_reason(response: Response, instance: Instance) -> bool:
    """Tell whether an instance is refused as Table 10.5.3-1 and I.2-2 let a server do: 409, and a Failure Reason."""
    answer = store_response.of_body(response.body) if response.status == 409 else None
    return answer is not None and any(
        json_model.text(each, store_response.SOP_INSTANCE) == instance.sop_instance_uid
        and isinstance(json_model.first(each, store_response.FAILURE_REASON), int)
        for each in answer.failed
    )


@verifies("STORE-071", id="store-broken-off")
def test_broken_off(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A store that breaks off in the middle of an instance does not store that instance."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a whole store does not work")
    whole, cut = fresh.instance(name="whole"), fresh.instance(name="cut off")
    boundary, body = multipart.write([multipart.part(each.part10) for each in (whole, cut)])
    octets = body.index(cut.part10) + len(cut.part10) - _HALF_OF_THE_PIXELS

    dicomweb.break_off_store(media_types.multipart_related(media_types.DICOM, boundary), body, octets, [whole, cut])

    later = fresh.instance(name="sent later")
    response = dicomweb.store([later])
    with expect(response) as it:
        if response.status not in {200, 202}:
            it.has_status()
        if not archive.holds(later):
            it.observes("a-good-instance-is-not-stored-afterwards", received=it.status_line)
            it.concludes()
        if not archive.lacks(cut, after=later):
            it.observes("instance-cut-off-retrievable", expected=["not stored"], received="retrievable")
        if archive.holds_now(whole):
            it.observes("whole-part-is-retrievable", received="retrievable")
