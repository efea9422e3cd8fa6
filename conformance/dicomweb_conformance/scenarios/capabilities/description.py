"""A description of capabilities, read alike from WADL and from its form in JSON (PS3.18 Annexes G and H)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dicomweb_conformance.dicom import xml_model
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import Form, UnreadableError
from dicomweb_conformance.reading import json_documents, xml_octets

NAMESPACE = "http://wadl.dev.java.net/2009/02"
JSON_TYPES = frozenset({media_types.JSON})
XML_TYPES = frozenset({media_types.WADL, "application/xml", "text/xml"})
UNIQUE, REPEATED = ("resources",), ("resource", "method", "param")
"""Elements of which Annex G makes an object, and those of which it makes an array."""
_DEEPEST = 32


@dataclass(frozen=True)
class Element:
    """An element of WADL; `namespace` is empty where it has none, and in JSON."""

    name: str
    namespace: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Element, ...] = ()

    def all(self, name: str) -> tuple[Element, ...]:
        """Return the children of that name."""
        return tuple(each for each in self.children if each.name == name)


def is_json(response: Response) -> bool:
    """Tell whether a response is labelled JSON."""
    return media_types.name_of(response.content_type) in JSON_TYPES


def read(response: Response) -> Element:
    """Return the root element of a description, by the media type that it is labelled with.

    Raises:
        UnreadableError: the body does not parse as that.
    """
    if is_json(response):
        value = json_documents.value_of(response.body)
        root = value.get("application") if isinstance(value, dict) else None
        if not isinstance(root, dict):
            name = next(iter(value), "") if isinstance(value, dict) else ""
            return Element(str(name))
        return _of_json("application", root, 0)
    document = xml_octets.read(response.body)
    if document.root is None:
        raise UnreadableError(Form.XML, f"{document.fault} ({document.detail})", document.where)
    return _of_xml(document.root)


def _of_xml(element: Any) -> Element:
    name = xml_model.local_name(element)
    namespace = str(element.tag).removeprefix("{").partition("}")[0] if "}" in str(element.tag) else ""
    attributes = {str(key): str(value) for key, value in element.attrib.items()}
    return Element(name, namespace, attributes, tuple(_of_xml(each) for each in element))


def _of_json(name: str, value: Mapping[str, object], depth: int) -> Element:
    attributes = {key[1:]: each for key, each in value.items() if key.startswith("@") and isinstance(each, str)}
    inner = ((key, each) for key, each in value.items() if not key.startswith("@"))
    children = [
        _of_json(key, one, depth + 1)
        for key, each in inner
        for one in (each if isinstance(each, list) else [each])
        if isinstance(one, dict) and depth < _DEEPEST
    ]
    return Element(name, "", attributes, tuple(children))


def misshapen(value: object) -> str:
    """Say where JSON is not of the shape that Annex G gives WADL; empty where it is."""
    if not isinstance(value, dict) or not isinstance(value.get("application"), dict):
        return "no object application"
    return next(_misshapen(value["application"], "application", 0), "")


def _misshapen(value: Mapping[str, object], where: str, depth: int) -> Iterator[str]:
    for name, each in value.items():
        if name.startswith("@"):
            if not isinstance(each, str):
                yield f"{where}/{name} is no string"
        elif name in UNIQUE and not isinstance(each, dict):
            yield f"{where}/{name} is no object"
        elif name in REPEATED and not isinstance(each, list):
            yield f"{where}/{name} is no array"
        elif depth < _DEEPEST:
            for one in each if isinstance(each, list) else [each]:
                if isinstance(one, dict):
                    yield from _misshapen(one, f"{where}/{name}", depth + 1)


def described(root: Element) -> dict[str, set[str] | None]:
    """Return the methods of each resource by its path, variables as {}; None where they stand elsewhere (type)."""
    found: dict[str, set[str] | None] = {}
    for resources in root.all("resources"):
        for resource in resources.all("resource"):
            _walk(resource, "", found)
    return found


def _walk(resource: Element, above: str, found: dict[str, set[str] | None]) -> None:
    path = "/".join(filter(None, (above, resource.attributes.get("path", "").strip("/"))))
    plain = re.sub(r"\{[^}]*\}", "{}", path)
    methods = found.setdefault(plain, set())
    elsewhere = "type" in resource.attributes or any("name" not in each.attributes for each in resource.all("method"))
    if elsewhere or methods is None:
        found[plain] = None
    else:
        methods |= {each.attributes["name"].upper() for each in resource.all("method")}
    for each in resource.all("resource"):
        _walk(each, path, found)
