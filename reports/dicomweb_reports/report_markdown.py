"""`report.md`: the run in short, for the summary of a CI job and for what is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomweb_reports import comparison_lines, media_type_table, personas, samples, transcodings, transfer_syntaxes
from dicomweb_reports.causes import causes
from dicomweb_reports.evidence import COMMAND
from dicomweb_reports.markdown_failures import failures, found, headed
from dicomweb_reports.markdown_text import claim, code, plain
from dicomweb_reports.page import groups
from dicomweb_reports.repeating import before
from dicomweb_reports.rules import departures, judged_by
from dicomweb_reports.summary import OUTCOMES, broken, counts, not_concluded, overall, product, services
from dicomweb_reports.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dicomweb_reports.model import Result, Run

# The rest is in report.html.
LISTED = 30
IDS = 3
SENTENCES = 1000

SECTIONS = {
    "fixed": "Unexpected passes: listed as known failures",
    "deviation": "Deviations",
    "error": "Errors of the suite, not of the server",
    "known": "Known failures",
}


def markdown(run: Run) -> str:
    """Return a summary in GitHub's Markdown: the verdict, the facts, the counts, each failure in a few lines."""
    summary = overall(run)
    blocks = [f"# {plain(product(run) or run.target.url)}: {summary.verdict}", plain(summary.reason)]
    blocks += [plain(judged_by(run), SENTENCES)] if judged_by(run) else []
    if broken(run):
        blocks.append(f"**{plain(broken(run))}**")
    blocks += _baseline(run)
    blocks += [_facts(run), _services(run)]
    blocks += _before(run)
    blocks += _causes(run)
    blocks += _samples(run)
    blocks += _transfer_syntaxes(run)
    blocks += _transcodings(run)
    blocks += _media_types(run)
    blocks += _personas(run)
    blocks += failures(run)
    for verdict, heading in SECTIONS.items():
        blocks += _results(run, verdict, heading)
    blocks += _inconclusive(run)
    blocks += _not_concluded(run)
    blocks += _departures(run)
    return "\n\n".join(blocks) + "\n"


def _facts(run: Run) -> str:
    build = run.target.product.build if run.target.product else ""
    facts = {
        "Target": run.target.url,
        "Build": build,
        "Judged by": f"{run.suite.name} {run.suite.version}",
        "Profile": f"{run.profile}: {run.rules.title}" if run.rules else run.profile,
        "Profile read from": f"{run.rules.file}, SHA-256 {run.rules.sha256}" if run.rules else "",
        "Edition": run.edition or "all current editions",
        "Seed": str(run.seed),
        "Started": run.started.isoformat(timespec="seconds"),
        "Duration": f"{run.footer.seconds:.1f} s" if run.footer else "",
    }
    return "\n".join(f"- {name}: {code(value)}" for name, value in facts.items() if value)


def _services(run: Run) -> str:
    total = counts(run)
    words = [word for word in OUTCOMES if total[word]]
    table = [["service", *words], ["---", *("---:" for _ in words)]]
    table += [[plain(name), *(str(row[word] or "") for word in words)] for name, row in services(run).items()]
    table.append(["**all**", *(f"**{total[word]}**" for word in words)])
    return "\n".join(f"| {' | '.join(row)} |" for row in table)


def _baseline(run: Run) -> Iterator[str]:
    """What got worse since the baseline, before all else: that is what a gate asks."""
    if run.baseline:
        yield "## Held against the baseline"
        yield plain(comparison_lines.verdict(run.baseline, strict=run.settings.get("strict") is True), SENTENCES)
        told = list(comparison_lines.lines(run.baseline, plain, code))
        if told:
            yield "\n".join(f"  - {line[2:]}" if line.startswith("  ") else f"- {line}" for line in told)


def _before(run: Run) -> Iterator[str]:
    """What a reader has to do before a request can be sent again."""
    first = before(run)
    if first and any(result.verdict in {"fail", *SECTIONS} for result in run.results):
        yield "## Before a request is sent again"
        yield plain(first.sentence, SENTENCES)
        yield "```sh\n{}\n```".format("\n".join(visible(line, COMMAND) for line in first.lines))


def _causes(run: Run) -> Iterator[str]:
    """What to repair first: the causes of the fails, of which the sections below show each check."""
    found = [cause for cause in causes(run) if cause.verdict == "fail"]
    if not found:
        return
    yield f"## What to repair first ({len(found)})"
    table = [["checks", "hang on it", "observed", "in", "requirements"], ["---:", "---:", "---", "---", "---"]]
    for cause in found[:LISTED]:
        ids = ", ".join(cause.requirements[:IDS]) + (", …" if len(cause.requirements) > IDS else "")
        table.append(
            [
                str(len(cause.at_fault)),
                str(len(cause.waiting) or ""),
                ": ".join(plain(text) for text in (cause.claim.removesuffix("."), cause.observation) if text),
                code(cause.at_fault[0].check),
                plain(ids),
            ]
        )
    yield _table(table)
    if len(found) > LISTED:
        yield f"and {len(found) - LISTED} more, in report.html."


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table; the second row parts its head from the rest."""
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _samples(run: Run) -> Iterator[str]:
    found = samples.rows(run)
    if not found:
        return
    yield f"## Samples of the page ({len(found)})"
    table = [["operation", "client", "outcome"], ["---", "---", "---"]]
    table += [[plain(row.operation), plain(row.client), plain(f"{row.outcome} {row.why}".strip())] for row in found]
    yield _table(table)


def _transfer_syntaxes(run: Run) -> Iterator[str]:
    found = transfer_syntaxes.syntaxes(run)
    if not found:
        return
    yield f"## Transfer syntaxes ({len(found)})"
    table = [["stored in", *(heading for heading, _ in transfer_syntaxes.COLUMNS.values())]]
    table.append(["---"] * len(table[0]))
    table += [[plain(row.syntax), *(plain(cell.word) for cell in row.cells)] for row in found]
    yield _table(table)


def _transcodings(run: Run) -> Iterator[str]:
    found = transcodings.transcodings(run)
    if not found:
        return
    yield f"## Transcoding ({sum(len(each.rows) for each in found)})"
    for each in found:
        yield f"{each.caption}:"
        table = [["stored in", *each.columns], ["---"] * (1 + len(each.columns))]
        table += [[plain(row.stored), *(plain(word) for word in row.words)] for row in each.rows]
        yield _table(table)


def _media_types(run: Run) -> Iterator[str]:
    found = media_type_table.media_types(run)
    if not found:
        return
    yield f"## Media types ({len(found)})"
    table = [["media type", *media_type_table.COLUMNS], ["---"] * (len(media_type_table.COLUMNS) + 1)]
    table += [[plain(row.title), *row.words] for row in found]
    yield _table(table)


def _personas(run: Run) -> Iterator[str]:
    found = personas.rows(run)
    if not found:
        return
    yield f"## Clients in use ({len(found)})"
    table = [["client", "outcome", "counts"], ["---", "---", "---"]]
    for row in found:
        said = plain(f"{row.outcome} {row.why}".strip())
        table.append([plain(row.client), said, "must work" if row.must_work else ""])
    yield _table(table)


def _results(run: Run, verdict: str, heading: str) -> Iterator[str]:
    results = [result for result in run.results if result.verdict == verdict]
    if not results:
        return
    yield f"## {heading} ({len(results)})"
    yield "\n".join(line for result in results[:LISTED] for line in _result(result, run))
    if len(results) > LISTED:
        yield f"and {len(results) - LISTED} more, in report.html."


def _result(result: Result, run: Run) -> Iterator[str]:
    yield headed(result)
    yield from found(result, run)
    for known in result.known:
        yield f"  - known: {plain(' '.join(filter(None, (known.reason, known.link))))}"
    if result.verdict == "error" and result.reason.strip():
        yield f"  - {code(result.reason.strip().splitlines()[-1])}"


def _inconclusive(run: Run) -> Iterator[str]:
    found = groups(run, "inconclusive")
    if found:
        yield f"## Inconclusive ({sum(len(group.results) for group in found)})"
        blamed = [f" (see {code(group.blamed[0])})" if group.blamed else "" for group in found]
        lines = [f"- {len(group.results)}: {plain(group.reason)}" for group in found]
        yield "\n".join(line + see for line, see in zip(lines[:LISTED], blamed[:LISTED], strict=True))


def _not_concluded(run: Run) -> Iterator[str]:
    open_ = not_concluded(run)
    if open_:
        yield f"## Not concluded ({len(open_)})"
        yield "\n".join(f"- {claim(each.title)} ({code(each.check)})" for each in open_[:LISTED])
    if len(open_) > LISTED:
        yield f"and {len(open_) - LISTED} more, in report.html."


def _departures(run: Run) -> Iterator[str]:
    found = departures(run)
    if found:
        yield f"## What the profile does otherwise ({len(found)})"
        yield "\n".join(
            f"- {code(each.what)}: {plain(each.how)}. {plain(f'{each.reason} {each.link} {each.sure}'.strip())}"
            for each in found[:LISTED]
        )
    if len(found) > LISTED:
        yield f"and {len(found) - LISTED} more, in report.html."
