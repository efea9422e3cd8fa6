"""`conformance-statement.md`: what was seen to work, for a vendor to paste into a conformance statement."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from dicomweb_reports.markdown_text import code, plain
from dicomweb_reports.statement import statement
from dicomweb_reports.summary import broken, product

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dicomweb_reports.model import Run
    from dicomweb_reports.statement import Transaction

LEAD = (
    "What {product} was seen to do on {date}, in the form of the tables that PS3.2 has for web services. "
    "Each line names the exchange that shows it first. What the run did not try is not told, and no line is a promise "
    "of the vendor."
)


def markdown(run: Run) -> str:
    """Return the statement in GitHub's Markdown, with links into report.html beside it."""
    name = product(run) or run.target.url
    blocks = [
        f"# Observed conformance statement: {plain(name)}",
        plain(LEAD.format(product=name, date=run.started.date().isoformat()), 1000),
        "\n".join(
            f"- {name}: {code(value)}"
            for name, value in (
                ("Product", product(run) or "not declared"),
                ("Profile", run.profile),
                ("Observed with", f"{run.suite.name} {run.suite.version}, seed {run.seed}"),
            )
        ),
    ]
    if said := broken(run):
        blocks.append(f"**{plain(said)}**")
    told = statement(run)
    if not told:
        blocks.append("No transaction of the Studies Service was seen to work.")
    for service, transactions in groupby(told, key=lambda each: each.service):
        each = list(transactions)
        blocks.append(f"## {service}")
        requests = [(one.title, code(f"{one.method} {one.path}")) for one in each]
        blocks.append(_table(("Transaction", "Request"), requests))
        for one in each:
            blocks += _transaction(one)
    return "\n\n".join(blocks) + "\n"


def _transaction(each: Transaction) -> Iterator[str]:
    yield f"### {each.title}"
    rows = [
        (line.option, code(line.value), f"[{plain(line.exchange)}](report.html#exchange-{line.exchange})")
        for line in each.lines
    ]
    yield _table(("Option", "Seen to work", "Shown by"), rows)
    if each.doubted:
        named = ", ".join(code(name) for name in each.doubted)
        yield f"What the report says against it is about {named} in some form."


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
