"""What reports say of transfer syntaxes: one table of what was stored, and what comes of it."""

from __future__ import annotations

from typing import Any

from dicomweb_reports.report_html import html
from dicomweb_reports.report_markdown import markdown
from dicomweb_reports.transcodings import ASKED, transcodings
from dicomweb_reports.transfer_syntaxes import syntaxes
from tests.reports.run_directory import RunDirectory, finding

ROW = "SEARCH-069"
ANSWERS = ((50, 406), (70, 200), (80, 500), (90, 200))


def concluded(directory: RunDirectory, check: str, verdict: str, *codes: str, **fields: Any) -> None:
    findings = [finding(ROW, code, verdict) for code in codes]
    directory.result(check, ROW, "A claim.", verdict, findings=findings, **fields)


def words(directory: RunDirectory) -> dict[str, tuple[str, ...]]:
    return {row.syntax: tuple(cell.word for cell in row.cells) for row in syntaxes(directory.load())}


def test_a_cell_says_what_comes_of_one_way_to_ask(directory: RunDirectory) -> None:
    directory.header()
    concluded(directory, "retrieve-decoded[rle_lossless]", "pass")
    concluded(directory, "retrieve-in-own-syntax[rle_lossless]", "deviation", "400")
    concluded(directory, "frames-of-lossless[rle_lossless]", "deviation", "stored-codestream-with-its-syntax")
    concluded(directory, "frames-in-own-type[rle_lossless]", "fail", "another-picture")
    concluded(directory, "rendered-of-encoded[rle_lossless]", "deviation", "406-400-or-501")

    assert words(directory) == {"rle lossless": ("decoded", "refused", "as stored", "wrong", "refused")}


def test_what_is_not_asked_for_is_an_empty_cell_and_what_is_not_taken_says_so(directory: RunDirectory) -> None:
    directory.header()
    concluded(directory, "rendered-of-encoded[jpeg_baseline]", "pass")
    concluded(directory, "retrieve-in-own-syntax[htj2k]", "not-applicable", reason="not taken")

    assert words(directory) == {
        "htj2k": ("", "not taken", "", "", ""),
        "jpeg baseline": ("", "", "", "", "rendered"),
    }


def test_the_table_stands_in_the_page_and_in_the_summary(directory: RunDirectory) -> None:
    directory.header()
    concluded(directory, "retrieve-decoded[rle_lossless]", "pass")
    run = directory.load()

    assert "rle lossless" in html(run)
    assert "| rle lossless | decoded |" in markdown(run)


def test_what_came_of_every_other_syntax_is_a_table_of_its_own(directory: RunDirectory) -> None:
    check = "retrieve-in-every-syntax[rle_lossless]"
    directory.header()
    asked = [(f'multipart/related; transfer-syntax="1.2.840.10008.1.2.4.{uid}"', status) for uid, status in ANSWERS]
    names = [directory.exchange(status=status, sent=(("Accept", accept),), check=check) for accept, status in asked]
    wrong = finding(ROW, "another-image", "fail", exchange=names[-1])
    directory.result(check, ROW, "A claim.", "fail", findings=[wrong], exchanges=names)
    run = directory.load()

    (table,) = transcodings(run)
    (row,) = table.rows
    words = dict(zip(table.columns, row.words, strict=True))
    assert table.columns == tuple(ASKED.values())
    assert row.stored == "rle lossless"
    assert {name: word for name, word in words.items() if word} == {
        "JPEG Baseline": "refused",
        "JPEG Lossless SV1": "transcoded",
        "JPEG-LS Lossless": "wrong",
        "JPEG 2000 Lossless": "wrong",
    }
    assert "Images as they are stored, by the transfer syntax that was asked for" in html(run)
    assert "## Transcoding (1)" in markdown(run)


def test_frames_and_renderings_have_tables_beside_that_of_instances(directory: RunDirectory) -> None:
    asked = {
        "frames-in-every-syntax[jpeg_baseline]": 'multipart/related; type="image/jp2"; transfer-syntax='
        "1.2.840.10008.1.2.4.90",
        "rendered-in-every-format[jpeg_baseline]": "image/png",
    }
    directory.header()
    for check, accept in asked.items():
        name = directory.exchange(status=200, sent=(("Accept", accept),), check=check)
        directory.result(check, ROW, "A claim.", "pass", exchanges=[name])
    run = directory.load()

    found = [dict(zip(table.columns, table.rows[0].words, strict=True)) for table in transcodings(run)]
    assert [{name: word for name, word in words.items() if word} for words in found] == [
        {"JPEG 2000 Lossless": "transcoded"},
        {"PNG": "transcoded"},
    ]
    assert "by the format in which they were to be rendered" in html(run)
    assert "## Transcoding (2)" in markdown(run)


def test_without_such_checks_there_is_no_table(directory: RunDirectory) -> None:
    directory.header()
    concluded(directory, "search-limit-caps", "pass")
    run = directory.load()

    assert "Transfer syntaxes" not in html(run) + markdown(run)
