"""The samples of the page as values: who sends what, and what they need of the response. `samples.toml` has them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from dicomweb_conformance.scenarios.steps.heads import Head


@dataclass(frozen=True)
class Sample:
    """What one client sends for one operation of the page.

    Attributes:
        operation: what the page does with it.
        client: who sends it.
        requirement: the row that judges it.
        request: the request that it is about.
        before: what the client asks for first.
        poll: how it asks for an operation, None where it does not.
        types: media types that it goes on with, any where it is empty.
        files: how many files it stores.
        prints: whether it prints the body of a response, whatever there is, and reads nothing in it.
    """

    operation: str
    client: str
    requirement: str
    request: Head
    before: tuple[Head, ...]
    poll: Head | None
    types: tuple[str, ...]
    files: int
    prints: bool

    @property
    def id(self) -> str:
        """What stands in brackets in the id of its check."""
        return self.client


def of(operation: str) -> tuple[Sample, ...]:
    """Return the samples of an operation, in the order of the page."""
    return tuple(sample for sample in SAMPLES if sample.operation == operation)


def _samples() -> Iterator[Sample]:
    table = tomllib.loads(files(__package__).joinpath("samples.toml").read_text(encoding="utf-8"))
    start = Head.of(table["start"])
    for row in table["sample"]:
        yield _sample(row, table["operations"][row["operation"]], start)


def _sample(row: Mapping[str, Any], requirement: str, start: Head) -> Sample:
    lists = (Head.of(each) for each in row.get("lists", ()))
    return Sample(
        operation=row["operation"],
        client=row["client"],
        requirement=requirement,
        request=Head.of(row["request"]),
        before=(*([start] if row.get("starts") else []), *lists),
        poll=Head.of(row["poll"]) if "poll" in row else None,
        types=tuple(row.get("types", ())),
        files=row.get("files", 1),
        prints=row.get("prints", False),
    )


SAMPLES = tuple(_samples())
