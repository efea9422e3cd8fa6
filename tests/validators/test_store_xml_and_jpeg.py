"""The answer to a store in XML, and what counts as the same JPEG."""

from io import BytesIO

import pytest
from PIL import Image

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.validators.images import jpeg
from dicomweb_conformance.validators.store import xml_responses
from dicomweb_fixtures.building import jpeg_images
from dicomweb_fixtures.identifiers import Branch
from dicomweb_fixtures.payloads import bulk_kinds, json_bulk

CLASS, INSTANCE = "1.2.840.10008.5.1.4.1.1.7", "2.25.3"
ANSWER = f"""<NativeDicomModel>
  <DicomAttribute tag="00081190" vr="UR" keyword="RetrieveURL"><Value number="1">https://h/studies/2.25.1</Value></DicomAttribute>
  <DicomAttribute tag="00081199" vr="SQ" keyword="ReferencedSOPSequence">
    <Item number="1">
      <DicomAttribute tag="00081150" vr="UI" keyword="ReferencedSOPClassUID"><Value number="1">{CLASS}</Value></DicomAttribute>
      <DicomAttribute tag="00081155" vr="UI" keyword="ReferencedSOPInstanceUID"><Value number="1">{INSTANCE}</Value></DicomAttribute>
      <DicomAttribute tag="00081190" vr="UR" keyword="RetrieveURL"><Value number="1">https://h/i</Value></DicomAttribute>
    </Item>
  </DicomAttribute>
</NativeDicomModel>"""  # noqa: E501 - an example of the page reads best as it is


def observed(answer: str) -> set[str]:
    return {each.observation for each in xml_responses.judge(answer.encode(), CLASS, INSTANCE)}


def test_the_example_of_the_page_has_no_fault_and_reads_as_a_module() -> None:
    assert observed(ANSWER) == set()
    module = xml_responses.module(ANSWER.encode())
    assert module is not None
    assert json_model.text(json_model.items(module, "00081199")[0], "00081155") == INSTANCE


@pytest.mark.parametrize(
    ("old", "new", "observation"),
    [
        ("<NativeDicomModel>", '<NativeDicomModel xmlns="http://x">', "namespace-or-xml-declaration-present"),
        ("</NativeDicomModel>", "", "not-well-formed"),
        ('tag="00081199"', 'tag="00081198"', "an-attribute-missing"),
        ('tag="00081150"', 'tag="00080016"', "an-attribute-missing"),
        (INSTANCE, "2.25.4", "reference-does-not-name-instance-sent"),
    ],
)
def test_a_fault_is_named_as_the_row_lists_it(old: str, new: str, observation: str) -> None:
    assert observation in observed(ANSWER.replace(old, new))
    assert observation in requirements.load()["GOOGLE-027"].observations


@pytest.mark.parametrize(
    ("old", "new"),
    [(' keyword="RetrieveURL"', ""), (' number="1"', ' number="0"'), ("NativeDicomModel", "Model"), (' vr="UI"', "")],
)
def test_a_fault_of_form_is_found(old: str, new: str) -> None:
    assert observed(ANSWER.replace(old, new))


def test_entities_are_not_resolved() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "c">]>' + ANSWER.replace("https://h/i", "&b;")
    xml_responses.module(bomb.encode())


@pytest.mark.parametrize("colour", [True, False])
def test_the_codestream_of_an_instance_is_its_jpeg(colour: bool) -> None:
    payload = json_bulk.page(Branch(1, "x"), colour=colour)

    kept = jpeg.of(payload.instance.dataset)

    assert kept is not None
    assert jpeg.unpadded(kept) == payload.bulk_data[0].octets


def test_native_pixels_have_no_codestream() -> None:
    assert jpeg.of(json_bulk.native(Branch(1, "x")).instance.dataset) is None


def test_remarks_and_padding_make_no_difference_and_pixels_do() -> None:
    picture = jpeg_images.jpeg()
    remark = b"\xff\xfe\x00\x07hello"
    marked = picture[:2] + remark + picture[2:] + b"\0"

    assert jpeg.without_remarks(marked) == jpeg.without_remarks(picture)

    file = BytesIO()
    Image.open(BytesIO(picture)).save(file, "JPEG", quality=40)
    assert jpeg.without_remarks(file.getvalue()) != jpeg.without_remarks(picture)


def test_frames_are_codestreams_of_their_own() -> None:
    payload = bulk_kinds.frames(Branch(1, "x"))

    kept = jpeg.frames(payload.instance.dataset, 3)

    assert kept is not None
    assert [*map(jpeg.unpadded, kept)] == [each.octets for each in payload.bulk_data]
    assert jpeg.frames(json_bulk.native(Branch(1, "x")).instance.dataset, 3) is None


def test_a_coding_process_fits_its_transfer_syntaxes() -> None:
    baseline, file = jpeg_images.jpeg(), BytesIO()
    Image.open(BytesIO(baseline)).save(file, "JPEG", progressive=True)
    syntaxes = {suffix: f"1.2.840.10008.1.2.4.{suffix}" for suffix in (50, 51, 57, 70, 90)}

    assert [suffix for suffix, uid in syntaxes.items() if jpeg.fits(baseline, uid)] == [50, 51, 90]
    assert [suffix for suffix, uid in syntaxes.items() if jpeg.fits(file.getvalue(), uid)] == [90]


@pytest.mark.parametrize("octets", [b"", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8\xff\xe0\xff", b"hello"])
def test_what_is_no_jpeg_breaks_nothing(octets: bytes) -> None:
    jpeg.without_remarks(octets)
    assert jpeg.process(octets) is None
