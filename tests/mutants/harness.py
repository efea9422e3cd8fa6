"""Runs the whole suite against a reference server in this process, and says what came of it."""

from __future__ import annotations

import contextlib
import gc
import importlib.metadata
import io
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import pytest

from dicomweb_conformance.archive import cleaning
from dicomweb_conformance.plugin import SCENARIOS
from dicomweb_conformance.run import finishing, message_results
from dicomweb_conformance.run.reporting import Telling
from dicomweb_fixtures import fresh
from dicomweb_fixtures.corpus import Corpus
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from dicomweb_reports import record
from dicomweb_reports.record import Run
from dicomweb_reports.write import Written
from tests.mutants.mutant import profile_of
from tests.nodes import file_of

GRACE = "0.5"
"""Seconds that a mutant which loses instances may cost each check that waits for one."""
_IDLE = ("anyio", "doctest", "faulthandler", "junitxml", "legacypath", "pastebin", "setuponly", "setupplan", "stepwise")
"""Plug-ins of pytest that no proof asks anything of, though each of its many runs would begin with them."""


def is_message(check: str) -> bool:
    """Tell whether this is not a check, but a requirement that all messages are judged by."""
    return check.startswith("message[")


class _Only:
    """Deselects every check but those named."""

    def __init__(self, checks: Collection[str]) -> None:
        self.checks = checks

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if dict(item.user_properties).get("dicomweb-check") in self.checks]


def judged(
    reference: Reference,
    directory: Path,
    *arguments: str,
    checks: Collection[str] | None = None,
    files: Mapping[str, str] | None = None,
    plugins: Sequence[object] = (),
) -> Run:
    """Judge a reference server by the profile of its flavour.

    Args:
        reference: the server, started for this and stopped afterwards.
        directory: where the run record goes, and the root directory of the inner pytest.
        arguments: further arguments of pytest: options, and files of checks.
        checks: the ids of the checks to judge it with; every check of the files, or of the suite, if None.
        files: which file holds which check, so that no others need be collected; found out if None.
        plugins: further plugins of pytest.

    Raises:
        AssertionError: the target could not be judged at all; holds what was printed.
    """
    paths = [each for each in arguments if each.endswith(".py")]
    of_files = [each for each in checks or () if not is_message(each)]
    named = sorted({*paths, *((files or {}).get(each) or file_of(each) for each in of_files)})
    with (
        _quick_turns(),
        _soon_begun(),
        _nothing_afterwards(),
        _authorized(reference) as auth,
        running(reference) as url,
    ):
        profile = f"--dicomweb-profile={profile_of(type(reference))}"
        options = [profile, *auth, *(each for each in arguments if each not in paths)]
        only = [] if checks is None else [_Only(checks)]
        status, printed, run = printed_and_judged_at(url, directory, *options, *named, plugins=[*only, *plugins])
    assert status != pytest.ExitCode.USAGE_ERROR, printed
    return run


@contextlib.contextmanager
def _quick_turns() -> Iterator[None]:
    """Let server and suite, two threads that wait for each other, take turns without waiting 5 ms for each."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0002)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextlib.contextmanager
def _soon_begun() -> Iterator[None]:
    """Have an inner pytest begin soon: it looks for plug-ins in this distribution alone, and counts no garbage."""
    own = [importlib.metadata.distribution("dicomweb-conformance")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.metadata, "distributions", lambda: own)
        patch.setattr(gc, "get_freeze_count", lambda: 1)  # it would go through all that the tests have frozen
        yield


@contextlib.contextmanager
def _authorized(reference: Reference) -> Iterator[list[str]]:
    """Give the run the access token that the server asks for; yield the options that say so."""
    token = getattr(reference, "token", "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DICOMWEB_TOKEN", token)
        yield ["--dicomweb-auth=bearer"] if token else []


@contextlib.contextmanager
def _nothing_afterwards() -> Iterator[None]:
    """Leave out what follows a verdict: what nobody reads of it, and cleaning a server that is thrown away."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Telling, "dress", lambda *_: None)
        patch.setattr(message_results, "_report", lambda *_: None)
        patch.setattr(finishing, "write_reports", _only_read)
        patch.setattr(Corpus, "forget", lambda _: None)
        patch.setattr(finishing.Finishing, "_settle", lambda _: None)  # the exit status, for which it reads the record
        patch.setattr(cleaning, "clean", lambda *_, **__: cleaning.Cleaned(0, ()))
        yield


UNUSED = (
    *("anyio", "platformdirs", "xdist.looponfail", "doctest", "pastebin", "setuponly", "setupplan", "stepwise"),
    *("legacypath", "faulthandler", "unittest", "debugging", "monkeypatch", "recwarn"),
)
"""Plugins of pytest that no check needs, which each inner run would look through for fixtures."""

_OF_PYTEST = (
    "--config-file=/dev/null",
    # Else all that lies beside the suite is looked at before a module of checks is found.
    f"--confcutdir={SCENARIOS}",
    "-pno:cacheprovider",
    "-pno:xdist",
    *(f"-pno:{name}" for name in _IDLE),
    "-pno:unraisableexception",  # it collects all garbage, twice in a run
    "-pno:hypothesispytest",
    "--assert=plain",  # no module is compiled anew, and no distribution looked through for modules
    *(f"-pno:{each}" for each in UNUSED),
)


def _of_suite(url: str, directory: Path) -> list[str]:
    return [
        f"--dicomweb-url={url}",
        f"--dicomweb-report={directory / 'report'}",
        f"--dicomweb-grace={GRACE}",
        "--dicomweb-include=delete,unsafe",
        "--dicomweb-seed=1",
    ]


fresh._study = lru_cache(maxsize=512)(fresh._study)
"""Runs of one seed make the same studies; one run makes each once."""
_read: dict[Path, Run] = {}
"""Runs as they ended, by the directory of their record, which need not be read again."""


def _only_read(directory: Path, *, run: Run) -> Written:
    _read[directory] = run
    return Written(run, ())


def printed_and_judged_at(
    url: str, directory: Path, *arguments: str, plugins: Sequence[object] = ()
) -> tuple[int, str, Run]:
    """Judge whatever answers at a base URL; return exit status, what was printed, and the record."""
    printed = io.StringIO()
    directory.mkdir(parents=True, exist_ok=True)
    own = [*_of_suite(url, directory), f"--rootdir={directory}", "-q", "--tb=no", *_OF_PYTEST]
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        status = pytest.main([*own, *arguments], [*plugins])
    return int(status), printed.getvalue(), _read.pop(directory / "report", None) or record.load(directory / "report")
