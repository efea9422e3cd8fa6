"""Search: URIs as they stand, which an HTTP library would mend or never write (RFC 3986, PS3.18 8.3)."""

from __future__ import annotations

from urllib.parse import quote

from dicomweb_conformance.checks.expect import assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Study

STUDY, SERIES = "0020000D", "0020000E"


def _get(dicomweb: StudiesService, path: str) -> Response:
    headers = [("Accept", media_types.DICOM_JSON), ("Connection", "close")]  # an odd URI may spoil a connection
    return dicomweb.send_exactly("GET", path, headers=headers)


def _by_name(study: Study, circumflex: str) -> str:
    name = quote(study.value("PatientName"), safe="").replace("%5E", circumflex)
    return f"/studies?PatientName={name}&PatientID={quote(study.patient_id, safe='')}"


def _finds(response: Response, tag: str, wanted: set[str], blame: str) -> None:
    """Demand that the usual spelling finds what is there."""
    control(response, because="the search does not work in its usual spelling")
    try:
        found = {json_model.text(each, tag) for each in json_model.objects(response.body)}
    except UnreadableError:
        found = set()
    assume(found == wanted, "the search does not find just what is there in its usual spelling", blame)


def _finds_series(dicomweb: StudiesService, study: Study) -> set[str]:
    wanted = {each.uid for each in study.series}
    _finds(dicomweb.search_in(study, "series"), SERIES, wanted, "search-series-of-a-study")
    return wanted


@verifies("HTTP-041", id="search-percent-encoding-in-lower-case")
def test_percent_encoding_in_lower_case(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`%5e` means the same as `%5E`."""
    study = corpus.two_series
    wanted = study.study_instance_uid
    _finds(_get(dicomweb, _by_name(study, "%5E")), STUDY, {wanted}, "search-exact-name")

    response = _get(dicomweb, _by_name(study, "%5e"))

    with expect(response) as it:
        it.lists_exactly(it.is_a_list_of_matches(), STUDY, [wanted], none="none", excess="studies-of-other-patients")


@verifies("HTTP-042", id="search-circumflex-as-it-is")
def test_circumflex_as_it_is(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A circumflex that is not percent-encoded is read all the same, or refused."""
    study = corpus.two_series
    wanted = study.study_instance_uid
    _finds(_get(dicomweb, _by_name(study, "%5E")), STUDY, {wanted}, "search-exact-name")

    response = _get(dicomweb, _by_name(study, "^"))

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        it.lists_exactly(it.is_a_list_of_matches(), STUDY, [wanted], none="none", excess="studies-of-other-patients")


@verifies("HTTP-030", id="search-empty-query")
def test_empty_query(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A question mark with nothing after it means that there is no query, or is refused."""
    study = corpus.two_series
    wanted = _finds_series(dicomweb, study)

    response = _get(dicomweb, f"/studies/{study.study_instance_uid}/series?")

    with expect(response) as it:
        it.has_status(200, 400)
        if response.status == 200:
            matches = it.is_a_list_of_matches()
            if set(matches.uids(SERIES)) != wanted or matches.foreign:
                it.observes("200-with-other-series", received=", ".join(matches.uids(SERIES)) or "none")


REPEATED = (Variant("same-value", "SEARCH-023"), Variant("other-value", "SEARCH-023"))


@verifies(id="search-repeated-key", each=REPEATED)
def test_repeated_key(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A key that is given twice is refused, or answered in some way."""
    study, other = corpus.two_series, corpus.ct_pair
    keys = [f"PatientID={quote(each.patient_id, safe='')}" for each in (study, other)]
    usual = dicomweb.search("studies", PatientID=study.patient_id)
    _finds(usual, STUDY, {study.study_instance_uid}, "search-matches-patient[PatientID]")

    response = _get(dicomweb, f"/studies?{keys[0]}&{keys[0] if case.id == 'same-value' else keys[1]}")

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
        elif 200 <= response.status < 300:
            it.is_a_list_of_matches()
            it.observes("any-2xx")
        else:
            it.has_status(200)


@verifies("HTTP-043", id="search-dot-segments")
def test_dot_segments(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`/../` in a path is resolved, or leads nowhere, but never leads to something else."""
    study = corpus.two_series
    wanted = _finds_series(dicomweb, study)

    response = _get(dicomweb, f"/studies/{study.study_instance_uid}/metadata/../series")

    with expect(response) as it:
        if response.status != 200:
            it.has_status(400, 404)
            it.concludes()
        matches = it.is_a_list_of_matches()
        if set(matches.uids(SERIES)) != wanted or matches.foreign:
            it.observes("200-with-other-content", received=", ".join(matches.uids(SERIES)) or "no series")
