"""Metadata: the data sets of a study, series or instance as DICOM JSON (PS3.18 10.4.1.1.2, Annex F)."""

from __future__ import annotations

import base64

from pydicom import Dataset

from dicomweb_conformance.archive.contents import shows
from dicomweb_conformance.checks.expect import BUSY, assume, control, expect, quoted, read_parts
from dicomweb_conformance.checks.judgement import Inconclusive
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import differences, json_model
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.scenarios.metadata.one_object import lost_without_value, only
from dicomweb_conformance.scenarios.steps.refusals import judge_unacceptable, missing_beside, names_any_of, study_named
from dicomweb_conformance.scenarios.steps.wholeness import has_identifiers
from dicomweb_conformance.scenarios.steps.xml_models import kind_of
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.building.modules import apart
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Series, Study


@verifies("METADATA-001", id="metadata-of-instance-series-study", smoke=True)
def test_of_instance_series_study(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The metadata of a stored instance, its series and its study are available as JSON."""
    study = corpus.two_series
    resources: tuple[Instance | Series | Study, ...] = (study.instances[0], study.series[0], study)

    for resource in resources:
        response = dicomweb.metadata(resource)
        with expect(response) as it:
            if response.status == 200 and media_types.name_of(response.content_type) == "text/html":
                it.observes("200-with-an-html-or-login-page", received=it.status_line)
                it.concludes()
            it.is_metadata()
            names_any_of(it, (resource,) if isinstance(resource, Instance) else resource.instances)


@verifies("METADATA-002", id="metadata-json-by-default")
def test_json_by_default(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`Accept: */*` on metadata gives application/dicom+json."""
    instance = corpus.ct_pair.instances[0]

    response = dicomweb.metadata(instance, accept="*/*")

    with expect(response) as it:
        it.has_status(200)
        match kind_of(response):
            case media_types.DICOM_JSON:
                names_any_of(it, (instance,))
            case media_types.JSON:
                it.observes("200-as-application-json", where="Content-Type")
            case media_types.MULTIPART_RELATED if (
                media_types.parse(response.content_type).of_parts == media_types.DICOM_XML
            ):
                it.observes("200-as-multipart-dicom-xml", where="Content-Type")
            case other:
                it.observes("200-with-another-type", where="Content-Type", received=other or "no Content-Type")


@verifies("METADATA-012", "METADATA-013", id="metadata-holds-identifiers")
def test_holds_identifiers(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Each object names its patient, study, series, instance and SOP Class, and they are those of the path."""
    instance = corpus.two_series.instances[0]

    response = dicomweb.metadata(instance)

    with expect(response) as it:
        objects = it.is_metadata()
        if not objects:
            it.finds("an empty array", expected=["one object"], received="[]")
            it.concludes()
        has_identifiers(it, instance, objects[0])


@verifies("METADATA-017", "METADATA-017b", id="metadata-leads-to-pixels")
def test_leads_to_pixels(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Pixel Data in metadata is given by a URI or inline, and inline they are the stored octets."""
    instance = corpus.ct_pair.instances[0]

    response = dicomweb.metadata(instance)

    with expect(response) as it:
        element = only(it, instance).get("7FE00010")
        assume(element is not None, "Pixel Data is not in the metadata", "metadata-holds-every-element")
        given = [each for each in ("BulkDataURI", "InlineBinary") if isinstance(element, dict) and element.get(each)]
        if not given:
            it.observes(
                "neither-uri-nor-inline",
                where="7FE00010",
                received=str(element)[:200],
                of="METADATA-017b",
            )
        else:
            it.observes(given[0].lower(), of="METADATA-017")
        if given == ["InlineBinary"] and isinstance(element, dict):
            try:
                inline = base64.b64decode(element["InlineBinary"], validate=True)
            except (ValueError, TypeError):
                inline = b""
            if inline.rstrip(b"\0") != instance.dataset.PixelData.rstrip(b"\0"):
                it.observes(
                    "inline-is-not-the-stored-octets",
                    where="7FE00010",
                    received=f"{len(inline)} octets",
                    of="METADATA-017b",
                )


COMPRESSED = (
    Variant("rle", "METADATA-017b", "rle"),
    Variant("rle-of-three-frames", "METADATA-017b", "rle_loop"),
    Variant("jpeg", "METADATA-017b", "jpeg"),
    Variant("video", "METADATA-017b", "video"),
)


@verifies("METADATA-006", id="metadata-leads-to-compressed-pixels", each=COMPRESSED)
def test_leads_to_compressed_pixels(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Pixel Data of a compressed image is in the metadata, by a URI or inline."""
    instance = study_named(corpus, case.value).instances[0]

    response = dicomweb.metadata(instance)

    with expect(response) as it:
        element = only(it, instance).get("7FE00010")
        if element is None:
            it.observes("bulk-element-absent", where="7FE00010", of="METADATA-006")
        elif not (isinstance(element, dict) and (element.get("BulkDataURI") or element.get("InlineBinary"))):
            it.observes("neither-uri-nor-inline", where="7FE00010", received=str(element)[:200])


TEXTS = frozenset({"PN", "LO", "SH", "LT", "ST", "UT", "UC"})
DELIMITED = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI"})
PLAIN_SET = "IR100"
CHARACTER_SETS = (
    Variant("ISO_IR-100", "METADATA-021", "ISO_IR 100"),
    Variant("ISO_IR-144", "METADATA-021", "ISO_IR 144"),
    Variant("ISO-2022-IR-87", "METADATA-021", "ISO 2022 IR 87"),
    Variant("ISO-2022-IR-149", "METADATA-021", "ISO 2022 IR 149"),
    Variant("GB18030", "METADATA-021", "GB18030"),
    Variant("ISO_IR-192", "METADATA-021", "ISO_IR 192"),
    *(
        Variant(key, "METADATA-021")
        for key in (
            *("IR101", "IR109", "IR110", "IR126", "IR127", "IR138", "IR148", "IR166", "IR13", "GBK", "2022IR58"),
            *("2022IR13+2022IR87", "2022IR87+2022IR159", "2022IR100+2022IR144+2022IR126"),
        )
    ),
)


@verifies(id="metadata-text-is-utf-8", each=CHARACTER_SETS)
def test_text_is_utf_8(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Names and texts come as the characters that were stored, whatever their character set was."""
    study = _in_character_set(corpus, case.value) if case.value else corpus.character_sets.study(case.id)
    instance = study.instances[0]
    stored = apart(instance.dataset)
    stored.PatientName = study.value("PatientName")  # of pydicom, which misreads some of them, nothing is believed

    response = dicomweb.metadata(instance)

    with expect(response) as it:
        objects = it.is_metadata()
        assume(objects, "the metadata are empty", "metadata-one-object-per-instance")
        for each in differences.with_json(stored, objects[0]):
            if each.vr not in TEXTS:
                continue
            if lost_without_value(each, stored):
                continue
            escaped = each.vr == "PN" and "\\x1b" in each.received
            assume(not escaped, "the escapes to a character set stand in the name", "message[JSON-028]")
            quote = "text-absent-although-stored" if each.kind == "lost" else "characters-replaced"
            it.observes(quote, where=f"{each.path} {each.vr}", expected=[each.stored], received=each.received)
        joined = _not_set_apart(instance, objects[0])
        usual = corpus.character_sets.study(PLAIN_SET).instances[0] if joined else instance
        known = _not_set_apart(usual, only(it.on(dicomweb.metadata(usual)), usual)) if joined else []
        for tag in joined:
            if tag not in known:  # as in any character set, which other rows tell
                expected, received = [f"{instance.dataset[tag].VM} values"], json_model.values(objects[0], tag)
                it.observes("values-not-set-apart", where=tag, expected=expected, received=str(received))


def _not_set_apart(instance: Instance, found: json_model.DataSet) -> list[str]:
    """Return the tags of attributes but texts that have several values, of which another number came."""
    return [
        tag
        for element in instance.dataset
        if element.VM > 1 and element.VR in DELIMITED and element.keyword != "SpecificCharacterSet"
        for tag in [f"{element.tag:08X}"]
        if isinstance(found.get(tag), dict) and len(json_model.values(found, tag)) != element.VM
    ]


def _in_character_set(corpus: Corpus, term: str) -> Study:
    studies = (*corpus.names.studies, *corpus.character_sets.studies)
    return next(study for study in studies if term in study.value("SpecificCharacterSet"))


@verifies("METADATA-020", id="metadata-equal-the-instance")
def test_equal_the_instance(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The metadata of an instance and the instance as retrieved are the same data set."""
    instance = corpus.two_series.instances[1]
    retrieved = _data_set_of(dicomweb.retrieve(instance))

    response = dicomweb.metadata(instance)

    with expect(response) as it:
        for each in differences.with_json(retrieved, only(it, instance)):
            if not lost_without_value(each, retrieved):
                where = f"{each.path} {each.vr}"
                it.observes("tag-or-value-differs", where=where, expected=[each.stored], received=each.received)


def _data_set_of(retrieved: Response) -> Dataset:
    """Return the data set of a retrieved instance, or end the check: how it is retrieved is judged elsewhere."""
    assume(retrieved.status == 200, "the instance cannot be retrieved", "retrieve-instance-is-that-one")
    control(retrieved, because="the instance cannot be retrieved")
    try:
        parts = read_parts(retrieved)
    except UnreadableError as error:
        raise Inconclusive(f"the instance is not retrieved as multipart: {quoted(error)}", retrieved.exchange) from None
    assume(len(parts) == 1, "the instance is not retrieved as one part", "retrieve-instance-is-that-one")
    return parts[0]


# What is not there, and what is not acceptable

MISSING = (Variant("study", "METADATA-016"), Variant("series", "METADATA-016"), Variant("instance", "METADATA-016"))


@verifies(id="metadata-missing", each=MISSING)
def test_missing(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The metadata of what does not exist are answered with 404 or 410, at each level."""
    stored, missing = missing_beside(corpus, corpus.two_series.instances[0], case.id)
    control(dicomweb.metadata(stored), because="there are no metadata of what is stored there")

    response = dicomweb.metadata(missing)

    with expect(response) as it:
        if response.status == 200:
            if not response.body.strip():
                it.observes("200-with-an-empty-body")
            else:
                it.observes(
                    "200-with-any-object" if it.is_metadata() else "200-with-empty-list", received=it.status_line
                )
        else:
            it.has_status(404, 410)


@verifies("ERROR-007", id="metadata-path-without-uid", needs="metadata")
def test_path_without_uid(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A path segment that is not a UID is answered with 400 or 404."""
    control(dicomweb.metadata(corpus.ct_pair), because="there are no metadata of a stored study")

    response = dicomweb.get("studies/not-a-uid/metadata", accept=media_types.DICOM_JSON)

    with expect(response) as it:
        if response.status != 200:
            it.has_status(400, 404, 410)
            it.concludes()
        if media_types.name_of(response.content_type) == "text/html":
            it.observes("200-with-html")
        else:
            it.observes(
                "200-with-metadata-of-any-instance" if it.is_metadata() else "200-empty-list", received=it.status_line
            )


@verifies("HTTP-032", id="metadata-ignores-unknown-parameters", needs="metadata")
def test_ignores_unknown_parameters(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A query parameter that the server does not know changes nothing."""
    instance = corpus.ct_pair.instances[0]
    without = dicomweb.metadata(instance)
    _control(without, instance)

    response = dicomweb.metadata(instance, [("x_conformance_probe", 1)])

    with expect(response) as it:
        found = it.is_metadata()
        with expect(without) as other:
            if _without_uris(found) != _without_uris(other.is_metadata()):
                it.observes(
                    "200-with-other-content",
                    expected=["the same content"],
                    received=f"{len(response.body)} octets of other content",
                )
        if response.headers.get("Warning"):
            it.observes(
                "the-same-content-with-a-warning", where="Warning", received=response.headers.get("Warning") or ""
            )


def _control(response: Response, instance: Instance) -> None:
    """Demand metadata that name the instance, of a request with nothing unusual in it."""
    control(response, because="there are no metadata of a stored instance")
    named = shows(response, [instance.sop_instance_uid])
    assume(named, "the metadata of an instance do not name it", "metadata-of-instance-series-study")


def _without_uris(value: object) -> object:
    """Leave out what a Bulk Data URI says: it may be signed, or made anew for each answer."""
    if isinstance(value, dict):
        return {name: "" if name == "BulkDataURI" else _without_uris(each) for name, each in value.items()}
    return [_without_uris(each) for each in value] if isinstance(value, list) else value


@verifies("HTTP-027", id="metadata-accept-in-other-case", needs="metadata")
def test_accept_in_other_case(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A media type means the same in capital letters."""
    instance = corpus.ct_pair.instances[0]
    lower = dicomweb.metadata(instance)
    _control(lower, instance)

    response = dicomweb.metadata(instance, accept="Application/DICOM+JSON")

    with expect(response) as it:
        if 400 <= response.status < 500 and response.status not in BUSY:
            it.observes("406-400-or-another-4xx", expected=["200"], received=it.status_line)
            it.concludes()
        it.has_status(200)
        if media_types.name_of(response.content_type) != media_types.name_of(lower.content_type):
            it.observes(
                "another-media-type",
                where="Content-Type",
                expected=[lower.content_type],
                received=response.content_type,
            )
        else:
            names_any_of(it, (instance,))


@verifies("NEGOTIATION-001", id="metadata-without-accept", needs="metadata")
def test_without_accept(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A request without any Accept header is refused with 406, or answered in the default type."""
    instance = corpus.ct_pair.instances[0]
    control(dicomweb.metadata(instance), because="there are no metadata of a stored instance")

    response = dicomweb.metadata(instance, accept=None)

    with expect(response) as it:
        if response.status not in {200, 204}:
            it.has_status(406)
            it.concludes()
        if not response.body:
            it.observes("200-or-204-with-an-empty-body")
            it.concludes()
        match kind_of(response):
            case media_types.DICOM_JSON:
                it.observes("200-with-dicom-json")
            case media_types.JSON:
                it.observes("200-with-application-json", where="Content-Type")
            case media_types.MULTIPART_RELATED:
                it.observes("200-with-multipart-application-dicom-xml", where="Content-Type")
            case other:
                it.observes(
                    "200-with-type-outside-table-of-resource",
                    where="Content-Type",
                    received=other or "no Content-Type",
                )


UNACCEPTABLE = (
    Variant("unknown-type", "NEGOTIATION-009", "application/x-nothing"),
    Variant("image-bmp", "NEGOTIATION-009", "image/bmp"),
)


@verifies(id="metadata-unacceptable", each=UNACCEPTABLE, needs="metadata")
def test_unacceptable(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Metadata in an unknown media type are answered with 406, or in the default type."""
    instance = corpus.ct_pair.instances[0]
    control(dicomweb.metadata(instance), because="there are no metadata of a stored instance")

    response = dicomweb.metadata(instance, accept=case.value)

    with expect(response) as it:
        judge_unacceptable(it, default={media_types.DICOM_JSON})
