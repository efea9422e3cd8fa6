"""Part 10 files as octets: what of one came back, where reading it would say no more than that it breaks off."""

from __future__ import annotations

from dicomweb_conformance.http import multipart
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_fixtures.entities import Instance

LINE_BREAKS = b"\r\n"
"""Octets that a reader of multipart messages takes off the end of a part if it takes more than its delimiter's."""


def data_set_of(file: bytes) -> tuple[bytes, bytes]:
    """Return Transfer Syntax UID and data set of a file as octets; nothing of one that is not as PS3.10 has it."""
    if file[128:140] != b"DICM\x02\0\0\0UL\x04\0":
        return b"", b""
    start = 144 + int.from_bytes(file[140:144], "little")
    at = file.find(b"\x02\0\x10\0UI", 144, start)
    syntax = file[at + 8 : at + 8 + int.from_bytes(file[at + 6 : at + 8], "little")] if at > 0 else b""
    return syntax, file[start:]


def cut_off(sent: Instance, came: bytes) -> bytes:
    """Return what a file that came back lacks at its end, where all before it is as it was sent; else nothing."""
    (syntax, whole), (its_syntax, part) = data_set_of(sent.part10), data_set_of(came)
    same = bool(part) and syntax == its_syntax and whole.startswith(part)
    return whole[len(part) :] if same else b""


def cut_off_the_only_part(sent: Instance, response: Response) -> bytes:
    """Return what the only part of a response lacks of an instance at its end."""
    try:
        parts = multipart.parts_of(response.content_type, response.body)
    except UnreadableError:
        return b""
    return cut_off(sent, parts[0].body) if len(parts) == 1 else b""
