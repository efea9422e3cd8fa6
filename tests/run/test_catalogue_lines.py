"""`dicomweb-conformance requirements` finds rows by id or service, in whatever case, and tells them as JSON."""

import json

import pytest
from click.testing import CliRunner

from dicomweb_conformance.cli import main


def shown(*arguments: str, status: int = 0) -> str:
    ended = CliRunner().invoke(main, ["requirements", *arguments])
    assert ended.exit_code == status, ended.output
    return ended.output


def test_a_row_is_found_in_whatever_case_and_told_in_full() -> None:
    assert shown("search-069") == shown("SEARCH-069")
    assert "  why: " in shown("search-069")
    assert "    code: more-than-limit" in shown("search-069") or "    code: " in shown("search-069")


@pytest.mark.parametrize("name", ["SEARCH", "search"])
def test_a_service_is_told_in_a_line_each(name: str) -> None:
    lines = shown(name).splitlines()

    assert len(lines) > 100
    assert all(line.startswith("SEARCH-") for line in lines)


def test_rows_come_as_json() -> None:
    row, *others = json.loads(shown("search-069", "--json"))

    assert not others
    assert (row["id"], row["level"], row["clause"]) == ("SEARCH-069", "shall", "PS3.18 8.3.4.4")
    assert {"code", "verdict", "sentence", "because"} == set(row["observations"][0])
    assert len(json.loads(shown("--json"))) == len(shown().splitlines())


def test_a_name_that_is_nearly_one_is_suggested() -> None:
    assert "there is no requirement serch (perhaps SEARCH)" in shown("serch", status=2)
