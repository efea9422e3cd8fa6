"""What the Cloud Healthcare API does otherwise than PS3.18, or beside it: addresses and Retrieve."""

from __future__ import annotations

import re

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import pixel_data, values
from dicomweb_conformance.scenarios.steps.encoded_images import is_near
from dicomweb_conformance.scenarios.steps.storing import stored_for
from dicomweb_conformance.scenarios.steps.xml_models import type_of
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh

BASE = re.compile(r"/v1(?:beta1)?/projects/[^/]+/locations/[^/]+/datasets/[^/]+/dicomStores/[^/]+/dicomWeb\Z")
SINGLE_PART = f"{media_types.DICOM}; transfer-syntax=*"
AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'


# Addresses


@verifies("GOOGLE-001", id="google-base-url")
def test_base_url(dicomweb: StudiesService) -> None:
    """The service lies at version/projects/P/locations/L/datasets/D/dicomStores/S/dicomWeb."""
    response = dicomweb.search("studies", limit=1)

    with expect(response) as it:
        path = dicomweb.base.path
        if not BASE.search(path) and re.search(BASE.pattern, path, re.IGNORECASE):
            it.observes("dicomweb-in-another-case-works-too", received=path)
        elif not BASE.search(path):
            it.finds(
                "another base URL",
                expected=["version/projects/P/locations/L/datasets/D/dicomStores/S/dicomWeb"],
                received=path,
            )
        if response.status == 404:
            it.observes("search-404-under-base-of-form", received=it.status_line)
        else:
            it.has_status(200, 204)


SYSTEM = (
    Variant("alt", "GOOGLE-004", "alt=json&prettyPrint=false"),
    Variant("alt-empty", "GOOGLE-004", "alt=&prettyPrint=false"),
)


@verifies(id="google-parameters", each=SYSTEM)
def test_parameters(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The query parameters that every method of a Google API has are not taken for match keys."""
    study = corpus.two_series
    keys = {"StudyInstanceUID": study.study_instance_uid}
    plain = dicomweb.search("studies", keys)
    control(plain, because="the search without these parameters does not work")
    assume(study.study_instance_uid.encode() in plain.body, "the study is not found without these parameters")

    response = dicomweb.search("studies", [*keys.items(), *(_pair(each) for each in case.value.split("&"))])

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        it.lists_exactly(matches, "0020000D", {study.study_instance_uid}, none="none-or-others", other="none-or-others")


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


@verifies("GOOGLE-006", id="google-other-dataset")
def test_other_dataset(dicomweb: StudiesService, fresh: Fresh) -> None:
    """A dataset that does not exist, or that the caller may not see, is answered with 403 or 404."""
    control(dicomweb.search("studies", limit=1), 200, 204, because="the search in the own dataset does not work")
    nowhere = "d" + fresh.uid().rpartition(".")[2][:20]
    base = re.sub(r"/datasets/[^/]+", f"/datasets/{nowhere}", dicomweb.base_url)
    assume(base != dicomweb.base_url, "the base URL names no dataset", "google-base-url")

    response = dicomweb.get_url(f"{base}/studies?limit=1", accept=media_types.DICOM_JSON)

    with expect(response) as it:
        it.has_status(403, 404)


# Retrieve


@verifies("GOOGLE-042", "GOOGLE-074", id="google-single-part-retrieve")
def test_single_part_retrieve(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An instance comes back as one application/dicom body, octet for octet as it was stored."""
    instance = fresh.instance()
    stored_for(dicomweb, archive, instance)

    response = dicomweb.retrieve(instance, accept=SINGLE_PART)

    with expect(response) as it:
        it.has_status(200, of="GOOGLE-074")
        kind = media_types.name_of(response.content_type)
        if kind == media_types.MULTIPART_RELATED:
            it.observes("multipart", of="GOOGLE-074", received=response.content_type)
            it.concludes()
        if kind != media_types.DICOM:
            it.finds(
                "another media type", of="GOOGLE-074", expected=[media_types.DICOM], received=response.content_type
            )
        _is_the_file(it, response.body, instance, "data-set-differs", of="GOOGLE-042")


def _is_the_file(it: Expectation, octets: bytes, instance: Instance, differs: str, of: str | None = None) -> None:
    """Compare a file with the one that was stored: octet by octet, else what is behind its File Meta Information."""
    if octets == instance.part10:
        return
    if octets[-len(_data_set_of(instance)) :] == _data_set_of(instance):
        it.observes("only-preamble-or-group-0002-differs", of=of)
    else:
        it.observes(differs, received=f"{len(octets)} octets, the file has {len(instance.part10)}", of=of)


def _data_set_of(instance: Instance) -> bytes:
    """Return the octets behind the File Meta Information, whose length is at octet 140 (PS3.10 7.1)."""
    return instance.part10[144 + int.from_bytes(instance.part10[140:144], "little") :]


FORMS = (
    Variant("quoted", "GOOGLE-073", AS_STORED),
    Variant("bare", "GOOGLE-073", AS_STORED.replace('"', "")),
    Variant("implicit", "GOOGLE-073", AS_STORED),
)


@verifies(id="google-retrieve-as-stored", each=FORMS)
def test_retrieve_asstored_for(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """With transfer-syntax=* instances come back octet for octet as they were stored, Implicit VR Little Endian too."""
    study = fresh.study(instances=2)
    instances = (fresh.implicit(),) if case.id == "implicit" else study.instances
    stored_for(dicomweb, archive, *instances)

    response = dicomweb.retrieve(instances[0] if case.id == "implicit" else study, accept=case.value)

    with expect(response) as it:
        received = {values.text(each, "SOPInstanceUID"): each for each in it.is_multipart_dicom()}
        parts = [each.body for each in multipart.parts_of(response.content_type, response.body)]
        for instance in instances:
            found = received.get(instance.sop_instance_uid)
            if found is not None and values.syntax(found) != instance.transfer_syntax_uid:
                it.observes("another-transfer-syntax", received=values.syntax(found))
                continue
            octets = next((part for part in parts if instance.sop_instance_uid.encode() in part), b"")
            _is_the_file(it, octets, instance, "data-set-differs")


KINDS = (Variant("private-sop-class", "GOOGLE-040"), Variant("unknown-transfer-syntax", "GOOGLE-040"))


@verifies(id="google-stores-every-kind", each=KINDS)
def test_stores_every_kind(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """What is of a private SOP Class, or in a transfer syntax that nobody knows, is stored and comes back as it was."""
    stored_for(dicomweb, archive, fresh.instance(name="control"))
    private = case.id == "private-sop-class"
    instance = fresh.of_private_sop_class() if private else fresh.in_unknown_transfer_syntax()

    response = dicomweb.store([instance])

    with expect(response) as it:
        it.has_status(200)
    back = dicomweb.retrieve(instance, accept=AS_STORED)
    with expect(back) as it:
        it.has_status(200)
        try:
            found = b"".join(each.body for each in multipart.parts_of(back.content_type, back.body))
        except UnreadableError as error:
            it.cannot_read(error, "multipart/related with the file as its part")
        data_set = _data_set_of(instance)
        if found[-len(data_set) :] != data_set:
            received = f"{len(found)} octets, the file has {len(instance.part10)}"
            it.observes("other-octets-in-the-data-set", received=received)


@verifies("GOOGLE-078", id="google-not-transcoded")
def test_not_transcoded(dicomweb: StudiesService, corpus: Corpus, archive: Archive, fresh: Fresh) -> None:
    """What cannot be transcoded is refused, unless transfer-syntax=* asks for it as it is stored."""
    instance = fresh.in_unknown_transfer_syntax()
    stored_for(dicomweb, archive, instance)

    response = dicomweb.retrieve(instance)
    as_stored = dicomweb.retrieve(instance, accept=AS_STORED)

    with expect(as_stored) as it:
        if 400 <= as_stored.status < 500:
            it.observes("star-is-not-200", received=it.status_line)
            it.concludes()
        it.has_status(200)
    with expect(response) as it:
        if response.status != 200:
            it.has_status(400, 406)
        elif instance.transfer_syntax_uid.encode() in response.body:
            _decompresses_rle(dicomweb, corpus)
            it.finds("200 as stored, unasked", expected=["400 or 406"])
        else:
            syntax = values.syntax(it.is_one_instance())
            it.observes(
                "200-under-a-false-transfer-syntax",
                where="(0002,0010)",
                expected=["400 or 406"],
                received=Harmless(syntax) if values.is_known_syntax(syntax) else syntax,
            )


@verifies("GOOGLE-072", id="google-decompresses")
def test_decompresses(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Without a transfer syntax compressed instances come decompressed, in Explicit VR Little Endian."""
    (instance,) = corpus.jpeg.instances

    response = dicomweb.retrieve(instance)

    with expect(response) as it:
        received = it.is_one_instance()
        if values.is_encapsulated(values.syntax(received)):
            _decompresses_rle(dicomweb, corpus)
            it.observes("as-stored", received=values.syntax(received))
            it.concludes()
        try:
            found = pixel_data.samples(received)
        except UnreadableError as error:
            it.cannot_read(error, "pixels that decode")
        if not is_near(found, pixel_data.samples(instance.dataset), instance.transfer_syntax_uid):
            it.observes("pixels-differ-beyond-jpeg-tolerance", where="(7FE0,0010)", received="other samples")


def _decompresses_rle(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Demand that another image is not sent as it is stored, too: that it is so whatever it is has its own check.

    Raises:
        Inconclusive: it is.
    """
    response = dicomweb.retrieve(corpus.rle.instances[0])
    with expect(response) as it:
        as_stored = values.is_encapsulated(values.syntax(it.is_one_instance()))
    assume(not as_stored, "what is compressed is sent as it is stored", "retrieve-default-transfer-syntax[rle]")


STUDY_TYPES = (Variant("single-part", "GOOGLE-075", media_types.DICOM), Variant("zip", "GOOGLE-075", "application/zip"))


@verifies(id="google-study-not-single", each=STUDY_TYPES)
def test_study_not_single(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A study is not returned as a single part or as zip."""
    study = corpus.ct_pair
    control(dicomweb.retrieve(study), because="the study cannot be retrieved at all")

    response = dicomweb.retrieve(study, accept=case.value)

    with expect(response) as it:
        it.has_status(200, 406)
        kind = media_types.name_of(response.content_type) if response.status == 200 else ""
        if kind == media_types.DICOM:
            it.observes("200-with-only-one-of-several-instances", received=it.status_line)
        elif kind == media_types.MULTIPART_RELATED:
            received = {values.text(each, "SOPInstanceUID") for each in it.is_multipart_dicom()}
            if received == {instance.sop_instance_uid for instance in study.instances}:
                it.observes("200-with-multipart-dicom-default", where="Content-Type", received=it.status_line)
            else:
                it.finds("200 with other instances", received=f"{len(received)} of {len(study.instances)}")
        elif kind == "application/zip" and response.body.startswith(b"PK"):
            it.observes("200-with-a-zip", where="Content-Type", received=it.status_line)
        elif kind:
            it.finds("200 with another type", where="Content-Type", received=it.status_line)


UNKNOWN = (Variant("study", "GOOGLE-099"), Variant("series", "GOOGLE-099"), Variant("instance", "GOOGLE-099"))


@verifies(id="google-unknown", each=UNKNOWN)
def test_unknown(dicomweb: StudiesService, corpus: Corpus, fresh: Fresh, case: Variant) -> None:
    """A study, series or instance that does not exist is answered with 403 or 404."""
    instance = corpus.two_series.instances[0]
    path = resources.path(instance).split("/")[: {"study": 2, "series": 4, "instance": 6}[case.id]]
    control(dicomweb.retrieve("/".join(path)), because="the same of what is there does not work")

    response = dicomweb.retrieve("/".join([*path[:-1], fresh.uid()]))

    with expect(response) as it:
        it.has_status(403, 404)


NOT_ACCEPTABLE = (Variant("study", "GOOGLE-100"), Variant("metadata", "GOOGLE-100"))


@verifies(id="google-not-acceptable", each=NOT_ACCEPTABLE)
def test_not_acceptable(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """An Accept that cannot be met is answered with 406."""
    study = corpus.ct_pair
    ask = dicomweb.retrieve if case.id == "study" else dicomweb.metadata
    control(ask(study), because="the same with an Accept that can be met does not work")

    response = ask(study, accept="image/bmp")

    with expect(response) as it:
        kind = type_of(response)
        if response.status == 200:
            default = media_types.DICOM if case.id == "study" else media_types.DICOM_JSON
            it.observes("200-in-the-default-type" if kind == default else "200-in-another-type", received=kind)
        else:
            it.has_status(406)
