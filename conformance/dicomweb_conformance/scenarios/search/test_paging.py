"""Search: limit and offset, and parameters that are unknown or wrong (PS3.18 8.3.4)."""

from __future__ import annotations

import re
from collections.abc import Collection

from dicomweb_conformance.checks.expect import Matches, assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.search import pages
from dicomweb_conformance.scenarios.search.controls import INSTANCE, STUDY
from dicomweb_conformance.scenarios.steps.likewise import leave_to_the_first
from dicomweb_conformance.scenarios.steps.listing import differing, listed
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

MOST_PAGES = 12
"""Pages that are turned at most: a server whose pages hold fewer than ten instances is asked for no more."""


@verifies("SEARCH-069", id="search-limit-caps", smoke=True)
def test_limit_caps_the_number_of_matches(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`limit=1` returns one match and `limit=2` two, when four studies match."""
    family = corpus.four_studies_of_one_patient
    _studies_of(dicomweb, family.patient_id, 4)

    for limit in (1, 2):
        response = dicomweb.search("studies", PatientID=family.patient_id, limit=limit)
        with expect(response) as it:
            matches = it.is_a_list_of_matches()
            if not len(matches):
                it.observes("none", expected=[f"{limit} of four studies"])
            elif len(matches) > limit:
                it.observes(
                    "more-objects-than-limit", expected=[f"{limit} of four studies"], received=f"{len(matches)} objects"
                )
            elif len(matches) < limit:
                it.finds(
                    "fewer objects than limit, and more match",
                    expected=[f"{limit} of four studies"],
                    received=f"{len(matches)} objects",
                )


@verifies("SEARCH-070", id="search-offset-skips")
def test_offset_skips(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`offset=1` leaves out the first of four matches."""
    family = corpus.four_studies_of_one_patient
    everything = _studies_of(dicomweb, family.patient_id, 4)

    response = dicomweb.search("studies", PatientID=family.patient_id, offset=1)

    with expect(response) as it:
        found = it.is_a_list_of_matches().uids(STUDY)
        if set(found) != set(everything[1:]):
            assume(pages.make_the_whole(dicomweb, corpus), "pages with limit=1 go wrong, too", pages.OWNER)
        if len(found) >= 4:
            it.observes("four-objects", expected=["the last three"], received=f"{len(found)} objects")
        elif len(set(found) & set(everything)) < 3:
            it.observes("fewer-than-three", expected=["the last three"], received=f"{len(found)} objects")
        elif found != everything[1:]:
            it.observes("three-objects-of-four-in-another-order", expected=everything[1:], received=", ".join(found))


@verifies("SEARCH-071", id="search-offset-defaults-to-zero")
def test_offset_defaults_to_zero(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`offset=0` gives the same studies as no offset."""
    family = corpus.four_studies_of_one_patient
    everything = _studies_of(dicomweb, family.patient_id, 4)

    response = dicomweb.search("studies", PatientID=family.patient_id, offset=0)

    with expect(response) as it:
        it.lists_exactly(
            it.is_a_list_of_matches(),
            STUDY,
            everything,
            none="another-set",
            incomplete="another-set",
            excess="another-set",
        )


@verifies("SEARCH-072", id="search-pages-make-the-whole")
def test_pages_make_the_whole(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Four pages of one study each, put together, are the unpaged list."""
    family, _ = corpus.four_studies_of_one_patient, corpus.neighbours
    everything = _studies_of(dicomweb, family.patient_id, 4)

    found: list[str] = []
    for offset in range(4):
        response = dicomweb.search("studies", PatientID=family.patient_id, limit=1, offset=offset)
        with expect(response) as it:
            matches = it.is_a_list_of_matches()
            one = len(matches) == 1 or (offset > 0 and not len(matches))
            assume(one, "limit=1 does not give one match", "search-limit-caps")
            found += matches.uids(STUDY)

    with expect(response) as it:
        if sorted(found) != sorted(everything):
            it.observes("a-study-twice-or-missing", expected=everything, received=", ".join(found) or "nothing")
        elif found != everything:
            it.observes("each-study-once-in-another-order", expected=everything, received=", ".join(found))


@verifies("SEARCH-072", id="search-pages-of-many", needs="search.instances")
def test_pages_of_many(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A series of 120 instances is listed to its end, at once or page after page as long as the server makes them."""
    series = corpus.many_slices.series[0]
    wanted = [instance.sop_instance_uid for instance in series.instances]

    found: list[str] = []
    for _ in range(MOST_PAGES):
        paging = {"offset": len(found)} if found else {}
        response = dicomweb.search_in(series, "instances", paging)
        with expect(response) as it:
            page = it.is_a_list_of_matches().uids(INSTANCE)
            assume(not page or page != found, "offset gives the first page again", "search-offset-skips")
            found += page
            if not page or len(found) >= len(wanted):
                break

    # Of pages so small that they are not turned to the last only what was seen is judged.
    ended = not page or len(found) >= len(wanted)
    with expect(response) as it:
        if (ended and set(wanted) - set(found)) or len(set(found)) < len(found) or set(found) - set(wanted):
            it.observes("a-study-twice-or-missing", expected=[listed(wanted)], received=differing(wanted, found))


@verifies("SEARCH-073", id="search-order-is-stable", afresh=True)
def test_order_is_stable(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The same search gives the same list in the same order while nothing changes."""
    family = corpus.four_studies_of_one_patient
    first = _studies_of(dicomweb, family.patient_id, 4)

    for _ in range(3):
        response = dicomweb.search("studies", PatientID=family.patient_id)
        with expect(response) as it:
            again = it.is_a_list_of_matches().uids(STUDY)
            if sorted(again) != sorted(first):
                it.observes("another-set", expected=first, received=", ".join(again) or "nothing")
            elif again != first:
                it.observes("another-order", expected=first, received=", ".join(again))


@verifies("SEARCH-074", "SEARCH-080", id="search-warns-of-more")
def test_warns_of_more(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A page that leaves out three matches says so in a Warning header."""
    family = corpus.four_studies_of_one_patient
    _studies_of(dicomweb, family.patient_id, 4)

    response = dicomweb.search("studies", PatientID=family.patient_id, limit=1)

    with expect(response) as it:
        assume(len(it.is_a_list_of_matches()) == 1, "limit=1 does not give one match", "search-limit-caps")
        for each in response.headers.all("Warning"):
            if "299" not in each:
                it.observes("another-warn-code", where="Warning", received=each, of="SEARCH-080")
            elif not re.search("additional|remain|more", each, re.IGNORECASE):
                it.observes("299-with-other-words", where="Warning", received=each, of="SEARCH-080")
        warnings = [each for each in response.headers.all("Warning") if "299" in each]
        numbers = [int(number) for warning in warnings for number in _numbers_after_299(warning)]
        if not warnings:
            others = [name for name in ("Link", "X-Total-Count") if response.headers.get(name)]
            it.observes(
                "206-or-link-or-x-total-count-instead" if others else "no-warning",
                where="Warning",
                received=", ".join(others) or "no Warning",
            )
        elif not numbers:
            it.observes("a-warning-with-299-and-no-plain-number", where="Warning", received=warnings[0])
        elif 3 not in numbers:
            it.observes(
                "warning-counts-wrongly",
                where="Warning",
                expected=["3 additional results"],
                received=warnings[0],
            )


@verifies("SEARCH-075", id="search-does-not-warn-of-nothing")
def test_does_not_warn_of_nothing(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A page that holds every match does not warn of additional ones."""
    family = corpus.four_studies_of_one_patient

    response = dicomweb.search("studies", PatientID=family.patient_id, limit=100)

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        assume(len(matches.own) == 4, "the four studies of a patient are not found", "search-by-keyword")
        for warning in response.headers.all("Warning"):
            if "299" in warning and re.search(r"additional|remain|more results", warning, re.IGNORECASE):
                it.observes(
                    "warning-that-tells-of-additional-results",
                    where="Warning",
                    expected=["no such Warning"],
                    received=warning,
                )


@verifies("SEARCH-076", id="search-huge-limit")
def test_huge_limit(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A limit beyond the server's own maximum does not make the server leave out one of four matches."""
    family = corpus.four_studies_of_one_patient
    everything = _studies_of(dicomweb, family.patient_id, 4)

    response = dicomweb.search("studies", PatientID=family.patient_id, limit=100_000)

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if not set(everything) <= set(matches.uids(STUDY)) and not any(
            "299" in each for each in response.headers.all("Warning")
        ):
            it.observes(
                "fewer-than-four-unwarned",
                expected=["four studies"],
                received=f"{len(matches)} objects",
            )


@verifies("SEARCH-077", id="search-offset-past-the-end")
def test_offset_past_the_end(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An offset past the last match gives an empty result."""
    family = corpus.four_studies_of_one_patient
    everything = _studies_of(dicomweb, family.patient_id, 4)
    skips = dicomweb.search("studies", PatientID=family.patient_id, offset=1)
    control(skips, because="an offset within the matches does not work")
    with expect(skips) as it:
        matches = it.is_a_list_of_matches()
        assume(len(matches) < len(everything), "offset=1 leaves out no match", "search-offset-skips")

    response = dicomweb.search("studies", PatientID=family.patient_id, offset=1000)

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if len(matches):
            it.observes("any-object", expected=["an empty result"], received=f"{len(matches)} objects")


@verifies("SEARCH-078", id="search-limit-zero")
def test_limit_zero(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`limit=0` gives no match, or is refused."""
    family = corpus.four_studies_of_one_patient
    _studies_of(dicomweb, family.patient_id, 4)

    response = dicomweb.search("studies", PatientID=family.patient_id, limit=0)

    with expect(response) as it:
        if len(it.is_a_list_of_matches()):
            it.observes("200-taken-as-no-limit")


INVALID = tuple(
    Variant(each, "SEARCH-079", each)
    for each in (
        *("limit=abc", "limit=-1", "limit=1.5", "offset=x", "offset=-1", "fuzzymatching=maybe"),
        *("StudyDate=banana", "StudyDate=20200230", "StudyTime=banana"),
    )
)


@verifies(id="search-invalid-value", each=INVALID)
def test_invalid_value(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A parameter with an invalid value is refused with 400."""
    family = corpus.four_studies_of_one_patient
    everything = _studies_of(dicomweb, family.patient_id, 4)
    name, _, _ = case.value.partition("=")

    def asked(by: Variant) -> Response:
        parameter, _, invalid = by.value.partition("=")
        return dicomweb.search("studies", {"PatientID": family.patient_id, parameter: invalid})

    response = asked(case)

    leave_to_the_first("search-invalid-value", case, INVALID, _breaks(response), lambda each: _breaks(asked(each)))
    with expect(response) as it:
        if 200 <= response.status < 300 and name == "fuzzymatching":
            matches = it.is_a_list_of_matches()
            it.observes("2xx-for-invalid-fuzzymatching")
        else:
            matches = it.is_a_list_of_matches()
            ignored = "2xx-invalid-date-ignored" if name.startswith("Study") else "2xx-invalid-paging-ignored"
            it.observes(ignored if matches.own else "204-or-200-empty-list", expected=["400"])
        if others := _others(matches, everything):
            it.observes("studies-of-other-patients", received=f"{others} studies that do not match")


def _breaks(response: Response) -> str:
    return f"an invalid value is answered with {response.status}" if response.status >= 500 else ""


@verifies("SEARCH-048", id="search-ignores-unknown-keys")
def test_ignores_unknown_keys(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A key that the server does not know changes nothing."""
    family = corpus.four_studies_of_one_patient
    everything = _studies_of(dicomweb, family.patient_id, 4)

    response = dicomweb.search("studies", PatientID=family.patient_id, NotADicomKeyword=1)

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if others := _others(matches, everything):
            it.observes("studies-of-other-patients", received=f"{others} studies that do not match")
        elif not len(matches):
            it.observes("none-taken-as-a-key", expected=["the same four studies"])
        else:
            it.lists_exactly(matches, STUDY, everything)


@verifies("SEARCH-013", id="search-malformed-tag")
def test_malformed_tag(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A key that is neither a tag nor a keyword is refused with 400, or ignored."""
    family = corpus.four_studies_of_one_patient
    everything = _studies_of(dicomweb, family.patient_id, 4)

    response = dicomweb.search("studies", {"PatientID": family.patient_id, "0010": "1"})

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if others := _others(matches, everything):
            it.observes("studies-of-other-patients", received=f"{others} studies that do not match")
        elif not len(matches):
            it.observes("204-or-200-empty-list", expected=["400", "the four studies"])
        else:
            it.lists_exactly(matches, STUDY, everything)


def _studies_of(dicomweb: StudiesService, patient_id: str, number: int) -> list[str]:
    """Return the UIDs of a patient's studies as an unpaged search lists them; paging means nothing without it."""
    response = dicomweb.search("studies", PatientID=patient_id)
    control(response, because="a search by PatientID does not work")
    with expect(response) as it:
        matches = it.is_a_list_of_matches()
    found = matches.uids(STUDY)
    assume(
        len(set(found)) == number and not matches.foreign,
        f"a search by PatientID finds {len(set(found)) + matches.foreign} studies where {number} are the patient's",
        "search-by-keyword",
    )
    assume(
        len(found) == number,
        f"a search by PatientID lists {number} studies more than once",
        "search-lists-each-entity-once",
    )
    return found


def _others(matches: Matches, studies: Collection[str]) -> int:
    """Return how many matches are not among these studies."""
    return matches.foreign + len(set(matches.uids(STUDY)) - set(studies))


def _numbers_after_299(warning: str) -> list[str]:
    """Return the numbers in the text of a Warning: not those of its agent, which may be a host with a port."""
    text = warning.partition("299")[2].strip()
    agent_and_text = text.partition(" ")[2] or text
    return re.findall(r"(?<![\w.:/-])\d+(?![\w.:/-])", agent_and_text)
