"""Search: the six resources, and what an answer without a match is (PS3.18 10.6)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import BUSY, Expectation, assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.http import media_types
from dicomweb_conformance.scenarios.search.controls import INSTANCE, SERIES, STUDY, finds_just
from dicomweb_conformance.scenarios.steps.xml_models import kind_of
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.identifiers import patient_id_prefix, uid

PATIENT_ID = "00100020"
JSON_TYPES = frozenset({media_types.DICOM_JSON, media_types.JSON})


@verifies("SEARCH-001", id="search-studies", smoke=True)
def test_studies(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`/studies` finds a study by its UID."""
    study, _ = corpus.two_series, corpus.ct_pair

    response = dicomweb.search("studies", StudyInstanceUID=study.study_instance_uid)

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        it.lists_exactly(matches, STUDY, [study.study_instance_uid], none="not-found-although-retrievable")


@verifies("SEARCH-002", id="search-series-of-a-study", smoke=True)
def test_series_of_a_study(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`/studies/{study}/series` lists the series of the study, each once."""
    study, _ = corpus.two_series, corpus.ct_pair

    response = dicomweb.search_in(study, "series")

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        wrong = "series-missing-doubled-or-foreign"
        it.lists_exactly(
            matches,
            SERIES,
            [each.uid for each in study.series],
            none="204-or-200-empty-list",
            incomplete=wrong,
            excess=wrong,
        )
        it.lists_each_once(matches, SERIES, twice=wrong)


@verifies("SEARCH-003", id="search-instances-of-a-series", smoke=True)
def test_instances_of_a_series(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`/studies/{study}/series/{series}/instances` lists the instances of the series, each once."""
    series = corpus.two_series.series[1]

    response = dicomweb.search_in(series, "instances")

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        wrong = "instances-missing-doubled-or-foreign"
        it.lists_exactly(
            matches,
            INSTANCE,
            [instance.sop_instance_uid for instance in series.instances],
            none="204-or-200-empty-list",
            incomplete=wrong,
            excess=wrong,
        )
        it.lists_each_once(matches, INSTANCE, twice=wrong)


@verifies("SEARCH-004", id="search-instances-of-a-study")
def test_instances_of_a_study(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`/studies/{study}/instances` lists every instance of the study and nothing else."""
    study, _ = corpus.two_series, corpus.ct_pair

    response = dicomweb.search_in(study, "instances")

    with expect(response) as it:
        _is_offered(it)
        wrong = "200-with-entities-missing-or-foreign"
        it.lists_exactly(
            it.is_a_list_of_matches(),
            INSTANCE,
            [instance.sop_instance_uid for instance in study.instances],
            none=wrong,
            incomplete=wrong,
            excess=wrong,
        )


@verifies("SEARCH-005", id="search-all-series")
def test_all_series(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`/series` finds a series by its UID, and no other."""
    series, _ = corpus.two_series.series[0], corpus.ct_pair

    response = dicomweb.search("series", SeriesInstanceUID=series.uid)

    with expect(response) as it:
        _is_offered(it)
        wrong = "200-with-entities-missing-or-foreign"
        it.lists_exactly(it.is_a_list_of_matches(), SERIES, [series.uid], none=wrong, incomplete=wrong, excess=wrong)


@verifies("SEARCH-006", id="search-all-instances")
def test_all_instances(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`/instances` finds an instance by its UID, and no other."""
    instance, _ = corpus.two_series.instances[1], corpus.ct_pair

    response = dicomweb.search("instances", SOPInstanceUID=instance.sop_instance_uid)

    with expect(response) as it:
        _is_offered(it)
        wrong = "200-with-entities-missing-or-foreign"
        it.lists_exactly(
            it.is_a_list_of_matches(), INSTANCE, [instance.sop_instance_uid], none=wrong, incomplete=wrong, excess=wrong
        )


@verifies("SEARCH-016", id="search-is-get")
def test_is_get(dicomweb: StudiesService) -> None:
    """POST is no search: it is refused, and nothing is taken for stored."""
    response = dicomweb.send("POST", "series", accept=media_types.DICOM_JSON, body=b"")

    with expect(response) as it:
        it.has_status(405)


@verifies("SEARCH-014", id="search-without-keys")
def test_without_keys(dicomweb: StudiesService) -> None:
    """A search of all instances without keys gives as many as its limit, or is refused as too broad."""
    response = dicomweb.search("instances", limit=1)

    with expect(response) as it:
        if response.status == 413:
            it.observes("413")
            it.concludes()
        matches = it.is_a_list_of_matches()
        if len(matches) > 1:
            it.finds("more objects than limit", expected=["one instance"], received=f"{len(matches)} objects")


def _is_offered(it: Expectation) -> None:
    """Report a refusal as such: a server may lack these resources only where it stands before a DIMSE archive."""
    if it.response.status == 501 or (400 <= it.response.status < 500 and it.response.status not in BUSY):
        it.observes("4xx-or-501-from-a-native-server")
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
                it.observes("406-for-either")
                it.concludes()
            it.has_status(200)
    with expect(asked) as it:
        _is_json(it)
    with expect(anything) as it:
        if media_types.name_of(anything.content_type) in {media_types.DICOM_XML, media_types.MULTIPART_RELATED}:
            it.observes("another-listed-type-for-star-star", where="Content-Type")
        else:
            _is_json(it)


def _is_json(it: Expectation) -> None:
    match kind_of(it.response):
        case media_types.DICOM_JSON:
            pass
        case media_types.JSON:
            it.observes("application-json-same-body", where="Content-Type")
        case _:
            it.finds("another media type", where="Content-Type", expected=[media_types.DICOM_JSON])
    it.is_json("body-not-json-under-json-content-type")


@verifies("SEARCH-156", id="search-accept-parameter")
def test_accept_parameter(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`accept=application/dicom+json` in the query changes nothing of what is found."""
    study = corpus.two_series
    keys = {"PatientID": study.patient_id}
    finds_just(dicomweb, keys, [study.study_instance_uid], blame="search-by-keyword")

    response = dicomweb.search("studies", {**keys, "accept": media_types.DICOM_JSON}, accept="*/*")

    with expect(response) as it:
        it.has_status(200, 204)
        if response.status == 200 and kind_of(response) not in JSON_TYPES:
            it.observes("another-type-in-spite-of-it", where="Content-Type")
            it.concludes()
        taken = "taken-for-a-key"
        it.lists_exactly(it.is_a_list_of_matches(), STUDY, [study.study_instance_uid], none=taken, excess=taken)


@verifies("SEARCH-083", id="search-confined-to-the-path")
def test_confined_to_the_path(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Results below a study or series hold nothing that is stored elsewhere."""
    study, _ = corpus.two_series, corpus.ct_pair
    elsewhere = "an-entity-of-another-study-or-series"

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
            [instance.sop_instance_uid for instance in study.series[0].instances],
            else_=elsewhere,
        )
    for below, resource, keys, tag, own in (
        (study, "series", {"Modality": study.series[0].modality}, SERIES, [each.uid for each in study.series]),
        (
            study.series[0],
            "instances",
            {"InstanceNumber": study.series[0].instances[0].value("InstanceNumber")},
            INSTANCE,
            [instance.sop_instance_uid for instance in study.series[0].instances],
        ),
    ):
        response = dicomweb.search_in(below, resource, **keys)
        if response.status == 200:  # else the check of the key tells of it
            with expect(response) as it:
                it.lists_nothing_but(it.is_a_list_of_matches(), tag, own, else_=elsewhere)


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
            it.lists_each_once(matches, tag, twice="two-objects-with-the-same-unique-key")


@verifies("SEARCH-084", id="search-unique-keys-of-upper-levels")
def test_unique_keys_of_upper_levels(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Results name the study and series above them, as the path does."""
    series = corpus.two_series.series[1]

    response = dicomweb.search_in(series, "instances")
    control(response, because="a search for the instances of a series does not work")

    with expect(response) as it:
        below = {instance.sop_instance_uid for instance in series.instances}
        matches = [each for each in it.is_a_list_of_matches().own if json_model.text(each, INSTANCE) in below]
        assume(matches, "no instance was found in a series that has three", "search-instances-of-a-series")
        for match in matches:
            for tag, expected in ((STUDY, series.study_instance_uid), (SERIES, series.uid)):
                found = json_model.text(match, tag)
                if not found:
                    it.observes("absent-where-the-path-gives-it", where=tag, expected=[expected])
                elif found != expected:
                    it.observes(
                        "present-with-another-value-than-the-path", where=tag, expected=[expected], received=found
                    )


NO_MATCH = (Variant("StudyInstanceUID", "SEARCH-011"), Variant("PatientID", "SEARCH-011"))


@verifies(id="search-no-match", each=NO_MATCH)
def test_no_match(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A search that matches nothing is answered with 204, or 200 with an empty result."""
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
            it.observes("200-with-an-object", expected=["204", "200 with []"], received=f"{len(matches)} objects")
        else:
            it.observes(_empty_style(it))


def _empty_style(it: Expectation) -> str:
    if it.response.status == 204:
        return "204-without-body"
    return "200-with-empty-list" if it.response.body.strip() else "200-with-an-empty-body"


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
            it.observes("200-with-any-object")


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
            it.observes("absent-from-search-after-grace", of="STORE-062")
        elif took > 1:
            it.observes("found-after-more-than-one-second", received=f"{took:.1f} s")
