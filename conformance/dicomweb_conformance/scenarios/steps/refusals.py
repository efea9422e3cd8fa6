"""Asking for what is not there or not acceptable, and telling whether a response is about what was asked for."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import shows
from dicomweb_conformance.checks.expect import Expectation
from dicomweb_conformance.http import media_types
from dicomweb_conformance.scenarios.steps.xml_models import kind_of
from dicomweb_conformance.service import resources
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Study
from dicomweb_fixtures.identifiers import uid


def type_of_parts(it: Expectation) -> str | None:
    """Return the `type` parameter of a multipart; None where there is none, or the media type cannot be read."""
    try:
        return media_types.parse(it.response.content_type).of_parts
    except media_types.MediaTypeError:
        return None


def names_any_of(it: Expectation, instances: tuple[Instance, ...]) -> None:
    """Report a response that names none of the instances asked for: a constant one cannot."""
    if not any(shows(it.response, [instance.sop_instance_uid]) for instance in instances):
        it.finds(
            "nothing of what was asked for is in it",
            expected=[instance.sop_instance_uid for instance in instances],
            received=f"{it.status_line}, {len(it.response.body)} octets without it",
        )


def study_named(corpus: Corpus, name: str) -> Study:
    """Return an entry of the corpus that is one study."""
    entry: Study = getattr(corpus, name)
    return entry


def missing_beside(corpus: Corpus, instance: Instance, level: str) -> tuple[str, str]:
    """Return the path of a stored resource, and that of one beside it that does not exist."""
    unused = uid(corpus.seed, "unused", level)
    study, series = f"studies/{instance.study_instance_uid}", f"series/{instance.series_instance_uid}"
    return {
        "study": (study, f"studies/{unused}"),
        "series": (f"{study}/{series}", f"{study}/series/{unused}"),
        "instance": (resources.path(instance), f"{study}/{series}/instances/{unused}"),
    }[level]


def judge_unacceptable(it: Expectation, *, default: set[str]) -> None:
    """Judge a response to a request with nothing acceptable: 406, or the default media type."""
    if it.response.status == 200:
        name = kind_of(it.response)
        if name == media_types.JSON:  # the label is for JSON-001 to judge
            name = media_types.DICOM_JSON
        if not it.response.body:
            it.observes("200-or-204-with-an-empty-body", expected=["406"])
        else:
            it.observes(
                "200-with-default-type" if name in default else "200-with-another-type",
                where="Content-Type",
                expected=["406"],
            )
    elif it.response.status == 204:
        it.observes("200-or-204-with-an-empty-body", expected=["406"])
    else:
        it.has_status(406)
