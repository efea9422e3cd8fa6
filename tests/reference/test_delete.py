import pytest

from tests.reference.payloads import SERIES, STUDY, Service, instance

ALL = {"2.25.1.1.1", "2.25.1.1.2", "2.25.1.2.3", "2.25.2.1.1"}


@pytest.fixture
def archive(dicomweb: Service) -> Service:
    dicomweb.store(
        instance(number=1), instance(number=2), instance(STUDY, "2.25.1.2", 3), instance("2.25.2", "2.25.2.1", 1)
    )
    return dicomweb


def delete(service: Service, path: str) -> int:
    return service.session.delete(service.base + path, timeout=10).status_code


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        (f"/studies/{STUDY}/series/{SERIES}/instances/2.25.1.1.1", {"2.25.1.1.1"}),
        (f"/studies/{STUDY}/series/{SERIES}", {"2.25.1.1.1", "2.25.1.1.2"}),
        (f"/studies/{STUDY}", ALL - {"2.25.2.1.1"}),
    ],
)
def test_what_was_named_is_gone_and_nothing_else(archive: Service, path: str, gone: set[str]) -> None:
    assert delete(archive, path) == 204

    assert set(archive.values("/instances", "00080018")) == ALL - gone
    assert archive.get(path).status_code == 404
    assert archive.get(f"{path}/metadata").status_code == 404
    assert delete(archive, path) == 404


def test_last_instance_takes_series_and_study_along(archive: Service) -> None:
    assert delete(archive, f"/studies/{STUDY}/series/2.25.1.2/instances/2.25.1.2.3") == 204
    assert archive.values(f"/studies/{STUDY}/series", "0020000E") == [SERIES]

    assert delete(archive, "/studies/2.25.2/series/2.25.2.1/instances/2.25.2.1.1") == 204
    assert archive.values("/studies", "0020000D") == [STUDY]
    assert archive.values("/studies", "00201208") == [2]


@pytest.mark.parametrize(
    "path",
    ["/studies/2.25.9", f"/studies/2.25.2/series/{SERIES}", f"/studies/2.25.2/series/{SERIES}/instances/2.25.1.1.1"],
)
def test_unknown_resource_is_404_and_nothing_is_lost(archive: Service, path: str) -> None:
    assert delete(archive, path) == 404
    assert set(archive.values("/instances", "00080018")) == ALL


def test_what_was_deleted_can_be_stored_again(archive: Service) -> None:
    delete(archive, f"/studies/{STUDY}")

    assert archive.store(instance(number=1)).status_code == 200
    assert archive.values(f"/studies/{STUDY}/instances", "00080018") == ["2.25.1.1.1"]
