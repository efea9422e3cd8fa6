"""What others write of the corpus, and what the reference server answers, holds nothing that fails."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import requests

from dicomweb_conformance.dicom.differences import with_json
from dicomweb_conformance.dicom.xml_model import data_set_of
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.exchanges import Headers
from dicomweb_conformance.validators.http import error_responses
from dicomweb_conformance.validators.images import image_octets
from dicomweb_conformance.validators.json import dicom_json
from dicomweb_conformance.validators.observation import Observation
from dicomweb_conformance.validators.part10 import part10_octets
from dicomweb_conformance.validators.xml import native_xml
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance
from dicomweb_reference.freedoms import FREEDOMS
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from tests.validators.validating import against, fails

CORPUS = Corpus(20240115)
INSTANCES = [
    pytest.param(instance, id=f"{study.name}-{number}")
    for study in CORPUS.all_studies()
    for number, instance in enumerate(study.instances)
]


@pytest.mark.parametrize("instance", INSTANCES)
def test_part_10_as_pydicom_writes_it(instance: Instance) -> None:
    assert against(part10_octets.judge(instance.part10)) == []


@pytest.mark.parametrize("instance", INSTANCES)
def test_json_as_pydicom_writes_it(instance: Instance) -> None:
    if "SelectorFDValue" in instance.dataset and "nan" in instance.value("SelectorFDValue"):
        pytest.skip("pydicom writes NaN, which is no JSON")
    try:
        model = instance.dataset.to_json_dict(bulk_data_threshold=1000, bulk_data_element_handler=lambda _: "bulk/1")
    except ValueError:
        pytest.skip("pydicom does not write JSON of an integer string without a value among others")
    assert fails(dicom_json.judge(json.dumps([model]).encode(), url="http://h/metadata")) == []


def written_by(tool: str, *arguments: str, instance: Instance, folder: Path) -> bytes:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} of Debian's dcmtk is not installed")
    path = folder / "instance.dcm"
    path.write_bytes(instance.part10)
    run = subprocess.run([tool, *arguments, path], capture_output=True, timeout=30, check=False)
    if run.returncode:
        pytest.skip(f"{tool} gives up: {run.stderr.decode(errors='replace')[-200:]}")
    return run.stdout


@pytest.mark.parametrize("instance", INSTANCES)
def test_json_as_dcmtk_writes_it(instance: Instance, tmp_path: Path) -> None:
    body = written_by("dcm2json", instance=instance, folder=tmp_path)
    assert against(dicom_json.judge(body, resource="store")) == []


# Where dcmtk 3.6.7 goes its own way: octets in big endian words, a sequence as UN parsed, names after an empty one.
OTHER_OCTETS = {"OB", "OD", "OF", "OL", "OV", "OW", "UN"}
NAMES_WITH_A_GAP = "0072006A"


@pytest.mark.parametrize("instance", INSTANCES)
def test_xml_as_dcmtk_writes_it(instance: Instance, tmp_path: Path) -> None:
    options = ("--native-format", "--use-xml-namespace", "--convert-to-utf8", "--encode-base64")
    body = written_by("dcm2xml", *options, instance=instance, folder=tmp_path)
    assert fails(native_xml.judge(body)) == []
    differences = with_json(instance.dataset, data_set_of(body))
    assert [
        difference
        for difference in differences
        if difference.vr not in OTHER_OCTETS and NAMES_WITH_A_GAP not in difference.path
    ] == []


PATHS = (
    *("studies", "series", "instances", "studies?includefield=all", "instances?includefield=all&limit=3"),
    *(
        "studies?PatientID=none",
        "studies/2.25.99",
        "studies/2.25.99/metadata",
        "studies/no-uid",
        "nowhere",
        "studies?limit=x",
    ),
)


class Judged:
    """Every answer of a reference server, judged by what it says that it is."""

    def __init__(self, base: str, session: requests.Session) -> None:
        self._base, self._session = base, session
        self.failed: list[tuple[str, Observation]] = []
        self.bodies = 0

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith("http") else f"{self._base}/{path}"
        response = self._session.request(method, url, data=body, headers=fields, timeout=10)
        path, _, query = url.removeprefix(self._base).partition("?")
        answer = error_responses.Answer(
            method, path, response.status_code, Headers(tuple(response.headers.items())), response.content, query
        )
        self.failed += [(f"{method} {url}", fail) for fail in fails(self._observations(answer, url))]
        self.bodies += bool(answer.body)
        return answer.body

    def _observations(self, answer: error_responses.Answer, url: str) -> Iterator[Observation]:
        yield from error_responses.judge(answer)
        if answer.body and answer.status < 300:
            yield from self._of_body(answer, answer.content_type, answer.body, url)

    def _of_body(
        self, answer: error_responses.Answer, content_type: str, body: bytes, url: str
    ) -> Iterable[Observation]:
        name = media_types.name_of(content_type)
        if name == "multipart/related":
            for part in multipart.parts_of(content_type, body):
                yield from self._of_body(answer, part.content_type, part.body, url)
        elif name in {media_types.DICOM_JSON, media_types.JSON}:
            resource = answer.resource
            assert resource in {"search", "metadata", "store"}, url
            yield from dicom_json.judge(body, content_type, resource=resource, url=url)  # type: ignore[arg-type]  # by name, as the caller has it
        elif name == media_types.DICOM:
            yield from part10_octets.judge(body)
        elif answer.resource == "rendered":
            yield from image_octets.judge_rendered(content_type, body)
        else:
            yield from image_octets.judge_bulk_data(content_type, body)


@pytest.mark.parametrize("freedoms", [(), *((name,) for name in FREEDOMS)], ids=lambda names: "+".join(names) or "none")
def test_the_reference_server(freedoms: tuple[str, ...]) -> None:
    studies = [CORPUS.elements, CORPUS.rle, CORPUS.multiframe, CORPUS.bulk_data, CORPUS.gaps]
    studies += [] if freedoms else list(CORPUS.all_studies())
    with running(Reference(frozenset(freedoms))) as base, requests.Session() as session:
        judged = Judged(base, session)
        for study in studies:
            boundary, body = multipart.write([multipart.part(instance.part10) for instance in study.instances])
            content_type = media_types.multipart_related(media_types.DICOM, boundary)
            judged.send("POST", "studies", body, Content_Type=content_type, Accept=media_types.DICOM_JSON)
        for path in PATHS:
            judged.send("GET", path, Accept=media_types.DICOM_JSON)
        judged.send("OPTIONS", "", Accept="*/*")
        judged.send("POST", "studies", b"none", Content_Type="text/plain", Accept=media_types.DICOM_JSON)
        for study in studies:
            at = f"studies/{study.study_instance_uid}"
            judged.send("GET", at, Accept=f"{media_types.MULTIPART_DICOM}; transfer-syntax=*")
            judged.send("GET", at, Accept=media_types.MULTIPART_DICOM)
            metadata = judged.send("GET", f"{at}/metadata", Accept=media_types.DICOM_JSON)
            for uri in re.findall(rb'"BulkDataURI": ?"([^"]+)"', metadata):
                if uri.startswith(base.encode()) or not uri.startswith(b"http"):  # one freedom names another host
                    judged.send("GET", uri.decode(), Accept='multipart/related; type="application/octet-stream"')
    assert judged.failed == []
    assert judged.bodies > len(studies)
