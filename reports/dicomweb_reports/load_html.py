"""`load.html`: a load for people, in one file with nothing to fetch and without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomweb_reports import load
from dicomweb_reports.page import Page
from dicomweb_reports.report_html import MEANINGS, environment

if TYPE_CHECKING:
    from dicomweb_reports.model import Run

_TONES = {"wrong responses": "fail", "target gone": "fail", "nothing wrong": "pass", "nothing judged": "inconclusive"}


def html(run: Run) -> str:
    """Return the whole page.

    Raises:
        ValueError: the run is no load.
    """
    page, lines = Page(run), load.lines(run)
    word, sentence = load.verdict(run)
    assert run.load is not None
    errors = {name: sum(line.errors.get(name, 0) for line in lines) for name in load.ERRORS}
    template = environment().get_template("load.html.jinja")
    return template.render(
        run=run,
        load=run.load,
        word=word,
        sentence=sentence,
        tone=_TONES[word],
        facts=load.facts(run),
        lines=lines,
        shares=load.SHARES,
        plot=load.plot(lines),
        width=load.WIDTH,
        left=load.LEFT,
        right=load.RIGHT,
        row=load.ROW,
        delay=load.DELAY,
        took=load.took,
        errors={name: number for name, number in errors.items() if number},
        meanings=load.MEANINGS,
        wrong=load.wrong(run),
        when=load.when,
        failures=page.causes("fail"),
        plain=page.cards("fail"),
        stumbles=page.cards("error"),
        lead=MEANINGS["fail"],
    )
