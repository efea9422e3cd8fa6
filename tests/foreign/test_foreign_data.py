"""Other people's data are in nothing that a run leaves or prints, whatever a target makes of its answers."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dicomweb_reference.archive import Instance
from dicomweb_reference.google import Google
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from tests import warm
from tests.foreign import others, spoiled
from tests.foreign.spoiled import Answer, Spoil, Spoiled
from tests.nodes import selecting


def full_of_others(reference: Reference) -> Reference:
    """A server that holds other people's data already."""
    for number in range(others.STUDIES):
        row = others.row(number)
        uids = (others.uid(number, level) for level in range(3))
        syntax = "1.2.840.10008.1.2.1"
        reference.archive.add(Instance(*uids, row["00080016"]["Value"][0], syntax, row), others.part10(number % 10))
    return reference


@contextmanager
def serving(reference: Reference, ways: Mapping[str, Spoil], concerned: Callable[[Answer], bool]) -> Iterator[str]:
    spoiling = Spoiled(reference.app, list(ways.values()), concerned)
    reference.app = spoiling  # type: ignore[assignment]  # an ASGI application like the one inside
    with running(reference) as url:
        yield url
    assert spoiling.spoiled > len(ways), "too few answers to show each way"


@dataclass(frozen=True)
class Ended:
    """A run that came to its end: its report, and what it printed."""

    directory: Path
    printed: str
    events: list[dict[str, Any]]

    @property
    def verdicts(self) -> dict[str, str]:
        return {event["check"]: event["verdict"] for event in self.events if event["event"] == "result"}


def judged(url: str, directory: Path, *arguments: str, **environment: str) -> Ended:
    """Judge a target as a user does who wants to see everything, and look for others in all that there is then."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DICOMWEB_", "PYTEST_"))}
    command = [
        *(
            sys.executable,
            "-m",
            "pytest",
            "-vv",
            "-rA",
            "--showlocals",
            "--junitxml=junit.xml",
            "-p",
            "no:cacheprovider",
        ),
        *(
            f"--dicomweb-url={url}",
            "--dicomweb-report=report",
            "--dicomweb-write-known=known.toml",
            "--dicomweb-seed=77",
        ),
        *("--dicomweb-grace=0.2", "--dicomweb-timeout=10", "--log-level=DEBUG"),
        *arguments,
    ]
    ended = warm.run(
        command, cwd=directory, env=kept | environment, capture_output=True, text=True, timeout=600, check=False
    )
    (directory / "printed").write_text(ended.stdout + ended.stderr, "utf-8")
    assert ended.returncode in {0, 1}, ended.stdout[-3000:] + ended.stderr[-3000:]
    assert others.found_below(directory) == {}
    record = (directory / "report" / "run.jsonl").read_text("utf-8")
    return Ended(directory / "report", ended.stdout, [json.loads(line) for line in record.splitlines()])


CHECKS = {
    "searches": "search and (limit or offset or paging or no-match or all-instances or matches or keyword)",
    "metadata": "metadata or bulkdata-by or xml-metadata",
    "retrieve": "retrieve",
}


@pytest.mark.parametrize(
    ("ways", "concerned", "checks"),
    [
        (spoiled.LABELS, spoiled.searches, CHECKS["searches"]),
        (spoiled.BROKEN, spoiled.searches, CHECKS["searches"]),
        (spoiled.METADATA, spoiled.metadata, CHECKS["metadata"]),
        (spoiled.RETRIEVE, spoiled.retrievals, CHECKS["retrieve"]),
        (spoiled.HEADS, spoiled.searches, CHECKS["searches"]),
    ],
    ids=["labels", "broken", "metadata", "retrieve", "heads"],
)
def test_nothing_of_others_is_recorded(
    ways: Mapping[str, Spoil], concerned: Callable[[Answer], bool], checks: str, tmp_path: Path
) -> None:
    with serving(Reference(), ways, concerned) as url:
        run = judged(url, tmp_path, "-k", checks)

    assert "error" not in run.verdicts.values()


def test_a_server_full_of_others_is_judged_like_an_empty_one(tmp_path: Path) -> None:
    with running(full_of_others(Reference())) as url:
        run = judged(url, tmp_path, "-m", "smoke")

    assert set(run.verdicts.values()) <= {"pass", "note", "not-applicable"}
    exchanges = [event for event in run.events if event["event"] == "exchange" and event["response"]]
    # But for the first looks, one of which asks for a resource that nobody has.
    bodies = [exchange["response"]["body"] for exchange in exchanges if exchange["purpose"] != "preflight"]
    assert all(body["kept"] for body in bodies if body), "what is the run's own is kept whole"


def test_samples_that_ask_for_everything_record_nothing_of_others(tmp_path: Path) -> None:
    with running(full_of_others(Google())) as url:
        run = judged(url, tmp_path, "--dicomweb-profile=google", "-m", "seed", "dicomweb_conformance/scenarios/seed")

    samples = {check: verdict for check, verdict in run.verdicts.items() if check.startswith("seed-")}
    assert samples
    assert set(samples.values()) <= {"pass", "note"}


def test_samples_record_nothing_of_others_whatever_the_answers_are(tmp_path: Path) -> None:
    with serving(Google(), spoiled.LABELS, spoiled.searches) as url:
        run = judged(
            url, tmp_path, "--dicomweb-profile=google", *selecting("seed-search or google-upper or google-no-match")
        )

    assert "error" not in run.verdicts.values()


def test_clients_in_use_that_ask_for_everything_record_nothing_of_others(tmp_path: Path) -> None:
    with running(full_of_others(Reference())) as url:
        run = judged(url, tmp_path, *selecting("persona-search or persona-store"))

    clients = {check: verdict for check, verdict in run.verdicts.items() if check.startswith("persona-")}
    assert clients
    assert set(clients.values()) <= {"pass", "note"}


def test_clients_in_use_record_nothing_of_others_whatever_the_answers_are(tmp_path: Path) -> None:
    ways = dict(list(spoiled.BROKEN.items())[::3])
    with serving(Reference(), ways, spoiled.searches) as url:
        run = judged(url, tmp_path, "--dicomweb-persona=ohif,slicer,ez-wsi", *selecting("persona-search"))

    assert "error" not in run.verdicts.values()


CRASH = """
from dicomweb_conformance.checks.expect import Expectation

def crash(self, **_):
    body = self.response.body
    rows = __import__("json").loads(body)
    assert not rows, rows
    raise KeyError(body)

Expectation.is_a_list_of_matches = crash
"""


def test_a_crash_of_this_suite_tells_nothing_either(tmp_path: Path) -> None:
    (tmp_path / "crash.py").write_text(CRASH)
    only = {"dicom+json": spoiled.LABELS["dicom+json"]}
    with serving(Reference(), only, spoiled.searches) as url:
        run = judged(
            url, tmp_path, "-p", "crash", *selecting("search-limit-caps or search-offset"), PYTHONPATH=str(tmp_path)
        )

    assert "error" in run.verdicts.values()
    assert "AssertionError" in run.printed


def test_workers_tell_nothing_either(tmp_path: Path) -> None:
    two = {name: spoiled.LABELS[name] for name in ("dicom+json", "text/plain")}
    with serving(Reference(), two, spoiled.searches) as url:
        judged(url, tmp_path, "-n", "2", *selecting("search-limit"))
