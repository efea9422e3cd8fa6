"""dicomweb-client, the Python client on which Slicer stands, can do all that it does with the reference server."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pydicom
import pytest
import requests

from tests.clients.conftest import Place

api = pytest.importorskip("dicomweb_client.api", reason="dicomweb-client is not installed: pip install '.[clients]'")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def client(place: Place) -> Iterator[Any]:
    with requests.Session() as session:
        session.trust_env = False
        yield api.DICOMwebClient(place.url, session=session)


@pytest.fixture
def uids(place: Place, client: Any) -> tuple[str, str, str]:
    """Of the instance, which the client has stored."""
    answer = client.store_instances([pydicom.dcmread(BytesIO(place.instance.part10))])

    assert [each.ReferencedSOPInstanceUID for each in answer.ReferencedSOPSequence] == [place.instance.sop_instance_uid]
    return (place.instance.study_instance_uid, place.instance.series_instance_uid, place.instance.sop_instance_uid)


def test_it_finds_what_it_stored(client: Any, uids: tuple[str, str, str]) -> None:
    study, series, instance = uids

    assert [
        search_for_study["0020000D"]["Value"] for search_for_study in client.search_for_studies(get_remaining=True)
    ] == [[study]]
    assert [each["0020000E"]["Value"] for each in client.search_for_series(study)] == [[series]]
    assert [
        search_for_instance["00080018"]["Value"] for search_for_instance in client.search_for_instances(study, series)
    ] == [[instance]]


def test_it_retrieves_what_it_stored(place: Place, client: Any, uids: tuple[str, str, str]) -> None:
    study, series, instance = uids
    retrieved = [
        *client.retrieve_study(study),
        *client.retrieve_series(study, series),
        client.retrieve_instance(study, series, instance),
    ]

    assert [(each.SOPInstanceUID, each.PatientName) for each in retrieved] == [(instance, "Sally Zhang")] * 3
    assert client.retrieve_instance_frames(study, series, instance, [1]) == [place.instance.frames[0]]


def test_it_retrieves_metadata(client: Any, uids: tuple[str, str, str]) -> None:
    study, series, instance = uids
    found = [
        *client.retrieve_study_metadata(study),
        *client.retrieve_series_metadata(study, series),
        client.retrieve_instance_metadata(study, series, instance),
    ]

    assert [each["00080018"]["Value"] for each in found] == [[instance]] * 3


def test_it_retrieves_pictures(client: Any, uids: tuple[str, str, str]) -> None:
    assert client.retrieve_instance_rendered(*uids).startswith(b"\xff\xd8\xff")
    assert client.retrieve_instance_rendered(*uids, media_types=("image/png",)).startswith(b"\x89PNG")


def test_it_deletes_a_study(client: Any, uids: tuple[str, str, str]) -> None:
    client.delete_study(uids[0])
    client.search_for_studies()  # an operation of the API goes on while requests come in
    client.search_for_studies()

    assert client.search_for_studies() == []
