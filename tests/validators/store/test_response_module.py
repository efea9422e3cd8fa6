"""The module of a store answer: reasons, warnings, and what stands beside what Annex I asks for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomweb_conformance.http.exchanges import Headers
from dicomweb_conformance.validators.observation import Observation
from dicomweb_conformance.validators.store.response_module import judge
from tests.validators.validating import octets, passes, said

RECORD = {"04000562": {"vr": "DT"}, "04000563": {"vr": "LO"}, "04000565": {"vr": "CS"}}
ONE_ITEM = {"04000550": {"vr": "SQ", "Value": [{}]}}


def stored(**attributes: Any) -> dict[str, Any]:
    return {"00081199": {"vr": "SQ", "Value": [{name[1:]: value for name, value in attributes.items()}]}}


def failed(reason: int, sequence: str = "00081198") -> dict[str, Any]:
    return {sequence: {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [reason]}}]}}


def seen(status: int, module: Any, *headers: tuple[str, str]) -> list[Observation]:
    fields = Headers((("Content-Type", "application/dicom+json"), *headers))
    return list(judge(status, fields, octets(module)))


def warning(*values: int, vr: str = "US") -> dict[str, Any]:
    return stored(t00081196={"vr": vr, "Value": list(values)})


COERCED = warning(0xB000)
EXPLAINED = ("Warning", "A700 http://pacs: Out of memory")


@pytest.mark.parametrize(
    ("status", "module", "row", "observation"),
    [
        (200, COERCED, "STORE-011", "200"),
        (409, COERCED, "STORE-011", "4xx-or-5xx-although-instance-stored"),
        (500, COERCED, "STORE-011", "4xx-or-5xx-although-instance-stored"),
        (200, failed(0xA700), "STORE-033", "http-status-200"),
        (400, failed(0xA7FF, "0008119A"), "STORE-033", "another-status"),
        (409, failed(0xA800), "STORE-039", "any-other-integer-0-to-65535"),
        (202, warning(0xB001), "STORE-039", "any-other-integer-0-to-65535"),
        (202, warning(0xB000, 0xB006), "STORE-040", "another-vr-no-value-or-several"),
        (202, warning(), "STORE-040", "another-vr-no-value-or-several"),
        (202, warning(0xB000, vr="IS"), "STORE-040", "another-vr-no-value-or-several"),
        (200, stored(t04000561={"vr": "SQ", "Value": [RECORD]}), "STORE-043", "an-item-without-one-of-the-four"),
        (
            200,
            stored(t04000561={"vr": "SQ", "Value": [{**RECORD, "04000550": {"vr": "SQ", "Value": [{}, {}]}}]}),
            "STORE-043",
            "an-item-without-one-of-the-four",
        ),
        (200, stored(t00000902={"vr": "LO"}), "STORE-069", "group-0000-or-private-elements"),
        (200, {**stored(), "00091001": {"vr": "LO"}}, "STORE-069", "group-0000-or-private-elements"),
    ],
)
def test_what_speaks_against_a_module(status: int, module: Any, row: str, observation: str) -> None:
    assert said(seen(status, module, EXPLAINED)) == {(row, observation)}


@pytest.mark.parametrize(
    ("headers", "observation"),
    [((), "absent"), ((("Warning", "something went wrong"),), "present-with-another-form")],
)
def test_a_failure_without_the_header_recommended_is_noted(headers: Any, observation: str) -> None:
    assert said(seen(409, failed(0x110), *headers)) == {("STORE-058", observation)}


@pytest.mark.parametrize(
    ("status", "module", "expected"),
    [
        (200, stored(), {"STORE-043": "absent", "STORE-069": "none"}),
        (200, [stored(t00741048={"vr": "SQ"})], {"STORE-043": "absent", "STORE-069": "any-well-formed-attribute"}),
        (
            202,
            COERCED,
            {
                "STORE-011": "202",
                "STORE-011b": "202-with-a-warning-or-a-failure",
                "STORE-039": "a-code-of-the-tables",
                "STORE-040": "vr-us-one-integer",
                "STORE-043": "absent",
                "STORE-069": "none",
            },
        ),
        (
            409,
            failed(0xA701),
            {
                "STORE-033": "http-status-409-413-or-507",
                "STORE-039": "a-code-of-the-tables",
                "STORE-043": "absent",
                "STORE-058": "present-with-a-code-and-text",
                "STORE-069": "none",
            },
        ),
        (
            202,
            {**stored(), **failed(0x122)},
            {
                "STORE-011b": "202-with-a-warning-or-a-failure",
                "STORE-039": "a-code-of-the-tables",
                "STORE-043": "absent",
                "STORE-058": "present-with-a-code-and-text",
                "STORE-069": "none",
            },
        ),
        (
            200,
            stored(t04000561={"vr": "SQ", "Value": [{**RECORD, **ONE_ITEM}]}),
            {
                "STORE-043": "modified-attributes-items-complete",
                "STORE-069": "none",
            },
        ),
    ],
)
def test_what_a_good_module_is_said_to_be(status: int, module: Any, expected: dict[str, str]) -> None:
    observations = seen(status, module, EXPLAINED)
    assert not said(observations)
    assert passes(observations) == expected


def test_a_module_in_xml_is_judged_like_one_in_json() -> None:
    item = '<DicomAttribute tag="00081197" vr="US"><Value number="1">43008</Value></DicomAttribute>'
    document = (
        f'<NativeDicomModel><DicomAttribute tag="00081198" vr="SQ"><Item number="1">{item}</Item>'
        "</DicomAttribute></NativeDicomModel>"
    ).encode()
    part = b"--b\r\nContent-Type: application/dicom+xml\r\n\r\n" + document + b"\r\n--b--\r\n"

    bare = judge(409, Headers((("Content-Type", "application/dicom+xml"), EXPLAINED)), document)
    in_multipart = judge(409, Headers((("Content-Type", 'multipart/related; boundary="b"'), EXPLAINED)), part)

    expected = {("STORE-039", "any-other-integer-0-to-65535")}
    assert said(bare) == said(in_multipart) == expected


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"no JSON", b"<x/>"])
def test_what_is_no_module_shows_nothing(body: bytes) -> None:
    for name in ("application/dicom+json", "application/dicom+xml", "multipart/related; boundary=b", ""):
        assert not list(judge(200, Headers((("Content-Type", name),)), body))


TAGS = ["vr", "Value", "00081190", "00081196", "00081197", "00081198", "00081199", "0008119A", "04000561", "04000550"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(TAGS), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([200, 202, 409]))
def test_whatever_the_module_nothing_is_raised(module: Any, status: int) -> None:
    seen(status, module)
