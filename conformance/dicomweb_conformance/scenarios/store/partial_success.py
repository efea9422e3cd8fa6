"""What became of a store whose instances need not all share one fate (PS3.18 10.5.3.1, Annex I)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import BUSY, Expectation
from dicomweb_conformance.dicom import json_model, store_response
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.dicom.store_response import StoreAnswer
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_fixtures.entities import Instance

ROWS = ("STORE-026", "STORE-028", "STORE-030", "STORE-032", "STORE-070")
"""The rows by which the sequences of an answer are judged."""


def judge_mixture(
    it: Expectation, archive: Archive, good: Sequence[Instance], others: Sequence[Instance], *, of: str
) -> None:
    """Judge a store of good instances and of others, which are refused: stored in part, or not at all.

    Args:
        it: the expectation on the answer.
        archive: what the target holds.
        good: instances that are stored when they come alone.
        others: instances that are refused when they come alone.
        of: the row of a partial success: STORE-004 or STORE-010.
    """
    response, answer = it.response, store_response.of_body(it.response.body)
    if response.status == 200:
        it.observes("200", expected=["202", "409 or 400 and nothing stored"], of=of)
        it.concludes()
    if 400 <= response.status < 500 and response.status not in BUSY:
        _refused(it, archive, answer, good, others, of)
        return
    it.has_status(202, of=of)
    named = set(answer.failed_uids) if answer else set()
    if answer is None or not (named or answer.other_failures):
        it.observes(
            "202-without-item-for-refused-instance",
            where="00081198",
            of=of,
        )
        it.concludes()
        return
    refused = [each.sop_instance_uid for each in good if each.sop_instance_uid in named]
    if refused and not set(refused) & set(answer.stored_uids):
        it.observes(
            "good-instance-refused-with-another",
            where="00081198",
            expected=["every good instance stored"],
            received=", ".join(refused),
            of=of,
        )
    held = archive.held([each for each in good if each.sop_instance_uid not in refused])
    told = {*answer.stored_uids, *refused, *held}
    if lost := [each.sop_instance_uid for each in good if each.sop_instance_uid not in told]:
        it.observes(
            "good-instance-neither-stored-nor-told",
            expected=["every good instance stored"],
            received=", ".join(lost),
            of=of,
        )
    judge_sequences(it, answer, [*good, *others], held, others)


def _refused(
    it: Expectation,
    archive: Archive,
    answer: StoreAnswer | None,
    good: Sequence[Instance],
    others: Sequence[Instance],
    of: str,
) -> None:
    there = {each.sop_instance_uid for each in good if archive.holds_now(each)}
    if not there:
        it.observes(
            "all-or-nothing" if it.response.status in {400, 409} else "another-4xx-and-nothing-stored",
            received=it.status_line,
            of=of,
        )
        if answer is not None:
            judge_sequences(it, answer, [*good, *others], (), [*good, *others])
        return
    if answer and set(answer.stored_uids) == there and (answer.failed or answer.other_failures):
        it.observes(
            "4xx-and-stored-in-part-as-reported",
            received=it.status_line,
            of=of,
        )
        judge_sequences(it, answer, [*good, *others], there, others)
    else:
        it.observes(
            "4xx-without-module-although-one-stored",
            received=Harmless(f"{it.status_line}; stored {len(there)} of {len(good)} good instances"),
            of=of,
        )


def judge_sequences(
    it: Expectation,
    answer: StoreAnswer,
    sent: Sequence[Instance],
    held: Collection[str],
    refused: Sequence[Instance],
) -> None:
    """Judge whether the sequences of a module are complete and exact.

    Args:
        it: the expectation on the answer.
        answer: its module.
        sent: all instances of the request.
        held: the SOP Instance UIDs of those that can be retrieved.
        refused: those that must not be stored.
    """
    stored, failed = answer.stored_uids, answer.failed_uids
    told = f"stored: {', '.join(stored) or 'none'}; failed: {', '.join(failed) or 'none'}"
    not_to_be = {each.sop_instance_uid for each in refused} - {""}
    if held and store_response.REFERENCED_SOP_SEQUENCE not in answer.module:
        it.observes("sequence-absent-though-stored", where="00081199", received=told, of="STORE-026")
    elif set(held) - set(stored) - set(failed):
        it.observes("stored-instance-missing-from-sequence", where="00081199", received=told, of="STORE-026")
    if set(held) & set(failed):
        it.observes("a-stored-instance-is-listed-as-failed", where="00081198", received=told, of="STORE-028")
    if set(stored) & not_to_be:
        it.observes("a-refused-instance-is-listed", where="00081199", received=told, of="STORE-026")
    if absent := set(stored) - set(held) - not_to_be - {""}:
        it.finds(
            "an instance that is not retrievable is listed as stored",
            where="00081199",
            expected=["the instances that are stored"],
            received=", ".join(sorted(absent)),
            of="STORE-026",
        )
    unnamed = not_to_be - set(failed) - set(stored)
    if unnamed and "" in failed:
        it.observes(
            "either-missing-or-empty",
            where="00081198",
            expected=[", ".join(sorted(unnamed))],
            received=f"{failed.count('')} items without 00081155",
            of="STORE-030",
        )
    elif unnamed and not _strangers(sent, failed):  # where one stands in its place, STORE-070 tells
        it.observes(
            "refused-among-other-failures" if answer.other_failures else "refused-instance-in-no-failure-sequence",
            where="00081198",
            received=told,
            of="STORE-028",
        )
    _judge_reasons(it, answer.failed)
    _judge_each_once(it, sent, stored, failed, told)
    _judge_references(it, sent, [*answer.stored, *answer.failed])


def _judge_reasons(it: Expectation, failed: Sequence[DataSet]) -> None:
    for item in failed:
        reason = json_model.first(item, store_response.FAILURE_REASON)
        if reason is None:
            it.observes("absent-or-empty", where="00081197", expected=["an integer 0 to 65535"], of="STORE-032")
        elif isinstance(reason, bool) or not isinstance(reason, int) or not 0 <= reason <= 0xFFFF:
            it.observes("not-an-integer-or-out-of-range", where="00081197", received=repr(reason), of="STORE-032")


def _judge_each_once(
    it: Expectation, sent: Sequence[Instance], stored: Sequence[str], failed: Sequence[str], told: str
) -> None:
    strangers = {*_strangers(sent, stored), *_strangers(sent, failed)}
    if set(stored) & set(failed) - {""}:
        it.observes("a-uid-in-both-sequences", received=told, of="STORE-070")
    if strangers:
        it.observes("a-uid-that-was-not-sent", received=told, of="STORE-070")
    if any(
        count > 1 for uids in (stored, failed) for uid, count in Counter(uids).items() if uid not in {"", *strangers}
    ):
        it.observes("a-uid-twice-in-one-sequence", received=told, of="STORE-070")


def _strangers(sent: Sequence[Instance], named: Sequence[str]) -> set[str]:
    """Return what an answer names and the request did not."""
    return set(named) - {each.sop_instance_uid for each in sent} - {""}


def _judge_references(it: Expectation, sent: Sequence[Instance], items: Sequence[DataSet]) -> None:
    classes = {each.sop_instance_uid: each.sop_class_uid for each in sent}
    for item in items:
        uid = json_model.text(item, store_response.SOP_INSTANCE)
        named = json_model.text(item, store_response.SOP_CLASS)
        if uid in classes and classes[uid] and not named:
            it.observes(
                "either-missing-or-empty",
                where=store_response.SOP_CLASS,
                expected=[classes[uid]],
                received="absent",
                of="STORE-030",
            )
        elif uid in classes and named not in {"", classes[uid]}:
            it.observes(
                "values-differ-from-those-sent",
                where=store_response.SOP_CLASS,
                expected=[classes[uid]],
                received=named,
                of="STORE-030",
            )
