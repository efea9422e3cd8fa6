"""Checks that are collected once, and judge one server after another: pytest's own beginning is a third of a small run.

A run is that of the suite from its first look at the target to its last verdict: `ConformanceSession` and what it
registers see the hooks that pytest would have them see. What is left out is what each run would do alike, and nobody
asks for: reading the command line, loading plug-ins, collecting, and the terminal.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dicomweb_conformance.catalogue.profile import Profile
from dicomweb_conformance.plugin import SCENARIOS
from dicomweb_conformance.run import planning, session
from dicomweb_conformance.run.own_scenarios import OwnScenarios
from dicomweb_conformance.settings.options import OPTIONS, resolve

_every_check = planning.every_check


class Collected:
    """A session of pytest that collects files of checks as they are asked for, and runs what it has collected.

    Args:
        options: of pytest, by which no run is told from another.
    """

    def __init__(self, options: Sequence[str]) -> None:
        self.config = pytest.Config.fromdictargs(
            {}, [*options, f"--rootdir={SCENARIOS}", "-pno:terminal", "-s", str(SCENARIOS)]
        )
        self.config._do_configure()
        self.session = pytest.Session.from_config(self.config)
        self.config.hook.pytest_sessionstart(session=self.session)
        self.items: dict[str, list[_Item]] = {}
        self.every_check: dict[str, set[str]] = {}

    def judge(
        self,
        options: Sequence[str],
        files: Collection[str],
        checks: Collection[str] | None = None,
        plugins: Sequence[object] = (),
    ) -> None:
        """Judge a target with checks.

        Args:
            options: of the suite, as on the command line.
            files: that hold the checks.
            checks: the ids of those to judge it with; all that the profile takes of the files if None.
            plugins: of pytest, for this run.

        Raises:
            pytest.UsageError: the target cannot be judged.
        """
        every = [each for file in sorted(files) for each in self._of(file)]
        items = every if checks is None else [each for each in every if each.check in checks]
        with self._registered(plugins), pytest.MonkeyPatch.context() as patch:
            for module in (planning, session):
                patch.setattr(module, "every_check", self._every_check)
            settings = resolve(_as_parsed(options), os.environ, {}, Path.cwd())
            run = session.ConformanceSession(self.config, settings, None)
            try:
                run.pytest_sessionstart()
                self.session.items[:] = [each.anew() for each in items]
                self.config.hook.pytest_collection_modifyitems(
                    session=self.session, config=self.config, items=self.session.items
                )
                run.pytest_collection_finish(self.session)
                self._run()
                self._finish(run)
            finally:
                run.exit_stack.close()
                if run.judging is not None:
                    vars(run.judging).clear()  # pytest keeps its fixtures

    def _every_check(self, profile: Profile, own: OwnScenarios) -> set[str]:
        if profile.name not in self.every_check:
            self.every_check[profile.name] = _every_check(profile, own)
        return self.every_check[profile.name]

    def _of(self, file: str) -> list[_Item]:
        if file not in self.items:
            collected = self.session.perform_collect([file])
            self.items[file] = [_Item(each) for each in collected if isinstance(each, pytest.Function)]
        return self.items[file]

    def _run(self) -> None:
        items = self.session.items
        self.session.shouldstop, self.session.testsfailed, self.session.testscollected = False, 0, len(items)
        for item, following in zip(items, [*items[1:], None], strict=True):
            self.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.session.shouldstop:
                self.session._setupstate.teardown_exact(None)
                return

    def _finish(self, run: session.ConformanceSession) -> None:
        """Have the run end as it does around what other plug-ins do at the end of a session."""
        failed, any_run = bool(self.session.testsfailed), bool(self.session.items)
        status = pytest.ExitCode.TESTS_FAILED if failed else pytest.ExitCode.OK
        ending = run.pytest_sessionfinish(self.session, status if any_run else pytest.ExitCode.NO_TESTS_COLLECTED)
        next(ending)
        try:
            ending.send(None)
        except StopIteration:
            return
        raise AssertionError("a run ends once")

    @contextmanager
    def _registered(self, plugins: Sequence[object]) -> Iterator[None]:
        """Register plugins, and afterwards take them out again, with all that a run has registered."""
        manager = self.config.pluginmanager
        before = {name for name, _ in manager.list_name_plugin()}
        try:
            for plugin in plugins:
                manager.register(plugin)
            yield
        finally:
            for name in [name for name, plugin in manager.list_name_plugin() if plugin and name not in before]:
                manager.unregister(name=name)


class _Item:
    """A check as it was collected, before a run made anything of it."""

    def __init__(self, item: pytest.Function) -> None:
        self.item = item
        self.check = str([*item.iter_markers("verifies")][-1].kwargs["id"])
        self.markers = list(item.own_markers)
        self.parameters = frozenset(item.callspec.params) if hasattr(item, "callspec") else frozenset()

    def anew(self) -> pytest.Function:
        """Return it without what a run made of it."""
        item = self.item
        item.own_markers[:] = self.markers
        item.user_properties.clear()
        vars(item).pop("repr_failure", None)
        fixtures: dict[str, Any] = item._fixtureinfo.name2fixturedefs
        for name in fixtures.keys() - self.parameters:
            del fixtures[name]  # which gave the instruments of the run before
        return item


def _as_parsed(options: Sequence[str]) -> dict[str, Any]:
    """Return what pytest's parser makes of options of the suite."""
    kinds = {option.flag: option for option in OPTIONS}
    parsed: dict[str, Any] = dict.fromkeys(option.ini for option in OPTIONS)
    for text in options:
        flag, _, value = text.partition("=")
        option = kinds[flag]
        if option.kind in {"list", "names"}:
            parsed[option.ini] = [*(parsed[option.ini] or ()), value]
        else:
            parsed[option.ini] = True if option.kind == "flag" else value
    return parsed


@cache
def collected(options: tuple[str, ...]) -> Collected:
    """Return the session of this process that has these options."""
    return Collected(options)
