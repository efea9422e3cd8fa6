"""Google's client for Python, put together from its discovery document, works with the google flavour.

It says `Accept: application/json` and `alt=json` of itself. It stores nothing: its method sends JSON only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.resources import files
from typing import Any

import pytest
import requests

from tests.clients.conftest import Place

discovery = pytest.importorskip(
    "googleapiclient.discovery", reason="google-api-python-client is not installed: pip install '.[clients]'"
)
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def stored(google: Place) -> Place:
    headers = {"Content-Type": "application/dicom"}
    requests.post(f"{google.url}/studies", data=google.instance.part10, headers=headers, timeout=10).raise_for_status()
    return google


@contextmanager
def stores(place: Place, **model: Any) -> Iterator[Any]:
    """Return the client's methods of DICOM stores."""
    import httplib2

    document = json.loads((files("googleapiclient") / "discovery_cache/documents/healthcare.v1.json").read_text())
    document |= {"rootUrl": f"{place.api}/", "baseUrl": f"{place.api}/"}
    with closing(httplib2.Http(proxy_info=None, timeout=10)) as http:
        service = discovery.build_from_document(document, http=http, **model)
        yield service.projects().locations().datasets().dicomStores()


def test_its_methods_read_json(stored: Place) -> None:
    with stores(stored) as client:
        (study,) = client.searchForStudies(parent=stored.store, dicomWebPath="studies").execute()
        (found,) = client.searchForInstances(parent=stored.store, dicomWebPath="instances").execute()
        path = f"{stored.path}/metadata"
        retrieved = client.studies().series().instances().retrieveMetadata(parent=stored.store, dicomWebPath=path)
        (metadata,) = retrieved.execute()

    assert study["0020000D"]["Value"] == [stored.instance.study_instance_uid]
    assert found["00080018"] == metadata["00080018"]


def test_its_methods_read_octets_where_it_is_told_so(stored: Place) -> None:
    from googleapiclient.model import RawModel

    with stores(stored, model=RawModel()) as client:
        instances = client.studies().series().instances()
        study = client.studies().retrieveStudy(parent=stored.store, dicomWebPath=stored.study)
        one = instances.retrieveInstance(parent=stored.store, dicomWebPath=stored.path)
        one.headers["accept"] = "application/dicom; transfer-syntax=*"
        picture = instances.retrieveRendered(parent=stored.store, dicomWebPath=f"{stored.path}/rendered")

        assert stored.instance.part10 == one.execute()
        assert stored.instance.frames[0] in study.execute()
        assert picture.execute().startswith(b"\xff\xd8\xff")


def test_it_deletes_a_study_by_an_operation(stored: Place) -> None:
    with stores(stored) as client:
        operation = client.studies().delete(parent=stored.store, dicomWebPath=stored.study).execute()

        assert operation["name"].startswith("projects/")
        while not operation.get("done"):
            operation = requests.get(f"{stored.api}/v1/{operation['name']}", timeout=10).json()
        assert "error" not in operation
        assert not client.searchForStudies(parent=stored.store, dicomWebPath="studies").execute()
