"""Known failures name findings by their codes; one that a file names by an earlier code counts, and that is told."""

import pytest

from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.checks import known_failures
from dicomweb_conformance.checks.known_failures import KnownError

EARLIER = {
    "check": "xml-letters",
    "requirement": "XML-006",
    "code": "one-of-these-names-in-other-letters-tag-vr-keyword",
    "reason": "it was so",
}
TODAY = EARLIER | {"code": "name-in-other-letters"}


def test_an_earlier_code_stands_for_the_one_of_today() -> None:
    (row,) = known_failures.rows([EARLIER], "known.toml")

    assert (row.code, row.formerly) == ("name-in-other-letters", EARLIER["code"])
    assert known_failures.notice([row]) == (
        f"1 known failure is named by an earlier code, such as XML-006 {EARLIER['code']}, "
        "which is now name-in-other-letters. "
        "That counts for this release; --dicomweb-write-known=FILE writes the codes of today"
    )


def test_of_the_code_of_today_nothing_is_said() -> None:
    (row,) = known_failures.rows([TODAY], "known.toml")

    assert (row.code, row.formerly) == ("name-in-other-letters", "")
    assert known_failures.notice([row]) == ""


def test_both_codes_are_one_known_failure() -> None:
    assert len(known_failures.rows([EARLIER, TODAY], "known.toml")) == 1


def test_the_same_code_twice_is_a_mistake() -> None:
    with pytest.raises(KnownError, match="stands there twice"):
        known_failures.rows([EARLIER, EARLIER], "known.toml")


def test_what_is_written_has_the_code_of_today(tmp_path) -> None:  # type: ignore[no-untyped-def]  # a path
    file = tmp_path / "known.toml"
    known_failures.write(file, known_failures.rows([EARLIER], "known.toml"))

    assert known_failures.notice(known_failures.load(file)) == ""


def test_what_fails_sometimes_may_be_absent() -> None:
    rows = known_failures.rows([TODAY | {"sometimes": True}], "known.toml")

    assert known_failures.judge("xml-letters", Verdict.PASS, [], rows) == (Verdict.PASS, [], [])


def test_what_fails_always_must_leave_the_file() -> None:
    rows = known_failures.rows([TODAY], "known.toml")

    assert known_failures.judge("xml-letters", Verdict.PASS, [], rows) == (Verdict.FIXED, [], list(rows))


def test_sometimes_is_kept_where_rows_are_written(tmp_path) -> None:  # type: ignore[no-untyped-def]  # a path
    file = tmp_path / "known.toml"
    known_failures.write(file, known_failures.rows([TODAY | {"sometimes": True}], "known.toml"))

    assert [row.sometimes for row in known_failures.load(file)] == [True]


def test_sometimes_is_a_boolean() -> None:
    with pytest.raises(KnownError, match="and sometimes, a boolean"):
        known_failures.rows([TODAY | {"sometimes": "true"}], "known.toml")


ROW = "\ncheck = 'a'\nrequirement = 'XML-006'\ncode = 'name-in-other-letters'\nreason = 'it was so'\n"


@pytest.mark.parametrize("name", ["known-failures", "known"])
def test_tables_have_one_name_as_in_the_target_file_and_the_earlier_one_counts(tmp_path, name: str) -> None:  # type: ignore[no-untyped-def]  # a path
    file = tmp_path / "known.toml"
    file.write_text(f"[[{name}]]{ROW}", encoding="utf-8")

    assert [row.check for row in known_failures.load(file)] == ["a"]

    known_failures.write(file, known_failures.load(file))
    assert "[[known-failures]]" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("tables", [f"[[known-failures]]{ROW}[[known]]{ROW}", f"[[knwon]]{ROW}"])
def test_another_name_or_both_are_a_mistake(tmp_path, tables: str) -> None:  # type: ignore[no-untyped-def]  # a path
    file = tmp_path / "known.toml"
    file.write_text(tables, encoding="utf-8")

    with pytest.raises(KnownError, match=r"expected \[\[known-failures\]\] tables only"):
        known_failures.load(file)
