"""What a report may quote of a response that is not proved to be of this run: nothing that stands in it.

So a text about such a response is withheld unless whoever wrote it marks it as `Harmless`, or it is a mere place or
count. To forget the mark costs a reader a detail, and no patient anything.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Collection
from itertools import takewhile

from dicomweb_conformance.http import limits
from dicomweb_conformance.http.unreadable import Form, UnreadableError

WITHHELD = "not quoted: the answer is not proved to be of this run"
REMOVED = "(a value that is not of this run)"
SHORTEST = 4
"""Characters of a value that is looked for in a text: shorter ones are in every text."""

# Counts, VRs and code points.
_COUNT = re.compile(
    r"\d{1,9} (?:objects?|parts?|octets?|results?|matches|items?|frames?|images?|instances?|studies)"
    r"|absent|none|no value|[A-Z]{2}|U\+[0-9A-F]{4,6}"
)
# Words of places: of messages, of DICOM JSON and of the Native DICOM Model.
_PLACES = frozenset(
    """
    octet item character characters line column part header headers section field fields status first body boundary data
    set group start of frame and the type Content Type Length Location Encoding Disposition Transfer Accept WWW
    Authenticate Allow Retry After ETag Value vr BulkDataURI InlineBinary Alphabetic Ideographic Phonetic
    NativeDicomModel DicomAttribute Item PersonName FamilyName GivenName MiddleName NamePrefix NameSuffix BulkData tag
    number keyword xml space xmlns uri uuid privateCreator a value others
    """.split()  # noqa: SIM905 - words are easier to read than a list of strings
)
_WORD = re.compile(r"[^\W\d_]+|\d+")
_TAG = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-fXx]{4},?[0-9A-Fa-fXx]{4}(?![0-9A-Za-z])")
_AROUND_TAGS = re.compile(f"({_TAG.pattern})")
_LENGTH_OF_TAG = 8
_FRAMES = 40
"""Frames of a traceback that are looked at, from the innermost."""
_ROOM = limits.TEXT_RECORDED - 500
"""Characters of a traceback at most: what is longer loses its end in the record, for which some room is left."""
_OF_PYTEST = re.compile(r"[/\\](?:_pytest|pluggy)[/\\]")
_SIGNS = re.compile(r"(?:(?!\d\.\d)[\w \[\]().,:;/@='*-])*", re.ASCII)


# An object of a list, by its number or by its own UID. Those of others are masked in every text.
_OBJECT = re.compile(r"\[(?:\d{1,9}|2\.25\.\d{1,39})\]\.?")


class Harmless(str):
    """A text that its author knows to hold nothing of another patient's: kinds, counts, own names."""

    __slots__ = ()


class Partly(str):
    """A text that begins with what is harmless, which stays where the rest is withheld."""

    harmless: Harmless

    def __new__(cls, harmless: str, rest: str) -> Partly:
        """Return both as one text."""
        whole = super().__new__(cls, harmless + rest)
        whole.harmless = Harmless(harmless)
        return whole


def received(text: str, *, proved: bool) -> str:
    """Return what is said of a response's content as it may be recorded.

    Args:
        text: what is said.
        proved: whether the response is proved to be of this run.
    """
    if isinstance(text, Partly):
        return str(text) if proved else text.harmless
    return text if proved or not text or is_harmless(text) else WITHHELD


def of_reader(words: object) -> str:
    """Return the words of a reader, harmless where it never quotes what it could not read."""
    if not isinstance(words, UnreadableError):
        return words if isinstance(words, Harmless) else str(words)
    if words.form in {Form.JSON, Form.DICOM}:
        return Harmless(words)
    return str(words)


def is_harmless(text: str) -> bool:
    """Tell whether a text may stand in a report, whatever response it is about."""
    return isinstance(text, Harmless) or _COUNT.fullmatch(text) is not None


def place(text: str, *, proved: bool) -> str:
    """Return a place in a response as it may be recorded; empty where it says more than a place."""
    if proved or not text or isinstance(text, Harmless):
        return text
    inside = within(text)
    words = _WORD.findall(_TAG.sub(" ", inside)) if _SIGNS.fullmatch(inside) else [text]
    return text if all(word in _PLACES or (word.isdigit() and len(word) < 8) for word in words) else ""


def within(text: str) -> str:
    """Return a place without the object of a list that it lies in, if it does: which one that is depends on the run."""
    return _OBJECT.sub("", text, count=1) if _OBJECT.match(text) else text


def traceback_of(error: BaseException, *, proved: bool) -> str:
    """Return the traceback of an error, without its message where that may quote another patient's data.

    It begins at the check, or so near to the error that there is room for the end, which says what it is.
    """
    frames = traceback.extract_tb(error.__traceback__)
    of_pytest = sum(1 for _ in takewhile(lambda frame: _OF_PYTEST.search(frame.filename), frames))
    innermost = -min(_FRAMES, max(1, len(frames) - of_pytest))
    if proved:
        told = "".join(traceback.format_exception(error, limit=innermost))
    else:
        said = error.args[0] if error.args and isinstance(error.args[0], Harmless) else WITHHELD
        told = "".join(traceback.format_tb(error.__traceback__, limit=innermost)) + f"{type(error).__name__}: {said}\n"
    if len(told) <= _ROOM:
        return told
    end = told[-_ROOM:]
    return f"...\n{end.partition(chr(10))[2] or end}"


def without(text: str, values: Collection[str]) -> str:
    """Return a text with each of these values replaced; what stands in the midst of a tag is another number."""
    found = [value for value in values if len(value) >= SHORTEST and value in text]
    for value in sorted(found, key=len, reverse=True):
        if len(value) >= _LENGTH_OF_TAG:
            text = text.replace(value, REMOVED)
        else:
            pieces = _AROUND_TAGS.split(text)
            pieces[::2] = [piece.replace(value, REMOVED) for piece in pieces[::2]]
            text = "".join(pieces)
    return text
