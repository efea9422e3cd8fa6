import io
from collections.abc import Callable

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from tests.reference.payloads import (
    MULTIPART,
    SERIES,
    STUDY,
    Service,
    compressed,
    encapsulated,
    image,
    instance,
    multipart,
    part10,
    parts_of,
    path_of,
    picture,
)


def uids(datasets: list[Dataset]) -> list[str]:
    return [dataset.SOPInstanceUID for dataset in datasets]


def grey() -> tuple[Dataset, np.ndarray]:
    pixels = (np.arange(40 * 48) % 251).astype("u1").reshape(40, 48)
    dataset = image(40, 48, BitsAllocated=8, BitsStored=8, HighBit=7)
    dataset.add_new("PixelData", "OB", pixels.tobytes())
    return dataset, pixels


@pytest.fixture
def archive(dicomweb: Service) -> Service:
    dicomweb.store(
        instance(number=1), instance(number=2), instance(STUDY, "2.25.1.2", 3), instance("2.25.2", "2.25.2.1", 1)
    )
    return dicomweb


@pytest.mark.parametrize(
    ("path", "instances"),
    [
        (f"/studies/{STUDY}", ["2.25.1.1.1", "2.25.1.1.2", "2.25.1.2.3"]),
        (f"/studies/{STUDY}/series/{SERIES}", ["2.25.1.1.1", "2.25.1.1.2"]),
        (f"/studies/{STUDY}/series/{SERIES}/instances/2.25.1.1.2", ["2.25.1.1.2"]),
    ],
)
def test_each_level_holds_its_instances(archive: Service, path: str, instances: list[str]) -> None:
    assert uids(archive.retrieve(path)) == instances
    assert [one["00080018"]["Value"][0] for one in archive.metadata(path)] == instances


def test_multipart_envelope(archive: Service) -> None:
    path = f"/studies/{STUDY}/series/{SERIES}"
    answer = archive.get(path, MULTIPART)

    content_type, _, boundary = answer.headers["Content-Type"].partition("; boundary=")
    assert content_type == MULTIPART
    assert answer.headers["Content-Length"] == str(len(answer.content))
    assert answer.headers["Content-Location"] == archive.base + path
    head, _, rest = answer.content.partition(b"\r\n\r\n")
    assert head.decode().split("\r\n") == [
        "--" + boundary.strip('"'),
        "Content-Type: application/dicom",
        f"Content-Location: {archive.base}{path}/instances/2.25.1.1.1",
        f"Content-Length: {len(parts_of(answer.headers['Content-Type'], answer.content)[0])}",
    ]
    assert rest.endswith(f"\r\n--{boundary.strip(chr(34))}--\r\n".encode())


@pytest.mark.parametrize("suffix", ["", "/metadata"])
@pytest.mark.parametrize(
    "path",
    [
        "/studies/2.25.9",
        f"/studies/{STUDY}/series/2.25.9",
        f"/studies/{STUDY}/series/{SERIES}/instances/2.25.9",
        f"/studies/2.25.2/series/{SERIES}/instances/2.25.1.1.1",
        f"/studies/{STUDY}/series/2.25.1.2/instances/2.25.1.1.1",
        f"/studies/2.25.2/series/{SERIES}",
        "/studies/not-a-uid",
    ],
)
def test_what_the_whole_path_does_not_lead_to_is_404(archive: Service, path: str, suffix: str) -> None:
    assert archive.get(path + suffix).status_code == 404


@pytest.mark.parametrize(
    ("stored", "transfer_syntax", "sent"),
    [
        (ExplicitVRLittleEndian, None, ExplicitVRLittleEndian),
        (ExplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRLittleEndian),
        (ExplicitVRLittleEndian, "*", ExplicitVRLittleEndian),
        (ImplicitVRLittleEndian, None, ExplicitVRLittleEndian),
        (ImplicitVRLittleEndian, "*", ExplicitVRLittleEndian),
        (DeflatedExplicitVRLittleEndian, None, ExplicitVRLittleEndian),
        (DeflatedExplicitVRLittleEndian, "*", DeflatedExplicitVRLittleEndian),
    ],
)
def test_native_instances(dicomweb: Service, stored: str, transfer_syntax: str | None, sent: str) -> None:
    icon = Dataset()
    icon.Rows, icon.Columns, icon.BitsAllocated = 1, 1, 8
    icon.add_new("PixelData", "OW", b"\1\2")
    dataset = image(PixelSpacing=["0.5", "0.25"], PatientComments="a\\b", IconImageSequence=[icon, Dataset()])
    dataset.private_block(0x0009, "ACME", create=True).add_new(1, "UN", b"\1\2\3\4")
    dicomweb.store(part10(dataset, stored))

    accept = MULTIPART + (f"; transfer-syntax={transfer_syntax}" if transfer_syntax else "")
    (retrieved,) = dicomweb.retrieve(path_of(dataset), accept)

    assert retrieved == dataset
    assert retrieved.file_meta.TransferSyntaxUID == sent
    assert retrieved.file_meta.MediaStorageSOPClassUID == dataset.SOPClassUID
    assert retrieved.file_meta.FileMetaInformationVersion == b"\0\1"
    assert retrieved.file_meta.FileMetaInformationGroupLength > 0
    assert retrieved.preamble == bytes(128)


def test_big_endian_words_are_swapped(dicomweb: Service) -> None:
    dataset = image(SmallestImagePixelValue=600)
    native = dataset.PixelData
    dataset.PixelData = np.frombuffer(native, "<u2").astype(">u2").tobytes()
    dicomweb.store(part10(dataset, ExplicitVRBigEndian))

    (retrieved,) = dicomweb.retrieve(path_of(dataset), f"{MULTIPART}; transfer-syntax=*")

    assert retrieved.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert retrieved.PixelData == native
    assert retrieved.SmallestImagePixelValue == 600


def test_value_too_long_for_its_length_field_becomes_un(dicomweb: Service) -> None:
    dataset = instance(LUTExplanation="x", ContourData=["1.5"] * 20000)
    dicomweb.store(part10(dataset, ImplicitVRLittleEndian))

    (retrieved,) = dicomweb.retrieve(path_of(dataset))

    assert retrieved.get_item("ContourData").VR == "UN"
    assert retrieved.get_item("ContourData").value.rstrip() == b"\\".join([b"1.5"] * 20000)


@pytest.mark.parametrize("frames", [1, 3])
def test_lossless_pixels_are_decoded_by_default_and_sent_as_stored_for_any_syntax(
    dicomweb: Service, frames: int
) -> None:
    dataset = image(6, 5, NumberOfFrames=frames)
    dataset.PixelData = dataset.PixelData * frames
    dicomweb.store(compressed(dataset, RLELossless))

    (native,) = dicomweb.retrieve(path_of(dataset))
    (stored,) = dicomweb.retrieve(path_of(dataset), f"{MULTIPART}; transfer-syntax=*")
    (named,) = dicomweb.retrieve(path_of(dataset), f"{MULTIPART}; transfer-syntax={RLELossless}")

    assert native.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert native.PixelData == dataset.PixelData
    assert native["PixelData"].VR == "OW"
    assert stored.file_meta.TransferSyntaxUID == named.file_meta.TransferSyntaxUID == RLELossless
    assert np.array_equal(stored.pixel_array, native.pixel_array)


def test_colours_agree_with_their_description(dicomweb: Service) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (40, 48, 3), dtype="u1")
    dataset = image(40, 48, BitsAllocated=8, BitsStored=8, HighBit=7, SamplesPerPixel=3, PlanarConfiguration=0)
    dataset.PhotometricInterpretation = "YBR_RCT"
    codestream = picture(pixels, "JPEG2000", no_jp2=True, mct=1)
    dicomweb.store(encapsulated(dataset, codestream, JPEG2000Lossless))

    (native,) = dicomweb.retrieve(path_of(dataset))

    assert native.PhotometricInterpretation == "RGB"
    assert native.PlanarConfiguration == 0
    assert native.PixelData == pixels.tobytes()


def test_lossy_pixels_are_sent_as_stored_unless_native_ones_are_asked_for(dicomweb: Service) -> None:
    dataset, pixels = grey()
    codestream = picture(pixels, "JPEG", quality=95)
    dicomweb.store(encapsulated(dataset, codestream, JPEGBaseline8Bit))

    (stored,) = dicomweb.retrieve(path_of(dataset))
    (native,) = dicomweb.retrieve(path_of(dataset), f"{MULTIPART}; transfer-syntax={ExplicitVRLittleEndian}")

    assert stored.file_meta.TransferSyntaxUID == JPEGBaseline8Bit
    assert codestream in stored.PixelData
    assert native.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert abs(native.pixel_array.astype(int) - pixels).mean() < 3


def test_pixels_that_do_not_decode_are_406_but_sent_as_stored(dicomweb: Service) -> None:
    for transfer_syntax in (RLELossless, JPEGLSLossless):
        dataset, _ = grey()
        dicomweb.store(encapsulated(dataset, b"\xff\xd8junk", transfer_syntax))

        assert dicomweb.get(path_of(dataset), MULTIPART).status_code == 406
        (stored,) = dicomweb.retrieve(path_of(dataset), f"{MULTIPART}; transfer-syntax=*")
        assert stored.file_meta.TransferSyntaxUID == transfer_syntax


@pytest.mark.parametrize(
    "transfer_syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.50"]
)
def test_transfer_syntaxes_that_cannot_be_delivered_are_406(archive: Service, transfer_syntax: str) -> None:
    path = f"/studies/{STUDY}/series/{SERIES}/instances/2.25.1.1.1"

    assert archive.get(path, f"{MULTIPART}; transfer-syntax={transfer_syntax}").status_code == 406


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "*/*",
        MULTIPART,
        "multipart/related; type=application/dicom",
        'Multipart/Related; TYPE="Application/DICOM"',
        "multipart/*",
        'multipart/related; type="application/dicom";q=0.3, text/plain, application/x-nothing',
        f"{MULTIPART}; transfer-syntax=1.2.840.10008.1.2.4.100, {MULTIPART}; transfer-syntax=1.2.840.10008.1.2.1;q=0.5",
        f"bogus, {MULTIPART}",
        f"application/dicom;q=0.2, {MULTIPART};q=0.8",
        f"{MULTIPART}, image/jpeg",
    ],
)
def test_multipart_is_chosen(archive: Service, accept: str | None) -> None:
    answer = archive.get(f"/studies/{STUDY}/series/{SERIES}/instances/2.25.1.1.1", accept)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(MULTIPART)


@pytest.mark.parametrize("accept", ["application/dicom", f"application/dicom, {MULTIPART};q=0.9", "application/*"])
def test_single_part_is_chosen_for_an_instance(archive: Service, accept: str) -> None:
    answer = archive.get(f"/studies/{STUDY}/series/{SERIES}/instances/2.25.1.1.1", accept)

    assert answer.headers["Content-Type"] == "application/dicom"
    assert dcmread(io.BytesIO(answer.content)).SOPInstanceUID == "2.25.1.1.1"


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        (f"/studies/{STUDY}", "application/dicom"),
        (f"/studies/{STUDY}", "multipart/related; type=application/x-nothing"),
        (f"/studies/{STUDY}", f"{MULTIPART};q=0"),
        (f"/studies/{STUDY}/series/{SERIES}/instances/2.25.1.1.1", "application/dicom+json"),
        (f"/studies/{STUDY}/metadata", "application/x-nothing"),
        (f"/studies/{STUDY}/metadata", "image/bmp, image/png"),
        ("/studies", "application/json"),
    ],
)
def test_nothing_acceptable_is_406_and_names_what_is(archive: Service, path: str, accept: str) -> None:
    answer = archive.get(path, accept)

    assert answer.status_code == 406
    assert "application/dicom" in answer.text


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("", None),
        ("", "*/*"),
        ("", "Application/DICOM+JSON"),
        ("", "application/dicom+json; charset=utf-8"),
        ("", "application/dicom+json; transfer-syntax=1.2.840.10008.1.2.1"),
        ("", "bogus, application/dicom+json"),
        ("", "application/x-nothing, application/dicom+json;q=0.5"),
        ("?accept=application/dicom+json", "*/*"),
        ("?accept=application/dicom%2Bjson", "*/*"),
        ("?accept=*/*", "application/dicom+json"),
        ("?charset=x-none&x_probe=1", "application/dicom+json"),
    ],
)
def test_metadata_comes_as_dicom_json(archive: Service, query: str, accept: str | None) -> None:
    answer = archive.get(f"/studies/{STUDY}/metadata{query}", accept, Accept_Charset="foo, utf-8")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/dicom+json"


def test_dicom_and_rendered_types_are_not_mixed(archive: Service) -> None:
    assert archive.get(f"/studies/{STUDY}/metadata", "application/dicom+json, image/png").status_code == 400


def test_no_accept_header_at_all_gets_the_default(archive: Service) -> None:
    answer = archive.get(f"/studies/{STUDY}", None)

    assert answer.headers["Content-Type"].startswith(MULTIPART)


def test_bulk_data_of_an_instance_is_served_as_octet_stream(dicomweb: Service) -> None:
    dataset = image(EncapsulatedDocument=bytes(500))
    dicomweb.store(dataset)

    answer = dicomweb.get(path_of(dataset), 'multipart/related; type="application/octet-stream"')

    assert parts_of(answer.headers["Content-Type"], answer.content) == [bytes(500), dataset.PixelData]


def test_head_is_get_without_a_body(archive: Service) -> None:
    path = f"{archive.base}/studies/{STUDY}/metadata"
    answer = archive.session.head(path, timeout=10)

    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["Content-Type"] == "application/dicom+json"
    assert answer.headers["Content-Length"] == str(len(archive.session.get(path, timeout=10).content))


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/studies/2.25.9/metadata", "GET, HEAD"),
        ("POST", "/series", "GET, HEAD"),
        ("POST", f"/studies/{STUDY}/series/{SERIES}", "DELETE, GET, HEAD"),
        ("PUT", "/studies", "GET, HEAD, POST"),
        ("GET", "", "OPTIONS"),
    ],
)
def test_methods_that_are_not_supported_are_405_with_allow(
    archive: Service, method: str, path: str, allowed: str
) -> None:
    answer = archive.session.request(method, archive.base + path, timeout=10)

    assert answer.status_code == 405
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("path", ["", "/"])
def test_capabilities_describe_what_is_routed(dicomweb: Service, path: str) -> None:
    accept = {"Accept": "application/vnd.sun.wadl+xml, application/json;q=0.5"}
    answer = dicomweb.session.options(dicomweb.base + path, headers=accept, timeout=10)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/vnd.sun.wadl+xml"
    assert f'<resources base="{dicomweb.base}">' in answer.text
    assert '<resource path="{study}"><method name="GET" /><method name="POST" /><method name="DELETE" />' in answer.text


def test_browsers_of_any_origin_are_welcome(dicomweb: Service) -> None:
    headers = {"Origin": "https://viewer.example", "Access-Control-Request-Method": "GET"}
    answer = dicomweb.session.options(f"{dicomweb.base}/studies", headers=headers, timeout=10)

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_multipart_of_an_undecodable_neighbour_is_406_as_a_whole(dicomweb: Service) -> None:
    dataset, _ = grey()
    body, headers = multipart(part10(instance()), encapsulated(dataset, b"\xff\xd8junk", JPEGLSLossless))
    dicomweb.post("/studies", body, **headers)

    assert dicomweb.get(f"/studies/{STUDY}", MULTIPART).status_code == 406
    assert len(dicomweb.retrieve(f"/studies/{STUDY}", f"{MULTIPART}; transfer-syntax=*")) == 2


def test_sequences_of_undefined_length(dicomweb: Service) -> None:
    item = Dataset()
    item.CodeValue = "X"
    item.is_undefined_length_sequence_item = True
    dataset = image(ProcedureCodeSequence=[item, Dataset()])
    dataset["ProcedureCodeSequence"].is_undefined_length = True
    dataset.private_block(0x0009, "ACME", create=True).add_new(1, "SQ", [item])
    dataset[0x00091001].is_undefined_length = True
    for transfer_syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian):
        dicomweb.store(part10(dataset, transfer_syntax))

        (model,) = dicomweb.metadata(path_of(dataset))
        code = {"00080100": {"vr": "SH", "Value": ["X"]}}
        assert model["00081032"]["Value"] == [code, {}]
        assert model["00091001"]["Value"] == [code]
        assert dicomweb.retrieve(path_of(dataset)) == [dataset]


@pytest.mark.parametrize("freedom", ["lossy-is-decoded", "lossy-is-406"])
def test_freedoms_with_lossy_pixels(with_freedom: Callable[..., Service], freedom: str) -> None:
    service = with_freedom(freedom)
    dataset, pixels = grey()
    service.store(encapsulated(dataset, picture(pixels, "JPEG"), JPEGBaseline8Bit))

    answer = service.get(path_of(dataset), MULTIPART)

    if freedom == "lossy-is-406":
        assert answer.status_code == 406
    else:
        (file,) = parts_of(answer.headers["Content-Type"], answer.content)
        assert dcmread(io.BytesIO(file)).file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
