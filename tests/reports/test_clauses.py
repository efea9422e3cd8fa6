"""Clauses lead to where they are published."""

from __future__ import annotations

import pytest

from dicomweb_conformance.catalogue import requirements
from dicomweb_reports.clauses import pieces

DICOM = "https://dicom.nema.org/medical/dicom/current/output/chtml"


@pytest.mark.parametrize(
    ("clause", "links"),
    [
        ("PS3.18 8.3.4.4", [f"{DICOM}/part18/sect_8.3.4.4.html#sect_8.3.4.4"]),
        # The first section of another stands in the file of that one, with all that is in it.
        ("PS3.18 8.3.5.1.3", [f"{DICOM}/part18/sect_8.3.5.html#sect_8.3.5.1.3"]),
        ("PS3.19 A.1.1", [f"{DICOM}/part19/chapter_A.html#sect_A.1.1"]),
        ("PS3.18 Annex H Table H-1", [f"{DICOM}/part18/chapter_H.html", f"{DICOM}/part18/chapter_H.html#table_H-1"]),
        (
            "PS3.18 10.6.3.3 Table 10.6.3-5",
            [
                f"{DICOM}/part18/sect_10.6.3.3.html#sect_10.6.3.3",
                f"{DICOM}/part18/sect_10.6.3.3.html#table_10.6.3-5",
            ],
        ),
        ("PS3.18 Table 10.5.3-1", [f"{DICOM}/part18/sect_10.5.3.html#table_10.5.3-1"]),
        (
            "PS3.18 8.7.4 (2019e)",
            ["https://dicom.nema.org/medical/dicom/2019e/output/chtml/part18/sect_8.7.4.html#sect_8.7.4"],
        ),
        (
            "RFC 9110 12.4.2 (RFC 2616 3.9) / PS3.5 6.2 (UR)",
            [
                "https://www.rfc-editor.org/rfc/rfc9110",
                "https://www.rfc-editor.org/rfc/rfc9110#section-12.4.2",
                f"{DICOM}/part05/sect_6.2.html#sect_6.2",
            ],
        ),
        ("PS3.18 Table F.3.1-1 / XML 1.0 2.1", [f"{DICOM}/part18/sect_F.3.html#table_F.3.1-1"]),
        ("PS3.18 15 (editions after 2024e)", [f"{DICOM}/part18/chapter_15.html"]),
        ("vendor extension", []),
    ],
)
def test_each_place_that_a_clause_names_is_linked(clause: str, links: list[str]) -> None:
    assert [piece.link for piece in pieces(clause) if piece.link] == links


def test_a_clause_is_told_whole() -> None:
    for row in requirements.load().values():
        assert "".join(piece.text for piece in pieces(row.clause)) == row.clause


def test_nearly_every_row_leads_to_its_text() -> None:
    clauses = {row.clause for row in requirements.load().values()}
    without = {clause for clause in clauses if not any(piece.link for piece in pieces(clause))}

    assert not [clause for clause in without if "PS3" in clause and not clause.startswith("not in")]
