from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.reference.payloads import Service, image, instance


def request_item(step: str, procedure: str) -> Dataset:
    item = Dataset()
    item.ScheduledProcedureStepID = step
    item.RequestedProcedureID = procedure
    return item


STUDY_A: dict[str, Any] = {
    "StudyDate": "20200115",
    "StudyTime": "103000",
    "AccessionNumber": "ACC-A1",
    "ReferringPhysicianName": "Ref^Anna",
    "PatientID": "AB11",
    "PatientName": "Doe^Jane",
    "PatientBirthDate": "19700101",
    "PatientSex": "F",
    "StudyID": "A",
    "StudyDescription": "Knee",
    "PhysiciansOfRecord": "Rec^A",
}
STUDY_B: dict[str, Any] = {
    "StudyDate": "20200116",
    "StudyTime": "220000",
    "AccessionNumber": "ACC-B2",
    "ReferringPhysicianName": "Ref^Bert",
    "PatientID": "ABX1",
    "PatientName": "Roe^Richard",
    "PatientBirthDate": "",
    "PatientSex": "",
    "StudyID": "B",
    "StudyDescription": "Head",
}
STUDY_C: dict[str, Any] = {"StudyDate": "20200117", "StudyTime": "190000", "PatientID": "AB1", "PatientName": "Moe^Max"}
CT: dict[str, Any] = {
    "Modality": "CT",
    "SeriesNumber": 4,
    "SeriesDescription": "axial",
    "PerformedProcedureStepStartDate": "20200115",
    "PerformedProcedureStepStartTime": "103100",
    "RequestAttributesSequence": [request_item("s1", "p1"), request_item("s2", "p2")],
}


@pytest.fixture
def archive(dicomweb: Service) -> Service:
    return filled(dicomweb)


def filled(dicomweb: Service) -> Service:
    """Store study A with a CT series of two and an SR series of one, study B and study C with one instance each."""
    answer = dicomweb.store(
        image(study="2.25.10", series="2.25.10.1", number=1, **STUDY_A, **CT),
        image(study="2.25.10", series="2.25.10.1", number=2, NumberOfFrames=1, **STUDY_A, **CT),
        instance("2.25.10", "2.25.10.2", 3, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11", **STUDY_A, Modality="SR"),
        instance("2.25.20", "2.25.20.1", 1, **STUDY_B, Modality="MR", SeriesNumber=5),
        instance("2.25.30", "2.25.30.1", 1, **STUDY_C, Modality="CR"),
    )
    assert answer.status_code == 200
    return dicomweb


A, B, C = "2.25.10", "2.25.20", "2.25.30"


MATCHES = [
    ("StudyDate=20200115", [A]),
    ("StudyTime=103000", [A]),
    ("StudyTime=1030", [A]),
    ("StudyTime=103000.000", [A]),
    ("AccessionNumber=ACC-A1", [A]),
    ("ModalitiesInStudy=SR", [A]),
    ("ReferringPhysicianName=Ref%5EAnna", [A]),
    ("PatientName=Doe%5EJane", [A]),
    ("PatientName=doe%5Ejane", [A]),
    ("PatientName=D*", [A]),
    ("PatientName=Doe", []),
    ("PatientName=Doe%5EJane%5E", [A]),
    ("PatientID=AB11", [A]),
    ("PatientID=ab11", []),
    ("00100020=AB11", [A]),
    ("StudyInstanceUID=2.25.10", [A]),
    ("0020000D=2.25.10,2.25.20", [A, B]),
    ("0020000d=2.25.10%5C2.25.20", [A, B]),
    ("StudyInstanceUID=2.25.*", []),
    ("StudyID=A", [A]),
    ("StudyDescription=Knee", [A]),
    ("PatientBirthDate=19700101", [A]),
    ("PatientID=AB*", [A, B, C]),
    ("PatientID=*1", [A, B, C]),
    ("PatientID=AB%3F1", [A, B]),
    ("PatientID=ab*", []),
    ("AccessionNumber=*", [A, B, C]),
    ("AccessionNumber=", [A, B, C]),
    ("AccessionNumber=*-*", [A, B]),
    ("StudyDate=20200115-20200116", [A, B]),
    ("StudyDate=-20200116", [A, B]),
    ("StudyDate=20200116-", [B, C]),
    ("StudyTime=100000-190000", [A, C]),
    ("StudyTime=190000-", [B, C]),
    ("StudyTime=-103000", [A]),
    ("StudyTime=200000-110000", [A, B]),
    ("StudyDate=20200115-20200117&StudyTime=1100-1800", [B]),
    ("StudyDate=20200115-&StudyTime=1100-", [B, C]),
    ("StudyDate=20200116&StudyTime=2100-2300", [B]),
    ("StudyDate=20200115-20200117&StudyTime=2200", [B]),
    ("PatientID=AB11&StudyDate=20200116", []),
    ("PatientID=AB11,ABX1", []),
    ("PatientID=AB11&NotADicomKeyword=1&x_probe=2&0010=3", [A]),
    ("PatientID=AB11&patientid=nobody", [A]),
    ("PatientID=AB11&Modality=MR", [A]),
    ("PatientID=AB11&TimezoneOffsetFromUTC=%2B0000", [A]),
    ("emptyvaluematching=true&AccessionNumber=%22%22", [C]),
    ("AccessionNumber=%22%22", []),
    ("multiplevaluematching=true&ModalitiesInStudy=CT,SR", [A]),
    ("multiplevaluematching=true&ModalitiesInStudy=CT,MR", []),
    ("ModalitiesInStudy=CT,SR", []),
    ("fuzzymatching=true&PatientName=Doe%5EJane", [A]),
    ("NumberOfStudyRelatedInstances=3", [A]),
]
"""Queries, and the studies that match."""


@pytest.mark.parametrize(("query", "studies"), MATCHES)
def test_studies_that_match(archive: Service, query: str, studies: list[str]) -> None:
    assert archive.values(f"/studies?{query}", "0020000D") == studies


@pytest.mark.parametrize(
    ("query", "series"),
    [
        ("Modality=CT", ["2.25.10.1"]),
        ("00080060=SR", ["2.25.10.2"]),
        ("SeriesInstanceUID=2.25.10.2", ["2.25.10.2"]),
        ("SeriesNumber=4", ["2.25.10.1"]),
        ("SeriesNumber=04", ["2.25.10.1"]),
        ("SeriesNumber=1-5", []),
        ("PerformedProcedureStepStartDate=20200101-20200201", ["2.25.10.1"]),
        ("PerformedProcedureStepStartTime=1031", ["2.25.10.1"]),
        ("RequestAttributesSequence.ScheduledProcedureStepID=s2", ["2.25.10.1"]),
        ("00400275.00401001=p2", ["2.25.10.1"]),
        ("00400275.00400009=s2&RequestAttributesSequence.RequestedProcedureID=p2", ["2.25.10.1"]),
        ("00400275.00400009=s1&RequestAttributesSequence.RequestedProcedureID=p2", []),
        ("00400275.00400009=", ["2.25.10.1", "2.25.10.2"]),
        ("SeriesDescription=axial", ["2.25.10.1"]),
        ("PatientID=AB11", ["2.25.10.1", "2.25.10.2"]),
        ("PatientID=ABX1", []),
    ],
)
def test_series_that_match(archive: Service, query: str, series: list[str]) -> None:
    assert archive.values(f"/studies/{A}/series?{query}", "0020000E") == series


@pytest.mark.parametrize(
    ("path", "instances"),
    [
        ("/instances?PatientID=ABX1", ["2.25.20.1.1"]),
        ("/instances?Modality=SR", ["2.25.10.2.3"]),
        ("/instances?InstanceNumber=1&StudyDate=-20200115", ["2.25.10.1.1"]),
        ("/instances?SOPInstanceUID=2.25.10.1.2,2.25.30.1.1", ["2.25.10.1.2", "2.25.30.1.1"]),
        (f"/studies/{A}/instances?Modality=CT", ["2.25.10.1.1", "2.25.10.1.2"]),
        (f"/studies/{A}/instances", ["2.25.10.1.1", "2.25.10.1.2", "2.25.10.2.3"]),
        (f"/studies/{A}/series/2.25.10.1/instances?InstanceNumber=2", ["2.25.10.1.2"]),
        (f"/studies/{A}/series/2.25.10.1/instances?SOPClassUID=1.2.840.10008.5.1.4.1.1.88.11", []),
        (f"/studies/{B}/series/2.25.10.1/instances", []),
        ("/instances?Rows=4&Columns=4", ["2.25.10.1.1", "2.25.10.1.2"]),
    ],
)
def test_instances_that_match(archive: Service, path: str, instances: list[str]) -> None:
    assert archive.values(path, "00080018") == instances


def test_all_series_are_searched_by_study_keys_too(archive: Service) -> None:
    assert archive.values("/series?StudyDate=20200116-", "0020000E") == ["2.25.20.1", "2.25.30.1"]


def test_study_attributes(archive: Service) -> None:
    (study,) = archive.found("/studies?PatientID=AB11")

    assert study == {
        "00080020": {"vr": "DA", "Value": ["20200115"]},
        "00080030": {"vr": "TM", "Value": ["103000"]},
        "00080050": {"vr": "SH", "Value": ["ACC-A1"]},
        "00080056": {"vr": "CS", "Value": ["ONLINE"]},
        "00080061": {"vr": "CS", "Value": ["CT", "SR"]},
        "00080090": {"vr": "PN", "Value": [{"Alphabetic": "Ref^Anna"}]},
        "00081190": {"vr": "UR", "Value": [f"{archive.base}/studies/{A}"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane"}]},
        "00100020": {"vr": "LO", "Value": ["AB11"]},
        "00100030": {"vr": "DA", "Value": ["19700101"]},
        "00100040": {"vr": "CS", "Value": ["F"]},
        "0020000D": {"vr": "UI", "Value": [A]},
        "00200010": {"vr": "SH", "Value": ["A"]},
        "00201206": {"vr": "IS", "Value": [2]},
        "00201208": {"vr": "IS", "Value": [3]},
    }
    assert list(study) == sorted(study)


def test_empty_attributes_are_there_without_value(archive: Service) -> None:
    (study,) = archive.found("/studies?PatientID=ABX1")

    assert study["00100030"] == {"vr": "DA"}
    assert study["00100040"] == {"vr": "CS"}


def test_series_attributes(archive: Service) -> None:
    with_all, with_few = archive.found(f"/studies/{A}/series")

    url = {"vr": "UR", "Value": [f"{archive.base}/studies/{A}/series/2.25.10.1"]}
    assert with_all.pop("00400275")["Value"][1] == {
        "00400009": {"vr": "SH", "Value": ["s2"]},
        "00401001": {"vr": "SH", "Value": ["p2"]},
    }
    assert with_all == {
        "00080060": {"vr": "CS", "Value": ["CT"]},
        "0008103E": {"vr": "LO", "Value": ["axial"]},
        "00081190": url,
        "0020000D": {"vr": "UI", "Value": [A]},
        "0020000E": {"vr": "UI", "Value": ["2.25.10.1"]},
        "00200011": {"vr": "IS", "Value": [4]},
        "00201209": {"vr": "IS", "Value": [2]},
        "00400244": {"vr": "DA", "Value": ["20200115"]},
        "00400245": {"vr": "TM", "Value": ["103100"]},
    }
    assert list(with_few) == ["00080060", "00081190", "0020000D", "0020000E", "00200011", "00201209"]
    assert with_few["00200011"] == {"vr": "IS"}


def test_instance_attributes(archive: Service) -> None:
    path = f"/studies/{A}/series/2.25.10.1/instances"
    first, second = archive.found(path)

    assert second == {
        "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.7"]},
        "00080018": {"vr": "UI", "Value": ["2.25.10.1.2"]},
        "00080056": {"vr": "CS", "Value": ["ONLINE"]},
        "00081190": {"vr": "UR", "Value": [f"{archive.base}{path}/2.25.10.1.2"]},
        "0020000D": {"vr": "UI", "Value": [A]},
        "0020000E": {"vr": "UI", "Value": ["2.25.10.1"]},
        "00200013": {"vr": "IS", "Value": [2]},
        "00280008": {"vr": "IS", "Value": [1]},
        "00280010": {"vr": "US", "Value": [4]},
        "00280011": {"vr": "US", "Value": [4]},
        "00280100": {"vr": "US", "Value": [16]},
    }
    assert "00280008" not in first


def test_relational_results_have_the_attributes_of_the_levels_above(archive: Service) -> None:
    (series,) = archive.found("/series?SeriesInstanceUID=2.25.20.1")
    (of_all,) = archive.found("/instances?SOPInstanceUID=2.25.20.1.1")
    (of_study,) = archive.found(f"/studies/{B}/instances")

    assert {"0020000D", "00100010", "00100020", "00080020", "00080050", "00200011"} <= series.keys()
    assert series["00081190"]["Value"] == [f"{archive.base}/studies/{B}/series/2.25.20.1"]
    assert series.keys() | of_study.keys() == of_all.keys()
    assert {"0020000D", "0020000E", "00080060", "00200011"} <= of_study.keys()
    assert "00100020" not in of_study


@pytest.mark.parametrize(
    "fields",
    ["StudyDescription,PhysiciansOfRecord", "00081030,00081048", "00081030&includefield=PhysiciansOfRecord", "all"],
)
def test_includefield_adds_attributes(archive: Service, fields: str) -> None:
    (study,) = archive.found(f"/studies?PatientID=AB11&includefield={fields}")

    assert study["00081030"] == {"vr": "LO", "Value": ["Knee"]}
    assert study["00081048"] == {"vr": "PN", "Value": [{"Alphabetic": "Rec^A"}]}


def test_includefield_stays_within_the_levels_searched(archive: Service) -> None:
    plain = archive.found("/studies?PatientID=AB11")
    below = "SeriesInstanceUID,SOPInstanceUID,Modality,PixelData,NotADicomKeyword,"
    assert archive.found(f"/studies?PatientID=AB11&includefield={below}") == plain

    series = archive.found(f"/studies/{A}/series?includefield=SOPInstanceUID,StudyDescription")
    assert [one["00081030"]["Value"] for one in series] == [["Knee"], ["Knee"]]
    assert not any("00080018" in one for one in series)

    (one,) = archive.found(f"/studies/{B}/series/2.25.20.1/instances?includefield=PatientName,Modality")
    assert one["00100010"]["Value"] == [{"Alphabetic": "Roe^Richard"}]
    assert one["00080060"]["Value"] == ["MR"]


def test_match_keys_are_returned(archive: Service) -> None:
    (study,) = archive.found("/studies?StudyDescription=Knee")

    assert study["00081030"]["Value"] == ["Knee"]


def test_pages_cover_the_list_in_its_order(archive: Service) -> None:
    pages = [archive.get(f"/studies?limit=1&offset={offset}", "application/dicom+json") for offset in range(4)]

    assert [page.json()[0]["0020000D"]["Value"][0] for page in pages[:3]] == [A, B, C]
    assert pages[0].headers["Warning"] == f"299 {archive.base}: There are 2 additional results that can be requested"
    assert "There are 1 additional" in pages[1].headers["Warning"]
    assert "Warning" not in pages[2].headers
    assert (pages[3].status_code, pages[3].content) == (204, b"")


@pytest.mark.parametrize("query", ["", "?limit=100000", "?offset=0", "?limit=3"])
def test_complete_answers_have_no_warning(archive: Service, query: str) -> None:
    answer = archive.get(f"/studies{query}")

    assert len(answer.json()) == 3
    assert "Warning" not in answer.headers


@pytest.mark.parametrize(
    "query",
    [
        *("limit=abc", "limit=-1", "limit=1.5", "limit=", "offset=x", "offset=-1"),
        *("fuzzymatching=maybe", "emptyvaluematching=1", "PatientID=%FF", "PatientID=A&00100020=B"),
    ],
)
def test_invalid_parameters_are_400(archive: Service, query: str) -> None:
    assert archive.get(f"/studies?{query}").status_code == 400


@pytest.mark.parametrize(
    "path",
    ["/studies?PatientID=nobody", "/studies?limit=0", "/studies/2.25.99/series", f"/studies/{A}/series/1/instances"],
)
def test_no_match_is_204(archive: Service, path: str) -> None:
    answer = archive.get(path)

    assert answer.status_code == 204
    assert answer.content == b""
    assert "Content-Type" not in answer.headers


def test_fuzzy_matching_is_literal_with_a_warning(archive: Service) -> None:
    answer = archive.get("/studies?PatientName=Dow%5EJane&fuzzymatching=true")

    assert answer.status_code == 204
    text = "The fuzzymatching parameter is not supported. Only literal matching has been performed."
    assert answer.headers["Warning"] == f"299 {archive.base}: {text}"


def test_reserved_and_foreign_characters_in_values(dicomweb: Service) -> None:
    dicomweb.store(
        instance(
            "2.25.41", "2.25.41.1", SpecificCharacterSet="ISO_IR 192", PatientID="A&B=C,D#1", PatientName="Müller^Jörg"
        ),
        instance(
            "2.25.42",
            "2.25.42.1",
            SpecificCharacterSet="ISO_IR 192",
            PatientID="A+B",
            PatientName="Wang^XiaoDong=王^小東",
        ),
    )

    assert dicomweb.values("/studies?PatientID=A%26B%3DC%2CD%231", "0020000D") == ["2.25.41"]
    assert dicomweb.values("/studies?PatientName=M%C3%BCller%5EJ%C3%B6rg", "0020000D") == ["2.25.41"]
    assert dicomweb.values("/studies?PatientID=A%2BB", "0020000D") == ["2.25.42"]
    assert dicomweb.values("/studies?PatientID=A+B", "0020000D") == ["2.25.42"]
    assert dicomweb.values("/studies?PatientName=%E7%8E%8B*", "0020000D") == ["2.25.42"]
    assert dicomweb.values("/studies?PatientName=Wang%5EXiaoDong%3D%E7%8E%8B%5E%E5%B0%8F%E6%9D%B1", "0020000D") == [
        "2.25.42"
    ]
    assert dicomweb.values("/studies?PatientName=Wang%5EXiaoDong", "0020000D") == ["2.25.42"]


def test_second_instance_joins_its_series(archive: Service) -> None:
    archive.store(instance("2.25.20", "2.25.20.1", 2, **STUDY_B, Modality="MR", SeriesNumber=5))

    (study,) = archive.found("/studies?PatientID=ABX1")
    assert (study["00201206"]["Value"], study["00201208"]["Value"]) == ([1], [2])


@pytest.mark.parametrize(
    "query",
    ["StudyDate=banana", "StudyDate=20200230", "StudyTime=2560", "StudyDate=2020-01-15", "StudyDate=20200115-x"],
)
def test_what_is_no_date_or_time_is_refused(archive: Service, query: str) -> None:
    assert archive.get(f"/studies?{query}").status_code == 400


@pytest.mark.parametrize("query", ["StudyDate=", "StudyDate=20200115-", "StudyTime=10-11", "StudyTime=103000.5"])
def test_what_is_a_date_or_time_or_a_range_is_taken(archive: Service, query: str) -> None:
    assert archive.get(f"/studies?{query}").status_code in {200, 204}
