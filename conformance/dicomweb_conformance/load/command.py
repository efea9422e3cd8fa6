"""`dicomweb-conformance load`: its options, and the process of its own in which it runs."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from dicomweb_conformance.command_options import given, settings_of
from dicomweb_conformance.load import bounds as usual
from dicomweb_conformance.load.bounds import Bounds

INSTALLS = "pip install 'dicomweb-conformance[load]'"
"""The line that installs what lets users ask at once."""
_TAKES = frozenset(
    (
        *("target", "profile", "edition", "auth", "client", "scope", "resource", "header", "ca", "cert", "key"),
        *("insecure", "proxy", "report", "read-only", "corpus", "timeout", "rate", "grace", "keep", "seed"),
    )
)
_HELP = {
    "report": "directory of the record and of load.html, load.md, load.json (default: reports/load)",
    "rate": "requests in a time at most, such as 10/s or 5/2, all users together",
}
_REPORT = "reports/load"
_CANNOT = 4


@click.command()
@click.argument("url", required=False)
@click.option("--users", type=click.IntRange(1, 1000), default=usual.USERS, show_default=True, help="Who ask at once.")
@click.option(
    "--ramp",
    type=click.FloatRange(0, min_open=True),
    default=usual.RAMP,
    show_default=True,
    help="Users that begin in a second.",
)
@click.option(
    "--requests",
    type=click.IntRange(1, 1_000_000),
    default=usual.REQUESTS,
    show_default=True,
    help="Requests after which the load ends.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, 86_400, min_open=True),
    default=usual.SECONDS,
    show_default=True,
    help="Seconds after which the load ends.",
)
@click.option(
    "--think",
    type=click.FloatRange(0, 3600),
    default=usual.THINK,
    show_default=True,
    help="Seconds that a user waits before a request, in the mean.",
)
@click.option(
    "--stores",
    type=click.IntRange(0, 1000),
    default=usual.STORES,
    show_default=True,
    help="Stores that are sent at most.",
)
@click.option(
    "--instances",
    type=click.IntRange(1, 1000),
    default=usual.INSTANCES,
    show_default=True,
    help="Instances of a store.",
)
@click.option("--client", "only", multiple=True, metavar="NAME", help="Only these clients in use, repeatable.")
@settings_of(_TAKES, _HELP)
def load(
    url: str | None,
    users: int,
    ramp: float,
    requests: int,
    seconds: float,
    think: float,
    stores: int,
    instances: int,
    only: tuple[str, ...],
    **settings: Any,
) -> None:
    """Judge the target at URL (or 'embedded') while many clients use it at once, and tell how long it takes.

    Users are clients in use: most open studies and look at frames, some store. Responses are judged as in a run. Ends
    with status 0 where nothing is wrong, 1 where a response under load is, or the target no longer answers, 2 where it
    was interrupted, 3 where the load itself went wrong, 4 where the target cannot be judged, 5 where no response could
    be. Errors of load (429, 503, no response in time, refused connections) are counted, and are no fault by themselves.
    """
    if "locust" not in sys.modules:
        sys.exit(_in_a_process_of_its_own())
    from dicomweb_conformance.load import running  # noqa: PLC0415 - it opens sockets as Locust has them
    from dicomweb_reports.visible import visible_lines  # noqa: PLC0415 - likewise

    named = {**given(settings), "dicomweb_url": url}
    if named["dicomweb_report"] is None and not os.environ.get("DICOMWEB_REPORT"):
        named["dicomweb_report"] = _REPORT
    bounds = Bounds(users, ramp, requests, seconds, think, stores, instances)
    try:
        status = running.run(named, os.environ, Path.cwd(), bounds, only, click.echo)
    except running.CannotLoadError as error:
        click.echo(f"Error: {visible_lines(str(error))}", err=True)
        sys.exit(error.status)
    sys.exit(status)


def _in_a_process_of_its_own() -> int:
    """Run the command again where Locust comes before all else: it makes sockets and waiting its own.

    That process takes the place of this one, so that a signal to end reaches it.

    Raises:
        ClickException: Locust is not installed.
    """
    if importlib.util.find_spec("locust") is None:
        raise NotInstalledError(f"a load needs Locust, which is not installed: {INSTALLS}")
    command = [sys.executable, "-P", "-m", "dicomweb_conformance.load", *sys.argv[2:]]
    if os.name != "nt":
        os.execv(sys.executable, command)  # noqa: S606 - our own module
    return subprocess.run(command, check=False).returncode  # noqa: S603 - likewise


class NotInstalledError(click.ClickException):
    """The extra is not installed: status 4, as of whatever cannot begin."""

    exit_code = _CANNOT
