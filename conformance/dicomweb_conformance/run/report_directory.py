"""The directory of a report: taken for a run, and never anything deleted or replaced in it that no run made."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import ExitStack
from pathlib import Path

from filelock import FileLock, Timeout

from dicomweb_conformance.record.disk import why
from dicomweb_conformance.service import ledger
from dicomweb_reports import record
from dicomweb_reports.model import BODIES
from dicomweb_reports.report_json import SCHEMA
from dicomweb_reports.write import REPORTS

STATE = ".state"
"""The folder of a report in which the processes of one run share what they know; it goes when the run ends."""
EARLIER = ".earlier"
"""The folder to which what an earlier run left goes until this one is known to judge anything."""
IN_USE = ".in-use.lock"

_LOCKS = (IN_USE, ".ledger.lock")
_STARTED = ("target.log", ".target.pid")
_BODY = re.compile(r"[0-9a-f]{64}(\.[a-z0-9]+)?")
"""A body, or what a process that died left of one."""


class NoReportDirectoryError(Exception):
    """A directory that cannot be taken for a report; says which, why, and what to do."""


def take(directory: Path, closing: ExitStack) -> None:
    """Take the directory for a run, and touch nothing in it yet.

    Args:
        directory: it need not exist.
        closing: gives it up.

    Raises:
        NoReportDirectoryError: it is no directory, cannot be written, holds what no run made, or a run writes to it.
    """
    must_be_ours(directory)
    in_use = FileLock(directory / IN_USE)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        in_use.acquire(timeout=0)
    except Timeout:
        raise NoReportDirectoryError(
            f"another run writes to {directory}: --dicomweb-report=DIR names another directory"
        ) from None
    except OSError as error:
        raise _cannot(directory, error) from None
    closing.callback(in_use.release)


def clear(directory: Path) -> None:
    """Set aside all that an earlier run left there but its ledger; its record, which shows that it was one, goes last.

    Whoever calls it begins a record at once: a directory without one is nobody's. Then either `forget` or `put_back`.

    Raises:
        NoReportDirectoryError: it cannot be written.
    """
    try:
        earlier = directory / EARLIER
        shutil.rmtree(earlier, ignore_errors=True)
        (earlier / BODIES).mkdir(parents=True)
        for name in REPORTS:
            _move(directory / name, earlier / name)
            (directory / f"{name}.part").unlink(missing_ok=True)
        for path in _bodies(directory):
            _move(path, earlier / BODIES / path.name)
        shutil.rmtree(directory / STATE, ignore_errors=True)
        (directory / STATE).mkdir(exist_ok=True)
        _move(directory / record.FILE, earlier / record.FILE)
    except OSError as error:
        raise _cannot(directory, error) from None


def forget(directory: Path) -> None:
    """Take away what an earlier run left."""
    shutil.rmtree(directory / EARLIER, ignore_errors=True)


def put_back(directory: Path) -> bool:
    """Put what an earlier run left in the place of what this one recorded, and tell whether there was a report.

    Raises:
        OSError: something cannot be moved.
    """
    earlier = directory / EARLIER
    for path in _bodies(directory):
        path.unlink(missing_ok=True)
    (directory / record.FILE).unlink(missing_ok=True)
    shutil.rmtree(directory / STATE, ignore_errors=True)
    _move(earlier / record.FILE, directory / record.FILE)
    for path in _bodies(earlier):
        (directory / BODIES).mkdir(exist_ok=True)
        _move(path, directory / BODIES / path.name)
    for name in REPORTS:
        _move(earlier / name, directory / name)
    forget(directory)
    return (directory / "report.html").exists()


def _bodies(directory: Path) -> list[Path]:
    bodies = directory / BODIES
    found = bodies.iterdir() if bodies.is_dir() else ()
    return [path for path in found if _BODY.fullmatch(path.name) and not path.is_dir()]


def _move(path: Path, to: Path) -> None:
    if path.exists() or path.is_symlink():
        path.replace(to)


def must_be_ours(directory: Path) -> None:
    """Refuse a directory that is not there for the suite to write to.

    Raises:
        NoReportDirectoryError: it is the root, a home directory, no directory, or holds what no run made.
    """
    try:
        where = Path(os.path.realpath(directory))  # which a circle of links does not stop
        if where == Path(where.anchor):
            raise NoReportDirectoryError(_refused(directory, "is the root of the file system"))
        if _is_home(where):
            raise NoReportDirectoryError(_refused(directory, "is a home directory"))
        if not directory.exists():
            return
        names = sorted(each.name for each in directory.iterdir())
    except OSError as error:
        raise _cannot(directory, error) from None
    if not is_of_a_run(directory) and (foreign := [each for each in names if not _is_of_no_account(directory, each)]):
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise NoReportDirectoryError(_refused(directory, f"holds what no run of this suite made ({foreign[0]}{more})"))
    for name in (BODIES, STATE, EARLIER):
        path = directory / name
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise NoReportDirectoryError(_refused(directory, f"has a {name} that no run made: it is no directory"))


def may_take_reports(directory: Path) -> None:
    """Refuse a directory in which a report would take the place of a file that this suite did not write.

    Raises:
        NoReportDirectoryError: says which.
    """
    if is_of_a_run(directory) or _holds_our_report(directory):
        return
    if taken := [name for name in REPORTS if (directory / name).exists() or (directory / name).is_symlink()]:
        raise NoReportDirectoryError(
            f"{directory} has a {taken[0]} already, which this suite did not write: it stays; name another directory"
        )


def _holds_our_report(directory: Path) -> bool:
    try:
        with (directory / "report.json").open("rb") as file:
            return SCHEMA.encode() in file.read(1 << 8)
    except OSError:
        return False


def is_of_a_run(directory: Path) -> bool:
    """Tell whether there is a record that begins as this suite's do."""
    try:
        with (directory / record.FILE).open("rb") as file:
            begin = file.readline(1 << 16)
    except OSError:
        return False
    return begin.startswith(b'{"event": "header"') and b'"name": "dicomweb-conformance"' in begin


def _is_of_no_account(directory: Path, name: str) -> bool:
    """Tell whether a file may be there without a record: what a run leaves that ended before it began to judge."""
    if name in {*_LOCKS, *_STARTED, ledger.FILE}:
        return True
    path = directory / name
    if path.is_symlink():
        return False
    if name == record.FILE:
        return path.stat().st_size == 0
    # Made in this order, so that these are no other's: without the lock of a run there is none of them.
    return name in {STATE, BODIES, EARLIER} and (directory / IN_USE).exists()


def _is_home(where: Path) -> bool:
    try:
        return where == Path.home().resolve()
    except RuntimeError:
        return False  # of a user without one


def _cannot(directory: Path, error: OSError) -> NoReportDirectoryError:
    return NoReportDirectoryError(
        f"{directory} cannot take a report: {why(error)}; --dicomweb-report=DIR names another directory"
    )


def _refused(directory: Path, what: str) -> str:
    return (
        f"{directory} {what}: nothing in it is touched; --dicomweb-report=DIR names a directory that is new, empty, "
        "or of an earlier run"
    )
