"""Requests field by field, as a client sends them: their heads as they stand in data, and how they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance


@dataclass(frozen=True)
class Head:
    """The head of a request: method, target and header fields in their order, with places to be filled in braces."""

    method: str
    target: str
    fields: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, text: str) -> Head:
        """Read it as it is written in a file: a line for the request, then one for each field."""
        line, *lines = text.strip().splitlines()
        method, target = line.split(" ")
        named = (each.partition(": ") for each in lines)
        return cls(method, target, tuple((name, value) for name, _, value in named))

    def filled(self, values: Mapping[str, str]) -> Head:
        """Return it with these values in the places of their names."""

        def fill(text: str) -> str:
            for name, value in values.items():
                text = text.replace(f"{{{name}}}", value)
            return text

        return Head(self.method, fill(self.target), tuple((name, fill(value)) for name, value in self.fields))

    def has(self, name: str, value: str) -> bool:
        """Tell whether it has a field of this name and value."""
        return (name.lower(), value) in {(each.lower(), said) for each, said in self.fields}


def about(instance: Instance) -> dict[str, str]:
    """Return the places that an instance fills: the UIDs of itself, its series and its study."""
    return {
        "study": instance.study_instance_uid,
        "series": instance.series_instance_uid,
        "instance": instance.sop_instance_uid,
    }


def sent_as(
    dicomweb: StudiesService,
    head: Head,
    values: Mapping[str, str],
    body: bytes | None = None,
    may_store: Iterable[Instance] = (),
) -> Response:
    """Send a request octet for octet, its places filled; the body in one chunk where the head says that it is chunked.

    Args:
        dicomweb: where to; {host} is its host and port, {hostname} its host alone.
        head: of the request.
        values: what stands in the other places; {length} is that of the body.
        body: of the request.
        may_store: the instances that a target could make of it.
    """
    origin = dicomweb.base.origin
    own = {"host": origin.authority, "hostname": origin.host, "length": str(len(body or b""))}
    filled = head.filled({**values, **own})
    return dicomweb.send_exactly(
        filled.method,
        filled.target,
        headers=filled.fields,
        body=body,
        in_one_chunk=head.has("Transfer-Encoding", "chunked"),
        may_store=may_store,
    )
