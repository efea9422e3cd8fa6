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
    owned = {row for module in MODULES for row in module.OWNED}
    listed = {(row, text) for row in owned for text in ROWS[row].observations}
    assert {(row, text) for row, text in listed if text not in written} == NOT_TOLD


NOT_TOLD = {
    # Other passes stand for these.
    ("JSON-002", "charset-utf-8-or-no-charset-parameter"),
    ("JSON-013", "retired-with-a-former-vr"),
    ("JSON-013", "either-of-two-vrs"),
    ("XML-013", "none-on-a-private-or-unknown-attribute"),
    # One message does not show what was stored.
    ("JSON-013", "vr-as-stored-where-it-not-dictionary-s"),
    ("JSON-028", "longer-than-the-vr-allows"),
    ("XML-023", "a-component-lost"),
    ("XML-023", "components-under-the-wrong-element"),
}
