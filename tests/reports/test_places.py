"""The offending place of an exchange is marked, wherever in the response it stands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lxml import html as lxml_html

from dicomweb_reports.report_html import html
from tests.reports.run_directory import RunDirectory, finding

STUDIES = [
    {
        "00081030": {"vr": "LO", "Value": [f"Study {number} of a patient"]},
        "0020000D": {"vr": "UI", "Value": ["2.25.304420000"]},
    }
    for number in range(60)
]
CHECK = ("a-check", "SEARCH-069", "A claim.")


def marks(directory: RunDirectory, answer: bytes, *, where: str, received: str = "", **fields: Any) -> list[str]:
    """Return what is marked in the report on a response."""
    directory.header()
    directory.plan(CHECK)
    exchange = directory.exchange(answer=answer, **fields)
    found = finding("SEARCH-069", "more objects than limit", where=where, received=received, exchange=exchange)
    if where == "":
        found["observation"] = "5xx"
    directory.result(*CHECK, "fail", findings=[found], exchanges=[exchange])
    directory.footer()
    page = lxml_html.document_fromstring(html(directory.load()))
    return [*dict.fromkeys(" ".join(mark.text_content().split()) for mark in page.iter("mark"))]


def test_an_attribute_of_one_object_among_many(directory: RunDirectory) -> None:
    found = marks(directory, json.dumps(STUDIES).encode(), where="[50].00081030.Value[0]")

    assert found == ['"00081030": {"vr": "LO", "Value": ["Study 50 of a patient"]},']


def test_what_was_received_where_no_path_tells(directory: RunDirectory) -> None:
    assert marks(directory, b"first line\nsecond line\n", where="body", received='"second"') == ["second line"]


def test_an_element_of_the_native_model(directory: RunDirectory) -> None:
    answer = (
        b'<NativeDicomModel><DicomAttribute tag="00080060"/><DicomAttribute tag="00400275"><Item/>' + b"<!-- -->" * 20
    )

    found = marks(directory, answer, where="/NativeDicomModel/DicomAttribute[@tag='00400275']")

    assert found == ['<DicomAttribute tag="00400275">']


@pytest.mark.parametrize(
    ("where", "marked"), [("Content-Type", ["text/html"]), ("Warning", ["not in the response"]), ("", ["500 Broken"])]
)
def test_a_header_field_one_that_is_missing_and_the_status(
    directory: RunDirectory, where: str, marked: list[str]
) -> None:
    headers = (("Content-Type", "text/html"),)

    assert marks(directory, b"<p>", where=where, headers=headers, status=500, reason="Broken") == marked


def test_an_octet_that_is_no_text_is_dumped_with_those_after_it(directory: RunDirectory) -> None:
    directory.header()
    directory.plan(CHECK)
    exchange = directory.exchange(answer=bytes(range(128, 256)) * 2)
    found = finding("SEARCH-069", "none", where="octet 35", exchange=exchange)
    directory.result(*CHECK, "fail", findings=[found], exchanges=[exchange])

    page = lxml_html.document_fromstring(html(directory.load()))

    dump = page.xpath("//pre[contains(@class, 'dump')]")[0].text_content().splitlines()
    assert dump[0] == "00000020  a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 aa ab ac ad ae af  ................"
    assert len(dump) == 4


def test_an_attribute_of_the_object_with_a_uid(directory: RunDirectory) -> None:
    studies = [{**each, "0020000D": {"vr": "UI", "Value": [f"2.25.{at}"]}} for at, each in enumerate(STUDIES, 100)]

    found = marks(directory, json.dumps(studies).encode(), where="[2.25.150].00081030.Value[0]")

    assert found == ['"00081030": {"vr": "LO", "Value": ["Study 50 of a patient"]},']
