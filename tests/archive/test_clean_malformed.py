"""What a run sent with a malformed UID it takes back, too; nothing that it did not send is ever asked to be deleted."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from starlette.requests import Request
from starlette.responses import Response

from dicomweb_conformance.service.ledger import Ledger
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.identifiers import is_sent_by_run, patient_id_prefix, uid
from dicomweb_fixtures.payloads import malformed
from dicomweb_fixtures.payloads.malformed.payload import Malformed
from dicomweb_reference.outcomes import Reason, Received
from tests.archive.test_clean_after_a_crash import SEED, Deadly, Site, site

HEAD = uid(SEED, "a")[:30]
SPOILED = [each for each in malformed.names("part10") if each.startswith("uid_")]
CRAFTED = (
    *("", "..", ".", "/", "*", "?", "%2e%2e", "1.2.3", "2.25.1", "2.25.", "../studies", "2.25.1/../1.2.3"),
    *(f"{HEAD}/", f"{HEAD}/..", f"{HEAD}/../", f"{HEAD}/../1.2.3", f"{HEAD}/../..", f"{HEAD}/../../1.2.3"),
    *(f"1.2.3/../{HEAD}", f"{HEAD}/1.2.3", f"{HEAD}\\..\\1.2.3", f"{HEAD}/../{HEAD}/1.2.3", f"{HEAD}%2F..%2F1.2.3"),
    *(f"{HEAD}?x", f"{HEAD}#x", f"{HEAD};x", f"{HEAD},1.2.3", f"{HEAD}\n", HEAD[:20], uid(SEED + 1, "a")[:30] + ".007"),
)
"""What a ledger may say that nobody's run sent: each leads, or may lead, to what is not the run's."""


class TakesAll(Deadly):
    """A server that stores whatever UIDs an instance has, none among them, and writes down what is asked of it."""

    def __init__(self, freedoms: frozenset[str] = frozenset()) -> None:
        super().__init__(freedoms=freedoms)
        self.deletes: list[str] = []

    async def exchange(self, steps, http: Request) -> Response:  # type: ignore[no-untyped-def]  # as overridden
        if http.method == "DELETE":
            self.deletes.append(http.scope["raw_path"].decode("ascii").removeprefix(self.prefix))
        return await super().exchange(steps, http)

    def refuse_reason(self, received: Received, study: str | None) -> Reason | None:
        return None


def of_fault(name: str) -> Malformed:
    return malformed.make(name, Fresh(SEED, "clean", name))


def ledger_of(archive: Site) -> Ledger:
    archive.ledger.parent.mkdir(parents=True)
    return Ledger(archive.ledger, archive.url, SEED)


@pytest.mark.parametrize("name", SPOILED)
def test_a_malformed_uid_that_a_run_sends_is_told_from_those_of_others(name: str) -> None:
    uids = of_fault(name).study_uids

    assert all(is_sent_by_run(SEED, each) for each in uids)
    assert not any(is_sent_by_run(SEED + 1, each) for each in uids)


@pytest.mark.parametrize("crafted", CRAFTED)
def test_what_leads_to_anything_else_was_sent_by_no_run(crafted: str) -> None:
    assert not is_sent_by_run(SEED, crafted)


def test_a_run_takes_back_what_it_stored_with_malformed_uids(tmp_path: Path) -> None:
    server = TakesAll()
    with site(server, tmp_path) as archive:
        archive.judge("-k", "store-malformed[uids] or store-malformed[missing-uids]", "--dicomweb-grace=1")
        left = archive.studies() - {archive.foreign.study_instance_uid}
        named = {entry.study_uid for entry in Ledger(archive.ledger, "", 0).entries()}
        told = (tmp_path / "reports/latest/report.json").read_text()

    assert sum(not re.fullmatch(r"/studies/2\.25\.\d+", delete) for delete in server.deletes) >= 5
    # No router that takes a path apart at its slashes finds this one: it is named, and nothing else is deleted for it.
    assert {each for each in left if "/" not in each} == {""}
    assert named == left
    assert "its Study Instance UID is empty, so that no path leads to it" in told
    assert f"its Patient ID begins with {patient_id_prefix(SEED)}-MALFORMED-" in told


def test_nothing_but_what_the_seed_sent_gets_a_delete(tmp_path: Path) -> None:
    server = TakesAll()
    with site(server, tmp_path) as archive:
        wanted = [study_uid for name in SPOILED for study_uid in of_fault(name).study_uids]
        foreign = archive.foreign.study_instance_uid
        ledger_of(archive).enter([*CRAFTED, foreign, f"{HEAD}/../{foreign}", *wanted])

        status, printed = archive.clean()

        assert status == 1, printed
        assert archive.studies() == {foreign}
    segments = [delete.removeprefix("/studies/") for delete in server.deletes]
    assert all("/" not in segment and segment not in {"", ".", ".."} for segment in segments)
    assert {unquote(segment) for segment in segments} <= set(wanted)
    assert printed.count(f"not a UID of the run of seed {SEED}: not touched") == len(CRAFTED) + 1


def test_a_target_that_refuses_a_malformed_path_still_deletes_the_rest(tmp_path: Path) -> None:
    server = TakesAll(frozenset({"malformed-uid-is-400"}))
    with site(server, tmp_path) as archive:
        sound = Fresh(SEED, "clean").instance()
        archive.store(sound)
        lettered = of_fault("uid_with_letters").may_store[0]
        archive.store(lettered)
        ledger_of(archive).enter([lettered.study_instance_uid, sound.study_instance_uid])

        status, printed = archive.clean()

        assert status == 1
        assert archive.studies() == {archive.foreign.study_instance_uid, lettered.study_instance_uid}
        assert "400 Bad Request to DELETE" in printed
