"""What the Cloud Healthcare API searches by: keys, their values, and pages of what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dicomweb_conformance.checks.expect import control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.scenarios.google.searches import LEVELS, STUDY, finds_just, uids
from dicomweb_conformance.scenarios.steps.likewise import leave_to_the_first
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.identifiers import uid

# Keys


@dataclass(frozen=True)
class LowerLevel:
    """A key of an upper level, tried where series or instances are searched."""

    id: str
    requirement: str
    resource: str
    keyword: str


_OF_STUDIES = (
    "StudyInstanceUID", "PatientName", "PatientID", "AccessionNumber", "ReferringPhysicianName", "StudyDate",
)  # fmt: skip  # a list of words, not a table
UPPER = tuple(
    LowerLevel(f"{resource}-{keyword}", "GOOGLE-044", resource, keyword)
    for resource, keywords in (("series", _OF_STUDIES), ("instances", (*_OF_STUDIES, "SeriesInstanceUID", "Modality")))
    for keyword in keywords
)


@verifies(id="google-upper-key", each=UPPER)
def test_upper_key(dicomweb: StudiesService, corpus: Corpus, case: LowerLevel) -> None:
    """A key of an upper level finds the series or instance that has the value, and no other."""
    wanted, other = corpus.two_series.instances[1], corpus.four_studies_of_one_patient.studies[0].instances[0]
    unique = {"series": "SeriesInstanceUID", "instances": "SOPInstanceUID"}[case.resource]
    tag = LEVELS[case.resource]
    for each in (wanted, other):
        finds_just(dicomweb, case.resource, {unique: each.value(unique)}, [each.value(unique)])

    # A name or date alone could find other people's, so a UID stands beside it.
    value = wanted.value(case.keyword)
    if case.keyword in _OF_STUDIES:
        study = {"StudyInstanceUID": wanted.study_instance_uid}
        finds_just(dicomweb, "studies", {case.keyword: value, **study}, study.values(), _owner_of(case.keyword))
    own = dicomweb.search(case.resource, {case.keyword: value, unique: wanted.value(unique)})
    if case.keyword == unique:
        anothers = dicomweb.search(case.resource, {unique: uid(corpus.seed, "unused")})
    else:
        anothers = dicomweb.search(case.resource, {case.keyword: value, unique: other.value(unique)})

    with expect(own) as it:
        wrong = "none-or-wrong-ones"
        it.lists_exactly(it.is_a_list_of_matches(), tag, [wanted.value(unique)], none=wrong, excess=wrong, other=wrong)
    with expect(anothers) as it:
        it.lists_exactly(it.is_a_list_of_matches(), tag, [], excess="unfiltered")


def _owner_of(keyword: str) -> str:
    """Return the check that is about a key at its own level: that of names, which hold carets, has one of its own."""
    return "search-exact-name" if keyword.endswith("Name") else f"search-matches-study[{keyword}]"


@dataclass(frozen=True)
class OtherKey:
    """A key that PS3.18 requires and the service does not have, and its level."""

    id: str
    requirement: str
    level: str


OTHERS = tuple(
    OtherKey(keyword, "GOOGLE-045", level)
    for level, keywords in (
        ("study", ("StudyTime", "ModalitiesInStudy", "StudyID")),
        ("series", ("SeriesNumber", "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime")),
        ("series", ("RequestAttributesSequence.ScheduledProcedureStepID",)),
        ("instance", ("SOPClassUID", "InstanceNumber")),
    )
    for keyword in keywords
)


@verifies(id="google-other-key", each=OTHERS)
def test_other_key(dicomweb: StudiesService, corpus: Corpus, case: OtherKey) -> None:
    """A key that the service does not have is refused with 400, or filters correctly."""
    asked = _by_other_key(corpus, case)
    finds_just(dicomweb, asked.resource, asked.scope, asked.everything)

    response = asked.of(dicomweb)

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        leave_to_the_first(
            "google-other-key",
            case,
            OTHERS,
            asked.is_ignored(response),
            lambda each: (earlier := _by_other_key(corpus, each)).is_ignored(earlier.of(dicomweb)),
        )
        wrong = "none-or-wrong-ones"
        it.lists_exactly(
            it.is_a_list_of_matches(), asked.tag, [asked.wanted], none=wrong, excess="unfiltered", other=wrong
        )


@dataclass(frozen=True)
class _Asked:
    """A search by a key that the service does not have: where, for what, and all that is there without the key."""

    resource: str
    keys: Mapping[str, str]
    scope: Mapping[str, str]
    wanted: str
    everything: list[str]

    @property
    def tag(self) -> str:
        return LEVELS[self.resource.rpartition("/")[2]]

    def of(self, dicomweb: StudiesService) -> Response:
        return dicomweb.search(self.resource, {**self.keys, **self.scope})

    def is_ignored(self, response: Response) -> str:
        """Say so where a response lists what has another value, too; empty where it does not."""
        try:
            found = json_model.objects(response.body) if response.status == 200 and response.body.strip() else []
        except UnreadableError:
            found = []
        everything = set(self.everything) <= {json_model.text(each, self.tag) for each in found}
        return "the key is ignored" if everything else ""


def _by_other_key(corpus: Corpus, case: OtherKey) -> _Asked:
    study, family = corpus.two_series, corpus.four_studies_of_one_patient
    scope: dict[str, str] = {}
    match case.level:
        case "study":
            resource, scope, everything = "studies", {"PatientID": family.patient_id}, uids(family)
            wanted, one = family.studies[1].study_instance_uid, family.studies[1].instances[0]
        case "series":
            resource, everything = f"{resources.path(study)}/series", [each.uid for each in study.series]
            wanted, one = study.series[1].uid, study.series[1].instances[0]
        case _:
            resource = f"{resources.path(study)}/series/{study.series[1].uid}/instances"
            everything = [instance.sop_instance_uid for instance in study.series[1].instances]
            wanted, one = everything[2], study.series[1].instances[2]
    value = _VALUES.get(case.id) or one.value(case.id)
    return _Asked(resource, {case.id: value}, scope, wanted, everything)


_VALUES = {"ModalitiesInStudy": "MR", "RequestAttributesSequence.ScheduledProcedureStepID": "SPS-A"}

UNKNOWN = (
    Variant("unknown", "GOOGLE-046", "NotADicomKeyword"),
    Variant("unsupported", "GOOGLE-046", "StudyDescription"),
)


@verifies(id="google-unknown-key", each=UNKNOWN)
def test_unknown_key(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A key that is unknown or not supported is refused with 400, and never finds other patients' studies."""
    family, _ = corpus.four_studies_of_one_patient, corpus.two_series
    finds_just(dicomweb, "studies", {"PatientID": family.patient_id}, uids(family))
    value = "1" if case.id == "unknown" else family.studies[1].value("StudyDescription")

    response = dicomweb.search("studies", {case.value: value, "PatientID": family.patient_id})

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        matches = it.is_a_list_of_matches()
        it.lists_nothing_but(matches, STUDY, uids(family), else_="studies-of-other-patients")
        filtered = case.id == "unsupported" and matches.uids(STUDY) == [family.studies[1].study_instance_uid]
        it.observes("filtered-rightly" if filtered else "ignored", received=f"{len(matches)} studies")


PATTERNS = (
    Variant("star", "GOOGLE-048", "AB*"),
    Variant("question-mark", "GOOGLE-048", "AB?1"),
    Variant("star-in-a-name", "GOOGLE-048", "WILD^AB*"),
)


@verifies(id="google-no-wild-cards", each=PATTERNS)
def test_no_wild_cards(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """An asterisk or a question mark in a value is refused, or taken literally, and so finds nothing."""
    wild = corpus.wild_cards
    named = case.value.startswith("WILD")
    one = wild.studies[0]
    finds_just(dicomweb, "studies", {"PatientID": one.patient_id}, [one.study_instance_uid])
    keys = {"PatientID": wild.patient_id_prefix + case.value}
    if named:
        keys = {"PatientName": case.value, "PatientID": one.patient_id}
    would_match = [one] if named else wild.matching(case.value)

    response = dicomweb.search("studies", keys)

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        matches = it.is_a_list_of_matches()
        if not len(matches):
            it.observes("204-or-200-empty-list")
            it.concludes()
        it.lists_nothing_but(matches, STUDY, [each.study_instance_uid for each in would_match], else_="unfiltered")
        it.observes("the-studies-a-wild-card-would-match", received=f"{len(matches)} studies")


LISTS = (Variant("comma", "GOOGLE-049", ","), Variant("backslash", "GOOGLE-049", "\\"))


@verifies(id="google-no-uid-lists", each=LISTS)
def test_no_uid_lists(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A list of UIDs is refused, finds nothing, or finds both studies."""
    two = uids(corpus.four_studies_of_one_patient)[:2]
    for each in two:
        finds_just(dicomweb, "studies", {"StudyInstanceUID": each}, [each])

    response = dicomweb.search("studies", StudyInstanceUID=case.value.join(two))

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        matches = it.is_a_list_of_matches()
        it.lists_nothing_but(matches, STUDY, two, else_="unfiltered")
        if not len(matches):
            it.observes("204-or-200-empty-list")
        else:
            both = set(matches.uids(STUDY)) == set(two)
            it.observes("exactly-both" if both else "only-one-of-them", received=f"{len(matches)} studies")


FUZZY = (
    Variant("beginning", "GOOGLE-050", "sa"),
    Variant("beginning-of-the-other", "GOOGLE-050", "Zh"),
    Variant("with-caret", "GOOGLE-050", "Sally^Zhang"),
    Variant("with-blank", "GOOGLE-050", "Sally Zhang"),
    Variant("within-a-word", "GOOGLE-050", "ally"),
)


@verifies(id="google-fuzzy", each=FUZZY)
def test_fuzzy(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """With `fuzzymatching=true` a name is found by the beginning of any of its words, whatever its case."""
    study = corpus.sally_zhang
    finds_just(dicomweb, "studies", {"PatientID": study.patient_id}, [study.study_instance_uid])

    response = dicomweb.search("studies", PatientName=case.value, PatientID=study.patient_id, fuzzymatching="true")

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        it.lists_nothing_but(matches, STUDY, [study.study_instance_uid], else_="studies-of-other-patients")
        if case.value == "ally" and len(matches):
            it.observes("ally-does")
        elif case.value != "ally" and not len(matches):
            if case.id != FUZZY[0].id:
                plain = {"PatientName": FUZZY[0].value, "PatientID": study.patient_id, "fuzzymatching": "true"}
                finds_just(dicomweb, "studies", plain, [study.study_instance_uid], f"google-fuzzy[{FUZZY[0].id}]")
            it.observes("one-of-the-first-four-does-not", expected=["the study"], received=f"nothing by {case.value}")


@verifies("GOOGLE-051", id="google-timezone-does-not-shift")
def test_timezone_does_not_shift(dicomweb: StudiesService, corpus: Corpus) -> None:
    """TimezoneOffsetFromUTC in a query is refused, or does not shift dates."""
    family, _ = corpus.four_studies_of_one_patient, corpus.two_series
    wanted = family.studies[1]
    keys = {"StudyDate": wanted.value("StudyDate"), "PatientID": family.patient_id}
    finds_just(dicomweb, "studies", keys, [wanted.study_instance_uid])

    response = dicomweb.search("studies", {**keys, "TimezoneOffsetFromUTC": "+1400"})

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        matches = it.is_a_list_of_matches()
        it.lists_nothing_but(matches, STUDY, uids(family), else_="studies-of-other-patients")
        if matches.uids(STUDY) != [wanted.study_instance_uid]:
            it.observes("taken-as-a-key", received=f"{len(matches)} studies")


@verifies("GOOGLE-052", id="google-empty-value")
def test_empty_value(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A key without a value may match everything, match nothing, or be refused."""
    study = corpus.two_series
    keys = {"StudyInstanceUID": study.study_instance_uid}
    finds_just(dicomweb, "studies", keys, [study.study_instance_uid])

    response = dicomweb.search("studies", {"PatientID": "", **keys})

    with expect(response) as it:
        if response.status != 400:
            matches = it.is_a_list_of_matches()
            it.lists_nothing_but(matches, STUDY, [study.study_instance_uid], else_="studies-of-other-patients")


# Pages

MOST = (
    Variant("studies", "GOOGLE-054", "5000"),
    Variant("series", "GOOGLE-054", "5000"),
    Variant("instances", "GOOGLE-054", "50000"),
)


@verifies(id="google-largest-limit", each=MOST)
def test_largest_limit(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """`limit` may be 5000 for studies and series, and 50000 for instances."""
    study = corpus.two_series
    everything = {
        "studies": [study.study_instance_uid],
        "series": [each.uid for each in study.series],
        "instances": [instance.sop_instance_uid for instance in study.instances],
    }[case.id]
    keys = {"StudyInstanceUID": study.study_instance_uid}
    finds_just(dicomweb, case.id, keys, everything)

    response = dicomweb.search(case.id, {**keys, "limit": case.value})

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        fewer = "fewer-than-there-are"
        it.lists_exactly(matches, LEVELS[case.id], everything, none=fewer, incomplete=fewer)


@verifies("GOOGLE-055", id="google-limit-above-the-largest")
def test_limit_above_the_largest(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A limit above the largest allowed is refused, or leaves out nothing."""
    family = corpus.four_studies_of_one_patient
    finds_just(dicomweb, "studies", {"PatientID": family.patient_id}, uids(family))

    response = dicomweb.search("studies", PatientID=family.patient_id, limit=5001)

    with expect(response) as it:
        if response.status != 400:
            matches = it.is_a_list_of_matches()
            fewer = "fewer-own-studies-than-there-are"
            it.lists_exactly(matches, STUDY, uids(family), none=fewer, incomplete=fewer)


@verifies("GOOGLE-056", id="google-largest-offset")
def test_largest_offset(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`offset` may be 1000000, and then gives no match."""
    family = corpus.four_studies_of_one_patient
    finds_just(dicomweb, "studies", {"PatientID": family.patient_id}, uids(family))

    response = dicomweb.search("studies", PatientID=family.patient_id, offset=1_000_000)

    with expect(response) as it:
        if len(matches := it.is_a_list_of_matches()):
            it.observes("any-object", expected=["204", "200 with []"], received=f"{len(matches)} studies")


@verifies("GOOGLE-057", "GOOGLE-058", id="google-pages")
def test_pages(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Pages of one study each give each study once, and then nothing, without a Warning."""
    family = corpus.four_studies_of_one_patient
    finds_just(dicomweb, "studies", {"PatientID": family.patient_id}, uids(family))
    pages: list[str] = []

    for offset in range(5):
        response = dicomweb.search("studies", PatientID=family.patient_id, limit=1, offset=offset)
        with expect(response) as it:
            matches = it.is_a_list_of_matches()
            pages += matches.uids(STUDY)
            left = 3 - offset
            if len(matches) != int(offset < 4):
                received = f"{len(matches)} studies with offset={offset}"
                it.observes("a-page-with-another-number-of-studies", expected=[str(int(offset < 4))], received=received)
            for warning in (each for each in response.headers.all("Warning") if "299" in each):
                right = left > 0 and str(left) in warning.rpartition("299")[2].split()
                quote = "warning-299-with-the-right-number" if right else "warning-with-a-wrong-number"
                it.observes(quote, where="Warning", expected=["no Warning"], received=warning)

    with expect(response) as it:
        if sorted(pages) != sorted(uids(family)):
            it.observes("another-set", expected=uids(family), received=", ".join(pages), of="GOOGLE-058")


ABSENT = (Variant("study", "GOOGLE-060", "StudyInstanceUID"), Variant("patient", "GOOGLE-060", "PatientID"))


@verifies(id="google-no-match", each=ABSENT)
def test_no_match(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A search that matches nothing is answered with 204 and no body."""
    study = corpus.two_series
    keys = {case.value: study.value(case.value)}
    control(dicomweb.search("studies", keys), because=f"a search by {case.value} does not work")
    unused = uid(corpus.seed, "unused") if case.id == "study" else f"{study.patient_id}-NOT"

    response = dicomweb.search("studies", {case.value: unused})

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if len(matches):
            it.observes("200-with-any-object", expected=["204"], received=f"{len(matches)} objects")
        elif response.status == 200:
            it.observes("200-with-empty-list")
