"""Requests arrive to the octet as they were written, with what the client adds to every request, and nothing else."""

import json
import ssl
import subprocess
from pathlib import Path

import pytest

from dicomweb_conformance.settings.auth import Credentials
from dicomweb_conformance.transport.exact import send_exactly
from tests.transport.raw_peer import Peer, answers, client, peer, received

OK = answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")


def head(listening: Peer) -> list[bytes]:
    return listening.requests[-1].partition(b"\r\n\r\n")[0].split(b"\r\n")


@pytest.mark.parametrize(
    "path",
    [
        "/studies?PatientName=A^B",
        "/studies?PatientName=A%5eB",
        "/studies?PatientName=A%5EB",
        "/studies?PatientName=A B",
        "/studies?",
        "/studies?limit=1&limit=2",
        "/studies?PatientID=a+b%2Bc",
        "/a/../studies/./%2e%2e",
        "/studies?PatientName=Jos\u00e9",
        b"/studies?PatientName=Jos\xe9",
        "//studies",
        "/studies#fragment",
        "",
    ],
)
def test_a_path_is_sent_as_it_is_spelled(path: str | bytes, tmp_path: Path) -> None:
    with peer(OK) as listening, client(listening.url, tmp_path) as asking:
        response = send_exactly(asking, "GET", path)

    octets = path if isinstance(path, bytes) else path.encode()
    assert head(listening)[0] == b"GET /dicom-web" + octets + b" HTTP/1.1"
    assert (response.status, response.body) == (200, b"[]")


def test_nothing_is_added_but_what_every_request_carries(tmp_path: Path) -> None:
    login = Credentials("bearer", "Bearer abc", ("abc",))
    with (
        peer(OK) as listening,
        client(listening.url, tmp_path, credentials=login, headers=(("X-Tenant", "t"),)) as asking,
    ):
        send_exactly(asking, "GET", "/studies")

    assert head(listening)[1:] == [
        f"Host: 127.0.0.1:{listening.port}".encode(),
        b"User-Agent: test",
        b"X-Tenant: t",
        b"Authorization: Bearer abc",
    ]


def test_header_fields_are_sent_in_order_spelling_and_number(tmp_path: Path) -> None:
    fields = [("aCCept", "a/b"), ("Accept", "c/d"), ("host", "elsewhere"), ("User-Agent", ""), ("Accept", "e/f")]
    with peer(OK) as listening, client(listening.url, tmp_path) as asking:
        send_exactly(asking, "GET", "/studies", headers=fields)

    assert head(listening)[1:] == [f"{name}: {value}".encode() for name, value in fields]


def test_a_body_is_framed_unless_the_caller_does(tmp_path: Path) -> None:
    with peer(OK) as listening, client(listening.url, tmp_path) as asking:
        send_exactly(asking, "POST", "/studies", body=b"abc")
        send_exactly(
            asking, "POST", "/studies", headers=[("Transfer-Encoding", "chunked")], body=b"1\r\na\r\n0\r\n\r\n"
        )

    framed, own = listening.requests
    assert framed.endswith(b"\r\nContent-Length: 3\r\n\r\nabc")
    assert b"Content-Length" not in own
    assert own.endswith(b"\r\n\r\n1\r\na\r\n0\r\n\r\n")


@pytest.mark.parametrize("path", ["/studies\r\nX: y", "/studies\nX: y"])
def test_a_line_break_is_refused(path: str, tmp_path: Path) -> None:
    with client("http://127.0.0.1:9/dicom-web", tmp_path) as asking, pytest.raises(ValueError, match="line break"):
        send_exactly(asking, "GET", path)


def test_the_record_holds_it_like_any_other(tmp_path: Path) -> None:
    with peer(OK) as listening, client(listening.url, tmp_path) as asking:
        response = send_exactly(asking, "GET", "/studies?x=^", headers=[("A", "1"), ("A", "2")], purpose="probe")

    recorded = json.loads((tmp_path / "run.jsonl").read_text())
    assert (recorded["id"], recorded["purpose"]) == (response.exchange, "probe")
    assert recorded["url"] == f"{listening.url}/studies?x=^"
    assert recorded["request"]["headers"][-2:] == [["A", "1"], ["A", "2"]]
    assert recorded["response"]["status"] == 200


def test_no_answer_is_an_answer_without_status(tmp_path: Path) -> None:
    with client("http://127.0.0.1:9/dicom-web", tmp_path) as asking:
        response = send_exactly(asking, "GET", "/studies")

    assert response.status == 0
    assert "refused" in response.error


def test_an_answer_without_header_fields(tmp_path: Path) -> None:
    with peer(answers(b"HTTP/1.1 200 OK\r\n\r\n[]")) as listening, client(listening.url, tmp_path) as asking:
        response = send_exactly(asking, "GET", "/studies")

    assert (response.status, response.headers.fields, response.body) == (200, (), b"[]")


def test_a_plain_proxy_gets_the_whole_url(tmp_path: Path) -> None:
    with peer(OK) as proxy, client("http://pacs.invalid/x", tmp_path, proxy=f"http://127.0.0.1:{proxy.port}") as asking:
        assert send_exactly(asking, "GET", "/studies?x=^").status == 200

    assert head(proxy)[:2] == [b"GET http://pacs.invalid/x/studies?x=^ HTTP/1.1", b"Host: pacs.invalid"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key with a certificate for 127.0.0.1, both in one file."""
    directory = tmp_path_factory.mktemp("tls")
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"),
            *("-keyout", "key.pem", "-out", "certificate.pem"),
        ],
        cwd=directory,
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("openssl makes no certificate here")
    both = directory / "both.pem"
    both.write_bytes((directory / "key.pem").read_bytes() + (directory / "certificate.pem").read_bytes())
    return both


@pytest.mark.parametrize("tunnelled", [False, True], ids=["direct", "through a proxy"])
@pytest.mark.parametrize("exactly", [False, True], ids=["ordinary", "exact"])
def test_tls_is_that_of_the_settings(certificate: Path, exactly: bool, tunnelled: bool, tmp_path: Path) -> None:
    import contextlib
    import socket
    import threading

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    asked: list[bytes] = []

    def tunnel(connection: socket.socket, _: Peer) -> None:
        asked.append(received(connection))
        with socket.create_connection(("127.0.0.1", int(asked[0].split()[1].rpartition(b":")[2]))) as onward:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")

            def pump(source: socket.socket, sink: socket.socket) -> None:
                with contextlib.suppress(OSError):
                    while octets := source.recv(65536):
                        sink.sendall(octets)
                    sink.shutdown(socket.SHUT_WR)

            back = threading.Thread(target=pump, args=(onward, connection))
            back.start()
            pump(connection, onward)
            back.join()

    too_short = answers(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n[]")
    with peer(too_short, tls) as listening, peer(tunnel) as proxy:
        through = f"http://127.0.0.1:{proxy.port}" if tunnelled else ""
        with client(listening.url, tmp_path, ca=certificate, proxy=through) as asking:
            if exactly:
                response = send_exactly(asking, "GET", "/studies?x=^")
            else:
                response = asking.send("GET", f"{listening.url}/studies")
        with client(listening.url, tmp_path / "other", proxy=through) as asking:
            refused = send_exactly(asking, "GET", "/") if exactly else asking.send("GET", listening.url)

    assert (response.status, response.body) == (200, b"[")
    assert response.wire is not None
    assert response.wire.after == 1
    assert "CERTIFICATE_VERIFY_FAILED" in refused.error
    recorded = json.loads((tmp_path / "run.jsonl").read_text())
    assert ["User-Agent", "test"] in recorded["request"]["headers"]
    assert bool(asked) is tunnelled
