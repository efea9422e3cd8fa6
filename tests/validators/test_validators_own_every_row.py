"""Every row of scope "message" in these files has one module that owns it."""

import ast
from collections import Counter
from pathlib import Path

import pytest

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
VALIDATORS = Path(error_responses.__file__).parents[1]


def test_every_row_has_one_owner() -> None:
    owned = Counter(row for module in MODULES for row in module.OWNED)
    assert [row for row, count in owned.items() if count > 1] == []
    assert set(owned) == {row.id for row in ROWS.values() if row.scope == "message" and row.service in SERVICES}


@pytest.mark.parametrize("module", [dicom_json, native_xml, part10_octets])
def test_rows_that_another_module_owns_exist(module: object) -> None:
    assert set(getattr(module, "ALSO", ())) <= set(ROWS)


def literals(module: Path) -> set[str]:
    return {
        node.value
        for node in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_observation_listed_is_one_that_a_module_can_make() -> None:
    written = {text for path in VALIDATORS.rglob("*.py") for text in literals(path)}
    written |= literals(VALIDATORS.parent / "reading" / "xml_octets.py")
    owned = {row for module in MODULES for row in module.OWNED}
    listed = {(row, text) for row in owned for text in ROWS[row].observations}
    assert {(row, text) for row, text in listed if text not in written} == MADE_OF_PARTS | NOT_TOLD


MADE_OF_PARTS = {
    ("JSON-007", "not ascending at the top level of a dataset"),
    ("JSON-007", "not ascending inside an item"),
    (
        "JSON-012",
        "one of AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV",
    ),
}
NOT_TOLD = {
    # Other passes stand for these.
    ("JSON-002", "charset=utf-8 or no charset parameter"),
    ("JSON-013", "a retired attribute with any VR it once had"),
    ("JSON-013", "either VR of an attribute with two (US or SS, OB or OW)"),
    ("XML-013", "none on a private or unknown attribute"),
    # One message does not show what was stored.
    ("JSON-013", "the VR as stored where it is not the dictionary's"),
    ("JSON-028", "longer than the VR allows where a shorter value was stored or the server made the value"),
    ("XML-023", "a component lost"),
    ("XML-023", "components under the wrong element"),
}
