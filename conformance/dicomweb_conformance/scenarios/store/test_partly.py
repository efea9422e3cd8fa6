"""Store: of several instances some are refused, or all; what is stored, and what the answer says (PS3.18 10.5.3)."""

from __future__ import annotations

from collections.abc import Sequence

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model, store_response
from dicomweb_conformance.dicom.store_response import StoreAnswer
from dicomweb_conformance.scenarios.steps.storing import stays_away, warns
from dicomweb_conformance.scenarios.store.partial_success import ROWS, judge_mixture, judge_sequences
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh

_REASONS = ("STORE-035", "STORE-037")


def _is_refused_alone(dicomweb: StudiesService, fresh: Fresh) -> None:
    """Demand that an instance without Study Instance UID is refused: a server may give it one (STORE-012)."""
    alone = dicomweb.store([fresh.without_study_uid()])
    assume(
        400 <= alone.status < 500,
        f"an instance without Study Instance UID is not refused: {alone.request_line} was answered with {alone.status}",
        "store-without-study-uid",
    )


ORDERS = tuple(
    Variant(each, "STORE-010") for each in ("good-good-bad", "good-bad-good", "bad-good-good", "bad-bad-good")
)


@verifies(*ROWS, *_REASONS, id="store-partly-refused", each=ORDERS)
def test_partly_refused(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """A store of good and bad instances, in any order, stores the good and reports the bad, or stores nothing."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a good instance alone is not stored")
    _is_refused_alone(dicomweb, fresh)
    sent = [fresh.instance() if each == "good" else fresh.without_study_uid() for each in case.id.split("-")]
    good = [each for each in sent if each.study_instance_uid]
    bad = [each for each in sent if not each.study_instance_uid]

    response = dicomweb.store(sent)

    with expect(response) as it:
        judge_mixture(it, archive, good, bad, of="STORE-010")
        _are_nowhere(it, dicomweb, bad, "the-refused-instance-is-retrievable")
        _reasons_are_of_refused_ones(it, archive, good)


def _are_nowhere(it: Expectation, dicomweb: StudiesService, instances: list[Instance], otherwise: str) -> None:
    """Look for instances of no study: only a search among all can find them, which not every server has."""
    for instance in instances:
        found = dicomweb.search("instances", SOPInstanceUID=instance.sop_instance_uid)
        if found.status == 200 and instance.sop_instance_uid.encode() in found.body:
            it.observes(otherwise, expected=["not stored"], received=f"found by {found.request_line}", of="STORE-010")


def _reasons_are_of_refused_ones(it: Expectation, archive: Archive, instances: Sequence[Instance]) -> None:
    """Report a failure reason that is given for an instance which is stored all the same."""
    answer = store_response.of_body(it.response.body)
    by_uid = {each.sop_instance_uid: each for each in instances}
    for item in answer.failed if answer else []:
        reason = json_model.first(item, store_response.FAILURE_REASON)
        instance = by_uid.get(json_model.text(item, store_response.SOP_INSTANCE))
        if instance is None or not isinstance(reason, int) or not archive.holds_now(instance):
            continue
        if reason == 0x0110:
            it.observes("272-on-an-instance-that-is-stored", where="00081197", of="STORE-037")
        elif reason in range(0xC000, 0xD000):
            it.observes("on-an-instance-that-is-stored", where="00081197", received=f"{reason:04X}H", of="STORE-035")


FOREIGN = tuple(
    Variant(each, "STORE-004")
    for each in ("good-good-foreign", "good-foreign-good", "foreign-good-good", "foreign-foreign-good")
)


@verifies(*ROWS, *_REASONS, id="store-partly-foreign", each=FOREIGN, needs="store.study")
def test_partly_foreign(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """A store of instances of the path's study and of others, in any order, stores just those of the study."""
    kinds = case.id.split("-")
    study = fresh.study(instances=kinds.count("good"))
    matching = iter(study.instances)
    sent = [next(matching) if kind == "good" else fresh.instance(name="foreign") for kind in kinds]
    foreign = [each for each in sent if each not in study.instances]

    response = dicomweb.store(sent, study=study.study_instance_uid)

    with expect(response) as it:
        judge_mixture(it, archive, study.instances, foreign, of="STORE-004")
        _reasons_are_of_refused_ones(it, archive, study.instances)
        otherwise = "the-foreign-instance-is-retrievable"
        stays_away(it, dicomweb, archive, fresh, *foreign, otherwise=otherwise, of="STORE-004")


ALL_BAD = tuple(Variant(each, "STORE-012") for each in ("one-reason", "several-reasons"))


@verifies("STORE-027", *ROWS, *_REASONS, id="store-all-refused", each=ALL_BAD, needs="store.study")
def test_all_refused(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """A store of instances that all belong to other studies than the path's stores nothing, and reports each."""
    elsewhere = fresh.study(name="elsewhere").study_instance_uid
    foreign = [fresh.instance(name="foreign"), fresh.instance(name="foreign")]
    if case.id == "several-reasons":
        foreign.append(fresh.without_study_uid())

    response = dicomweb.store(foreign, study=elsewhere)

    with expect(response) as it:
        answer = store_response.of_body(response.body)
        if response.status == 202:
            it.observes(
                "202-with-a-uid-of-the-server"
                if case.id == "several-reasons" and warns(response)
                else "202-without-warningreason"
            )
        else:
            it.has_status(409)
        if answer is not None:
            _none_is_listed(it, answer)
            judge_sequences(it, answer, foreign, (), foreign if response.status >= 400 else foreign[:2])
        if archive.lacks(*foreign[:2], after=_sent_later(dicomweb, archive, fresh)):
            it.concludes()
        _reasons_are_of_refused_ones(it, archive, foreign[:2])
        it.finds("a refused instance is stored", expected=["not stored"], received="retrievable")


def _none_is_listed(it: Expectation, answer: StoreAnswer) -> None:
    if store_response.REFERENCED_SOP_SEQUENCE in answer.module and it.response.status >= 400:
        it.observes(
            "present-with-items" if answer.stored else "present-without-items", where="00081199", of="STORE-027"
        )


def _sent_later(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> Instance:
    sibling = fresh.instance(name="sent later")
    control(dicomweb.store([sibling]), 200, 202, because="a good instance is not stored afterwards")
    assume(
        archive.holds(sibling), "a good instance that was sent afterwards does not become visible", "store-multipart"
    )
    return sibling
