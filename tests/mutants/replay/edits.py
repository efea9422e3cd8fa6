"""One edit of an exchange: of its head, its body, what goes over the wire, or the course that it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from tests.mutants.replay.message import Message

Script: TypeAlias = tuple[Message, ...]
Edit: TypeAlias = Callable[[Message], "Message | Script"]
Step: TypeAlias = Callable[[Message], Message]


def unedited(message: Message) -> Message:
    """Leave it as it was."""
    return message


def field(name: str, *values: str) -> Step:
    """Set the fields of a name to these values; none takes them out."""
    return lambda message: message.with_fields(name, *values)


def typed(content_type: str) -> Step:
    """Set the Content-Type; `{}` stands for what it was."""
    return lambda message: message.with_fields("Content-Type", content_type.replace("{}", message.content_type))


def status(line: str) -> Step:
    """Set what follows the version in the status line."""
    return lambda message: replace(message, status_line=f"HTTP/1.1 {line}")


def body(octets: bytes) -> Step:
    """Set the body."""
    return lambda message: message.with_body(octets)


def changed(change: Callable[[bytes], bytes]) -> Step:
    """Change the body, whose length stays told rightly."""

    def edit(message: Message) -> Message:
        edited = change(message.body)
        assert edited != message.body, "the edit changes nothing"
        return message.with_body(edited)

    return edit


def swapped(old: bytes, new: bytes, *, times: int = 1) -> Step:
    """Put other octets in the place of some in the body; -1 times wherever they are."""
    return changed(lambda octets: octets.replace(old, new, times))


def sent(old: bytes, new: bytes) -> Step:
    """Put other octets in the place of the first such on the wire."""

    def touch(octets: bytes) -> bytes:
        assert old in octets, f"nothing is sent like {old!r}"
        return octets.replace(old, new, 1)

    return lambda message: replace(message, wire=touch)


def wire(touch: Callable[[bytes], bytes]) -> Step:
    """Send something else in place of the octets."""
    return lambda message: replace(message, wire=touch)


def having(**attributes: Any) -> Step:
    """Set attributes of the message: `framing`, `then`."""
    return lambda message: replace(message, **attributes)


def asking(*headers: tuple[str, str], **attributes: Any) -> Step:
    """Let the request have been another: further header fields, another `method`, `url` or `size`."""
    return lambda message: replace(
        message, asked=replace(message.asked, headers=(*message.asked.headers, *headers), **attributes)
    )


def both(*edits: Step) -> Step:
    """Apply edits one after the other, where it takes several to make one defect."""

    def edit(message: Message) -> Message:
        for each in edits:
            message = each(message)
        return message

    return edit


def first(*edits: Step) -> Edit:
    """Answer one after the other, the last as often as it is asked: each an edit of the exchange."""
    return lambda message: tuple(edit(message) for edit in edits)
