"""Character sets that a request asks for (PS3.18 8.8): charset parameters and Accept-Charset."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import BUSY, Expectation, assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model, xml_differences, xml_model
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import xml_octets
from dicomweb_conformance.scenarios.steps.xml_models import MULTIPART_XML, documents_of, models_of, type_of
from dicomweb_conformance.service.resources import path
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance

JSON = media_types.DICOM_JSON
NAME = "00100010"


def _latin_1(dicomweb: StudiesService, corpus: Corpus) -> Instance:
    """Return an instance with text beyond ASCII, whose metadata are right where nothing is said of character sets."""
    instance = corpus.names.latin_1.instances[0]
    response = dicomweb.metadata(instance)
    control(response, because="there are no metadata of this instance where no character set is named")
    assume(
        _is_utf_8(response, instance), "the name is not in the metadata in UTF-8", "metadata-text-is-utf-8[ISO_IR-100]"
    )
    return instance


def _is_utf_8(response: Response, instance: Instance) -> bool:
    return instance.value("PatientName").encode() in response.body or _name(response) == instance.value("PatientName")


def _name(response: Response) -> str:
    try:
        objects = json_model.objects(response.body)
    except UnreadableError:
        return ""
    return json_model.text(objects[0], NAME) if objects else ""


def _is_json_in_utf_8(it: Expectation, instance: Instance, otherwise: str, other_type: str = "") -> None:
    kind = type_of(it.response)
    if kind != JSON:
        report = it.observes if other_type else it.finds
        report(other_type or "another media type", where="Content-Type", received=kind or "no Content-Type")
    elif not _is_utf_8(it.response, instance):
        expected = [f"UTF-8 with {instance.value('PatientName')}"]
        report = it.observes if otherwise else it.finds
        report(otherwise or "text that is not in UTF-8", where=NAME, expected=expected, received=_excerpt(it, instance))


def _excerpt(it: Expectation, instance: Instance) -> str:
    head = instance.value("PatientName").partition("^")[0].encode()
    at = max(it.response.body.find(head), 0)
    return repr(it.response.body[at : at + 60])


def _is_not_refused(it: Expectation) -> None:
    if 400 <= it.response.status < 500 and it.response.status not in BUSY:
        it.observes("406-400-or-another-4xx", received=it.status_line)
        it.concludes()
    it.has_status(200)


SPELLINGS = (
    Variant("token", "NEGOTIATION-040", f"{JSON}; charset=utf-8"),
    Variant("quoted", "NEGOTIATION-040", f'{JSON}; charset="UTF-8"'),
)


@verifies(id="charset-of-the-media-type", each=SPELLINGS)
def test_of_the_media_type(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """application/dicom+json may be asked for with charset=utf-8, quoted or not, in either case."""
    instance = _latin_1(dicomweb, corpus)

    response = dicomweb.metadata(instance, accept=case.value)

    with expect(response) as it:
        _is_not_refused(it)
        _is_json_in_utf_8(it, instance, "", "another-type")


@verifies("NEGOTIATION-043", id="charset-parameter")
def test_parameter(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`charset=UTF-8` in the query gives metadata in UTF-8."""
    instance = _latin_1(dicomweb, corpus)

    response = dicomweb.metadata(instance, [("charset", "UTF-8")])

    with expect(response) as it:
        it.has_status(200)
        _is_json_in_utf_8(it, instance, "octets-that-are-not-utf-8")


@verifies("NEGOTIATION-042", id="charset-parameter-unsupported")
def test_parameter_unsupported(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An unknown charset in the query is ignored."""
    instance = _latin_1(dicomweb, corpus)

    response = dicomweb.metadata(instance, [("charset", "x-none")])

    with expect(response) as it:
        it.has_status(200)
        _is_json_in_utf_8(it, instance, "octets-that-are-not-utf-8")


LISTS = (
    Variant("unsupported-first", "NEGOTIATION-046", "foo, utf-8"),
    Variant("unsupported-only", "NEGOTIATION-046", "x-none"),
)


@verifies(id="charset-header-unsupported", each=LISTS)
def test_header_unsupported(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Unknown character sets in Accept-Charset are ignored."""
    instance = _latin_1(dicomweb, corpus)

    response = dicomweb.get(f"{path(instance)}/metadata", accept=JSON, headers=[("Accept-Charset", case.value)])

    with expect(response) as it:
        _is_not_refused(it)
        _is_json_in_utf_8(it, instance, "")


@verifies("NEGOTIATION-044", id="charset-header-weights")
def test_header_weights(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Metadata in XML come in the character set of Accept-Charset that has the most weight."""
    instance = corpus.names.latin_1.instances[0]
    resource = f"{path(instance)}/metadata"
    without = dicomweb.get(resource, accept=MULTIPART_XML)
    control(without, because="there are no metadata in XML")
    with expect(without) as other:
        models = models_of(other)
    names = {each.path for one in models for each in xml_differences.with_xml(instance.dataset, one)}
    assume(NAME not in names, "the name is not right without the header either", "xml-metadata-text[ISO_IR-100]")

    response = dicomweb.get(resource, accept=MULTIPART_XML, headers=[("Accept-Charset", "iso-8859-1;q=0.5, utf-8")])

    with expect(response) as it:
        if 400 <= response.status < 500 and response.status not in {406, *BUSY}:
            it.observes("400-or-another-4xx", received=it.status_line)
            it.concludes()
        it.has_status(200)
        for each in documents_of(it):
            document = xml_octets.read(each)
            if document.fault == xml_octets.CONTRADICTS:
                it.observes("octets-do-not-decode-in-declared-charset", received=document.encoding)
                continue
            try:
                model = xml_model.data_set_of(each)
            except UnreadableError as error:
                it.finds("the body is not what was asked for", received=str(error))
                continue
            for difference in xml_differences.with_xml(instance.dataset, model):
                if difference.path == NAME:
                    it.observes(
                        "text-differs-from-the-stored-one",
                        where=NAME,
                        expected=[difference.stored],
                        received=difference.received,
                    )
            if document.encoding.replace("_", "-") in {"iso-8859-1", "latin-1", "latin1", "iso8859-1"}:
                it.observes("iso-8859-1-declared-and-true")
            elif json_model.text(model, "00080018") != instance.sop_instance_uid:
                it.finds("nothing of what was asked for is in it", received=it.status_line)


@verifies("SEARCH-155", id="charset-header-on-search")
def test_header_on_search(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`Accept-Charset: utf-8` does not change the result of a search."""
    study = corpus.names.latin_1
    query = [("StudyInstanceUID", study.study_instance_uid)]
    without = dicomweb.search("studies", query)
    control(without, because="the search does not work without the header")

    response = dicomweb.get("studies", query, accept=JSON, headers=[("Accept-Charset", "utf-8")])

    with expect(without) as other:
        assume(
            other.is_a_list_of_matches().uids("0020000D") == [study.study_instance_uid],
            "the search does not find just the study",
            "search-studies",
        )
    with expect(response) as it:
        if response.status in {400, 406}:
            it.observes("406-or-400", received=it.status_line)
            it.concludes()
        it.has_status(200, 204)
        try:
            response.body.decode()
        except UnicodeDecodeError as error:
            it.observes("body-is-not-utf-8", received=str(error))
            it.concludes()
        matches = it.is_a_list_of_matches()
        names = [json_model.text(each, NAME) for each in matches.own]
        with expect(without) as other:
            wanted = [json_model.text(each, NAME) for each in other.is_a_list_of_matches().own]
        if names != wanted or matches.foreign:
            it.observes("another-result", expected=wanted, received=", ".join(names) or "none")
