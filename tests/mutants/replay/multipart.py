"""Replays of multipart/related (PS3.18 8.6.1.2, RFC 2046 5.1, RFC 2387)."""

from __future__ import annotations

from dataclasses import replace

from tests.mutants.replay.edits import Step, both, changed, swapped, typed, unedited
from tests.mutants.replay.message import Message
from tests.mutants.replay.part_edits import (
    Part,
    boundary_of,
    bounded,
    labelled,
    octets,
    of_part,
    part,
    parts,
    parts_of,
    written,
)
from tests.mutants.replay.replays import replay

FILES, FRAMES, XML = "instances", "frames", "metadata in XML"
RELATED = 'multipart/related; type="application/dicom"'
FIRST = "part 1"
DICOM = b"application/dicom"


def lines(old: bytes, new: bytes) -> Step:
    """Put something else in the place of the first such octets; `{}` stands for the boundary."""

    def edit(message: Message) -> Message:
        return swapped(old.replace(b"{}", boundary_of(message)), new.replace(b"{}", boundary_of(message)))(message)

    return edit


def unclosed(message: Message) -> Message:
    """Leave out the closing delimiter."""
    return message.with_body(message.body.removesuffix(b"--%b--\r\n" % boundary_of(message)))


def without_length(found: Part) -> Part:
    """Take out Content-Length, where octets are to be what tells."""
    return found.with_field(b"Content-Length")


def delimiter_inside(message: Message) -> Message:
    """Let the octets of the first part hold what ends it."""
    only, *others = parts_of(message)
    inside = b"\r\n--%b\r\n" % boundary_of(message)
    held = only.octets[:-40] + inside + only.octets[-40:]
    return written(
        message, [replace(only, octets=held).with_field(b"Content-Length", str(len(held)).encode()), *others]
    )


def spread(found: list[Part]) -> list[Part]:
    """Spread the first file over two parts."""
    only = without_length(found[0])
    half = len(only.octets) // 2
    return [replace(only, octets=only.octets[:half]), replace(only, octets=only.octets[half:]), *found[1:]]


def joined(found: list[Part]) -> list[Part]:
    """Put two files into one part."""
    return [replace(without_length(found[0]), octets=found[0].octets + found[1].octets), *found[2:]]


BULK = Part((b"Content-Type: application/octet-stream", b"Content-Location: /dicom-web/bulk/7"), b"octets")
METADATA = Part(
    (b"Content-Type: application/dicom+json",), b'[{"00420011": {"vr": "OB", "BulkDataURI": "/dicom-web/bulk/7"}}]'
)
MIXED = both(typed("{}"), labelled('multipart/related; type="application/dicom+json"; boundary={boundary}'))

ENVELOPE = (
    replay("MULTIPART-001 multipart-related", FILES, unedited),
    replay(
        "MULTIPART-001 another-multipart-subtype",
        FILES,
        labelled("multipart/mixed; boundary={boundary}"),
        at="Content-Type",
    ),
    replay(
        "MULTIPART-001 single-part-type-on-multipart-envelope",
        FILES,
        typed("application/dicom"),
        "RETRIEVE-008 no-preamble-or-no-dicm",
        at="Content-Type",
    ),
    replay("MULTIPART-001 multipart-type-on-body-no-envelope", FRAMES, changed(lambda _: b"octets"), at="Content-Type"),
    replay(
        "MULTIPART-002 present-quoted-or-unquoted",
        FILES,
        labelled("multipart/related; type=application/dicom; boundary={boundary}"),
    ),
    replay(
        "MULTIPART-002 parameters-inside-the-quotes",
        FILES,
        labelled(
            'multipart/related; type="application/dicom; transfer-syntax=1.2.840.10008.1.2.1"; boundary={boundary}'
        ),
        "MULTIPART-014 equal-with-different-parameters",
        at="Content-Type",
    ),
    replay(
        "MULTIPART-002 absent-or-empty", FILES, labelled("multipart/related; boundary={boundary}"), at="Content-Type"
    ),
    replay("MULTIPART-003 present-and-non-empty", FILES, unedited),
    replay("MULTIPART-003 absent-or-empty", FILES, typed(RELATED), at="Content-Type"),
    replay("MULTIPART-004 boundary-of-1-to-70-characters", FILES, bounded("b")),
    replay("MULTIPART-004 character-outside-the-set", FILES, bounded("a*b"), at="Content-Type, boundary"),
    replay("MULTIPART-004 longer-than-70-characters", FILES, bounded("b" * 71), at="Content-Type, boundary"),
    replay("MULTIPART-004 ends-in-a-blank", FILES, bounded("b ", '"b "'), at="Content-Type, boundary"),
    replay("MULTIPART-005 quoted", FILES, bounded("b", '"b"')),
    replay("MULTIPART-005 unquoted-and-a-token", FILES, bounded("b")),
    replay("MULTIPART-005 unquoted-with-special-character", FILES, bounded("a:b"), at="Content-Type, boundary"),
    replay("MULTIPART-005 unquoted-and-cut-short", FILES, bounded("a b"), at="Content-Type, boundary"),
    replay("MULTIPART-006 delimiter-at-start-of-each-part", FILES, unedited),
    replay(
        "MULTIPART-006 blanks-between-boundary-and-line-end", FILES, lines(b"--{}\r\n", b"--{}  \r\n"), at="octet N"
    ),
    replay("MULTIPART-006 boundary-not-in-the-body", FILES, labelled(f"{RELATED}; boundary=other"), at="first line"),
    replay("MULTIPART-006 single-quotes-missing-or-added", FILES, bounded("b", "\"'b'\""), at="first line"),
    replay(
        "MULTIPART-006 one-hyphen-or-none",
        FILES,
        lambda message: swapped(b"--" + boundary_of(message), b"-" + boundary_of(message), times=-1)(message),
        at="first line",
    ),
    replay("MULTIPART-008 crlf", FILES, unedited),
    replay("MULTIPART-008 bare-lf-or-bare-cr", FRAMES, swapped(b"\r\n", b"\n", times=-1), at="octet N"),
    replay("MULTIPART-009 closing-delimiter", FILES, unedited),
    replay("MULTIPART-009 no-closing-delimiter", FILES, unclosed, at="part 2"),
    replay("MULTIPART-010 nothing", FILES, unedited),
    replay(
        "MULTIPART-010 a-preamble-or-epilogue-with-other-octets",
        FILES,
        changed(lambda body: b"A message in parts.\r\n" + body),
        at="octet N",
    ),
    replay("MULTIPART-020 an-empty-crlf-line", FILES, unedited),
    replay("MULTIPART-020 none-so-that-body-octets-read-as-headers", FRAMES, swapped(b"\r\n\r\n", b"\r\n"), at=FIRST),
)

PARTS = (
    replay("MULTIPART-007 part-ends-with-last-octet-of-object", FILES, unedited),
    replay("MULTIPART-007 an-extra-crlf-or-lf-at-its-end", FILES, octets(lambda file: file + b"\r\n"), at=FIRST),
    replay(
        "MULTIPART-007 the-last-octets-missing",
        FILES,
        part(lambda found: replace(found, octets=found.octets[:-2])),
        at=FIRST,
    ),
    replay("MULTIPART-011 no-part-is-cut-by-a-delimiter-inside-it", FILES, unedited),
    replay(
        "MULTIPART-011 a-delimiter-line-inside-a-part",
        FILES,
        delimiter_inside,
        "MULTIPART-018 absent",
        "MULTIPART-020 none-so-that-body-octets-read-as-headers",
        at=FIRST,
    ),
    replay("MULTIPART-012 one-content-type-with-type-subtype", FILES, unedited),
    replay("MULTIPART-012 no-content-type", FILES, of_part("Content-Type"), at=FIRST),
    replay("MULTIPART-012 a-value-that-does-not-parse", FILES, of_part("Content-Type", "dicom"), at=FIRST),
    replay(
        "MULTIPART-012 two-different-content-type-values",
        FILES,
        of_part("Content-Type", "application/dicom", "application/octet-stream"),
        at=FIRST,
    ),
    replay("MULTIPART-013 a-single-part-type", FILES, unedited),
    replay(
        "MULTIPART-013 a-multipart-type",
        FILES,
        parts(lambda found: [*found, Part((b"Content-Type: multipart/mixed; boundary=inner",), b"--inner--")]),
        "MULTIPART-018 absent",
        at="part 3",
    ),
    replay("MULTIPART-014 equal", FILES, unedited),
    replay(
        "MULTIPART-014 equal-with-different-parameters",
        FILES,
        labelled(
            'multipart/related; type="application/dicom; transfer-syntax=1.2.840.10008.1.2.1"; boundary={boundary}'
        ),
        "MULTIPART-002 parameters-inside-the-quotes",
        at=FIRST,
    ),
    replay(
        "MULTIPART-014 different",
        FILES,
        labelled('multipart/related; type="application/octet-stream"; boundary={boundary}'),
        at=FIRST,
    ),
    replay("MULTIPART-016 names-the-resource-in-the-part", FILES, unedited),
    replay("MULTIPART-016 absent", FILES, of_part("Content-Location"), at=FIRST),
    replay(
        "MULTIPART-016 names-another-instance-than-held",
        FILES,
        of_part("Content-Location", "/dicom-web/studies/1.2/series/1.3/instances/1.4"),
        at=FIRST,
    ),
    replay("MULTIPART-018 equals-the-octets-of-the-part", FILES, unedited),
    replay("MULTIPART-018 absent", FILES, of_part("Content-Length"), at=FIRST),
    replay("MULTIPART-018 differs-from-the-octets-of-the-part", FRAMES, of_part("Content-Length", "7"), at=FIRST),
    replay("MULTIPART-018 no-number", FRAMES, of_part("Content-Length", "all"), at=FIRST),
    replay("MULTIPART-021 no-mixture-met", FILES, unedited),
    replay(
        "MULTIPART-021 metadata-before-their-bulk-data",
        XML,
        both(MIXED, parts(lambda _: [METADATA, BULK])),
        "MULTIPART-018 absent",
    ),
    replay(
        "MULTIPART-021 bulk-data-before-their-metadata",
        XML,
        both(MIXED, parts(lambda _: [BULK, METADATA])),
        "MULTIPART-014 different",
        "MULTIPART-018 absent",
        at=FIRST,
    ),
    replay("MULTIPART-023 one-part-10-file-in-each-part", FILES, unedited),
    replay("MULTIPART-023 two-files-in-one-part", FILES, parts(joined), "MULTIPART-018 absent", at=FIRST),
    replay(
        "MULTIPART-023 one-file-spread-over-parts",
        FILES,
        parts(spread),
        "MULTIPART-018 absent",
        "RETRIEVE-008 does-not-parse-in-its-syntax",
        "RETRIEVE-008 no-preamble-or-no-dicm",
        at=FIRST,
    ),
    replay("MULTIPART-026 absent", FILES, unedited),
    replay("MULTIPART-026 binary", FRAMES, of_part("Content-Transfer-Encoding", "binary")),
    replay("MULTIPART-026 8bit-or-7bit-on-ascii-text", FRAMES, of_part("Content-Transfer-Encoding", "8bit"), at=FIRST),
    replay(
        "MULTIPART-026 base64-or-quoted-printable", FRAMES, of_part("Content-Transfer-Encoding", "base64"), at=FIRST
    ),
    replay("MULTIPART-026 7bit-on-other-octets", FRAMES, of_part("Content-Transfer-Encoding", "7bit"), at=FIRST),
)

REPLAYS = (*ENVELOPE, *PARTS)
