"""The command `dicomweb-conformance`: judging apart from any project, and what can be done without judging."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from dicomweb_conformance.command_options import given, settings_of
from dicomweb_conformance.load.command import load

_VERSION = importlib.metadata.version("dicomweb-conformance")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_VERSION, prog_name="dicomweb-conformance")
def main() -> None:
    """Judge DICOMweb origin servers: the judging itself is `pytest --dicomweb-url=URL`."""


@main.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.argument("url", required=False)
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS OF PYTEST]...")
def run(url: str | None, options: tuple[str, ...]) -> None:
    """Judge the target at URL (or 'embedded'), whatever project is around: its ini and conftest have no part in it.

    Every option of pytest and of this suite may follow: -m smoke, -n 2, --dicomweb-profile=google. With
    --dicomweb-target=FILE in place of URL that file names the target.
    """
    from dicomweb_conformance.run import isolated  # noqa: PLC0415 - pytest is loaded only to judge

    arguments = [*([url] if url else []), *options]
    if url and not url.startswith("-"):
        arguments[0] = f"--dicomweb-url={url}"
    elif not any(argument.startswith("--dicomweb-target") for argument in arguments):
        raise click.UsageError(
            "no target: give the base URL of its Studies Service, 'embedded', or --dicomweb-target=FILE"
        )
    sys.exit(isolated.run(arguments))


@main.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port on 127.0.0.1; 0 for any free one.",
)
@click.option(
    "--freedom",
    "freedoms",
    multiple=True,
    metavar="NAME",
    help="Something that the standard leaves open, done the other way; repeatable.",
)
@click.option(
    "--flavour",
    type=click.Choice(["dicom", "google"]),
    default="dicom",
    show_default=True,
    help="PS3.18, or the Cloud Healthcare API: its addresses, deletes as operations, its error bodies.",
)
@click.option("--list-freedoms", is_flag=True, help="List the freedoms and end.")
def serve(port: int, freedoms: tuple[str, ...], flavour: str, list_freedoms: bool) -> None:
    """Start the reference server.

    Its base URL is the first line printed. Ctrl-C ends it, and what it stored is gone.
    """
    from dicomweb_reference.freedoms import FREEDOMS  # noqa: PLC0415 - the web framework is loaded only to serve
    from dicomweb_reference.serving import serve as serve_reference  # noqa: PLC0415 - loaded only to serve

    if list_freedoms:
        for name, freedom in sorted(FREEDOMS.items()):
            click.echo(f"{name}\n    {freedom.behaviour}")
        return
    unknown = sorted(set(freedoms) - set(FREEDOMS))
    if unknown:
        raise click.UsageError(f"unknown freedom {', '.join(unknown)}; --list-freedoms names them")
    try:
        serve_reference(port, set(freedoms), until_stdin_closes=False, flavour=flavour)
    except OSError as error:
        raise click.ClickException(
            f"port {port} of 127.0.0.1 cannot be used: {error.strerror}; --port names another"
        ) from None


@main.command()
@click.argument("identifiers", nargs=-1, metavar="[ID]...")
@click.option("--coverage", "shows_coverage", is_flag=True, help="Tell which rows the checks verify, and which not.")
@click.option("--profile", metavar="NAME", help="Only the rows of this profile, as it judges by them.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, an object for each row.")
def requirements(identifiers: tuple[str, ...], shows_coverage: bool, profile: str | None, as_json: bool) -> None:
    """Show rows of the catalogue: those named, such as SEARCH-069 or SEARCH for a whole service, or all.

    One row is shown with all that it says, several in a line each; --json tells all of each.
    """
    from dicomweb_conformance.catalogue import requirements  # noqa: PLC0415 - loading the rows takes a moment
    from dicomweb_conformance.catalogue.profile import ProfileError, load_profile  # noqa: PLC0415 - loaded only to show
    from dicomweb_conformance.run import catalogue_lines  # noqa: PLC0415 - likewise

    rows: Mapping[str, requirements.Requirement] = requirements.load()
    if profile:
        from dicomweb_conformance.run.coverage import is_judged  # noqa: PLC0415 - it loads every scenario

        try:
            judging = replace(load_profile(profile), judges=is_judged)
        except ProfileError as error:
            raise click.UsageError(str(error)) from None
        rows = {name: row for name, row in judging.rows.items() if judging.has(row)}
    try:
        named = catalogue_lines.named(identifiers, rows)
    except catalogue_lines.UnknownRowError as error:
        whose = f" of the profile {profile}" if profile else ""
        raise click.UsageError(f"there is no requirement{whose} {error}") from None
    if shows_coverage:
        from dicomweb_conformance.run.coverage import coverage, lines  # noqa: PLC0415 - it loads every scenario

        told = lines([each for each in coverage() if each.requirement.id in named])
    elif as_json:
        told = catalogue_lines.as_json(named.values())
    else:
        in_full = {identifier.upper() for identifier in identifiers}
        told = catalogue_lines.told(named.values(), in_full)
    for line in told:
        click.echo(line)


@main.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    help="Another directory to write them to, for example where that of the run has no room.",
)
def render(directory: Path, to: Path | None) -> None:
    """Write the reports of a run record again, for example of a run that broke off."""
    from dicomweb_conformance.run.ending import reason  # noqa: PLC0415 - loaded only to render
    from dicomweb_conformance.run.report_directory import NoReportDirectoryError, may_take_reports  # noqa: PLC0415 - likewise
    from dicomweb_reports.record import RecordError  # noqa: PLC0415 - likewise
    from dicomweb_reports.write import write_reports  # noqa: PLC0415 - likewise

    try:
        may_take_reports(to or directory)
        written = write_reports(directory, to)
    except (RecordError, NoReportDirectoryError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{to or directory} cannot take reports: {reason(error)}") from None
    page = "load.html" if written.run.load else "report.html"
    if page not in {each.name for each in written.unwritten}:
        click.echo((to or directory) / page)
    if written.unwritten:
        failed = "; ".join(f"{each.name} could not be written ({reason(each.error)})" for each in written.unwritten)
        raise click.ClickException(f"{failed}; --to DIR names another directory")


@main.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="What checks find that the earlier suite did not have counts, too.")
def compare(old: Path, new: Path, strict: bool) -> None:
    """Tell what got worse and what better between two runs: a report.json each, or the directory of a run.

    Ends with status 1 where something got worse, with 4 where one of them cannot be read.
    """
    from dicomweb_conformance.run.gate import renamed  # noqa: PLC0415 - loaded only to compare
    from dicomweb_reports import comparison, comparison_lines, concluded  # noqa: PLC0415 - likewise
    from dicomweb_reports.json_fields import RecordError  # noqa: PLC0415 - likewise
    from dicomweb_reports.visible import visible, visible_lines  # noqa: PLC0415 - likewise

    try:
        earlier, later = concluded.read(old), concluded.read(new)
    except RecordError as error:
        raise UnusableInputError(visible_lines(str(error))) from None

    def shown(text: str) -> str:
        return visible(text, 400)

    for run in (earlier, later):
        click.echo(f"{shown(run.target)}, {run.started}, profile {shown(run.profile)}, suite {shown(run.suite)}:")
        click.echo(f"  {run.verdict}: {shown(run.reason)}")
    if earlier.profile != later.profile:
        click.echo("These were judged by different profiles: what one of them leaves out is missing, or new.")
    found = comparison.compare(earlier, later, renamed())
    for line in comparison_lines.lines(found, shown, shown):
        click.echo(line)
    click.echo(shown(comparison_lines.verdict(found, strict=strict)))
    if comparison.gates(found, strict=strict):
        sys.exit(1)


@main.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The directory to write matrix.html and matrix.md to (default: the current one).",
)
def matrix(runs: tuple[Path, ...], to: Path) -> None:
    """Put servers side by side on one page, from the report.json of each, or the directory of its run.

    Ends with status 4 where one of them cannot be read.
    """
    from dicomweb_reports import concluded, matrix_pages  # noqa: PLC0415 - loaded only to put servers side by side
    from dicomweb_reports.json_fields import RecordError  # noqa: PLC0415 - likewise
    from dicomweb_reports.matrix import matrix as side_by_side  # noqa: PLC0415 - likewise
    from dicomweb_reports.visible import visible_lines  # noqa: PLC0415 - likewise

    try:
        table = side_by_side([concluded.read(each) for each in runs])
    except RecordError as error:
        raise UnusableInputError(visible_lines(str(error))) from None
    for name, render in (("matrix.html", matrix_pages.html), ("matrix.md", matrix_pages.markdown)):
        try:
            to.mkdir(parents=True, exist_ok=True)
            (to / name).write_text(render(table), encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"{to / name} cannot be written: {error.strerror}") from None
        click.echo(to / name)


@main.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.har")
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("reports/judged"),
    show_default=True,
    help="The directory of the record and its reports: new, empty, or of an earlier run.",
)
@click.option("--profile", default="dicom", show_default=True, metavar="NAME", help="Which requirements count.")
@click.option("--url", default="", help="Base URL of the Studies Service (default: the one most exchanges are with).")
@click.option("--with-values", is_flag=True, help="Let the reports hold what the exchanges say of patients.")
def judge(file: Path, to: Path, profile: str, url: str, with_values: bool) -> None:
    """Judge exchanges that somebody else made: a browser's developer tools, a proxy or a client wrote FILE.har.

    No server is asked. Only what every message must be is judged, and of that what a HAR shows. Ends with status 1
    where a message is at fault, 5 where nothing was judged, 4 where the file cannot be.
    """
    from dicomweb_conformance.catalogue.profile import ProfileError  # noqa: PLC0415 - loaded only to judge
    from dicomweb_conformance.reading.har_files import HarError  # noqa: PLC0415 - likewise
    from dicomweb_conformance.record.disk import NotWrittenError  # noqa: PLC0415 - likewise
    from dicomweb_conformance.run import captured  # noqa: PLC0415 - likewise
    from dicomweb_conformance.run.report_directory import NoReportDirectoryError  # noqa: PLC0415 - likewise
    from dicomweb_reports.visible import visible_lines  # noqa: PLC0415 - likewise

    try:
        judged = captured.judge(file, to.absolute(), _VERSION, profile, url, with_values=with_values)
    except (HarError, captured.CapturedError, ProfileError, NoReportDirectoryError, NotWrittenError) as error:
        raise UnusableInputError(visible_lines(str(error))) from None
    for line in captured.lines(judged):
        click.echo(visible_lines(line))
    if judged.unwritten:
        names = ", ".join(each.name for each in judged.unwritten)
        raise click.ClickException(f"{names} could not be written; `dicomweb-conformance render {to} --to DIR` does")
    click.echo(to / "report.html")
    sys.exit(judged.status)


class UnusableInputError(click.ClickException):
    """What cannot be read or compared: status 4, as of a run whose target or settings cannot be used."""

    exit_code = 4


@main.group()
def corpus() -> None:
    """Work with the synthetic studies that targets are judged with."""


@corpus.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", type=click.IntRange(min=0), required=True, help="That of the run that will judge the server.")
@click.option("--large", is_flag=True, help="With the entries of hundreds of instances.")
def export(directory: Path, seed: int, large: bool) -> None:
    """Write the corpus of a seed to DIRECTORY, as files and their right answers in corpus.json.

    Load the files into a server by whatever means, and judge it reading only, with the same seed.
    """
    from dicomweb_fixtures.building.codecs import INSTALLS  # noqa: PLC0415 - likewise
    from dicomweb_fixtures.export import export as write  # noqa: PLC0415 - pydicom is loaded only to export

    try:
        written = write(seed, directory, large=large)
    except OSError as error:
        raise click.ClickException(f"{directory} cannot take the corpus: {error}") from None
    megabytes = written.octets / 1e6
    click.echo(f"{written.studies} studies, {written.instances} instances, {megabytes:.1f} MB in {directory}")
    if written.left_out:
        click.echo(f"left out, as this machine cannot encode them: transfer syntaxes {', '.join(written.left_out)}")
        click.echo(f"put it right: {INSTALLS}")


_CLEANS = frozenset(
    (
        *("url", "target", "auth", "client", "scope", "resource", "header", "ca", "cert", "key", "insecure", "proxy"),
        *("report", "timeout", "grace", "rate", "seed"),
    )
)

_HELP = {
    "url": "base URL of the target, as the run was given it (default: that of the ledger)",
    "report": "directory of the run, or its ledger.jsonl (default: reports/latest)",
    "seed": "only what the run of this seed left",
    "grace": "seconds that what a run sent last may take to become visible (default: 10)",
}


@main.command()
@settings_of(_CLEANS, _HELP)
@click.option("--yes", is_flag=True, help="Send credentials to the target that the ledger names, without asking.")
def clean(yes: bool, **settings: Any) -> None:
    """Remove from a target what a run that broke off left there, and nothing else.

    What may be left is read from ledger.jsonl in --dicomweb-report (or name the file itself). The target is that of the
    ledger unless --dicomweb-url names it; its credentials and other settings are given as to a run. Ends with status 1
    where something is left.
    """
    from dicomweb_conformance.run.clean_command import CleanError, clean_target  # noqa: PLC0415 - it loads the client
    from dicomweb_reports.visible import visible_lines  # noqa: PLC0415 - likewise

    def confirm(question: str) -> bool:
        return yes or (sys.stdin.isatty() and click.confirm(question, err=True))

    try:
        lines, all_gone = clean_target(given(settings), os.environ, Path.cwd(), _VERSION, confirm)
    except CleanError as error:
        raise click.UsageError(visible_lines(str(error))) from None
    for line in lines:
        click.echo(line)
    if not all_gone:
        sys.exit(1)


main.add_command(load)
