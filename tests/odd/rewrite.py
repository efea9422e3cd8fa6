"""Write anew what could not be told of odd servers: `python -m tests.odd.rewrite [NAME ...]`, after checks were added.

What stands against a server is never written anew: a difference there is printed, and that server is left as it is.
"""

from __future__ import annotations

import json
import sys
import tempfile
import textwrap
from collections.abc import Iterable
from pathlib import Path

import click

from tests.mutants.harness import judged
from tests.odd.odd import OUTCOMES, Odd, Outcome, deserved, outcome
from tests.odd.test_odd_servers import ODD, SEED, Shown, load

HEAD = "# What each odd server deserves: all that the run says against it, and what could not be told for its sake."
WIDTH = 120


def rewritten(names: Iterable[str]) -> int:
    """Judge odd servers by name, all where none is named, and write what could not be told of them.

    Returns:
        How many have something else against them than what stands in the file.
    """
    wanted = set(names)
    outcomes = deserved()
    differing = 0
    for each in ODD:
        if wanted and each.name not in wanted:
            continue
        found = shown(each)
        stands = outcomes.get(each.name, Outcome({}, {}))
        for check in sorted(stands.against.keys() | found.against.keys()):
            if stands.against.get(check) != found.against.get(check):
                click.echo(f"{each.name}: {check}: {stands.against.get(check)} -> {found.against.get(check)}")
        if found.against != stands.against:
            differing += 1
        elif found.inconclusive != stands.inconclusive:
            click.echo(f"{each.name}: what could not be told is written anew")
            outcomes[each.name] = Outcome(stands.against, _in_the_order_of(stands, found))
    OUTCOMES.write_text(_written(outcomes), encoding="utf-8")
    return differing


def shown(odd: Odd) -> Outcome:
    """Judge an odd server."""
    server = odd.server(odd.freedoms)
    load(server, odd.loaded)
    arguments = [*odd.arguments, f"--dicomweb-seed={SEED}", *(["--dicomweb-read-only"] if odd.loaded else [])]
    with tempfile.TemporaryDirectory() as directory:
        return outcome(judged(server, Path(directory), *arguments, plugins=[Shown(odd)]))


def _in_the_order_of(stands: Outcome, found: Outcome) -> dict[str, list[str]]:
    known = [blamed for blamed in stands.inconclusive if blamed in found.inconclusive]
    return {blamed: found.inconclusive[blamed] for blamed in [*known, *sorted(found.inconclusive.keys() - set(known))]}


def _written(outcomes: dict[str, Outcome]) -> str:
    lines = [
        "# What each odd server deserves: all that the run says against it, and what could not be told for its sake."
    ]
    for name, each in outcomes.items():
        lines += [
            "",
            f"[{name}.against]",
            *(f"{_key(check)} = {_text(rests)}" for check, rests in each.against.items()),
        ]
        if each.inconclusive:
            lines += ["", f"[{name}.inconclusive]"]
        for blamed, checks in each.inconclusive.items():
            line = f"{_key(blamed)} = {json.dumps(checks, ensure_ascii=False)}"
            lines += [line] if len(line) <= WIDTH else [f"{_key(blamed)} = [", *_wrapped(checks), "]"]
    return "\n".join(lines) + "\n"


def _wrapped(checks: list[str]) -> list[str]:
    listed = " ".join(f"{_text(check)}," for check in checks)
    return textwrap.wrap(
        listed, WIDTH, initial_indent="    ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _key(name: str) -> str:
    return name if all(each.isalnum() or each in "-_" for each in name) else _text(name)


if __name__ == "__main__":
    sys.exit(1 if rewritten(sys.argv[1:]) else 0)
