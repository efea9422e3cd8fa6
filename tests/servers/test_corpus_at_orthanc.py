"""Orthanc takes the whole corpus, gives it back as it was, and decodes its frames to the pixels that are known."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from dicomweb_fixtures.building import transfer_syntaxes as ts
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Study
from tests.servers import orthanc

pytestmark = pytest.mark.skipif(bool(orthanc.missing()), reason=orthanc.missing())

SEED = 20240115
BOUNDARY = "corpus-at-orthanc"

REFUSED: dict[str, str] = {}
"""Studies that Orthanc refuses to store, and why: none. It stores what it cannot decode, too."""

UNDECODED = {
    "single_bit": "Orthanc 1.10 decodes no pixels of one bit",
    "segmentation": "likewise",
    "parametric_map": "Orthanc 1.10 decodes no floating point pixels",
    **dict.fromkeys(
        (f"encoded.{ts.SYNTAXES[uid].key}" for uid in (ts.JPEG_2000_LOSSLESS, ts.JPEG_2000)),
        "Debian's Orthanc has no decoder of JPEG 2000",
    ),
    **dict.fromkeys(
        (
            f"encoded.{ts.SYNTAXES[uid].key}"
            for uid in (
                *(ts.JPEG_XL_LOSSLESS, ts.JPEG_XL_RECOMPRESSION, ts.JPEG_XL, ts.HTJ2K_LOSSLESS),
                *(ts.HTJ2K_LOSSLESS_RPCL, ts.HTJ2K, ts.DEFLATED_IMAGE_FRAME),
            )
        ),
        "a transfer syntax that is younger than Orthanc 1.10, which gives its frames as they are",
    ),
}
"""Studies with frames that Orthanc cannot decode, and why."""


@pytest.fixture(scope="module")
def everything() -> tuple[Study, ...]:
    return tuple(Corpus(SEED).all_studies(large=True))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with orthanc.running(tmp_path_factory.mktemp("orthanc")) as base_url:
        yield base_url


@pytest.fixture(scope="module")
def stored(url: str, everything: Sequence[Study]) -> set[str]:
    """The SOP Instance UIDs of all that Orthanc says it has stored, of the whole corpus sent to it."""
    instances = [instance for study in everything for instance in study.instances]
    return {uid for some in in_groups(instances, 200) for uid in store(url, some)}


def in_groups(instances: Sequence[Instance], size: int) -> Iterator[Sequence[Instance]]:
    yield from (instances[place : place + size] for place in range(0, len(instances), size))


def store(url: str, instances: Sequence[Instance]) -> set[str]:
    """Store instances in one request; return the UIDs that its answer lists as stored."""
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    body = b"".join(head + instance.part10 + b"\r\n" for instance in instances) + f"--{BOUNDARY}--\r\n".encode()
    kind = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
    fields = {"Content-Type": kind, "Accept": "application/dicom+json"}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/studies", body, fields), timeout=60) as answer:
        document = json.load(answer)
    return {item["00081155"]["Value"][0] for item in document.get("00081199", {}).get("Value", ())}


def asked(target: str, accept: str) -> bytes:
    request = urllib.request.Request(target, headers={"Accept": f"multipart/related; {accept}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        body: bytes = answer.read()
    return body


def path(url: str, instance: Instance) -> str:
    return (
        f"{url}/studies/{instance.study_instance_uid}/series/{instance.series_instance_uid}"
        f"/instances/{instance.sop_instance_uid}"
    )


def only_part(body: bytes) -> bytes:
    delimiter = body[: body.index(b"\r\n")]
    return body[body.index(b"\r\n\r\n") + 4 : body.rindex(b"\r\n" + delimiter)]


def test_every_instance_is_stored(stored: set[str], everything: Sequence[Study]) -> None:
    missing = {
        study.name for study in everything for instance in study.instances if instance.sop_instance_uid not in stored
    }
    assert missing == set(REFUSED)


def test_every_instance_comes_back_as_it_was_sent(url: str, stored: set[str], everything: Sequence[Study]) -> None:
    assert stored
    changed = {
        study.name
        for study in everything
        if study.name.partition(".")[0] != "paging"
        for instance in study.instances
        if instance.part10 not in asked(path(url, instance), 'type="application/dicom"; transfer-syntax=*')
    }
    assert changed == set()


def test_frames_decode_to_the_pixels_that_are_known(url: str, stored: set[str], everything: Sequence[Study]) -> None:
    assert stored
    wrong, seen = {}, 0
    for study in everything:
        if study.name.partition(".")[0] in {"paging", "long_series"}:
            continue
        for instance in study.instances:
            for number, frame in enumerate(instance.frames, 1):
                seen += 1
                try:
                    found = only_part(
                        asked(f"{path(url, instance)}/frames/{number}", 'type="application/octet-stream"')
                    )
                except urllib.error.HTTPError as error:
                    wrong[study.name] = f"{error.code}"
                    continue
                if not alike(found, frame, instance):
                    wrong[study.name] = f"frame {number} of {instance.value('InstanceNumber')}: other pixels"
    assert seen > 150
    assert {name: what for name, what in wrong.items() if name not in UNDECODED} == {}
    assert {study.name for study in everything} & set(UNDECODED) == set(wrong)


def alike(found: bytes, frame: bytes, instance: Instance) -> bool:
    """Tell whether a decoded frame is the one that was encoded, as near as the transfer syntax promises."""
    tolerance = ts.SYNTAXES[instance.transfer_syntax_uid].tolerance
    if not tolerance or len(found) not in {len(frame), len(frame) + 1}:
        return found in {frame, frame + b"\0"}
    kind = f"<{'i' if instance.dataset.PixelRepresentation else 'u'}{instance.dataset.BitsAllocated // 8}"
    one, other = (np.frombuffer(octets[: len(frame)], kind).astype(np.int64) for octets in (found, frame))
    return bool(np.abs(one - other).max() <= tolerance)
