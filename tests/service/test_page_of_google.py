"""The request that the Cloud Healthcare API's page builds of a template and three files arrives octet for octet."""

from pathlib import Path

from dicomweb_conformance.service.ledger import Ledger
from dicomweb_conformance.service.ownership import Own
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.identifiers import Branch
from dicomweb_fixtures.payloads import json_bulk
from tests.transport.raw_peer import answers, client, peer

TEMPLATE = b"""[{
 "00020010":{"vr":"UI","Value":["1.2.840.10008.1.2.4.50"]},
 "00080005":{"vr":"CS","Value":["ISO_IR 192"]},
 "00080016":{"vr":"UI","Value":["1.2.840.10008.5.1.4.1.1.7"]},
 "00080018":{"vr":"UI","Value":["%(instance)s"]},
 "0020000D":{"vr":"UI","Value":["%(study)s"]},
 "0020000E":{"vr":"UI","Value":["%(series)s"]},
 "00280002":{"vr":"US","Value":[3]},
 "00280004":{"vr":"CS","Value":["YBR_FULL_422"]},
 "00280006":{"vr":"US","Value":[0]},
 "00280008":{"vr":"IS","Value":[1]},
 "00280010":{"vr":"US","Value":[12]},
 "00280011":{"vr":"US","Value":[20]},
 "00280100":{"vr":"US","Value":[8]},
 "00280101":{"vr":"US","Value":[8]},
 "00280102":{"vr":"US","Value":[7]},
 "00280103":{"vr":"US","Value":[0]},
 "7FE00010":{"vr":"OB","BulkDataURI":"jpeg-image"}
}]
"""
OPENING = b"--DICOMwebBoundary\r\nContent-Type: application/dicom+json\r\n\r\n"
MIDDLE = (
    b"\r\n--DICOMwebBoundary\r\nContent-Location: jpeg-image\r\n"
    b"Content-Type: image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50\r\n\r\n"
)
CLOSING = b"\r\n--DICOMwebBoundary--"


def test_the_request_of_the_page_arrives_octet_for_octet(tmp_path: Path) -> None:
    payload = json_bulk.page(Branch(7, "page"))
    sent = payload.instance
    with (
        peer(answers(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as listening,
        client(listening.url, tmp_path) as asking,
    ):
        service = StudiesService(asking, Ledger(tmp_path / "ledger.jsonl", listening.url, 7), Own(7))
        service.store_metadata(payload, accept=None)

    head, _, body = listening.requests[-1].partition(b"\r\n\r\n")
    uids = {
        b"study": sent.study_instance_uid.encode(),
        b"series": sent.series_instance_uid.encode(),
        b"instance": sent.sop_instance_uid.encode(),
    }
    assert body == OPENING + TEMPLATE % uids + MIDDLE + payload.bulk_data[0].octets + CLOSING
    assert b'Content-Type: multipart/related; type="application/dicom+json"; boundary=DICOMwebBoundary' in head
    assert b"\r\nAccept" not in head
