"""How long exchanges took, as a picture."""

from __future__ import annotations

import re
from typing import Any

from lxml import html as lxml_html

from dicomweb_reports.report_html import html
from dicomweb_reports.timing import HEIGHT, WIDTH, timing
from tests.reports.run_directory import RunDirectory


def picture(directory: RunDirectory) -> Any:
    return lxml_html.document_fromstring(html(directory.load())).xpath("//svg")[0]


def test_each_exchange_is_a_point_by_its_status(directory: RunDirectory) -> None:
    directory.header()
    for second, (status, took) in enumerate([(200, 0.002), (200, 0.02), (404, 0.2), (None, 30.0)]):
        started = f"2026-11-22T23:50:{second:02}Z"
        directory.exchange(status=status, seconds=took, started=started, error=None if status else "closed")

    paths = {path.get("class"): path.get("d") for path in picture(directory).iter("path")}

    points = {name: re.findall(r"M(\d+) (\d+)h0", path) for name, path in paths.items()}
    assert {name: len(found) for name, found in points.items()} == {"of-2xx": 2, "of-4xx": 1, "of-none": 1}
    quick, slow = [int(up) for _, up in points["of-2xx"]]
    assert quick > slow > int(points["of-4xx"][0][1]) > int(points["of-none"][0][1])
    assert all(0 <= int(x) <= WIDTH and 0 <= int(y) <= HEIGHT for found in points.values() for x, y in found)


def test_the_picture_does_not_grow_with_the_run(directory: RunDirectory) -> None:
    directory.header()
    for number in range(500):
        directory.exchange(seconds=0.001 + number / 1e7)

    found = timing(directory.load())

    assert found is not None
    assert found.number == 500
    assert len(found.paths["2xx"]) < 100


def test_figures_and_the_slowest(directory: RunDirectory) -> None:
    directory.header()
    for number in range(100):
        directory.exchange(path=f"/studies?offset={number}", seconds=number / 10)

    text = " ".join(
        lxml_html.document_fromstring(html(directory.load()))
        .xpath("//section[h2[@id='timing']]")[0]
        .text_content()
        .split()
    )

    assert "Half of the exchanges took 5.0 s or less, 95 of 100 9.5 s or less." in text
    assert "9.9 s: GET https://pacs.example/dicom-web/studies?offset=99 main-100" in text


def test_a_run_without_exchanges_has_none(directory: RunDirectory) -> None:
    directory.header()

    assert timing(directory.load()) is None
