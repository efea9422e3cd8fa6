"""Media types and Accept, as RFC 9110 8.3.1, 5.6.6 and 12.5.1 and PS3.18 8.7 have them.

Read strictly, written so that every recipient understands them. What PS3.18 shows outside of the RFC's grammar
(`type=application/dicom` without quotation marks, 8.7.1) is read and told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import lru_cache

DICOM = "application/dicom"
DICOM_JSON = "application/dicom+json"
DICOM_XML = "application/dicom+xml"
JSON = "application/json"
WADL = "application/vnd.sun.wadl+xml"
ANY_WADL = f"{WADL}, {JSON};q=0.5"
OCTET_STREAM = "application/octet-stream"
MULTIPART_RELATED = "multipart/related"
JPEG = "image/jpeg"
PNG = "image/png"
GIF = "image/gif"
MULTIPART_DICOM = 'multipart/related; type="application/dicom"'
MULTIPART_OCTETS = 'multipart/related; type="application/octet-stream"'

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 - the grammar's word for it, no secret
_QUOTED_STRING = r'"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\t -~\x80-\xff])*"'
_TYPE = re.compile(rf"[ \t]*({_TOKEN})/({_TOKEN})(?=[ \t]*(?:;|\Z))")
_NAME = re.compile(rf"({_TOKEN})=")
_VALUE = re.compile(rf"({_TOKEN}|{_QUOTED_STRING})[ \t]*(?=;|\Z)")
_SEPARATOR = re.compile(r"[ \t]*;[ \t]*")
_BOUNDARY = re.compile(r";\s*boundary=(?:\"[^\"]*\"|[^;,]*)", re.IGNORECASE)
_QVALUE = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_ONE = Decimal(1)
_LONGEST_KNOWN = 200
# A value that 8.7.1 and 8.7.3.5.1 let stand without quotation marks although it is no token.
_SHOWN_UNQUOTED = {"type": re.compile(rf"{_TOKEN}/{_TOKEN}")}


class MediaTypeError(ValueError):
    """A value that the grammar of RFC 9110 8.3.1 or 12.5.1 does not allow."""


class Written(Enum):
    """How a parameter's value was written."""

    TOKEN = "token"  # noqa: S105 - the grammar's word for it, no secret
    QUOTED = "quoted"
    UNQUOTED = "unquoted, although it is no token"


@dataclass(frozen=True)
class MediaType:
    """A media type; `name` and parameter names in lower case, parameter values as they were meant (quotes undone)."""

    name: str
    parameters: tuple[tuple[str, str], ...] = ()

    def parameter(self, name: str) -> str | None:
        """Return the value of the parameter `name`, or None."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of the parameter `name`, one for each time that it stands there."""
        return tuple(value for key, value in self.parameters if key == name.lower())

    @property
    def of_parts(self) -> str | None:
        """The `type` parameter of a multipart/related in lower case: what its parts are."""
        value = self.parameter("type")
        return None if value is None else value.lower()

    def __str__(self) -> str:
        """Write it; a value that is no token is quoted."""
        return "; ".join([self.name, *(f"{name}={_written(value)}" for name, value in self.parameters)])


@dataclass(frozen=True)
class Reading:
    """A value read as far as it goes.

    Attributes:
        media_type: what could be read; its name is empty where there is no type/subtype.
        written: how the value of each parameter was written, in their order.
        faults: where the grammar is left, a sentence each; a value that PS3.18 itself shows unquoted is none.
    """

    media_type: MediaType
    written: tuple[Written, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """type/subtype in lower case."""
        return self.media_type.name

    def how(self, name: str) -> Written | None:
        """Return how the first parameter `name` was written; None where there is none."""
        pairs = zip(self.media_type.parameters, self.written, strict=True)
        return next((written for (key, _), written in pairs if key == name), None)


def read(value: str) -> Reading:
    """Read one media type as far as it can be understood, and name each place where its grammar is left."""
    # The same few are read again and again.
    return _known(value) if len(value) <= _LONGEST_KNOWN else _read(value)


@lru_cache(1024)
def _known(value: str) -> Reading:
    return _read(value)


def _read(value: str) -> Reading:
    head = _TYPE.match(value)
    if head is None:
        return Reading(MediaType(""), (), (f"no type/subtype in {value!r}",))
    parameters: list[tuple[str, str]] = []
    written: list[Written] = []
    faults: list[str] = []
    at = head.end()
    while separator := _SEPARATOR.match(value, at):
        at = separator.end()
        if at == len(value) or value[at] == ";":
            continue  # 5.6.6 allows an empty parameter
        name = _NAME.match(value, at)
        if name is None:
            faults.append(f"no parameter at {value[at:]!r} in {value!r}")
            at = _next(";", value, at)
            continue
        key, at = name[1].lower(), name.end()
        if strict := _VALUE.match(value, at):
            text = strict[1]
            written.append(Written.QUOTED if text.startswith('"') else Written.TOKEN)
            at = strict.end()
        else:
            end = _next(";", value, at)
            text, at = value[at:end].rstrip(" \t"), end
            written.append(Written.UNQUOTED)
            shown = _SHOWN_UNQUOTED.get(key)
            if shown is None or not shown.fullmatch(text):
                faults.append(f"the value of {name[1]} at {text!r} is neither a token nor quoted in {value!r}")
        parameters.append((key, _unquoted(text)))
    return Reading(MediaType(f"{head[1]}/{head[2]}".lower(), tuple(parameters)), tuple(written), tuple(faults))


def parse(value: str) -> MediaType:
    """Read one media type.

    Raises:
        MediaTypeError: names the place where the grammar is left.
    """
    reading = read(value)
    if reading.faults:
        raise MediaTypeError(reading.faults[0])
    return reading.media_type


def name_of(value: str) -> str:
    """Return type/subtype of a Content-Type in lower case, empty where it has none, whatever its parameters are."""
    return read(value).name


def multipart_related(of_parts: str, boundary: str | None = None) -> str:
    """Write the media type of a multipart/related message, its `type` quoted as RFC 2387 shows it."""
    value = f'{MULTIPART_RELATED}; type="{of_parts}"'
    return value if boundary is None else f"{value}; boundary={_written(boundary)}"


# -- Accept


@dataclass(frozen=True)
class MediaRange:
    """One element of an Accept header field; `quality` from 0 to 1."""

    media_type: MediaType
    quality: Decimal = _ONE

    def includes(self, offered: MediaType) -> bool:
        """Tell whether a media type lies in the range (12.5.1); transfer-syntax=* stands for any (PS3.18 8.7.3.5.2)."""
        name = self.media_type.name
        if not (name in {"*/*", offered.name} or (name.endswith("/*") and offered.name.startswith(name[:-1]))):
            return False
        return all(
            key == "charset"  # chosen apart from the media type (PS3.18 8.8.5)
            or (key == "transfer-syntax" and value == "*")
            or value.lower() in (each.lower() for each in offered.all(key))
            for key, value in self.media_type.parameters
        )

    @property
    def specificity(self) -> tuple[int, int]:
        """The more, the more it says: a subtype, a type, parameters."""
        name = self.media_type.name
        return (0 if name == "*/*" else 1 if name.endswith("/*") else 2, len(self.media_type.parameters))


def parse_accept(value: str) -> tuple[MediaRange, ...]:
    """Read an Accept header field (RFC 9110 12.5.1): ranges in their order, weights from 0 to 1 with three decimals.

    Raises:
        MediaTypeError: names the element that leaves the grammar.
    """
    return tuple(_range(element) for element in _elements(value))


def quality(ranges: Iterable[MediaRange], offered: MediaType) -> Decimal:
    """Return the weight that a client gives to a media type: that of the most specific range; 0 if it lies in none."""
    fitting = [each for each in ranges if each.includes(offered)]
    return max(fitting, key=lambda each: each.specificity).quality if fitting else Decimal(0)


def write_accept(ranges: Sequence[MediaRange]) -> str:
    """Write an Accept header field; a weight of 1 is left out."""
    return ", ".join(
        str(each.media_type) + ("" if each.quality == 1 else f"; q={each.quality.normalize():f}") for each in ranges
    )


def _range(element: str) -> MediaRange:
    reading = read(element)
    if reading.faults:
        raise MediaTypeError(reading.faults[0])
    media_type = reading.media_type
    kind, _, subtype = media_type.name.partition("/")
    if ("*" in kind and media_type.name != "*/*") or ("*" in subtype and subtype != "*"):
        raise MediaTypeError(f"no media range in {element!r}")
    names = [key for key, _ in media_type.parameters]
    if "q" not in names:
        return MediaRange(media_type)
    at = names.index("q")
    weight = media_type.parameters[at][1]
    if reading.written[at] is not Written.TOKEN or not _QVALUE.fullmatch(weight):
        raise MediaTypeError(f"the weight {weight!r} in {element!r} is not 0 to 1 with at most three decimals")
    # What follows the weight was an extension of RFC 7231; RFC 9110 has recipients ignore it.
    return MediaRange(MediaType(media_type.name, media_type.parameters[:at]), Decimal(weight))


def _elements(value: str) -> Iterator[str]:
    at = 0
    while at < len(value):
        end = _next(",", value, at)
        # 5.6.1 has recipients skip empty elements.
        if element := value[at:end].strip(" \t"):
            yield element
        at = end + 1


def _next(separator: str, value: str, at: int) -> int:
    """Return where the next separator outside of quotation marks stands, or the end."""
    quoted = False
    while at < len(value) and (quoted or value[at] != separator):
        if value[at] == "\\" and quoted:
            at += 1
        elif value[at] == '"':
            quoted = not quoted
        at += 1
    return min(at, len(value))


def _unquoted(text: str) -> str:
    whole = len(text) > 1 and text.startswith('"') and text.endswith('"')
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if whole else text


def _written(value: str) -> str:
    if re.fullmatch(_TOKEN, value):
        return value
    return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'


def without_boundary(content_type: str) -> str:
    """Return a Content-Type, as it was sent, without the boundary, which is another one in each message."""
    return _BOUNDARY.sub("", content_type)
