"""Replays of the answer to a store (PS3.18 10.5.3, Annex I)."""

from __future__ import annotations

from typing import Any

from tests.mutants.replay.edits import Step, both, field, status, unedited
from tests.mutants.replay.json_edits import DataSet, first_item, put
from tests.mutants.replay.replays import replay

STORED, PARTLY, REFUSED = "stored", "stored in part", "refused"
REFERENCED, FAILED, WARNING, REASON, CHANGES = "00081199", "00081198", "00081196", "00081197", "04000561"


def of_item(sequence: str, tag: str, attribute: Any) -> Step:
    """Put an attribute into the first item of a sequence."""
    return first_item(lambda item: dict(sorted({**item, tag: attribute}.items())), sequence)


def us(*values: int) -> DataSet:
    """An attribute of VR US."""
    return {"vr": "US", "Value": list(values)}


MODIFIED = {
    "04000550": {"vr": "SQ", "Value": [{"00100020": {"vr": "LO", "Value": ["P-1"]}}]},
    "04000562": {"vr": "DT", "Value": ["20240115"]},
    "04000563": {"vr": "LO", "Value": ["ARCHIVE"]},
    "04000565": {"vr": "CS", "Value": ["COERCE"]},
}
COERCED = of_item(REFERENCED, WARNING, us(0xB000))
WITHOUT_TIME = {tag: each for tag, each in MODIFIED.items() if tag != "04000562"}

REPLAYS = (
    replay("STORE-011 202", STORED, both(COERCED, status("202 Accepted"))),
    replay("STORE-011 200", STORED, COERCED, at="status line"),
    replay(
        "STORE-011 4xx-or-5xx-although-instance-stored", STORED, both(COERCED, status("409 Conflict")), at="status line"
    ),
    replay("STORE-011b 202-with-a-warning-or-a-failure", STORED, both(COERCED, status("202 Accepted"))),
    replay("STORE-011b 202-with-neither", STORED, status("202 Accepted"), at="status line"),
    replay("STORE-033 http-status-409-413-or-507", REFUSED, of_item(FAILED, REASON, us(0xA700))),
    replay(
        "STORE-033 http-status-202-in-a-partial-success",
        REFUSED,
        both(of_item(FAILED, REASON, us(0xA700)), status("202 Accepted")),
    ),
    replay(
        "STORE-033 another-status",
        REFUSED,
        both(of_item(FAILED, REASON, us(0xA700)), status("400 Bad Request")),
        at="00081197",
    ),
    replay(
        "STORE-033 http-status-200", REFUSED, both(of_item(FAILED, REASON, us(0xA700)), status("200 OK")), at="00081197"
    ),
    replay("STORE-039 a-code-of-the-tables", REFUSED, of_item(FAILED, REASON, us(0x0122))),
    replay("STORE-039 any-other-integer-0-to-65535", REFUSED, of_item(FAILED, REASON, us(7)), at="00081197"),
    replay(
        "STORE-039 any-other-integer-0-to-65535",
        STORED,
        both(of_item(REFERENCED, WARNING, us(7)), status("202 Accepted")),
        at="00081199[1]/00081196",
    ),
    replay("STORE-040 vr-us-one-integer", STORED, both(COERCED, status("202 Accepted"))),
    replay(
        "STORE-040 another-vr-no-value-or-several",
        STORED,
        both(of_item(REFERENCED, WARNING, us(0xB000, 0xB007)), status("202 Accepted")),
        at="00081199[1]/00081196",
    ),
    replay("STORE-043 absent", STORED, unedited),
    replay(
        "STORE-043 modified-attributes-items-complete",
        STORED,
        of_item(REFERENCED, CHANGES, {"vr": "SQ", "Value": [MODIFIED]}),
    ),
    replay(
        "STORE-043 an-item-without-one-of-the-four",
        STORED,
        of_item(REFERENCED, CHANGES, {"vr": "SQ", "Value": [WITHOUT_TIME]}),
        at="item 1/04000561",
    ),
    replay(
        "STORE-058 present-with-a-code-and-text", REFUSED, field("Warning", '299 archive "an instance was refused"')
    ),
    replay("STORE-058 absent", REFUSED, field("Warning"), at="Warning"),
    replay("STORE-058 present-with-another-form", REFUSED, field("Warning", "refused"), at="Warning"),
    replay("STORE-069 none", STORED, unedited),
    replay("STORE-069 any-well-formed-attribute", STORED, put("0020000D", {"vr": "UI", "Value": ["1.2"]})),
    replay(
        "STORE-069 group-0000-or-private-elements",
        STORED,
        put("00090010", {"vr": "LO", "Value": ["ACME"]}, x00091001={"vr": "LO", "Value": ["x"]}),
        at="00090010, 00091001",
    ),
)
