"""From octets to an XML document (XML 1.0): without network, without entities, bounded in depth and size.

Mends one thing that examples of PS3.18 show and XML does not allow: xml:space in the XML declaration.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from lxml import etree

from dicomweb_conformance.http import character_sets, limits

NOT_WELL_FORMED = "not well-formed: unclosed, unescaped & or <, text after the root"
CONTRADICTS = "octets that contradict the encoding"
UNKNOWN_CHARACTER = "a character that XML 1.0 does not know, also as a character reference"
TOO_DEEP = "elements nested more than 255 deep"
TOO_LARGE = "more than this suite reads"
DECLARES_ENTITIES = "a DOCTYPE with declarations of its own"

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
_DECLARATION = re.compile(r"<\?xml(\s[^?>]{0,400})\?>")
_SPACE = re.compile(r"""\s+xml:space\s*=\s*(?:"[^"]*"|'[^']*')""")
_ENCODING = re.compile(r"""\s+encoding\s*=\s*(?:"[^"]*"|'[^']*')""")
_WHITE = re.compile(r"\s*")
_UNKNOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Document:
    """What octets are as XML.

    Attributes:
        root: the root element; None where there is none to be had, and `fault` says why.
        encoding: by which they were decoded, in lower case.
        doctype: whether there is a DOCTYPE.
        space_in_declaration: whether xml:space stood in the XML declaration.
        fault: one of this module's constants; empty where the document is well-formed.
        where: the place of the fault.
        detail: what the parser has to say of it.
        roots: how many roots there are, side by side.
    """

    root: etree._Element | None
    encoding: str = "utf-8"
    doctype: bool = False
    space_in_declaration: bool = False
    fault: str = ""
    where: str = ""
    detail: str = ""
    roots: int = 1


def read(octets: bytes) -> Document:
    """Read octets as an XML document; never raises."""
    bom, encoding = next((pair for pair in _BOMS if octets.startswith(pair[0])), (b"", ""))
    declared = _DECLARED.match(octets)
    if not encoding:
        encoding = declared[1].decode("ascii").lower() if declared else "utf-8"
    try:
        text = character_sets.decode(octets[len(bom) :], encoding)
    except (LookupError, ValueError) as error:
        place = f"octet {len(bom) + error.start}" if isinstance(error, UnicodeDecodeError) else ""
        return Document(None, encoding, fault=CONTRADICTS, where=place, detail=f"encoding {encoding[:40]}")
    if larger := _larger(text):
        return Document(None, encoding, fault=TOO_LARGE, detail=larger)
    if unknown := _UNKNOWN.search(text):
        where, detail = f"character {unknown.start()}", f"U+{ord(unknown[0]):04X}"
        return Document(None, encoding, fault=UNKNOWN_CHARACTER, where=where, detail=detail)
    space = False
    if declaration := _DECLARATION.match(text):
        pseudo_attributes = declaration[1]
        without = _SPACE.sub("", pseudo_attributes)
        space = without != pseudo_attributes
        text = f"<?xml{_ENCODING.sub('', without)}?>{text[declaration.end() :]}"
    doctype = _doctype(text)
    if doctype is not None and "[" in text[doctype : text.find(">", doctype)]:
        # Entities are the one way in which a document grows when it is read. Nobody needs them here.
        return Document(None, encoding, True, space, fault=DECLARES_ENTITIES)
    return _parsed(text, Document(None, encoding, doctype is not None, space))


def _larger(text: str) -> str:
    """Say how a text is larger than is read, by its signs, wherever they stand; empty where it is not."""
    if len(text) > limits.XML_TEXT:
        return f"more than {limits.XML_TEXT:,} characters"
    if text.count("<") > 2 * limits.XML_ELEMENTS:  # a tag that begins an element, and one that ends it
        return f"more than {limits.XML_ELEMENTS:,} elements"
    return f"more than {limits.XML_ATTRIBUTES:,} attributes" if text.count("=") > limits.XML_ATTRIBUTES else ""


def _doctype(text: str) -> int | None:
    """Return where the DOCTYPE begins, behind declaration, comments and processing instructions; None without one."""
    at = 0
    while True:
        at = _WHITE.match(text, at).end()  # type: ignore[union-attr] # it matches nothing too
        for opening, closing in (("<?", "?>"), ("<!--", "-->")):
            if text.startswith(opening, at):
                end = text.find(closing, at + len(opening))
                break
        else:
            return at if text.startswith("<!DOCTYPE", at) else None
        if end < 0:
            return None
        at = end + len(closing)


def _parsed(text: str, known: Document) -> Document:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    fault, where, detail, root, roots = "", "", "", None, 1
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        detail = error.msg or "no document"
        line, column = error.position
        where = f"line {line}, column {column}"
        if "depth" in detail:
            fault = TOO_DEEP
        elif "HUGE" in detail:
            fault = TOO_LARGE
        elif "xmlChar" in detail:
            fault = UNKNOWN_CHARACTER
        else:
            fault = NOT_WELL_FORMED
        if "Extra content" in detail:
            roots = len(re.findall(r"</(?:[\w.-]+:)?NativeDicomModel\s*>", text))
    except (ValueError, LookupError, AssertionError, MemoryError, RecursionError) as error:  # lxml on its own limits
        fault, detail = NOT_WELL_FORMED, type(error).__name__
    return Document(
        root,
        known.encoding,
        known.doctype,
        known.space_in_declaration,
        fault,
        where,
        detail.split("\n")[0][:120],
        roots,
    )
