"""Where the checks of the suite are written, without loading them: it is collecting all that takes the time."""

import re
from functools import cache

from dicomweb_conformance.plugin import SCENARIOS

_CHECK = re.compile(r'^@verifies\([^@]*?\bid="([a-z0-9-]+)"[^@]*?^def (test_\w+)', re.MULTILINE)


def node_of(check: str) -> str:
    """Return the node id of a check: of its file alone. KeyError where there is none."""
    name, bracket, case = check.partition("[")
    path, function = _nodes()[name]
    return f"dicomweb_conformance/scenarios/{path}::{function}{bracket}{case}"


def file_of(check: str) -> str:
    """Return the file of a check, as the command line of pytest takes it. KeyError where there is none."""
    return str(SCENARIOS / _nodes()[check.partition("[")[0]][0])


def files_of(marker: str) -> list[str]:
    """Return the files in which checks have a marker: those of the scenario of that name, and those that name it.

    All of them where no scenario has that name: such a marker comes of what a check needs.
    """
    given = re.compile(rf"\bmark\.{marker}\b")
    everywhere = not (SCENARIOS / marker).is_dir()
    return [
        str(path)
        for path in sorted(SCENARIOS.glob("*/test_*.py"))
        if everywhere or path.parent.name == marker or given.search(path.read_text(encoding="utf-8"))
    ]


def selecting(expression: str) -> list[str]:
    """Return the options by which pytest selects checks whose ids hold one of several texts, and collects no others.

    Args:
        expression: as `-k` takes it: the texts, with `or` between them.

    Raises:
        ValueError: no check has an id that holds one of them.
    """
    texts = [text.partition("[")[0].strip("() ") for text in expression.split(" or ")]
    files = {path for check, (path, _) in _nodes().items() if any(text in check for text in texts)}
    if not files:
        raise ValueError(f"no check is called {expression}")
    return ["-k", expression, *(f"dicomweb_conformance/scenarios/{path}" for path in sorted(files))]


@cache
def _nodes() -> dict[str, tuple[str, str]]:
    return {
        check: (path.relative_to(SCENARIOS).as_posix(), function)
        for path in sorted(SCENARIOS.glob("*/test_*.py"))
        for check, function in _CHECK.findall(path.read_text(encoding="utf-8"))
    }
