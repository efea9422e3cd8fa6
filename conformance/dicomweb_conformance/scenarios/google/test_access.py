"""Who may ask a DICOM store of the Cloud Healthcare API: whoever has an access token, in the header or in the query."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import assume, expect
from dicomweb_conformance.checks.judgement import NotIncluded
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.scenarios.google.searches import STUDY, finds_just
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

_NO_CREDENTIALS = "the run has no credentials that a request could lack: --dicomweb-auth names some"
_NO_TOKEN_IN_URL = "a token in a URL stands in logs: --dicomweb-auth=bearer with --dicomweb-include=unsafe sends it"  # noqa: S105 - no token
REFUSED = frozenset({401, 403})

TOKENS = (Variant("absent", "GOOGLE-002"), Variant("broken", "GOOGLE-002", "Bearer no-token"))


@verifies(id="google-token-wanted", each=TOKENS)
def test_token_wanted(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A request without a valid access token is refused with 401 or 403."""
    if not dicomweb.is_authorized:
        raise NotIncluded(_NO_CREDENTIALS)
    keys = {"StudyInstanceUID": corpus.ct_pair.study_instance_uid}
    finds_just(dicomweb, "studies", keys, keys.values())

    headers = [("Authorization", case.value)] if case.value else []
    response = dicomweb.without_credentials().get("studies", [*keys.items()], headers=headers)

    with expect(response) as it:
        if response.status == 200:
            it.observes("200-with-data", expected=["401 or 403"], received=it.status_line)
            it.concludes()
        it.has_status(*REFUSED)
        if response.status == 401 and not response.headers.get("WWW-Authenticate"):
            it.observes("401-without-www-authenticate")


@verifies("GOOGLE-003", id="google-access-token")
def test_access_token(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An access token in the query parameter access_token is as good as one in the header."""
    if not dicomweb.url_token:
        raise NotIncluded(_NO_TOKEN_IN_URL)
    keys = {"StudyInstanceUID": corpus.ct_pair.study_instance_uid}
    finds_just(dicomweb, "studies", keys, keys.values())
    bare = dicomweb.without_credentials()
    refused = bare.search("studies", keys).status in REFUSED
    assume(refused, "a request without a token is not refused either", "google-token-wanted[absent]")

    response = bare.search("studies", {**keys, "access_token": dicomweb.url_token})

    with expect(response) as it:
        it.has_status(200)
        it.lists_exactly(it.is_a_list_of_matches(), STUDY, keys.values())
