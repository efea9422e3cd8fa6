"""`report.md`: the run in short, for the summary of a CI job and for what is published."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dicomweb_reports.evidence import answers, findings
from dicomweb_reports.page import groups
from dicomweb_reports.summary import OUTCOMES, counts, not_concluded, overall, services
from dicomweb_reports.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dicomweb_reports.model import Result, Run

LISTED = 30
VALUE = 300


def markdown(run: Run) -> str:
    """Return a summary in GitHub's Markdown: verdict, counts, facts, the failures in a few lines each."""
    blocks = [_head(run), *_broken(run), _facts(run), _services(run)]
    for verdict, heading in (("fail", "Failures"), ("fixed", "Unexpected passes"), ("deviation", "Deviations")):
        blocks += _results(run, verdict, heading)
    blocks += [*_inconclusive(run), *_errors(run), *_results(run, "known", "Known failures")]
    return "\n\n".join(blocks) + "\n"


def _head(run: Run) -> str:
    summary = overall(run)
    return f"# {_text(_product(run) or run.target.url)}: {summary.verdict}\n\n{_text(summary.reason)}"


def _product(run: Run) -> str:
    product = run.target.product
    return " ".join(filter(None, (product.vendor, product.name, product.version))) if product else ""


def _broken(run: Run) -> Iterator[str]:
    missing = len(not_concluded(run))
    if run.footer is None or missing:
        end = "The run broke off" if run.footer is None else "The run stopped before its end"
        planned = len(run.planned)
        yield f"**{end}: {planned - missing:,} of {planned:,} planned checks concluded.**"
