"""Pages of the documentation that come from elsewhere: README and its like, the requirement catalogue, the checks."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import dicomweb_conformance.scenarios
from dicomweb_conformance.catalogue.requirements import Requirement
from dicomweb_conformance.checks.verifies import claim_of
from dicomweb_conformance.run.coverage import Coverage, checks_of, coverage

ROOT = Path(__file__).parents[2]
PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "ARCHITECTURE.md": "architecture.md"}
_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|])")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
    for name, content in pages().items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Lead links of docs/ to the top of the repository, which hold on a forge, to the pages of the site."""
    for name, page in PAGES.items():
        markdown = markdown.replace(f"](../{name}", f"]({page}")
    return markdown


def pages() -> dict[str, str]:
    """Return the pages by their names."""
    rows = coverage()
    services: dict[str, list[Coverage]] = {}
    for each in rows:
        services.setdefault(each.requirement.service, []).append(each)
    return {
        **{page: _linked((ROOT / name).read_text("utf-8")) for name, page in PAGES.items()},
        "catalogue/index.md": "\n".join(_index(services)),
        **{f"catalogue/{name.lower()}.md": "\n".join(_service(name, rows)) for name, rows in services.items()},
        "checks.md": "\n".join(_checks(rows)),
    }


def _linked(text: str) -> str:
    """Return a page of the top of the repository with its links as they are in the site; to files, their names."""
    for name, page in PAGES.items():
        text = text.replace(f"]({name}", f"]({page}")
    text = re.sub(r"\]\(docs/", "](", text)
    return re.sub(r"\[([^\]]+)\]\((?:reports|conformance|fixtures|tests|ci)/[^)]*\)", r"\1", text)


def _index(services: dict[str, list[Coverage]]) -> Iterator[str]:
    yield "# The requirement catalogue\n"
    yield "Each row is one requirement, with its clause, what may be observed of it, and what that means.\n"
    yield "| service | rows | judged |\n|---|---:|---:|"
    for name, rows in services.items():
        yield f"| [{name}]({name.lower()}.md) | {len(rows)} | {sum(bool(each.checks) for each in rows)} |"


def _service(name: str, rows: list[Coverage]) -> Iterator[str]:
    yield f"# {name}\n"
    for each in rows:
        yield from _row(each.requirement, each.checks)


def _row(row: Requirement, checks: tuple[str, ...]) -> Iterator[str]:
    yield f"## {row.id}\n"
    yield f"{_plain(row.text)}\n"
    yield f"*{row.level}, {row.tier}, {_plain(row.clause)}.* {_plain(row.why)}\n"
    if row.see:
        service = row.see.rpartition("-")[0].lower()
        yield f"Judged as [{row.see}]({service}.md#{row.see.lower()}).\n"
    for code, listed in row.listed.items():
        because = f" No fail, as {_plain(str(listed.because))}" if listed.because else ""
        yield f"* {listed.verdict.value}: {_plain(listed.sentence)} (`{code}`).{because}"
    yield ""
    if checks:
        named = ", ".join(f"`{check}`" for check in checks[:12])
        more = f" and {len(checks) - 12} more" if len(checks) > 12 else ""
        yield f"Checks: {named}{more}.\n"
    elif not row.see:
        yield f"Not judged: {_plain(row.not_tested or 'no check yet')}.\n"


def _checks(rows: list[Coverage]) -> Iterator[str]:
    services = {each.requirement.id: each.requirement.service.lower() for each in rows}
    yield "# The checks\n"
    yield "The name of a check never changes. What every message must be is judged beside them, as `message[ROW]`.\n"
    scenarios = dicomweb_conformance.scenarios
    by_scenario: dict[str, list[str]] = {}
    for module in pkgutil.walk_packages(scenarios.__path__, f"{scenarios.__name__}."):
        loaded = importlib.import_module(module.name)
        for function in vars(loaded).values():
            if not getattr(function, "pytestmark", None) or not callable(function):
                continue
            for check, identifiers in _of(function):
                links = ", ".join(f"[{each}](catalogue/{services[each]}.md#{each.lower()})" for each in identifiers)
                claim = _plain(claim_of(function))
                by_scenario.setdefault(module.name.split(".")[2], []).append(f"| `{check}` | {claim} | {links} |")
    for scenario, lines in sorted(by_scenario.items()):
        yield f"## {scenario}\n\n| check | claim | requirements |\n|---|---|---|"
        yield from lines
        yield ""


def _of(function: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    holder = type(pkgutil)("one")
    holder.check = function  # type: ignore[attr-defined]  # a module with this one check
    for check, identifiers in checks_of(holder):
        yield check, tuple(dict.fromkeys(identifiers))


def _plain(text: str) -> str:
    """Return text that Markdown leaves alone, code in backticks apart, on one line."""
    pieces = " ".join(text.split()).split("`")
    if len(pieces) % 2 == 0:
        return _SIGNS.sub(r"\\\1", "`".join(pieces))
    return "".join(f"`{piece}`" if index % 2 else _SIGNS.sub(r"\\\1", piece) for index, piece in enumerate(pieces))
