"""Retrieve: studies, series and instances as DICOM (PS3.18 10.4), and whether what was stored comes back."""

from __future__ import annotations

from pydicom.errors import InvalidDicomError

from dicomweb_conformance import media_types, resources
from dicomweb_conformance.archive import shows
from dicomweb_conformance.checks import Variant, verifies
from dicomweb_conformance.expect import BUSY, Expectation, assume, control, expect, offered, read_part10
from dicomweb_conformance.scenarios.returned import (
    fits,
    has_elements,
    has_pixels,
    has_private_elements,
    only,
    syntax_of,
)
from dicomweb_conformance.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Series, Study
from dicomweb_fixtures.identifiers import uid

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
ANY_SYNTAX = f"{media_types.MULTIPART_DICOM}; transfer-syntax=*"


@verifies("RETRIEVE-001", "RETRIEVE-002", id="retrieve-instance-series-study", smoke=True)
def test_instance_series_study(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A stored instance, its series and its study are retrieved as multipart DICOM."""
    study = corpus.two_series
    resources_asked_for: tuple[Instance | Series | Study, ...] = (study.instances[0], study.series[0], study)

    for resource in resources_asked_for:
        response = dicomweb.retrieve(resource)
        with expect(response) as it:
            it.has_status(200)
            if _is_page(it):
                it.observes("200 with an HTML or login page", received=it.status_line)
                it.concludes()
            match media_types.name_of(response.content_type):
                case media_types.MULTIPART_RELATED:
                    if _type_of_parts(it) not in {media_types.DICOM, None}:
                        it.observes(
                            "another media type",
                            where="Content-Type",
                            received=response.content_type,
                            of="RETRIEVE-002",
                        )
                    else:
                        names_any_of(it, (resource,) if isinstance(resource, Instance) else resource.instances)
                case media_types.DICOM:
                    it.observes(
                        "bare application/dicom although only multipart was acceptable",
                        where="Content-Type",
                        received=response.content_type,
                        of="RETRIEVE-002",
                    )
                case _:
                    it.observes(
                        "another media type", where="Content-Type", received=response.content_type, of="RETRIEVE-002"
                    )


@verifies("RETRIEVE-005", id="retrieve-study-is-whole", smoke=True)
def test_study_is_whole(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A study is retrieved with all its instances, each once."""
    study = corpus.two_series

    response = dicomweb.retrieve(study)

    with expect(response) as it:
        _holds_exactly(it, study.instances, foreign="instance of another study")


@verifies("RETRIEVE-006", id="retrieve-series-is-whole")
def test_series_is_whole(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A series is retrieved with all its instances and no others."""
    series = corpus.two_series.series[1]

    response = dicomweb.retrieve(series)

    with expect(response) as it:
        _holds_exactly(it, series.instances, foreign="instance of another series")


@verifies("RETRIEVE-007", id="retrieve-instance-is-that-one")
def test_instance_is_that_one(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An instance of a series of three is retrieved alone."""
    instance = corpus.two_series.series[1].instances[1]

    response = dicomweb.retrieve(instance)

    with expect(response) as it:
        found = [str(each.get("SOPInstanceUID", "")) for each in it.is_multipart_dicom()]
        if set(found) - {instance.sop_instance_uid}:
            it.observes("another instance", expected=[instance.sop_instance_uid], received=", ".join(found))
        elif len(found) > 1:
            it.observes("more than one instance", expected=["one part"], received=f"{len(found)} parts")
        elif not found:
            it.finds("no part", expected=[instance.sop_instance_uid], received="a multipart without parts")


def _is_page(it: Expectation) -> bool:
    return media_types.name_of(it.response.content_type) == "text/html"


def _type_of_parts(it: Expectation) -> str | None:
    """Return the `type` parameter of a multipart; None where there is none, or the media type cannot be read."""
    try:
        return media_types.parse(it.response.content_type).of_parts
    except media_types.MediaTypeError:
        return None


def names_any_of(it: Expectation, instances: tuple[Instance, ...]) -> None:
    """Report an answer that names none of the instances asked for: a constant one cannot."""
    if not any(shows(it.response, [each.sop_instance_uid]) for each in instances):
        it.finds(
            "nothing of what was asked for is in it",
            expected=[each.sop_instance_uid for each in instances],
            received=f"{it.status_line}, {len(it.response.body)} octets without it",
        )


def _holds_exactly(it: Expectation, instances: tuple[Instance, ...], *, foreign: str) -> None:
    found = [str(each.get("SOPInstanceUID", "")) for each in it.is_multipart_dicom()]
    wanted = {each.sop_instance_uid for each in instances}
    expected = [f"{len(wanted)} parts: {', '.join(sorted(wanted))}"]
    received = f"{len(found)} parts: {', '.join(found)}"
    if wanted - set(found):
        it.observes("200 with an instance missing", expected=expected, received=received)
    if set(found) - wanted:
        it.observes(foreign, expected=expected, received=received)
    if len(found) != len(set(found)):
        it.observes("the same instance twice", expected=expected, received=received)


@verifies("RETRIEVE-004", "RETRIEVE-004b", id="retrieve-single-part")
def test_single_part(dicomweb: StudiesService, corpus: Corpus) -> None:
    """One instance as a bare application/dicom file is offered, or refused with 406."""
    instance = corpus.ct_pair.instances[0]
    control(dicomweb.retrieve(instance), because="the instance cannot be retrieved as multipart")

    response = dicomweb.retrieve(instance, accept=media_types.DICOM)

    with expect(response) as it:
        if response.status == 404:
            it.observes("404 although the multipart form gives 200")
            it.concludes()
        it.has_status(200)
        if media_types.name_of(response.content_type) == media_types.MULTIPART_RELATED:
            it.observes('200 with multipart/related; type="application/dicom"', where="Content-Type")
        elif not shows(response, [instance.sop_instance_uid]):
            it.observes(
                "Part 10 file of another instance"
                if response.body[128:132] == b"DICM"
                else "body that is not a Part 10 file",
                expected=[instance.sop_instance_uid],
                received=f"{it.status_line}, {len(response.body)} octets without it",
                of="RETRIEVE-004b",
            )


@verifies("RETRIEVE-004b", id="retrieve-single-part-is-one-file")
def test_single_part_is_one_file(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A bare application/dicom answer is one Part 10 file, of the instance asked for."""
    instance = corpus.ct_pair.instances[1]

    response = dicomweb.retrieve(instance, accept=media_types.DICOM)

    with expect(response) as it:
        it.has_status(200)
        offered(
            media_types.name_of(response.content_type) == media_types.DICOM,
            "one instance comes as multipart, though only a single part was asked for",
        )
        if response.body[128:132] != b"DICM":
            multipart = response.body.lstrip()[:2] == b"--"
            it.observes(
                "Content-Type application/dicom with a multipart body"
                if multipart
                else "body that is not a Part 10 file"
            )
            it.concludes()
        try:
            found = str(read_part10(response.body).get("SOPInstanceUID", ""))
        except InvalidDicomError as error:
            it.observes("body that is not a Part 10 file", received=str(error))
            it.concludes()
        if found != instance.sop_instance_uid:
            it.observes("Part 10 file of another instance", expected=[instance.sop_instance_uid], received=found)


# What was stored comes back


@verifies("RETRIEVE-012", id="retrieve-returns-elements")
def test_returns_elements(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Every standard element of an instance with all value representations comes back with its value."""
    instance = corpus.elements.instances[0]

    response = dicomweb.retrieve(instance)

    with expect(response) as it:
        has_elements(it, read_part10(instance.part10), only(it))


@verifies("RETRIEVE-014", id="retrieve-returns-private-elements")
def test_returns_private_elements(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Private elements come back with their creators and values."""
    instance = corpus.elements.instances[0]

    response = dicomweb.retrieve(instance)

    with expect(response) as it:
        has_private_elements(it, read_part10(instance.part10), only(it))


PIXELS = (
    Variant("ct_pair", "RETRIEVE-013"),
    Variant("multiframe", "RETRIEVE-013"),
    Variant("implicit", "RETRIEVE-013"),
    Variant("rle", "RETRIEVE-013"),
)


@verifies(id="retrieve-returns-pixels", each=PIXELS)
def test_returns_pixels(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The pixels of a stored image come back as they were, whatever the transfer syntax."""
    instance = _study(corpus, case.id).instances[0]

    response = dicomweb.retrieve(instance, accept=ANY_SYNTAX)

    with expect(response) as it:
        has_pixels(
            it,
            instance,
            only(it),
            differ="pixels of a native or lossless object differ",
            missing="Pixel Data missing or empty",
            frames="number of frames differs",
        )


def _study(corpus: Corpus, name: str) -> Study:
    study: Study = getattr(corpus, name)
    return study


# Transfer syntaxes

DEFAULT_SYNTAX = (Variant("implicit", "NEGOTIATION-023"), Variant("rle", "NEGOTIATION-023"))


@verifies(id="retrieve-default-transfer-syntax", each=DEFAULT_SYNTAX)
def test_default_transfer_syntax(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Without a transfer-syntax parameter an instance comes in Explicit VR Little Endian, however it was stored."""
    instance = _study(corpus, case.id).instances[0]
    control(
        dicomweb.retrieve(instance, accept=ANY_SYNTAX),
        because="the instance cannot be retrieved with transfer-syntax=*",
    )

    response = dicomweb.retrieve(instance)

    with expect(response) as it:
        if response.status == 406:
            it.observes(
                "406 for Implicit VR LE" if case.id == "implicit" else "406 for a compressed source (no decoder)"
            )
            it.concludes()
        received = only(it)
        if syntax_of(received) != EXPLICIT:
            it.observes(
                "200 in the stored or any other syntax",
                where="(0002,0010)",
                expected=[EXPLICIT],
                received=syntax_of(received) or "none",
            )
        elif not fits(received):
            it.observes(
                "200 in the stored or any other syntax",
                where="(0002,0010)",
                expected=[EXPLICIT],
                received=f"{EXPLICIT}, but the data set is in Implicit VR",
            )
        else:
            has_pixels(it, instance, received, differ="pixels differ", missing="pixels differ")


AS_STORED = (Variant("ct_pair", "NEGOTIATION-022"), Variant("rle", "NEGOTIATION-022"))


@verifies(id="retrieve-any-transfer-syntax", each=AS_STORED)
def test_any_transfer_syntax(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """`transfer-syntax=*` gives an instance in the syntax in which it was stored, or in one that keeps its pixels."""
    instance = _study(corpus, case.id).instances[0]
    control(
        dicomweb.retrieve(corpus.ct_pair.instances[0]), because="an instance cannot be retrieved without the parameter"
    )

    response = dicomweb.retrieve(instance, accept=ANY_SYNTAX)

    with expect(response) as it:
        received = only(it)
        syntax = syntax_of(received)
        if not fits(received):
            it.observes("content that does not fit (0002,0010)", where="(0002,0010)", received=syntax)
            it.concludes()
        if not has_pixels(it, instance, received, differ="pixels changed", missing="pixels changed"):
            it.concludes()
        if syntax == instance.transfer_syntax_uid:
            it.observes("200 in the stored syntax")
        else:
            it.observes(
                "200 in 1.2.840.10008.1.2.1 with equal pixels"
                if syntax == EXPLICIT
                else "200 in a third syntax with equal pixels",
                where="(0002,0010)",
                received=syntax,
            )


@verifies("NEGOTIATION-025", id="retrieve-never-implicit")
def test_never_implicit(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An instance stored in Implicit VR Little Endian comes back in an explicit one, for `transfer-syntax=*` too."""
    instance = corpus.implicit.instances[0]
    control(
        dicomweb.retrieve(corpus.ct_pair.instances[0], accept=ANY_SYNTAX),
        because="transfer-syntax=* does not work for an explicit instance",
    )

    response = dicomweb.retrieve(instance, accept=ANY_SYNTAX)

    with expect(response) as it:
        if response.status == 406:
            it.observes("for *: 406")
            it.concludes()
        received = only(it)
        if syntax_of(received) == IMPLICIT:
            it.observes(
                "200 in Implicit VR LE (as stored; Google documents it, others do it)",
                where="(0002,0010)",
                received=IMPLICIT,
            )
        elif not fits(received):
            it.observes(
                "dataset that does not fit (0002,0010)",
                where="(0002,0010)",
                received=f"{syntax_of(received)}, but the data set is in Implicit VR",
            )


# What is not there, and what is not acceptable

MISSING = (Variant("study", "RETRIEVE-017"), Variant("series", "RETRIEVE-017"), Variant("instance", "RETRIEVE-017"))


@verifies(id="retrieve-missing", each=MISSING)
def test_missing(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """What does not exist is answered 404 or 410, at each level."""
    instance = corpus.two_series.instances[0]
    stored, missing = missing_beside(corpus, instance, case.id)
    control(
        dicomweb.get(stored, accept=media_types.MULTIPART_DICOM), because="what is stored there cannot be retrieved"
    )

    response = dicomweb.get(missing, accept=media_types.MULTIPART_DICOM)

    with expect(response) as it:
        if response.status == 204:
            it.observes("204 without body")
        elif response.status == 200:
            it.observes("200 with any body", received=it.status_line)
        else:
            it.has_status(404, 410)


def missing_beside(corpus: Corpus, instance: Instance, level: str) -> tuple[str, str]:
    """Return the path of a stored resource, and that of one beside it that does not exist."""
    unused = uid(corpus.seed, "unused", level)
    study, series = f"studies/{instance.study_instance_uid}", f"series/{instance.series_instance_uid}"
    return {
        "study": (study, f"studies/{unused}"),
        "series": (f"{study}/{series}", f"{study}/series/{unused}"),
        "instance": (resources.path(instance), f"{study}/{series}/instances/{unused}"),
    }[level]


CROSSED = (Variant("instance-of-another-study", "ERROR-006"), Variant("instance-of-another-series", "ERROR-006"))


@verifies(id="retrieve-whole-path-counts", each=CROSSED)
def test_whole_path_counts(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """An instance is not found below a study or series that it does not belong to."""
    study, other = corpus.two_series, corpus.ct_pair
    instance = study.instances[0]
    control(dicomweb.retrieve(instance), because="the instance cannot be retrieved under its own path")
    path = (
        f"studies/{other.study_instance_uid}/series/{other.series[0].uid}/instances/{instance.sop_instance_uid}"
        if case.id == "instance-of-another-study"
        else f"studies/{study.study_instance_uid}/series/{study.series[1].uid}/instances/{instance.sop_instance_uid}"
    )

    response = dicomweb.get(path, accept=media_types.MULTIPART_DICOM)

    with expect(response) as it:
        if response.status == 204:
            it.observes("204 or 200 []")
        elif response.status == 200:
            found = {str(each.get("SOPInstanceUID", "")) for each in it.is_multipart_dicom()}
            if not found:
                it.observes("204 or 200 []", received="a multipart without parts")
                it.concludes()
            other_instance = found != {instance.sop_instance_uid}
            it.observes(
                "200 with another instance"
                if other_instance
                else "200 with the instance named last (upper levels ignored)",
                received=", ".join(found),
            )
        else:
            it.has_status(404, 410)


@verifies("NEGOTIATION-009", id="retrieve-unacceptable")
def test_unacceptable(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An instance in a media type that nobody has is answered 406, or in the default type."""
    instance = corpus.ct_pair.instances[0]
    control(dicomweb.retrieve(instance), because="the instance cannot be retrieved in the default type")

    response = dicomweb.retrieve(instance, accept='multipart/related; type="application/x-nothing"')

    with expect(response) as it:
        judge_unacceptable(it, default={media_types.MULTIPART_RELATED})


def judge_unacceptable(it: Expectation, *, default: set[str]) -> None:
    """Judge an answer to a request with nothing acceptable: 406, or the default media type."""
    if it.response.status == 200:
        name = media_types.name_of(it.response.content_type)
        if not it.response.body:
            it.observes("200 or 204 with an empty body", expected=["406"])
        else:
            it.observes(
                "200 with the default type of the resource (8.3.3.1, Table 8.7.3-1)"
                if name in default
                else "200 with another type",
                where="Content-Type",
                expected=["406"],
            )
    elif it.response.status == 204:
        it.observes("200 or 204 with an empty body", expected=["406"])
    else:
        it.has_status(406)


@verifies("NEGOTIATION-012", id="retrieve-anything")
def test_anything(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`Accept: */*` on an instance gives it in the default media type, multipart DICOM."""
    instance = corpus.ct_pair.instances[0]

    response = dicomweb.retrieve(instance, accept="*/*")

    with expect(response) as it:
        it.has_status(200)
        match media_types.name_of(response.content_type):
            case media_types.MULTIPART_RELATED:
                match _type_of_parts(it):
                    case media_types.OCTET_STREAM:
                        it.observes("200 with multipart application/octet-stream")
                    case media_types.DICOM | None:
                        names_any_of(it, (instance,))
                    case _:
                        it.finds("200 with a multipart of another media type", where="Content-Type")
            case media_types.DICOM:
                it.observes("200 with single-part application/dicom")
            case media_types.DICOM_JSON:
                it.observes("200 with application/dicom+json of that instance (default in 2019e)")
            case name if name.startswith("application/dicom"):
                it.observes("200 with another DICOM media type", received=name)
            case name:
                it.observes(
                    "200 with HTML, application/json or a rendered image",
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
            it.observes("200 for the quoted form only")
            it.concludes()
        it.has_status(200)
        if quoted.status != 200:
            it.observes("200 for the unquoted form only", received=f"{quoted.status} for the quoted form")
        elif media_types.name_of(quoted.content_type) != media_types.name_of(unquoted.content_type):
            it.observes(
                "different media types for the two", received=f"{quoted.content_type} and {unquoted.content_type}"
            )
        else:
            names_any_of(it, (instance,))
