"""Undoing the deflate of a transfer syntax (PS3.5 A.5), within bounds."""

from __future__ import annotations

import zlib

from dicomweb_conformance.http import limits
from dicomweb_conformance.http.unreadable import Form, TooLargeError, UnreadableError


def inflated(octets: bytes | memoryview) -> tuple[bytes, bytes]:
    """Return the data set, as far as this suite reads, and what is behind the stream.

    Raises:
        UnreadableError: it is no deflate, or does not end.
        TooLargeError: it unpacks to more than is read.
    """
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found = stream.decompress(octets, limits.DATA_SET + 1)
    except zlib.error as error:
        raise UnreadableError(Form.DICOM, f"it is no deflate: {error}") from None
    if len(found) > limits.DATA_SET:
        raise TooLargeError(Form.DICOM, f"it unpacks to more than {limits.shown(limits.DATA_SET)}")
    if not stream.eof:
        raise UnreadableError(Form.DICOM, "the deflated octets do not end")
    return found, stream.unused_data
