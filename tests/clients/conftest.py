"""A DICOM store of the Cloud Healthcare API, and a server as PS3.18 has it, for clients in use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance
from dicomweb_reference.serving import FLAVOURS, running

SEED = 1


@dataclass(frozen=True)
class Place:
    """Where a client finds what: the base URL of a server, and the paths of one instance below it."""

    url: str
    instance: Instance

    @property
    def study(self) -> str:
        return f"studies/{self.instance.study_instance_uid}"

    @property
    def series(self) -> str:
        return f"{self.study}/series/{self.instance.series_instance_uid}"

    @property
    def path(self) -> str:
        return f"{self.series}/instances/{self.instance.sop_instance_uid}"

    @property
    def store(self) -> str:
        """The name of the DICOM store: what the clients of the API call the parent."""
        return self.url.partition("/v1/")[2].removesuffix("/dicomWeb")

    @property
    def api(self) -> str:
        """Where the API lies."""
        return self.url.partition("/v1/")[0]


@pytest.fixture(scope="session")
def instance() -> Instance:
    """The study of Sally Zhang, whom the page's samples search."""
    return Corpus(SEED).sally_zhang.instances[0]


@pytest.fixture
def file(instance: Instance, tmp_path: Path) -> Path:
    path = tmp_path / "sally.dcm"
    path.write_bytes(instance.part10)
    return path


@pytest.fixture
def google(instance: Instance) -> Iterator[Place]:
    with running(FLAVOURS["google"]()) as url:
        yield Place(url, instance)


@pytest.fixture(params=sorted(FLAVOURS))
def place(request: pytest.FixtureRequest, instance: Instance) -> Iterator[Place]:
    """Either flavour."""
    with running(FLAVOURS[request.param]()) as url:
        yield Place(url, instance)
