"""Media types and Accept are read strictly; what PS3.18 shows outside of the grammar is read and told apart."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.media_types import MediaRange, MediaType, MediaTypeError, Written


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("Application/DICOM+json", MediaType("application/dicom+json"), id="case"),
        pytest.param(
            " text/html ; Charset=UTF-8\t", MediaType("text/html", (("charset", "UTF-8"),)), id="blanks-around"
        ),
        pytest.param("a/b;;x=1; ;", MediaType("a/b", (("x", "1"),)), id="empty-parameters"),
        pytest.param(r'a/b; x="1;\"2\\"', MediaType("a/b", (("x", '1;"2\\'),)), id="quoted-pairs"),
        pytest.param('a/b; x=""', MediaType("a/b", (("x", ""),)), id="empty-quoted-string"),
        pytest.param("a/b; x=1; x=2", MediaType("a/b", (("x", "1"), ("x", "2"))), id="twice"),
        pytest.param(
            "multipart/related; type=application/dicom; boundary=b",
            MediaType("multipart/related", (("type", "application/dicom"), ("boundary", "b"))),
            id="type-unquoted-as-ps3.18-shows",
        ),
        pytest.param(
            "multipart/related; type='application/dicom'",
            MediaType("multipart/related", (("type", "'application/dicom'"),)),
            id="apostrophes-are-no-quotation-marks",
        ),
    ],
)
def test_what_is_a_media_type(value: str, expected: MediaType) -> None:
    assert media_types.parse(value) == expected
    assert media_types.name_of(value) == expected.name


@pytest.mark.parametrize(
    ("value", "words", "name"),
    [
        pytest.param("", "no type/subtype", "", id="empty"),
        pytest.param("dicom", "no type/subtype", "", id="no-subtype"),
        pytest.param("a/b, c/d", "no type/subtype", "", id="a-list"),
        pytest.param("a/b c", "no type/subtype", "", id="two-words"),
        pytest.param("a /b", "no type/subtype", "", id="blank-before-the-slash"),
        pytest.param("a/b; x", "no parameter at 'x'", "a/b", id="no-value"),
        pytest.param("a/b; x=", "neither a token nor quoted", "a/b", id="empty-value"),
        pytest.param("a/b; x = 1", "no parameter at 'x = 1'", "a/b", id="blanks-around-the-equals-sign"),
        pytest.param('a/b; x="1', "neither a token nor quoted", "a/b", id="quotation-mark-not-closed"),
        pytest.param('a/b; x="1"2', "neither a token nor quoted", "a/b", id="text-after-the-quoted-string"),
        pytest.param('a/b; x="\x01"', "neither a token nor quoted", "a/b", id="control-character"),
        pytest.param("a/b; boundary=a:b", "neither a token nor quoted", "a/b", id="unquoted-colon"),
        pytest.param("a/b; type=a/b/c", "neither a token nor quoted", "a/b", id="type-that-is-no-media-type"),
        pytest.param('a/b; "x"="1"', "no parameter at", "a/b", id="quoted-name"),
    ],
)
def test_what_is_no_media_type_says_where(value: str, words: str, name: str) -> None:
    with pytest.raises(MediaTypeError, match=words):
        media_types.parse(value)
    assert media_types.name_of(value) == name


@pytest.mark.parametrize(
    ("value", "written", "read"),
    [
        ("a/b; boundary=b", Written.TOKEN, "b"),
        ('a/b; boundary="b c"', Written.QUOTED, "b c"),
        ("a/b; boundary=b c; x=1", Written.UNQUOTED, "b c"),
        ('a/b; boundary="b', Written.UNQUOTED, '"b'),
        ("a/b", None, None),
    ],
)
def test_how_a_value_is_written_is_told(value: str, written: Written | None, read: str | None) -> None:
    reading = media_types.read(value)

    assert reading.how("boundary") is written
    assert reading.media_type.parameter("boundary") == read


def test_every_fault_of_a_value_is_named() -> None:
    assert len(media_types.read("a/b; x; y=(; z=1").faults) == 2
    assert media_types.read("a/b; x; y=(; z=1").media_type.parameter("z") == "1"


def test_a_media_type_is_written_so_that_it_is_read_again() -> None:
    media_type = MediaType("multipart/related", (("type", "application/dicom"), ("boundary", 'a"\\b'), ("x", "")))

    assert str(media_type) == r'multipart/related; type="application/dicom"; boundary="a\"\\b"; x=""'
    assert media_types.parse(str(media_type)) == media_type
    assert media_type.of_parts == "application/dicom"
    assert MediaType("a/b").of_parts is None


def test_multipart_related_quotes_its_type_always_and_its_boundary_where_it_must() -> None:
    assert media_types.multipart_related("application/dicom") == 'multipart/related; type="application/dicom"'
    assert media_types.multipart_related("a/b", "c") == 'multipart/related; type="a/b"; boundary=c'
    assert media_types.multipart_related("a/b", "c:d") == 'multipart/related; type="a/b"; boundary="c:d"'


# -- Accept


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param(", ,a/b,", [("a/b", "1")], id="empty-elements"),
        pytest.param("*/*;q=0.5, a/*;q=0.125, a/b", [("*/*", "0.5"), ("a/*", "0.125"), ("a/b", "1")], id="ranges"),
        pytest.param("a/b;q=0, a/c;q=1.000, a/d;q=0.", [("a/b", "0"), ("a/c", "1"), ("a/d", "0")], id="limits"),
        pytest.param('a/b; x="1,\\",2", c/d', [('a/b; x="1,\\",2"', "1"), ("c/d", "1")], id="comma-in-a-quoted-string"),
        pytest.param("a/b; x=1; q=0.3; ext=2", [("a/b; x=1", "0.3")], id="extension-after-the-weight"),
        pytest.param(
            "multipart/related; type=application/dicom; transfer-syntax=*",
            [('multipart/related; type="application/dicom"; transfer-syntax=*', "1")],
            id="as-ps3.18-shows",
        ),
    ],
)
def test_what_accept_says(value: str, expected: list[tuple[str, str]]) -> None:
    assert [(str(each.media_type), each.quality) for each in media_types.parse_accept(value)] == [
        (name, Decimal(quality)) for name, quality in expected
    ]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("a/b;q=1.1", id="above-1"),
        pytest.param("a/b;q=-1", id="below-0"),
        pytest.param("a/b;q=0.1234", id="four-decimals"),
        pytest.param("a/b;q=.5", id="no-digit-before-the-point"),
        pytest.param('a/b;q="0.5"', id="quoted-weight"),
        pytest.param("a/b;q=", id="no-weight"),
        pytest.param("*/b", id="any-type-of-a-subtype"),
        pytest.param("a/b*", id="star-inside"),
        pytest.param("*", id="star-alone"),
        pytest.param("a/b; x, c/d", id="no-parameter"),
        pytest.param('a/b; x="1, c/d', id="quotation-mark-not-closed"),
        pytest.param('a/b; x="1\\', id="ends-in-a-backslash"),
    ],
)
def test_what_accept_must_not_say(value: str) -> None:
    with pytest.raises(MediaTypeError):
        media_types.parse_accept(value)


@pytest.mark.parametrize(
    ("accept", "offered", "quality"),
    [
        pytest.param("application/dicom+json", "application/dicom+json", "1", id="equal"),
        pytest.param("application/dicom+json", "application/json", "0", id="another"),
        pytest.param("application/*;q=0.2", "application/dicom+json", "0.2", id="type"),
        pytest.param(
            "*/*;q=0.1, a/*;q=0.2, a/b;q=0.3, a/b;x=1;q=0.4", "a/b; x=1", "0.4", id="the-most-specific-counts"
        ),
        pytest.param("*/*, a/b;q=0", "a/b", "0", id="refused"),
        pytest.param("a/b; charset=utf-8", "a/b", "1", id="charset-is-chosen-apart"),
        pytest.param(
            'multipart/related; type="application/dicom"; transfer-syntax=*',
            "multipart/related; type=application/dicom",
            "1",
            id="any-transfer-syntax",
        ),
        pytest.param(
            'multipart/related; type="image/jpeg"', 'multipart/related; type="application/dicom"', "0", id="other-parts"
        ),
    ],
)
def test_the_weight_of_what_is_offered(accept: str, offered: str, quality: str) -> None:
    assert media_types.quality(media_types.parse_accept(accept), media_types.parse(offered)) == Decimal(quality)


TOKENS = st.text(alphabet="abcXYZ019!#$%&'+-.^_`|~", min_size=1, max_size=8)
NAMES = st.builds(lambda kind, subtype: f"{kind}/{subtype}".lower(), TOKENS, TOKENS)
PARAMETERS = st.lists(
    st.tuples(
        TOKENS.map(str.lower).filter(lambda name: name != "q"),
        st.text(alphabet='ab ,;="\\/:\t\xe9', max_size=6),
    ),
    max_size=3,
)
TYPES = st.builds(lambda name, parameters: MediaType(name, tuple(parameters)), NAMES, PARAMETERS)
QUALITIES = st.integers(0, 1000).map(lambda thousandths: Decimal(thousandths) / 1000)


@settings(deadline=None)
@given(TYPES)
def test_written_media_types_are_read_again(media_type: MediaType) -> None:
    assert media_types.parse(str(media_type)) == media_type


@settings(deadline=None)
@given(st.lists(st.builds(MediaRange, TYPES, QUALITIES), max_size=4))
def test_written_accept_is_read_again(ranges: list[MediaRange]) -> None:
    assert media_types.parse_accept(media_types.write_accept(ranges)) == tuple(ranges)


@settings(deadline=None)
@given(st.text(alphabet='ab/;=", \\*q.019\t\x00'))
def test_no_text_troubles_the_readers(text: str) -> None:
    media_types.read(text)
    with contextlib.suppress(MediaTypeError):
        media_types.parse_accept(text)
