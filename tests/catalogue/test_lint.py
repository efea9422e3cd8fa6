from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path
from shutil import copytree

import pytest

from dicomweb_conformance.catalogue.lint import lint

NOTE = 'note.status = ["400"]'
FAMILY = 'family = "delete.complete"'


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    with as_file(files("dicomweb_conformance.catalogue") / "rows") as packaged:
        return Path(copytree(packaged, tmp_path / "requirements"))


@pytest.fixture
def change(catalogue: Path) -> Callable[[str, str, str], list[str]]:
    def replaced(file: str, old: str, new: str) -> list[str]:
        path = catalogue / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")
        return lint(catalogue)

    return replaced


def test_the_catalogue_is_sound():
    assert lint() == []


def test_a_copy_of_it_is_as_sound(catalogue):
    assert lint(catalogue) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("delete.toml", 'id = "DELETE-003"', 'id = "DELETE-002"', "DELETE-002: the id stands 2 times"),
        ("delete.toml", 'id = "DELETE-003"', 'id = "DELETE-3"', "DELETE-3: the id is not DELETE-nnn"),
        ("delete.toml", 'id = "DELETE-003"', 'id = "STORE-903"', "STORE-903: the id is not DELETE-nnn"),
        (
            "delete.toml",
            'level = "may"',
            'level = "must"',
            "DELETE-001: level is 'must', not one of shall, should, may",
        ),
        ("delete.toml", 'tier = "delete"', 'tier = "removal"', "DELETE-001: tier is 'removal'"),
        (
            "delete.toml",
            'level = "may"',
            'level = "may"\nscope = "run"',
            "DELETE-001: scope is 'run', not one of check, message",
        ),
        (
            "delete.toml",
            'level = "may"',
            'level = "may"\nconfirmed = "yes"',
            "DELETE-001: confirmed is of another type",
        ),
        ("delete.toml", 'tier = "delete"\n', "", "DELETE-001: tier is missing"),
        ("delete.toml", "deviation.", "devation.", "DELETE-005: devation is no key of a row"),
        ("delete.toml", NOTE, "note.status = []", "DELETE-001: note.status is no list of strings, or empty"),
        ("delete.toml", NOTE, 'note.status = "400"', "DELETE-001: note.status is no list of strings, or empty"),
        ("delete.toml", NOTE, 'note = ["400"]', "DELETE-001: note is no table of codes: note.CODE = "),
        ("delete.toml", NOTE, 'note.status = ["400, kindly"]', "'400, kindly' in note.status is no status"),
        ("delete.toml", NOTE, 'note.refused = "400"', "'400' is a status: it belongs into note.status"),
        ("delete.toml", NOTE, 'note.refused = ""', "DELETE-001: note.refused has no sentence"),
        ("delete.toml", NOTE, 'note.Refused = "no, thanks"', "DELETE-001: note.Refused is no code"),
        ("delete.toml", NOTE, 'note.status = ["400", "400"]', "DELETE-001: '400' is listed 2 times"),
        ("delete.toml", NOTE, 'note.status = ["5xx other than 501"]', "'5xx-other-than-501' is listed 2 times"),
        ("delete.toml", NOTE, 'see = "STORE-001"', "it leaves its observations to STORE-001 and lists some"),
        (
            "delete.toml",
            'pass.all-there-with-unchanged-content = "all there with unchanged content"\n',
            "",
            "DELETE-002b: no observation passes",
        ),
        (
            "delete.toml",
            'fail.a-sibling-is-gone-or-changed = "a sibling is gone or changed"\n',
            "",
            "DELETE-002b: no observation is worse than a pass",
        ),
        ("delete.toml", "After DELETE-001", "After DELETE-901", "DELETE-002b: it mentions DELETE-901, which is no row"),
        ("frames.toml", "BULKDATA-024 and -025", "BULKDATA-024 and -925", "it mentions BULKDATA-925, which is no row"),
        (
            "error.toml",
            'see = "NEGOTIATION-009"',
            'see = "NEGOTIATION-909"',
            "ERROR-014: see NEGOTIATION-909 is no row",
        ),
        ("error.toml", 'see = "NEGOTIATION-009"', 'see = "RETRIEVE-018"', "RETRIEVE-018 leaves its observations to"),
        (
            "lro.toml",
            'replaces = ["DELETE-001"]',
            'replaces = ["DELETE-901"]',
            "it replaces DELETE-901, which is no row",
        ),
        (
            "delete.toml",
            "because.deviation",
            "because.devation",
            "DELETE-005: because.devation is about no deviation or note of this row",
        ),
        (
            "delete.toml",
            "because.deviation",
            "because.2xx-the-server-offers-delete",
            "DELETE-005: deviation '405-without-allow' under a shall says nowhere why it is no fail",
        ),
        (
            "delete.toml",
            'because.note = "hidden"',
            'because.note = "forgotten"',
            "DELETE-002: because.note: because.toml has no reason 'forgotten'",
        ),
        (
            "delete.toml",
            'because.note = "hidden"',
            'because.note = "kindness: It is."',
            "DELETE-002: because.note is no sentence of one of the kinds ambiguous",
        ),
        (
            "delete.toml",
            'because.note = "hidden"',
            'because.note = "ambiguous: so"',
            "DELETE-002: because.note is no sentence of one of the kinds ambiguous",
        ),
        ("because.toml", "[hidden]", "[hiden]", "because.toml: no row says hiden"),
        (
            "because.toml",
            'kind = "ambiguous"',
            'kind = "kindness"',
            "because.toml: clients-error is no sentence of one",
        ),
        ("because.toml", "NEGOTIATION-009b", "NEGOTIATION-009", "is told by NEGOTIATION-009, which is no row of scope"),
        ("delete.toml", FAMILY, 'family = "nobody"', "DELETE-001: why.toml has no family nobody"),
        ("delete.toml", f"{FAMILY}\n", "", "DELETE-001: family is missing"),
        ("why.toml", "[[family]]\n", '[[family]]\nname = "nobody"\nwhy = "?"\n\n[[family]]\n', "no row is of nobody"),
        ("why.toml", 'name = "delete.complete"', 'name = "http.answer"', "why.toml: http.answer stands 2 times"),
        ("delete.toml", "\nsource = ", "\n# source = ", "neither the row nor its file names a source"),
    ],
)
def test_a_fault_is_named(change, file, old, new, problem):
    assert any(problem in each for each in change(file, old, new))


def test_a_comment_between_rows_changes_nothing(change):
    assert (
        change(
            "delete.toml", '\n[[requirement]]\nid = "DELETE-003"', '\n# a comment\n[[requirement]]\nid = "DELETE-003"'
        )
        == []
    )
