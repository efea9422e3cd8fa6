"""What cannot be read: the one exception that a server's octets cause, with the place and a sentence for people."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

DEEPEST = 64
"""Sequences in sequences beyond which nothing is read: far deeper than any IOD nests them."""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# As libraries name what they read, by an address which is another in each run.
_OBJECT = re.compile(r"<[\w.]+(?: object)? at 0x[0-9A-Fa-f]+>")
_LONGEST_REASON = 300


class Form(Enum):
    """What octets should have been; the value names it in a sentence."""

    MULTIPART = "the multipart message"
    JSON = "the JSON"
    XML = "the XML document"
    DICOM = "the data set"
    PIXELS = "the pixels"
    PICTURE = "the image"


class UnreadableError(ValueError):
    """Octets of a server that are not what they should be.

    Attributes:
        form: what they should have been.
        why: what is wrong, as the end of a sentence; it quotes no value of a data set.
        where: a tag path, an octet, a character, a line; empty where it is all of it.
    """

    def __init__(self, form: Form, why: str, where: str = "") -> None:
        self.form = form
        self.why = writable(_OBJECT.sub("the octets", why))[:_LONGEST_REASON]
        self.where = writable(where)[:_LONGEST_REASON]
        place = f"{self.where}: " if self.where else ""
        super().__init__(f"{form.value} cannot be read: {place}{self.why}")

    def within(self, place: str) -> UnreadableError:
        """Return the same of something that stands at a place of something larger, such as `part 2`."""
        return UnreadableError(self.form, self.why, f"{place}, {self.where}" if self.where else place)


class TooLargeError(Exception):
    """Octets that hold more than this suite reads (limits.py), which is no fault of their server.

    Nothing is judged by them: it is no UnreadableError, lest a check take it for one.
    """

    def __init__(self, form: Form, why: str) -> None:
        verb = "are" if form is Form.PIXELS else "is"
        super().__init__(f"{form.value} {verb} larger than this suite reads: {why}")


class NoDecoderError(Exception):
    """Pixels that this machine cannot decode, whatever they are: nothing is judged by it.

    It is no UnreadableError, as above.
    """


@contextmanager
def quietly() -> Iterator[None]:
    """Keep a library's warnings and log lines in: they could end a run, or quote a server to a terminal."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def writable(text: str) -> str:
    r"""Return a text with each lone surrogate, which no file can hold, written as its escape `\ud800`."""
    return text if text.isascii() else _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def writable_value(value: Any) -> Any:
    """Return a value of JSON with all its texts and names writable; its depth must be bounded."""
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, dict):
        return {writable(name): writable_value(each) for name, each in value.items()}
    return [writable_value(each) for each in value] if isinstance(value, list) else value
