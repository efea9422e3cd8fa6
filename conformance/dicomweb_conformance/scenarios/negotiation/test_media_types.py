"""Negotiation: which media type a server chooses (PS3.18 8.7.5 to 8.7.8, RFC 9110 12.5.1)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import shows
from dicomweb_conformance.checks.expect import BUSY, Expectation, assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.steps.accept_lists import takes_lists
from dicomweb_conformance.scenarios.steps.likewise import leave_to_the_first
from dicomweb_conformance.scenarios.steps.refusals import names_any_of
from dicomweb_conformance.scenarios.steps.xml_models import MULTIPART_XML, type_of
from dicomweb_conformance.service.resources import path
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance

JSON, XML = media_types.DICOM_JSON, media_types.DICOM_XML
OTHER = "200-with-another-type"


def has_metadata_as_json(dicomweb: StudiesService, instance: Instance) -> None:
    """Demand that the request works where nothing about it is unusual."""
    response = dicomweb.metadata(instance)
    control(response, because="there are no metadata of a stored instance as JSON")
    named = shows(response, [instance.sop_instance_uid])
    assume(named, "the metadata of an instance do not name it", "metadata-of-instance-series-study")


def is_of_type(it: Expectation, instance: Instance, otherwise: str, *media_types_: str) -> None:
    """Report `otherwise` where a 200 is of no such media type; one that is has to be of the instance."""
    kind = type_of(it.response)
    if kind not in media_types_:
        it.observes(otherwise, where="Content-Type", received=kind or "no Content-Type")
    else:
        names_any_of(it, (instance,))


# No Accept, and the accept query parameter


@verifies("NEGOTIATION-002", id="negotiation-parameter-without-header")
def test_parameter_without_header(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A request with the accept query parameter but no Accept is answered with 406, or in the type it names."""
    instance = corpus.ct_pair.instances[0]
    has_metadata_as_json(dicomweb, instance)

    response = dicomweb.metadata(instance, [("accept", JSON)], accept=None)

    with expect(response) as it:
        if response.status not in {200, 204}:
            it.has_status(406)
        elif not response.body:
            it.observes("200-or-204-with-an-empty-body")
        elif type_of(response) == JSON:
            names_any_of(it, (instance,))
            it.observes("200-with-application-dicom-json")
        else:
            it.observes(OTHER, where="Content-Type", received=it.status_line)


@verifies("NEGOTIATION-003", id="negotiation-parameter")
def test_parameter(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The accept query parameter selects XML where Accept allows any type."""
    instance = corpus.ct_pair.instances[0]
    control(dicomweb.metadata(instance, accept=MULTIPART_XML), because="Accept does not give XML either")

    response = dicomweb.metadata(instance, [("accept", MULTIPART_XML)], accept="*/*")

    with expect(response) as it:
        it.has_status(200)
        if type_of(response) == JSON:
            it.observes("200-with-default-dicom-json", where="Content-Type")
        else:
            is_of_type(it, instance, "200-with-any-other-type", XML)


@verifies("NEGOTIATION-005", id="negotiation-parameter-takes-no-wildcard")
def test_parameter_takes_no_wildcard(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`accept=*/*` in the query is refused, or ignored in favour of what Accept names."""
    instance = corpus.ct_pair.instances[0]
    has_metadata_as_json(dicomweb, instance)

    response = dicomweb.metadata(instance, [("accept", "*/*")])

    with expect(response) as it:
        it.has_status(200, 400)
        if response.status == 200:
            is_of_type(it, instance, OTHER, JSON)


# Weights


@verifies("NEGOTIATION-015", id="negotiation-highest-quality", needs="xml")
def test_highest_quality(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Metadata come in JSON or XML, whichever has the higher weight in Accept, in whatever order."""
    instance = corpus.ct_pair.instances[0]
    takes_lists(dicomweb, corpus)
    has_metadata_as_json(dicomweb, instance)
    control(dicomweb.metadata(instance, accept=MULTIPART_XML), because="there are no metadata in XML")

    for wanted, weights in ((JSON, (0.2, 0.9)), (XML, (0.9, 0.2))):
        accept = f"{MULTIPART_XML};q={weights[0]}, {JSON};q={weights[1]}"
        response = dicomweb.metadata(instance, accept=accept)
        with expect(response) as it:
            it.has_status(200)
            kind = type_of(response)
            lower = kind in {JSON, XML} - {wanted}
            is_of_type(it, instance, "the-type-with-the-lower-weight" if lower else "another-type", wanted)


@verifies("NEGOTIATION-018", id="negotiation-quality-zero")
def test_quality_zero(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A media type of weight 0 is not chosen, even where a range of more weight includes it."""
    instance = corpus.ct_pair.instances[0]
    takes_lists(dicomweb, corpus)
    has_metadata_as_json(dicomweb, instance)

    response = dicomweb.metadata(instance, accept=f"{JSON};q=0, */*;q=0.1")

    with expect(response) as it:
        it.has_status(200, 406)
        if response.status == 200:
            if type_of(response) == JSON:
                it.observes("200-with-dicom-json-by-wildcard", where="Content-Type")
            is_of_type(it, instance, OTHER, JSON, XML)


# Lists


PASSED_OVER = (
    Variant("metadata", "NEGOTIATION-019b", f"application/x-nothing, {JSON};q=0.5", needs="metadata"),
    Variant(
        "search",
        "NEGOTIATION-019b",
        f'multipart/related; type="application/octet-stream", {JSON};q=0.5',
        needs="search.studies",
    ),
    Variant(
        "instance", "NEGOTIATION-019b", f"application/x-nothing, {media_types.MULTIPART_DICOM};q=0.2", needs="retrieve"
    ),
    Variant(
        "wildcard", "NEGOTIATION-019b", "application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", needs="metadata"
    ),
)


@verifies(id="negotiation-unsupported-passed-over", each=PASSED_OVER)
def test_unsupported_passed_over(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The server passes over a media type that it does not have, and returns one of less weight that it has."""
    instance = corpus.ct_pair.instances[0]
    if case.id != "metadata":
        takes_lists(dicomweb, corpus)
    usual = media_types.MULTIPART_DICOM if case.id == "instance" else "*/*" if case.id == "wildcard" else JSON
    works = _asked(dicomweb, instance, case.id, usual)
    control(works, because=f"the request does not work with Accept: {usual}")
    assume(
        shows(works, [instance.study_instance_uid]),
        f"the response with Accept: {usual} does not hold what was asked for",
        works.exchange,
    )

    response = _asked(dicomweb, instance, case.id, case.value)

    leave_to_the_first(
        "negotiation-unsupported-passed-over",
        case,
        PASSED_OVER,
        _is_refused(response),
        lambda each: _is_refused(_asked(dicomweb, instance, each.id, each.value)),
    )
    with expect(response) as it:
        if 400 <= response.status < 500 and response.status not in BUSY:
            it.observes("406-400-or-another-4xx", received=it.status_line)
            it.concludes()
        it.has_status(200)
        kinds = {type_of(works)} | ({JSON, XML} if case.id == "wildcard" else set())
        if type_of(response) not in kinds:
            it.observes(OTHER, where="Content-Type", received=response.content_type or "no Content-Type")
        elif not shows(response, [instance.study_instance_uid]):
            it.finds("nothing of what was asked for is in it", received=it.status_line)


def _is_refused(response: Response) -> str:
    refused = 400 <= response.status < 500 and response.status not in BUSY
    return f"a list that does not begin with what is to be had is answered with {response.status}" if refused else ""


def _asked(dicomweb: StudiesService, instance: Instance, resource: str, accept: str) -> Response:
    if resource == "search":
        return dicomweb.search("studies", StudyInstanceUID=instance.study_instance_uid, accept=accept)
    if resource == "instance":
        return dicomweb.retrieve(instance, accept=accept)
    return dicomweb.metadata(instance, accept=accept)


@verifies("NEGOTIATION-019", id="negotiation-malformed-passed-over")
def test_malformed_passed_over(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The server ignores an element of Accept that is not a media type, and heeds the rest."""
    instance = corpus.ct_pair.instances[0]
    takes_lists(dicomweb, corpus)
    has_metadata_as_json(dicomweb, instance)

    response = dicomweb.metadata(instance, accept=f"bogus, {JSON}")

    with expect(response) as it:
        it.has_status(200)
        is_of_type(it, instance, OTHER, JSON)


@verifies("NEGOTIATION-019c", id="negotiation-repeated-lines")
def test_repeated_lines(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Two Accept lines mean the same as one with a comma."""
    instance = corpus.ct_pair.instances[0]
    takes_lists(dicomweb, corpus)
    has_metadata_as_json(dicomweb, instance)

    response = dicomweb.send_exactly(
        "GET", f"/{path(instance)}/metadata", headers=[("Accept", "application/x-nothing"), ("Accept", JSON)]
    )

    with expect(response) as it:
        it.has_status(200)
        is_of_type(it, instance, OTHER, JSON)


@verifies("NEGOTIATION-008", id="negotiation-mixed-with-png", needs="metadata")
def test_mixed_with_png(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An Accept with both a DICOM and a rendered media type is answered with 400."""
    instance = corpus.ct_pair.instances[0]
    takes_lists(dicomweb, corpus)
    has_metadata_as_json(dicomweb, instance)

    response = dicomweb.metadata(instance, accept=f"{JSON}, image/png")

    with expect(response) as it:
        if response.status == 200:
            is_of_type(it, instance, "200-with-a-type-that-is-not-listed", JSON, "image/png")
            it.observes("png-ignored-as-unsupported")
        else:
            it.has_status(400, 409)


@verifies("NEGOTIATION-008", id="negotiation-mixed-with-jpeg", needs="retrieve")
def test_mixed_with_jpeg(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An Accept with DICOM and JPEG, a bulk data type as well as a rendered one, is refused, or one of them comes."""
    instance = corpus.ct_pair.instances[0]
    takes_lists(dicomweb, corpus)
    works = dicomweb.retrieve(instance)
    control(works, because="the instance cannot be retrieved")
    assume(
        shows(works, [instance.sop_instance_uid]),
        "what is retrieved does not hold the instance",
        "retrieve-instance-series-study",
    )

    response = dicomweb.retrieve(instance, accept=f"{media_types.MULTIPART_DICOM}, image/jpeg")

    with expect(response) as it:
        if response.status == 200:
            kind = type_of(response)
            if kind not in {media_types.DICOM, "image/jpeg"}:
                it.observes("200-with-a-type-that-is-not-listed", where="Content-Type", received=it.status_line)
            elif kind == media_types.DICOM:
                names_any_of(it, (instance,))
            elif not response.body.startswith(b"\xff\xd8"):
                it.observes("body-does-not-fit-its-content-type", received=it.status_line)
            it.observes("for-image-jpeg-200-with-a-listed-type")
        else:
            it.has_status(400, 409)


@verifies("NEGOTIATION-052", id="negotiation-any-multipart", needs="retrieve")
def test_any_multipart(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`multipart/*` on an instance gives it in a multipart/related."""
    instance = corpus.ct_pair.instances[0]
    works = dicomweb.retrieve(instance)
    control(works, because="the instance cannot be retrieved")
    held = shows(works, [instance.sop_instance_uid])
    assume(held, "what is retrieved does not hold the instance", "retrieve-instance-series-study")

    response = dicomweb.retrieve(instance, accept="multipart/*")

    with expect(response) as it:
        it.has_status(200)
        is_of_type(it, instance, "200-with-anything-else", media_types.DICOM)


@verifies("NEGOTIATION-037", id="negotiation-plain-json")
def test_plain_json(dicomweb: StudiesService, corpus: Corpus) -> None:
    """application/json on a search is refused, or taken for application/dicom+json."""
    instance = corpus.ct_pair.instances[0]
    works = _asked(dicomweb, instance, "search", JSON)
    control(works, because="the search does not work")
    found = shows(works, [instance.study_instance_uid])
    assume(found, "the search does not find the study", "search-studies")

    response = _asked(dicomweb, instance, "search", media_types.JSON)

    with expect(response) as it:
        if response.status not in {200, 204}:
            it.has_status(406)
            it.concludes()
        if type_of(response) != JSON:
            it.observes("200-with-anything-else", where="Content-Type", received=it.status_line)
        elif not shows(response, [instance.study_instance_uid]):
            it.observes("200-with-anything-else", received="JSON without the study")


# Parameters


@verifies("HTTP-027", id="negotiation-parameter-name-in-other-case", needs="retrieve")
def test_parameter_name_in_other_case(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The name of a media type parameter means the same in capital letters."""
    instance = corpus.ct_pair.instances[0]
    lower = dicomweb.retrieve(instance)
    control(lower, because="the instance cannot be retrieved")
    assume(
        shows(lower, [instance.sop_instance_uid]),
        "what is retrieved does not hold the instance",
        "retrieve-instance-series-study",
    )

    response = dicomweb.retrieve(instance, accept='multipart/related; TYPE="application/dicom"')

    with expect(response) as it:
        if 400 <= response.status < 500 and response.status not in BUSY:
            it.observes("406-400-or-another-4xx", expected=["200"], received=it.status_line)
            it.concludes()
        it.has_status(200)
        if type_of(response) != type_of(lower):
            it.observes(
                "another-media-type",
                where="Content-Type",
                expected=[lower.content_type],
                received=response.content_type,
            )
        else:
            names_any_of(it, (instance,))


@verifies("NEGOTIATION-032", id="negotiation-transfer-syntax-of-json")
def test_transfer_syntax_of_json(dicomweb: StudiesService, corpus: Corpus) -> None:
    """application/dicom+json may be asked for with a transfer-syntax."""
    instance = corpus.ct_pair.instances[0]
    has_metadata_as_json(dicomweb, instance)

    response = dicomweb.metadata(instance, accept=f"{JSON}; transfer-syntax=1.2.840.10008.1.2.1")

    with expect(response) as it:
        it.has_status(200, 406)
        if response.status == 200:
            is_of_type(it, instance, OTHER, JSON)


@verifies("NEGOTIATION-038", id="negotiation-single-part-of-a-study")
def test_single_part_of_a_study(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A study of several instances does not come as one application/dicom body, but as multipart, or 406."""
    study = corpus.ct_pair
    works = dicomweb.retrieve(study)
    control(works, because="the study cannot be retrieved")
    wanted = [instance.sop_instance_uid for instance in study.instances]
    assume(shows(works, wanted), "what is retrieved does not hold the study", "retrieve-study-is-whole")

    response = dicomweb.retrieve(study, accept=media_types.DICOM)

    with expect(response) as it:
        if response.status != 200:
            it.has_status(406)
            it.concludes()
        name = media_types.name_of(response.content_type)
        found = [each for each in wanted if each.encode() in response.body]
        if name == media_types.DICOM and len(found) == 1:
            it.observes("200-with-one-instance-of-several", received=it.status_line)
        elif name == media_types.MULTIPART_RELATED and len(found) == len(wanted):
            it.observes("200-with-multipart-dicom-default", where="Content-Type")
        elif len(found) == len(wanted) or response.body.startswith(b"PK"):
            it.observes("200-with-zip-or-one-body", received=it.status_line)
        else:
            it.observes("200-with-anything-that-is-not-the-study", received=it.status_line)
