"""Replays of DICOM JSON (PS3.18 Annex F)."""

from __future__ import annotations

import json
from typing import Any

from tests.mutants.replay.edits import asking, both, changed, swapped, typed, unedited
from tests.mutants.replay.json_edits import data_set, of_somebody_else, put, value
from tests.mutants.replay.replays import Replay, replay

METADATA, SEARCH, STORED = "metadata", "search", "stored"
BINARY, LONG_BINARY, PRIVATE = "00420011", "00720067", "00091001"


def shows(what: str, tag: str, attribute: Any, *rides: str, at: str = "", **more: Any) -> Replay:
    """A replay of metadata with one attribute (`more` of them where it takes others) as it should not be."""
    return replay(what, METADATA, put(tag, attribute, **more), *rides, at=f"[0].{tag}{at}")


def valued(what: str, tag: str, vr: str, *values: Any, rides: tuple[str, ...] = (), at: str = ".Value[0]") -> Replay:
    """A replay of metadata with an attribute of these values."""
    return shows(what, tag, {"vr": vr, "Value": list(values)}, *rides, at=at)


def foreign(row: str, tag: str, attribute: Any, at: str = "") -> Replay:
    """A replay of a search result of somebody else: what fails with the run's own data is no more than a note."""
    what = f"{row} fault-in-a-foreign-dataset"
    return replay(what, SEARCH, of_somebody_else(put(tag, attribute)), at=f"[0].{tag}{at}")


def alone(what: str, tag: str, attribute: Any) -> Replay:
    """A replay of metadata of one attribute, so that no other tells of the row before it."""
    return replay(what, METADATA, value(lambda _: [{tag: attribute}]))


def renamed(tag: str, name: str) -> Any:
    """Give an attribute another name, and leave it in its place."""
    return data_set(lambda found: {name if each == tag else each: attribute for each, attribute in found.items()})


def _latin1(body: bytes) -> bytes:
    found = json.loads(body)
    found[0]["00081080"] = {"vr": "LO", "Value": ["Übelkeit"]}
    return json.dumps([dict(sorted(found[0].items()))], ensure_ascii=False).encode("latin-1")


OCTETS = (
    replay("JSON-001 dicom-json-in-any-case", METADATA, typed("Application/DICOM+json")),
    replay("JSON-001 the-same-with-charset-utf-8", METADATA, typed("{}; charset=UTF-8")),
    replay("JSON-001 dicom-json-with-transfer-syntax", METADATA, typed("{}; transfer-syntax=1.2.840.10008.1.2.1")),
    replay("JSON-001 application-json-on-a-dicom-json-body", METADATA, typed("application/json"), at="Content-Type"),
    replay("JSON-001 another-type-on-dicom-json", METADATA, typed("application/octet-stream"), at="Content-Type"),
    replay("JSON-002 octets-decode-strictly-as-utf-8", METADATA, put("00081080", {"vr": "LO", "Value": ["吐き気"]})),
    replay("JSON-002 us-ascii-truly-named", METADATA, typed("{}; charset=us-ascii")),
    replay("JSON-002 a-byte-order-mark-in-front", METADATA, changed(lambda body: b"\xef\xbb\xbf" + body), at="octet N"),
    valued("JSON-002 u-fffd-inside-a-value", "00081080", "LO", "\ufffdbelkeit"),
    replay(
        "JSON-002 another-charset-asked-for",
        METADATA,
        both(asking(("Accept-Charset", "iso-8859-1")), typed("{}; charset=iso-8859-1"), changed(_latin1)),
        at="Content-Type",
    ),
    replay(
        "JSON-002 an-escaped-lone-surrogate-in-a-string",
        METADATA,
        both(put("00081080", {"vr": "LO", "Value": ["x"]}), swapped(b'["x"]', b'["\\ud800"]')),
        at="[0].00081080.Value[0]",
    ),
    replay("JSON-002 octets-are-not-utf-8", METADATA, changed(_latin1), at="octet N"),
    replay(
        "JSON-002 charset-parameter-contradicts-octets",
        METADATA,
        both(typed("{}; charset=us-ascii"), put("00081080", {"vr": "LO", "Value": ["é"]})),
        at="Content-Type",
    ),
    replay("JSON-003 json-does-not-parse", METADATA, changed(lambda body: body[:-1]), at="character N"),
    replay("JSON-003 json-does-not-parse", SEARCH, swapped(b'"vr"', b"'vr'"), at="character N"),
    replay(
        "JSON-003 nan-infinity-or-infinity-as-a-bare-token",
        METADATA,
        put("00720074", {"vr": "FD", "Value": [float("nan")]}),
    ),
    replay(
        "JSON-003 text-before-or-after-the-json-value", METADATA, changed(lambda body: body + b"]"), at="character N"
    ),
    replay(
        "JSON-050 a-raw-control-character-inside-a-string",
        METADATA,
        both(put("00081080", {"vr": "LT", "Value": ["a b"]}), swapped(b'"a b"', b'"a\tb"')),
        "JSON-013 another-vr-than-the-dictionary-s",
        at="character N",
    ),
)

SHAPES = (
    replay("JSON-004 an-empty-array-from-a-search", SEARCH, value(lambda _: [])),
    replay("JSON-004 one-bare-object-also-for-single-instance", METADATA, value(lambda found: found[0])),
    replay("JSON-004 an-array-with-an-entry-that-is-no-object", METADATA, value(lambda found: [*found, "x"]), at="[1]"),
    replay("JSON-004 an-array-inside-the-array", METADATA, value(lambda found: [*found, found]), at="[1]"),
    replay("JSON-004 array-wrapped-in-an-object", METADATA, value(lambda found: {"results": found})),
    replay("JSON-004 a-json-string-that-itself-holds-json", METADATA, value(json.dumps)),
    shows("JSON-005 attribute-is-no-object", "00100020", "P-1"),
    shows("JSON-006 lower-case-hexadecimal-letters", "0020000d", {"vr": "UI", "Value": ["1.2"]}),
    replay("JSON-006 member-that-is-no-attribute", METADATA, data_set(lambda found: found | {"id": 7})),
    replay("JSON-006 a-keyword-as-name", METADATA, renamed("00100020", "PatientID")),
    replay("JSON-006 tag-in-another-notation", METADATA, renamed("00100020", "0010,0020"), at="[0].0010,0020"),
    replay(
        "JSON-007 not-ascending-at-top-level-of-dataset",
        METADATA,
        data_set(lambda found: dict(reversed(found.items()))),
        at="[0]",
    ),
    shows(
        "JSON-007 not-ascending-inside-an-item",
        "00081140",
        {
            "vr": "SQ",
            "Value": [{"00081155": {"vr": "UI", "Value": ["1.2"]}, "00081150": {"vr": "UI", "Value": ["1.2"]}}],
        },
        at=".Value[0]",
    ),
    replay(
        "JSON-008 a-tag-twice-in-one-dataset",
        METADATA,
        swapped(b"[{", b'[{"00080005": {"vr": "CS"}, "00080005": {"vr": "CS"}, '),
        at="[0].00080005",
    ),
    replay(
        "JSON-008 member-twice-in-an-attribute",
        METADATA,
        both(put("00080005", {"vr": "CS"}), swapped(b'{"vr": "CS"}', b'{"vr": "CS", "vr": "CS"}')),
        at="[0].00080005",
    ),
    shows("JSON-009 a-group-length-attribute-gggg0000", "00080000", {"vr": "UL", "Value": [8]}),
    foreign("JSON-009", "00080000", {"vr": "UL", "Value": [8]}),
    replay(
        "JSON-010 group-0002-in-a-search-result",
        SEARCH,
        put("00020010", {"vr": "UI", "Value": ["1.2.840.10008.1.2.1"]}),
        at="[0].00020010",
    ),
    shows(
        "JSON-010 group-0002-in-metadata-or-store-answer", "00020010", {"vr": "UI", "Value": ["1.2.840.10008.1.2.1"]}
    ),
    shows("JSON-011 no-vr", "00100020", {"Value": ["P-1"]}),
    shows("JSON-011 vr-is-not-a-string", "00100020", {"vr": 7, "Value": ["P-1"]}),
    shows("JSON-011 an-empty-object-as-attribute-object", "00100020", {}),
    *(
        shows(f"JSON-012 {code}", "00100020", {"vr": vr, "Value": ["P-1"]})
        for code, vr in {
            "lower-case-letters": "lo",
            "two-vrs-in-one-string": "LO/SH",
            "toolkit-s-own-vr-code": "??",
            "an-empty-string": "",
            "any-other-string": "string",
        }.items()
    ),
    alone("JSON-013 the-dictionary-s-vr", "00280106", {"vr": "SS", "Value": [0]}),
    alone("JSON-013 un-for-a-long-value", "00204000", {"vr": "UN", "InlineBinary": "AAAA" * 30000}),
    shows("JSON-013 un-in-place-of-the-dictionary-s-vr", "00204000", {"vr": "UN", "InlineBinary": "QUFB"}),
    valued("JSON-013 lt-st-and-ut-exchanged", "00204000", "ST", "text", at=""),
    valued("JSON-013 another-vr-than-the-dictionary-s", "00100020", "SH", "P-1", at=""),
    foreign("JSON-013", "00080050", {"vr": "LO", "Value": ["A-1"]}),
    shows(
        "JSON-014 two-or-three-of-them-together", BINARY, {"vr": "OB", "InlineBinary": "QUFB", "BulkDataURI": "bulk"}
    ),
    shows("JSON-015 members-spelled-otherwise", "00100020", {"vr": "LO", "values": ["P-1"]}),
    shows("JSON-052 member-keyword-name-or-length", "00100020", {"vr": "LO", "Value": ["P-1"], "keyword": "PatientID"}),
)

VALUES = (
    alone("JSON-017 no-value-at-all-on-an-empty-attribute", "00100040", {"vr": "CS"}),
    shows("JSON-017 value-empty-list", "00100040", {"vr": "CS", "Value": []}),
    shows("JSON-017 value-null", "00100040", {"vr": "CS", "Value": None}),
    valued("JSON-017 value-list-of-null", "00100040", "CS", None, at=""),
    valued("JSON-017 value-list-of-an-empty-string", "00100040", "CS", "", at=""),
    valued("JSON-017 value-list-of-empty-object-under-vr-pn", "00080090", "PN", {}, at=""),
    alone("JSON-018 null-stands-for-each-empty-value", "00080008", {"vr": "CS", "Value": ["DERIVED", None, "AXIAL"]}),
    valued("JSON-018 no-empty-value-among-the-entries", "00080008", "CS", "DERIVED", "PRIMARY"),
    valued("JSON-018 an-empty-string-for-an-empty-value", "00080008", "CS", "DERIVED", "", at=".Value[1]"),
    shows("JSON-019 a-bare-string-number-boolean-or-object", "00100020", {"vr": "LO", "Value": "P-1"}, at=".Value"),
    valued("JSON-020b all-values-in-one-string", "00101020", "DS", "[1.5, 2]"),
    foreign("JSON-020b", "00101020", {"vr": "DS", "Value": ["[1.5, 2]"]}, at=".Value[0]"),
    alone("JSON-021 trailing-blanks-kept", "00204000", {"vr": "LT", "Value": ["text  "]}),
    valued("JSON-021 one-meaningless-blank", "00081080", "LO", "text "),
    valued("JSON-021 a-string-that-ends-in-u-0000", "00081080", "LO", "text\0"),
    valued("JSON-021 ui-value-with-blank-or-u-0000-anywhere", "00080014", "UI", "1.2\0"),
    foreign("JSON-021", "00081080", {"vr": "LO", "Value": ["text\0"]}, at=".Value[0]"),
    valued("JSON-022 number-leading-zeros-of-patientid-lost", "00081080", "LO", 7),
    valued("JSON-022 boolean", "00081080", "LO", True),
    valued("JSON-022 object-or-array", "00081080", "LO", ["text"]),
    valued("JSON-023 integer-with-fraction-or-exponent", "00280010", "US", 512.0),
    valued("JSON-023 a-string-of-digits", "00280010", "US", "512"),
    valued("JSON-023 boolean-object-or-array", "00280010", "US", True),
    valued("JSON-023 a-fractional-value-under-sl-ss-ul-or-us", "00280010", "US", 1.5),
    valued("JSON-023 number-out-of-range", "00280010", "US", -1),
    alone("JSON-024 number", "00101020", {"vr": "DS", "Value": [1.5]}),
    alone("JSON-024 string", "00101020", {"vr": "DS", "Value": ["1.5"]}),
    alone("JSON-024b a-finite-number", "00101020", {"vr": "DS", "Value": [1.5]}),
    alone("JSON-024b a-string-that-satisfies-the-vr-s-grammar", "00101020", {"vr": "DS", "Value": ["1.5"]}),
    valued("JSON-024b ds-string-over-16-characters", "00101020", "DS", "1.50000000000000000"),
    valued("JSON-024b boolean-object-or-array", "00101020", "DS", [1.5]),
    valued("JSON-024b string-is-no-number", "00101020", "DS", "1,5"),
    valued("JSON-024b two-values-in-one-string", "00101020", "DS", "1.5\\2"),
    valued("JSON-024b a-value-outside-the-range", "00720082", "SV", 2**63),
    valued("JSON-024b a-fractional-value", "00720082", "SV", 1.5),
    foreign("JSON-024b", "00101020", {"vr": "DS", "Value": ["1,5"]}, at=".Value[0]"),
    valued("JSON-025 integer-of-32-bits", "00200013", "IS", 7),
    valued("JSON-025 integer-with-a-fraction", "00200013", "IS", 1.0),
    valued("JSON-025 a-fractional-value", "00200013", "IS", 1.5),
    valued("JSON-025 a-value-outside-the-range", "00200013", "IS", 2**31),
    foreign("JSON-025", "00200013", {"vr": "IS", "Value": [2**31]}, at=".Value[0]"),
    valued("JSON-027 a-string-0-9a-f-8", "00280009", "AT", "00181063"),
    valued("JSON-027 lower-case-letters", "00280009", "AT", "0018106a"),
    valued("JSON-027 comma-parentheses-blank-or-0x-in-it", "00280009", "AT", "(0018,1063)"),
    valued("JSON-027 a-number", "00280009", "AT", 1577059),
    valued("JSON-027 a-keyword", "00280009", "AT", "FrameTime"),
    valued("JSON-028 longer-than-the-vr-allows-yet-as-stored", "00080050", "SH", "A" * 17),
    valued("JSON-028 da-that-is-not-eight-digits-of-a-date", "00080020", "DA", "20241301"),
    valued("JSON-028 tm-or-dt-out-of-form", "00080030", "TM", "2560"),
    valued("JSON-028 no-uid-in-ui", "00080014", "UI", "1.2.x"),
    valued("JSON-028 cs-with-lower-case-letters-or-backslash", "00080008", "CS", "derived"),
    valued("JSON-028 as-other-than-nnnd-nnnw-nnnm-nnny", "00101010", "AS", "33"),
    valued("JSON-028 a-control-character-in-a-one-line-vr", "00081080", "LO", "a\nb"),
    foreign("JSON-028", "00080020", {"vr": "DA", "Value": ["20241301"]}, at=".Value[0]"),
    alone("JSON-029 20200131", "00080020", {"vr": "DA", "Value": ["20240115"]}),
    alone("JSON-029 134530-25", "00080030", {"vr": "TM", "Value": ["134530.25"]}),
    alone("JSON-029 20200131134530-0100", "0008002A", {"vr": "DT", "Value": ["20200131134530+0100"]}),
    valued("JSON-029 2020-01-31", "00080020", "DA", "2020-01-31"),
    valued("JSON-029 13-45-30", "00080030", "TM", "13:45:30"),
    valued("JSON-029 iso-8601-form", "0008002A", "DT", "2020-01-31T13:45:30Z"),
    valued("JSON-029 locale-s-form", "00080020", "DA", "31/01/2020"),
    foreign("JSON-029", "00080020", {"vr": "DA", "Value": ["2020-01-31"]}, at=".Value[0]"),
    valued("JSON-030 object-of-name-groups", "00080090", "PN", {"Ideographic": "山田"}),
    valued("JSON-030 further-member-in-name", "00080090", "PN", {"Alphabetic": "A^B", "id": 7}),
    valued("JSON-030 a-plain-string", "00080090", "PN", "A^B"),
    valued("JSON-030 an-array-or-number", "00080090", "PN", ["A^B"]),
    valued("JSON-030 group-names-in-other-letters", "00080090", "PN", {"alphabetic": "A^B"}),
    valued("JSON-030 components-as-members", "00080090", "PN", {"FamilyName": "A"}),
    valued(
        "JSON-031 empty-group-beside-others",
        "00080090",
        "PN",
        {"Alphabetic": "A", "Phonetic": ""},
        at=".Value[0].Phonetic",
    ),
    valued(
        "JSON-031 a-group-that-is-neither-string-nor-null",
        "00080090",
        "PN",
        {"Alphabetic": ["A"]},
        at=".Value[0].Alphabetic",
    ),
    valued(
        "JSON-031 inside-a-group-the-groups-were-not-split",
        "00080090",
        "PN",
        {"Alphabetic": "A=B"},
        at=".Value[0].Alphabetic",
    ),
    alone("JSON-033 null", "00081048", {"vr": "PN", "Value": [{"Alphabetic": "A"}, None]}),
    valued("JSON-033 empty-object", "00081048", "PN", {"Alphabetic": "A"}, {}),
    valued("JSON-033 every-group-empty", "00081048", "PN", {"Alphabetic": ""}),
    valued("JSON-034 an-array-of-objects", "00081140", "SQ", {}),
    shows("JSON-034 an-object-in-place-of-the-array", "00081140", {"vr": "SQ", "Value": {}}, at=".Value"),
    valued("JSON-034 items-that-are-strings-numbers-or-arrays", "00081140", "SQ", "1.2"),
    valued(
        "JSON-034 item-wrapped-in-an-object", "00081140", "SQ", {"Item": {"00081155": {"vr": "UI", "Value": ["1.2"]}}}
    ),
    valued("JSON-047 no-such-entry", "00720074", "FD", 1.5),
    valued("JSON-047 null", "00720074", "FD", None),
    valued("JSON-047 a-string-such-as-nan-or-infinity", "00720074", "FD", "NaN"),
    valued("JSON-048 a-backslash-inside-an-entry", "00081080", "LO", "a\\b"),
    valued("JSON-049 one-entry", "00204000", "LT", "a\\b"),
    valued("JSON-049 cut-at-a-backslash", "00204000", "LT", "a", "b", at=".Value"),
)

OCTETS_IN_TEXT = (
    shows("JSON-038 ob-od-of-ol-ov-ow-un", BINARY, {"vr": "OB", "InlineBinary": "QUFB"}),
    shows(
        "JSON-038 numeric-vr-with-empty-object", "00280010", {"vr": "US", "InlineBinary": "QUE="}, at=".InlineBinary"
    ),
    shows("JSON-038 text-vr-with-empty-object", "00081080", {"vr": "LO", "InlineBinary": "QUE="}, at=".InlineBinary"),
    *(
        shows(f"JSON-039 {code}", BINARY, {"vr": "OB", "InlineBinary": octets}, at=".InlineBinary")
        for code, octets in {
            "base64-with-padding": "QUE=",
            "line-breaks-in-it": "QUFB\r\nQUFB",
            "an-empty-string-on-an-empty-attribute": "",
            "an-array-one-entry-per-value": ["QUFB"],
            "character-outside-base64": "QU_-",
            "wrong-or-missing-padding": "QUE",
            "a-data-prefix": "data:application/octet-stream;base64,QUFB",
            "hexadecimal-digits-instead-of-base64": "0A1B2C",
        }.items()
    ),
    shows("JSON-042 no-value", BINARY, {"vr": "OB"}),
    shows("JSON-042 value-with-numbers", BINARY, {"vr": "OB", "Value": [65, 66]}, at=".Value"),
    shows("JSON-042 value-with-base64-or-text", BINARY, {"vr": "OB", "Value": ["QUFB"]}, at=".Value"),
    shows("JSON-043 uri-on-a-vr-that-may", BINARY, {"vr": "OB", "BulkDataURI": "bulk"}),
    shows("JSON-043 null-object-array-number-or-boolean", BINARY, {"vr": "OB", "BulkDataURI": None}, at=".BulkDataURI"),
    shows("JSON-043 uri-on-a-vr-that-must-not", "00081080", {"vr": "LO", "BulkDataURI": "bulk"}),
    *(
        shows(f"BULKDATA-003 {code}", BINARY, {"vr": "OB", "BulkDataURI": uri}, at=".BulkDataURI")
        for code, uri in {
            "http-or-https": "https://pacs.example/bulk",
            "file": "file:///archive/7",
            "another-scheme": "s3://archive/7",
            "empty-string": "",
            "no-uri-reference": "bulk data/7",
        }.items()
    ),
)

CREATOR = {"vr": "LO", "Value": ["ACME 1.1"]}
OF_BLOCK = {"vr": "LO", "Value": ["text"]}
BLOCKS = (
    shows("JSON-044 private-element-with-its-creator", "00090010", CREATOR, x00091001=OF_BLOCK),
    shows("JSON-044 creator-without-elements-of-block", "00090010", CREATOR),
    shows("JSON-044 private-element-without-creator", "00091001", OF_BLOCK),
    shows("JSON-044 private-block-lost", "00090001", OF_BLOCK),
    shows(
        "JSON-044 creator-of-another-vr-or-without-value",
        "00090010",
        {"vr": "SH", "Value": ["ACME"]},
        x00091001=OF_BLOCK,
    ),
    foreign("JSON-044", "00091001", OF_BLOCK),
)

CLEAN = tuple(
    replay(what, METADATA, unedited)
    for what in (
        "JSON-003 parses-by-the-rfc-8259-grammar",
        "JSON-004 one-array-whose-entries-are-all-objects",
        "JSON-005 every-member-value-is-an-object",
        "JSON-006 eight-capital-hex-digits",
        "JSON-007 ascending-at-every-depth",
        "JSON-008 each-name-once",
        "JSON-009 no-name-ends-in-0000",
        "JSON-010 no-name-begins-with-0002",
        "JSON-011 vr-is-there-and-is-a-string",
        "JSON-012 a-vr-of-ps3-5",
        "JSON-014 none-or-one-of-the-three",
        "JSON-015 members-spelled-right",
        "JSON-017 value-holds-at-least-one-entry",
        "JSON-019 an-array",
        "JSON-020b an-entry-for-each-value",
        "JSON-021 no-padding",
        "JSON-022 string",
        "JSON-023 number-in-range",
        "JSON-028 fits-the-vr-s-form-and-repertoire",
        "JSON-031 groups-without-equals-sign",
        "JSON-048 no-backslash",
        "JSON-050 none-control-characters-are-escaped",
        "JSON-052 only-vr-value-bulkdatauri-inlinebinary",
    )
)

REPLAYS = (*CLEAN, *OCTETS, *SHAPES, *VALUES, *OCTETS_IN_TEXT, *BLOCKS)
