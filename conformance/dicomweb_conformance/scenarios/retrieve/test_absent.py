"""Retrieve: what is not there, and what is not acceptable (PS3.18 10.4.3, 8.7.8)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import shows
from dicomweb_conformance.checks.expect import BUSY, assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.scenarios.steps.refusals import (
    judge_unacceptable,
    missing_beside,
    names_any_of,
    type_of_parts,
)
from dicomweb_conformance.scenarios.steps.xml_models import kind_of
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

MISSING = (Variant("study", "RETRIEVE-017"), Variant("series", "RETRIEVE-017"), Variant("instance", "RETRIEVE-017"))


@verifies(id="retrieve-missing", each=MISSING)
def test_missing(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """What does not exist is answered with 404 or 410, at each level."""
    instance = corpus.two_series.instances[0]
    stored, missing = missing_beside(corpus, instance, case.id)
    control(
        dicomweb.get(stored, accept=media_types.MULTIPART_DICOM), because="what is stored there cannot be retrieved"
    )

    response = dicomweb.get(missing, accept=media_types.MULTIPART_DICOM)

    with expect(response) as it:
        if response.status == 204:
            it.observes("204-without-body")
        elif response.status == 200:
            it.observes("200-with-any-body", received=it.status_line)
        else:
            it.has_status(404, 410)


CROSSED = tuple(
    Variant(each, "ERROR-006")
    for each in ("instance-of-another-study", "instance-of-another-series", "series-of-another-study")
)


@verifies(id="retrieve-whole-path-counts", each=CROSSED)
def test_whole_path_counts(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """An instance or series is not found below a study or series that it does not belong to."""
    study, other = corpus.two_series, corpus.ct_pair
    instance = study.instances[0]
    control(dicomweb.retrieve(instance), because="the instance cannot be retrieved under its own path")
    match case.id:
        case "instance-of-another-study":
            series = f"studies/{other.study_instance_uid}/series/{other.series[0].uid}"
            path = f"{series}/instances/{instance.sop_instance_uid}"
        case "instance-of-another-series":
            series = f"studies/{study.study_instance_uid}/series/{study.series[1].uid}"
            path = f"{series}/instances/{instance.sop_instance_uid}"
        case _:
            control(dicomweb.retrieve(study.series[0]), because="the series cannot be retrieved under its own path")
            path = f"studies/{other.study_instance_uid}/series/{study.series[0].uid}"

    response = dicomweb.get(path, accept=media_types.MULTIPART_DICOM)

    with expect(response) as it:
        if response.status == 204:
            it.observes("204-or-200-empty-list")
        elif response.status == 200:
            found = {str(each.get("SOPInstanceUID", "")) for each in it.is_multipart_dicom()}
            if not found:
                it.observes("204-or-200-empty-list", received="a multipart without parts")
                it.concludes()
            other_instance = not found <= {each.sop_instance_uid for each in study.series[0].instances}
            it.observes(
                "200-with-another-instance" if other_instance else "upper-levels-ignored",
                received=", ".join(found),
            )
        else:
            it.has_status(404, 410)


@verifies("NEGOTIATION-009", id="retrieve-unacceptable", needs="retrieve")
def test_unacceptable(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An instance in an unknown media type is answered with 406, or in the default type."""
    instance = corpus.ct_pair.instances[0]
    control(dicomweb.retrieve(instance), because="the instance cannot be retrieved in the default type")

    response = dicomweb.retrieve(instance, accept='multipart/related; type="application/x-nothing"')

    with expect(response) as it:
        judge_unacceptable(it, default={media_types.MULTIPART_RELATED})


@verifies("NEGOTIATION-012", id="retrieve-anything")
def test_anything(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`Accept: */*` on an instance gives it in the default media type, multipart DICOM."""
    instance = corpus.ct_pair.instances[0]

    response = dicomweb.retrieve(instance, accept="*/*")

    with expect(response) as it:
        it.has_status(200)
        match kind_of(response):
            case media_types.MULTIPART_RELATED:
                match type_of_parts(it):
                    case media_types.OCTET_STREAM:
                        it.observes("200-with-multipart-octet-stream")
                    case media_types.DICOM | None:
                        names_any_of(it, (instance,))
                    case _:
                        it.finds("200 with a multipart of another media type", where="Content-Type")
            case media_types.DICOM:
                it.observes("200-with-single-part-application-dicom")
            case media_types.DICOM_JSON:
                it.observes("200-with-dicom-json-of-the-instance")
            case media_types.JSON if shows(response, [instance.sop_instance_uid]):  # the label is for JSON-001 to judge
                it.observes("200-with-dicom-json-of-the-instance")
            case name if name.startswith("application/dicom"):
                it.observes("200-with-another-dicom-media-type", received=name)
            case name:
                it.observes(
                    "200-with-html-json-or-rendered",
                    where="Content-Type",
                    received=name or "no Content-Type",
                )


@verifies("HTTP-028", id="retrieve-type-quoted-or-not", needs="retrieve")
def test_type_quoted_or_not(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The `type` parameter in Accept means the same with and without quotation marks."""
    instance = corpus.ct_pair.instances[0]
    quoted = dicomweb.retrieve(instance)

    unquoted = dicomweb.retrieve(instance, accept="multipart/related; type=application/dicom")

    if quoted.status in {0, *BUSY} or unquoted.status != 200:
        control(quoted, because="the instance cannot be retrieved in the quoted form")
    if quoted.status == 200:
        assume(
            shows(quoted, [instance.sop_instance_uid]),
            "what is retrieved does not hold the instance",
            "retrieve-instance-series-study",
        )
    with expect(unquoted) as it:
        if 400 <= unquoted.status < 500 and unquoted.status not in BUSY:
            it.observes("200-for-the-quoted-form-only")
            it.concludes()
        it.has_status(200)
        if quoted.status != 200:
            it.observes("200-for-the-unquoted-form-only", received=f"{quoted.status} for the quoted form")
        elif media_types.name_of(quoted.content_type) != media_types.name_of(unquoted.content_type):
            it.observes(
                "different-media-types-for-the-two", received=f"{quoted.content_type} and {unquoted.content_type}"
            )
        else:
            names_any_of(it, (instance,))
