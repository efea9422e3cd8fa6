import io
from collections.abc import Callable

import pytest
from PIL import Image

from tests.reference.payloads import SERIES, STUDY, Service, image, instance, path_of


@pytest.fixture
def levels(dicomweb: Service) -> list[str]:
    dataset = image(40, 60, NumberOfFrames=2)
    dataset.PixelData = dataset.PixelData * 2
    dicomweb.store(instance(), dataset)
    paths = [f"/studies/{STUDY}", f"/studies/{STUDY}/series/{SERIES}", path_of(dataset)]
    return [f"{path}/thumbnail" for path in (*paths, f"{path_of(dataset)}/frames/2")]


def size(octets: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(octets)).size


@pytest.mark.parametrize(
    ("accept", "expected"),
    [("image/jpeg", "image/jpeg"), ("*/*", "image/jpeg"), ("image/png", "image/png"), ("image/gif", "image/gif")],
)
def test_each_level_has_one_picture(dicomweb: Service, levels: list[str], accept: str, expected: str) -> None:
    for path in levels:
        answer = dicomweb.get(path, accept)
        assert (answer.headers["Content-Type"], size(answer.content)) == (expected, (128, 85))
        assert answer.headers["Content-Location"] == dicomweb.base + path


@pytest.mark.parametrize(
    ("viewport", "status"), [("32,32", 200), ("32,32,0,0,10,10", 400), ("32,32,0", 400), ("x,1", 400), ("0,0", 400)]
)
def test_viewport_has_width_and_height_only(dicomweb: Service, levels: list[str], viewport: str, status: int) -> None:
    for path in levels:
        answer = dicomweb.get(f"{path}?viewport={viewport}&window=1,2,linear", "image/png")
        assert answer.status_code == status
        if status == 200:
            assert size(answer.content) == (32, 21)


def test_what_cannot_be_shown(dicomweb: Service, levels: list[str]) -> None:
    report = instance("2.25.7", "2.25.7.1")
    dicomweb.store(report)

    assert dicomweb.get(levels[0], "application/x-nothing").status_code == 406
    assert dicomweb.get(levels[3].replace("frames/2", "frames/3")).status_code == 404
    for path in ("/studies/2.25.9", "/studies/2.25.7", path_of(report)):
        assert dicomweb.get(f"{path}/thumbnail").status_code == 404


def test_freedoms(with_freedom: Callable[..., Service]) -> None:
    none, redirecting = with_freedom("thumbnail-not-offered"), with_freedom("thumbnail-redirects")
    for service in (none, redirecting):
        service.store(image())
    path = f"/studies/{STUDY}/thumbnail"

    assert none.get(path).status_code == 404
    answer = redirecting.session.get(
        redirecting.base + path, headers={"Accept": "image/jpeg"}, timeout=10, allow_redirects=False
    )
    assert answer.status_code == 302
    shown = redirecting.get(answer.headers["Location"].removeprefix(redirecting.base), "image/jpeg")
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/jpeg")
