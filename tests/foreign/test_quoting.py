"""What a report says of an answer that may be anybody's: kinds, counts and places, and nothing that stands in it."""

from typing import Any

import pytest

from dicomweb_conformance.http import quoting
from dicomweb_conformance.http.quoting import REMOVED, WITHHELD, Harmless, Partly
from dicomweb_conformance.http.unreadable import Form, UnreadableError
from dicomweb_conformance.record import abridging
from dicomweb_conformance.validators.tally import kind, shown


@pytest.mark.parametrize("text", ["KANARIE^Patient", '"KANARIE"', "2 of KANARIE", "18930417", "line 3: KANARIE"])
def test_what_nobody_marked_is_withheld(text: str) -> None:
    assert quoting.received(text, proved=False) == WITHHELD
    assert quoting.received(text, proved=True) == text


@pytest.mark.parametrize(
    "text",
    ["", "3 parts", "2,000", kind("KANARIE"), shown("KANARIE", own=False), Harmless("200, text/html"), "PN", "U+0009"],
)
def test_kinds_and_counts_are_told(text: str) -> None:
    assert quoting.received(text, proved=False) in {text, WITHHELD}
    assert quoting.received(text, proved=False) == text or text == "2,000"


def test_of_a_text_the_harmless_part_is_told() -> None:
    text = Partly("60 octets rather than 960", "; they begin KANARIE")

    assert quoting.received(text, proved=False) == "60 octets rather than 960"
    assert quoting.received(text, proved=True) == "60 octets rather than 960; they begin KANARIE"


@pytest.mark.parametrize(
    "text",
    [
        *("octet 4711", "character 12", "line 3, column 4", "part 2, octet 30", "Content-Type", "body", "status line"),
        *(
            "[3].00100010.Value[0].Alphabetic",
            "[0].00400275.Value[0].00400007",
            "(0010,0010)",
            "(0040,0275)[1]/(0010,0010)",
        ),
        "/NativeDicomModel/DicomAttribute[@tag='00100010']/PersonName[1]/Alphabetic/FamilyName",
    ],
)
def test_places_are_told(text: str) -> None:
    assert quoting.place(text, proved=False) == text


@pytest.mark.parametrize(
    "text",
    [
        *("[0].KANARIE", "/KANARIE", "/NativeDicomModel/KANARIE[1]", "1.2.826.0.1.3680043.9.7433.1.2", "KANARIE^A"),
        *("Zo\u00eb", "[0].KANARIE.Value[0]", "part 2 KANARIE", "123456789012"),
    ],
)
def test_a_place_that_is_named_by_others_is_not(text: str) -> None:
    assert quoting.place(text, proved=False) == ""


def test_readers_say_why_where_they_quote_nothing() -> None:
    told = quoting.of_reader(UnreadableError(Form.JSON, "Expecting value, where a letter stands", "character 7"))
    quoting_reader = quoting.of_reader(UnreadableError(Form.XML, "the root is KANARIE, not NativeDicomModel"))

    assert quoting.received(told, proved=False).startswith("the JSON cannot be read: character 7: Expecting value")
    assert quoting.received(quoting_reader, proved=False) == WITHHELD


def test_values_are_taken_out_the_longest_first() -> None:
    values = {"KANARIE", "KANARIE^Patient 1", "CT"}

    assert quoting.without("CT of KANARIE^Patient 1 and KANARIE", values) == f"CT of {REMOVED} and {REMOVED}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a search by 00100020 finds 0010", f"a search by 00100020 finds {REMOVED}"),
        ("(0010,0020) of 19990131", f"(0010,0020) of {REMOVED}"),
        ("0010-00100020 and 000100020", f"{REMOVED}-00100020 and 0{REMOVED}0020"),
    ],
)
def test_a_number_in_the_midst_of_a_tag_is_no_value(text: str, shown: str) -> None:
    assert quoting.without(text, {"0010", "19990131"}) == shown


def test_a_traceback_has_no_message() -> None:
    with pytest.raises(KeyError) as crash:
        {}["".join(("KANA", "RIE"))]

    assert "KANARIE" not in quoting.traceback_of(crash.value, proved=False)
    assert "KeyError" in quoting.traceback_of(crash.value, proved=False)
    assert "KANARIE" in quoting.traceback_of(crash.value, proved=True)


NESTED = """
def even(frames):
    return odd(frames - 1) if frames else [][KANARIE]

def odd(frames):
    return even(frames - 1)
"""


@pytest.mark.parametrize("frames", [2, 200])
@pytest.mark.parametrize("directory", ["a", "a/directory/far/away/" * 15])
@pytest.mark.parametrize("proved", [True, False])
def test_a_traceback_has_room_for_its_last_line(frames: int, directory: str, proved: bool) -> None:
    names: dict[str, Any] = {}
    exec(compile(NESTED, f"/{directory}/check.py", "exec"), names)  # noqa: S102 - frames of a file with a long name
    crash = pytest.CallInfo.from_call(lambda: names["even"](frames), "call").excinfo
    assert crash is not None
    told = quoting.traceback_of(crash.value, proved=proved)

    assert abridging.text(told).splitlines()[-1].startswith("NameError: ")
    assert "check.py" in told
    assert "_pytest" not in told
