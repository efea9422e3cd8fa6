"""Defects that the checks of scenario xml must notice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from starlette.responses import Response

from dicomweb_reference.dicom_json import Attribute, Json, Model
from dicomweb_reference.media_types import DICOM_JSON, DICOM_XML, MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.outcomes import Outcome
from dicomweb_reference.server import Headers, Reference
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []
CHARACTER_SETS = ("ISO_IR-100", "ISO-2022-IR-87", "GB18030", "ISO_IR-192")
IN_XML = ("xml",)


def is_xml(media: MediaType) -> bool:
    return DICOM_XML.name in {media.name, media.root}


@mutant("xml-metadata", may_trip=IN_XML, into=MUTANTS)
class XmlMetadataBreak(Reference):
    """Metadata in XML end in 500."""

    def metadata(self, request: Request) -> Response:
        if "xml" in (request.accept or ""):
            raise Refusal(500, "An exception.")
        return super().metadata(request)


@mutant("xml-metadata", "xml-metadata-is-whole[study]", "xml-metadata-is-whole[series]", may_trip=IN_XML, into=MUTANTS)
class XmlOfTheFirst(Reference):
    """An answer in XML holds the first model only."""

    def models_answer(
        self,
        models: Iterable[tuple[Model, str]],
        media: MediaType,
        status: int = 200,
        headers: Headers | None = None,
    ) -> Response:
        kept = list(models)
        return super().models_answer(kept[:1] if is_xml(media) else kept, media, status, headers)


@mutant("xml-search", "xml-search-limit", may_trip=IN_XML, into=MUTANTS)
class XmlResultsTwice(Reference):
    """Each search result comes twice in XML."""

    def search_answer(self, results: Sequence[Model], media: MediaType, headers: Headers) -> Response:
        return super().search_answer([*results, *results] if is_xml(media) else results, media, headers)


class EditingXml(Reference):
    """A server whose models are changed before they are sent in XML."""

    def edited(self, model: Model) -> Model:
        return model

    def xml_document(self, model: Model) -> bytes:
        return super().xml_document(self.edited(model))


@mutant("xml-metadata-values[elements]", "xml-metadata-equal-json[elements]", may_trip=IN_XML, into=MUTANTS)
class XmlNumbersRounded(EditingXml):
    """Numbers lose their fractions in XML."""

    def xml_text(self, value: Json) -> str:
        return super().xml_text(int(value) if isinstance(value, float) else value)


@mutant("xml-metadata-values[gaps]", may_trip=IN_XML, into=MUTANTS)
class XmlOfOneDecimalString(EditingXml):
    """Of several values of VR DS only the first is in XML."""

    def xml_content(self, parent: ET.Element, attribute: Attribute) -> None:
        cut = attribute["vr"] == "DS" and "Value" in attribute
        super().xml_content(parent, {**attribute, "Value": attribute["Value"][:1]} if cut else attribute)


@mutant(
    "xml-metadata-values[document]",
    "xml-metadata-equal-json[document]",
    "xml-search-equals-json[studies]",
    may_trip=IN_XML,
    into=MUTANTS,
)
class XmlDatesInIsoForm(Reference):
    """Dates are in ISO 8601 form in XML."""

    def xml_content(self, parent: ET.Element, attribute: Attribute) -> None:
        if attribute["vr"] == "DA" and "Value" in attribute:
            dates = [f"{each[:4]}-{each[4:6]}-{each[6:]}" if each else each for each in attribute["Value"]]
            attribute = {"vr": "DA", "Value": dates}
        super().xml_content(parent, attribute)


@mutant("xml-metadata-empty-value-among-several", may_trip=IN_XML, into=MUTANTS)
class XmlWithoutEmptyValues(Reference):
    """An empty value among others is left out of XML, and those behind it move up."""

    def xml_content(self, parent: ET.Element, attribute: Attribute) -> None:
        values = [each for each in attribute.get("Value", []) if each is not None]
        super().xml_content(parent, {**attribute, "Value": values})


@mutant("xml-metadata-empty-attributes", may_trip=IN_XML, into=MUTANTS)
class XmlWithoutEmptyAttributes(EditingXml):
    """An attribute without a value is left out of XML."""

    def edited(self, model: Model) -> Model:
        return {tag: each for tag, each in model.items() if len(each) > 1}


@mutant("xml-metadata-empty-attributes", may_trip=IN_XML, into=MUTANTS)
class XmlSexUnknown(EditingXml):
    """An empty Patient's Sex becomes O in XML."""

    def edited(self, model: Model) -> Model:
        return model | {"00100040": {"vr": "CS", "Value": ["O"]}} if "Value" not in model.get("00100040", {}) else model


@mutant("xml-metadata-sequences", may_trip=IN_XML, into=MUTANTS)
class XmlWithoutEmptyItems(Reference):
    """An empty item is left out of XML."""

    def xml_content(self, parent: ET.Element, attribute: Attribute) -> None:
        if attribute["vr"] == "SQ":
            attribute = {**attribute, "Value": [each for each in attribute.get("Value", []) if each]}
        super().xml_content(parent, attribute)


@mutant("xml-metadata-sequences", may_trip=IN_XML, into=MUTANTS)
class XmlItemsTurnedRound(Reference):
    """The items of a sequence are in the reverse order in XML."""

    def xml_content(self, parent: ET.Element, attribute: Attribute) -> None:
        if attribute["vr"] == "SQ":
            attribute = {**attribute, "Value": attribute.get("Value", [])[::-1]}
        super().xml_content(parent, attribute)


@mutant("xml-metadata-white-space", into=MUTANTS, may_trip=IN_XML)
class XmlTextsOnOneLine(Reference):
    """Line ends of texts become blanks in XML."""

    def xml_text(self, value: Json) -> str:
        return " ".join(super().xml_text(value).splitlines())


@mutant("xml-metadata-white-space", into=MUTANTS, may_trip=IN_XML)
class XmlTextsTrimmed(Reference):
    """Blanks at the beginning of texts are gone in XML."""

    def xml_text(self, value: Json) -> str:
        return super().xml_text(value).lstrip()


@mutant("xml-metadata-white-space", into=MUTANTS, may_trip=IN_XML)
class XmlPrettyPrinted(Reference):
    """Pretty printing puts a line break around each text of XML."""

    def xml_content(self, parent: ET.Element, attribute: Attribute) -> None:
        if attribute["vr"] in {"LT", "ST", "UT"} and "Value" in attribute:
            attribute = {**attribute, "Value": [f"\n  {each}\n" for each in attribute["Value"]]}
        super().xml_content(parent, attribute)


@mutant(
    *(f"xml-metadata-text[{character_set}]" for character_set in CHARACTER_SETS),
    *(f"xml-search-text[{character_set}]" for character_set in CHARACTER_SETS),
    may_trip=IN_XML,
    into=MUTANTS,
)
class XmlInAscii(Reference):
    """Letters beyond ASCII become question marks in XML."""

    def xml_text(self, value: Json) -> str:
        return super().xml_text(value).encode("ascii", "replace").decode()


@mutant(
    "xml-search-equals-json[studies]",
    "xml-search-equals-json[series]",
    "xml-search-equals-json[instances]",
    may_trip=IN_XML,
    into=MUTANTS,
)
class XmlResultsWithoutRetrieveUrl(Reference):
    """Search results in XML have no Retrieve URL."""

    def search_answer(self, results: Sequence[Model], media: MediaType, headers: Headers) -> Response:
        if is_xml(media):
            results = [{tag: each for tag, each in one.items() if tag != "00081190"} for one in results]
        return super().search_answer(results, media, headers)


@mutant("xml-search", may_trip=IN_XML, into=MUTANTS)
class SearchesInJsonOnly(Reference):
    """Search results are in JSON whatever is asked for."""

    def search_answer(self, results: Sequence[Model], media: MediaType, headers: Headers) -> Response:
        return super().search_answer(results, DICOM_JSON, headers)


@mutant("xml-search-no-match", into=MUTANTS)
class XmlOfNothing(Reference):
    """A search for XML that matches nothing is answered with a model without attributes."""

    def search_answer(self, results: Sequence[Model], media: MediaType, headers: Headers) -> Response:
        if is_xml(media) and not results:
            return self.models_answer([({}, "")], media, 200, headers)
        return super().search_answer(results, media, headers)


@mutant("xml-store-answer", into=MUTANTS)
class StoreAnswersInJsonOnly(Reference):
    """The answer to a store is in JSON whatever is asked for."""

    def store_answer(self, request: Request, outcomes: Sequence[Outcome], media: MediaType) -> Response:
        return super().store_answer(request, outcomes, DICOM_JSON)


@mutant("xml-store-answer", into=MUTANTS)
class StoreAnswersInXmlBreak(Reference):
    """A store that accepts XML alone ends in 500."""

    def store(self, request: Request) -> Response:
        if "xml" in (request.accept or ""):
            raise Refusal(500, "An exception.")
        return super().store(request)


@mutant("xml-store-answer-names-what-was-stored", may_trip=IN_XML, into=MUTANTS)
class XmlRefersByOtherTags(EditingXml):
    """The answer to a store refers by SOP Instance UID in XML, not by Referenced SOP Instance UID."""

    def edited(self, model: Model) -> Model:
        return {
            tag: {"vr": "SQ", "Value": [self.renamed(item) for item in each["Value"]]} if tag == "00081199" else each
            for tag, each in model.items()
        }

    def renamed(self, item: Model) -> Model:
        return {"00080018" if tag == "00081155" else tag: each for tag, each in item.items()}


@mutant("xml-store-answer-names-what-was-refused", may_trip=IN_XML, into=MUTANTS)
class XmlRefusesWithoutReason(EditingXml):
    """A failed instance has no Failure Reason in XML."""

    def edited(self, model: Model) -> Model:
        if "00081198" not in model:
            return model
        items = [{tag: each for tag, each in item.items() if tag != "00081197"} for item in model["00081198"]["Value"]]
        return {**model, "00081198": {"vr": "SQ", "Value": items}}
