"""The load profile: what it asks within its bounds, what it tells, and what it leaves behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
import requests

from dicomweb_conformance.load import mix
from dicomweb_conformance.run import embedded
from dicomweb_fixtures.corpus import Corpus
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from tests.foreign import others, spoiled
from tests.foreign.test_foreign_data import full_of_others, serving
from tests.load.at_once import FailsAtOnce, ForgetsWhileStoring, MixesUp, OffersLess, SlowAtOnce, Swaps
from tests.load.loads import COMMAND, SMALL, Ended, begun, ended, loaded, studies
from tests.transport.sites_tls import certificates, nginx

DEVICES = ("--users=12", *SMALL[1:2], "--requests=160", *SMALL[3:5], "--stores=8", "--instances=2")
"""Bounds under which several devices store at the same time."""


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, int]:
    """A load of the reference server, and how many studies that held afterwards."""
    reference = Reference()
    with running(reference) as url:
        return loaded(tmp_path_factory.mktemp("right"), url, clients=()), studies(reference)


def test_the_reference_server_is_right_under_load_and_holds_nothing_afterwards(right: tuple[Ended, int]) -> None:
    end, held = right

    assert end.status == 0, end.printed
    assert held == 0
    assert "nothing wrong" in end.printed
    told = end.told
    assert told["verdict"] == "nothing wrong"
    assert told["stores"] == {"sent": 3, "found": 3}
    assert (told["left"], told["troubles"], told["wrong"]) == ([], [], [])
    asked = {each["check"] for each in told["transactions"]}
    wanted = {"search-studies", "search-series", "metadata", "frames", "retrieve", "store", "stored-metadata"}
    assert {f"load-{each}" for each in wanted} <= asked
    assert not {each["check"] for each in told["transactions"] if each["errors"]}
    assert not (end.report / "ledger.jsonl").exists()
    page = (end.report / "load.html").read_text("utf-8")
    assert "<svg" in page
    assert "Nothing wrong" in page
    assert "# Load: nothing wrong" in (end.report / "load.md").read_text("utf-8")


def test_no_more_is_sent_than_the_bounds_that_are_printed(right: tuple[Ended, int]) -> None:
    end, _ = right

    assert "until 120 requests are sent or 20 s are over" in end.printed
    assert end.told["ended"] == "120 requests were sent"
    assert sum(each["requests"] for each in end.told["transactions"]) == 120
    assert len(end.exchanges("load")) == 120


def test_the_time_ends_what_the_number_does_not(tmp_path: Path) -> None:
    with running(Reference()) as url:
        end = loaded(tmp_path, url, small=(*SMALL[:2], "--requests=100000", "--seconds=1.5", *SMALL[4:]))

    assert end.status == 0, end.printed
    assert end.told["ended"] == "1.5 s were over"
    assert end.told["stores"]["sent"] <= 3
    began = sorted(datetime.fromisoformat(each["started"]) for each in end.exchanges("load"))
    # So many requests take minutes; that the last began a little late is the business of a busy machine.
    assert (began[-1] - began[0]).total_seconds() < 5


def test_answers_that_two_clients_swap_are_told(tmp_path: Path) -> None:
    with running(Swaps()) as url:
        end = loaded(tmp_path, url)

    assert end.status == 1, end.printed
    swapped = "HTTP-044", "answer-to-another-client", False
    assert swapped in end.kinds
    # What the server says of where it comes from leads elsewhere, too.
    assert end.kinds <= {swapped, ("HTTP-010", "names-another-resource", False)}
    found = next(each for each in end.told["wrong"] if each["requirement"] == "HTTP-044")
    assert found["repeat"].startswith("curl ")
    assert "under load only" in end.printed
    assert found["repeat"] in end.printed
    assert any(each["id"] == found["exchange"] for each in end.exchanges("load"))


def test_frames_that_are_mixed_up_and_instances_that_are_lost_are_told(tmp_path: Path) -> None:
    with running(MixesUp()) as url:
        end = loaded(tmp_path, url, "--dicomweb-grace=1", small=DEVICES)

    assert end.status == 1, end.printed
    found = {(each["check"], each["requirement"], each["code"]) for each in end.told["wrong"] if not each["seen_alone"]}
    assert ("load-frames", "HTTP-044", "answer-to-another-client") in found
    assert ("load-stored-search", "STORE-001", "2xx-and-one-of-two-missing") in found


def test_a_search_that_loses_a_study_while_a_store_goes_on_is_told(tmp_path: Path) -> None:
    with running(ForgetsWhileStoring()) as url:
        end = loaded(tmp_path, url)

    assert end.status == 1, end.printed
    assert ("SEARCH-001", "not-found-although-retrievable", False) in end.kinds


def test_stores_that_fail_beside_others_are_told(tmp_path: Path) -> None:
    with running(FailsAtOnce(500)) as url:
        end = loaded(tmp_path, url, small=DEVICES)

    assert end.status == 1, end.printed
    assert ("HTTP-044", "fails-beside-others", False) in end.kinds
    assert {each["check"] for each in end.told["wrong"] if each["requirement"] == "HTTP-044"} == {"load-store"}


def test_stores_that_are_put_off_are_counted_and_no_fault(tmp_path: Path) -> None:
    with running(FailsAtOnce(503)) as url:
        end = loaded(tmp_path, url, small=DEVICES)

    assert end.status == 0, end.printed
    (stores,) = [each for each in end.told["transactions"] if each["check"] == "load-store"]
    assert stores["errors"]["busy"] > 0
    assert stores["wrong"] == 0


@pytest.mark.parametrize(
    ("number", "moment"),
    [(signal.SIGINT, "Ctrl-C ends it"), (signal.SIGTERM, "Ctrl-C ends it"), (signal.SIGINT, "load: 6 users")],
    ids=["ctrl-c", "sigterm", "ctrl-c-before-the-load"],
)
def test_a_request_to_end_ends_it_cleans_up_and_reports(number: signal.Signals, moment: str, tmp_path: Path) -> None:
    reference = Reference()
    long = (*SMALL[:2], "--requests=100000", "--seconds=60", *SMALL[4:])
    with running(reference) as url:
        process = begun(tmp_path, url, small=long)
        printed = ""
        while moment not in printed:
            line = process.stdout.readline()
            assert line, printed
            printed += line
        began = time.monotonic()
        os.killpg(process.pid, number)
        end = ended(process, tmp_path)

        assert end.status == 2, end.printed
        assert studies(reference) == 0
    assert time.monotonic() - began < 30
    assert "Traceback" not in end.printed
    assert "KeyboardInterrupt" not in end.printed
    assert end.told["interrupted"] is True
    assert end.told["left"] == []
    if moment.startswith("Ctrl-C"):
        assert end.told["ended"] == f"interrupted ({number.name})"
    assert (end.report / "load.html").exists()


def test_an_interrupted_first_look_at_the_target_is_told_as_interrupted(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        process = begun(tmp_path, f"http://127.0.0.1:{listening.getsockname()[1]}")
        asking, _ = listening.accept()
        with asking:
            os.killpg(process.pid, signal.SIGINT)
            end = ended(process, tmp_path)

    assert end.status == 2, end.printed
    assert end.printed == "Error: interrupted before anything was asked under load, or stored\n"
    assert not (end.report / "load.html").exists()


def test_what_is_no_dicomweb_server_is_refused_and_gets_no_load(tmp_path: Path) -> None:
    with running(Reference()) as url:
        end = loaded(tmp_path, f"{url}/nothing/here")

    assert end.status == 4, end.printed
    assert end.printed.count("Error: ") == 1
    assert "Traceback" not in end.printed
    assert not (end.report / "load.html").exists()


def test_a_setting_that_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path) -> None:
    end = loaded(tmp_path, "http://127.0.0.1:9/dicom-web", "--dicomweb-auth=nonsense")

    assert end.status == 4
    assert end.printed.startswith("Error: ")
    assert "Traceback" not in end.printed


class Guarded(Reference):
    """Asks for a token."""

    token = "a-token-that-nobody-may-read"  # noqa: S105 - of a test

    async def exchange(self, steps, http):  # type: ignore[no-untyped-def]  # as overridden
        from starlette.responses import Response

        if http.headers.get("authorization") != f"Bearer {self.token}":
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        return await super().exchange(steps, http)


def test_a_client_that_nobody_knows_is_named_with_those_that_are_known(tmp_path: Path) -> None:
    end = loaded(tmp_path, "embedded", clients=("--client=netscape",))

    assert end.status == 4
    assert end.printed.startswith("Error: no client is called netscape; known are cornerstone, dcmweb, ")


def test_no_secret_is_in_any_output(tmp_path: Path) -> None:
    key = "another-secret-of-a-header"
    with running(Guarded()) as url:
        end = loaded(
            tmp_path,
            url,
            "--dicomweb-auth=bearer",
            "--dicomweb-header=X-Api-Key: $KEY",
            DICOMWEB_TOKEN=Guarded.token,
            KEY=key,
        )

    assert end.status == 0, end.printed
    written = [path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert len(written) > 5
    for secret in (Guarded.token, key):
        assert secret not in end.printed
        assert not [each for each in written if secret.encode() in each]


def test_without_locust_one_sentence_says_what_installs_it(tmp_path: Path) -> None:
    (tmp_path / "hide.py").write_text(
        "import importlib.util as util\nfound = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'locust' else found(name, *rest)\n",
        encoding="utf-8",
    )
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import hide; {COMMAND[1]}"
    process = subprocess.run(
        [sys.executable, "-c", code, "load", "embedded"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )

    assert process.returncode == 4
    assert process.stderr == (
        "Error: a load needs Locust, which is not installed: pip install 'dicomweb-conformance[load]'\n"
    )
    assert not (tmp_path / "reports").exists()


def test_nothing_of_a_run_loads_locust() -> None:
    code = (
        "import sys, dicomweb_conformance.cli, dicomweb_conformance.plugin, dicomweb_conformance.run.session; "
        "print([name for name in ('locust', 'gevent') if name in sys.modules])"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert process.stdout.strip() == "[]", process.stderr


def test_nothing_of_others_is_left_or_printed(tmp_path: Path) -> None:
    reference = full_of_others(Reference())
    with serving(reference, {**spoiled.LABELS, **spoiled.BROKEN}, spoiled.searches) as url:
        end = loaded(tmp_path, url, "--dicomweb-grace=0.2", "--dicomweb-timeout=10")
        (tmp_path / "printed").write_text(end.printed, "utf-8")

        assert end.status in {0, 1, 5}, end.printed
        assert studies(reference) == others.STUDIES
    assert others.found_below(tmp_path) == {}


def test_a_corpus_that_is_there_is_only_read(tmp_path: Path) -> None:
    reference, corpus = Reference(), Corpus(4711)
    with running(reference) as url:
        for name in (*mix.ENTRIES, *mix.needs(mix.viewers())):
            for study in getattr(corpus, name).studies:
                for instance in study.instances:
                    headers = {"Content-Type": "application/dicom"}
                    assert requests.post(f"{url}/studies", instance.part10, headers=headers, timeout=30).ok
        before = studies(reference)
        end = loaded(tmp_path, url, "--dicomweb-read-only")

        assert end.status == 0, end.printed
        assert studies(reference) == before
    assert {each["method"] for each in end.events if each["event"] == "exchange"} <= {"GET", "HEAD", "OPTIONS"}
    assert end.told["stores"] == {"sent": 0, "found": 0}
    assert end.told["transactions"]


def test_the_rate_is_that_of_all_users_together(tmp_path: Path) -> None:
    with running(Reference()) as url:
        end = loaded(tmp_path, url, "--dicomweb-rate=60/s", small=(*SMALL[:4], "--think=0", "--stores=0"))

    assert end.status == 0, end.printed
    began = sorted(datetime.fromisoformat(each["started"]) for each in end.exchanges("load"))
    assert len(began) == 120
    assert (began[-1] - began[0]).total_seconds() > 1.9


def test_a_target_that_dies_is_left_alone_and_what_it_had_is_in_the_ledger(tmp_path: Path) -> None:
    server = embedded.start("dicom")
    try:
        process = begun(tmp_path, server.url, small=(*SMALL[:2], "--requests=5000", *SMALL[3:]))
        while "Ctrl-C ends it" not in (line := process.stdout.readline()):
            assert line
        server.process.kill()
        end = ended(process, tmp_path)
    finally:
        server.stop()

    assert end.status == 1, end.printed
    assert end.told["verdict"] == "target gone"
    assert end.told["ended"] == "the target answered none of 20 requests in a row"
    assert end.told["wrong"] == []
    assert "left on the target" in end.printed
    assert "dicomweb-conformance clean --dicomweb-report=" in end.printed
    assert (end.report / "ledger.jsonl").read_text("utf-8").count("\n") >= 8


@pytest.mark.parametrize(("octets", "stores"), [(1 << 20, True), (8000, False)], ids=["no-metadata", "small-messages"])
def test_what_a_server_does_not_do_alone_is_no_fault_under_load(octets: int, stores: bool, tmp_path: Path) -> None:
    with running(OffersLess(octets)) as url:
        end = loaded(tmp_path, url, small=(*SMALL[:-1], "--instances=12"))

    assert end.status == 0, end.printed
    asked = {each["check"] for each in end.told["transactions"]}
    assert "load-frames" in asked
    assert not {"load-metadata", "load-stored-metadata"} & asked
    assert ("load-store" in asked, "load-stored-frame" in asked) == (stores, stores)
    left_out = end.told["left_out"]
    assert left_out["metadata of ohif: /studies/{study}/series/{series}/metadata"] == "not given alone: status 404"
    assert ("stores of 12 instances" in left_out) is not stores


def test_what_does_not_come_in_time_is_counted_and_no_fault(tmp_path: Path) -> None:
    with running(SlowAtOnce()) as url:
        end = loaded(tmp_path, url, "--dicomweb-timeout=1")

    assert end.status == 0, end.printed
    assert sum(each["errors"].get("timed out", 0) for each in end.told["transactions"]) > 0


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_a_site_with_tls_of_its_own_is_loaded(tmp_path: Path) -> None:
    files = certificates(tmp_path)
    with running(Reference()) as upstream, nginx(tmp_path, files, upstream.rpartition("/")[0]) as front:
        url = f"{front}/{upstream.rpartition('/')[2]}"
        refused = loaded(tmp_path, url)
        end = loaded(tmp_path, url, f"--dicomweb-ca={files.ca}")

    assert refused.status == 4, refused.printed
    assert end.status == 0, end.printed
    assert len(end.exchanges("load")) == 120


def test_a_report_is_rendered_again(right: tuple[Ended, int], tmp_path: Path) -> None:
    end, _ = right
    there = tmp_path / "elsewhere"
    command = [sys.executable, *COMMAND, "render", str(end.report), "--to", str(there)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert process.returncode == 0, process.stderr
    assert process.stdout.strip() == str(there / "load.html")
    for name in ("load.html", "load.md", "load.json"):
        assert (there / name).read_bytes() == (end.report / name).read_bytes()
    assert not (there / "report.html").exists()
