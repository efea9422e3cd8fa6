"""`dicomweb-conformance clean`: taking back what a run that broke off left on its target."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dicomweb_conformance.archive.cleaning import Cleaned, clean_after_crash
from dicomweb_conformance.record.recorder import Recorder
from dicomweb_conformance.run import exclusion
from dicomweb_conformance.run.output import shown
from dicomweb_conformance.service import ledger
from dicomweb_conformance.service.ledger import Entry, Ledger
from dicomweb_conformance.service.ownership import Own
from dicomweb_conformance.service.screening import Screening
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.settings import options
from dicomweb_conformance.settings.options import EMBEDDED, Settings
from dicomweb_conformance.settings.table import OPTIONS, OptionError
from dicomweb_conformance.settings.target import base_url
from dicomweb_conformance.transport.client import Client
from dicomweb_conformance.transport.pace import Pace


class CleanError(Exception):
    """Clean-up cannot begin; says why and what to do."""


def clean_target(
    command_line: Mapping[str, Any],
    environment: Mapping[str, str],
    directory: Path,
    version: str,
    confirm: Callable[[str], bool],
) -> tuple[list[str], bool]:
    """Remove from a target what a ledger names, and nothing else.

    A ledger is a file that anybody may have written: where it alone names the target, credentials are sent there only
    if the user says that this is meant.

    Args:
        command_line: settings by the option's `ini` name; None where one was not given.
        environment: the environment.
        directory: what relative paths are relative to.
        version: of the suite.
        confirm: puts a question to the user.

    Returns:
        the lines to show, and whether nothing is left.

    Raises:
        CleanError: a setting cannot be used, a run is still writing, the ledger names several targets, or the user does
            not mean the one that it names.
    """
    given = {option.ini: command_line.get(option.ini) for option in OPTIONS}
    path = _ledger_path(given, environment, directory)
    named = given["dicomweb_report"] or environment.get("DICOMWEB_REPORT")
    if named and not path.parent.is_dir():
        raise CleanError(f"there is no directory {path.parent}: --dicomweb-report=DIR names that of the run")
    entries = Ledger(path, "", 0).entries()
    if not entries:
        return [f"nothing to clean up: {path} names no study"], True
    of_ledger = "" if _named(given, environment, directory) else _only_target(entries, path)
    settings = _settings({**given, "dicomweb_url": given["dicomweb_url"] or of_ledger or None}, environment, directory)
    if of_ledger and settings.url != EMBEDDED and settings.target.has_secrets:
        _ask(settings, path, confirm)
    wanted_seed = given["dicomweb_seed"] is not None or bool(environment.get("DICOMWEB_SEED"))
    chosen = [
        entry
        for entry in entries
        if _normal(entry.target) == settings.url and (not wanted_seed or entry.seed == settings.seed)
    ]
    others = len(entries) - len(chosen)
    after = [f"{path} names {others} studies of other targets or seeds, which were left alone"] if others else []
    if not chosen:
        return [f"nothing to clean up at {settings.url}", *after], True
    in_use = FileLock(path.with_name(".in-use.lock"))
    try:
        in_use.acquire(timeout=0)
    except Timeout:
        raise CleanError(f"a run is still writing to {path.parent}: it cleans up itself when it ends") from None
    try:
        if settings.url == EMBEDDED:
            Ledger(path, EMBEDDED, 0).strike(chosen)
            return [f"{len(chosen)} studies are gone with the embedded server that held them", *after], True
        with ExitStack() as alone:
            for seed in {each.seed for each in chosen}:
                alone.enter_context(exclusion.alone(settings.url, seed))
            cleaned = _cleaned(settings, Ledger(path, settings.url, settings.seed), chosen, version)
    except exclusion.GoesOnError as problem:
        raise CleanError(str(problem)) from None
    finally:
        in_use.release()
    told = [shown(settings.redaction, line) for line in _told(settings.url, cleaned)]
    return [*told, *after], not cleaned.left


def _ledger_path(given: Mapping[str, Any], environment: Mapping[str, str], directory: Path) -> Path:
    """Return the ledger that `report` names: the file itself, or the directory that holds it."""
    report = _settings({**given, "dicomweb_url": given["dicomweb_url"] or EMBEDDED}, environment, directory).report
    return report if report.suffix == ".jsonl" else report / ledger.FILE


def _named(given: Mapping[str, Any], environment: Mapping[str, str], directory: Path) -> str:
    try:
        return options.named_url(given, environment, {}, directory)
    except OptionError as error:
        raise CleanError(str(error)) from None


def _ask(settings: Settings, path: Path, confirm: Callable[[str], bool]) -> None:
    """Have the user say that credentials may go where the ledger says.

    Raises:
        CleanError: the user does not.
    """
    if confirm(f"{path} says that the studies are at {settings.url}. Send your credentials there?"):
        return
    raise CleanError(
        f"{path} alone says that the studies are at {settings.url}, and your credentials would be sent there: "
        f"if that is meant, --dicomweb-url={shlex.quote(settings.url)} says so, or --yes"
    )


def _normal(target: str) -> str:
    """Return the target of an entry as settings spell it, or as it stands where it is no base URL."""
    try:
        return base_url(target)
    except ValueError:
        return target


def _only_target(entries: list[Entry], path: Path) -> str:
    targets = list(dict.fromkeys(_normal(entry.target) for entry in entries))
    if len(targets) > 1:
        raise CleanError(f"{path} names several targets: --dicomweb-url=URL chooses one of\n  " + "\n  ".join(targets))
    return targets[0]


def _settings(given: Mapping[str, Any], environment: Mapping[str, str], directory: Path) -> Settings:
    try:
        return options.resolve(given, environment, {}, directory)
    except OptionError as error:
        raise CleanError(str(error)) from None


def _cleaned(settings: Settings, named: Ledger, entries: list[Entry], version: str) -> Cleaned:
    # The record of the run is not added to: what broke off stays as it was.
    with tempfile.TemporaryDirectory(prefix="dicomweb-clean-") as scratch:
        recorder = Recorder(Path(scratch), "clean", settings.redaction)
        pace = Pace(settings.rate, Path(scratch))
        own = Own(settings.seed)
        client = Client(
            settings.target,
            recorder,
            user_agent=f"dicomweb-conformance/{version}",
            screen=Screening(own, settings.target.url).screen,
            wait_for_turn=pace.wait,
        )
        try:
            return clean_after_crash(StudiesService(client, named, own), named, entries, settings.grace)
        finally:
            client.close()
            pace.close()
            recorder.close()


def _told(url: str, cleaned: Cleaned) -> list[str]:
    lines = [f"{url}: {cleaned.removed} studies removed, {cleaned.absent} were not there, {len(cleaned.left)} are left"]
    if cleaned.left:
        named = [(each.study_uid or "(empty)", each.reason) for each in cleaned.left]
        width = max(len(uid) for uid, _ in named)
        lines += ["", f"{'Study Instance UID':{width}}  why it is left"]
        lines += [f"{uid:{width}}  {reason}" for uid, reason in named]
    return lines
