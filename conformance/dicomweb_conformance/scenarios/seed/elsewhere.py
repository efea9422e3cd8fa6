"""What a sample of the page trips over that another check tells: one cause is one failure, and the client breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dicomweb_conformance.checks.expect import Expectation
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.seed.samples import Sample
from dicomweb_conformance.scenarios.steps.heads import Head
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance, Study
from dicomweb_fixtures.fresh import Fresh

_BMP = "image/bmp"
_SINGLE_PART = f"{media_types.DICOM}; transfer-syntax=*"


@dataclass(frozen=True)
class Plain:
    """The plainest request that a sample builds on, and the check that is about it."""

    owner: str
    because: str
    ask: Callable[[], Response]


def single_part_store(dicomweb: StudiesService, fresh: Fresh) -> Plain:
    """Return a store of a single part with all the header fields that it could have."""
    because = "a file as single part is refused from this suite, too"
    return Plain(
        "google-single-part-store", because, lambda: dicomweb.store_single_part(fresh.instance(name="single part"))
    )


def instance_delete(dicomweb: StudiesService, instance: Instance) -> Plain:
    """Return the delete of an instance."""
    because = "the delete of an instance is refused from this suite, too"
    return Plain("google-delete-instance", because, lambda: dicomweb.delete(instance))


def begun(dicomweb: StudiesService, request: Head, instance: Instance) -> Plain | None:
    """Return a search without any parameter for the instances of a study, where a client begins with such a one."""
    if not request.target.startswith("/studies/{study}/instances"):
        return None
    because = "instances of a study are not listed for this suite, too"
    path = f"studies/{instance.study_instance_uid}/instances"
    return Plain("search-instances-of-a-study", because, lambda: dicomweb.search(path))


def retrieve(dicomweb: StudiesService, sample: Sample, resource: Study | Instance) -> Plain | None:
    """Return a retrieve of a single part, or with a list of media types, where the sample asks with such an Accept."""
    accept = _accept(sample)
    if accept == _SINGLE_PART:
        because = "a single part is refused to this suite, too"
        return Plain("google-single-part-retrieve", because, lambda: dicomweb.retrieve(resource, accept=accept))
    if "," in accept:
        because = "an Accept that names another media type beside the usual one is refused to this suite, too"
        listed = f"{_BMP}, {media_types.MULTIPART_DICOM}"
        owner = "negotiation-unsupported-passed-over[instance]"
        return Plain(owner, because, lambda: dicomweb.retrieve(resource, accept=listed))
    return None


def rendered(dicomweb: StudiesService, sample: Sample, instance: Instance) -> Plain | None:
    """Return a rendering in either of two types, where the sample asks with a list."""
    if "," not in _accept(sample):
        return None
    because = "an Accept that names two types of pictures is refused to this suite, too"
    listed = f"{media_types.JPEG}, {media_types.PNG}"
    return Plain("negotiation-equal-quality[jpeg-first]", because, lambda: dicomweb.rendered(instance, accept=listed))


def leave_refused(it: Expectation, plain: Plain | None) -> None:
    """Leave a refusal to the check that is about the plainest request of its kind, where that is refused, too.

    Raises:
        Inconclusive: it is; the client breaks all the same.
    """
    if plain is not None and it.response.status >= 400 and plain.ask().status >= 400:
        it.leaves_to(plain.owner, plain.because)


def leave_not_found(it: Expectation, dicomweb: StudiesService, study: Study) -> None:
    """Leave it to another check that a study is not found, where no value that is percent-encoded is understood.

    Raises:
        Inconclusive: none is; the client breaks all the same.
    """
    uid = study.study_instance_uid
    spelled = f"%{ord(uid[0]):02X}{uid[1:]}"
    plain, encoded = (
        dicomweb.search(f"studies?StudyInstanceUID={each}").body.count(uid.encode()) for each in (uid, spelled)
    )
    if plain and not encoded:
        because = "a value that is percent-encoded is not understood"
        it.leaves_to("search-decodes-reserved-characters", because, observation="none")


def _accept(sample: Sample) -> str:
    return next((value for name, value in sample.request.fields if name.lower() == "accept"), "")
