"""Media types as RFC 9110 8.3.1 and PS3.18 8.7 have them.

Read strictly, written so that every recipient understands them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DICOM = "application/dicom"
DICOM_JSON = "application/dicom+json"
DICOM_XML = "application/dicom+xml"
JSON = "application/json"
OCTET_STREAM = "application/octet-stream"
MULTIPART_RELATED = "multipart/related"
MULTIPART_DICOM = 'multipart/related; type="application/dicom"'

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 - the grammar's word for it, no secret
_TYPE = re.compile(rf"\s*({_TOKEN})/({_TOKEN})\s*")
# A "/" in a value without quotation marks is outside of the grammar, but PS3.18 8.7.1 shows type=application/dicom so.
_PARAMETER = re.compile(
    rf'\s*;\s*({_TOKEN})=({_TOKEN}(?:/{_TOKEN})?|"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\t -~\x80-\xff])*")\s*'
)
_EMPTY_PARAMETER = re.compile(r"\s*;\s*")


class MediaTypeError(ValueError):
    """A value that the grammar of RFC 9110 8.3.1 does not allow."""


@dataclass(frozen=True)
class MediaType:
    """A media type; `name` and parameter names in lower case, parameter values as they were meant (quotes undone)."""

    name: str
    parameters: tuple[tuple[str, str], ...] = ()

    def parameter(self, name: str) -> str | None:
        """Return the value of the parameter `name`, or None."""
        return next((value for key, value in self.parameters if key == name.lower()), None)

    @property
    def of_parts(self) -> str | None:
        """The `type` parameter of a multipart/related in lower case: what its parts are."""
        value = self.parameter("type")
        return None if value is None else value.lower()


def parse(value: str) -> MediaType:
    """Read one media type.

    Raises:
        MediaTypeError: names the place where the grammar is left.
    """
    head = _TYPE.match(value)
    if head is None:
        raise MediaTypeError(f"no type/subtype in {value!r}")
    at = head.end()
    parameters: list[tuple[str, str]] = []
    while at < len(value):
        found = _PARAMETER.match(value, at)
        if found is None:
            empty = _EMPTY_PARAMETER.match(value, at)
            if empty is None or empty.end() == at:
                raise MediaTypeError(f"no parameter at {value[at:]!r} in {value!r}")
            if empty.end() < len(value) and value[empty.end()] != ";":
                raise MediaTypeError(f"no parameter at {value[at:]!r} in {value!r}")
            at = empty.end()
            continue
        name, text = found.groups()
        if text.startswith('"'):
            text = re.sub(r"\\(.)", r"\1", text[1:-1])
        parameters.append((name.lower(), text))
        at = found.end()
    return MediaType(f"{head[1]}/{head[2]}".lower(), tuple(parameters))


def name_of(value: str) -> str:
    """Return type/subtype of a Content-Type in lower case, empty where it has none."""
    try:
        return parse(value).name
    except MediaTypeError:
        return ""


def multipart_related(of_parts: str, boundary: str | None = None) -> str:
    """Write the media type of a multipart/related message, its `type` quoted as RFC 2387 shows it."""
    value = f'{MULTIPART_RELATED}; type="{of_parts}"'
    return value if boundary is None else f"{value}; boundary={boundary}"
