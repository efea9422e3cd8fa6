"""Whether a list of media types in Accept is taken at all, which others build on (PS3.18 8.7.5)."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import assume
from dicomweb_conformance.http import media_types
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance

OWNER = "negotiation-unsupported-passed-over[metadata]"
"""The check that fails where no list is taken."""


def takes_lists(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Demand that metadata are not refused where their type is one of a list: else no list can tell anything."""
    response = dicomweb.metadata(corpus.ct_pair.instances[0], accept=f"{media_types.DICOM_JSON}, */*;q=0.1")
    assume(response.status not in {400, 406, 415}, "an Accept field with several media types is refused", OWNER)


def passes_over(dicomweb: StudiesService, instance: Instance) -> None:
    """Demand that an instance is not refused where what comes first of a list is not to be had.

    Raises:
        Inconclusive: it is, as a list of other types is that begins with one which the target does not have.
    """
    listed = dicomweb.retrieve(instance, accept=f"application/x-nothing, {media_types.MULTIPART_DICOM};q=0.2")
    assume(
        listed.status not in {400, 406, 415},
        "of several media types in Accept the first alone is looked at",
        "negotiation-unsupported-passed-over[instance]",
    )
