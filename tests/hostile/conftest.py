"""Which behaviours are shown, and the table of what came of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hostile.hostile_behaviour import behaviours
from tests.hostile.hostile_table import Row, markdown

ROW = "hostile-row"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--hostile-all", action="store_true", help="show every behaviour, not only the fast ones")
    parser.addoption("--hostile-table", metavar="FILE", help="write the table of all behaviours, in Markdown")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "behaviour" not in metafunc.fixturenames:
        return
    every = metafunc.config.getoption("--hostile-all", default=False)
    shown = [behaviour for behaviour in behaviours() if every or behaviour.fast]
    metafunc.parametrize(
        "behaviour",
        [
            pytest.param(
                each,
                id=each.name,
                marks=[pytest.mark.xfail(reason=each.pending, raises=AssertionError)] if each.pending else [],
            )
            for each in shown
        ],
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = {
        row[0]: Row(*row)
        for row in (
            json.loads(dict(report.user_properties)[ROW])
            for reports in terminalreporter.stats.values()
            for report in reports
            if isinstance(report, pytest.TestReport) and ROW in dict(report.user_properties)
        )
    }
    path = config.getoption("--hostile-table", default=None)
    if not rows or not (path or config.getoption("--hostile-all", default=False)):
        return
    table = markdown(rows.values())
    terminalreporter.section("behaviours")
    terminalreporter.write(table)
    if path:
        Path(path).write_text(table, encoding="utf-8")
