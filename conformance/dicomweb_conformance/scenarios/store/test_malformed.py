"""Store: what is malformed is refused, or kept as what it says; never lost behind a success, never half kept."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.scenarios.steps.storing import PARTS_PASSED_OVER, passes_over_parts
from dicomweb_conformance.scenarios.steps.storing_metadata import is_not_offered
from dicomweb_conformance.scenarios.store.malformed_payloads import (
    Family,
    Kept,
    Sent,
    is_passed_over,
    kept,
    names,
    of_form,
    sent,
    words,
)
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.payloads import json_bulk, xml_bulk

NO_ANSWER = "message[HTTP-002]"
_SPLIT = frozenset({"multipart-delimiters", "multipart-part-headers"})
"""Families of what keeps parts from being found; that of the boundary is the plainest, and tells of all."""


@verifies(id="store-malformed", each=of_form("files"))
def test_malformed(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Family) -> None:
    """A malformed file or multipart message is refused, or stored, and the response tells the truth."""
    sound = fresh.instance(name="sound")
    response = dicomweb.store([sound])
    control(response, 200, 202, because="a sound file is not stored")
    assume(archive.holds(sound), "a sound file does not become visible", "store-multipart")

    _judge(dicomweb, archive, fresh, case, response)


@verifies(id="store-malformed-json", each=of_form("json"), needs="store.json-bulk")
def test_malformed_json(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Family) -> None:
    """Malformed metadata in JSON are refused, or stored, and the response tells the truth."""
    sound = json_bulk.native(fresh.place())
    response = dicomweb.store_metadata(sound)
    offered(not is_not_offered(response), f"the target does not take such metadata: {response.status}")
    control(response, 200, 202, because="sound metadata are not stored")
    assume(archive.holds(sound.instance), "what sound metadata describe does not become visible", "store-json-bulk")

    _judge(dicomweb, archive, fresh, case, response)


@verifies(id="store-malformed-bulk-data", each=of_form("bulk-data"), needs="store.json-bulk")
def test_malformed_bulk_data(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Family) -> None:
    """Bulk data that do not fit their metadata are refused, or stored, and the response tells the truth."""
    sound = json_bulk.photograph(fresh.place())
    response = dicomweb.store_metadata(sound)
    offered(not is_not_offered(response), f"the target does not take a JPEG in this form: {response.status}")
    control(response, 200, 202, because="a sound JPEG is not stored")
    assume(archive.holds(sound.instance), "a sound JPEG does not become visible", "store-json-jpeg[colour]")

    _judge(dicomweb, archive, fresh, case, response)


@verifies(id="store-malformed-xml", each=of_form("xml"), needs="store.xml-bulk")
def test_malformed_xml(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Family) -> None:
    """Malformed metadata in XML are refused, or stored, and the response tells the truth."""
    sound = xml_bulk.native(fresh.place())
    response = dicomweb.store_metadata(sound)
    offered(not is_not_offered(response), f"the target does not take such metadata: {response.status}")
    control(response, 200, 202, because="sound metadata are not stored")
    assume(archive.holds(*sound.instances), "what sound metadata describe does not become visible")

    _judge(dicomweb, archive, fresh, case, response)


def _judge(dicomweb: StudiesService, archive: Archive, fresh: Fresh, family: Family, sound: Response) -> None:
    """Send a family, and report of each payload what became of it."""
    sendings = sent(dicomweb, family, fresh)
    _is_visible(dicomweb, archive, fresh.instance(name="sent later"))
    looked_at = list(kept(dicomweb, archive, sendings))
    passed_over = [each for each, there in looked_at if family.id in _SPLIT and is_passed_over(each, there)]
    if passed_over and not passes_over_parts(dicomweb, archive, fresh):
        passed_over = []
    with expect(sound) as it:
        for each, there in looked_at:
            if each not in passed_over:
                _report(it.on(each.response), family, each, there)
    because = f"a message in which no part is found is answered as a success: {names(passed_over)}"
    assume(not passed_over, because, PARTS_PASSED_OVER)
    unanswered = [sending for sending in sendings if not sending.answered]
    assume(not unanswered, f"no response that could be judged: {names(unanswered)}", NO_ANSWER)
    lost = [sending for sending in sendings if not sending.lasts]
    assume(not lost, f"the target was away before it could be looked at: {names(lost)}", NO_ANSWER)


def _is_visible(dicomweb: StudiesService, archive: Archive, later: Instance) -> None:
    """Wait until all that was sent has had its time: a sibling that was sent last, and twice the slowest delay."""
    control(dicomweb.store([later]), 200, 202, because="a sound file is not stored afterwards")
    assume(archive.holds(later), "a sound file that was sent afterwards does not become visible", "store-multipart")
    archive.settles(lambda: False)


def _report(it: Expectation, family: Family, each: Sent, there: Kept) -> None:
    said = words(family, each, there)
    found = (
        "retrievable" if there.retrievable else "listed by search, and not retrievable" if there.found else "not there"
    )
    # All of it is the suite's own: what was sent, and what became of it.
    received = Harmless(f"{each.payload.fault} {it.status_line}; {found} afterwards")
    report = it.observes if said else it.finds
    report(said or f"status {each.response.status}", where=Harmless(each.payload.name), received=received)
