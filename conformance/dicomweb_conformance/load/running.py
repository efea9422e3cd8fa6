"""A load from the first look at the target to the exit status: alone, at once, alone again, cleaned up, reported."""

from __future__ import annotations

import platform
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from dicomweb_conformance.catalogue.profile import Profile, ProfileError, load_profile
from dicomweb_conformance.load import by_itself, engine, mix, users
from dicomweb_conformance.load.account import Account, Judged
from dicomweb_conformance.load.bounds import Bounds
from dicomweb_conformance.load.closing import Closing, record_load
from dicomweb_conformance.load.mix import Modality, Viewer
from dicomweb_conformance.load.state import Load
from dicomweb_conformance.load.transactions import TRANSACTIONS, Alone
from dicomweb_conformance.load.users import Act, Session, Stack
from dicomweb_conformance.probes.preflight import CannotBeJudged, preflight
from dicomweb_conformance.record.disk import NotWrittenError
from dicomweb_conformance.record.recorder import now
from dicomweb_conformance.run import coverage, embedded, exclusion, profile_facts, report_directory
from dicomweb_conformance.run.ending import reason
from dicomweb_conformance.run.instruments import VERSION, instruments
from dicomweb_conformance.run.output import shown
from dicomweb_conformance.run.planning import written
from dicomweb_conformance.run.report_directory import NoReportDirectoryError
from dicomweb_conformance.run.terminal import render_line
from dicomweb_conformance.run.termination import taken_as_interrupt
from dicomweb_conformance.settings import options
from dicomweb_conformance.settings.auth import CredentialsError
from dicomweb_conformance.settings.options import Settings
from dicomweb_conformance.settings.table import OptionError
from dicomweb_reports import load_lines, record

_AGAIN = 40
"""Requests with wrong responses that are repeated alone afterwards."""
_WORTH_A_WORD = 10.0
"""Seconds of load after which judging takes long enough for a line."""
_READERS, _DEVICES = 3, 1
"""The shares of users that read and that store."""
_INTERRUPTED = 2
"""The exit status of a load that was interrupted."""


class CannotLoadError(Exception):
    """A load that does not begin; says why and what to do.

    Attributes:
        status: the exit status: 4, or 2 where it was interrupted before it began.
    """

    def __init__(self, why: str, status: int = 4) -> None:
        super().__init__(why)
        self.status = status


def run(
    given: Mapping[str, Any],
    environment: Mapping[str, str],
    directory: Path,
    bounds: Bounds,
    only: Collection[str],
    say: Callable[[str], None],
) -> int:
    """Load a target, and return the exit status.

    Args:
        given: settings by the option's `ini` name; None where one was not given.
        environment: the environment.
        directory: what relative paths are relative to.
        bounds: of all that is asked.
        only: the names of the clients that users are; without any all of them.
        say: shows a line.

    Raises:
        CannotLoadError: a setting cannot be used, the target cannot be judged, or it was interrupted before that.
    """
    try:
        settings = options.resolve(given, environment, {}, directory)
        profile = replace(load_profile(settings.profile), judges=coverage.is_judged).of_edition(settings.edition)
        mix.viewers(only)
    except (OptionError, ProfileError, mix.UnknownClientError) as error:
        raise CannotLoadError(str(error)) from None

    def told(line: str) -> None:
        say(shown(settings.redaction, line))

    engine.take_interrupts_in_silence()
    with ExitStack() as closing, taken_as_interrupt():
        try:
            load = _begun(settings, profile, bounds, only, told, closing)
        except KeyboardInterrupt:
            why = "interrupted before anything was asked under load, or stored"
            raise CannotLoadError(why, _INTERRUPTED) from None
        except (
            *(CannotBeJudged, CredentialsError, NoReportDirectoryError, NotWrittenError, exclusion.GoesOnError),
            RuntimeError,
        ) as problem:
            raise CannotLoadError(shown(settings.redaction, str(problem))) from None
        status = _ended(load)
        _tell(settings.report, load.say)
        return status
    raise AssertionError  # for who does not know that nothing above is suppressed


# The beginning


def _begun(
    settings: Settings,
    profile: Profile,
    bounds: Bounds,
    only: Collection[str],
    say: Callable[[str], None],
    closing: ExitStack,
) -> Load:
    if not settings.embedded and not settings.target.read_only:
        closing.enter_context(exclusion.alone(settings.target.url, settings.seed))
    report_directory.take(settings.report, closing)
    if settings.embedded:
        server = embedded.start(profile.flavour)
        closing.callback(server.stop)
        settings = replace(settings, target=replace(settings.target, url=server.url))
    report_directory.clear(settings.report)
    tools = instruments(settings, profile, "main", say, closing)
    load = Load(settings, profile, bounds, tools, Account(tools, profile), say, only)
    _record_header(load)
    record_load(load)
    try:
        preflight(tools.watching, settings.target, settings.seed)
    except BaseException:
        report_directory.put_back(settings.report)
        raise
    report_directory.forget(settings.report)
    return load


def _record_header(load: Load) -> None:
    settings, target, profile = load.settings, load.settings.target, load.profile
    product = target.product or (embedded.product(VERSION) if settings.embedded else None)
    recorder = load.tools.recorder
    recorder.event(
        "header",
        format=1,
        suite={"name": "dicomweb-conformance", "version": VERSION},
        python=platform.python_version(),
        platform=platform.platform(),
        started=now(),
        profile=profile.name,
        rules=profile_facts.facts(profile),
        edition=profile.edition,
        seed=settings.seed,
        settings=settings.shown(),
        target={"url": target.url, "product": asdict(product) if product else None},
    )
    rows = {row.id: row for row in profile.rows.values() if row.scope == "message" and profile.has(row)}
    rows |= {name: profile.rows[name] for each in TRANSACTIONS.values() for name in each.rows}
    recorder.event("planned", checks=[], requirements={name: written(row) for name, row in rows.items()}, left_out=0)


# The end, whatever came before


def _ended(load: Load) -> int:
    """Go through a load, and take each step of its end whatever became of the others; return the exit status."""
    end = Closing(load)
    url, profile, seed = load.settings.target.url, load.profile.name, load.settings.seed
    try:
        load.say(f"load: {url} by profile {profile}, suite {VERSION}, --dicomweb-seed={seed}")
        load.say(f"load: {load.bounds}")
        by_itself.prepare(load)
        _under_load(load)
        end.interrupted = bool(load.ran and load.ran.why.startswith(engine.INTERRUPTED))
        if not end.interrupted:
            by_itself.ask_again(load)
    except KeyboardInterrupt:
        end.interrupted = True
    except NotWrittenError as error:
        end.ending.note(str(error))
    except Exception as error:  # whatever it stumbles over, what was stored is removed and what was seen is told
        end.ending.note(f"{load.phase} failed ({reason(error)})", error)
    return end.close()


def _tell(report: Path, say: Callable[[str], None]) -> None:
    """Say what the load came to, and where that can be read."""
    try:
        run = record.load(report)
    except record.RecordError as error:
        say(f"load: {error}")
        return
    for line in load_lines.lines(run):
        say(line)
    page = report / "load.html"
    say(str(page) if page.exists() else f"load: `{render_line(report)}` writes the reports")


# At once


def _under_load(load: Load) -> None:
    alone = load.alone
    if alone is None or not (load.viewers or load.modalities):
        return
    load.phase = "the load"
    roles = []
    if load.viewers:
        roles.append(engine.Role("reader", _READERS, partial(_viewing, load.viewers, alone)))
    if load.modalities:
        storing = partial(_storing, load.modalities, load.stack, alone, load.settings.grace)
        roles.append(engine.Role("device", _DEVICES, storing))
    ground = engine.Ground(
        load.bounds,
        load.account,
        partial(_note, load),
        load.seat,
        load.settings.seed,
        lambda: load.tools.access.ended,
        load.settings.target.timeout,
        partial(load.say, f"load: {len(load.viewers)} clients read, {len(load.modalities)} store; Ctrl-C ends it"),
    )
    load.ran = engine.run(roles, ground)
    load.phase = "judging"
    if load.ran.seconds > _WORTH_A_WORD:
        load.say(f"load: judging {len(ground.held)} responses ...")
    for act, sent in ground.held:
        _note(load, act, users.judged(act, sent, load.account))


def _viewing(viewers: Sequence[Viewer], alone: Alone, number: int, draw: Random) -> Session:
    return users.viewing(viewers[number % len(viewers)].asks, alone, draw)


def _storing(
    modalities: Sequence[Modality], stack: Stack, alone: Alone, grace: float, number: int, draw: Random
) -> Session:
    return users.storing(modalities[number % len(modalities)], stack, alone, draw, grace)


def _note(load: Load, act: Act, judged: Judged) -> None:
    load.account.note(act.check, judged)
    for kind in sorted(judged.wrong - load.account.alone.get(act.check, set()), key=str):
        if len(load.suspects) < _AGAIN:
            load.suspects.setdefault((act.check, str(kind)), act)
