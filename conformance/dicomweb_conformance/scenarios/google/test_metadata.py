"""Metadata and bulk data of the Cloud Healthcare API, and what else it does or does not answer."""

from __future__ import annotations

import base64

from pydicom import Dataset

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import assume, control, expect, offered, quoted
from dicomweb_conformance.checks.judgement import Inconclusive
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model, xml_differences
from dicomweb_conformance.dicom.differences import with_json
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.urls import UrlError
from dicomweb_conformance.reading import values
from dicomweb_conformance.scenarios.google.searches import INSTANCE, result_of
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.scenarios.steps.pixel_octets import equals, items_in, joined
from dicomweb_conformance.scenarios.steps.storing import stored_for
from dicomweb_conformance.scenarios.steps.xml_models import MULTIPART_XML, models_of, type_of
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.bulk_data import PIXEL_DATA, dereferenced, references
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Series, Study
from dicomweb_fixtures.fresh import Fresh

# Metadata

FORMS = (
    Variant("study-no-accept", "GOOGLE-092"),
    Variant("series-any", "GOOGLE-092", "*/*"),
    Variant("study-xml", "GOOGLE-092", MULTIPART_XML),
    Variant("instance-xml-bare", "GOOGLE-092", MULTIPART_XML.replace('"', "")),
)


@verifies(id="google-metadata-type", each=FORMS)
def test_metadata_type(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Metadata come as application/dicom+json, or multipart XML where asked for, one object for each instance."""
    study = corpus.two_series
    levels: dict[str, Study | Series | Instance] = {
        "study": study,
        "series": study.series[1],
        "instance": study.instances[0],
    }
    resource = levels[case.id.partition("-")[0]]
    wanted = [resource] if isinstance(resource, Instance) else list(resource.instances)
    xml = "xml" in case.id

    response = dicomweb.metadata(resource, accept=case.value or None)

    with expect(response) as it:
        it.has_status(200)
        expected = media_types.DICOM_XML if xml else media_types.DICOM_JSON
        if type_of(response) != expected:
            it.finds("another type", where="Content-Type", expected=[expected], received=response.content_type)
            it.concludes()
        found = {json_model.text(each, INSTANCE) for each in (models_of(it) if xml else it.is_metadata())}
        if missing := [each.sop_instance_uid for each in wanted if each.sop_instance_uid not in found]:
            it.observes("objects-missing", expected=[f"{len(wanted)} objects"], received=f"without {missing}")


@verifies("GOOGLE-093", id="google-metadata-as-search")
def test_metadata_as_search(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Metadata hold what a search for the instance with includefield=all finds, value for value."""
    instance = corpus.ct_pair.instances[0]
    resource = resources.path(instance).rpartition("/")[0]
    search = dicomweb.search(resource, includefield="all")
    control(search, because="a search with includefield=all does not work")
    with expect(search) as it:
        listed = result_of(it, resource, instance.sop_instance_uid)

    response = dicomweb.metadata(instance)

    with expect(response) as it:
        found = _only(it.is_metadata())
        compared = {tag: each for tag, each in listed.items() if not _is_left_out(tag, each)}
        for model in xml_differences.models(compared, {tag: found[tag] for tag in compared if tag in found}):
            lost = model.path not in found
            quote = "metadata-lacks-one-that-the-search-has" if lost else "a-value-differs"
            it.observes(quote, where=model.path, expected=[model.stored], received=model.received)
        further = [tag for tag, each in found.items() if tag not in listed and not _is_left_out(tag, each)]
        if further:
            it.observes("metadata-has-more", where=", ".join(further))


def _is_left_out(tag: str, attribute: DataSet) -> bool:
    """Tell whether metadata and search may differ here: group 0002, bulk data, what the search alone computes."""
    computed = {"00080056", "00081190", "00080061", "00201206", "00201208", "00201209"}
    binary = {"OB", "OD", "OF", "OL", "OV", "OW", "UN"}
    return tag.startswith("0002") or tag in computed or attribute.get("vr") in binary


@verifies("GOOGLE-094", id="google-metadata-group-2")
def test_metadata_group_2(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Group 0002 in metadata, where it is there, is that of the stored file."""
    instance = corpus.rle.instances[0]

    response = dicomweb.metadata(instance)

    with expect(response) as it:
        found = _only(it.is_metadata())
        given = {tag: json_model.text(found, tag) for tag in ("00020003", "00020010") if tag in found}
        if not any(tag.startswith("0002") for tag in found):
            it.observes("absent")
        if given.get("00020003", instance.sop_instance_uid) != instance.sop_instance_uid:
            expected, quote = [instance.sop_instance_uid], "00020003-of-another-instance"
            it.observes(quote, where="(0002,0003)", expected=expected, received=given["00020003"])
        if given.get("00020010", instance.transfer_syntax_uid) != instance.transfer_syntax_uid:
            expected, quote = [instance.transfer_syntax_uid], "00020010-not-stored-transfer-syntax"
            it.observes(quote, where="(0002,0010)", expected=expected, received=given["00020010"])


@verifies("GOOGLE-095", id="google-metadata-bulk-data")
def test_metadata_bulk_data(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Metadata give Pixel Data and large binary elements by BulkDataURI, small ones inline, and lose none."""
    small = b"".join(number.to_bytes(4, "little") for number in range(256))
    instance = fresh.with_values(
        fresh.instance(), SelectorOBValue=bytes(range(16)), SelectorOFValue=small, VectorGridData=small * 3
    )
    stored_for(dicomweb, archive, instance)

    response = dicomweb.metadata(instance)

    with expect(response) as it:
        found = _only(it.is_metadata())
        if "BulkDataURI" not in found.get(PIXEL_DATA, {}):
            it.observes("7fe00010-absent", where=PIXEL_DATA, received=", ".join(found.get(PIXEL_DATA, {})) or "absent")
        for tag, value in (("00720065", bytes(range(16))), ("00720067", small), ("00640009", small * 3)):
            attribute = found.get(tag, {})
            if json_model.values(found, tag):
                continue  # numbers in the place of octets: JSON-042 tells of them
            if "BulkDataURI" not in attribute and "InlineBinary" not in attribute:
                it.observes("value-lost", where=tag, received=str(sorted(attribute)))
            elif "InlineBinary" in attribute and not equals(_decoded(attribute["InlineBinary"]), value):
                swapped = _decoded(attribute["InlineBinary"]) == _swapped(value)
                it.observes("wrong-octet-order" if swapped else "value-lost", where=tag, received="other octets")
        inline = [tag for tag in ("00720067", "00640009") if "InlineBinary" in found.get(tag, {})]
        if inline != ["00720067"]:
            it.observes("another-threshold-for-of", received=f"inline: {', '.join(inline) or 'neither'}")


@verifies("GOOGLE-096", id="google-large-sequence")
def test_large_sequence(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A sequence above 1 MiB is left out of metadata, and nothing else is."""
    item = Dataset()
    item.SelectorUTValue = "LARGE VALUE " * 131_072
    plain = fresh.instance()
    instance = fresh.with_values(plain, ImageSetSelectorSequence=[item])
    stored_for(dicomweb, archive, instance)

    response = dicomweb.metadata(instance)

    with expect(response) as it:
        found = _only(it.is_metadata())
        if missing := [each.path for each in with_json(plain.dataset, found) if each.kind == "lost"]:
            it.observes("other-attributes-missing", where=", ".join(missing), received="absent")
        if "00720022" in found:
            given = json_model.items(found, "00720022")
            whole = bool(given) and json_model.text(given[0], "00720070") == item.SelectorUTValue.rstrip()
            received = f"{len(response.body)} octets of metadata"
            it.observes("present-and-right" if whole else "present-and-cut", where="(0072,0022)", received=received)


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except ValueError:
        return b""


def _swapped(value: bytes) -> bytes:
    return b"".join(value[place : place + 4][::-1] for place in range(0, len(value), 4))


# Bulk data

WAYS = (
    Variant("multipart", "GOOGLE-097", f"{media_types.MULTIPART_OCTETS}; transfer-syntax=*"),
    Variant("single-part", "GOOGLE-097", f"{media_types.OCTET_STREAM}; transfer-syntax=*"),
)


@verifies(id="google-bulk-data", each=WAYS)
def test_bulk_data(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A BulkDataURI in metadata leads to the value, as the part of a multipart and as a bare body."""
    instance = corpus.multiframe.instances[0]
    metadata = dicomweb.metadata(instance)
    control(metadata, because="metadata, which refer to bulk data, cannot be retrieved")
    with expect(metadata) as it:
        given = {reference.path: reference for reference in references(_only(it.is_metadata()), metadata)}
    offered(PIXEL_DATA in given, "the metadata give Pixel Data by no URI")
    try:
        response = dereferenced(dicomweb, given[PIXEL_DATA], accept=case.value)
    except UrlError as error:
        raise Inconclusive(f"the URI cannot be followed: {quoted(error)}", "bulkdata-by-uri") from None
    assume(response is not None, "the URI leads to another origin, which is not asked")
    assert response is not None

    with expect(response) as it:
        it.has_status(200)
        name = media_types.name_of(response.content_type)
        if (name == media_types.MULTIPART_RELATED) != (case.id == "multipart"):
            it.finds("another form", where="Content-Type", expected=[case.value], received=response.content_type)
        found, value = joined(items_in(it)), b"".join(instance.frames)
        if not equals(found, value):
            it.observes("other-octets", received=pixel_octets.difference(found, value))


@verifies("GOOGLE-098", id="google-bulk-data-path")
def test_bulk_data_path(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The path bulkdata/7FE00010 of an instance gives its Pixel Data."""
    instance = corpus.multiframe.instances[0]

    response = dicomweb.get(
        f"{resources.path(instance)}/bulkdata/{PIXEL_DATA}", accept=f"{media_types.MULTIPART_OCTETS}; transfer-syntax=*"
    )

    with expect(response) as it:
        if response.status in {400, 403, 404}:
            it.observes("only-bulkdatauri-of-metadata-works", received=it.status_line)
            it.concludes()
        it.has_status(200)
        found, value = joined(items_in(it)), b"".join(instance.frames)
        if not equals(found, value):
            it.observes("200-with-another-value", received=pixel_octets.difference(found, value))


# Studies, and what is not there

STUDIES = (Variant("no-accept", "GOOGLE-076"), Variant("any", "GOOGLE-076", "*/*"))


@verifies(id="google-study-by-default", each=STUDIES)
def test_study_by_default(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A whole study comes as multipart application/dicom where no other type is asked for."""
    study = corpus.two_series

    response = dicomweb.retrieve(study, accept=case.value or None)

    with expect(response) as it:
        it.has_status(200)
        multipart_of = media_types.read(response.content_type).media_type
        if (multipart_of.name, multipart_of.of_parts) != (media_types.MULTIPART_RELATED, media_types.DICOM):
            expected = [media_types.MULTIPART_DICOM]
            it.observes("another-type", where="Content-Type", expected=expected, received=response.content_type)
            it.concludes()
        found = {values.text(each, "SOPInstanceUID") for each in it.is_multipart_dicom()}
        if missing := [
            instance.sop_instance_uid for instance in study.instances if instance.sop_instance_uid not in found
        ]:
            it.observes("instances-missing", received=f"without {', '.join(missing)}")


ABSENT = (
    Variant("thumbnail", "GOOGLE-005", "GET"),
    Variant("worklist", "GOOGLE-005", "GET"),
    Variant("capabilities", "GOOGLE-005", "OPTIONS"),
)


@verifies(id="google-not-offered", each=ABSENT)
def test_not_offered(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Requests for thumbnails, worklist and capabilities are refused with a proper status, or answered."""
    instance = corpus.pictures.instances[0]
    control(dicomweb.retrieve(instance), because="what is there cannot be retrieved")
    path = {"thumbnail": f"{resources.path(instance)}/thumbnail", "worklist": "workitems", "capabilities": ""}[case.id]

    response = dicomweb.send(case.value, path, accept="*/*")

    with expect(response) as it:
        if response.status in {200, 204} and case.id == "capabilities":
            it.observes("200-or-204-for-options-from-a-cors-layer")
        elif 200 <= response.status < 300:
            it.observes("offered-and-answering", received=it.status_line)
        else:
            it.has_status(400, 403, 404, 405, 501)


def _only(found: list[DataSet]) -> DataSet:
    """Return the one object of metadata.

    Raises:
        Inconclusive: there is another number.
    """
    owner = "google-metadata-type[study-no-accept]"
    assume(len(found) == 1, f"metadata of one instance hold {len(found)} objects", owner)
    return found[0]
