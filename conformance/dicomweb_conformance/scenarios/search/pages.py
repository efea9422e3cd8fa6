"""Pages of the four studies of one patient, put together: whether paging works at all, on which other checks build."""

from __future__ import annotations

from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.scenarios.search.controls import STUDY
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

OWNER = "search-pages-make-the-whole"
"""The check that tells where pages of studies do not make the whole list."""


def make_the_whole(dicomweb: StudiesService, corpus: Corpus) -> bool:
    """Tell whether pages of one study each are the unpaged list, in whatever order, as `OWNER` has it."""
    family = corpus.four_studies_of_one_patient
    whole = dicomweb.search("studies", PatientID=family.patient_id)
    pages = [
        dicomweb.search("studies", PatientID=family.patient_id, limit=1, offset=at) for at in range(len(family.studies))
    ]
    return sorted(uid for page in pages for uid in _listed(page)) == sorted(_listed(whole))


def _listed(response: Response) -> list[str]:
    try:
        found = json_model.objects(response.body) if response.status == 200 and response.body.strip() else []
    except UnreadableError:
        return []
    return [json_model.text(each, STUDY) for each in found]
