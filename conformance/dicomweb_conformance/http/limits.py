"""How much of a response is read, and how much of it is kept: one table, each limit with its reason.

The standard sets none of them: they are this suite's own. A response that passes one is no fault of its server. Reading
stops there, the exchange says "larger than this suite reads", and what needed the response is inconclusive.

What bounds them from below is what honest servers send. About the suite's own studies that is 80 kB at most, 200 kB for
the three hundred instances of the tier "large". A server that does not know a search key returns all that it has, and
twenty thousand rows of a search are 30 MB. What bounds them from above is the memory of the machine that judges, which
is to do with 400 MB whatever comes, 160 MB of them Python with its libraries.
"""

from __future__ import annotations

MIB = 1 << 20
LARGER = "response larger than this suite reads"
"""How the error of an exchange begins that passed a limit."""

# One response on the wire

HEAD = MIB
"""Octets of a status line and header fields, with those of 1xx responses and trailers. Common servers and clients end
at 8 to 64 KiB of a head, RFC 9110 nowhere; a megabyte is beyond what any of them would let by."""
HEADER_FIELDS = 10_000
"""Header and trailer fields of one response. Common clients take 100 to 1,000."""
INTERIM = 1_000
"""1xx responses before the final one. A server that says 102 each second of the longest time-out stays below."""
BODY = 32 * MIB
"""Octets of a body, as received and once its Content-Encoding is undone: twenty thousand rows of a search."""
GZIP_MEMBERS = 100_000
"""Members of a gzip body (RFC 1952 2.2). Who ends one with each row of a search stays below."""
CODINGS = 4
"""Codings of one body, one within the other (RFC 9110 8.4). Nobody needs more than one."""
OF_A_CHECK = 64 * MIB
"""Octets of all bodies in one check, which may hold all of them at once: two full ones, or hundreds of usual ones."""

# What a body holds

PARTS = 10_000
"""Parts of a multipart body: the series of a whole-body scan has 5,000 instances."""
PART_HEAD = 64 << 10
"""Octets of the header section of a part, after which it is taken for payload; PS3.18 knows four fields of a part."""
PART_FIELDS = 10 * PARTS
"""Header fields of all parts together."""
JSON_VALUES = 48 * MIB
"""Octets that the values of a JSON document take once they are Python's, as its signs let one expect: 15 times those
of the document where it is DICOM JSON, 80 times where it is nothing but `{}`. Metadata of the suite's own take 1 MB."""
JSON_TEXT = 64 * MIB
"""Octets of a JSON document as a text, in which one character of four octets makes all take four."""
XML_TEXT = 16 * MIB
"""Characters of an XML document; libxml2 ends at 10 MB of a single text, and at 256 elements in one another."""
XML_ELEMENTS = 150_000
"""Signs that begin a tag, of which each takes 200 octets once it is read: a document about the suite's own data has
2,000, one of an enhanced multi-frame image of 5,000 frames 500,000, which the suite has not."""
XML_ATTRIBUTES = 2 * XML_ELEMENTS
"""Equals signs, likewise."""
DATA_SET = 32 * MIB
"""Octets to which a deflated data set may unpack: as many as any other body has."""
ELEMENTS = 30_000
"""Elements of a data set, nested ones too, of which each takes 8 octets before it is read, and 500 and a tenth of a
millisecond once it is: an instance of the suite has 500, an enhanced multi-frame image of 500 frames 25,000."""
ODD_STRINGS = 1_000
"""Strings of a JSON document that are told to hold what no string should; the first 20 are reported."""
VALUES = 200_000
"""Values of one element: a look-up table has 65,536."""
SAMPLES = 32 * MIB
"""Octets of decoded pixels. The largest image of the corpus has 12,288 pixels; the streamed one is not decoded."""
CODESTREAM = MIB
"""Octets of one compressed frame. RLE, which no header bounds, makes at most 64 times as many of them."""
PIXELS = 2_000_000
"""Pixels of a picture, of all its frames together; each takes 24 octets once it is decoded, and as many to be compared.
The largest image of the corpus has 12,288; a server that enlarges it to 1,024 x 1,024 makes a million."""
FRAMES = 500
"""Frames of an animated picture."""

# What the run record keeps

BODY_RECORDED = MIB
"""Octets of a body that are kept: all of every honest one about the suite's own data."""
BODIES_RECORDED = 128 * MIB
"""Octets of the bodies that a process keeps, after which it keeps `BODY_RECORDED_LATER` of each: a run has 13 MB."""
BODY_RECORDED_LATER = 16 << 10
"""What reports show of a body, and clients of its beginning."""
HEAD_RECORDED = 16 << 10
"""Octets of a header section that are kept, about: four times what a server behind two proxies sends."""
HEADS_RECORDED = 4 * MIB
"""Octets of header sections beyond `HEAD_RECORDED_LATER` that a process keeps; then it keeps that much of each."""
HEAD_RECORDED_LATER = 1 << 10
"""So that 4,000 exchanges stay below 10 MB, whatever each of them brings."""
FIELD_RECORDED = 2 << 10
"""Characters of a header field that are kept: no more of it is shown anywhere."""
TEXT_RECORDED = 4_000
"""Characters of any other text: as much as a report shows of one."""
ITEMS_RECORDED = 1_000
"""Items of a list, such as the exchanges of a check."""
EVENT_RECORDED = 48 << 10
"""Characters of one event. One that has more is cut to `BRIEF_TEXT` and `BRIEF_ITEMS`."""
BRIEF_TEXT = 300
BRIEF_ITEMS = 25
FINDINGS_ALIKE = 50
"""Findings of one requirement and observation that a check keeps, such as one for each attribute that is missing."""


def shown(octets: int) -> str:
    """Return a number of octets as people write it."""
    return f"{octets >> 20:,} MiB" if octets >= MIB and not octets % MIB else f"{octets:,} octets"
