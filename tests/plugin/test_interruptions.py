"""Ctrl-C, SIGTERM and a terminal that closes: the run ends soon, with its report, and names all that it left."""

import os
import pty
import signal
import threading
import time
from pathlib import Path

import pytest
from starlette.requests import Request

from tests.plugin.sites import Site, site

SMOKE = ("-m", "store and smoke", "dicomweb_conformance/scenarios/store/test_taken.py")
STORE = ("-m", "store", "dicomweb_conformance/scenarios/store")


def deletes(http: Request, _number: int) -> bool:
    return http.method == "DELETE"


def request(number: int):  # type: ignore[no-untyped-def]  # a Moment
    return lambda _http, counted: counted == number


def is_named(archive: Site, printed: str) -> None:
    """What is on the target is in the ledger, and the line that removes it was printed, and does."""
    left = archive.studies()
    assert left
    assert left <= archive.ledger()
    assert f"dicomweb-conformance clean --dicomweb-report={archive.report} --dicomweb-url={archive.url}" in printed
    status, cleaned = archive.clean(f"--dicomweb-report={archive.report}")
    assert status == 0, cleaned
    assert archive.studies() == set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_request_to_end_in_clean_up_ends_it_and_the_rest_is_done(
    number: signal.Signals, workers: str, tmp_path: Path
) -> None:
    with site(tmp_path) as archive:
        archive.reference.hangs = deletes
        archive.reference.at(deletes, archive.signalling(number))
        began = time.monotonic()
        status, printed = archive.run(*SMOKE, "-n", workers, "--dicomweb-timeout=60")

        assert status == 2, printed
        assert "Traceback" not in printed
        assert "conforms" not in printed
        assert time.monotonic() - began < 100
        told = archive.told()
        assert {each["reason"] for each in told["left"]} == {"clean-up was interrupted before it came to this study"}
        assert told["interrupted"] is True
        assert told["overall"]["verdict"] == "partial"
        assert {each["verdict"] for each in told["results"]} <= {"pass", "note", "not-applicable"}
        if number is signal.SIGHUP:
            printed += f"dicomweb-conformance clean --dicomweb-report={archive.report} --dicomweb-url={archive.url}"
        is_named(archive, printed)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_second_ctrl_c_ends_the_clean_up_that_the_first_one_began(workers: str, tmp_path: Path) -> None:
    with site(tmp_path) as archive:
        archive.reference.hangs = deletes
        archive.reference.at(request(60), archive.signalling(signal.SIGINT))
        archive.reference.at(deletes, archive.signalling(signal.SIGINT))
        status, printed = archive.run(*STORE, "-n", workers, "--dicomweb-timeout=60")

        assert status == 2, printed
        assert "Traceback" not in printed
        told = archive.told()
        assert told["overall"]["verdict"] == "partial"
        assert told["counts"]["not concluded"] > 0
        assert "not concluded, " in printed
        is_named(archive, printed)


def test_a_terminal_that_closes_is_a_request_to_end(tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    drained = threading.Event()

    def drain() -> None:
        try:
            while os.read(controller, 4096):
                if drained.is_set():
                    return
        except OSError:
            pass

    with site(tmp_path) as archive:

        def hang_up() -> None:
            drained.set()
            os.close(controller)

        archive.reference.at(request(60), hang_up)

        def own_terminal() -> None:
            import fcntl
            import termios

            fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)

        reader = threading.Thread(target=drain, daemon=True)
        reader.start()
        process = archive.begin(*STORE, stdin=terminal, stdout=terminal, stderr=terminal, preexec_fn=own_terminal)
        os.close(terminal)
        status, _ = archive.end(process)

        assert status == 2
        told = archive.told()
        assert told["interrupted"] is True
        assert told["counts"]["pass"] > 0
        assert archive.studies() == set()
        assert archive.ledger() == set()


def test_a_reader_of_what_is_printed_that_goes_away_is_a_request_to_end(tmp_path: Path) -> None:
    with site(tmp_path) as archive:
        reader, writer = os.pipe()
        archive.reference.at(request(60), lambda: os.close(reader))
        process = archive.begin(*STORE, "-v", stdout=writer, stderr=writer)
        os.close(writer)
        status, _ = archive.end(process)

        assert status == 2
        told = archive.told()
        assert told["interrupted"] is True
        assert told["counts"]["pass"] > 0
        assert archive.studies() == set()


def test_who_ignores_a_hangup_goes_on_ignoring_it(tmp_path: Path) -> None:
    with site(tmp_path) as archive:

        def as_nohup_does() -> None:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

        archive.reference.at(request(30), archive.signalling(signal.SIGHUP))
        process = archive.begin(*SMOKE, preexec_fn=as_nohup_does)
        status, printed = archive.end(process)

        assert status == 0, printed
