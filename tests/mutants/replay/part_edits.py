"""Edits of multipart/related: its parts, their fields, the lines between them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from dicomweb_conformance.http import media_types
from tests.mutants.replay.edits import Step
from tests.mutants.replay.message import Message


@dataclass(frozen=True)
class Part:
    """A part: its header lines and its octets."""

    lines: tuple[bytes, ...]
    octets: bytes

    def with_field(self, name: bytes, *values: bytes) -> Part:
        """Return it with just these fields of a name, at the end of its head."""
        kept = [line for line in self.lines if not line.lower().startswith(name.lower() + b":")]
        return replace(self, lines=(*kept, *(b"%b: %b" % (name, value) for value in values)))


def parts_of(message: Message) -> list[Part]:
    """Return the parts of a message."""
    found = []
    for each in message.body.split(b"--" + boundary_of(message))[1:-1]:
        head, _, octets = each.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        found.append(Part(tuple(head.split(b"\r\n")), octets.removesuffix(b"\r\n")))
    return found


def boundary_of(message: Message) -> bytes:
    """Return the boundary that a message names."""
    boundary = media_types.read(message.content_type).media_type.parameter("boundary")
    assert boundary, message.content_type
    return boundary.encode()


def written(message: Message, parts: list[Part]) -> Message:
    """Return a message of these parts."""
    boundary = boundary_of(message)
    head = [b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary, b"\r\n".join(each.lines), each.octets) for each in parts]
    return message.with_body(b"".join([*head, b"--%b--\r\n" % boundary]))


def parts(change: Callable[[list[Part]], list[Part]]) -> Step:
    """Put other parts in the place of those that there are."""
    return lambda message: written(message, change(parts_of(message)))


def part(change: Callable[[Part], Part]) -> Step:
    """Change the first part."""
    return parts(lambda found: [change(found[0]), *found[1:]])


def of_part(name: str, *values: str) -> Step:
    """Set the fields of a name of the first part."""
    return part(lambda found: found.with_field(name.encode(), *(value.encode() for value in values)))


def octets(change: Callable[[bytes], bytes]) -> Step:
    """Change the octets of the first part, and its Content-Length with them."""

    def edit(found: Part) -> Part:
        edited = change(found.octets)
        assert edited != found.octets, "the edit changes nothing"
        other = replace(found, octets=edited)
        told = any(re.match(rb"content-length:", line, re.IGNORECASE) for line in found.lines)
        return other.with_field(b"Content-Length", str(len(edited)).encode()) if told else other

    return part(edit)


def bounded(boundary: str, parameter: str = "") -> Step:
    """Use another boundary in body and Content-Type, where it stands as `parameter` if that is given."""

    def edit(message: Message) -> Message:
        old = boundary_of(message)
        name = message.content_type.partition("; boundary=")[0]
        other = message.with_fields("Content-Type", f"{name}; boundary={parameter or f'{boundary}'}")
        return other.with_body(message.body.replace(b"--" + old, b"--" + boundary.encode()))

    return edit


def labelled(content_type: str) -> Step:
    """Set the Content-Type; `{boundary}` stands for that of the message."""
    return lambda message: message.with_fields(
        "Content-Type", content_type.replace("{boundary}", f'"{boundary_of(message).decode()}"')
    )
