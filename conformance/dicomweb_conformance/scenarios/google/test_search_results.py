"""What results of a search of the Cloud Healthcare API hold, and in which media type they come."""

from __future__ import annotations

from collections.abc import Mapping

from pydicom import Dataset

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.dicom.differences import with_json
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.http import media_types
from dicomweb_conformance.scenarios.google.searches import SERIES, STUDY, finds_just, result_of
from dicomweb_conformance.scenarios.steps.storing import stored_for
from dicomweb_conformance.scenarios.steps.xml_models import MULTIPART_XML, models_of, type_of
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.resources import Value
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Study
from dicomweb_fixtures.fresh import Fresh

# Media types

TYPES = (
    Variant("no-accept", "GOOGLE-059"),
    Variant("any", "GOOGLE-059", "*/*"),
    Variant("xml", "GOOGLE-059", MULTIPART_XML),
)


@verifies(id="google-search-type", each=TYPES)
def test_search_type(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Results come as application/dicom+json, or as multipart XML where that is asked for."""
    study = corpus.two_series
    keys = {"PatientID": study.patient_id}
    finds_just(dicomweb, "studies", keys, [study.study_instance_uid], blame="search-by-keyword")

    response = dicomweb.search("studies", keys, accept=case.value or None)

    with expect(response) as it:
        it.has_status(200)
        kind = type_of(response)
        expected = media_types.DICOM_XML if case.id == "xml" else media_types.DICOM_JSON
        if kind != expected:
            it.observes("another-type", where="Content-Type", expected=[expected], received=response.content_type)
            it.concludes()
        found = models_of(it) if case.id == "xml" else it.is_a_list_of_matches().own
        uids = [json_model.text(each, STUDY) for each in found]
        if uids != [study.study_instance_uid]:
            received = f"{len(uids)} results"
            it.observes("body-does-not-fit-its-content-type", expected=["the one study"], received=received)


# Attributes

_OF_STUDY = (
    "StudyDate StudyTime AccessionNumber ReferringPhysicianName TimezoneOffsetFromUTC PatientName PatientID "
    "PatientBirthDate PatientSex StudyInstanceUID StudyID"
)
_OF_SERIES = (
    "Modality TimezoneOffsetFromUTC SeriesDescription SeriesInstanceUID PerformedProcedureStepStartDate "
    "PerformedProcedureStepStartTime RequestAttributesSequence"
)
_OF_INSTANCE = (
    "SOPClassUID SOPInstanceUID TimezoneOffsetFromUTC InstanceNumber Rows Columns BitsAllocated NumberOfFrames"
)


@verifies("GOOGLE-063", id="google-returns-of-study")
def test_returns_of_study(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A study result has the attributes that the service names, as they were stored."""
    study = corpus.two_series

    response = dicomweb.search("studies", StudyInstanceUID=study.study_instance_uid)

    with expect(response) as it:
        found = result_of(it, "studies", study.study_instance_uid)
        _has(it, found, study.instances[0], _OF_STUDY, absent="one-of-the-others-stored-is-absent")
        if "00080056" not in found:
            it.observes("00080056-or-00080005-absent", where="(0008,0056)", received="absent")
        counted = {"00201206": str(len(study.series)), "00201208": str(len(study.instances))}
        _has_rightly(it, found, counted, "optional-study-attributes-right")


@verifies("GOOGLE-064", id="google-returns-of-series")
def test_returns_of_series(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A series result has the attributes that the service names, as they were stored."""
    study = corpus.two_series
    series = study.series[1]
    resource = f"{resources.path(study)}/series"

    response = dicomweb.search(resource)

    with expect(response) as it:
        found = result_of(it, resource, series.uid)
        _has(it, found, series.instances[0], _OF_SERIES, absent="one-of-the-others-stored-is-absent")
        counted = {"00201209": str(len(series.instances)), "00200011": series.value("SeriesNumber")}
        _has_rightly(it, found, counted, "optional-series-attributes-right")


@verifies("GOOGLE-065", id="google-returns-of-instance")
def test_returns_of_instance(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An instance result has the attributes that the service names, as they were stored."""
    instance = corpus.multiframe.instances[0]
    resource = resources.path(instance).rpartition("/")[0]

    response = dicomweb.search(resource)

    with expect(response) as it:
        found = result_of(it, resource, instance.sop_instance_uid)
        _has(it, found, instance, _OF_INSTANCE, absent="one-of-the-others-stored-is-absent")
        if "00080056" not in found:
            it.observes("00080056-absent", where="(0008,0056)", received="absent")


@verifies("GOOGLE-061", id="google-returns-empty")
def test_returns_empty(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An attribute that was stored empty comes without a value; one that was not stored is absent."""
    instance = fresh.without(fresh.with_values(fresh.instance(), StudyID=None), "StudyTime")
    stored_for(dicomweb, archive, instance)

    response = dicomweb.search("studies", StudyInstanceUID=instance.study_instance_uid)

    with expect(response) as it:
        found = result_of(it, "studies", instance.study_instance_uid)
        for tag in ("00200010", "00080030"):
            values = found.get(tag, {}).get("Value", [])
            if values != []:
                it.observes("empty-or-made-up-value", where=tag, expected=["no Value"], received=str(values))
        if "00200010" not in found:
            it.observes("00200010-absent", where="(0020,0010)", received="absent")
        if "Value" not in found.get("00080030", {"Value": []}):
            it.observes("00080030-present-without-value", where="(0008,0030)", received="present")


SCOPED = (
    Variant("series", "GOOGLE-066", "StudyInstanceUID"),
    Variant("instances-of-study", "GOOGLE-066", "StudyInstanceUID SeriesInstanceUID"),
    Variant("instances-of-series", "GOOGLE-066", "StudyInstanceUID SeriesInstanceUID"),
)


@verifies(id="google-upper-uids", each=SCOPED)
def test_upper_uids(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Results of a search below a study have the UIDs of upper levels when includefield asks for them."""
    study = corpus.two_series
    instance = study.series[1].instances[0]
    resource = {
        "series": f"{resources.path(study)}/series",
        "instances-of-study": f"{resources.path(study)}/instances",
        "instances-of-series": resources.path(instance).rpartition("/")[0],
    }[case.id]
    uid = study.series[1].uid if case.id == "series" else instance.sop_instance_uid
    unasked = dicomweb.search(resource)
    control(unasked, because="the search does not work without includefield")

    response = dicomweb.search(resource, [("includefield", each) for each in case.value.split()])

    with expect(response) as it:
        found = result_of(it, resource, uid)
        for keyword, tag in (("StudyInstanceUID", STUDY), ("SeriesInstanceUID", SERIES)):
            if keyword in case.value:
                _is_asked_for(it, found, tag, instance.value(keyword))
    with expect(unasked) as it:
        present = STUDY in result_of(it, resource, uid)
        it.observes("without-it-present" if present else "without-it-absent", where="(0020,000D)")


def _is_asked_for(it: Expectation, found: DataSet, tag: str, stored: str) -> None:
    """Judge a UID of an upper level that includefield asked for."""
    uid = json_model.text(found, tag)
    if not uid:
        it.observes("with-it-absent", where=tag, expected=[stored], received="absent")
    elif uid != stored:
        it.observes("with-another-value-than-the-path", where=tag, expected=[stored], received=uid)


EVERYWHERE = (
    Variant("series", "GOOGLE-067", "StudyInstanceUID PatientID StudyDate"),
    Variant("instances", "GOOGLE-067", "StudyInstanceUID SeriesInstanceUID PatientID StudyDate"),
)


@verifies(id="google-upper-attributes", each=EVERYWHERE)
def test_upper_attributes(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Results of a search of all series or instances have attributes of the upper levels."""
    instance = corpus.two_series.series[1].instances[0]
    unique = {"series": "SeriesInstanceUID", "instances": "SOPInstanceUID"}[case.id]

    response = dicomweb.search(case.id, {unique: instance.value(unique)})

    with expect(response) as it:
        found = result_of(it, case.id, instance.value(unique))
        _has(it, found, instance, case.value, absent="one-absent")


# includefield

FORMS = (
    Variant("comma", "GOOGLE-068", "StudyDescription PhysiciansOfRecord"),
    Variant("repeated", "GOOGLE-068", "StudyDescription PhysiciansOfRecord"),
    Variant("tags", "GOOGLE-068", "00081030 00081048"),
    Variant("all", "GOOGLE-068", "all"),
)


@verifies(id="google-includefield", each=FORMS)
def test_includefield(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """`includefield` takes a list, may be repeated, and may be `all`."""
    study = corpus.two_series
    keys = [("StudyInstanceUID", study.study_instance_uid)]
    finds_just(dicomweb, "studies", dict(keys), [study.study_instance_uid])

    values = case.value.split()
    # A comma between two names is that of the list, and so stands as it is.
    fields: list[Value] = [values] if case.id != "repeated" else [*values]
    response = dicomweb.search("studies", [*keys, *(("includefield", field) for field in fields)])

    with expect(response) as it:
        found = result_of(it, "studies", study.study_instance_uid)
        if case.id == "all":
            assume("00081030" in found, "includefield=all adds nothing", "google-include-all[study]")
        names = [name for name in _NAMES if name in found or _comes_alone(dicomweb, study, name)] or [*_NAMES]
        words = " ".join(_NAMES[name] for name in names)
        _has(it, found, study.instances[0], words, absent="absent-although-stored", other="absent-although-stored")


_NAMES = {"00081030": "StudyDescription", "00081048": "PhysiciansOfRecord"}


def _comes_alone(dicomweb: StudiesService, study: Study, tag: str) -> bool:
    """Tell whether an attribute is returned where it alone is asked for: else no form of the list is to blame."""
    uid = study.study_instance_uid
    response = dicomweb.search("studies", StudyInstanceUID=uid, includefield=_NAMES[tag])
    found: DataSet = {}
    with expect(response) as it:
        found = result_of(it, "studies", uid)
    return tag in found


ALL = (
    Variant("study", "GOOGLE-069", "StudyDescription PhysiciansOfRecord"),
    Variant("series", "GOOGLE-069", "SeriesNumber"),
    Variant("instance", "GOOGLE-069"),
)


@verifies(id="google-include-all", each=ALL)
def test_include_all(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """`includefield=all` adds what the service names for studies and series, and all but bulk data for instances."""
    study = corpus.two_series
    instance = study.series[0].instances[0]
    resource, uid = {
        "study": ("studies", study.study_instance_uid),
        "series": (f"{resources.path(study)}/series", study.series[0].uid),
        "instance": (resources.path(instance).rpartition("/")[0], instance.sop_instance_uid),
    }[case.id]
    keys = {"StudyInstanceUID": uid} if case.id == "study" else {}

    response = dicomweb.search(resource, {**keys, "includefield": "all"})

    with expect(response) as it:
        found = result_of(it, resource, uid)
        names = case.value or " ".join(each.keyword for each in instance.dataset if each.VR not in _BULK)
        if case.id != "study":
            _adds_at_study_level(dicomweb, study)
        _has(it, found, instance, names, absent="absent-although-stored")


def _adds_at_study_level(dicomweb: StudiesService, study: Study) -> None:
    """Demand that includefield=all adds to the results of studies: a server that ignores it does so at each level.

    Raises:
        Inconclusive: it does not.
    """
    uid = study.study_instance_uid
    plain = dicomweb.search("studies", StudyInstanceUID=uid, includefield="all")
    control(plain, because="a search of studies with includefield=all does not work")
    with expect(plain) as it:
        added = "00081030" in result_of(it, "studies", uid)
    assume(added, "includefield=all adds nothing at study level", "google-include-all[study]")


_BULK = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})

UNSUPPORTED = (
    Variant("unsupported", "GOOGLE-070", "AvailableTransferSyntaxUID"),
    Variant("unknown", "GOOGLE-070", "NotADicomKeyword"),
)


@verifies(id="google-include-unsupported", each=UNSUPPORTED)
def test_include_unsupported(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """An includefield that the service does not know is refused, or left out."""
    study = corpus.two_series
    keys = {"StudyInstanceUID": study.study_instance_uid}
    finds_just(dicomweb, "studies", keys, [study.study_instance_uid])

    response = dicomweb.search("studies", {**keys, "includefield": case.value})

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        found = it.is_a_list_of_matches().uids(STUDY)
        quote = "200-without-it" if study.study_instance_uid in found else "the-entity-is-missing-under-200"
        it.observes(quote, received=f"{len(found)} studies")


@verifies("GOOGLE-071", id="google-instances-disagree")
def test_instances_disagree(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Where the instances of a study disagree on one of its attributes, one of their values is returned."""
    study = fresh.study(instances=2)
    descriptions = ("ONE OPINION", "ANOTHER")
    instances = tuple(
        fresh.with_values(each, StudyDescription=said) for each, said in zip(study.instances, descriptions, strict=True)
    )
    stored_for(dicomweb, archive, *instances)

    response = dicomweb.search("studies", StudyInstanceUID=study.study_instance_uid, includefield="StudyDescription")

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if len(matches) > 1:
            it.observes("two-objects-for-the-study", received=f"{len(matches)} objects")
            it.concludes()
        found = json_model.values(result_of(it, "studies", study.study_instance_uid), "00081030")
        if strangers := [each for each in found if each not in descriptions]:
            it.observes("a-third-value", where="(0008,1030)", received=str(strangers))
        elif len(found) != 1:
            it.observes("both" if found else "none", where="(0008,1030)", received=str(found))


def _has(
    it: Expectation, found: DataSet, instance: Instance, names: str, *, absent: str, other: str = "another-value"
) -> None:
    """Report attributes that were stored with a value, and are absent from a result or have another value.

    Args:
        it: where to report.
        found: the result.
        instance: what it is about, or one of what that holds.
        names: keywords of the attributes, apart by blanks.
        absent: the observation for one that is absent.
        other: the observation for one with another value.
    """
    expected = Dataset()
    for keyword in names.split():
        if keyword in instance.dataset:
            expected.add(instance.dataset[keyword])
    for each in with_json(expected, found):
        quote = absent if each.kind == "lost" else other
        it.observes(quote, where=each.path, expected=[each.stored], received=each.received)


def _has_rightly(it: Expectation, found: DataSet, expected: Mapping[str, str], right: str) -> None:
    """Judge attributes that need not be there: with `right` where they are, and have the value expected."""
    for tag, value in expected.items():
        if json_model.values(found, tag):
            given = json_model.text(found, tag)
            it.observes(right if given == value else "another-value", where=tag, expected=[value], received=given)
