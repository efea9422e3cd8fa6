"""What is on the target is seen in whichever way shows it."""

from pathlib import Path

from starlette.responses import Response

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.archive.patience import Patience
from dicomweb_conformance.service.ledger import Ledger
from dicomweb_conformance.service.ownership import Own
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.fresh import Fresh
from dicomweb_reference.levels import Level
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from tests.transport.raw_peer import client


class GivesOnlyWhatIsStored(Reference):
    """What is retrieved without a wildcard cannot be transcoded, and searches below a study fail."""

    def search(self, request: Request, level: Level) -> Response:
        if request.resource.study:
            raise Refusal(500, "An exception.")
        return super().search(request, level)

    def retrieve(self, request: Request) -> Response:
        if "transfer-syntax=*" not in (request.accept or ""):
            raise Refusal(406, "There is no decoder.")
        return super().retrieve(request)


def test_an_instance_that_comes_only_as_it_is_stored_is_there(tmp_path: Path) -> None:
    stored, other = Fresh(1).instance(), Fresh(2).instance()
    with running(GivesOnlyWhatIsStored()) as url, client(url, tmp_path) as asking:
        service = StudiesService(asking, Ledger(tmp_path / "ledger.jsonl", url, 1), Own(1))
        archive = Archive(service, 0.3, Patience(tmp_path))
        service.store([stored])

        assert archive.holds(stored)
        assert not archive.holds_now(other)
