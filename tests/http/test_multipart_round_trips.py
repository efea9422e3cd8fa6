"""What is written is read again, however it is cut; and no octets trouble the reader."""

from hypothesis import given, settings
from hypothesis import strategies as st

from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.multipart import Fault, Kind, Octets, PartBegins, PartEnds

BOUNDARY = "b=1"
# Plain octets never hit the grammar: bodies are lists of what it is made of.
TOKENS = st.sampled_from(
    [
        b"--b=1", b"--b=1--", b"--b=", b"b=1", b"--", b"-", b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"x", b"\0",
        b"\xff", b"Content-Type: text/plain", b"Content-Type: application/dicom", b"Content-Length: 3", b"X-Y: z",
    ]
)  # fmt: skip
BODIES = st.lists(TOKENS, max_size=30).map(b"".join)
HEADERS = st.lists(st.sampled_from([("Content-Location", "/x"), ("X-Empty", ""), ("Content-Length", "0")]), max_size=2)
PARTS = st.lists(
    st.builds(lambda body, fields: multipart.part(body, "text/plain", *fields), BODIES, HEADERS), min_size=1, max_size=4
)
CUTS = st.lists(st.integers(1, 40), min_size=1, max_size=20)


def cut(body: bytes, sizes: list[int]) -> list[bytes]:
    chunks, at, turn = [], 0, 0
    while at < len(body):
        size = sizes[turn % len(sizes)]
        chunks.append(body[at : at + size])
        at, turn = at + size, turn + 1
    return chunks


def joined(events: list[multipart.Event]) -> list[object]:
    """Events with the octets of each part in one."""
    found: list[object] = []
    for event in events:
        if isinstance(event, Octets) and found and isinstance(found[-1], Octets):
            found[-1] = Octets(found[-1].octets + event.octets)
        else:
            found.append(event)
    return found


@settings(deadline=None)
@given(PARTS, CUTS)
def test_what_is_written_is_read_however_it_is_cut(parts: list[multipart.Part], sizes: list[int]) -> None:
    boundary, body = multipart.write(parts)

    events = joined(list(multipart.read(cut(body, sizes), boundary.encode())))

    read = [event.headers for event in events if isinstance(event, PartBegins)]
    octets = [event.octets for event in events if isinstance(event, Octets)]
    assert read == [part.headers for part in parts]
    assert octets == [part.body for part in parts if part.body]
    assert not [event for event in events if isinstance(event, Fault) and event.kind is not Kind.LENGTH_DIFFERS]


@settings(deadline=None)
@given(PARTS)
def test_what_is_written_is_what_parts_of_returns(parts: list[multipart.Part]) -> None:
    boundary, body = multipart.write(parts)

    content_type = media_types.multipart_related("text/plain", boundary)

    assert multipart.parts_of(content_type, body) == parts


@settings(max_examples=300, deadline=None)
@given(BODIES, CUTS, st.booleans())
def test_the_cuts_never_matter_and_no_octet_is_lost(body: bytes, sizes: list[int], bare: bool) -> None:
    whole = joined(list(multipart.read([body], BOUNDARY.encode(), bare_line_ends=bare)))

    assert joined(list(multipart.read(cut(body, sizes), BOUNDARY.encode(), bare_line_ends=bare))) == whole

    begun = [event for event in whole if isinstance(event, PartBegins)]
    ended = [event for event in whole if isinstance(event, PartEnds)]
    octets = b"".join(event.octets for event in whole if isinstance(event, Octets))
    assert [event.number for event in begun] == [event.number for event in ended] == list(range(1, len(begun) + 1))
    assert octets == b"".join(
        body[start.body_offset : start.body_offset + end.length] for start, end in zip(begun, ended, strict=True)
    )


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("ab'()+_,-./:=? *;\"\\"), min_size=1, max_size=80))
def test_a_boundary_of_any_characters_comes_back_from_its_media_type(boundary: str) -> None:
    read = media_types.parse(media_types.multipart_related("application/dicom", boundary))

    assert read.parameter("boundary") == boundary
    assert read.of_parts == "application/dicom"
