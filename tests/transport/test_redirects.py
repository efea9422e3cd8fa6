"""Where a GET is redirected, the suite goes on within the target's origin, and every hop is judged as what it is."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from dicomweb_reference.server import Reference
from dicomweb_reports.model import Result
from tests.mutants.harness import judged

CHECKS = ("search-studies", "retrieve-instance-series-study")


class Turning(Reference):
    """Redirects the retrieval of a study to where it is redirected back to."""

    async def exchange(self, steps, http: Request) -> Response:  # type: ignore[no-untyped-def]  # as overridden
        if "/held/studies/" in http.url.path:
            return self.redirected(http, http.url.path.replace("/held", ""))
        return await super().exchange(steps, http)


class Sending(Reference):
    """Redirects the retrieval of a study to another origin."""

    def redirected(self, http: Request, path: str) -> Response:
        return super().redirected(http, f"http://elsewhere.example{path}" if "/held/studies/" in path else path)


def results(reference: Reference, directory: Path) -> Mapping[str, Result]:
    return {result.check: result for result in judged(reference, directory, checks=CHECKS).results}


def test_a_server_that_redirects_reads_is_judged_where_they_lead(tmp_path: Path) -> None:
    found = results(Reference({"reads-are-redirected"}), tmp_path)

    assert {found[check].verdict for check in CHECKS} == {"pass"}
    assert found["message[HTTP-020]"].verdict == found["message[HTTP-020b]"].verdict == "pass"


def test_a_server_that_redirects_stores_is_judged_where_they_lead(tmp_path: Path) -> None:
    checks = ("store-multipart", "store-chunked", "persona-store[ohif]")
    run = judged(Reference({"stores-are-redirected"}), tmp_path, checks=checks)
    found = {result.check: result.verdict for result in run.results}

    assert {found[check] for check in (*checks, "message[HTTP-020]", "message[HTTP-020b]")} == {"pass"}


@pytest.mark.parametrize(("server", "told", "verdict"), [(Turning, "HTTP-020b", "fail"), (Sending, "HTTP-020", "note")])
def test_what_a_redirect_does_not_lead_to_is_inconclusive(
    server: type[Reference], told: str, verdict: str, tmp_path: Path
) -> None:
    found = results(server({"reads-are-redirected"}), tmp_path)

    assert found["search-studies"].verdict == "pass"
    retrieval = found[CHECKS[1]]
    assert retrieval.verdict == "inconclusive"
    assert "redirected (307), which is permitted" in retrieval.reason
    assert found[f"message[{told}]"].verdict == verdict
