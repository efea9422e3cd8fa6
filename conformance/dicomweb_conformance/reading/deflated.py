"""Undoing the deflate of a transfer syntax (PS3.5 A.5), within bounds."""

from __future__ import annotations

import zlib

from dicomweb_conformance.reading.unreadable import Form, UnreadableError

LARGEST = 1 << 26
"""Octets beyond which nothing more is unpacked: the corpus has nothing near it."""


def inflated(octets: bytes | memoryview) -> tuple[bytes, bytes]:
    """Return the data set, as far as this suite reads, and what is behind the stream.

    Raises:
        UnreadableError: it is no deflate, or does not end.
    """
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found = stream.decompress(octets, LARGEST)
    except zlib.error as error:
        raise UnreadableError(Form.DICOM, f"it is no deflate: {error}") from None
    if not stream.eof and len(found) < LARGEST:
        raise UnreadableError(Form.DICOM, "the deflated octets do not end")
    return found, stream.unused_data
