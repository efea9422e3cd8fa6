"""Whatever breaks in or after a run, what was concluded is reported, and what is left on the target stays named."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.plugin.runs import Run

URL = "--dicomweb-url=embedded"
SELECTED = ("-q", "dicomweb_conformance/scenarios/search/test_paging.py", "-k", "search-limit-caps")
NO_ROOM = "OSError(28, 'No space left on device')"


def report(directory: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((directory / "reports/latest/report.json").read_text(encoding="utf-8"))
    return found


def verdicts(directory: Path) -> dict[str, str]:
    return {each["check"]: each["verdict"] for each in report(directory)["results"]}


def breaking(directory: Path, target: str, raises: str, *, only: str = "True") -> None:
    """Have a function of the suite raise, in the processes of the runs of a directory."""
    module, _, name = target.rpartition(".")
    (directory / "conftest.py").write_text(
        f"""
import importlib, os
owner = importlib.import_module({module!r})
original = getattr(owner, {name!r})

def broken(*args, **kwargs):
    if {only}:
        raise {raises}
    return original(*args, **kwargs)

setattr(owner, {name!r}, broken)
"""
    )


@pytest.mark.parametrize(
    ("target", "raises", "told"),
    [
        (
            "dicomweb_conformance.archive.cleaning.clean",
            "ValueError('Port could not be cast to integer value')",
            ("clean-up failed (ValueError: Port could not be cast", "dicomweb-conformance clean --dicomweb-report="),
        ),
        (
            "dicomweb_conformance.run.message_results._report",
            "ValueError('no report')",
            ("concluding what all messages showed failed (ValueError: no report)",),
        ),
        (
            "dicomweb_conformance.checks.known_failures.stale",
            "KeyError('row')",
            ("settling the exit status failed (KeyError: 'row')",),
        ),
        (
            "dicomweb_conformance.checks.known_failures.write",
            NO_ROOM,
            ("--dicomweb-write-known failed (no space left on device): the file is as it was",),
        ),
        (
            "dicomweb_reports.report_html.html",
            NO_ROOM,
            ("report.html could not be written (no space left on device)", "dicomweb-conformance render ", " --to DIR"),
        ),
        ("dicomweb_reports.report_json.members", "MemoryError()", ("report.json could not be written (MemoryError)",)),
        (
            "dicomweb_reports.report_markdown.markdown",
            "ValueError('x')",
            ("report.md could not be written (ValueError: x)",),
        ),
        (
            "dicomweb_reports.report_har._request",
            "TypeError('of the har')",
            ("exchanges.har could not be written (TypeError: of the har)",),
        ),
        ("dicomweb_conformance.run.session.terminal_lines", "ValueError('x')", ("the summary failed (ValueError: x)",)),
    ],
)
def test_a_step_that_fails_is_told_and_the_others_are_taken(
    run: Run, tmp_path: Path, target: str, raises: str, told: tuple[str, ...]
) -> None:
    breaking(tmp_path, target, raises)

    ended = run(URL, *SELECTED, "--dicomweb-write-known=known.toml", "--junitxml=junit.xml")

    printed = ended.stdout + ended.stderr
    assert ended.returncode == 3, printed
    assert "Traceback" not in printed
    assert "conforms" not in printed
    (line,) = [each for each in printed.splitlines() if each.startswith("The run did not end: ")]
    assert all(each in line for each in told), line
    assert "Until then: 1 of 1 planned checks concluded, and 0 failed." in printed
    written = {"report.json", "report.html", "report.md", "report.sarif", "badge.svg", "exchanges.har"} - {
        told[0].partition(" ")[0]
    }
    assert written <= {path.name for path in (tmp_path / "reports/latest").iterdir()}
    assert (tmp_path / "junit.xml").exists()
    if "report.json" in written:
        assert verdicts(tmp_path)["search-limit-caps"] == "pass"
        assert report(tmp_path)["finished"] is not None


def test_another_plugin_that_fails_at_the_end_keeps_nothing_from_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()

    ended = run(URL, *SELECTED, "--junitxml=taken/junit.xml")

    printed = ended.stdout + ended.stderr
    assert ended.returncode == 3, printed
    assert "Traceback" not in printed
    assert "another plugin of pytest failed at the end of the run (file exists: " in printed
    assert "conforms" not in printed
    assert verdicts(tmp_path)["search-limit-caps"] == "pass"
    assert report(tmp_path)["overall"]["verdict"] == "partial"
    assert report(tmp_path)["exit"] == 3


@pytest.mark.parametrize("hook", ["pytest_runtest_logreport(self, report)", "pytest_runtest_logfinish(self)"])
def test_an_internal_error_of_pytest_does_not_keep_the_report(run: Run, tmp_path: Path, hook: str) -> None:
    (tmp_path / "conftest.py").write_text(
        f"""
class Broken:
    def {hook}:
        raise ValueError("a hook")

def pytest_configure(config):
    config.pluginmanager.register(Broken())
"""
    )

    ended = run(URL, *SELECTED)

    printed = ended.stdout + ended.stderr
    assert ended.returncode == 3, printed
    assert "The run did not end: pytest ended with an internal error (ValueError: a hook)" in printed
    assert "conforms" not in printed
    assert report(tmp_path)["overall"]["verdict"] in {"partial", "nothing concluded"}
    assert printed.splitlines()[-1] == str(tmp_path / "reports/latest/report.html")


@pytest.mark.parametrize(
    ("owner", "name", "raises"),
    [
        ("dicomweb_conformance.checks.expect.Expectation", "is_a_list_of_matches", "KeyError('ours')"),
        ("dicomweb_conformance.checks.expect.Expectation", "is_a_list_of_matches", "SystemExit(7)"),
        ("dicomweb_conformance.checks.known_failures", "judge", "ValueError('ours')"),
        ("dicomweb_conformance.run.reporting.Telling", "dress", "ValueError('ours')"),
    ],
)
def test_a_mistake_of_the_suite_about_one_check_is_of_that_check_alone(
    run: Run, tmp_path: Path, owner: str, name: str, raises: str
) -> None:
    (tmp_path / "conftest.py").write_text(
        f"""
import os, pkgutil
owner = pkgutil.resolve_name({owner!r})
original = owner.{name}

def broken(*args, **kwargs):
    if "limit_caps" in os.environ.get("PYTEST_CURRENT_TEST", ""):
        raise {raises}
    return original(*args, **kwargs)

owner.{name} = broken
"""
    )

    ended = run(URL, "-q", "-k", "search-limit", "dicomweb_conformance/scenarios/search/test_paging.py")

    told = name == "dress"  # it is concluded by then, and stays so
    concluded = {check: verdict for check, verdict in verdicts(tmp_path).items() if not check.startswith("message[")}
    assert concluded == {"search-limit-caps": "pass" if told else "error", "search-limit-zero": "pass"}
    assert ended.returncode == 1, ended.stdout
    assert "INTERNALERROR" not in ended.stdout + ended.stderr
    if told:
        assert "search-limit-caps: pass. It cannot be told here (ValueError); the report in " in ended.stdout
    assert report(tmp_path)["overall"]["verdict"] == "partial"
