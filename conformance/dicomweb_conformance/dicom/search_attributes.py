"""The attributes that PS3.18 names for Search.

Match keys (Table 10.6.1-5) and what results hold (Tables 10.6.3-3 to 10.6.3-5).
"""

from __future__ import annotations

from dataclasses import dataclass

UNIQUE_KEYS = {"study": "0020000D", "series": "0020000E", "instance": "00080018"}


@dataclass(frozen=True)
class MatchKey:
    """A required match key, and the row of the catalogue that demands it; `id` is its name in a query."""

    id: str
    tag: str
    requirement: str


STUDY_KEYS = (
    MatchKey("StudyDate", "00080020", "SEARCH-087"),
    MatchKey("StudyTime", "00080030", "SEARCH-088"),
    MatchKey("AccessionNumber", "00080050", "SEARCH-089"),
    MatchKey("ModalitiesInStudy", "00080061", "SEARCH-090"),
    MatchKey("ReferringPhysicianName", "00080090", "SEARCH-091"),
    MatchKey("StudyInstanceUID", "0020000D", "SEARCH-094"),
    MatchKey("StudyID", "00200010", "SEARCH-095"),
)
SERIES_KEYS = (
    MatchKey("Modality", "00080060", "SEARCH-096"),
    MatchKey("SeriesInstanceUID", "0020000E", "SEARCH-097"),
    MatchKey("SeriesNumber", "00200011", "SEARCH-098"),
    MatchKey("PerformedProcedureStepStartDate", "00400244", "SEARCH-099"),
    MatchKey("PerformedProcedureStepStartTime", "00400245", "SEARCH-100"),
    MatchKey("RequestAttributesSequence.ScheduledProcedureStepID", "00400275.00400009", "SEARCH-101"),
    MatchKey("RequestAttributesSequence.RequestedProcedureID", "00400275.00401001", "SEARCH-102"),
)
INSTANCE_KEYS = (
    MatchKey("SOPClassUID", "00080016", "SEARCH-103"),
    MatchKey("SOPInstanceUID", "00080018", "SEARCH-104"),
    MatchKey("InstanceNumber", "00200013", "SEARCH-105"),
)
PATIENT_KEYS = (
    MatchKey("PatientName", "00100010", "SEARCH-092"),
    MatchKey("PatientID", "00100020", "SEARCH-093"),
)


@dataclass(frozen=True)
class Returned:
    """An attribute of results, and the row of the catalogue that demands it; `id` is its keyword."""

    id: str
    tag: str
    requirement: str


# Stored values that come back as they are.
STUDY_VALUES = (
    Returned("StudyDate", "00080020", "SEARCH-108"),
    Returned("StudyTime", "00080030", "SEARCH-109"),
    Returned("AccessionNumber", "00080050", "SEARCH-110"),
    Returned("ReferringPhysicianName", "00080090", "SEARCH-113"),
    Returned("TimezoneOffsetFromUTC", "00080201", "SEARCH-114"),
    Returned("PatientName", "00100010", "SEARCH-116"),
    Returned("PatientID", "00100020", "SEARCH-117"),
    Returned("PatientBirthDate", "00100030", "SEARCH-118"),
    Returned("PatientSex", "00100040", "SEARCH-119"),
    Returned("StudyID", "00200010", "SEARCH-121"),
)
SERIES_VALUES = (
    Returned("Modality", "00080060", "SEARCH-124"),
    Returned("TimezoneOffsetFromUTC", "00080201", "SEARCH-125"),
    Returned("SeriesDescription", "0008103E", "SEARCH-126"),
    Returned("SeriesNumber", "00200011", "SEARCH-129"),
    Returned("PerformedProcedureStepStartDate", "00400244", "SEARCH-131"),
    Returned("PerformedProcedureStepStartTime", "00400245", "SEARCH-132"),
)
INSTANCE_VALUES = (
    Returned("SOPClassUID", "00080016", "SEARCH-134"),
    Returned("TimezoneOffsetFromUTC", "00080201", "SEARCH-137"),
    Returned("InstanceNumber", "00200013", "SEARCH-139"),
    Returned("Rows", "00280010", "SEARCH-140"),
    Returned("Columns", "00280011", "SEARCH-141"),
    Returned("BitsAllocated", "00280100", "SEARCH-142"),
    Returned("NumberOfFrames", "00280008", "SEARCH-143"),
)
# Values that the server computes, or knows of itself.
STUDY_COMPUTED = (
    Returned("ModalitiesInStudy", "00080061", "SEARCH-112"),
    Returned("RetrieveURL", "00081190", "SEARCH-115"),
    Returned("NumberOfStudyRelatedSeries", "00201206", "SEARCH-122"),
    Returned("NumberOfStudyRelatedInstances", "00201208", "SEARCH-123"),
)
SERIES_COMPUTED = (
    Returned("RetrieveURL", "00081190", "SEARCH-127"),
    Returned("NumberOfSeriesRelatedInstances", "00201209", "SEARCH-130"),
)
INSTANCE_COMPUTED = (Returned("RetrieveURL", "00081190", "SEARCH-138"),)
UNIQUE = (
    Returned("StudyInstanceUID", "0020000D", "SEARCH-120"),
    Returned("SeriesInstanceUID", "0020000E", "SEARCH-128"),
    Returned("SOPInstanceUID", "00080018", "SEARCH-135"),
)
