"""`report.html`: the run for people, in one file with nothing to fetch.

It can be read without scripts. Its own one filters, and copies commands; a browser runs no other.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dicomweb_reports import clauses, comparison_lines, media_type_table, personas, samples, transcodings
from dicomweb_reports.evidence import COMMAND, extent, named, repeat
from dicomweb_reports.page import ONE_BY_ONE, VALUE, Page, groups, noted, passed, rows
from dicomweb_reports.repeating import before
from dicomweb_reports.rules import departures, judged_by
from dicomweb_reports.statement import statement
from dicomweb_reports.summary import (
    NOT_INCLUDED,
    OUTCOMES,
    broken,
    core_and_extended,
    counts,
    not_concluded,
    overall,
    product,
    services,
)
from dicomweb_reports.timing import timing
from dicomweb_reports.transfer_syntaxes import COLUMNS, syntaxes
from dicomweb_reports.visible import pieces, visible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from dicomweb_reports.model import Exchange, Run
    from dicomweb_reports.statement import Transaction

MEANINGS = {
    "fail": "The server did what the requirement rules out, or did not do what it demands.",
    "error": "A fault of this suite. It says nothing about the server.",
    "fixed": "Listed as a known failure, and passed: the list is out of date.",
    "known": "Failed as listed in the known failures that were given to the run.",
    "inconclusive": "Something that the check builds on did not hold, so nothing was judged. The reason names it.",
    "deviation": "Not what the text says or recommends, but every known client copes, or the text is ambiguous: "
    "each says why it is no fail.",
    "note": "Permitted, and worth knowing.",
    "pass": "The server did what the requirement demands.",
    "not-applicable": "The check is about something that the server does not offer.",
    NOT_INCLUDED: "This run was not asked to judge it: of a tier that is opt-in, or a run that only reads.",
    "not concluded": "Planned, but without a result.",
}

# The verdict whose colour the verdict over all takes.
TONES = {
    "conforms": "pass",
    "conforms with deviations": "deviation",
    "conforms to a home-made profile": "note",
    "conforms to a home-made profile with deviations": "deviation",
    "partial": "inconclusive",
    "does not conform": "fail",
    "nothing concluded": "inconclusive",
}
# The verdict whose colour an outcome of a client takes.
OUTCOME_TONES = {"works": "pass", "degrades": "deviation", "breaks": "fail", "not judged": "inconclusive"}


def html(run: Run) -> str:
    """Return the whole page."""
    number = counts(run)
    summary = overall(run)
    page = Page(run)
    # In the order in which they shall have room.
    failures = page.causes("fail")
    plain = page.cards("fail")
    one_by_one = {verdict: page.cards(verdict) for verdict in ONE_BY_ONE}
    known = page.causes("known")
    deviations = page.causes("deviation")
    told = statement(run)
    return (
        environment()
        .get_template("report.html.jinja")
        .render(
            run=run,
            title=product(run) or run.target.url,
            overall=summary,
            shares=core_and_extended(run),
            tone=TONES[summary.verdict],
            counts={verdict: number[verdict] for verdict in OUTCOMES if number[verdict]},
            meanings=MEANINGS,
            broken=broken(run),
            judged_by=judged_by(run),
            departures=departures(run),
            facts=_facts(run),
            settings=_settings(run),
            failures=failures,
            plain=plain,
            one_by_one=one_by_one,
            known=known,
            deviations=deviations,
            noted=noted(run),
            passed=passed(run),
            anchors=page.anchors,
            inconclusive=groups(run, "inconclusive"),
            not_applicable=groups(run, "not-applicable"),
            not_included=groups(run, NOT_INCLUDED),
            not_concluded=not_concluded(run),
            services=services(run),
            samples=samples.rows(run),
            personas=personas.rows(run),
            syntaxes=syntaxes(run),
            transcodings=transcodings.transcodings(run),
            tone_of_transcoding=transcodings.TONES,
            media_types=media_type_table.media_types(run),
            resources=media_type_table.COLUMNS,
            tone_of_word=media_type_table.TONES,
            ways=[heading for heading, _ in COLUMNS.values()],
            tone_of=OUTCOME_TONES,
            timing=timing(run),
            statement=told,
            before=before(run),
            baseline=_baseline(run),
            shown=_shown_by(told, run),
            requirements=rows(run),
            outcomes=OUTCOMES,
            script=Markup(_script()),  # noqa: S704 - it is ours
            script_digest=_script_digest(),
        )
    )


def _baseline(run: Run) -> tuple[str, list[str]] | None:
    """Return how a run compares with its baseline: a sentence, and what changed in lines, the worst first."""
    if run.baseline is None:
        return None
    strict = run.settings.get("strict") is True
    lines = comparison_lines.lines(run.baseline, str, str)
    return comparison_lines.verdict(run.baseline, strict=strict), [line.strip() for line in lines]


def _shown_by(told: Iterable[Transaction], run: Run) -> list[tuple[Exchange, str]]:
    """Return the exchanges that a statement names, each once, with the commands that repeat them."""
    names = dict.fromkeys(line.exchange for each in told for line in each.lines)
    return [(run.exchanges[name], repeat(run.exchanges[name], run)) for name in names]


@cache
def _script() -> str:
    return (resources.files("dicomweb_reports") / "templates" / "report.js").read_text(encoding="utf-8")


def _script_digest() -> str:
    """Return the digest by which a browser knows the page's own script: it runs no other."""
    return b64encode(sha256(_script().encode()).digest()).decode()


@cache
def environment() -> Environment:
    """Return what the pages are made with; a template is compiled once."""
    pages = Environment(
        loader=PackageLoader("dicomweb_reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    pages.filters.update(short=_short, breakable=_breakable, named=named, extent=extent, pieces=_pieces)
    pages.filters.update(number=_number, when=_when, took=_took, places=clauses.pieces)
    return pages


def _shown(value: object) -> object:
    """Make every value that the template writes safe to show; what has __html__ is markup made from such values."""
    return visible(value, COMMAND) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _short(text: str, limit: int = VALUE) -> str:
    return visible(text, limit)


def _breakable(text: str) -> Markup:
    """Return a text that may be broken behind each slash."""
    return Markup("/<wbr>").join(visible(text, VALUE).split("/"))


def _pieces(text: str) -> list[str]:
    return pieces(text, VALUE)


def _number(value: int) -> str:
    return f"{value:,}"


def _when(time: datetime) -> str:
    utc = time.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def _took(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def _settings(run: Run) -> list[tuple[str, str]]:
    """Return the settings that say something, in words."""
    said = []
    for name, value in run.settings.items():
        if value in (None, "", False, [], {}) or name in {"url", "report", "seed"}:
            continue
        shown = ", ".join(map(str, value)) if isinstance(value, list | dict) else str(value)
        said.append((name.replace("_", "-"), "yes" if value is True else shown))
    return said


def _facts(run: Run) -> list[tuple[str, str]]:
    build = run.target.product.build if run.target.product else ""
    return [
        ("Target", run.target.url),
        ("Product", f"{product(run) or 'not declared'}{f', build {build}' if build else ''}"),
        ("Judged by", f"{run.suite.name} {run.suite.version}"),
        ("Profile", f"{run.profile}: {run.rules.title}" if run.rules else run.profile),
        ("Edition", run.edition or "all current editions"),
        ("Seed", str(run.seed)),
        ("Date", _when(run.started)),
        ("Duration", _took(run.footer.seconds) if run.footer else "unknown"),
    ]
