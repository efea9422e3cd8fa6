"""What a rendering was to show stands in the report beside what it shows."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from pydicom.dataset import Dataset

from dicomweb_reference.rendering import Rendering
from dicomweb_reference.server import Reference
from dicomweb_reports.pictures import TITLES, pictures
from tests.mutants.harness import judged

CHECK = "rendered-shows[rgb]"


class Inverting(Reference):
    """A server whose pictures are negatives."""

    def picture(self, dataset: Dataset, number: int, rendering: Rendering) -> Image.Image:
        return ImageOps.invert(super().picture(dataset, number, rendering).convert("RGB"))


def samples(octets: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(octets)).convert("RGB"), float)


def test_a_picture_that_is_wrong_is_recorded_beside_the_right_one_and_their_difference(tmp_path: Path) -> None:
    run = judged(Inverting(), tmp_path, checks={CHECK})

    (result,) = (each for each in run.results if each.check == CHECK)
    (finding,) = result.findings
    files = [(run.directory / "bodies" / name).read_bytes() for name in finding.pictures]
    expected, received, difference = map(samples, files)
    assert [picture.title for picture in pictures(finding, run)] == list(TITLES)
    assert np.abs(255 - received - expected).mean() < 6
    assert np.abs(np.abs(received - expected).max(axis=2) - difference[..., 0]).max() <= 1


def test_of_a_picture_that_is_right_nothing_more_is_recorded(tmp_path: Path) -> None:
    run = judged(Reference(), tmp_path, checks={CHECK})

    recorded = [path.read_bytes() for path in (run.directory / "bodies").iterdir()]
    assert [result.verdict for result in run.results if result.check == CHECK] == ["pass"]
    assert not [each for each in recorded if each.startswith(b"\x89PNG")]
