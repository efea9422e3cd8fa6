"""The resources of the Studies Service (PS3.18 10.1.1) and the queries on them (8.3), as paths below the base URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias
from urllib.parse import quote

from dicomweb_conformance.http import urls
from dicomweb_fixtures.entities import Instance, Series, Study

Resource: TypeAlias = "str | Study | Series | Instance"
Value: TypeAlias = "str | int | bool | Sequence[str]"

# RFC 3986 3.4 lets these stand in a query as they are; of the sub-delims, & + = , separate or are misread.
_LITERAL = "*?/:@!$'();-._~"


def path(resource: Resource) -> str:
    """Return the path of a resource below the base URL, without a leading slash."""
    match resource:
        case Study():
            return study(resource.study_instance_uid)
        case Series():
            return f"{study(resource.instances[0].study_instance_uid)}/series/{_segment(resource.uid)}"
        case Instance():
            series = f"{study(resource.study_instance_uid)}/series/{_segment(resource.series_instance_uid)}"
            return f"{series}/instances/{_segment(resource.sop_instance_uid)}"
        case _:
            return str(resource).strip("/")


def study(uid: str) -> str:
    """Return the path of a study by its UID, which is one segment of it whatever it holds (RFC 3986 3.3)."""
    return f"studies/{_segment(uid)}"


def _segment(uid: str) -> str:
    return quote(uid, safe="")


def query(parameters: Sequence[tuple[str, Value]]) -> str:
    """Write a query string.

    Values percent-encoded as UTF-8, lists joined by a bare comma, true and false in lower case.
    """
    return "&".join(f"{quote(name, safe='.')}={_encoded(value)}" for name, value in parameters)


def _encoded(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int)):
        return quote(str(value), safe=_LITERAL)
    return ",".join(quote(each, safe=_LITERAL) for each in value)


def parameters(keys: Mapping[str, Value]) -> list[tuple[str, Value]]:
    """Turn keyword arguments into query parameters; a list under `includefield` stays one comma-separated value."""
    return list(keys.items())


def same_path(url: str, request_url: str, expected: str) -> bool:
    """Tell whether a URL that the target gave, resolved against the request, ends in the path expected.

    A proxy may change what is before it.
    """
    return urls.path_of(url, request_url).endswith("/" + expected)
