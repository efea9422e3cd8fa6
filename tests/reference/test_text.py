from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from tests.reference.payloads import Service, instance, path_of


def code(meaning: str) -> list[Dataset]:
    item = Dataset()
    item.CodeMeaning = meaning
    return [item]


def report() -> Dataset:
    finding, length, measured = Dataset(), Dataset(), Dataset()
    finding.ValueType, finding.ConceptNameCodeSequence, finding.TextValue = "TEXT", code("Finding"), "Müller <小東>"
    measured.NumericValue, measured.MeasurementUnitsCodeSequence = "7.5", code("mm")
    length.ValueType, length.ConceptNameCodeSequence, length.MeasuredValueSequence = "NUM", code("Length"), [measured]
    return instance(
        SpecificCharacterSet="ISO_IR 192",
        ValueType="CONTAINER",
        ConceptNameCodeSequence=code("Report"),
        ContentSequence=[finding, length],
    )


@pytest.mark.parametrize(
    ("accept", "media_type", "text"),
    [
        ("text/html", "text/html", "<b>Finding</b> Müller &lt;小東&gt;"),
        ("*/*", "text/html", "<b>Length</b> 7.5 mm"),
        ("text/plain", "text/plain", "Report: \n  Finding: Müller <小東>\n  Length: 7.5 mm\n"),
        ("text/xml", "text/xml", "<NativeDicomModel "),
    ],
)
def test_report_is_rendered_as_text(dicomweb: Service, accept: str, media_type: str, text: str) -> None:
    dataset = report()
    dicomweb.store(dataset)

    answer = dicomweb.get(f"{path_of(dataset)}/rendered", accept)

    assert answer.headers["Content-Type"] == f"{media_type}; charset=utf-8"
    assert text in answer.content.decode()


@pytest.mark.parametrize(
    ("accept", "query", "accept_charset", "charset"),
    [
        ("text/html; charset=us-ascii", "?charset=utf-8", "utf-8", "us-ascii"),
        ("text/html; charset=x-none", "?charset=iso-8859-1", "utf-8", "iso-8859-1"),
        ("text/html", "?charset=x-none", "us-ascii;q=0.5, iso-8859-1, utf-8;q=0.9", "iso-8859-1"),
        ("text/html", "", "foo, utf-8;q=0", "utf-8"),
    ],
)
def test_character_set_is_the_first_supported_one(
    dicomweb: Service, accept: str, query: str, accept_charset: str, charset: str
) -> None:
    dataset = report()
    dicomweb.store(dataset)

    answer = dicomweb.get(f"{path_of(dataset)}/rendered{query}", accept, Accept_Charset=accept_charset)

    assert answer.headers["Content-Type"] == f"text/html; charset={charset}"
    assert "&#23567;" in answer.text or "小" in answer.content.decode()


def test_text_that_a_character_set_does_not_have_is_406(dicomweb: Service) -> None:
    dataset = report()
    dicomweb.store(dataset)

    answer = dicomweb.get(f"{path_of(dataset)}/rendered", "text/plain", Accept_Charset="us-ascii")

    assert answer.status_code == 406


def test_encapsulated_pdf_is_that_document(dicomweb: Service) -> None:
    dataset = instance(EncapsulatedDocument=b"%PDF-1.7", MIMETypeOfEncapsulatedDocument="application/pdf")
    dicomweb.store(dataset)

    for accept in ("application/pdf", "*/*"):
        answer = dicomweb.get(f"{path_of(dataset)}/rendered", accept)
        assert (answer.headers["Content-Type"], answer.content) == ("application/pdf", b"%PDF-1.7")


def test_objects_without_text_or_pixels_are_406(dicomweb: Service) -> None:
    dataset = instance()
    dicomweb.store(dataset)

    assert dicomweb.get(f"{path_of(dataset)}/rendered").status_code == 406
    assert dicomweb.get(f"{path_of(report())}/rendered").status_code == 404


def test_text_not_rendered(with_freedom: Callable[..., Service]) -> None:
    service = with_freedom("text-not-rendered")
    dataset = report()
    service.store(dataset)

    assert service.get(f"{path_of(dataset)}/rendered", "text/html").status_code == 406
