"""Retrieve Capabilities: what the service says of itself (PS3.18 8.9, Annexes G and H)."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import Expectation, assume, control, expect, offered, quoted
from dicomweb_conformance.checks.judgement import Inconclusive
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.http import media_types, urls
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.http.urls import UrlError
from dicomweb_conformance.reading import json_documents
from dicomweb_conformance.scenarios.capabilities import description
from dicomweb_conformance.scenarios.capabilities.description import Element
from dicomweb_conformance.service.resources import path
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

_XML = media_types.multipart_related(media_types.DICOM_XML)
_TABLE_H_1 = frozenset(
    {
        *("studies", "series", "instances", "metadata", "rendered", "renderedmpr", "rendered3d", "thumbnail"),
        *("bulkdata", "pixeldata", "frames", "workitems", "state", "cancelrequest", "subscribers", "suspend"),
        *("1.2.840.10008.5.1.4.34.5", "1.2.840.10008.5.1.4.34.5.1", "color-palettes", "defined-procedure-protocol"),
        *("defined-procedure-protocols", "hanging-protocol", "hanging-protocols", "implant-templates", "inventories"),
        "commitment-requests",
    }
)


@verifies("CAPABILITIES-001", id="capabilities-offered")
def test_offered(dicomweb: StudiesService) -> None:
    """OPTIONS on the base URL gives a description of the service."""
    response = dicomweb.capabilities()
    assume(response.status != 304, "a description is not sent, though none was sent before", "capabilities-conditional")

    with expect(response) as it:
        if response.status == 401:
            it.observes("401-with-credentials-that-work-for-get")
            it.concludes()
        it.has_status(200)
        if not response.body:
            it.observes("200-or-204-without-body-cors-or-framework-layer")
        elif not (b"application" in response.body and b"resource" in response.body):
            it.observes("200-with-html-or-any-other-document", received=it.status_line)


def _answered(dicomweb: StudiesService) -> Response:
    response = dicomweb.capabilities()
    control(response, because="there is no description of capabilities")
    return response


def _read(response: Response) -> Element:
    """Return the description, or end the check: whether it can be read is judged once."""
    try:
        return description.read(response)
    except UnreadableError as error:
        raise Inconclusive(f"the description cannot be read: {quoted(error)}", "capabilities-media-type") from None


@verifies("CAPABILITIES-003", id="capabilities-media-type")
def test_media_type(dicomweb: StudiesService) -> None:
    """The description is WADL or JSON, and what its Content-Type says."""
    response = _answered(dicomweb)

    with expect(response) as it:
        name = media_types.name_of(response.content_type)
        if name in description.JSON_TYPES | description.XML_TYPES:
            try:
                description.read(response)
            except UnreadableError as error:
                it.observes("body-does-not-parse-as-its-content-type", received=f"{name}: {quoted(error)}")
                it.concludes()
        if name == media_types.JSON:
            it.observes("application-json-and-well-formed-json")
        elif name == media_types.WADL:
            it.observes("wadl-type-and-well-formed")
        elif name in description.XML_TYPES:
            it.observes("xml-type-and-well-formed-wadl", where="Content-Type", received=name)
        else:
            it.observes("any-other-type", where="Content-Type", received=name or "no Content-Type")


@verifies("CAPABILITIES-005", id="capabilities-conditional")
def test_conditional(dicomweb: StudiesService) -> None:
    """304 comes only where If-None-Match names the current ETag of the description, and has no body."""
    plain = dicomweb.capabilities()
    with expect(plain) as it:
        if plain.status == 304:
            it.observes("304-to-a-request-without-if-none-match")
    offered(plain.status in {200, 304}, "there is no description of capabilities", "capabilities")
    tag = plain.headers.get("ETag")
    offered(tag, "the description has no ETag")

    current = dicomweb.capabilities(headers=[("If-None-Match", tag or "")])

    with expect(current) as it:
        it.has_status(200, 304)
        if current.status == 304 and (current.body or (current.wire and current.wire.after)):
            it.observes("304-with-a-body")


@verifies("CAPABILITIES-007", id="capabilities-application")
def test_application(dicomweb: StudiesService) -> None:
    """The root of the description is the element application of WADL."""
    response = _answered(dicomweb)
    root = _read(response)

    with expect(response) as it:
        if root.name != "application":
            it.observes("another-root-element", received=root.name)
        elif root.namespace == description.NAMESPACE or description.is_json(response):
            it.observes("application-in-wadl-namespace")
        elif "wadl" in root.namespace.lower():
            it.observes("application-in-an-older-wadl-namespace", received=root.namespace)
        else:
            it.observes("application-in-no-or-another-namespace", received=root.namespace or "none")


@verifies("CAPABILITIES-008", id="capabilities-base")
def test_base(dicomweb: StudiesService) -> None:
    """The description has one element resources, whose base is the base URL of the service."""
    response = _answered(dicomweb)
    found = _read(response).all("resources")

    with expect(response) as it:
        if not found:
            it.observes("no-resources-element")
            it.concludes()
        if len(found) > 1:
            it.observes("several-resources-elements", received=f"{len(found)}")
        base = found[0].attributes.get("base", "")
        if not base:
            it.observes("no-base", where="resources")
        else:
            _is_base(it, dicomweb, base)


def _is_base(it: Expectation, dicomweb: StudiesService, base: str) -> None:
    try:
        given = urls.resolve(base, f"{dicomweb.base_url}/")
    except UrlError as error:
        it.observes("base-that-is-no-uri-reference", where="resources/base", received=f"{base}: {error}")
        return
    expected = [dicomweb.base_url]
    if given.path.rstrip("/") != dicomweb.base.path.rstrip("/"):
        it.observes("base-with-another-path", where="resources/base", expected=expected, received=base)
    elif given.origin != dicomweb.base.origin:
        quote = "base-differs-in-scheme-host-or-port-only"
        it.observes(quote, where="resources/base", expected=expected, received=base)


@verifies("CAPABILITIES-009", id="capabilities-describe-what-works")
def test_describe_what_works(dicomweb: StudiesService, corpus: Corpus) -> None:
    """What works is described: searches, store, metadata and instances."""
    instance = corpus.ct_pair.instances[0]
    uid = instance.study_instance_uid
    response = _answered(dicomweb)
    found = description.described(_read(response))
    instance_path = "studies/{}/series/{}/instances/{}"
    asked = {
        "studies": dicomweb.search("studies", StudyInstanceUID=uid),
        "series": dicomweb.search("series", SeriesInstanceUID=instance.series_instance_uid),
        "studies/{}/series": dicomweb.search(f"studies/{uid}/series"),
        instance_path: dicomweb.retrieve(instance),
        f"{instance_path}/metadata": dicomweb.metadata(instance),
    }

    with expect(response) as it:
        if not found:
            it.observes("no-resource-element-at-all")
            it.concludes()
        for where, answer in asked.items():
            methods = found.get(where, set())
            is_described = methods is None or "GET" in methods
            if answer.status == 200 and not is_described:
                it.observes("resource-or-method-works-not-described", where=f"GET /{where}")
            elif answer.status in {404, 405, 501} and is_described:
                quote = "one-described-answers-404-405-or-501"
                it.observes(quote, where=f"GET /{where}", received=f"status {answer.status}")


@verifies("CAPABILITIES-010", id="capabilities-names")
def test_names(dicomweb: StudiesService) -> None:
    """The resources described have the names of Table H-1."""
    response = _answered(dicomweb)
    found = description.described(_read(response))
    assume(found, "no resource is described", "capabilities-describe-what-works")
    segments = {each for where in found for each in where.split("/") if each and "{" not in each}

    with expect(response) as it:
        if "studies" not in segments:
            received = Harmless(f"{_named(segments)}, and no studies")
            it.observes("a-standard-resource-under-another-name", expected=["a segment studies"], received=received)
        if segments - _TABLE_H_1:
            it.observes("further-segments", received=Harmless(_named(segments)))


def _named(segments: set[str]) -> str:
    """Say which names there are: those of the table; the others may be anybody's words, and are counted."""
    known, further = sorted(segments & _TABLE_H_1), len(segments - _TABLE_H_1)
    others = f"{further} name{'s' * (further != 1)} that the table does not have"
    return ", ".join([*known, *([others] if further else [])]) or "variables only"


@verifies("CAPABILITIES-011", id="capabilities-as-json")
def test_as_json(dicomweb: StudiesService) -> None:
    """Asked for in JSON alone, the description has the shape of Annex G, or there is none: 406."""
    response = dicomweb.capabilities(accept=media_types.JSON)

    with expect(response) as it:
        if not it.is_one_of(200, 406) or response.status == 406:
            it.concludes()
        if not description.is_json(response):
            it.observes("200-with-wadl-xml", where="Content-Type", received=it.status_line)
            it.concludes()
        it.is_json("body-labelled-json-that-does-not-parse")
        if it.is_readable_json() and (fault := description.misshapen(json_documents.value_of(response.body))):
            it.observes("json-of-another-shape", received=fault)


@verifies("CAPABILITIES-012", id="capabilities-name-character-sets")
def test_name_character_sets(dicomweb: StudiesService) -> None:
    """The description names the character sets that are supported."""
    response = _answered(dicomweb)

    with expect(response) as it:
        named = any(each in response.body.lower() for each in (b"charset", b"iso_ir"))
        it.observes("a-character-set-is-named" if named else "none-is-named")


@verifies("CAPABILITIES-014", id="capabilities-of-a-resource")
def test_of_a_resource(dicomweb: StudiesService, corpus: Corpus) -> None:
    """OPTIONS on metadata with an Accept is answered in whatever way, but by no error of the server."""
    response = dicomweb.send("OPTIONS", f"{path(corpus.ct_pair)}/metadata", accept=_XML)

    with expect(response) as it:
        if response.status >= 500:
            it.has_status(200, 501)
