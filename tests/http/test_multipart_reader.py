"""The reader of multipart bodies names each fault with its place, and goes on."""

import time
import tracemalloc
from collections.abc import Iterator

import pytest

from dicomweb_conformance.http import limits, multipart
from dicomweb_conformance.http.multipart import Fault, Kind, MultipartError, Octets, PartBegins, PartEnds
from dicomweb_conformance.http.unreadable import TooLargeError
from tests.validators.http.judged_answers import cuts

T = "Content-Type: text/plain"


def faults(body: bytes, boundary: bytes = b"b", **options: bool) -> list[tuple[Kind, int, int]]:
    """Kind, part and offset of every fault; the same however the body is cut."""
    found = [
        [event for event in multipart.read(chunks, boundary, **options) if isinstance(event, Fault)]
        for chunks in cuts(body)
    ]
    assert all(each == found[0] for each in found)
    return [(fault.kind, fault.part, fault.offset) for fault in found[0]]


def bodies(body: bytes, boundary: bytes = b"b", **options: bool) -> list[bytes]:
    """The octets of each part; the same however the body is cut."""
    found: list[list[bytes]] = []
    for chunks in cuts(body):
        parts: list[bytes] = []
        for event in multipart.read(chunks, boundary, **options):
            match event:
                case PartBegins():
                    parts.append(b"")
                case Octets():
                    parts[-1] += event.octets
                case PartEnds():
                    assert event.length == len(parts[-1])
        found.append(parts)
    assert all(each == found[0] for each in found)
    return found[0]


def lines(*each: str, end: str = "\r\n") -> bytes:
    return end.join(each).encode("latin-1")


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        pytest.param(lines("--b", T, "", "one", "--b", T, "", "two", "--b--", ""), [b"one", b"two"], id="two-parts"),
        pytest.param(lines("--b", T, "", "one", "--b--"), [b"one"], id="no-line-end-after-the-closing-delimiter"),
        pytest.param(lines("", "--b", T, "", "one", "--b--", ""), [b"one"], id="initial-crlf"),
        pytest.param(lines("--b", T, "", "", "--b--", ""), [b""], id="empty-part"),
        pytest.param(lines("--b", T, "", "--b--", ""), [b""], id="empty-part-whose-blank-line-begins-the-delimiter"),
        pytest.param(lines("--b", T, "", "x", "--bX", "--b--"), [b"x\r\n--bX"], id="delimiter-and-a-letter-is-payload"),
        pytest.param(lines("--b", T, "", "x--b", "--b--"), [b"x--b"], id="boundary-inside-a-line-is-payload"),
        pytest.param(
            lines("--b", T, "", "x", "--b--X", "--b--"), [b"x\r\n--b--X"], id="closing-and-a-letter-is-payload"
        ),
        pytest.param(
            lines("--b", T, "", "x\n--b\n", "--b--"), [b"x\n--b\n"], id="delimiter-after-a-bare-lf-is-payload"
        ),
        pytest.param(
            lines("--b", T, "", "x", "--b" + " " * 300, "--b--"),
            [b"x\r\n--b" + b" " * 300],
            id="blanks-without-end-are-payload",
        ),
        pytest.param(lines("--b", T, "", "a\r\n", "--b--"), [b"a\r\n"], id="payload-that-ends-in-a-line-end"),
        pytest.param(
            lines("--b", "Content-Type: text/plain;", "\tcharset=utf-8", "", "x", "--b--"), [b"x"], id="folded-header"
        ),
    ],
)
def test_what_the_grammar_allows_is_read_without_a_fault(body: bytes, parts: list[bytes]) -> None:
    assert bodies(body) == parts
    assert faults(body) == []


LF = lines("--b", T, "", "one", "--b", T, "", "two", "--b--", "", end="\n")
MIXED = lines("--b", T, "", "one\n--b", T, "", "two\n--b--", "")


@pytest.mark.parametrize(
    ("body", "expected", "parts"),
    [
        pytest.param(b"", [(Kind.NO_DELIMITER, 0, 0)], [], id="empty-body"),
        pytest.param(b"--c\r\n\r\nx\r\n--c--", [(Kind.NO_DELIMITER, 0, 0)], [], id="another-boundary"),
        pytest.param(b"--b--\r\n", [(Kind.NO_PARTS, 0, 0)], [], id="no-parts"),
        pytest.param(lines("hello", "--b", T, "", "x", "--b--"), [(Kind.PREAMBLE, 0, 0)], [b"x"], id="preamble"),
        pytest.param(lines("--b", T, "", "x", "--b--", "bye"), [(Kind.EPILOGUE, 0, 43)], [b"x"], id="epilogue"),
        pytest.param(
            lines("--b \t", T, "", "x", "--b-- "),
            [(Kind.PADDING, 0, 0), (Kind.PADDING, 1, 38)],
            [b"x"],
            id="blanks-after-the-boundary",
        ),
        pytest.param(lines("--b", T, "", "x"), [(Kind.NO_CLOSING_DELIMITER, 1, 34)], [b"x"], id="no-closing-delimiter"),
        pytest.param(
            b"--b\r\n", [(Kind.NO_CONTENT_TYPE, 1, 5), (Kind.NO_CLOSING_DELIMITER, 1, 5)], [b""], id="cut-head"
        ),
        pytest.param(
            lines("--b", T, "Content-Length: 5", "", "abc"),
            [(Kind.TRUNCATED_PART, 1, 5), (Kind.NO_CLOSING_DELIMITER, 1, 55)],
            [b"abc"],
            id="truncated-part",
        ),
        pytest.param(
            lines("--b", T, "no colon", "", "x", "--b--"), [(Kind.MALFORMED_HEADER, 1, 31)], [b"x"], id="no-colon"
        ),
        pytest.param(
            lines("--b", T, "Name : x", "", "x", "--b--"),
            [(Kind.MALFORMED_HEADER, 1, 31)],
            [b"x"],
            id="blank-before-the-colon",
        ),
        pytest.param(
            lines("--b", T, "\xff\x00\xd8", "x", "--b--"),
            [(Kind.NO_BLANK_LINE, 1, 31)],
            [b"\xff\x00\xd8\r\nx"],
            id="no-blank-line-before-octets",
        ),
        pytest.param(
            lines("--b", T, '{"a": 1}', "--b--"),
            [(Kind.NO_BLANK_LINE, 1, 31)],
            [b'{"a": 1}'],
            id="no-blank-line-before-text",
        ),
        pytest.param(lines("--b", T, "--b--"), [(Kind.NO_BLANK_LINE, 1, 31)], [b""], id="no-blank-line-at-all"),
        pytest.param(
            lines("--b", "--b--", ""),
            [(Kind.NO_BLANK_LINE, 1, 5), (Kind.NO_CONTENT_TYPE, 1, 5)],
            [b""],
            id="delimiter-after-delimiter",
        ),
        pytest.param(lines("--b", "", "x", "--b--"), [(Kind.NO_CONTENT_TYPE, 1, 5)], [b"x"], id="no-content-type"),
        pytest.param(
            lines("--b", "Content-Type: dicom", "", "x", "--b--"),
            [(Kind.CONTENT_TYPE_UNREADABLE, 1, 5)],
            [b"x"],
            id="content-type-without-subtype",
        ),
        pytest.param(
            lines("--b", "Content-Type: multipart/mixed; boundary=c", "", "--c--", "--b--"),
            [(Kind.NESTED, 1, 5)],
            [b"--c--"],
            id="nested",
        ),
        pytest.param(
            lines("--b", T, "Content-Length: 9", "", "x", "--b--"),
            [(Kind.LENGTH_DIFFERS, 1, 5)],
            [b"x"],
            id="length-lies",
        ),
        pytest.param(
            lines("--b", T, "Content-Length: x", "", "x", "--b--"),
            [(Kind.LENGTH_NO_NUMBER, 1, 5)],
            [b"x"],
            id="length-no-number",
        ),
        pytest.param(
            LF,
            [(Kind.BARE_LINE_END, part, at) for part, at in ((0, 0), (1, 4), (1, 34), (2, 38), (2, 68))],
            [b"one", b"two"],
            id="bare-lf-everywhere",
        ),
        pytest.param(
            lines("--b", T + "\n", "x", "--b--"), [(Kind.BARE_LINE_END, 1, 5)], [b"x"], id="bare-lf-in-the-head"
        ),
        pytest.param(
            lines("--b", T, "", "one", "--b--\n"),
            [(Kind.BARE_LINE_END, 1, 38)],
            [b"one"],
            id="bare-lf-after-the-delimiter",
        ),
        pytest.param(
            b"x\n--b\r\n" + lines(T, "", "one", "--b--"),
            [(Kind.BARE_LINE_END, 0, 2), (Kind.PREAMBLE, 0, 0)],
            [b"one"],
            id="bare-lf-after-the-preamble",
        ),
        pytest.param(
            lines("--b", T, "no colon", "\x00\x01", "x", "--b", "X", "", "y", "--b"),
            [
                (Kind.NO_BLANK_LINE, 1, 31),
                (Kind.MALFORMED_HEADER, 2, 53),
                (Kind.NO_CONTENT_TYPE, 2, 53),
                (Kind.NO_CONTENT_TYPE, 3, 64),
                (Kind.NO_CLOSING_DELIMITER, 3, 64),
            ],
            [b"no colon\r\n\x00\x01\r\nx", b"y", b""],
            id="several-at-once",
        ),
        pytest.param(MIXED, [(Kind.NO_CLOSING_DELIMITER, 1, 81)], None, id="bare-lf-before-delimiters-is-payload"),
    ],
)
def test_each_fault_is_named_with_its_place(
    body: bytes, expected: list[tuple[Kind, int, int]], parts: list[bytes] | None
) -> None:
    assert faults(body) == expected
    if parts is not None:
        assert bodies(body) == parts


def test_delimiters_after_bare_line_ends_are_found_when_asked_for() -> None:
    assert bodies(MIXED, bare_line_ends=True) == [b"one", b"two"]
    assert faults(MIXED, bare_line_ends=True) == [(Kind.BARE_LINE_END, 1, 37), (Kind.BARE_LINE_END, 2, 74)]


def test_bare_cr_is_told_from_crlf() -> None:
    assert faults(b"--b\rx")[0] == (Kind.BARE_LINE_END, 0, 0)


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        pytest.param(b"X: " + b"y" * 100_000, Kind.HEADERS_TOO_LONG, id="one-line"),
        pytest.param(b"X: y\r\n" * 20_000, Kind.HEADERS_TOO_LONG, id="many-lines"),
        pytest.param(b"\0" * 40_000, Kind.NO_BLANK_LINE, id="octets"),
    ],
)
def test_a_header_block_without_end_is_left_at_the_limit(block: bytes, kind: Kind) -> None:
    events = list(multipart.read([b"--b\r\n" + block + b"\r\n--b--"], b"b"))

    assert [event.kind for event in events if isinstance(event, Fault)] == [kind, Kind.NO_CONTENT_TYPE]
    assert isinstance(events[-1], PartEnds)
    assert events[-1].complete


@pytest.mark.parametrize(
    ("boundary", "kinds"),
    [
        pytest.param(None, [Kind.BOUNDARY_ABSENT], id="absent"),
        pytest.param("", [Kind.BOUNDARY_ABSENT], id="empty"),
        pytest.param("b" * 70, [], id="longest"),
        pytest.param("b" * 71, [Kind.BOUNDARY_TOO_LONG], id="too-long"),
        pytest.param("a*b", [Kind.BOUNDARY_CHARACTER], id="star"),
        pytest.param("a b", [], id="blank-inside"),
        pytest.param("ab ", [Kind.BOUNDARY_ENDS_IN_BLANK], id="blank-at-the-end"),
        pytest.param("'()+_,-./:=?", [], id="every-sign-allowed"),
    ],
)
def test_the_boundary_itself(boundary: str | None, kinds: list[Kind]) -> None:
    assert [fault.kind for fault in multipart.boundary_faults(boundary)] == kinds


def test_a_boundary_in_payload_again_and_again_is_payload() -> None:
    payloads = [
        b"\r\n--bx" * 5000,
        b"x--b\r\n" * 5000,
        b"\n--b\r\n" * 5000,
        b"\r\n--b-" * 5000,
        b"\r\n--b " + b" " * 5000,
    ]
    body = b"".join(b"--b\r\n\r\n" + payload + b"\r\n" for payload in payloads) + b"--b--\r\n"

    for size in (1, 7, 4096, len(body)):
        chunks = (body[at : at + size] for at in range(0, len(body), size))
        found: list[bytes] = []
        for event in multipart.read(chunks, b"b"):
            if isinstance(event, PartBegins):
                found.append(b"")
            elif isinstance(event, Octets):
                found[-1] += event.octets
        assert found == payloads


def test_many_parts_take_the_time_of_their_octets() -> None:
    body = b"--b\r\n\r\n\r\n" * 100_000 + b"--b--\r\n"
    began = time.process_time()

    ends = sum(isinstance(event, PartEnds) for event in multipart.read([body], b"b"))

    assert ends == 100_000
    assert time.process_time() - began < 20


def test_more_parts_than_are_read_are_no_fault() -> None:
    body = b"--b\r\nContent-Type: a/b\r\n\r\n\r\n" * (limits.PARTS + 1) + b"--b--\r\n"

    with pytest.raises(TooLargeError, match="more than 10,000 parts"):
        multipart.parts_of("multipart/related; boundary=b", body)


def test_more_fields_of_parts_than_are_read_are_no_fault() -> None:
    body = (b"--b\r\n" + b"a:\r\n" * 10_000 + b"\r\n\r\n") * 11 + b"--b--\r\n"

    with pytest.raises(TooLargeError, match="more than 100,000 header fields"):
        multipart.parts_of("multipart/related; boundary=b", body)


def test_a_fault_reads_as_a_sentence() -> None:
    assert str(Fault(Kind.BARE_LINE_END, 5, 1, "A: b")) == (
        "part 1: a line of the envelope does not end in CRLF: 'A: b'"
    )
    assert str(Fault(Kind.NO_DELIMITER)) == "octet 0: no delimiter line of the boundary occurs in the body"


def test_faults_never_quote_payload() -> None:
    body = lines("secret preamble", "--b", T, "", "secret", "--b", "", "\x00secret", "--b--", "secret")

    assert not [event for event in multipart.read([body], b"b") if isinstance(event, Fault) and "secret" in event.line]


# -- parts_of, write


def test_parts_come_with_their_headers() -> None:
    sent = [multipart.part(b"1"), multipart.part(b"2", "text/plain", ("Content-Location", "/x"))]
    boundary, body = multipart.write(sent)

    read = multipart.parts_of(f'multipart/related; type="application/dicom"; boundary={boundary}', body)

    assert read == sent
    assert [each.content_type for each in read] == ["application/dicom", "text/plain"]


def test_a_part_without_content_type_is_read() -> None:
    assert multipart.parts_of("multipart/related; boundary=b", b"--b\r\n\r\nx\r\n--b--")[0].content_type == ""


def test_a_chosen_boundary_stands_in_no_part() -> None:
    first, _ = multipart.write([multipart.part(b"x")])
    # The second attempt is for the part that holds the first choice, which depends on the part: so any part will do.
    boundary, _ = multipart.write([multipart.part(first.encode())])
    assert boundary.encode() not in first.encode()


def test_a_boundary_that_a_part_contains_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    class Digest:
        def __init__(self, octets: bytes) -> None:
            self.octets = octets

        def digest(self) -> bytes:
            return b""

        def hexdigest(self) -> str:
            return f"{self.octets[-1]:032d}"

    monkeypatch.setattr("dicomweb_conformance.http.multipart.hashlib.sha256", Digest)
    boundary, _ = multipart.write([multipart.part(b"dicomweb-" + b"0" * 32)])
    assert boundary == "dicomweb-" + "1".rjust(32, "0")


GOOD = lines("--b", T, "", "x", "--b--")


@pytest.mark.parametrize(
    ("content_type", "body", "words"),
    [
        pytest.param("nothing", GOOD, "no type/subtype", id="no-media-type"),
        pytest.param("text/plain", GOOD, "not multipart", id="single-part-type"),
        pytest.param("multipart/related", GOOD, "no boundary", id="no-boundary"),
        pytest.param("multipart/related; boundary=b c", GOOD, "blank", id="unquoted-blank"),
        pytest.param("multipart/related; boundary=c", GOOD, "no delimiter", id="another-boundary"),
        pytest.param("multipart/related; boundary=b", GOOD[:-4], "closing delimiter", id="cut-off"),
        pytest.param("multipart/related; boundary=b", LF, "CRLF", id="bare-lf"),
        pytest.param(
            "multipart/related; boundary=b", lines("--b", T, "\x00", "--b--"), "blank line", id="no-blank-line"
        ),
    ],
)
def test_parts_of_takes_no_fault_of_the_framing(content_type: str, body: bytes, words: str) -> None:
    with pytest.raises(MultipartError, match=words):
        multipart.parts_of(content_type, body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(lines("preamble", "--b", T, "", "x", "--b-- ", "epilogue"), id="around"),
        pytest.param(lines("--b", T, "Content-Length: 9", "", "x", "--b--"), id="length-lies"),
        pytest.param(lines("--b", "Content-Type: ?", "", "x", "--b--"), id="unreadable-label"),
    ],
)
def test_parts_of_leaves_what_loses_no_octet_to_the_rows(body: bytes) -> None:
    assert [each.body for each in multipart.parts_of("multipart/related; boundary=b", body)] == [b"x"]


def test_an_envelope_without_parts_has_none() -> None:
    assert multipart.parts_of("multipart/related; boundary=b", b"--b--\r\n") == []


# -- memory


def test_a_hundred_megabytes_pass_in_little_memory() -> None:
    chunk = bytes(range(256)) * 256

    def wire() -> Iterator[bytes]:
        yield b"--b\r\nContent-Type: application/octet-stream\r\n\r\n"
        for _ in range(1600):
            yield chunk
        yield b"\r\n--b--\r\n"

    tracemalloc.start()
    try:
        octets = sum(len(event.octets) for event in multipart.read(wire(), b"b") if isinstance(event, Octets))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert octets == 1600 * len(chunk)
    assert peak < 1 << 20


def test_one_big_chunk_is_not_copied_whole() -> None:
    body = b"--b\r\n\r\n" + bytes(20 << 20) + b"\r\n--b--"

    tracemalloc.start()
    try:
        octets = sum(len(event.octets) for event in multipart.read([body, b""], b"b") if isinstance(event, Octets))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert octets == 20 << 20
    assert peak < 4 << 20
