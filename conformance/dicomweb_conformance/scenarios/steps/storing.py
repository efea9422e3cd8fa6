"""What checks of Store share: storing for the sake of something else, and looking at what a server made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydicom import Dataset

from dicomweb_conformance.archive.contents import PLAINEST, Archive, shows
from dicomweb_conformance.checks.expect import Expectation, assume, control, expect
from dicomweb_conformance.dicom import store_response
from dicomweb_conformance.dicom.differences import data_sets
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.reading import values
from dicomweb_conformance.scenarios.steps.file_octets import cut_off_the_only_part
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance, Series
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.payloads import malformed

AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_IMAGE_COMMENTS = "00204000"
_SHOWN = 16
"""Octets that a finding shows of many."""
_ADDED_BY_MANY = frozenset({0x0008_0005, 0x0028_0301})


def stored_for(dicomweb: StudiesService, archive: Archive, *instances: Instance) -> None:
    """Store instances for the sake of what comes afterwards.

    Raises:
        Inconclusive: they cannot be stored.
    """
    control(dicomweb.store(instances), 200, 202, because="a plain store does not work")
    assume(archive.holds(*instances), "what was stored does not become visible", "store-multipart")


def leave_to_plainest_store(dicomweb: StudiesService, fresh: Fresh, response: Response) -> None:
    """Leave a store that does not work to the plainest one, where that is answered in the same way.

    Args:
        dicomweb: stores.
        fresh: makes what is stored in the plainest way.
        response: to a store that is none of the plainest.

    Raises:
        Inconclusive: no store works, for all that can be told.
    """
    if response.status < 400:
        return
    plainest = dicomweb.store([fresh.instance(name="the plainest store")])
    assume(plainest.status != response.status, f"a plain store is answered with {plainest.status}, too", PLAINEST)


def asked_again(
    dicomweb: StudiesService, archive: Archive, fresh: Fresh, ask: Callable[[Series], Response]
) -> tuple[Series, Response]:
    """Ask for a stored series, add an instance to it, and ask again, for the grace time at most until it is there.

    Args:
        dicomweb: stores.
        archive: tells what has become visible.
        fresh: makes the series.
        ask: sends the request, which names the series and all that belongs to it.

    Returns:
        the series as it is now, and the last response.

    Raises:
        Inconclusive: it cannot be stored, added to, or asked for in the first place.
    """
    series = fresh.study().series[0]
    stored_for(dicomweb, archive, *series.instances)
    control(ask(series), because="a stored series cannot be had")
    added = fresh.another_in(series)
    stored_for(dicomweb, archive, added)

    response = ask(series)
    if not shows(response, [added.sop_instance_uid]):
        archive.time_until(lambda: shows(ask(series), [added.sop_instance_uid]))
        response = ask(series)
    return Series((*series.instances, added)), response


def retrieved(dicomweb: StudiesService, instance: Instance) -> Dataset:
    """Return an instance as the target keeps it.

    Raises:
        Inconclusive: it cannot be retrieved.
        CheckFailed: what comes back is no instance.
    """
    return only_one(_answer(dicomweb, instance))


def only_one(response: Response) -> Dataset:
    """Return the instance in the response to the retrieval of one, which something else builds on.

    Raises:
        Inconclusive: it cannot be retrieved, or not alone.
        CheckFailed: what comes back is no instance.
    """
    control(response, because="what was stored cannot be retrieved, so nothing can be said of it")
    with expect(response) as it:
        received = it.is_multipart_dicom()
    assume(len(received) == 1, f"{len(received)} parts come back for one instance", "retrieve-instance-is-that-one")
    return received[0]


def _answer(dicomweb: StudiesService, instance: Instance) -> Response:
    """Retrieve in the transfer syntax sent, or in any where a server does not have that one.

    By the wildcard alone it may choose: what it keeps in another form, or decodes although it keeps it as sent (PS3.18
    8.7.3.5.2).
    """
    response = dicomweb.retrieve(instance, accept=AS_STORED.replace("*", instance.transfer_syntax_uid))
    if response.status not in {400, 406}:
        return response
    return dicomweb.retrieve(instance, accept=AS_STORED)


def is_there(it: Expectation, archive: Archive, *instances: Instance, otherwise: str, of: str | None = None) -> bool:
    """Tell whether the target holds the instances, and report `otherwise` where it does not."""
    held = archive.held(instances)
    missing = [instance.sop_instance_uid for instance in instances if instance.sop_instance_uid not in held]
    if missing:
        it.observes(otherwise, received=Harmless(f"not retrievable: {', '.join(missing)}"), of=of)
    return not missing


def pixels(dataset: Dataset) -> bytes:
    """Return native Pixel Data without a pad octet that it may have gained; no octets where there is none."""
    octets = values.octets(dataset, "PixelData")
    rows, columns = values.number(dataset, "Rows"), values.number(dataset, "Columns")
    expected = rows * columns * values.number(dataset, "SamplesPerPixel", 1)
    return octets[:-1] if len(octets) == expected + 1 else octets


def changes(sent: Instance, received: Dataset) -> Iterator[str]:
    """Yield each attribute sent that is lost or changed, pixels apart."""
    for data_set in data_sets(sent.dataset, received):
        if data_set.kind != "added":
            yield f"{data_set.path} {data_set.kind}: {data_set.stored} became {data_set.received}"


def additions(sent: Instance, received: Dataset) -> Iterator[str]:
    """Yield each attribute that the target added."""
    for data_set in data_sets(sent.dataset, received):
        if data_set.kind == "added" and int(data_set.path[:8], 16) not in _ADDED_BY_MANY:
            yield f"{data_set.path} {data_set.received}"


def is_stored(
    it: Expectation, archive: Archive, *instances: Instance, otherwise: str | None = None, of: str | None = None
) -> None:
    """Look whether the target holds the instances: a response alone proves nothing."""
    held = archive.held(instances)
    missing = [instance.sop_instance_uid for instance in instances if instance.sop_instance_uid not in held]
    if missing:
        report = it.finds if otherwise is None else it.observes
        first = next(instance for instance in instances if instance.sop_instance_uid in missing)
        report(
            otherwise or "not retrievable within the grace time",
            expected=["every instance retrievable"],
            received=Harmless(f"not retrievable: {', '.join(missing)} ({archive.looked_for(first)})"),
            of=of,
        )


def comes_back(
    it: Expectation,
    dicomweb: StudiesService,
    archive: Archive,
    instance: Instance,
    *,
    otherwise: str,
    of: str | None = None,
) -> bool:
    """Look whether the target holds the instance with its text and pixels; tell whether it holds it at all.

    An element that a server always loses is told elsewhere, once.
    """
    if not is_there(it, archive, instance, otherwise=otherwise, of=of):
        return False
    answer = _answer(dicomweb, instance)
    if lacking := cut_off_the_only_part(instance, answer):
        end = f"{len(lacking)} octets are cut off its end: {lacking[:_SHOWN].hex(' ')}"
        it.observes(otherwise, expected=["the instance as it was sent"], received=Harmless(end), of=of)
        return True
    received = only_one(answer)
    differences = [change for change in changes(instance, received) if change.startswith(_IMAGE_COMMENTS)]
    if pixels(received) != pixels(instance.dataset):
        differences.append("(7FE0,0010) other pixels")
    if differences:
        it.observes(otherwise, expected=["the instance as it was sent"], received="; ".join(differences[:5]), of=of)
    return True


def stays_away(
    it: Expectation,
    dicomweb: StudiesService,
    archive: Archive,
    fresh: Fresh,
    *instances: Instance,
    otherwise: str,
    of: str | None = None,
) -> None:
    """Look whether the target holds what it must not: judged once a sibling that was sent later has become visible."""
    sibling = fresh.instance(name="sent later")
    control(dicomweb.store([sibling]), 200, 202, because="a good instance is not stored afterwards")
    assume(
        archive.holds(sibling), "a good instance that was sent afterwards does not become visible", "store-multipart"
    )
    if not archive.lacks(*instances, after=sibling):
        it.observes(otherwise, expected=["not stored"], received=Harmless("retrievable"), of=of)


def names_nothing(response: Response) -> bool:
    """Tell whether a store is answered with a success that names neither what was stored nor what was not."""
    if not 200 <= response.status < 300:
        return False
    said = store_response.of_body(response.body)
    return said is None or not (said.stored or said.failed or said.other_failures)


LINE_BREAKS_AT_THE_END = "store-multipart-grammar[line-breaks-at-the-end]"
"""The check that tells of line breaks of its own which are taken off the end of a file."""
PARTS_PASSED_OVER = "store-malformed[multipart-content-type]"
"""The check that tells of a message in which no part is found, and which is answered as a success."""


def passes_over_parts(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> bool:
    """Tell whether a message in which no part begins is lost behind a success that names nothing.

    That is one habit, whatever keeps parts from being found.
    """
    payload = malformed.make("boundary_in_other_case", fresh)
    response = dicomweb.store_malformed(payload)
    if not names_nothing(response):
        return False
    looking, studies = dicomweb.for_purpose("confirm"), [resources.study(study) for study in payload.studies]
    return not archive.settles(lambda: any(looking.retrieve(study).status == 200 for study in studies))


def warns(response: Response) -> bool:
    answer = store_response.of_body(response.body)
    return bool(answer and answer.warns)
