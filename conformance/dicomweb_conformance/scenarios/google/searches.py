"""What the checks of Google's searches share: searches that must work before another can tell anything."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dicomweb_conformance.checks.expect import Expectation, assume, expect
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.dicom.search_attributes import UNIQUE_KEYS
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Patient

STUDY, SERIES, INSTANCE = UNIQUE_KEYS["study"], UNIQUE_KEYS["series"], UNIQUE_KEYS["instance"]
LEVELS = {"studies": STUDY, "series": SERIES, "instances": INSTANCE}


def uids(patient: Patient) -> list[str]:
    return [study.study_instance_uid for study in patient.studies]


def finds_just(
    dicomweb: StudiesService,
    resource: str,
    keys: Mapping[str, str],
    expected: Collection[str],
    blame: str | None = None,
) -> None:
    """Demand of a search that it finds these entities and no others; otherwise no other can tell.

    Raises:
        Inconclusive: it does not.
    """
    response = dicomweb.search(resource, keys)
    named = ", ".join(keys) or resource
    assume(response.status in {200, 204}, f"a search by {named} does not work", blame or response.exchange)
    with expect(response) as it:
        found = it.is_a_list_of_matches()
        assume(
            set(found.uids(LEVELS[resource.rpartition("/")[2]])) == set(expected) and not found.foreign,
            f"a search by {named} does not find exactly the {len(expected)} that have the value",
            blame or response.exchange,
        )


def result_of(it: Expectation, resource: str, uid: str) -> DataSet:
    """Return the result that is about one entity.

    Raises:
        Inconclusive: there is none.
    """
    tag = LEVELS[resource.rpartition("/")[2]]
    matches = it.is_a_list_of_matches()
    found = [each for each in matches.own if json_model.text(each, tag) == uid]
    assume(len(found) == 1, f"the search does not find {uid} once", "search-lists-each-entity-once")
    return found[0]
