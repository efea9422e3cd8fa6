"""Who may import whom: the arrows between packages and between the modules of the suite go one way."""

import ast
import importlib
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from dicomweb_conformance import catalogue
from dicomweb_conformance.validators import http_messages

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "dicomweb_fixtures": ROOT / "fixtures/dicomweb_fixtures",
    "dicomweb_reference": ROOT / "fixtures/dicomweb_reference",
    "dicomweb_reports": ROOT / "reports/dicomweb_reports",
    "dicomweb_conformance": ROOT / "conformance/dicomweb_conformance",
}
ALLOWED = {
    "dicomweb_fixtures": {"pydicom", "numpy", "PIL", "hypothesis"},
    "dicomweb_reference": {"pydicom", "numpy", "PIL", "starlette", "uvicorn"},
    "dicomweb_reports": {"jinja2", "harfile", "markupsafe"},
}
# Modules of the suite that judge values and octets: they know neither HTTP nor pytest.
PURE = {
    "media_types",
    "multipart",
    "answers",
    "dicom_json",
    "comparison",
    "attributes",
    "catalogue",
    "verdicts",
    "exchanges",
    "urls",
    "observation",
    "limits",
    "abridging",
    "quoting",
    "store_answer",
    "redaction",
    "wire_facts",
    "answer_reader",
    "content_coding",
    "busy",
    "ledger",
    "pace",
    "character_sets",
    "native_xml",
    "pictures",
    "predictions",
    "xml_comparison",
}
HTTP = {"requests", "urllib3"}
# Packages of the suite of which every module is so.
PURE_PACKAGES = {"reading", "validators"}
# The way in, and nothing imports it.
TOP = {"plugin", "session", "cli"}


def modules(package: str) -> list[Path]:
    return sorted(PACKAGES[package].rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The full names of all modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def outside(names: set[str]) -> set[str]:
    """The top-level names that do not come with Python."""
    return {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names)


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_a_package_imports_only_what_it_may(package: str) -> None:
    wrong = {
        f"{path.name} imports {name}"
        for path in modules(package)
        for name in outside(imported(path)) - ALLOWED[package] - {package}
    }
    assert not wrong


def test_what_judges_values_knows_no_http_and_no_pytest() -> None:
    wrong = {
        f"{path.stem} imports {name}"
        for path in modules("dicomweb_conformance")
        if path.stem in PURE or path.parent.name in PURE_PACKAGES
        for name in outside(imported(path)) & (HTTP | {"pytest", "starlette"})
    }
    assert not wrong


def test_validators_import_nothing_of_the_suite_but_what_is_pure_too() -> None:
    wrong = {
        f"{path.stem} imports {name}"
        for path in modules("dicomweb_conformance")
        if path.parent.name in PURE_PACKAGES
        for name in imported(path)
        if name.startswith("dicomweb_conformance.") and name.split(".")[1] not in PURE | PURE_PACKAGES
    }
    assert not wrong


def test_the_validators_import_each_other_one_way() -> None:
    one_way("validators", PACKAGES["dicomweb_conformance"] / "validators", "dicomweb_conformance.validators.")


def test_the_readers_of_octets_import_each_other_one_way() -> None:
    one_way("reading", PACKAGES["dicomweb_conformance"] / "reading", "dicomweb_conformance.reading.")


def test_the_makers_of_malformed_payloads_import_each_other_one_way() -> None:
    one_way("malformed", PACKAGES["dicomweb_fixtures"] / "malformed", "dicomweb_fixtures.malformed.")


def test_each_message_row_of_http_has_one_owner() -> None:
    owners = Counter(
        row
        for path in (PACKAGES["dicomweb_conformance"] / "validators").glob("*.py")
        if path.stem not in {"__init__", "http_messages", "representations"}
        for row in getattr(importlib.import_module(f"dicomweb_conformance.validators.{path.stem}"), "OWNED", ())
    )
    wanted = {
        row.id
        for row in catalogue.load().values()
        if row.scope == "message" and row.see is None and row.service in {"HTTP", "NEGOTIATION", "MULTIPART"}
    }
    assert wanted - set(owners) == set()
    assert {row: count for row, count in owners.items() if count > 1} == {}
    assert set(http_messages.OWNED) == wanted


def test_only_the_client_and_its_connections_speak_http() -> None:
    speaking = {path.stem for path in modules("dicomweb_conformance") if outside(imported(path)) & HTTP}
    assert speaking == {"client", "connections", "wire"}


def test_scenarios_know_neither_requests_nor_pytest() -> None:
    scenarios = PACKAGES["dicomweb_conformance"] / "scenarios"
    wrong = {
        f"{path.name} imports {name}"
        for path in scenarios.glob("*.py")
        for name in outside(imported(path)) & (HTTP | {"pytest", "dicomweb_reference", "dicomweb_reports"})
    }
    assert not wrong


READERS = re.compile(
    r"\b(?:json\.loads?|dcmread|read_dataset|etree\.(?:fromstring|XMLParser|XML|parse|iterparse)|Image\.open|ImageCms"
    r"|zlib\.(?:decompress|decompressobj)|pixel_array|generate_(?:frames|fragments)|UID(?=\()|PersonName(?=\())\b"
)
"""What turns octets into values, and raises whatever it stumbles over."""
OWN_OCTETS = {
    "catalogue": {"json.loads"},
    "capabilities": {"json.loads"},
    "delivery": {"json.loads"},
    "ledger": {"json.loads"},
    "liveness": {"json.loads"},
    "loaded": {"json.loads"},
    "native_xml": {"etree.fromstring"},  # the schema
    "recorder": {"zlib.decompressobj"},  # for secrets in a body that stayed packed
    # Content-Encoding, undone in one place and judged in another, with each error told.
    "content_coding": {"zlib.decompressobj"},
    "coding": {"zlib.decompressobj"},
}
"""Modules that read what no server sent."""


def test_octets_of_a_server_are_read_at_one_door() -> None:
    wrong = {
        f"{path.stem} uses {found}"
        for path in modules("dicomweb_conformance")
        if path.parent.name != "reading"
        for found in set(READERS.findall(path.read_text("utf-8"))) - OWN_OCTETS.get(path.stem, set())
    }
    assert not wrong


def test_nothing_imports_the_way_in() -> None:
    wrong = {
        f"{path.stem} imports {top}"
        for path in modules("dicomweb_conformance")
        if path.stem not in TOP
        for top in TOP
        if any(
            name == f"dicomweb_conformance.{top}" or name.startswith(f"dicomweb_conformance.{top}.")
            for name in imported(path)
        )
    }
    assert not wrong


def test_the_modules_of_the_suite_import_each_other_one_way() -> None:
    one_way("the suite", PACKAGES["dicomweb_conformance"], "dicomweb_conformance.")


def test_the_modules_of_the_fixtures_import_each_other_one_way() -> None:
    one_way("the fixtures", PACKAGES["dicomweb_fixtures"], "dicomweb_fixtures.")
    one_way("the studies", PACKAGES["dicomweb_fixtures"] / "studies", "dicomweb_fixtures.studies.")


def one_way(name: str, folder: Path, prefix: str) -> None:
    """Asserts that the modules of a folder can be put in an order in which each imports only earlier ones."""
    stems = {path.stem: path for path in folder.glob("*.py") if path.stem != "__init__"}
    arrows = {
        stem: {
            target
            for each in imported(path)
            if each.startswith(prefix) and (target := each.removeprefix(prefix).split(".")[0]) in stems
        }
        for stem, path in stems.items()
    }
    done: set[str] = set()
    while ready := {stem for stem, wanted in arrows.items() if stem not in done and wanted <= done}:
        done |= ready
    assert set(stems) == done, f"{name}: a circle among {sorted(set(stems) - done)}"
