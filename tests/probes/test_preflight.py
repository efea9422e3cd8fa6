"""Before a run: what could be judged is never refused, and what is another service is called by its name."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from dicomweb_conformance.probes.preflight import CannotBeJudged, preflight
from dicomweb_conformance.service.ledger import Ledger
from dicomweb_conformance.service.ownership import Own
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.settings.target import proxy_of
from dicomweb_fixtures.corpus import Corpus
from dicomweb_reference.dicom_json import Model
from dicomweb_reference.levels import Level
from dicomweb_reference.media_types import DICOM_JSON, MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.outcomes import Outcome
from dicomweb_reference.server import Endpoint, Headers, Reference, Step
from dicomweb_reference.serving import running
from tests.odd.test_odd_servers import load
from tests.transport.raw_peer import client

SEED = 1


class NoMatchIsNotFound(Reference):
    """A search without a match is answered 404, like any path that names nothing, and a store of nothing breaks."""

    def search_answer(self, results: Sequence[Model], media: MediaType, headers: Headers) -> Response:
        if not results:
            raise Refusal(404)
        return super().search_answer(results, media, headers)

    def payload_parts(self, request: Request) -> list[bytes]:
        try:
            return super().payload_parts(request)
        except Refusal:
            raise Refusal(500) from None


class NothingIsAnEmptyArray(Reference):
    """Whatever is not there, or not possible, is answered with an empty array, and so is each store."""

    def refusal(self, refusal: Refusal) -> Response:
        return self.json_answer([], DICOM_JSON)

    def search_answer(self, results: Sequence[Model], media: MediaType, headers: Headers) -> Response:
        return self.json_answer(list(results), DICOM_JSON)

    def store_answer(self, request: Request, outcomes: Sequence[Outcome], media: MediaType) -> Response:
        return self.json_answer([], DICOM_JSON)

    def routes(self) -> list[Route]:
        async def nowhere(_: HttpRequest) -> Response:
            return self.json_answer([], DICOM_JSON)

        return [*super().routes(), Route(self.prefix + "/{rest:path}", Endpoint(nowhere))]


class NoJson(Reference):
    """Who accepts DICOM JSON and nothing else is answered 406, whatever is asked for."""

    async def exchange(self, steps: dict[str, Step], http: HttpRequest) -> Response:
        if http.headers.get("accept") == "application/dicom+json":
            raise Refusal(406)
        return await super().exchange(steps, http)

    def routes(self) -> list[Route]:
        return [*super().routes(), Route(self.prefix + "/{rest:path}", Endpoint(lambda http: self.exchange({}, http)))]


class Stores(Reference):
    """It stores, and answers everything else 500."""

    async def exchange(self, steps: dict[str, Step], http: HttpRequest) -> Response:
        if http.method != "POST":
            raise Refusal(500)
        return await super().exchange(steps, http)

    def routes(self) -> list[Route]:
        return [*super().routes(), Route(self.prefix + "/{rest:path}", Endpoint(lambda http: self.exchange({}, http)))]


class SearchesAreAPage(Reference):
    """A search is answered with the page of a viewer."""

    def search(self, request: Request, level: Level) -> Response:
        return Response("<!DOCTYPE html><title>Studies</title>", media_type="text/html")


class SearchesAreNoJson(Reference):
    """The results of a search are labelled DICOM JSON, and do not parse."""

    def search(self, request: Request, level: Level) -> Response:
        return Response("[,]", media_type="application/dicom+json")


def looked_at(url: str, directory: Path, *, read_only: bool = False) -> None:
    """Look at a target as a run does first."""
    with client(url, directory) as asking:
        asking.target = replace(asking.target, read_only=read_only)
        ledger = Ledger(directory / "ledger.jsonl", url, SEED)
        preflight(StudiesService(asking, ledger, Own(SEED), "preflight"), asking.target, SEED)


@pytest.mark.parametrize(
    "server", [NoMatchIsNotFound, NothingIsAnEmptyArray, NoJson, Stores, SearchesAreAPage, SearchesAreNoJson]
)
def test_a_server_that_could_be_judged_is_not_refused(server: type[Reference], tmp_path: Path) -> None:
    with running(server()) as url:
        looked_at(url, tmp_path)


@pytest.mark.parametrize("server", [NoMatchIsNotFound, NothingIsAnEmptyArray, SearchesAreAPage, SearchesAreNoJson])
def test_a_server_that_holds_the_corpus_is_not_refused(server: type[Reference], tmp_path: Path) -> None:
    loaded = server()
    load(loaded, ("two_series",))

    with running(loaded) as url:
        looked_at(url, tmp_path, read_only=True)


def test_one_that_holds_nothing_of_it_is(tmp_path: Path) -> None:
    with running(NothingIsAnEmptyArray()) as url, pytest.raises(CannotBeJudged, match="was the corpus loaded"):
        looked_at(url, tmp_path, read_only=True)


def test_what_is_sent_to_find_out_is_named_first_and_forgotten_where_it_was_refused(tmp_path: Path) -> None:
    for status, named in ((200, 1), (500, 0)):
        directory = tmp_path / str(status)
        directory.mkdir()
        with serving(lambda _, status=status: (status, "", b"")) as url, pytest.raises(CannotBeJudged):
            looked_at(url, directory)

        assert len(Ledger(directory / "ledger.jsonl", url, SEED).entries()) == named


Answer = Callable[[str], tuple[int, str, bytes]]


@contextmanager
def serving(answer: Answer, post: int = 0) -> Iterator[str]:
    """A server that answers by path and query alone, a POST with one status if `post` is one; yields its origin."""

    class Handler(BaseHTTPRequestHandler):
        def reply(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            refused = post and self.command == "POST"
            status, content_type, body = (post, "", b"") if refused else answer(self.path)
            self.send_response(status)
            if content_type:
                self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = reply  # noqa: N815 - http.server wants these names

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def another_api(of_studies: int, better: str = "/dicom-web/studies") -> Answer:
    """An archive whose own API has studies, beside its Studies Service."""

    def answer(target: str) -> tuple[int, str, bytes]:
        path = urlsplit(target).path
        if path == "/studies":
            return of_studies, "application/json", b"[]"
        return (200, "application/dicom+json", b"[]") if path == better else (404, "", b"")

    return answer


@pytest.mark.parametrize("of_studies", [200, 400, 500])
@pytest.mark.parametrize("read_only", [False, True], ids=["stores", "only reads"])
def test_another_api_is_told_from_the_studies_service_beside_it(
    of_studies: int, read_only: bool, tmp_path: Path
) -> None:
    with serving(another_api(of_studies), post=405) as origin, pytest.raises(CannotBeJudged) as caught:
        looked_at(origin, tmp_path, read_only=read_only)

    assert "is another service" in str(caught.value)
    assert f"--dicomweb-url={origin}/dicom-web" in str(caught.value)


def test_a_server_that_takes_no_store_is_judged_where_there_is_no_better_one(tmp_path: Path) -> None:
    with serving(another_api(200, better="/far/away"), post=405) as origin:
        looked_at(origin, tmp_path)


def wado_at(there: str, *, holds: bool, otherwise: tuple[int, str, bytes]) -> Answer:
    """WADO-URI at a path, and one answer to everything else."""

    def answer(target: str) -> tuple[int, str, bytes]:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if path != there or query.get("requestType") != ["WADO"]:
            return otherwise
        instance = Corpus(SEED).two_series.instances[0]
        if holds and query["objectUID"] == [instance.sop_instance_uid]:
            return 200, "application/dicom", instance.part10
        return 404, "text/plain", b"There is no such object."

    return answer


BAD_REQUEST = (400, "text/plain", b"requestType is missing.")
NOT_FOUND = (404, "text/html", b"<title>404</title>")
PAGE = (200, "text/html", b"<title>An archive</title>")


@pytest.mark.parametrize("there", ["/", "/wado", "/pacs/wado"])
@pytest.mark.parametrize("otherwise", [BAD_REQUEST, NOT_FOUND, PAGE], ids=["400", "404", "page"])
@pytest.mark.parametrize("read_only", [False, True], ids=["stores", "only reads"])
def test_a_server_of_wado_uri_is_told_so(
    there: str, otherwise: tuple[int, str, bytes], read_only: bool, tmp_path: Path
) -> None:
    base = "/pacs/rs" if there == "/pacs/wado" else ""
    with (
        serving(wado_at(there, holds=read_only, otherwise=otherwise)) as origin,
        pytest.raises(CannotBeJudged) as caught,
    ):
        looked_at(f"{origin}{base}", tmp_path, read_only=read_only)

    verb = "answers" if read_only else "seems to answer"
    assert f"it {verb} WADO-URI at {origin}{there}, which is another service" in str(caught.value)


@pytest.mark.parametrize("echo", [b"%s", b"Cannot GET %s"])
def test_who_echoes_a_query_answers_no_wado_uri(echo: bytes, tmp_path: Path) -> None:
    with (
        serving(lambda target: (404, "text/plain", echo % target.encode())) as origin,
        pytest.raises(CannotBeJudged) as caught,
    ):
        looked_at(origin, tmp_path)

    assert "WADO" not in str(caught.value)


@contextmanager
def closing_at_once() -> Iterator[int]:
    """Something that is no HTTP proxy: it takes a connection and closes it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def close() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    connection.recv(1)
                    connection.close()

        threading.Thread(target=close, daemon=True).start()
        yield listener.getsockname()[1]


def refused_by(proxy: str, directory: Path) -> str:
    """What is said where a proxy does not lead to a target."""
    url = "http://127.0.0.1:9/dicom-web"
    with client(url, directory, proxy=proxy) as asking:
        service = StudiesService(asking, Ledger(directory / "ledger.jsonl", url, SEED), Own(SEED), "preflight")
        with pytest.raises(CannotBeJudged) as refused:
            preflight(service, asking.target, SEED)
    return str(refused.value)


def test_a_dead_proxy_is_named_and_its_password_is_not(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    said = refused_by(f"http://user:secret@127.0.0.1:{port}", tmp_path)

    assert f"the proxy 127.0.0.1:{port} cannot be reached" in said
    assert "without --dicomweb-proxy the target is asked directly" in said
    assert "nothing listens at 127.0.0.1:9" not in said
    assert "secret" not in said


def test_an_unknown_host_of_a_proxy_is_that_of_the_proxy(tmp_path: Path) -> None:
    said = refused_by("http://no-such-proxy.invalid:3128", tmp_path)

    assert "the proxy no-such-proxy.invalid:3128 cannot be reached" in said


def test_what_is_no_http_proxy_is_named(tmp_path: Path) -> None:
    with closing_at_once() as port:
        said = refused_by(f"http://127.0.0.1:{port}", tmp_path)

    assert f"the proxy 127.0.0.1:{port} gave no response of HTTP" in said
    assert "none of SOCKS" in said


@pytest.mark.parametrize("proxy", ["socks5://user:secret@127.0.0.1:1080", "socks5h://x", "SOCKS://x"])
def test_a_socks_proxy_is_named_as_such(proxy: str) -> None:
    with pytest.raises(ValueError, match="a SOCKS proxy cannot be used") as refused:
        proxy_of(proxy)
    assert "secret" not in str(refused.value)
