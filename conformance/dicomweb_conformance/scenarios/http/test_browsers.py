"""HTTP: what pages of another origin need, preflight and readable responses (Fetch standard; no part of PS3.18)."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import Expectation, expect, offered
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.fresh import Fresh

ORIGIN = "https://viewer.invalid"
PREFLIGHT = (
    ("Origin", ORIGIN),
    ("Access-Control-Request-Method", "GET"),
    ("Access-Control-Request-Headers", "authorization"),
)


def _allowed(response: Response) -> str | None:
    return response.headers.get("Access-Control-Allow-Origin")


def _lets_in(response: Response) -> bool:
    return 200 <= response.status < 300 and _allowed(response) in {ORIGIN, "*"}


@verifies("HTTP-040", id="http-preflight")
def test_preflight(dicomweb: StudiesService) -> None:
    """A preflight for a search with Authorization lets the page ask, or says that it may not."""
    response = dicomweb.send("OPTIONS", "studies", headers=PREFLIGHT)

    with expect(response) as it:
        if 200 <= response.status < 300:
            _lets_ask(it)
        else:
            it.has_status(200)


def _lets_ask(it: Expectation) -> None:
    fields, allowed = it.response.headers, _allowed(it.response)
    names = {each.strip().lower() for each in ",".join(fields.all("Access-Control-Allow-Headers")).split(",")}
    if allowed not in {ORIGIN, "*"}:
        it.observes("no-access-control-allow-origin", received=allowed or "none")
    elif allowed == "*" and (fields.get("Access-Control-Allow-Credentials") or "").lower() == "true":
        it.observes("star-with-allow-credentials")
    elif "authorization" not in names:
        it.observes("authorization-not-allowed", received=", ".join(sorted(names - {""})) or "none")
    else:
        it.observes("2xx-with-allow-origin")


@verifies("HTTP-040b", id="http-readable-across-origins", needs="metadata")
def test_readable_across_origins(dicomweb: StudiesService, corpus: Corpus, fresh: Fresh) -> None:
    """What a page of another origin may ask for it can read: results and refusals."""
    preflight = dicomweb.send("OPTIONS", "studies", headers=PREFLIGHT)
    offered(_lets_in(preflight), "a preflight does not let pages of another origin ask", "cors")
    uid, headers = corpus.ct_pair.study_instance_uid, [("Origin", ORIGIN)]
    asking = [
        (dicomweb, "studies", [("StudyInstanceUID", uid)]),
        (dicomweb, f"studies/{fresh.uid()}/metadata", []),
        *([(dicomweb.without_credentials(), "studies", [("StudyInstanceUID", uid)])] if dicomweb.is_authorized else []),
    ]

    responses = [
        service.get(resource, query, accept=media_types.DICOM_JSON, headers=headers)
        for service, resource, query in asking
    ]

    for response in responses:
        with expect(response) as it:
            if _allowed(response) not in {ORIGIN, "*"} and response.status:
                success = 200 <= response.status < 300
                quote = "not-on-a-success" if success else "not-on-a-refusal"
                it.observes(quote, where="Access-Control-Allow-Origin", received=it.status_line)
