"""Defects that the checks of XML metadata with bulk data must notice; those of both forms are with JSON's."""

from __future__ import annotations

from typing import Any

from dicomweb_reference.messages import Refusal
from dicomweb_reference.multipart import Part
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []


@mutant("store-xml-bulk", may_trip=["store"], into=MUTANTS)
class DocumentsBreakTheServer(Reference):
    """A store of documents ends in 500."""

    def xml_model(self, part: Part) -> dict[str, Any]:
        raise Refusal(500, "An exception.")


@mutant("store-xml-attributes", may_trip=["store"], into=MUTANTS)
class LosesADocumentedAttribute(Reference):
    """Study Description of a document is lost."""

    def xml_model(self, part: Part) -> dict[str, Any]:
        return {tag: attribute for tag, attribute in super().xml_model(part).items() if tag != "00081030"}


@mutant("store-xml-attributes", may_trip=["store"], into=MUTANTS)
class KeepsOneValueOfEach(Reference):
    """Of several values of a document the first is kept."""

    def xml_model(self, part: Part) -> dict[str, Any]:
        model = super().xml_model(part)
        return {tag: {**each, "Value": each["Value"][:1]} if "Value" in each else each for tag, each in model.items()}
