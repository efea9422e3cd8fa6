"""What parts of a multipart answer represent: the resource that they name, and the order of metadata and bulk data."""

from dataclasses import replace

import pytest

from dicomweb_conformance.http.media_types import DICOM_JSON, DICOM_XML, OCTET_STREAM
from dicomweb_conformance.http.multipart import Part, part
from dicomweb_conformance.http.observed import Asked
from tests.validators.http.judged_answers import RETRIEVED, SEARCHED, multipart_answer, of_row
from tests.validators.http.test_multipart import FILE, dicom

XML = part(b"<NativeDicomModel/>", DICOM_XML)


@pytest.mark.parametrize(
    ("asked", "sent", "expected"),
    [
        pytest.param(RETRIEVED, dicom(), ["absent"], id="absent"),
        pytest.param(
            RETRIEVED,
            dicom(FILE, ("Content-Location", "https://else/x/studies/1.2.3/series/1.2.3.4/instances/1.2.3.4.5")),
            ["names-the-resource-in-the-part"],
            id="another-host",
        ),
        pytest.param(
            RETRIEVED, dicom(FILE, ("Content-Location", "1.2.3")), ["names-the-resource-in-the-part"], id="relative"
        ),
        pytest.param(
            RETRIEVED,
            dicom(FILE, ("Content-Location", "/studies/1.2.3/series/1.2.3.4/instances/9")),
            ["names-another-instance-than-held"],
            id="another-instance",
        ),
        pytest.param(
            RETRIEVED,
            dicom(FILE, ("Content-Location", "/studies/9")),
            ["names-another-instance-than-held"],
            id="another-study",
        ),
        pytest.param(RETRIEVED, dicom(FILE, ("Content-Location", "/wado?objectUID=1")), [], id="another-service"),
        pytest.param(RETRIEVED, dicom(FILE, ("Content-Location", "not a URL")), [], id="no-reference"),
        pytest.param(replace(RETRIEVED, path="studies/1.2.3/metadata"), XML, ["absent"], id="xml-metadata"),
        pytest.param(SEARCHED, XML, [], id="search-results-need-none"),
        pytest.param(RETRIEVED, part(b"x", OCTET_STREAM), [], id="bulk-data-has-its-own-row"),
        pytest.param(
            Asked("GET", "studies/1/series/2/instances/3/frames/4/rendered"),
            part(b"x", "image/jpeg", ("Content-Location", "/studies/1/series/2/instances/3/frames/5")),
            ["names-another-instance-than-held"],
            id="another-frame",
        ),
        pytest.param(
            Asked("GET", "studies/1/series/2/instances/3/frames/4,5/rendered"),
            part(b"x", "image/jpeg", ("Content-Location", "/studies/1/series/2/instances/3/frames/5")),
            ["names-the-resource-in-the-part"],
            id="one-frame-of-a-list",
        ),
    ],
)
def test_content_location_of_parts(asked: Asked, sent: Part, expected: list[str]) -> None:
    assert of_row(multipart_answer(sent, asked=asked), "MULTIPART-016") == expected


BULK = part(b"x", OCTET_STREAM, ("Content-Location", "/studies/1.2.3/bulkdata/1"))
METADATA = part(rb'[{"7FE00010": {"BulkDataURI": "http:\/\/h\/studies\/1.2.3\/bulkdata\/1"}}]', DICOM_JSON)
OTHER_METADATA = part(b"[]" + b" " * (1 << 20) + b"x", DICOM_JSON)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param([METADATA], ["no-mixture-met"], id="metadata-alone"),
        pytest.param([BULK], ["no-mixture-met"], id="bulk-data-alone"),
        pytest.param([METADATA, BULK], ["metadata-before-their-bulk-data"], id="in-order"),
        pytest.param([BULK, METADATA], ["bulk-data-before-their-metadata"], id="bulk-data-before"),
        pytest.param(
            [BULK, OTHER_METADATA],
            ["metadata-before-their-bulk-data"],
            id="bulk-data-before-other-metadata",
        ),
        pytest.param([part(b"x", "?")], [], id="unlabelled"),
    ],
)
def test_order_of_metadata_and_bulk_data(parts: list[Part], expected: list[str]) -> None:
    whole = multipart_answer(*parts)
    assert of_row(replace(whole, body=[b"".join(whole.body)]), "MULTIPART-021") == expected
