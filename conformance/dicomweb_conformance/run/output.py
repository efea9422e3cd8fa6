"""The one door through which a run speaks: to the terminal, to JUnit, to logs, to whatever plugin listens to reports.

No secret passes it, and no control character of a server's: the first are replaced, the second become visible.
The run record, of which the reports are made, has a door of its own, the recorder.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any

import pytest

from dicomweb_conformance.record.redaction import Redaction
from dicomweb_conformance.run.termination import telling
from dicomweb_reports.visible import visible_lines

if TYPE_CHECKING:
    import warnings

_PLACES = frozenset({"path", "lineno", "style"})
"""Attributes of what pytest says of an exception that name places in this suite."""


def shown(redaction: Redaction, text: str) -> str:
    """Return a text as anybody may read it, on any terminal."""
    return visible_lines(redaction.text(text))


class Output:
    """A plugin that cleans everything that pytest is about to tell, in every process of a run.

    It comes before all that tells: the terminal, JUnit, and the channel on which a worker of pytest-xdist reports.
    """

    def __init__(self, config: pytest.Config, redaction: Redaction) -> None:
        self.config = config
        self.redaction = redaction

    def shown(self, text: str) -> str:
        """Return a text as anybody may read it."""
        return shown(self.redaction, text)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Clean a report before any other plugin takes something out of it."""
        report = yield
        self._clean(report)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Clean what a check, or the run itself, has to say at last."""
        self._clean(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Clean what became of collecting."""
        self._clean(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: Any) -> None:
        """Clean a traceback of a crash outside of any check."""
        self._cleaned(excrepr)

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Clean a warning, which may quote what was sent or received."""
        said = str(warning_message.message)
        if (cleaned := self.shown(said)) != said:
            warning_message.message = cleaned

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionstart(self) -> Generator[None, object, object]:
        """Listen to the terminal's writer, too: for what comes to it by a way that no hook shows."""
        terminal: Any = self.config.pluginmanager.getplugin("terminalreporter")
        if terminal is not None:
            writer = self.config.get_terminal_writer()
            write = telling(writer.write)
            # pytest's colours are control characters: only secrets can be looked for here.
            writer.write = lambda msg, **how: write(self.redaction.text(msg), **how)  # type: ignore[method-assign]
            writer.flush = telling(writer.flush)  # type: ignore[method-assign]  # of this one writer, as above
        with self._cleaned_errors():
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, object, object]:
        """Clean what goes wrong at the end, of which pytest makes no report: the interpreter prints it."""
        with self._cleaned_errors():
            return (yield)

    @contextmanager
    def _cleaned_errors(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            told: BaseException | None = error
            while told is not None:
                with contextlib.suppress(AttributeError):  # one that cannot be changed is told by who caught it
                    told.args = tuple(self.shown(arg) if isinstance(arg, str) else arg for arg in told.args)
                told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
            raise

    def _clean(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if isinstance(report.longrepr, tuple):
            path, line, reason = report.longrepr
            report.longrepr = path, line, self.shown(reason)
        else:
            report.longrepr = self._cleaned(report.longrepr)
        report.sections = [(self.shown(name), self.shown(content)) for name, content in report.sections]
        if isinstance(why := getattr(report, "wasxfail", None), str):
            report.wasxfail = self.shown(why)  # type: ignore[union-attr]  # pytest gives it to test reports as it needs it

    def _cleaned(self, value: Any, *, deep: int = 12) -> Any:
        """Return what pytest says of an exception without secrets; its objects are changed where they are."""
        match value:
            case str():
                return self.shown(value)
            case list():
                return [self._cleaned(each, deep=deep - 1) for each in value]
            case tuple() if type(value) is tuple:
                return tuple(self._cleaned(each, deep=deep - 1) for each in value)
        if deep and hasattr(value, "__dict__") and (is_dataclass(value) or hasattr(value, "toterminal")):
            for name, said in list(vars(value).items()):
                if name not in _PLACES:
                    with contextlib.suppress(AttributeError):  # one that cannot be changed is no report of pytest's
                        setattr(value, name, self._cleaned(said, deep=deep - 1))
        return value


@contextmanager
def cleaned_logs(clean: Callable[[str], str]) -> Iterator[None]:
    """Clean each record of `logging` as it is made: whoever shows, captures or writes it gets it so."""
    make = logging.getLogRecordFactory()

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made = make(*args, **kwargs)
        try:
            said = made.getMessage()
        except (TypeError, ValueError):  # arguments that do not fit: whoever logs must not fail of it
            said = f"{made.msg} {made.args!r}"
        made.msg, made.args = clean(said), ()
        if made.exc_info:
            made.exc_text = clean(logging.Formatter().formatException(made.exc_info))
        return made

    logging.setLogRecordFactory(record)
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)
