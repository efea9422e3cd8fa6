"""Good and bad attributes in DICOM JSON: each fault, seen and named, with the place where it is."""

from typing import Any

import pytest

from dicomweb_conformance.http.unreadable import DEEPEST
from dicomweb_conformance.validators import tally
from dicomweb_conformance.validators.json import dicom_json
from tests.validators.json.attributes import attribute
from tests.validators.validating import against, octets, passes, said, seen_in

JSON = "application/dicom+json"
FOREIGN = tally.FOREIGN

OUT_OF_PLACE = "member-that-is-no-attribute"


@pytest.mark.parametrize(
    ("name", "member", "row", "observation"),
    [
        (
            "00100040",
            "M",
            "JSON-005",
            "attribute-is-no-object",
        ),
        ("0008103e", attribute("LO", "x"), "JSON-006", "lower-case-hexadecimal-letters"),
        ("PatientSex", attribute("CS", "M"), "JSON-006", "a-keyword-as-name"),
        (
            "0010,0040",
            attribute("CS", "M"),
            "JSON-006",
            "tag-in-another-notation",
        ),
        (
            "100040",
            attribute("CS", "M"),
            "JSON-006",
            "tag-in-another-notation",
        ),
        ("_id", "abc", "JSON-006", OUT_OF_PLACE),
        ("00100000", attribute("UL", 4), "JSON-009", "a-group-length-attribute-gggg0000"),
        ("00090000", attribute("UL", 4), "JSON-009", "a-group-length-attribute-gggg0000"),
        (
            "00020010",
            attribute("UI", "1.2"),
            "JSON-010",
            "group-0002-in-metadata-or-store-answer",
        ),
        ("00100040", {"Value": ["M"]}, "JSON-011", "no-vr"),
        ("00100040", {"vr": 7}, "JSON-011", "vr-is-not-a-string"),
        ("00100040", {}, "JSON-011", "an-empty-object-as-attribute-object"),
        ("00100040", {"vr": "cs"}, "JSON-012", "lower-case-letters"),
        ("00281201", {"vr": "OB/OW"}, "JSON-012", "two-vrs-in-one-string"),
        ("00280106", {"vr": "US or SS"}, "JSON-012", "two-vrs-in-one-string"),
        ("00280106", {"vr": "xs"}, "JSON-012", "toolkit-s-own-vr-code"),
        ("00100040", {"vr": ""}, "JSON-012", "an-empty-string"),
        ("00100040", {"vr": "CODE STRING"}, "JSON-012", "any-other-string"),
        ("00100040", attribute("UN"), "JSON-013", "un-in-place-of-the-dictionary-s-vr"),
        ("00100040", {"vr": "UN", "InlineBinary": "TSA="}, "JSON-013", "un-in-place-of-the-dictionary-s-vr"),
        ("00104000", attribute("UT", "x"), "JSON-013", "lt-st-and-ut-exchanged"),
        (
            "00100040",
            attribute("LO", "M"),
            "JSON-013",
            "another-vr-than-the-dictionary-s",
        ),
        (
            "00281203",
            {"vr": "OW", "Value": [1], "InlineBinary": "AAE="},
            "JSON-014",
            "two-or-three-of-them-together",
        ),
        (
            "00100040",
            {"vr": "CS", "value": ["M"]},
            "JSON-015",
            "members-spelled-otherwise",
        ),
        (
            "00281203",
            {"vr": "OW", "bulk_data_url": "x"},
            "JSON-015",
            "members-spelled-otherwise",
        ),
        (
            "00100040",
            {"vr": "CS", "keyword": "PatientSex"},
            "JSON-052",
            "member-keyword-name-or-length",
        ),
        ("00100040", {"vr": "CS", "Value": []}, "JSON-017", "value-empty-list"),
        ("00100040", {"vr": "CS", "Value": None}, "JSON-017", "value-null"),
        ("00100040", attribute("CS", None), "JSON-017", "value-list-of-null"),
        ("00100040", attribute("CS", ""), "JSON-017", "value-list-of-an-empty-string"),
        ("00081199", attribute("SQ", None), "JSON-017", "value-list-of-null"),
        ("00100010", attribute("PN", {}), "JSON-017", "value-list-of-empty-object-under-vr-pn"),
        ("00080008", attribute("CS", "A", "", "B"), "JSON-018", "an-empty-string-for-an-empty-value"),
        ("00100040", {"vr": "CS", "Value": "M"}, "JSON-019", "a-bare-string-number-boolean-or-object"),
        ("00081199", {"vr": "SQ", "Value": {}}, "JSON-034", "an-object-in-place-of-the-array"),
        ("00081199", {"vr": "SQ", "Value": "x"}, "JSON-034", "no array of items"),
        ("00081199", attribute("SQ", "x"), "JSON-034", "items-that-are-strings-numbers-or-arrays"),
        (
            "00081199",
            attribute("SQ", {"Item": {"00081155": attribute("UI", "1.2")}}),
            "JSON-034",
            "item-wrapped-in-an-object",
        ),
        (
            "00280106",
            {"vr": "US", "InlineBinary": "AAE="},
            "JSON-038",
            "numeric-vr-with-empty-object",
        ),
        (
            "00100040",
            {"vr": "CS", "InlineBinary": "TSA="},
            "JSON-038",
            "text-vr-with-empty-object",
        ),
        ("00281203", {"vr": "OW", "InlineBinary": ["AAE="]}, "JSON-039", "an-array-one-entry-per-value"),
        ("00281203", {"vr": "OW", "InlineBinary": 7}, "JSON-039", "a number in place of a string"),
        ("00281203", {"vr": "OW", "InlineBinary": ""}, "JSON-039", "an-empty-string-on-an-empty-attribute"),
        ("00281203", {"vr": "OW", "InlineBinary": "AAEC\r\nAAE="}, "JSON-039", "line-breaks-in-it"),
        ("00281203", {"vr": "OW", "InlineBinary": "AAE"}, "JSON-039", "wrong-or-missing-padding"),
        ("00281203", {"vr": "OW", "InlineBinary": "AA=E"}, "JSON-039", "wrong-or-missing-padding"),
        ("00281203", {"vr": "OW", "InlineBinary": "data:;base64,AAE="}, "JSON-039", "a-data-prefix"),
        ("00281203", {"vr": "OW", "InlineBinary": "0001FF"}, "JSON-039", "hexadecimal-digits-instead-of-base64"),
        (
            "00281203",
            {"vr": "OW", "InlineBinary": "A-_="},
            "JSON-039",
            "character-outside-base64",
        ),
        ("00281203", attribute("OW", 1, 2), "JSON-042", "value-with-numbers"),
        ("00281203", attribute("OW", "AAE="), "JSON-042", "value-with-base64-or-text"),
        ("00281203", {"vr": "OW", "BulkDataURI": None}, "JSON-043", "null-object-array-number-or-boolean"),
        (
            "00100040",
            {"vr": "CS", "BulkDataURI": "http://h/1"},
            "JSON-043",
            "uri-on-a-vr-that-must-not",
        ),
        ("00281203", {"vr": "OW", "BulkDataURI": ""}, "BULKDATA-003", "empty-string"),
        ("00281203", {"vr": "OW", "BulkDataURI": "file:///tmp/x"}, "BULKDATA-003", "file"),
        ("00281203", {"vr": "OW", "BulkDataURI": "urn:x"}, "BULKDATA-003", "another-scheme"),
        ("00281203", {"vr": "OW", "BulkDataURI": "http://[x"}, "BULKDATA-003", "no-uri-reference"),
        ("00091001", attribute("LO", "x"), "JSON-044", "private-element-without-creator"),
        ("00090010", attribute("LO", "x"), "JSON-044", "creator-without-elements-of-block"),
        ("00090010", attribute("LO", " "), "JSON-044", "creator-of-another-vr-or-without-value"),
        ("00090010", attribute("SH", "x"), "JSON-044", "creator-of-another-vr-or-without-value"),
        ("00090001", attribute("LO", "x"), "JSON-044", "private-block-lost"),
        ("00090101", attribute("LO", "x"), "JSON-044", "a private element in no block"),
    ],
)
def test_a_wrong_attribute(name: str, member: Any, row: str, observation: str) -> None:
    value = dict(sorted({"00080018": attribute("UI", "2.25.1"), name: member}.items()))
    found = seen_in([value], url="http://h/")
    assert (row, observation) in {(each.requirement, each.observation) for each in found}
    assert name in " ".join(each.where for each in found) or row == "JSON-044"
    nested = {"00081199": attribute("SQ", {"00080018": attribute("UI", "2.25.1")}, value)}
    inside = [each for each in seen_in([{}, nested], url="http://h/") if each.requirement == row]
    assert observation in {each.observation for each in inside}
    assert all(each.where.startswith("[1].00081199.Value[1]") for each in inside)


@pytest.mark.parametrize(
    ("vr", "value", "row", "observation"),
    [
        ("LO", "x\0", "JSON-021", "a-string-that-ends-in-u-0000"),
        ("LT", "x\0", "JSON-021", "a-string-that-ends-in-u-0000"),
        ("LO", "\0", "JSON-021", "a-string-that-ends-in-u-0000"),
        ("IS", "7\0", "JSON-021", "a-string-that-ends-in-u-0000"),
        ("UI", "1.2\0", "JSON-021", "ui-value-with-blank-or-u-0000-anywhere"),
        ("UI", "1.2 ", "JSON-021", "ui-value-with-blank-or-u-0000-anywhere"),
        ("LO", "x ", "JSON-021", "one-meaningless-blank"),
        ("SH", " ", "JSON-021", "one-meaningless-blank"),
        ("IS", " 7", "JSON-021", "one-meaningless-blank"),
        ("LO", 7, "JSON-022", "number-leading-zeros-of-patientid-lost"),
        ("LO", True, "JSON-022", "boolean"),
        ("LO", ["x"], "JSON-022", "object-or-array"),
        ("US", 512.0, "JSON-023", "integer-with-fraction-or-exponent"),
        ("US", "512", "JSON-023", "a-string-of-digits"),
        ("US", "x", "JSON-023", "a string that is no number"),
        ("US", True, "JSON-023", "boolean-object-or-array"),
        ("US", 1.5, "JSON-023", "a-fractional-value-under-sl-ss-ul-or-us"),
        ("US", -1, "JSON-023", "number-out-of-range"),
        ("US", 70000.0, "JSON-023", "number-out-of-range"),
        ("FL", 1e39, "JSON-023", "number-out-of-range"),
        ("FL", 10**39, "JSON-023", "number-out-of-range"),
        ("DS", False, "JSON-024b", "boolean-object-or-array"),
        ("DS", "1,5", "JSON-024b", "string-is-no-number"),
        ("DS", "1" * 100, "JSON-024b", "string-is-no-number"),
        ("DS", "1\\2", "JSON-024b", "two-values-in-one-string"),
        ("DS", "0.33333333333333331", "JSON-024b", "ds-string-over-16-characters"),
        ("SV", "1.5", "JSON-024b", "string-is-no-number"),
        ("SV", 1.5, "JSON-024b", "a-fractional-value"),
        ("UV", -1, "JSON-024b", "a-value-outside-the-range"),
        ("IS", 1.0, "JSON-025", "integer-with-a-fraction"),
        ("IS", "1.0", "JSON-025", "integer-with-a-fraction"),
        ("IS", 1.5, "JSON-025", "a-fractional-value"),
        ("IS", 2**31, "JSON-025", "a-value-outside-the-range"),
        ("AT", "0018106a", "JSON-027", "lower-case-letters"),
        ("AT", "(0018,1063)", "JSON-027", "comma-parentheses-blank-or-0x-in-it"),
        ("AT", 1577059, "JSON-027", "a-number"),
        ("AT", "FrameTime", "JSON-027", "a-keyword"),
        ("AT", "no-tag", "JSON-027", "a string that is no tag"),
        ("AT", True, "JSON-027", "a boolean in place of a tag"),
        ("LO", "x" * 65, "JSON-028", "longer-than-the-vr-allows-yet-as-stored"),
        ("DA", "20201301", "JSON-028", "da-that-is-not-eight-digits-of-a-date"),
        ("TM", "99", "JSON-028", "tm-or-dt-out-of-form"),
        ("DT", "2020013199", "JSON-028", "tm-or-dt-out-of-form"),
        ("UI", "1.2.x", "JSON-028", "no-uid-in-ui"),
        ("CS", "Mixed", "JSON-028", "cs-with-lower-case-letters-or-backslash"),
        ("CS", "A-B", "JSON-028", "CS with a character outside of A-Z, 0-9, blank and underscore"),
        ("AS", "42", "JSON-028", "as-other-than-nnnd-nnnw-nnnm-nnny"),
        ("AE", "A\\B", "JSON-028", "AE with a backslash"),
        ("LO", "a\nb", "JSON-028", "a-control-character-in-a-one-line-vr"),
        ("DA", "2020-01-31", "JSON-029", "2020-01-31"),
        ("TM", "13:45:30", "JSON-029", "13-45-30"),
        ("DT", "2020-01-31T13:45:30Z", "JSON-029", "iso-8601-form"),
        ("DA", "31.01.2020", "JSON-029", "locale-s-form"),
        ("PN", "Doe^Jane", "JSON-030", "a-plain-string"),
        ("PN", ["Doe"], "JSON-030", "an-array-or-number"),
        ("PN", {"alphabetic": "Doe"}, "JSON-030", "group-names-in-other-letters"),
        ("PN", {"FamilyName": "Doe"}, "JSON-030", "components-as-members"),
        ("PN", {"Alphabetic": "Doe", "id": 7}, "JSON-030", "further-member-in-name"),
        (
            "PN",
            {"Alphabetic": "Doe", "Phonetic": ""},
            "JSON-031",
            "empty-group-beside-others",
        ),
        ("PN", {"Alphabetic": 7}, "JSON-031", "a-group-that-is-neither-string-nor-null"),
        ("PN", {"Alphabetic": "A=B"}, "JSON-031", "inside-a-group-the-groups-were-not-split"),
        ("PN", {"Alphabetic": ""}, "JSON-033", "every-group-empty"),
        ("FD", None, "JSON-047", "null"),
        ("FD", "-Infinity", "JSON-047", "a-string-such-as-nan-or-infinity"),
        ("LO", "a\\b", "JSON-048", "a-backslash-inside-an-entry"),
    ],
)
def test_a_wrong_value(vr: str, value: Any, row: str, observation: str) -> None:
    (found,) = seen_in([_with(vr, value)])
    assert (found.requirement, found.observation) == (row, observation)
    assert found.where.startswith("[0].0018FF01.Value[0]")


def _with(vr: str, value: Any) -> dict[str, Any]:
    # A tag that no dictionary knows, so that any VR is right.
    return {"0018FF01": attribute(vr, value)}


@pytest.mark.parametrize("vr", ["ST", "LT", "UT", "UR"])
def test_a_text_that_was_cut_at_a_backslash(vr: str) -> None:
    (found,) = seen_in([{"0018FF01": attribute(vr, "a", "b")}])
    assert (found.requirement, found.where) == ("JSON-049", "[0].0018FF01.Value")


def test_a_bare_token_as_number_beyond_all_bounds() -> None:
    body = octets([_with("DS", 7)]).replace(b"7]", b"1e999]")
    assert said(dicom_json.judge(body)) == {("JSON-024b", "a number that is not finite")}


@pytest.mark.parametrize(
    ("body", "observation", "where"),
    [
        (
            b'[{"00100020": {"vr": "LO"}, "00100020": {"vr": "LO"}}]',
            "a-tag-twice-in-one-dataset",
            "[0].00100020",
        ),
        (
            b'[{"00100020": {"vr": "LO", "vr": "LO"}}]',
            "member-twice-in-an-attribute",
            "[0].00100020",
        ),
    ],
)
def test_a_name_that_stands_twice(body: bytes, observation: str, where: str) -> None:
    (found,) = against(dicom_json.judge(body))
    assert (found.requirement, found.observation, found.where) == ("JSON-008", observation, where)


def test_disorder_at_the_top_and_in_an_item() -> None:
    item = {"00081155": attribute("UI", "1"), "00081150": attribute("UI", "1")}
    top, inside = seen_in([{"00100020": attribute("LO", "x"), "00081199": attribute("SQ", item)}])
    assert (top.observation, top.where) == ("not-ascending-at-top-level-of-dataset", "[0]")
    assert top.received == "00100020 before 00081199"
    assert (inside.observation, inside.where) == ("not-ascending-inside-an-item", "[0].00081199.Value[0]")


def test_members_none_of_which_is_an_attribute() -> None:
    found = seen_in([{"error": "none"}])
    assert {each.observation for each in found} == {"members that are no attributes, and none that is"}


def test_group_0002_is_a_note_in_search_results() -> None:
    (found,) = seen_in([{"00020010": attribute("UI", "1.2")}], resource="search")
    assert found.observation == "group-0002-in-a-search-result"


@pytest.mark.parametrize(
    "member",
    [
        {"vr": "UN", "InlineBinary": "A" * 100_000},
        {"vr": "UN", "BulkDataURI": "http://h/1"},
    ],
)
def test_a_value_too_long_for_its_vr_is_un(member: dict[str, Any]) -> None:
    found = list(dicom_json.judge(octets([{"00181020": member}])))
    assert against(found) == []
    assert passes(found)["JSON-013"] == "un-for-a-long-value"


def test_items_deeper_than_any_are_not_followed() -> None:
    value: dict[str, Any] = {}
    for _ in range(DEEPEST + 1):
        value = {"00081199": attribute("SQ", value)}
    (found,) = seen_in([value])
    assert found.observation == "items nested more than 64 deep"


def test_an_item_that_is_null_is_the_business_of_another_row() -> None:
    assert seen_in([{"00081199": attribute("SQ", {}, None)}]) == []


def test_the_same_fault_everywhere_is_some_examples() -> None:
    found = seen_in([{"00100040": attribute("CS", "Mixed")}] * 1000)
    assert len(found) == tally.EXAMPLES


DOE = "Doe"


@pytest.mark.parametrize(
    "member",
    [
        {"00100010": attribute("PN", DOE)},
        {"00100010": attribute("PN", {"Alphabetic": DOE + "\n"})},
        {"00100010": attribute("PN", {DOE: "x"})},
        {"00100020": attribute("LO", DOE + "\0")},
        {"00100020": attribute("LO", DOE + "\ufffd")},
        {"00100030": attribute("DA", DOE)},
        {"00100020": DOE},
        {"00100020": {"vr": DOE}},
        {"00100020": {"vr": "LO", DOE: DOE}},
        {"00100020": {"vr": "LO", "Value": DOE}},
        {"00100020": {"vr": "LO", "BulkDataURI": f"file:///{DOE}"}},
        {"00200013": attribute("IS", DOE)},
        {"00280010": attribute("US", DOE)},
        {"00280009": attribute("AT", DOE)},
        {"00281203": {"vr": "OW", "InlineBinary": DOE + "-"}},
        {DOE: {"vr": "PN"}},
        {DOE: DOE},
        {"00081199": attribute("SQ", DOE)},
    ],
)
def test_nothing_of_other_patients_is_quoted(member: dict[str, Any]) -> None:
    body = octets([{"00080018": attribute("UI", "1.2"), **member}])
    shown = against(dicom_json.judge(body, own=lambda _: False, url="http://h"))
    assert shown
    assert not [each for each in shown if DOE in f"{each.where}{each.received}{each.observation}"]


def test_rows_are_milder_with_data_of_others() -> None:
    own, foreign = (
        {"00080018": attribute("UI", "1"), "00100030": attribute("DA", "0")},
        {"00100030": attribute("DA", "0")},
    )
    first, second = seen_in([own, foreign], own=lambda data_set: "00080018" in data_set)
    assert first.observation == "da-that-is-not-eight-digits-of-a-date"
    assert first.received == '"0"'
    assert second.observation == FOREIGN
    assert second.received == "DA that is not eight digits of a date: a string"


def test_a_creator_that_is_wrong_is_one_fault() -> None:
    (found,) = seen_in([{"00090010": attribute("SH", "x"), "00091001": attribute("LO", "y")}])
    assert found.observation == "creator-of-another-vr-or-without-value"


def test_a_long_value_is_cut() -> None:
    (found,) = seen_in([_with("CS", "a" * 1000)])
    assert len(found.received) < 100


def test_a_place_can_be_written_in_a_report() -> None:
    body = b'[{"00080018": {"vr": "UI"}, "\\ud800": {"vr": "PN"}}]'
    for each in dicom_json.judge(body):
        f"{each.where}{each.received}".encode()


def test_results_are_named_by_their_uid_so_that_their_order_changes_no_word() -> None:
    results = [
        {
            "00081030": attribute("LO", f" study {number}"),
            "0020000D": attribute("UI", f"2.25.30442{number}"),
        }
        for number in range(50)
    ]

    found, again = (seen_in(each, resource="search") for each in (results, results[::-1]))

    assert found == again
    assert found[0].where == "[2.25.304420].00081030.Value[0]"
