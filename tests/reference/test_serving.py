import signal
import subprocess
import sys
import threading

import pytest
import requests

from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from tests.reference.payloads import Service, instance


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "dicomweb_reference", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def base_url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_process_serves_with_its_freedoms_until_stdin_closes(http: requests.Session) -> None:
    with start("--port", "0", "--freedom", "empty-search-is-200", "--until-stdin-closes") as process:
        base = base_url(process)

        assert base.startswith("http://127.0.0.1:")
        assert base.endswith("/dicom-web")
        assert http.get(f"{base}/studies", timeout=10).json() == []
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


def test_process_serves_on_after_stdin_has_closed(http: requests.Session) -> None:
    with start("--port", "0") as process:
        base = base_url(process)
        assert process.stdin is not None
        process.stdin.close()

        assert http.get(f"{base}/studies", timeout=10).status_code == 204
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def test_port_is_the_one_asked_for_and_must_be_free(http: requests.Session) -> None:
    with running(Reference()) as base:
        port = base.split(":")[2].partition("/")[0]
        with start("--port", port, "--until-stdin-closes") as process:
            assert process.wait(10) != 0
        assert http.get(f"{base}/studies", timeout=10).status_code == 204


def test_unknown_freedom_is_a_usage_error() -> None:
    with start("--freedom", "no-such") as process:
        assert process.wait(10) == 2


def test_two_references_share_nothing(http: requests.Session) -> None:
    with running(Reference()) as first, running(Reference()) as second:
        Service(first, http).store(instance())

        assert len(Service(first, http).found("/studies")) == 1
        assert Service(second, http).found("/studies") == []


def test_nothing_listens_and_no_thread_is_left_at_the_end() -> None:
    before = threading.active_count()
    with running(Reference()) as base:
        requests.get(f"{base}/studies", timeout=10)

    assert threading.active_count() == before
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{base}/studies", timeout=10)


def test_step_can_be_overridden(http: requests.Session) -> None:
    class Forgetful(Reference):
        def number_of_series(self, _study: object) -> int:
            return 0

    with running(Forgetful()) as base:
        service = Service(base, http)
        service.store(instance())

        assert service.values("/studies", "00201206") == [0]
