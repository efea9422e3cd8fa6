"""XML: search results and store answers as Native DICOM Models (PS3.18 10.5.4, 10.6.4)."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import Expectation, Matches, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model, store_response, xml_differences
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.dicom.store_response import StoreAnswer
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.steps.xml_models import (
    BARE,
    MULTIPART_XML,
    documents_of,
    is_markup,
    is_xml,
    models_of,
    read,
)
from dicomweb_conformance.scenarios.xml.test_metadata import CHARACTER_SETS, NAMES_AND_TEXTS, it_reads_otherwise
from dicomweb_conformance.service.absence import declines_xml
from dicomweb_conformance.service.resources import Resource, path
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Study
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.identifiers import uid

STUDY, SERIES, INSTANCE = "0020000D", "0020000E", "00080018"


@verifies("SEARCH-008", id="xml-search")
def test_search(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Search results are available as XML: one part for each match."""
    family = corpus.four_studies_of_one_patient
    wanted = [study.study_instance_uid for study in family.studies]
    in_json = dicomweb.search("studies", PatientID=family.patient_id)
    control(in_json, because="the search does not work as JSON, which is the default")
    with expect(in_json) as other:
        found = set(other.is_a_list_of_matches().uids(STUDY))
    assume(
        found == set(wanted),
        "a search by PatientID does not find the four studies",
        "search-matches-patient[PatientID]",
    )

    response = dicomweb.search("studies", PatientID=family.patient_id, accept=MULTIPART_XML)

    with expect(response) as it:
        if response.status == 200 and declines_xml(response):
            it.observes("200-with-json", where="Content-Type")
            it.concludes()
        it.has_status(200)
        documents = documents_of(it)
        if len(documents) == 1 and media_types.name_of(response.content_type) in BARE:
            it.observes("200-with-one-single-part-xml-document", where="Content-Type")
            it.concludes()
        uids = [json_model.text(read(document, response.exchange), STUDY) for document in documents]
        if sorted(uids) != sorted(wanted):
            it.observes(
                "number-of-parts-not-number-of-matches",
                expected=[f"4 parts: {', '.join(wanted)}"],
                received=f"{len(uids)} parts: {', '.join(uids)}",
            )


def _matches_in(dicomweb: StudiesService, it: Expectation) -> Matches:
    """Return results in XML; whether there are any is the business of `xml-search`."""
    offered(not declines_xml(it.response), "search results are not offered in XML: see xml-search", "xml.search")
    found = models_of(it)
    own = tuple(each for each in found if dicomweb.is_own(each))
    return Matches(own, len(found) - len(own))


LEVELS = (
    Variant("studies", "SEARCH-008b", STUDY),
    Variant("series", "SEARCH-008b", SERIES),
    Variant("instances", "SEARCH-008b", INSTANCE),
)


@verifies(id="xml-search-equals-json", each=LEVELS)
def test_equals_json(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The results of a search as XML and as JSON are the same."""
    study = corpus.two_series
    resource, query = _search_for(study, case.id)
    in_json = dicomweb.search(resource, query)
    control(in_json, because="the search does not work as JSON, which is the default")

    response = dicomweb.search(resource, query, accept=MULTIPART_XML)

    with expect(in_json) as other:
        objects = {json_model.text(each, case.value): each for each in other.is_a_list_of_matches().own}
    assume(objects, "the search finds nothing as JSON", "search-studies")
    with expect(response) as it:
        found = {json_model.text(each, case.value): each for each in _matches_in(dicomweb, it).own}
        if found.keys() != objects.keys():
            it.finds("other matches", expected=sorted(objects), received=", ".join(found) or "none")
        for uid_, model in found.items():
            for each in xml_differences.models(objects.get(uid_, {}), model) if uid_ in objects else ():
                if each.kind not in {"vr", xml_differences.INLINED}:
                    it.observes(
                        "tag-or-value-differs",
                        where=each.path,
                        expected=[f"as in JSON: {each.stored}"],
                        received=each.received,
                    )


def _search_for(study: Study, level: str) -> tuple[Resource, dict[str, str]]:
    if level == "studies":
        return "studies", {"StudyInstanceUID": study.study_instance_uid}
    return f"{path(study if level == 'series' else study.series[1])}/{level}", {}


@verifies("SEARCH-069", "SEARCH-008", id="xml-search-limit")
def test_limit(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`limit=2` gives two parts, when four studies match."""
    family = corpus.four_studies_of_one_patient

    response = dicomweb.search("studies", PatientID=family.patient_id, limit=2, accept=MULTIPART_XML)

    with expect(response) as it:
        matches = _matches_in(dicomweb, it)
        expected = ["2 of four studies"]
        if not len(matches):
            it.observes("none", expected=expected)
        elif len(matches) > 2:
            it.observes("more-objects-than-limit", expected=expected, received=f"{len(matches)} parts")
        elif len(matches) < 2 or matches.foreign:
            it.finds("other matches than two of the four studies", expected=expected, received=f"{len(matches)} parts")


@verifies("SEARCH-011", "SEARCH-008", id="xml-search-no-match")
def test_no_match(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A search for XML that matches nothing is answered with 204, or 200 without a result."""
    stored = corpus.two_series.study_instance_uid
    finds = dicomweb.search("studies", StudyInstanceUID=stored, accept=MULTIPART_XML)
    with expect(finds) as other:
        found = _matches_in(dicomweb, other).uids(STUDY)
    assume(found == [stored], "a search for XML does not find just the study that is there", "xml-search")

    response = dicomweb.search("studies", StudyInstanceUID=uid(corpus.seed, "unused"), accept=MULTIPART_XML)

    with expect(response) as it:
        it.has_status(200, 204)
        if response.status == 204:
            it.observes("204-without-body")
        elif not response.body.strip():
            it.observes("200-with-an-empty-body")
        elif response.body.strip() == b"[]":
            it.observes("200-with-empty-list")
        elif b"<" in response.body:
            it.observes("200-with-an-object", received=it.status_line)
        else:
            it.observes("200-multipart-without-parts")


@verifies(id="xml-search-text", each=CHARACTER_SETS, needs="xml.search")
def test_search_text(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Names and texts of results are the characters that were stored, in the encoding that the document declares."""
    study = next(each for each in corpus.names.studies if case.value in each.value("SpecificCharacterSet"))
    query = [("StudyInstanceUID", study.study_instance_uid), ("includefield", "StudyDescription")]

    response = dicomweb.search("studies", query, accept=MULTIPART_XML)

    with expect(response) as it:
        own = _matches_in(dicomweb, it).own
        assume(len(own) == 1, "a search for XML does not find just the study that is there", "xml-search")
        for each in xml_differences.with_xml(study.instances[0].dataset, own[0]):
            if each.vr in NAMES_AND_TEXTS and (each.kind != "lost" or each.path == "00100010"):
                it_reads_otherwise(it, each)


# Store answers


@verifies("STORE-021", "STORE-023", id="xml-store-answer")
def test_store_answer(dicomweb: StudiesService, fresh: Fresh) -> None:
    """A store that accepts XML alone is answered in XML, bare or as the only part of a multipart."""
    works = dicomweb.store([fresh.instance(name="control")])
    control(works, 200, 202, because="the same store does not work with Accept: application/dicom+json")

    answers = [dicomweb.store([fresh.instance()], accept=each) for each in (media_types.DICOM_XML, MULTIPART_XML)]

    in_xml = [answer for answer in answers if answer.status in {200, 202} and is_xml(answer)]
    for response in in_xml or [answer for answer in answers if answer.status >= 500] or answers[:1]:
        with expect(response) as it:
            if in_xml:
                _has_shape(it)
            else:
                _is_no_xml(it, answers)


def _is_no_xml(it: Expectation, answers: list[Response]) -> None:
    received = " and ".join(f"{answer.status} {answer.content_type}".strip() for answer in answers)
    if all(answer.status == 406 for answer in answers):
        it.observes("406-for-both", received=received)
    elif all(answer.status in {200, 202} and declines_xml(answer) for answer in answers):
        it.observes("json-for-both", received=received)
    elif all(declines_xml(answer) or answer.status in {202, 404} for answer in answers):
        it.observes("xml-for-neither", received=received)
    else:
        it.has_status(200, 202)
        it.finds("another media type", where="Content-Type", received=received)


def _has_shape(it: Expectation) -> None:
    bare = media_types.name_of(it.response.content_type) in BARE
    documents = documents_of(it, of="STORE-023")
    for document in documents:
        if not is_markup(document):
            it.observes("xml-type-not-well-formed", received=repr(document[:60]))
            it.concludes()
        assume(
            _module(read(document, it.response.exchange)),
            "the store response holds no module",
            "store-answer-is-a-module",
        )
    if bare:
        it.observes("single-part-xml-document", of="STORE-023")
    elif not documents:
        it.observes("multipart-without-parts", of="STORE-023")
    elif len(documents) > 1:
        it.observes("multipart-with-several-parts", received=f"{len(documents)} parts", of="STORE-023")
    else:
        it.observes("multipart-related-with-one-xml-part", of="STORE-023")


def _module(model: DataSet) -> StoreAnswer | None:
    return StoreAnswer(model) if any(tag in model for tag in store_response.ANNEX_I) else None


def _stored_for_xml(dicomweb: StudiesService, fresh: Fresh, study: str | None = None) -> tuple[str, Response]:
    """Store an instance for an answer in XML, bare or in a multipart; return its SOP Instance UID and the answer."""
    for accept in (media_types.DICOM_XML, MULTIPART_XML):
        instance = fresh.instance()
        response = dicomweb.store([instance], accept=accept, study=study)
        if is_xml(response):
            break
    return instance.sop_instance_uid, response


@verifies("STORE-030", "STORE-023", id="xml-store-answer-names-what-was-stored")
def test_store_answer_names_what_was_stored(dicomweb: StudiesService, fresh: Fresh) -> None:
    """The store response in XML names the SOP Class UID and SOP Instance UID of the instance that was stored."""
    stored, response = _stored_for_xml(dicomweb, fresh)

    with expect(response) as it:
        offered(is_xml(response), "the store response is not offered in XML: see xml-store-answer", "xml.store")
        it.has_status(200, 202)
        (model, *_) = [*(read(each, response.exchange) for each in documents_of(it)), {}]
        answer = _module(model)
        assume(answer, "the store response holds no module", "store-answer-is-a-module")
        for tag, instead in ((store_response.SOP_CLASS, "00080016"), (store_response.SOP_INSTANCE, INSTANCE)):
            items = answer.stored if answer else []
            found = [json_model.text(item, tag) for item in items]
            expected = [stored] if tag == store_response.SOP_INSTANCE else ["the SOP Class UID sent"]
            if any(instead in item for item in items):
                it.observes("00080016-or-00080018-instead", where=tag, expected=expected, received=f"{instead} instead")
            elif not all(found) or not found:
                it.observes(
                    "either-missing-or-empty",
                    where=tag,
                    expected=expected,
                    received=", ".join(found) or "absent",
                )
            elif tag == store_response.SOP_INSTANCE and found != [stored]:
                it.observes("values-differ-from-those-sent", where=tag, expected=expected, received=", ".join(found))


@verifies("STORE-028", "STORE-032", "STORE-023", id="xml-store-answer-names-what-was-refused", needs="store.study")
def test_store_answer_names_what_was_refused(dicomweb: StudiesService, fresh: Fresh) -> None:
    """An instance that was refused is in the Failed SOP Sequence of the store response in XML, with a reason."""
    elsewhere = fresh.study(name="elsewhere").study_instance_uid

    refused, response = _stored_for_xml(dicomweb, fresh, study=elsewhere)

    with expect(response) as it:
        assume(
            400 <= response.status < 500,
            "an instance of another study than the one in the path is not refused",
            "store-foreign-study",
        )
        offered(is_xml(response), f"the refusal ({response.status}) is not in XML, and need not be")
        (model, *_) = [*(read(each, response.exchange) for each in documents_of(it)), {}]
        answer = _module(model)
        offered(answer, f"the refusal ({response.status}) holds no Store Instances Response Module, and need not")
        assert answer is not None
        if refused not in answer.failed_uids:
            it.observes(
                "refused-among-other-failures" if answer.other_failures else "refused-instance-in-no-failure-sequence",
                where="00081198",
                expected=[refused],
                received=", ".join(answer.failed_uids) or "absent",
            )
        for item in answer.failed:
            reason = json_model.first(item, store_response.FAILURE_REASON)
            if reason is None:
                it.observes("absent-or-empty", where="00081197", received="absent", of="STORE-032")
            elif not isinstance(reason, int) or not 0 <= reason <= 65535:
                it.observes("not-an-integer-or-out-of-range", where="00081197", received=repr(reason), of="STORE-032")
