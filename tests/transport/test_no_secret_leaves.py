"""Whatever URL a server gives, and wherever: credentials arrive at the target's origin, and nowhere else."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.checks.expect import expect
from dicomweb_conformance.checks.judgement import CheckFailed, Judgement, judging
from dicomweb_conformance.http import urls
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.urls import UrlError
from dicomweb_conformance.probes.preflight import CannotBeJudged, preflight
from dicomweb_conformance.scenarios.steps.links import leads_to
from dicomweb_conformance.scenarios.thumbnail.test_thumbnail import _followed
from dicomweb_conformance.service import bulk_data
from dicomweb_conformance.service.ledger import Ledger
from dicomweb_conformance.service.long_running import Operations
from dicomweb_conformance.service.ownership import Own
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.settings.auth import Credentials
from dicomweb_conformance.transport.client import Client
from dicomweb_conformance.transport.connections import MisdirectedError
from dicomweb_conformance.transport.exact import send_exactly
from dicomweb_conformance.validators.operations import name_of
from tests.transport.other_origins import Given, elsewhere, table
from tests.transport.raw_peer import Peer, client, peer, received

TOKEN, KEY = "token-of-the-target", "key-of-the-target"
LOGIN = Credentials("bearer", f"Bearer {TOKEN}", (TOKEN,))
STUDY = "studies/2.25.1"
PATH = f"/dicom-web/{STUDY}"
ON_REQUEST = "text/x-asked-on-request"
ROWS = table()
SAID = "a URL that cannot be followed"


@dataclass
class Site:
    """A target that gives what a test wants, how it is asked, and what its findings were."""

    service: StudiesService
    client: Client
    peer: Peer
    operations: Operations
    gives: tuple[int, str, str, bytes] = (200, "", "", b"[]")
    findings: list[str] = field(default_factory=list)

    def asked(self, status: int = 200, field: str = "", value: str = "", body: bytes = b"[]") -> Response:
        """Return an answer of the target that gives a URL, in a header field or in its body."""
        self.gives = status, field, value, body
        return self.service.search("studies")


@contextmanager
def site(directory: Path) -> Iterator[Site]:
    def handle(connection: socket.socket, listening: Peer) -> None:
        while request := received(connection):
            listening.requests.append(request)
            status, name, value, body = made.gives
            if PATH.encode() in request.partition(b"\r\n")[0]:
                status, name, body = 200, "", STUDY.encode()
            head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n"
            given = f"{name}: {value}\r\n" if name else ""
            connection.sendall((head + given + "\r\n").encode("utf-8") + body)

    with peer(handle) as listening:
        headers = (("X-Api-Key", KEY),)
        with client(listening.url, directory, credentials=LOGIN, headers=headers, timeout=2.0) as asking:
            service = StudiesService(asking, Ledger(directory / "ledger.jsonl", listening.url, 1), Own("P"))
            made = Site(service, asking, listening, Operations(service, 1.0))
            yield made


def retrieve_url(at: Site, text: str) -> None:
    judgement = Judgement("check", "scenario", "title", (requirements.load()["SEARCH-151"],))
    response = at.asked()
    with judging(judgement), suppress(CheckFailed), expect(response) as it:
        leads_to(it, text, STUDY, at.service, because="another-resource", gone="another-resource")
    at.findings += [finding.observation for finding in judgement.findings]


def bulk_data_uri(at: Site, text: str) -> None:
    metadata = at.asked(body=json.dumps([{"7FE00010": {"vr": "OW", "BulkDataURI": text}}]).encode())
    (data_set,) = json.loads(metadata.body)
    (reference,) = bulk_data.references(data_set, metadata)
    at.findings += [SAID] if reference.refusal else []
    if not reference.refusal:
        bulk_data.dereferenced(at.service, reference)
        if reference.is_relative:
            bulk_data.below_base(at.service, reference)


def location_of_a_thumbnail(at: Site, text: str) -> None:
    if text.isprintable() and text.isascii():
        _followed(at.service, at.asked(302, "Location", text), "image/jpeg")


def location_of_a_redirect(at: Site, text: str) -> None:
    for status in (300, 301, 302, 303, 307, 308):
        # 200: it led to the target itself, which is followed.
        assert at.asked(status, "Location", text.replace("\r", "").replace("\n", "")).status in {status, 200}
    for method in ("GET", "POST", "DELETE"):
        assert send_exactly(at.client, method, "/elsewhere", body=b"x").status in {308, 200}


def location_of_the_first_answer(at: Site, text: str) -> None:
    at.gives = 307, "Location", text.replace("\r", "").replace("\n", ""), b""
    with suppress(CannotBeJudged):
        preflight(at.service, at.client.target, 1)


def content_location(at: Site, text: str) -> None:
    at.asked(200, "Content-Location", text.replace("\r", "").replace("\n", ""))


def operation_name(at: Site, text: str) -> None:
    for name in (text, f"projects/p/locations/l/datasets/d/operations/{text}", f"projects/{text}/locations/l"):
        if name_of({"name": name}):
            at.operations.poll(name)
            at.operations.cancel(name)


def next_page_token(at: Site, text: str) -> None:
    at.operations.page(1, text)


def on_request(at: Site, text: str) -> None:
    with suppress(UrlError):
        at.service.get_url(urls.resolve(text, at.asked().url), accept=ON_REQUEST)


FOLLOWED = (retrieve_url, bulk_data_uri, location_of_a_thumbnail, on_request)
PLACES = (
    *FOLLOWED,
    location_of_a_redirect,
    location_of_the_first_answer,
    content_location,
    operation_name,
    next_page_token,
)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_no_secret_arrives_elsewhere(place: Callable[[Site, str], None], tmp_path: Path) -> None:
    followed: dict[str, bool] = {}
    with site(tmp_path) as at, elsewhere(at.peer.port) as other:
        for row in ROWS:
            at.peer.requests.clear()
            place(at, row.at(at.peer.port, other.door, PATH))
            found = [request for request in at.peer.requests if f"GET {PATH}".encode() in request]
            followed[row.why] = any(TOKEN.encode() in each and KEY.encode() in each for each in found)

    assert [each for each in other.received if TOKEN.encode() in each or KEY.encode() in each] == []
    strays = [each for each in other.received if ON_REQUEST.encode() not in each]
    assert strays == [], "another origin is not asked but on request"
    if place in FOLLOWED:
        # A proxy may have given its own host: the same bulk data are asked for at the target.
        leads = {"target", "elsewhere"} if place is bulk_data_uri else {"target"}
        wanted = {row.why for row in ROWS if row.leads in leads}
        assert {row.why for row in ROWS if followed[row.why] and row.leads != "aside"} == wanted


@pytest.mark.parametrize("place", [retrieve_url, bulk_data_uri], ids=lambda place: place.__name__)
@pytest.mark.parametrize("row", [each for each in ROWS if each.leads == "nowhere"], ids=lambda row: row.why)
def test_what_cannot_be_followed_is_a_finding(place: Callable[[Site, str], None], row: Given, tmp_path: Path) -> None:
    with site(tmp_path) as at:
        place(at, row.at(at.peer.port, 9, PATH))

    assert at.findings == [SAID]
    assert len(at.peer.requests) == 1, "nothing is asked after the answer that gave it"


def test_a_url_padded_as_its_vr_lets_it_be_is_followed(tmp_path: Path) -> None:
    with site(tmp_path) as at:
        retrieve_url(at, f"http://127.0.0.1:{at.peer.port}{PATH} ")

    assert at.findings == []
    assert len(at.peer.requests) == 2


def test_a_connection_that_leads_elsewhere_sends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with site(tmp_path) as at, elsewhere() as other:
        there = urls.parse(f"http://127.0.0.1:{other.door}/")
        pool = at.client.connections._pool(there)
        monkeypatch.setattr(at.client.connections, "_pool", lambda _: pool)
        with pytest.raises(MisdirectedError):
            at.service.search("studies")
        with pytest.raises(MisdirectedError):
            send_exactly(at.client, "GET", "/studies")

    assert b"".join(other.received) == b""


def test_a_token_of_the_check_is_sent_in_the_place_of_that_of_the_settings(tmp_path: Path) -> None:
    with site(tmp_path) as at:
        at.service.get("studies", headers=[("authorization", "Bearer of-the-check")])
        at.service.send_exactly("GET", "/studies", headers=[("AUTHORIZATION", "Bearer of-the-check")])

    for request in at.peer.requests:
        assert b"Bearer of-the-check" in request
        assert TOKEN.encode() not in request


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_password_of_a_proxy_is_the_proxys_alone(scheme: str, tmp_path: Path) -> None:
    """A proxy gets the request itself, or is asked for a tunnel, in which nothing is said to it any more."""
    asked: list[bytes] = []

    def handle(connection: socket.socket, _: Peer) -> None:
        while request := received(connection):
            asked.append(request)
            if request.startswith(b"CONNECT"):
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                asked.append(connection.recv(65536))
                return
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")

    with peer(handle) as proxy:
        settings = {"credentials": LOGIN, "proxy": f"http://me:proxy-password@127.0.0.1:{proxy.port}", "timeout": 2.0}
        with client(f"{scheme}://pacs.invalid/dicom-web", tmp_path, **settings) as asking:
            asking.send("GET", f"{scheme}://pacs.invalid/dicom-web/studies")
            asking.send("GET", f"{scheme}://other.invalid/bulk")
            send_exactly(asking, "GET", "/studies")

    pair = b"Basic bWU6cHJveHktcGFzc3dvcmQ="
    if scheme == "http":
        assert [each.partition(b" HTTP")[0] for each in asked] == [
            b"GET http://pacs.invalid/dicom-web/studies",
            b"GET http://other.invalid/bulk",
            b"GET http://pacs.invalid/dicom-web/studies",
        ]
        assert [pair in each for each in asked] == [True, True, True]
        assert [TOKEN.encode() in each for each in asked] == [True, False, True]
    else:
        tunnels, within = asked[::2], asked[1::2]
        lines = {tunnel.partition(b" HTTP")[0] for tunnel in tunnels}
        assert lines == {b"CONNECT pacs.invalid:443", b"CONNECT other.invalid:443"}
        assert all(pair in tunnel and TOKEN.encode() not in tunnel for tunnel in tunnels)
        assert all(each[:1] == b"\x16" for each in within), "a TLS handshake, and nothing before it"


def test_a_foreign_origin_behind_the_proxy_gets_no_secret(tmp_path: Path) -> None:
    """The proxy forwards by the request line, which is made from the value that was decided by."""
    asked: list[bytes] = []

    def handle(connection: socket.socket, _: Peer) -> None:
        while request := received(connection):
            asked.append(request)
            if request.startswith(b"CONNECT"):
                return
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")

    with peer(handle) as proxy, site(tmp_path) as at:
        target = replace(at.client.target, proxy=f"http://127.0.0.1:{proxy.port}")
        with client(target.url, tmp_path, credentials=LOGIN, proxy=target.proxy) as asking:
            for row in ROWS:
                with suppress(UrlError):
                    asking.send("GET", urls.resolve(row.at(at.peer.port, 9, PATH), f"{target.url}/studies"))

    lines = {each.partition(b"\r\n")[0].split()[1].decode(): TOKEN.encode() in each for each in asked}
    assert len(lines) > 10
    for url, told in lines.items():
        if not url.startswith("127.0.0.1"):  # a tunnel, of which the proxy sees no more
            assert told is url.startswith(f"http://127.0.0.1:{at.peer.port}/"), url
