"""What the target really holds, found out by looking and never by believing an answer.

Eventual consistency is waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from dicomweb_conformance.archive.patience import Patience
from dicomweb_conformance.checks.judgement import Inconclusive, current, is_judging
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import TooLargeError, UnreadableError
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.polling import wait_until
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance, Study

_VISIBLE = "what is stored becomes visible"
LOOKING = "confirm"
"""The purpose of exchanges that look whether something is there."""
PLAINEST = "store-multipart"
"""The check that stores one instance: where it waits in vain, nothing can be told of what others store.

It waits itself whatever others met with, for somebody has to tell.
"""


def shows(response: Response, uids: Iterable[str]) -> bool:
    """Tell whether an answer is a 200 whose payload names all these UIDs.

    What a constant answer or a login page cannot do.
    """
    return response.status == 200 and not response.error and all(uid.encode() in response.body for uid in uids)


class Archive:
    """What the target holds.

    Args:
        service: asked for it.
        grace: how long a stored instance may take to become visible, in seconds.
        patience: how often the grace time was waited in vain.
    """

    def __init__(self, service: StudiesService, grace: float, patience: Patience) -> None:
        self._service = service.for_purpose(LOOKING)
        self._grace = grace
        self._patience = patience
        self.slowest = 0.0

    def holds(self, *instances: Instance) -> bool:
        """Tell whether every one of the instances is, or within the grace time becomes, visible.

        Raises:
            Inconclusive: none is, and nothing that was stored before became visible either.
        """
        return len(self.held(instances)) == len({instance.sop_instance_uid for instance in instances})

    def held(self, instances: Sequence[Instance]) -> set[str]:
        """Return the SOP Instance UIDs of those that are, or within the grace time become, visible.

        Raises:
            Inconclusive: none is, and nothing that was stored before became visible either.
        """
        missing = {instance.sop_instance_uid: instance for instance in instances}

        def all_seen() -> bool:
            for uid in [uid for uid, each in missing.items() if self._sees(each)]:
                del missing[uid]
            return not missing

        whole = self._waited_for(all_seen)
        held = {instance.sop_instance_uid for instance in instances} - set(missing)
        if not whole and not held:
            self._were_lost(instances)
        return held

    def held_of(self, study: Study) -> set[str]:
        """Return the SOP Instance UIDs of a study that are, or within the grace time become, visible.

        Of many instances: one look at the study shows all of them where it works.
        """
        of_study = {instance.sop_instance_uid: instance for instance in study.instances}
        seen: set[str] = set()

        def all_seen() -> bool:
            response = _retrieved(self._service, study)
            seen.update(uid for uid in of_study if shows(response, [uid]))
            return len(seen) == len(of_study)

        if self._waited_for(all_seen):
            return seen
        held = seen | {uid for uid in of_study.keys() - seen if self._sees(of_study[uid])}
        if not held:
            self._were_lost(study.instances)
        return held

    def _waited_for(self, all_seen: Callable[[], bool]) -> bool:
        """Tell whether all are seen within the grace time, and remember how long that took at the slowest.

        It took until the look that saw them began: what the first look sees was there before. Where nothing became
        visible so often that it is not worth waiting for, they have as long as others took at the most.
        """
        began = time.monotonic()
        look_began = began

        def looked() -> bool:
            nonlocal look_began
            look_began = time.monotonic()
            return all_seen()

        if not wait_until(looked, 2 * self.slowest if self._gave_up() else self._grace):
            return False
        self.slowest = max(self.slowest, look_began - began)
        self._patience.rewarded(_VISIBLE)
        return True

    def _were_lost(self, instances: Sequence[Instance]) -> None:
        """Note that none of these became visible.

        Raises:
            Inconclusive: they were not waited for, since none of those before became visible either.
        """
        if self._gave_up():
            raise Inconclusive(
                f"what is stored does not become visible: it was waited for before, {self._grace:g} s each time, "
                f"and is not any more; --dicomweb-grace=S waits longer. See {PLAINEST}",
                PLAINEST,
            )
        if is_judging() and instances:
            self._patience.in_vain(_VISIBLE, instances[0].sop_instance_uid, current().check)

    def _gave_up(self) -> bool:
        """Tell whether the running check need not wait for what becomes visible."""
        told_here = is_judging() and current().check == PLAINEST
        return not told_here and bool(self._patience.blame(_VISIBLE, PLAINEST))

    def holds_now(self, instance: Instance) -> bool:
        """Tell whether the instance is visible, without waiting for it longer than the slowest was seen to take."""
        return self.settles(lambda: self._sees(instance))

    def settles(self, condition: Callable[[], bool]) -> bool:
        """Tell whether the condition holds, at the latest after twice the time that the slowest store took to show."""
        return wait_until(condition, 2 * self.slowest)

    def time_until(self, condition: Callable[[], bool], cause: str = "") -> float | None:
        """Return the seconds until the condition held; None where it did not within the grace time.

        Args:
            condition: asked again and again.
            cause: what its coming depends on: where that was waited for in vain before, by several checks, it has as
                long as what was stored took at the most to become visible.
        """
        began = time.monotonic()
        in_vain = cause and self._patience.blame(cause)
        if wait_until(condition, 2 * self.slowest if in_vain else self._grace):
            self._patience.rewarded(cause)
            return time.monotonic() - began
        if cause and is_judging():
            self._patience.in_vain(cause, current().check, current().check)
        return None

    def lacks(self, *instances: Instance, after: Instance) -> bool:
        """Tell whether none of the instances is there.

        Judged only once `after`, which was sent later, has become visible, plus twice the slowest delay seen.
        """
        if not self.holds(after):
            return False
        return not wait_until(lambda: any(self._sees(instance) for instance in instances), 2 * self.slowest)

    def lists(self, instance: Instance) -> bool:
        """Tell whether a search finds the instance in its series, now or within the grace time."""
        return wait_until(lambda: self._finds(instance), self._grace)

    def looked_for(self, instance: Instance) -> str:
        """Say how an instance was looked for that is not there, and what was answered."""
        series = resources.path(instance).rpartition("/")[0]
        found = self._service.search(series, SOPInstanceUID=instance.sop_instance_uid)
        a_list = found.status != 200 or _is_a_list(found)
        what = f"status {found.status}{'' if a_list else ', and no list of results'}"
        return f"retrieve: status {self._service.retrieve(instance).status}; search: {what}"

    def _sees(self, instance: Instance) -> bool:
        uids = [instance.sop_instance_uid]
        retrieved = self._service.retrieve(instance)
        if shows(retrieved, uids) or self._finds(instance):
            return True
        if retrieved.status not in _THERE_OR_NOT:
            retrieved = _as_stored(self._service, instance)
        return shows(retrieved, uids) or _is_not_there(retrieved)

    def _finds(self, instance: Instance) -> bool:
        uid = instance.sop_instance_uid
        series = resources.path(instance).rpartition("/")[0]
        found = self._service.search(series, SOPInstanceUID=uid)
        return uid in listed(found, "00080018") or _is_not_there(found)


def _is_not_there(response: Response) -> Literal[False]:
    """Return False, as an answer that does not show an instance says of it.

    Raises:
        Inconclusive: it was not read to its end.
    """
    if response.exceeded:
        raise Inconclusive(f"{response.request_line}: {response.error}", response.exchange)
    return False


METADATA = "metadata"
"""The way of looking that is left where no other shows anything."""
STUDY_SEARCH = "search for studies"
"""The way of looking that shows that a study is there, and not that all of it is."""


def ways_of_looking(service: StudiesService, study: Study) -> dict[str, Callable[[], set[str]]]:
    """Return the ways in which a study can be seen, each as a question for the SOP Instance UIDs that it shows."""
    uids = {instance.sop_instance_uid for instance in study.instances}

    def found() -> set[str]:
        response = service.search("studies", StudyInstanceUID=study.study_instance_uid)
        return uids if study.study_instance_uid in listed(response, "0020000D") else set()

    def listed_by_series() -> set[str]:
        answers = (service.search_in(series, "instances") for series in study.series)
        return uids & {uid for answer in answers for uid in listed(answer, "00080018")}

    def retrieved() -> set[str]:
        found = _retrieved(service, study)
        return {uid for uid in uids if shows(found, [uid])}

    return {STUDY_SEARCH: found, "search for instances": listed_by_series, "retrieve": retrieved}


def described(service: StudiesService, instances: Iterable[Instance]) -> set[str]:
    """Return the SOP Instance UIDs of those whose metadata are there; none of them where the first has none.

    It takes a request for each, and is for a target that shows what it holds in no other way.
    """
    found: set[str] = set()
    for instance in instances:
        if shows(service.metadata(instance), [instance.sop_instance_uid]):
            found.add(instance.sop_instance_uid)
        elif not found:
            break
    return found


def alone(service: StudiesService, instance: Instance) -> set[str]:
    """Return the SOP Instance UID of an instance that its own resources show; nothing where neither does."""
    uids = {instance.sop_instance_uid}
    if shows(_retrieved(service, instance), uids) or shows(service.metadata(instance), uids):
        return uids
    return set()


def _retrieved(service: StudiesService, study: Study | Instance) -> Response:
    """Retrieve something in the default transfer syntax, or as it is stored where a server cannot transcode it."""
    response = service.retrieve(study, accept=media_types.MULTIPART_DICOM)
    return response if response.status in _THERE_OR_NOT else _as_stored(service, study)


_THERE_OR_NOT = frozenset({200, 404, 410})
"""Statuses of a retrieve that say whether something is there; with any other it may not be given in that form."""


def _as_stored(service: StudiesService, study: Study | Instance) -> Response:
    return service.retrieve(study, accept=f"{media_types.MULTIPART_DICOM}; transfer-syntax=*")


def _is_a_list(response: Response) -> bool:
    try:
        json_model.objects(response.body)
    except (UnreadableError, TooLargeError):
        return False
    return True


def listed(response: Response, tag: str) -> set[str]:
    """Return the values of a unique key in the results of a search; none where it gives none that can be read."""
    if response.status != 200 or response.exceeded:
        return set()
    try:
        return {json_model.text(each, tag) for each in json_model.objects(response.body)}
    except (UnreadableError, TooLargeError):
        return set()
