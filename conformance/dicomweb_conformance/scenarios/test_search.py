"""Search.

The six resources, what they are confined to, paging, and parameters that are unknown or wrong (PS3.18 10.6).
"""

from __future__ import annotations

import re
from collections.abc import Collection

from dicomweb_conformance import dicom_json, media_types
from dicomweb_conformance.archive import Archive
from dicomweb_conformance.checks import Variant, verifies
from dicomweb_conformance.expect import BUSY, Expectation, Matches, assume, control, expect
from dicomweb_conformance.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.identifiers import patient_id_prefix, uid

STUDY, SERIES, INSTANCE = "0020000D", "0020000E", "00080018"
PATIENT_ID = "00100020"


# The six resources


@verifies("SEARCH-001", id="search-studies", smoke=True)
def test_studies(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`/studies` finds a study by its UID."""
    study = corpus.two_series

    response = dicomweb.search("studies", StudyInstanceUID=study.study_instance_uid)

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        it.lists_exactly(
            matches, STUDY, [study.study_instance_uid], none="204 or 200 [] for a study that is retrievable"
        )


@verifies("SEARCH-002", id="search-series-of-a-study", smoke=True)
def test_series_of_a_study(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`/studies/{study}/series` lists the series of the study, each once."""
    study = corpus.two_series

    response = dicomweb.search_in(study, "series")

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        wrong = "series missing, doubled or foreign"
        it.lists_exactly(
            matches, SERIES, [each.uid for each in study.series], none="204 or 200 []", incomplete=wrong, excess=wrong
        )
        it.lists_each_once(matches, SERIES, twice=wrong)


@verifies("SEARCH-003", id="search-instances-of-a-series", smoke=True)
def test_instances_of_a_series(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`/studies/{study}/series/{series}/instances` lists the instances of the series, each once."""
    series = corpus.two_series.series[1]

    response = dicomweb.search_in(series, "instances")

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        wrong = "instances missing, doubled or foreign"
        it.lists_exactly(
            matches,
            INSTANCE,
            [each.sop_instance_uid for each in series.instances],
            none="204 or 200 []",
            incomplete=wrong,
            excess=wrong,
        )
        it.lists_each_once(matches, INSTANCE, twice=wrong)


@verifies("SEARCH-004", id="search-instances-of-a-study")
def test_instances_of_a_study(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`/studies/{study}/instances` lists every instance of the study and nothing else."""
    study = corpus.two_series

    response = dicomweb.search_in(study, "instances")

    with expect(response) as it:
        _is_offered(it)
        wrong = "200 with entities missing or foreign"
        it.lists_exactly(
            it.is_a_list_of_matches(),
            INSTANCE,
            [each.sop_instance_uid for each in study.instances],
            none=wrong,
            incomplete=wrong,
            excess=wrong,
        )


@verifies("SEARCH-005", id="search-all-series")
def test_all_series(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`/series` finds a series by its UID, and no other."""
    series = corpus.two_series.series[0]

    response = dicomweb.search("series", SeriesInstanceUID=series.uid)

    with expect(response) as it:
        _is_offered(it)
        wrong = "200 with entities missing or foreign"
        it.lists_exactly(it.is_a_list_of_matches(), SERIES, [series.uid], none=wrong, incomplete=wrong, excess=wrong)


@verifies("SEARCH-006", id="search-all-instances")
def test_all_instances(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`/instances` finds an instance by its UID, and no other."""
    instance = corpus.two_series.instances[1]

    response = dicomweb.search("instances", SOPInstanceUID=instance.sop_instance_uid)

    with expect(response) as it:
        _is_offered(it)
        wrong = "200 with entities missing or foreign"
        it.lists_exactly(
            it.is_a_list_of_matches(), INSTANCE, [instance.sop_instance_uid], none=wrong, incomplete=wrong, excess=wrong
        )


def _is_offered(it: Expectation) -> None:
    """Report a refusal as such: a server may lack these resources only where it stands before a DIMSE archive."""
    if it.response.status == 501 or (400 <= it.response.status < 500 and it.response.status not in BUSY):
        it.observes("4xx or 501 from a native server")
        it.concludes()


@verifies("SEARCH-007", id="search-json-by-default")
def test_json_by_default(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Results are application/dicom+json for that type and for `*/*`."""
    study = corpus.two_series

    asked = dicomweb.search("studies", StudyInstanceUID=study.study_instance_uid)
    anything = dicomweb.search("studies", StudyInstanceUID=study.study_instance_uid, accept="*/*")

    for response in (asked, anything):
        with expect(response) as it:
            if response.status == 406:
                it.observes("406 for either")
                it.concludes()
            it.has_status(200)
    with expect(asked) as it:
        _is_json(it)
    with expect(anything) as it:
        if media_types.name_of(anything.content_type) in {media_types.DICOM_XML, media_types.MULTIPART_RELATED}:
            it.observes("another listed type for */*", where="Content-Type")
        else:
            _is_json(it)


def _is_json(it: Expectation) -> None:
    match media_types.name_of(it.response.content_type):
        case media_types.DICOM_JSON:
            pass
        case media_types.JSON:
            it.observes("application/json with the same body (see JSON-001)", where="Content-Type")
        case _:
            it.finds("another media type", where="Content-Type", expected=[media_types.DICOM_JSON])
    it.is_json("body is not JSON under a JSON Content-Type")


@verifies("SEARCH-083", id="search-confined-to-the-path")
def test_confined_to_the_path(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Results below a study or series hold nothing that is stored elsewhere."""
    study, _ = corpus.two_series, corpus.ct_pair
    elsewhere = "an entity of another study or series"

    series = dicomweb.search_in(study, "series")
    instances = dicomweb.search_in(study.series[0], "instances")
    control(series, because="a search for the series of a study does not work")
    control(instances, because="a search for the instances of a series does not work")

    with expect(series) as it:
        matches = it.is_a_list_of_matches()
        assume(matches, "no series was found in a study that has two", "search-series-of-a-study")
        it.lists_nothing_but(matches, SERIES, [each.uid for each in study.series], else_=elsewhere)
    with expect(instances) as it:
        matches = it.is_a_list_of_matches()
        assume(matches, "no instance was found in a series that has one", "search-instances-of-a-series")
        it.lists_nothing_but(
            matches,
            INSTANCE,
            [each.sop_instance_uid for each in study.series[0].instances],
            else_=elsewhere,
        )


@verifies("SEARCH-082", id="search-lists-each-entity-once")
def test_each_entity_once(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A study of two series is one result of a search for studies, and each series one of a search for series."""
    study = corpus.two_series

    studies = dicomweb.search("studies", StudyInstanceUID=study.study_instance_uid)
    series = dicomweb.search_in(study, "series")
    control(series, because="a search for the series of a study does not work")

    for response, tag in ((studies, STUDY), (series, SERIES)):
        with expect(response) as it:
            matches = it.is_a_list_of_matches()
            assume(matches.own, "the search finds nothing of a stored study", response.exchange)
            it.lists_each_once(matches, tag, twice="two objects with the same unique key")


@verifies("SEARCH-084", id="search-unique-keys-of-upper-levels")
def test_unique_keys_of_upper_levels(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Results name the study and series above them, as the path does."""
    series = corpus.two_series.series[1]

    response = dicomweb.search_in(series, "instances")
    control(response, because="a search for the instances of a series does not work")

    with expect(response) as it:
        below = {each.sop_instance_uid for each in series.instances}
        matches = [each for each in it.is_a_list_of_matches().own if dicom_json.text(each, INSTANCE) in below]
        assume(matches, "no instance was found in a series that has three", "search-instances-of-a-series")
        for match in matches:
            for tag, expected in ((STUDY, series.study_instance_uid), (SERIES, series.uid)):
                found = dicom_json.text(match, tag)
                if not found:
                    it.observes("absent, where the path gives it", where=tag, expected=[expected])
                elif found != expected:
                    it.observes(
                        "present with another value than the path", where=tag, expected=[expected], received=found
                    )


# No match

NO_MATCH = (Variant("StudyInstanceUID", "SEARCH-011"), Variant("PatientID", "SEARCH-011"))


@verifies(id="search-no-match", each=NO_MATCH)
def test_no_match(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A search that matches nothing is answered 204, or 200 with an empty result."""
    study = corpus.two_series
    unused = uid(corpus.seed, "unused") if case.id == "StudyInstanceUID" else f"{patient_id_prefix(corpus.seed)}-UNUSED"
    finds = dicomweb.search("studies", {case.id: study.value(case.id)})
    control(finds, because=f"a search by {case.id} does not work")
    with expect(finds) as it:
        found = it.is_a_list_of_matches()
        assume(
            set(found.uids(STUDY)) == {study.study_instance_uid} and not found.foreign,
            f"a search by {case.id} does not find just the study that has the value",
            finds.exchange,
        )

    response = dicomweb.search("studies", {case.id: unused})

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if len(matches):
            it.observes(
                "200 with [{}] or any object", expected=["204", "200 with []"], received=f"{len(matches)} objects"
            )
        else:
            it.observes(_empty_style(it))


def _empty_style(it: Expectation) -> str:
    if it.response.status == 204:
        return "204 without body"
    return "200 with []" if it.response.body.strip() else "200 with an empty body"


BELOW_UNKNOWN = (Variant("study", "SEARCH-012"), Variant("series", "SEARCH-012"))


@verifies(id="search-below-unknown", each=BELOW_UNKNOWN)
def test_below_unknown(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A search below a study or series that does not exist gives nothing: an empty result or 404."""
    study = corpus.two_series
    unused = uid(corpus.seed, "unused")
    stored, unknown = (
        (f"studies/{study.study_instance_uid}/series", f"studies/{unused}/series")
        if case.id == "study"
        else (
            f"studies/{study.study_instance_uid}/series/{study.series[0].uid}/instances",
            f"studies/{study.study_instance_uid}/series/{unused}/instances",
        )
    )
    works = dicomweb.search(stored)
    control(works, because="the same search does not work below what is stored")
    assume(
        study.series[0].uid.encode() in works.body or study.instances[0].sop_instance_uid.encode() in works.body,
        "it finds nothing there",
        works.exchange,
    )

    response = dicomweb.search(unknown)

    with expect(response) as it:
        if len(it.is_a_list_of_matches()):
            it.observes("200 with any object")


# Paging


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
                    "more objects than limit", expected=[f"{limit} of four studies"], received=f"{len(matches)} objects"
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
        if len(found) >= 4:
            it.observes("four objects", expected=["the last three"], received=f"{len(found)} objects")
        elif len(set(found) & set(everything)) < 3:
            it.observes("fewer than three", expected=["the last three"], received=f"{len(found)} objects")
        elif found != everything[1:]:
            it.observes(
                "three objects of the four in another order", expected=everything[1:], received=", ".join(found)
            )


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
            none="another set",
            incomplete="another set",
            excess="another set",
        )


@verifies("SEARCH-072", id="search-pages-make-the-whole")
def test_pages_make_the_whole(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Four pages of one study each, put together, are the unpaged list."""
    family = corpus.four_studies_of_one_patient
    everything = _studies_of(dicomweb, family.patient_id, 4)

    pages: list[str] = []
    for offset in range(4):
        response = dicomweb.search("studies", PatientID=family.patient_id, limit=1, offset=offset)
        with expect(response) as it:
            matches = it.is_a_list_of_matches()
            one = len(matches) == 1 or (offset > 0 and not len(matches))
            assume(one, "limit=1 does not give one match", "search-limit-caps")
            pages += matches.uids(STUDY)

    with expect(response) as it:
        if sorted(pages) != sorted(everything):
            it.observes("a study twice or missing", expected=everything, received=", ".join(pages) or "nothing")
        elif pages != everything:
            it.observes("each study once, in another order", expected=everything, received=", ".join(pages))


@verifies("SEARCH-073", id="search-order-is-stable")
def test_order_is_stable(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The same search gives the same list in the same order while nothing changes."""
    family = corpus.four_studies_of_one_patient
    first = _studies_of(dicomweb, family.patient_id, 4)

    for _ in range(3):
        response = dicomweb.search("studies", PatientID=family.patient_id)
        with expect(response) as it:
            again = it.is_a_list_of_matches().uids(STUDY)
            if sorted(again) != sorted(first):
                it.observes("another set", expected=first, received=", ".join(again) or "nothing")
            elif again != first:
                it.observes("another order", expected=first, received=", ".join(again))


@verifies("SEARCH-074", id="search-warns-of-more")
def test_warns_of_more(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A page that leaves out three matches says so in a Warning header."""
    family = corpus.four_studies_of_one_patient
    _studies_of(dicomweb, family.patient_id, 4)

    response = dicomweb.search("studies", PatientID=family.patient_id, limit=1)

    with expect(response) as it:
        assume(len(it.is_a_list_of_matches()) == 1, "limit=1 does not give one match", "search-limit-caps")
        warnings = [each for each in response.headers.all("Warning") if "299" in each]
        numbers = [int(number) for each in warnings for number in _numbers_after_299(each)]
        if not warnings:
            others = [name for name in ("Link", "X-Total-Count") if response.headers.get(name)]
            it.observes(
                "206 or Link or X-Total-Count instead" if others else "no Warning",
                where="Warning",
                received=", ".join(others) or "no Warning",
            )
        elif not numbers:
            it.observes("a Warning with 299 and no plain number", where="Warning", received=warnings[0])
        elif 3 not in numbers:
            it.observes(
                "Warning with 299 and a wrong number of additional results",
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
                    "Warning that tells of additional results",
                    where="Warning",
                    expected=["no such Warning"],
                    received=warning,
                )


@verifies("SEARCH-076", id="search-huge-limit")
def test_huge_limit(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A limit beyond the server's own maximum is no reason to leave out four matches."""
    family = corpus.four_studies_of_one_patient
    everything = _studies_of(dicomweb, family.patient_id, 4)

    response = dicomweb.search("studies", PatientID=family.patient_id, limit=100_000)

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if not set(everything) <= set(matches.uids(STUDY)) and not any(
            "299" in each for each in response.headers.all("Warning")
        ):
            it.observes(
                "fewer than the four studies without Warning 299",
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
            it.observes("any object", expected=["an empty result"], received=f"{len(matches)} objects")


@verifies("SEARCH-078", id="search-limit-zero")
def test_limit_zero(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`limit=0` asks for nothing; it gives nothing, or is refused."""
    family = corpus.four_studies_of_one_patient
    _studies_of(dicomweb, family.patient_id, 4)

    response = dicomweb.search("studies", PatientID=family.patient_id, limit=0)

    with expect(response) as it:
        if len(it.is_a_list_of_matches()):
            it.observes("200 with the studies (taken as no limit)")


# Parameters that are unknown or wrong

INVALID = tuple(
    Variant(each, "SEARCH-079", each)
    for each in ("limit=abc", "limit=-1", "limit=1.5", "offset=x", "offset=-1", "fuzzymatching=maybe")
)


@verifies(id="search-invalid-value", each=INVALID)
def test_invalid_value(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A parameter with a value that it cannot have is refused with 400."""
    family = corpus.four_studies_of_one_patient
    everything = _studies_of(dicomweb, family.patient_id, 4)
    name, _, value = case.value.partition("=")

    response = dicomweb.search("studies", {"PatientID": family.patient_id, name: value})

    with expect(response) as it:
        if 200 <= response.status < 300 and name == "fuzzymatching":
            matches = it.is_a_list_of_matches()
            it.observes("2xx for fuzzymatching=maybe (support is optional)")
        else:
            matches = it.is_a_list_of_matches()
            it.observes(
                "2xx with the own studies for limit or offset (value ignored)" if matches.own else "204 or 200 []",
                expected=["400"],
            )
        if others := _others(matches, everything):
            it.observes("studies of other patients", received=f"{others} studies that do not match")


@verifies("SEARCH-048", id="search-ignores-unknown-keys")
def test_ignores_unknown_keys(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A key that the server does not know changes nothing."""
    family = corpus.four_studies_of_one_patient
    everything = _studies_of(dicomweb, family.patient_id, 4)

    response = dicomweb.search("studies", PatientID=family.patient_id, NotADicomKeyword=1)

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if others := _others(matches, everything):
            it.observes("studies of other patients", received=f"{others} studies that do not match")
        elif not len(matches):
            it.observes("204 or 200 [] (taken as a key that nothing matches)", expected=["the same four studies"])
        else:
            it.lists_exactly(matches, STUDY, everything)


@verifies("SEARCH-013", id="search-malformed-tag")
def test_malformed_tag(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A key that is neither tag nor keyword is refused with 400, or ignored."""
    family = corpus.four_studies_of_one_patient
    everything = _studies_of(dicomweb, family.patient_id, 4)

    response = dicomweb.search("studies", {"PatientID": family.patient_id, "0010": "1"})

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if others := _others(matches, everything):
            it.observes("studies of other patients", received=f"{others} studies that do not match")
        elif not len(matches):
            it.observes("204 or 200 []", expected=["400", "the four studies"])
        else:
            it.lists_exactly(matches, STUDY, everything)


@verifies("SEARCH-159", "STORE-062", id="search-finds-what-was-just-stored")
def test_finds_what_was_just_stored(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A stored instance is found by a search, at once or within the grace time."""
    study = fresh.study()

    stored = dicomweb.store(study.instances)
    control(stored, 200, 202, because="the store does not work")
    took = archive.time_until(
        lambda: (
            study.study_instance_uid.encode()
            in dicomweb.search("studies", StudyInstanceUID=study.study_instance_uid).body
        )
    )

    with expect(stored) as it:
        if took is None:
            it.observes("still absent from search after the grace time", of="STORE-062")
        elif took > 1:
            it.observes("found after more than one second", received=f"{took:.1f} s")


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
