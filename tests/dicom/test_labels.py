import pytest

from dicomweb_conformance.dicom import labels

MODEL = b'<?xml version="1.0"?><NativeDicomModel/>'
DATA_SET = b'{"00100020": {"vr": "LO", "Value": ["1"]}}'


@pytest.mark.parametrize(
    ("octets", "model"),
    [
        (DATA_SET, "application/dicom+json"),
        (b"\xef\xbb\xbf [" + DATA_SET + b"]", "application/dicom+json"),
        (MODEL, "application/dicom+xml"),
        (b"[]", ""),
        (b"{}", ""),
        (b'{"error": "none"}', ""),
        (b"[1, 2]", ""),
        (b'{"00100020": ', ""),
        (b"<html></html>", ""),
        (b"Stored.", ""),
        (b"", ""),
    ],
)
def test_a_model_is_known_by_what_it_holds(octets, model):
    assert labels.model_of(octets) == model
