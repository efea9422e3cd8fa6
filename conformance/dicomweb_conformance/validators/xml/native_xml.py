"""The Native DICOM Model (PS3.19 Annex A): judges octets that claim to be application/dicom+xml.

The lenient reader that checks use is `dicomweb_conformance.dicom.xml_model`. The schema in native_dicom_model.rng finds
what stands in the wrong place; what it cannot say, and what a reader should be told in plain words, is said here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.resources import files

from lxml import etree

from dicomweb_conformance.dicom.xml_model import MODEL, local_name
from dicomweb_conformance.http import media_types
from dicomweb_conformance.reading import xml_octets
from dicomweb_conformance.validators.observation import Observation
from dicomweb_conformance.validators.tally import Tally, shown
from dicomweb_conformance.validators.xml import dicom_attributes
from dicomweb_conformance.validators.xml.element_names import Context, judge_names

OWNED = (
    *(f"XML-{number:03}" for number in range(1, 18)),
    *(f"XML-{number:03}" for number in (20, 22, 23, 24, 25, 26, 30)),
    "XML-030b",
)
# Rows of dicom_json that take XML too.
ALSO = ("JSON-010", "JSON-043", "BULKDATA-003")

_FAULTS = {
    xml_octets.NOT_WELL_FORMED: "xml-not-well-formed",
    xml_octets.CONTRADICTS: "octets-that-contradict-the-encoding",
    xml_octets.UNKNOWN_CHARACTER: "character-not-of-xml-1-0",
}
NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
# With anything else against the document, the schema has nothing to add.
_BESIDE_THE_SCHEMA = frozenset(
    {"XML-001", "XML-002", "XML-003", "XML-005", "XML-010", "XML-012", "JSON-010", "JSON-043"}
)


def judge(
    body: bytes,
    content_type: str = media_types.DICOM_XML,
    *,
    resource: str = "metadata",
    url: str = "",
    own: bool = True,
) -> Iterator[Observation]:
    """Judge one document by the rows of `OWNED` and `ALSO`.

    Args:
        body: the part, or the payload of an answer that is not multipart; not empty.
        content_type: of the part; empty where it had none.
        resource: search, metadata or store: whose representation it is.
        url: of the request, against which a relative URI is resolved; empty where it is not known.
        own: whether the suite stored the data set. Of others no value is quoted.

    Yields:
        What speaks against a row, at most `tally.EXAMPLES` times each; and one pass for each row that is met.
    """
    tally = Tally()
    _judge_media_type(tally, content_type)
    document = xml_octets.read(body)
    _judge_octets(tally, document, own=own)
    if document.root is not None:
        context = Context(tally, resource, url, own)
        if _judge_root(context, document.root, in_declaration=document.space_in_declaration):
            dicom_attributes.judge(context, document.root)
            _judge_schema(context, document.root)
    yield from tally.observations()


def _judge_media_type(tally: Tally, content_type: str) -> None:
    name = media_types.name_of(content_type)
    if name in {"application/xml", "text/xml"}:
        tally.sees("XML-001", "xml-type-on-native-model", "Content-Type", shown(content_type))
    elif name and name != media_types.DICOM_XML:
        tally.sees(
            "XML-001",
            "other-type-on-xml",
            "Content-Type",
            shown(content_type),
        )


def _judge_octets(tally: Tally, document: xml_octets.Document, *, own: bool) -> None:
    row = "XML-005"
    if document.doctype:
        tally.sees(row, "a-doctype", received=document.fault)
    if document.roots > 1:
        tally.sees(
            "XML-004",
            "several-models-in-one-part",
            document.where,
            f"{document.roots} roots",
        )
    elif document.fault not in {"", xml_octets.DECLARES_ENTITIES, xml_octets.TOO_LARGE}:
        tally.sees(row, _FAULTS.get(document.fault, document.fault), document.where, document.detail if own else "")
    if document.root is not None and document.encoding not in {"utf-8", "utf8", "us-ascii", "utf-16-le", "utf-16-be"}:
        tally.sees(row, "another-encoding-declared", received=document.encoding)
    if document.root is not None:
        tally.meets(row, "well-formed-in-the-encoding-declared")


def _judge_root(context: Context, root: etree._Element, *, in_declaration: bool) -> bool:
    """Judge name, namespace and xml:space of the root; tell whether there is a data set in it."""
    tally, name = context.tally, local_name(root)
    inside = [element for element in root if local_name(element) == MODEL]
    if inside:
        observation = "several-models-in-one-part"
        tally.sees("XML-004", observation, f"/{name}", f"{len(inside)} in a wrapper")
        return False
    if name.lower() != MODEL.lower():
        tally.sees("XML-001", "another-root-element", f"/{name[:40]}", name[:40])
        return False
    tally.meets("XML-001", "dicom-xml-and-native-model-root")
    tally.meets("XML-004", "one-nativedicommodel-in-each-part")
    _judge_namespaces(tally, root)
    space = root.get(_SPACE)
    if space == "preserve":
        tally.meets("XML-003", "xml-space-preserve-on-the-root")
    elif space is not None:
        tally.sees(
            "XML-003", "xml-space-default" if space == "default" else "another xml:space", f"/{name}", shown(space)
        )
    elif in_declaration:
        tally.sees("XML-003", "namespace-in-the-declaration", "the XML declaration")
    else:
        tally.sees("XML-003", "it-is-nowhere", f"/{name}")
    judge_names(context, root, f"/{name}")
    return True


def _judge_namespaces(tally: Tally, root: etree._Element) -> None:
    namespace = _namespace(root)
    if namespace == NAMESPACE:
        tally.meets("XML-002", "native-dicom-namespace")
    elif not namespace:
        tally.sees("XML-002", "no-namespace-as-in-examples-of-ps3-18", f"/{local_name(root)}")
    else:
        tally.sees("XML-002", "another-namespace", f"/{local_name(root)}", shown(namespace), expected=(NAMESPACE,))
    for element in root.iter(etree.Element):
        if _namespace(element) != namespace:
            tally.sees(
                "XML-002",
                "namespaces-mixed",
                dicom_attributes.path_of(element),
                shown(_namespace(element)),
            )
            break


def _namespace(element: etree._Element) -> str:
    return element.tag.rpartition("}")[0].removeprefix("{")


@cache
def _schema(namespace: str) -> etree.RelaxNG:
    text = (files(__package__) / "native_dicom_model.rng").read_text("utf-8")
    return etree.RelaxNG(etree.fromstring(text.replace(f'ns="{NAMESPACE}"', f'ns="{namespace}"').encode()))


def _judge_schema(context: Context, root: etree._Element) -> None:
    """Let the schema find what stands in a wrong place, where nothing else was found."""
    tally, namespace = context.tally, _namespace(root)
    if not tally.rows_spoken_against <= _BESIDE_THE_SCHEMA or namespace not in {NAMESPACE, ""}:
        return
    schema = _schema(namespace)
    if schema.validate(root.getroottree()):
        return
    element = _first_error(schema, root)
    parent = element.getparent()
    tally.sees(
        "XML-006",
        "an element or attribute in a place where the model has none",
        dicom_attributes.path_of(element),
        f"{local_name(element)} in {local_name(parent) if parent is not None else 'the document'}",
    )


def _first_error(schema: etree.RelaxNG, root: etree._Element) -> etree._Element:
    """Return the element at which the schema is left."""
    # The path uses the prefixes of the document, which mean nothing outside of it.
    with suppress(etree.XPathError):
        found = root.getroottree().xpath(schema.error_log[0].path or "/*")
        return next((each for each in found if isinstance(each, etree._Element)), root)  # type: ignore[union-attr] # a path selects
    return root
