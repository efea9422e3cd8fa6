"""Who may import whom: each package of the suite stands on a floor, and imports only from floors below its own."""

import ast
import importlib
import re
import sys
from collections import Counter
from collections.abc import Collection
from functools import cache
from pathlib import Path

import pytest

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.checks.observers import TOLD_BY_CHECKS
from dicomweb_conformance.validators.http import messages

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "dicomweb_fixtures": ROOT / "fixtures/dicomweb_fixtures",
    "dicomweb_reference": ROOT / "fixtures/dicomweb_reference",
    "dicomweb_reports": ROOT / "reports/dicomweb_reports",
    "dicomweb_conformance": ROOT / "conformance/dicomweb_conformance",
}
SUITE = "dicomweb_conformance"
# The packages of the suite from the ground up. What stands on one floor does not import each other.
FLOORS = (
    ("http", "catalogue"),
    ("record", "reading"),
    ("settings", "dicom"),
    ("transport", "validators"),
    ("service", "checks"),
    ("archive",),
    ("probes", "scenarios"),
    ("run", "command_options"),
    ("load",),
    ("plugin", "cli"),
)
FLOOR_OF = {package: floor for floor, packages in enumerate(FLOORS, 1) for package in packages}
# What else than Python and its own distribution each may import, anywhere in it.
OUTSIDE = {
    "dicomweb_fixtures": {"pydicom", "numpy", "PIL", "hypothesis"},
    "dicomweb_reference": {"pydicom", "numpy", "PIL", "starlette", "uvicorn"},
    "dicomweb_reports": {"jinja2", "harfile", "markupsafe"},
    "http": set[str](),
    "catalogue": {"tomli"},
    "record": {"dicomweb_reports"},
    "reading": {"pydicom", "numpy", "PIL", "lxml"},
    "settings": {"google", "oauthlib", "botocore", "requests", "urllib3", "dicomweb_fixtures"},
    "dicom": {"pydicom", "numpy", "lxml", "dicomweb_fixtures"},
    "transport": {"urllib3", "certifi", "filelock"},
    "validators": {"pydicom", "lxml"},
    "service": {"filelock", "dicomweb_fixtures"},
    "checks": {"pytest", "pydicom", "dicomweb_reports"},
    "archive": {"filelock", "dicomweb_fixtures"},
    "probes": {"filelock", "dicomweb_fixtures", "dicomweb_reports"},
    "scenarios": {"pydicom", "numpy", "dicomweb_fixtures"},
    "run": {"pytest", "_pytest", "filelock", "dicomweb_fixtures", "dicomweb_reports"},
    "command_options": {"click"},
    "load": {"click", "gevent", "locust", "dicomweb_fixtures", "dicomweb_reports"},
    "plugin": {"pytest"},
    "cli": {"click", "dicomweb_fixtures", "dicomweb_reference", "dicomweb_reports"},
}
HTTP = {"requests", "urllib3"}
READERS = re.compile(
    r"\b(?:json\.loads?|dcmread|read_dataset|etree\.(?:fromstring|XMLParser|XML|parse|iterparse)|Image\.open|ImageCms"
    r"|zlib\.(?:decompress|decompressobj)|pixel_array|generate_(?:frames|fragments)|UID(?=\()|PersonName(?=\())\b"
)
"""What turns octets into values, and raises whatever it stumbles over."""
OWN_OCTETS = {
    "catalogue.requirements": {"json.loads"},
    "record.recorder": {"zlib.decompressobj"},  # for secrets in a body that stayed packed
    "reading.har_files": {"json.loads"},  # a file that the user names; each member is looked at
    "settings.loaded_corpus": {"json.loads"},
    "settings.google_credentials": {"json.loads"},  # a file that the user names
    "service.ledger": {"json.loads"},
    "archive.delivery": {"json.loads"},
    "archive.patience": {"json.loads"},
    "probes.capabilities": {"json.loads"},
    "probes.hanging": {"json.loads"},
    "probes.liveness": {"json.loads"},
    "validators.xml.native_xml": {"etree.fromstring"},  # the schema
    # Content-Encoding, undone in one place and judged in another, with each error told.
    "http.content_coding": {"zlib.decompressobj"},
    "validators.http.coding": {"zlib.decompressobj"},
}
"""Modules that read what no server sent."""
# The catalogue's services whose rows of scope "message" HTTP itself carries.
OF_HTTP = {"HTTP", "NEGOTIATION", "MULTIPART"}


def files(package: str) -> list[Path]:
    return sorted(PACKAGES[package].rglob("*.py"))


def name_of(path: Path) -> str:
    """The full name of the module that a file holds; that of the folder for `__init__`."""
    package, root = next(each for each in PACKAGES.items() if each[1] in path.parents)
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join([package, *(part for part in parts if part != "__init__")])


@cache
def modules() -> frozenset[str]:
    """The full names of all modules and packages there are."""
    return frozenset(name_of(path) for package in PACKAGES for path in files(package))


@cache
def imported(path: Path) -> frozenset[str]:
    """The full names of all modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            parts = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= parts & modules() if parts <= modules() else {node.module, *parts & modules()}
    return frozenset(found)


def outside(names: Collection[str]) -> set[str]:
    """The top-level names that do not come with Python."""
    return {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names)


def package_of(name: str) -> str:
    """The package of the suite that a module is in: what stands on a floor. Empty for another distribution's."""
    top, _, rest = name.partition(".")
    return rest.partition(".")[0] if top == SUITE else ""


def climbs(name: str, names: Collection[str]) -> list[str]:
    """A sentence for each import of a module of the suite that does not lead down."""
    own = package_of(name)
    return [
        f"`{name}` (floor {FLOOR_OF[own]}) imports `{each}` (floor {FLOOR_OF[other]}): "
        "a module may import only from floors below or its own package"
        for each in sorted(names)
        if (other := package_of(each)) and other != own and FLOOR_OF[other] >= FLOOR_OF[own]
    ]


def test_every_package_of_the_suite_has_a_floor() -> None:
    root = PACKAGES[SUITE]
    there = {path.relative_to(root).with_suffix("").parts[0] for path in files(SUITE)} - {"__init__"}
    assert there == set(FLOOR_OF), "FLOORS says on which floor a package stands, OUTSIDE what it may import"


def test_no_import_of_the_suite_climbs() -> None:
    wrong = [climb for path in files(SUITE) for climb in climbs(name_of(path), imported(path))]
    assert not wrong, "\n".join(wrong)


def test_an_import_that_climbs_is_told_in_a_sentence() -> None:
    down = {"dicomweb_conformance.http.media_types", "dicomweb_reports.record", "os.path"}

    assert climbs("dicomweb_conformance.archive.delivery", {*down, "dicomweb_conformance.archive.contents"}) == []
    (sentence,) = climbs("dicomweb_conformance.http.multipart", {*down, "dicomweb_conformance.service.ledger"})
    assert sentence == (
        "`dicomweb_conformance.http.multipart` (floor 1) imports `dicomweb_conformance.service.ledger` (floor 5): "
        "a module may import only from floors below or its own package"
    )


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_what_lies_in_one_folder_imports_each_other_one_way(package: str) -> None:
    arrows = {path: imported(path) for path in files(package)}
    folders = {path.parent for path in arrows}
    wrong = [circle for folder in sorted(folders) if (circle := circle_in(folder, arrows))]
    assert not wrong, "\n".join(wrong)


def circle_in(folder: Path, arrows: dict[Path, frozenset[str]]) -> str:
    """A sentence where the modules and folders in a folder have no order in which each imports only earlier ones."""
    prefix = name_of(folder / "__init__.py") + "."
    within = {path: path.relative_to(folder).with_suffix("").parts[0] for path in arrows if folder in path.parents}
    wanted: dict[str, set[str]] = {item: set() for item in within.values() if item != "__init__"}
    for path, item in within.items():
        targets = {name.removeprefix(prefix).partition(".")[0] for name in arrows[path] if name.startswith(prefix)}
        if item in wanted:
            wanted[item] |= targets & set(wanted) - {item}
    done: set[str] = set()
    while ready := {item for item, needs in wanted.items() if item not in done and needs <= done}:
        done |= ready
    return f"{prefix}: a circle among {', '.join(sorted(set(wanted) - done))}" if done != set(wanted) else ""


def test_no_scenario_imports_from_another() -> None:
    prefix = f"{SUITE}.scenarios."
    wrong = [
        f"`{name}` imports `{each}`: what several scenarios share belongs to `steps`"
        for path in files(SUITE)
        if (name := name_of(path)).startswith(prefix)
        for each in sorted(imported(path))
        if each.startswith(prefix) and each.split(".")[2] not in {name.split(".")[2], "steps"}
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", sorted(OUTSIDE))
def test_a_package_imports_of_others_only_what_it_may(package: str) -> None:
    own = package if package in PACKAGES else SUITE
    wrong = [
        f"`{name_of(path)}` imports {other}, which is not of those that `{package}` may: OUTSIDE"
        for path in files(own)
        if package in {own, package_of(name_of(path))}
        for other in sorted(outside(imported(path)) - OUTSIDE[package] - {own})
    ]
    assert not wrong, "\n".join(wrong)


def test_only_the_client_and_its_connections_speak_http() -> None:
    speaking = {name_of(path).removeprefix(f"{SUITE}.") for path in files(SUITE) if outside(imported(path)) & HTTP}
    token_endpoints = {name for name in speaking if name.startswith("settings.")}
    assert token_endpoints == {"settings.token_requests", "settings.oauth2_credentials", "settings.own_credentials"}
    assert speaking - token_endpoints == {"transport.client", "transport.connections", "transport.exact"}


def test_octets_of_a_server_are_read_at_one_door() -> None:
    wrong = {
        f"{name} uses {found}"
        for path in files(SUITE)
        if package_of(name := name_of(path)) != "reading"
        for found in set(READERS.findall(path.read_text("utf-8")))
        - OWN_OCTETS.get(name.removeprefix(f"{SUITE}."), set())
    }
    assert not wrong


def test_a_package_says_its_job_and_holds_nothing_else() -> None:
    inits = [path for path in files(SUITE) if path.name == "__init__.py"]
    wrong = [name_of(path) for path in inits if len(ast.parse(path.read_text(encoding="utf-8")).body) != 1]
    silent = [name_of(path) for path in inits if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    folders = {path.parent for path in files(SUITE)}
    assert [name_of(folder / "__init__.py") for folder in folders if not (folder / "__init__.py").exists()] == []
    assert (wrong, silent) == ([], [])


def test_each_message_row_of_http_has_one_owner() -> None:
    owners = Counter(
        row
        for path in (PACKAGES[SUITE] / "validators").rglob("*.py")
        if path.stem not in {"__init__", "messages", "representations"}
        for row in getattr(importlib.import_module(name_of(path)), "OWNED", ())
    )
    rows = requirements.load()
    wanted = {row.id for row in rows.values() if row.scope == "message" and row.see is None and row.service in OF_HTTP}
    assert wanted - set(owners) == {row for row in TOLD_BY_CHECKS if rows[row].service in OF_HTTP}
    assert {row: count for row, count in owners.items() if count > 1} == {}
    assert set(messages.OWNED) == wanted - set(TOLD_BY_CHECKS)
