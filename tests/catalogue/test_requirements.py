import subprocess
import sys
import tomllib
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from dicomweb_conformance.catalogue.requirements import KINDS, SERVICES, code_of, load, renamed
from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.checks.observers import TOLD_BY_CHECKS

NOTES_THAT_TELL = Path(__file__).with_name("notes_that_tell.txt")
CODES = Path(__file__).parents[1] / "golden/observation_codes.txt"
FOLDER = files("dicomweb_conformance.catalogue") / "rows"


def test_every_row_is_there_once():
    per_service = Counter(row.service for row in load().values())

    assert per_service == {
        "HTTP": 52,
        "ERROR": 20,
        "CAPABILITIES": 15,
        "NEGOTIATION": 55,
        "MULTIPART": 27,
        "JSON": 57,
        "XML": 32,
        "RETRIEVE": 43,
        "METADATA": 25,
        "BULKDATA": 29,
        "FRAMES": 35,
        "RENDERED": 66,
        "THUMBNAIL": 15,
        "URI": 36,
        "STORE": 98,
        "SEARCH": 168,
        "DELETE": 7,
        "UPS": 15,
        "SERVICE": 4,
        "LRO": 36,
        "GOOGLE": 121,
        "PERSONA": 9,
    }
    assert list(per_service) == list(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_rows_are_what_their_file_says(service):
    written = tomllib.loads((FOLDER / f"{service.lower()}.toml").read_text("utf-8"))
    catalogue = load()

    for row in ({"scope": "check", "capability": ""} | written["defaults"] | each for each in written["requirement"]):
        read = catalogue[row["id"]]
        assert (read.clause, read.level, read.text) == (row["clause"], row["level"], row["text"])
        assert (read.tier, read.scope, read.confirmed) == (row["tier"], row["scope"], row.get("confirmed", True))
        assert (read.capability, read.observe) == (row["capability"], row["observe"])
        for verdict in ("pass", "note", "deviation", "fail"):
            listed = dict(row.get(verdict, {}))
            statuses = listed.pop("status", [])
            sentences = read.sentences(Verdict(verdict))
            assert sorted(sentences) == sorted([*statuses, *listed.values()])
            assert all(read.sentence(code) == said for code, said in listed.items())
        assert (read.see, read.not_tested) == (row.get("see"), row.get("not_tested"))
        assert list(read.replaces) == row.get("replaces", [])
        assert read.source == row.get("source", written.get("source"))
        assert read.service == service


def test_a_listed_observation_has_the_verdict_of_its_list():
    row = load()["RETRIEVE-017"]

    assert row.verdict_of("404") is Verdict.PASS
    assert row.verdict_of("403") is Verdict.NOTE
    assert row.verdict_of("204-without-body") is Verdict.DEVIATION
    assert row.verdict_of("200-with-any-body") is Verdict.FAIL


def test_only_an_exact_quote_is_listed():
    row = load()["RETRIEVE-017"]

    assert row.verdict_of("200 with a body") is None
    assert row.verdict_of("404 ") is None


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [("RETRIEVE-017", Verdict.FAIL), ("HTTP-018", Verdict.DEVIATION), ("SEARCH-028", Verdict.NOTE)],
)
def test_an_unlisted_observation_falls_to_the_level(identifier, expected):
    assert load()[identifier].judge("a sheep in place of the body") is expected


def test_a_listed_fail_wins_over_a_lenient_level():
    row = load()["HTTP-011"]

    assert row.level == "may"
    assert row.judge("5xx") is Verdict.FAIL


def test_a_row_that_refers_to_another_judges_nothing():
    row = load()["ERROR-014"]

    with pytest.raises(ValueError, match=r"NEGOTIATION-009"):
        row.judge("406")
    assert load().owner("ERROR-014").id == "NEGOTIATION-009"
    assert load().owner("NEGOTIATION-009").id == "NEGOTIATION-009"


def test_every_row_says_why_a_client_cares():
    catalogue = load()

    assert all(catalogue.why(identifier) for identifier in catalogue)
    assert catalogue.why("SEARCH-069").startswith("dcmweb, Slicer and dicomweb-client page until an empty response")
    with pytest.raises(KeyError):
        catalogue.why("SEARCH-999")


def test_metadata_is_a_capability_of_its_own():
    assert {row.capability for row in load().values() if row.service == "METADATA"} == {"metadata", "xml", "etag"}


@pytest.mark.parametrize(
    ("capability", "rows"),
    [
        ("search.study-instances", {"SEARCH-004", "SEARCH-046", "SEARCH-068", "SEARCH-146"}),
        ("search.all-series", {"SEARCH-005", "SEARCH-016", "SEARCH-144"}),
        ("search.all-instances", {"SEARCH-006", "SEARCH-014", "SEARCH-106", "SEARCH-145", "GOOGLE-067", "GOOGLE-203"}),
        ("search.relational", set()),
    ],
)
def test_each_resource_of_a_relational_search_is_offered_on_its_own(capability, rows):
    assert {row.id for row in load().values() if row.capability == capability} == rows


def test_codes_of_observations_never_change():
    codes = [f"{row.id} {code}" for row in load().values() for code in row.observations]

    assert sorted(codes) == sorted(CODES.read_text("utf-8").split("\n")[:-1])


def test_a_deviation_from_a_shall_says_why_it_is_no_fail():
    told = [
        (row.id, code, each.because)
        for row in load().values()
        for code, each in row.listed.items()
        if each.verdict is Verdict.DEVIATION and row.level == "shall"
    ]

    assert len(told) > 300
    assert not [each for each in told if each[2] is None]
    assert {each[2].kind for each in told} == set(KINDS)


def test_a_note_under_a_shall_relaxes_the_text_and_says_why_or_is_known_to_tell_something_and_no_more():
    """Whoever adds a note reads the clause, and gives it its reason or puts it here."""
    without_reason = {
        f"{row.id} {code}"
        for row in load().values()
        for code, each in row.listed.items()
        if each.verdict is Verdict.NOTE and row.level == "shall" and each.because is None
    }

    assert without_reason == set(NOTES_THAT_TELL.read_text("utf-8").split("\n")[:-1])


def test_what_is_told_by_another_row_is_told_by_one_that_can():
    owners = {each.because.owner for row in load().values() for each in row.listed.values() if each.because}

    assert owners - {None} <= set(TOLD_BY_CHECKS)


def test_an_earlier_code_stands_for_one_that_is_listed():
    rows = load()

    assert renamed()["XML-006"]["one-of-these-names-in-other-letters-tag-vr-keyword"] == "name-in-other-letters"
    assert not [(row, code) for row, codes in renamed().items() for code in codes if code in rows[row].listed]
    assert not [
        (row, code) for row, codes in renamed().items() for code in codes.values() if code not in rows[row].listed
    ]


@pytest.mark.parametrize(
    ("observation", "code"),
    [
        ("5xx", "5xx"),
        ("400 (key refused)", "400-key-refused"),
        ("200 with [{}] or any object", "200-with-list-of-an-empty-object-or-any-object"),
        ("*", "star"),
        ("Müller?", "muller"),
        (
            "connection closed or reset without a status line twice, while the control is answered",
            "connection-closed-or-reset-without-a-status-line-twice-while",
        ),
    ],
)
def test_an_observation_in_own_words_has_a_code_made_of_them(observation, code):
    assert code_of(observation) == code


def test_nothing_is_loaded_before_it_is_asked_for():
    program = """
import sys
from dicomweb_conformance.catalogue import requirements
assert requirements.load.cache_info().currsize == 0
heavy = {"pytest", "requests", "pydicom", "numpy", "lxml", "PIL", "hypothesis", "starlette"} & set(sys.modules)
sys.exit(f"importing the catalogue imports {heavy}" if heavy else 0)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert result.returncode == 0, result.stderr


def test_the_catalogue_is_read_once():
    assert load() is load()
