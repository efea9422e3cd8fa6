"""Replays of what HTTP itself carries: framing, statuses, labels (PS3.18 8, RFC 9110, RFC 9112)."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace

from tests.mutants.replay.edits import (
    Step,
    asking,
    body,
    both,
    changed,
    field,
    first,
    having,
    sent,
    status,
    swapped,
    typed,
    unedited,
    wire,
)
from tests.mutants.replay.message import Message
from tests.mutants.replay.replays import replay

METADATA, SEARCH, STORED, EMPTY = "metadata", "search", "stored", "empty search"
NOT_FOUND, FRAMES, TEXT, INSTANCE = "no metadata", "frames", "text", "instance"
ELSEWHERE = "http://archive.example/studies"


def silence(octets: bytes) -> Step:
    """Send these octets, and no more, on a connection that stays open."""
    return both(wire(lambda _: octets), having(then="falls silent"))


def hung_up(octets: bytes) -> Step:
    """Send these octets and close the connection."""
    return both(wire(lambda _: octets), having(then="closes"))


def cut(message: Message) -> Message:
    """Close the connection before the last octet."""
    return replace(message, wire=lambda octets: octets[:-1], then="closes")


def redirected(location: str | None, line: str = "307 Temporary Redirect") -> Step:
    """Answer with a redirect."""
    return both(status(line), field("Content-Type"), body(b""), field("Location", *([location] if location else [])))


def onward(message: Message) -> Message:
    """Redirect to the same path with one letter more each time."""
    url = f"{message.asked.url}x"
    return redirected(url)(replace(message, asked=replace(message.asked, url=url)))


def around(count: int) -> object:
    """Redirect so many times, each time somewhere else."""

    def edit(message: Message) -> tuple[Message, ...]:
        steps = [message]
        for _ in range(count):
            steps.append(onward(steps[-1]))
        return tuple(replace(step, asked=message.asked) for step in steps[1:])

    return edit


def packed(coding: str, pack: object) -> Step:
    """Send the body in a coding."""
    return both(field("Content-Encoding", coding), changed(pack))  # type: ignore[arg-type]  # of octets, octets


def raw(octets: bytes) -> bytes:
    """Deflate without the zlib header."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(octets) + packer.flush()


def chunked(message: Message) -> Message:
    """Send the body in one chunk."""
    return replace(message, framing="chunked")


def closing(message: Message) -> Message:
    """End the body by closing the connection."""
    return replace(message, framing="close", then="closes")


FRAMING = (
    replay("HTTP-001 status-line-http-1-1", METADATA, unedited),
    replay("HTTP-001 http-1-0-status-line", METADATA, sent(b"HTTP/1.1", b"HTTP/1.0"), at="status line"),
    replay(
        "HTTP-001 505-to-an-http-1-1-request", NOT_FOUND, status("505 HTTP Version Not Supported"), at="status line"
    ),
    replay("HTTP-001 another-version-http-2", METADATA, sent(b"HTTP/1.1", b"HTTP/2"), at="status line"),
    replay(
        "HTTP-001 no-status-line-or-one-does-not-parse", STORED, sent(b"HTTP/1.1 200 OK", b"200 OK"), at="status line"
    ),
    replay("HTTP-002 complete-status-line-and-header-section", METADATA, unedited),
    replay("HTTP-002 broke-off-once-the-repeat-is-answered", METADATA, first(hung_up(b""), unedited)),
    replay("HTTP-002 no-answer-in-time-twice", METADATA, silence(b"")),
    replay("HTTP-002 closed-without-status-line-twice", METADATA, hung_up(b"")),
    replay("HTTP-002 header-section-cut-off-twice", METADATA, hung_up(b"HTTP/1.1 200 OK\r\nDate"), at=""),
    replay(
        "HTTP-002 head-lines-end-in-lf",
        METADATA,
        wire(lambda octets: octets.replace(b"\r\n", b"\n")),
        at="header section",
    ),
    replay(
        "HTTP-002 a-header-line-whose-name-is-no-token", METADATA, field("Modified on", "Monday"), at="header section"
    ),
    replay("HTTP-002 a-header-line-without-a-colon", METADATA, sent(b"\r\n", b"\r\nWelcome\r\n"), at="header section"),
    replay("HTTP-003 100-to-599-and-in-the-iana-registry", METADATA, unedited),
    replay("HTTP-003 200-to-599-and-not-in-the-registry", METADATA, status("299 Fine"), at="status line"),
    replay("HTTP-003 below-100-or-above-599", NOT_FOUND, status("699 No"), at="status line"),
    replay("HTTP-003 not-three-digits", METADATA, sent(b"HTTP/1.1 200 OK", b"HTTP/1.1  200 OK"), at="status line"),
    replay("HTTP-003 not-three-digits", NOT_FOUND, status("4040 Not Found"), at="status line"),
    replay("HTTP-005 no-body-and-no-content-type", EMPTY, unedited),
    replay("HTTP-005 content-length-0-without-body", EMPTY, field("Content-Length", "0")),
    replay("HTTP-005 content-type-on-204-304-or-empty-body", EMPTY, typed("text/plain"), at="Content-Type"),
    replay("HTTP-005 body-octets-after-a-204-304-or-1xx", EMPTY, wire(lambda octets: octets + b"[]"), at="body"),
    replay("HTTP-005 content-length-above-0-on-a-204-or-1xx", EMPTY, field("Content-Length", "2"), at="Content-Length"),
    replay("HTTP-006 one-of-length-and-coding", METADATA, unedited),
    replay("HTTP-006 no-length-or-0-without-body", EMPTY, unedited),
    replay(
        "HTTP-006 several-equal-content-length-values",
        METADATA,
        lambda message: field("Content-Length", str(len(message.body)))(message),
        at="header fields",
    ),
    replay("HTTP-006 body-ended-by-close", METADATA, closing, at="header fields"),
    replay(
        "HTTP-006 both-length-and-transfer-encoding",
        METADATA,
        both(chunked, field("Content-Length", "2000")),
        at="header fields",
    ),
    replay(
        "HTTP-006 different-content-length-values",
        METADATA,
        lambda message: replace(
            message,
            fields=(*message.fields, ("Content-Length", str(len(message.body)))),
            framing="none",
            wire=lambda octets: octets.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n", 1),
        ),
        at="header fields",
    ),
    replay(
        "HTTP-006 a-content-length-that-is-no-number",
        METADATA,
        both(field("Content-Length", "all"), having(framing="none", then="closes")),
        at="header fields",
    ),
    replay(
        "HTTP-006 transfer-encoding-on-a-204-or-on-http-2",
        EMPTY,
        field("Transfer-Encoding", "chunked"),
        at="header fields",
    ),
    replay(
        "HTTP-006 no-framing-and-stays-open", METADATA, having(framing="close", then="falls silent"), at="header fields"
    ),
    replay(
        "HTTP-001 status-line-http-1-1",
        SEARCH,
        both(having(framing="close", then="falls silent"), changed(lambda octets: octets[:-2])),
    ),
    replay("HTTP-007 octets-received-equal-content-length", METADATA, unedited),
    replay("HTTP-007 chunked-body-with-its-last-chunk", METADATA, chunked),
    replay("HTTP-007 fewer-or-more-octets-than-content-length", METADATA, cut, at="body"),
    replay("HTTP-007 fewer-or-more-octets-than-content-length", SEARCH, wire(lambda octets: octets + b"\n"), at="body"),
    replay(
        "HTTP-007 chunked-body-without-its-last-chunk",
        METADATA,
        both(
            chunked, lambda message: replace(message, wire=lambda octets: octets[: -len(b"0\r\n\r\n")], then="closes")
        ),
        at="body",
    ),
    replay("HTTP-008 not-coded-and-of-its-type", METADATA, unedited),
    replay("HTTP-008 the-decoded-body-is-of-the-type-named", METADATA, packed("gzip", gzip.compress)),
    replay("HTTP-008 raw-deflate", METADATA, packed("deflate", raw), at="Content-Encoding"),
    replay(
        "HTTP-008 body-does-not-decode-by-content-encoding",
        METADATA,
        packed("gzip", lambda octets: gzip.compress(octets)[:-9]),
        at="Content-Encoding",
    ),
    replay(
        "HTTP-008 body-does-not-decode-by-content-encoding",
        SEARCH,
        field("Content-Encoding", "gzip"),
        at="Content-Encoding",
    ),
    replay(
        "HTTP-008 gzip-not-declared",
        INSTANCE,
        changed(gzip.compress),
        "RETRIEVE-008 no-preamble-or-no-dicm",
        at="Content-Encoding",
    ),
)

LABELS = (
    replay("HTTP-004 one-well-formed-content-type", METADATA, unedited),
    replay(
        "HTTP-004 the-same-content-type-twice",
        METADATA,
        field("Content-Type", "application/dicom+json", "application/dicom+json"),
        at="Content-Type",
    ),
    replay("HTTP-004 parameter-does-not-parse", METADATA, typed("{}; charset=utf 8"), at="Content-Type"),
    replay("HTTP-004 no-content-type-on-a-non-empty-body", METADATA, field("Content-Type"), at="Content-Type"),
    replay(
        "HTTP-004 two-different-content-type-values",
        METADATA,
        field("Content-Type", "application/dicom+json", "application/json"),
        at="Content-Type",
    ),
    replay("HTTP-004 a-value-without-type-subtype", METADATA, typed("json"), at="Content-Type"),
    replay("HTTP-010 path-ends-in-the-resource-asked-for", METADATA, unedited),
    replay(
        "HTTP-010 another-path-to-the-resource",
        METADATA,
        lambda message: field("Content-Location", message.asked.url.removesuffix("/metadata"))(message),
    ),
    replay("HTTP-010 absent", METADATA, field("Content-Location"), at="Content-Location"),
    replay(
        "HTTP-010 value-does-not-parse-as-uri-reference",
        METADATA,
        field("Content-Location", "http://[studies"),
        at="Content-Location",
    ),
    replay(
        "HTTP-010 names-another-resource",
        METADATA,
        field("Content-Location", "/dicom-web/studies/1.2/metadata"),
        at="Content-Location",
    ),
    replay("NEGOTIATION-028 no-parameter", INSTANCE, typed("application/dicom")),
    replay(
        "NEGOTIATION-028 one-parameter-equal-to-0002-0010",
        INSTANCE,
        typed("application/dicom; transfer-syntax=1.2.840.10008.1.2.1"),
    ),
    replay(
        "NEGOTIATION-028 differs-from-0002-0010",
        INSTANCE,
        typed("application/dicom; transfer-syntax=1.2.840.10008.1.2"),
        at="Content-Type",
    ),
    replay("NEGOTIATION-028 star", INSTANCE, typed("application/dicom; transfer-syntax=*"), at="Content-Type"),
    replay(
        "NEGOTIATION-028 given-twice",
        INSTANCE,
        typed("application/dicom; transfer-syntax=1.2.840.10008.1.2.1; transfer-syntax=1.2.840.10008.1.2.1"),
        at="Content-Type",
    ),
    replay(
        "NEGOTIATION-028 on-a-multipart-of-several-syntaxes",
        "instances",
        both(
            typed("{}; transfer-syntax=1.2.840.10008.1.2.1"),
            swapped(b"UI\x14\x001.2.840.10008.1.2.1\0", b"UI\x14\x001.2.840.10008.1.2.5\0"),
        ),
        "RETRIEVE-008c encapsulated-with-defined-length",
        at="Content-Type",
    ),
    replay("NEGOTIATION-051 at-most-one", METADATA, unedited),
    replay("NEGOTIATION-051 the-same-twice", METADATA, typed("{}; charset=utf-8; charset=UTF-8"), at="Content-Type"),
    replay(
        "NEGOTIATION-051 different-charsets", METADATA, typed("{}; charset=utf-8; charset=us-ascii"), at="Content-Type"
    ),
    replay("NEGOTIATION-048 declared-charset-decodes-the-octets", TEXT, typed("text/plain; charset=utf-8")),
    replay("NEGOTIATION-048 undeclared-utf-8", TEXT, typed("text/plain"), at="Content-Type"),
    replay(
        "NEGOTIATION-048 undeclared-and-not-utf-8",
        TEXT,
        both(typed("text/plain"), body("Übelkeit".encode("latin-1"))),
        at="Content-Type",
    ),
    replay(
        "NEGOTIATION-048 octets-do-not-decode-in-declared-charset",
        TEXT,
        both(typed("text/plain; charset=utf-8"), body("Übelkeit".encode("latin-1"))),
        at="Content-Type",
    ),
)

STATUSES = (
    replay(
        "HTTP-012 206-only-where-the-request-had-range",
        FRAMES,
        both(asking(("Range", "bytes=0-")), status("206 Partial Content")),
    ),
    replay("HTTP-012 206-without-range-on-retrieve", FRAMES, status("206 Partial Content")),
    replay("HTTP-012 206-without-range-elsewhere", SEARCH, status("206 Partial Content"), at="status line"),
    replay(
        "HTTP-015 401-with-challenge",
        NOT_FOUND,
        both(status("401 Unauthorized"), field("WWW-Authenticate", 'Basic realm="archive"')),
    ),
    replay(
        "HTTP-014b 405-with-allow",
        NOT_FOUND,
        both(status("405 Method Not Allowed"), field("Allow", "GET")),
        at="Allow",
    ),
    replay("HTTP-014b 405-without-allow", NOT_FOUND, status("405 Method Not Allowed"), at="Allow"),
    replay("HTTP-015 401-without-www-authenticate", NOT_FOUND, status("401 Unauthorized"), at="WWW-Authenticate"),
    replay("HTTP-018 names-a-supported-type", "unsupported", unedited),
    replay(
        "HTTP-018 empty-body", "unsupported", both(body(b""), field("Content-Type")), "ERROR-001 empty-body", at="body"
    ),
    replay("HTTP-018 body-without-a-media-type", "unsupported", body(b"no"), at="body"),
    replay("HTTP-019 names-a-supported-type", "frames unacceptable", unedited),
    replay(
        "HTTP-019 empty-body",
        "frames unacceptable",
        both(body(b""), field("Content-Type")),
        "ERROR-001 empty-body",
        at="body",
    ),
    replay("HTTP-019 body-without-a-media-type", "frames unacceptable", body(b"no"), at="body"),
    replay("HTTP-020 no-redirect", METADATA, unedited),
    replay(
        "HTTP-020 301-302-303-307-or-308-leads-to-answer", METADATA, first(redirected("/dicom-web/elsewhere"), unedited)
    ),
    replay("HTTP-020 300-or-another-3xx", METADATA, redirected(None, "300 Multiple Choices"), at="status line"),
    replay("HTTP-020 a-redirect-to-another-host", METADATA, redirected(ELSEWHERE), at="Location"),
    replay("HTTP-020b location-leads-to-an-answer", METADATA, first(redirected("/dicom-web/elsewhere"), unedited)),
    replay(
        "HTTP-020b store-redirected-with-301-302-303",
        STORED,
        redirected("/dicom-web/studies/1.2", "303 See Other"),
        at="Location",
    ),
    replay("HTTP-020b 301-302-303-307-or-308-without-location", METADATA, redirected(None), at="Location"),
    replay(
        "HTTP-020b a-loop-or-more-than-ten-hops",
        METADATA,
        lambda message: redirected(message.asked.url)(message),
        at="Location",
    ),
    replay("HTTP-020b a-loop-or-more-than-ten-hops", SEARCH, around(12), at="Location"),
    replay(
        "HTTP-020b location-of-another-scheme", METADATA, redirected("ftp://archive.example/studies"), at="Location"
    ),
    replay("HTTP-020b a-url-that-cannot-be-followed", METADATA, redirected("http://[archive"), at="Location"),
    replay(
        "HTTP-020b https-to-http",
        METADATA,
        both(
            lambda message: asking(url=message.asked.url.replace("http:", "https:"))(message),
            redirected("http://127.0.0.1/studies"),
        ),
        at="Location",
    ),
    replay("HTTP-021 no-413", STORED, unedited),
    replay(
        "HTTP-021 413-to-a-request-of-50-mb-or-more",
        "unsupported",
        both(status("413 Content Too Large"), asking(size=60_000_000)),
    ),
    replay("HTTP-021 413-to-a-smaller-request", "unsupported", status("413 Content Too Large"), at="status line"),
    replay("HTTP-024 none-met", METADATA, unedited),
    replay("HTTP-024 gone-after-a-retry", METADATA, first(status("503 Service Unavailable"), unedited)),
    replay("HTTP-024 still-there-after-three-retries", NOT_FOUND, status("503 Service Unavailable"), at="status line"),
    replay(
        "HTTP-024 a-retry-after-that-does-not-parse",
        NOT_FOUND,
        both(status("503 Service Unavailable"), field("Retry-After", "soon")),
        "HTTP-024 still-there-after-three-retries",
        at="Retry-After",
    ),
)

ERRORS = (
    replay("ERROR-001 non-empty-body", NOT_FOUND, unedited),
    replay("ERROR-001 empty-body", NOT_FOUND, both(body(b""), field("Content-Type")), at="body"),
    replay("ERROR-002 body-parses-as-its-content-type", "no operation", unedited),
    replay("ERROR-002 body-parses-as-its-content-type", NOT_FOUND, both(typed("application/xml"), body(b"<error/>"))),
    replay("ERROR-002 text-plain-or-text-html-with-any-text", NOT_FOUND, unedited),
    replay(
        "ERROR-002 octets-do-not-decode-in-declared-charset",
        NOT_FOUND,
        both(typed("text/plain; charset=utf-8"), body(b"\xdcber")),
        at="body",
    ),
    replay(
        "ERROR-002 body-does-not-parse-as-its-type", NOT_FOUND, both(typed("application/json"), body(b"{")), at="body"
    ),
    replay(
        "ERROR-002 body-does-not-parse-as-its-type",
        "nothing to delete",
        both(typed("application/xml"), body(b"<error>")),
        at="line 1, column N",
    ),
    replay(
        "ERROR-002 no-dicom-json-dataset",
        NOT_FOUND,
        both(typed("application/dicom+json"), body(b'{"message": "no"}')),
        at="body",
    ),
    replay("ERROR-010 no-500", NOT_FOUND, unedited),
    replay("ERROR-010 500", NOT_FOUND, status("500 Internal Server Error"), at="status line"),
    replay("ERROR-010 5xx-other-than-501-to-505", NOT_FOUND, status("507 Insufficient Storage"), at="status line"),
)

REPLAYS = (*FRAMING, *LABELS, *STATUSES, *ERRORS)
