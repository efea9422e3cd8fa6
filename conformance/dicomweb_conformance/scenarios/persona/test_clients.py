"""The clients that people use, each at what it does with a server."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.scenarios.persona import clients, using
from dicomweb_conformance.scenarios.persona.clients import Use
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.fresh import Fresh


@verifies(id="persona-search", each=clients.of("search"))
def test_search(dicomweb: StudiesService, corpus: Corpus, case: Use) -> None:
    """A client in use finds what it searches for, in the form that it reads."""
    using.asks(dicomweb, corpus, case)


@verifies(id="persona-metadata", each=clients.of("metadata"))
def test_metadata(dicomweb: StudiesService, corpus: Corpus, case: Use) -> None:
    """A client in use gets metadata with the elements that it needs."""
    using.asks(dicomweb, corpus, case)


@verifies(id="persona-retrieve", each=clients.of("retrieve"))
def test_retrieve(dicomweb: StudiesService, corpus: Corpus, case: Use) -> None:
    """A client in use gets the files of studies, series and instances, in the form that it takes apart."""
    using.asks(dicomweb, corpus, case)


@verifies(id="persona-frames", each=clients.of("frames"))
def test_frames(dicomweb: StudiesService, corpus: Corpus, case: Use) -> None:
    """A client in use gets frames, in the form that it takes apart."""
    using.asks(dicomweb, corpus, case)


@verifies(id="persona-bulkdata", each=clients.of("bulkdata"))
def test_bulkdata(dicomweb: StudiesService, corpus: Corpus, case: Use) -> None:
    """A client in use gets a value to which the metadata lead, in the form that it takes apart."""
    using.asks(dicomweb, corpus, case)


@verifies(id="persona-rendered", each=clients.of("rendered"))
def test_rendered(dicomweb: StudiesService, corpus: Corpus, case: Use) -> None:
    """A client in use gets a rendered image that it can show."""
    using.asks(dicomweb, corpus, case)


@verifies(id="persona-thumbnail", each=clients.of("thumbnail"))
def test_thumbnail(dicomweb: StudiesService, corpus: Corpus, case: Use) -> None:
    """A client in use gets a thumbnail that it can show, or what it takes in its place."""
    using.asks(dicomweb, corpus, case)


@verifies(id="persona-store", each=clients.of("store"))
def test_store(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Use) -> None:
    """What a client in use sends is stored, and the client can read the response."""
    using.stores(dicomweb, archive, fresh, case)


@verifies(id="persona-delete", each=clients.of("delete"))
def test_delete(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Use) -> None:
    """What a client in use deletes is gone, and the client can read the response."""
    using.deletes(dicomweb, archive, fresh, case)
