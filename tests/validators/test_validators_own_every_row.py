"""Every row of scope "message" in these files has one module that owns it."""

from collections import Counter

import pytest

from dicomweb_conformance.checks.observers import TOLD_BY_CHECKS
from dicomweb_conformance.validators.http import error_responses
from dicomweb_conformance.validators.images import image_octets
from dicomweb_conformance.validators.json import dicom_json
from dicomweb_conformance.validators.part10 import part10_octets
from dicomweb_conformance.validators.store import response_module
from dicomweb_conformance.validators.xml import native_xml
from tests.validators.validating import ROWS

MODULES = (error_responses, dicom_json, image_octets, native_xml, part10_octets, response_module)
SERVICES = {
    "JSON",
    "XML",
    "RETRIEVE",
    "METADATA",
    "BULKDATA",
    "RENDERED",
    "SEARCH",
    "STORE",
    "URI",
    "ERROR",
    "CAPABILITIES",
}


def test_every_row_has_one_owner() -> None:
    owned = Counter(row for module in MODULES for row in module.OWNED)
    assert [row for row, count in owned.items() if count > 1] == []
    of_messages = {row.id for row in ROWS.values() if row.scope == "message" and row.service in SERVICES}
    assert set(owned) == of_messages - set(TOLD_BY_CHECKS)


@pytest.mark.parametrize("module", [dicom_json, native_xml, part10_octets])
def test_rows_that_another_module_owns_exist(module: object) -> None:
    assert set(getattr(module, "ALSO", ())) <= set(ROWS)
