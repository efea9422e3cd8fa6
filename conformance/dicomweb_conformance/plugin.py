"""The pytest plugin's way in.

Options and markers. Without a target on the command line it does nothing else, and imports nothing else.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dicomweb_conformance.settings.table import OPTIONS, OptionError

SCENARIOS = Path(__file__).parent / "scenarios"
NODE_IDS = "dicomweb_conformance/scenarios/"
"""What node ids of checks begin with, wherever the package is installed."""
MARKERS = {
    "verifies(*requirements, id)": "the check's id and the requirements of the catalogue that it verifies",
    "smoke": "checks that say within seconds whether a target is worth judging",
    "store": "checks of the Store transaction",
    "search": "checks of the Search transaction",
    "retrieve": "checks of retrieving studies, series and instances",
    "metadata": "checks of metadata resources",
    "xml": "checks of metadata, search results and store answers in XML",
    "negotiation": "checks of media types and transfer syntaxes that a request asks for",
    "charset": "checks of the character sets that a request asks for",
    "frames": "checks of frames",
    "bulkdata": "checks of bulk data and pixel data",
    "rendered": "checks of rendered resources and their parameters",
    "thumbnail": "checks of thumbnails",
    "delete": "checks of DELETE",
    "capabilities": "checks of the description that the service gives of itself",
    "http": "checks of ranges, entity tags, HEAD, content codings, and of what pages of other origins need",
    "google": "checks of what the Cloud Healthcare API does otherwise than PS3.18, or beside it",
    "seed": "checks that send what the samples of the Cloud Healthcare API's page send, client by client",
    "persona": "checks that send what clients in use send, and read what they read",
    "json_bulk": "checks of storing metadata in JSON with bulk data beside it",
    "xml_bulk": "checks of storing metadata in XML with bulk data beside it",
}
_HEAP = 20_000
"""Objects after which Python looks for garbage; at its 700 that takes a twentieth of a run."""
_FREEZES = pytest.StashKey[bool]()
"""Whether this run keeps searches for garbage away from what is loaded, and ends that when it ends."""
_INI_KINDS: dict[str, Any] = {"list": "linelist", "names": "linelist"}
"""Kinds of settings that may be given several times."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer every setting on the command line and in the ini."""
    group = parser.getgroup("dicomweb", "DICOMweb conformance")
    for option in OPTIONS:
        kind: dict[str, Any] = {"action": "store", "metavar": option.metavar}
        if option.kind == "flag":
            kind = {"action": "store_true"}
        elif option.kind in _INI_KINDS:
            kind = {"action": "append", "metavar": option.metavar}
        group.addoption(option.flag, dest=option.ini, default=None, help=option.help, **kind)
        if option.name != "target":
            parser.addini(option.ini, option.help, type=_INI_KINDS.get(option.kind, "string"), default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; with a target on the command line make this a conformance run.

    Raises:
        pytest.UsageError: a setting cannot be used.
    """
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    from_controller = getattr(config, "workerinput", {}).get("dicomweb")
    for name in ("url", "target"):
        if config.getoption(f"dicomweb_{name}") == "":
            # As `--dicomweb-url=$URL` comes out where the variable is not set: judging nothing is no success.
            raise pytest.UsageError(f"--dicomweb-{name} is empty")
    if not (config.getoption("dicomweb_url") or config.getoption("dicomweb_target") or from_controller):
        return
    if config.getoption("help", default=False):
        return
    _hasten(config)
    command_line = {option.ini: config.getoption(option.ini) for option in OPTIONS}
    ini = {option.ini: config.getini(option.ini) for option in OPTIONS if option.name != "target"}
    directory = Path(from_controller["directory"]) if from_controller else config.invocation_params.dir
    if from_controller:
        command_line |= from_controller["settings"]
    try:
        from dicomweb_conformance.settings.options import resolve  # noqa: PLC0415 - not where there is nothing to judge

        settings = resolve(command_line, os.environ, ini, directory)
        from dicomweb_conformance.run.session import ConformanceSession  # noqa: PLC0415 - nor where a setting is wrong

        session = ConformanceSession(config, settings, from_controller)
        config.pluginmanager.register(session, "dicomweb-session")
    except OptionError as error:
        _refuse(config, str(error))
        return
    # Files, not their folder: a file named on the command line is collected whatever python_files says.
    files = [str(path) for path in sorted(SCENARIOS.glob("*/test_*.py"))]
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args[:] = files
    if set(files) <= set(config.args):
        config.args += [str(path) for path in session.own.files if str(path) not in config.args]
    config.args[:] = [_path(arg) for arg in config.args]


def _refuse(config: pytest.Config, why: str) -> None:
    """End what cannot be a run; a worker of pytest-xdist leaves that to its controller.

    Raises:
        pytest.UsageError: in any other process.
    """
    if not hasattr(config, "workerinput"):
        raise pytest.UsageError(why) from None
    from dicomweb_conformance.run.workers import Refusing  # noqa: PLC0415 - the plugin stays light

    config.pluginmanager.register(Refusing(config, why), "dicomweb-refusing")


def _hasten(config: pytest.Config) -> None:
    """Have modules found quickly, and garbage looked for where there is any: not while all is loaded, then seldom.

    Nor does the end of the process search all that goes with it, which takes as long as the end of a run.
    """
    if _AsWritten not in sys.meta_path:
        sys.meta_path.insert(0, _AsWritten)
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
    gc.disable()
    config.add_cleanup(gc.enable)
    if not gc.get_freeze_count():
        config.stash[_FREEZES] = True
        config.add_cleanup(gc.unfreeze)
    gc.set_threshold(_HEAP, *gc.get_threshold()[1:])


class _AsWritten:
    """Finds the modules of this distribution as Python does.

    pytest, which is asked next, would compile each anew, for the sake of assertions that are made only in tests.
    """

    PACKAGES = frozenset({"dicomweb_conformance", "dicomweb_fixtures", "dicomweb_reference", "dicomweb_reports"})

    @classmethod
    def find_spec(
        cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module of this distribution; None for any other."""
        return PathFinder.find_spec(name, path, target) if name.partition(".")[0] in cls.PACKAGES else None


def _path(argument: str) -> str:
    """Turn a node id of a check, as a report prints it, into the path that pytest looks for."""
    return str(SCENARIOS / argument.removeprefix(NODE_IDS)) if argument.startswith(NODE_IDS) else argument


class Checks(pytest.Directory):
    """A folder of checks: looked through once, and only for what is asked for, if that is not the whole folder.

    pytest would look through it anew for each of its files that it is given.
    """

    _found: tuple[pytest.Item | pytest.Collector, ...] | None = None

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Return the folders and files in it."""
        if self._found is None:
            self._found = tuple(self._looked_through())
        return self._found

    def _looked_through(self) -> Iterator[pytest.Item | pytest.Collector]:
        asked_for = self.session.isinitpath
        whole = any(map(asked_for, (self.path, *self.path.parents)))
        for path in sorted(self.path.iterdir()):
            if not asked_for(path, with_parents=True) and (
                not whole or self.ihook.pytest_ignore_collect(collection_path=path, config=self.config)
            ):
                continue
            if not path.is_dir():
                yield from self.ihook.pytest_collect_file(file_path=path, parent=self)
            elif folder := self.ihook.pytest_collect_directory(path=path, parent=self):
                yield folder


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Directory | None:
    """Have the suite's own folders looked through in its own way."""
    if SCENARIOS not in {path, path.parent}:
        return None
    folder: Checks = Checks.from_parent(parent, path=path)
    return folder


def pytest_collection_finish(session: pytest.Session) -> None:
    """Have garbage looked for again, though not among what was loaded and collected: that stays until the run ends."""
    if session.config.pluginmanager.hasplugin("dicomweb-session"):
        _freeze(session.config)
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Spare the end two searches for garbage among all that the run has left, which goes with the process."""
    if config.pluginmanager.hasplugin("dicomweb-session"):
        _freeze(config)


def _freeze(config: pytest.Config) -> None:
    """Keep searches for garbage away from all there is, unless that is done around this run, where it would stay."""
    if config.stash.get(_FREEZES, False):
        gc.freeze()


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Give checks node ids that name the package, and those of a vendor such that name their directory.

    Outside of the root directory pytest would name no file at all.
    """
    session: Any = parent.config.pluginmanager.getplugin("dicomweb-session")
    if module_path.parent.parent == SCENARIOS:
        node_id = NODE_IDS + module_path.relative_to(SCENARIOS).as_posix()
    elif session and session.own.has(module_path) and not module_path.is_relative_to(parent.config.rootpath):
        node_id = module_path.relative_to(session.own.directory.parent).as_posix()
    else:
        return None
    module: pytest.Module = pytest.Module.from_parent(parent, path=module_path, nodeid=node_id)
    return module
