"""The clients as values: what each sends, and what it needs of the responses. `clients/*.toml` have them, one each.

`title` names the client with its version. `fields` are its header fields by method, with {accept} and {type} of a step
in their places; a line whose place nothing fills is not sent. `accept` is what it asks for where a step does not say.
`like` names the client whose library it is built on: what it does not say itself is as there. `boundary`: where it has
the boundary of a multipart from, "header" or "first line" of the body. `status` are those with which it goes on.
`lesser`: transactions without which it is of use all the same, so that nothing breaks it there. `sure` tells how its
needs are known: C captured, S read in its source, D documented, M from memory.

`rules` say what becomes of the client where a response is in a certain way ("breaks C", "degrades S", "works C"). What
they do not name has the effect of `ALWAYS`, or none. What is known from memory alone breaks no client.

Steps are listed under the transaction that they use, in the order in which the client sends them:

* `target`, `accept`, `type`, `host`, `fields`: the request; {study}, {series}, {instance}, {patient}, {family},
  {accession}, {modality} and {date} are those of `about`, an entry of the corpus; {link} is what the step before leads
  to: a value that its metadata refer to, or the Retrieve URL of its row. Where it leads nowhere the step is not sent.
* `reads`: as what it is read, where the transaction does not tell it.
* `types`: one of them is the media type that it goes on with; without it any will do.
* `finds`: the level whose UID a row must have. Without it only the shape of rows is looked at: of all, and of a
  search that names nothing of the run's, whose rows may be anybody's, of the row of `about`, or of what all share.
* `needs`, `shows`, `refuses`: elements that a row or an instance must have a value of, or may lack one of at the cost
  of a blank ("A or B": either will do), or may not have.
* `level`: that of what is retrieved, where {link} stands for it.
* `form`: "single" where one representation is asked for and no multipart. `frames`: how many are asked for.
* `before`, `after`: what stands around a file that is stored; {size} is that of the file. `answer`: how the response to
  a store or a delete is read: "json", "xml", "keywords" (XML, whose elements are found by keyword), or not at all.
* `fallback`: sent only where the step before it did not do; `otherwise` of that says what makes the client send it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from dicomweb_conformance.scenarios.steps.heads import Head

OPERATIONS = {
    "search": "PERSONA-001",
    "metadata": "PERSONA-002",
    "retrieve": "PERSONA-003",
    "frames": "PERSONA-004",
    "bulkdata": "PERSONA-005",
    "rendered": "PERSONA-006",
    "thumbnail": "PERSONA-007",
    "store": "PERSONA-008",
    "delete": "PERSONA-009",
}
"""The transactions that clients use, and the row that judges each."""
READS = {
    "search": "rows",
    "metadata": "metadata",
    "retrieve": "files",
    "frames": "frames",
    "bulkdata": "value",
    "rendered": "picture",
    "thumbnail": "picture",
    "store": "stored",
    "delete": "deleted",
}
"""As what the response to each is read, where a step does not say otherwise."""
METHODS = {"store": "POST", "delete": "DELETE"}
SURE = {"C": "captured", "S": "read in its source", "D": "documented", "M": "from memory"}
EFFECTS = ("works", "degrades", "breaks")
ALWAYS = {
    **dict.fromkeys(
        (
            *("status", "another-type", "not-json", "not-found", "no-value", "a-value-of-a-deeper-level"),
            *("no-boundary", "no-parts", "multipart", "fewer-parts", "not-readable"),
            *("no-keyword", "other-counts", "200-and-not-retrievable", "not-gone"),
        ),
        "breaks",
    ),
    "no-value-to-show": "degrades",
    "elsewhere": "degrades",
}
"""What each of these comes to for any client that needs the contrary; the rest depends on the client."""


class ClientError(ValueError):
    """A file of a client that says something which no client can do; the message names the file."""


@dataclass(frozen=True)
class Rule:
    """What becomes of a client where a response is in a certain way, and how that is known."""

    effect: str
    sure: str

    @classmethod
    def of(cls, text: str) -> Rule:
        """Read it as it is written, such as `breaks C`.

        Raises:
            ClientError: it is no such thing, or something known from memory is said to break a client.
        """
        effect, _, sure = text.partition(" ")
        if effect not in EFFECTS or sure not in SURE:
            raise ClientError(f"{text!r} is no effect with its sureness, such as 'breaks C'")
        if effect == "breaks" and sure == "M":
            raise ClientError("what is known from memory alone breaks no client: 'degrades M'")
        return cls(effect, sure)


@dataclass(frozen=True)
class Step:
    """One request of a client; the attributes are those that the head of this module explains."""

    head: Head
    about: str
    reads: str
    boundary: str
    status: tuple[int, ...]
    rules: Mapping[str, Rule]
    sure: str
    types: tuple[str, ...] = ()
    finds: str = ""
    needs: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    level: str = ""
    form: str = "multipart"
    frames: int = 0
    before: str = ""
    after: str = ""
    answer: str = ""
    fallback: bool = False
    otherwise: str = ""
    lesser: bool = False

    @property
    def follows(self) -> bool:
        """Whether it is asked for what the step before leads to."""
        return "{link}" in self.head.target

    @property
    def asks_for_anybodys(self) -> bool:
        """Whether it asks for studies without saying which: others may have stored them."""
        return self.reads == "rows" and "{" not in self.head.target

    @property
    def asks_for_all(self) -> bool:
        """Whether it asks for whatever the target holds, which may be more than comes in any time."""
        return self.asks_for_anybodys and "limit=" not in self.head.target

    def outright(self, code: str) -> str:
        """Return what becomes of this request where a response shows this: `works`, `degrades` or `breaks`."""
        rule = self.rules.get(code)
        effect = rule.effect if rule else ALWAYS.get(code, "works")
        return "degrades" if effect == "breaks" and rule is None and self.sure == "M" else effect

    def effect(self, code: str) -> str:
        """Return what becomes of the client: where it can do otherwise, or without, nothing breaks it."""
        outright = self.outright(code)
        return "degrades" if outright == "breaks" and (self.otherwise or self.lesser) else outright


@dataclass(frozen=True)
class Use:
    """What one client does of one transaction: a check of that name."""

    persona: str
    title: str
    requirement: str
    steps: tuple[Step, ...]

    @property
    def id(self) -> str:
        """What stands in brackets in the id of its check."""
        return self.persona


def of(operation: str) -> tuple[Use, ...]:
    """Return what the clients do of a transaction, client by client."""
    return tuple(uses[operation] for uses in clients().values() if operation in uses)


@cache
def clients() -> Mapping[str, Mapping[str, Use]]:
    """Return what each client does, by its name and by the transaction.

    Raises:
        ClientError: a file says something that no client can do.
    """
    folder = files(__package__) / "clients"
    raw = {
        path.name.removesuffix(".toml"): tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.iterdir(), key=lambda path: path.name)
        if path.name.endswith(".toml")
    }
    found = {}
    for name, table in raw.items():
        try:
            found[name] = {use.operation: use.use for use in _uses(name, _whole(table, raw))}
        except (ClientError, KeyError, TypeError) as error:
            raise ClientError(f"clients/{name}.toml: {error}") from None
    return found


@dataclass(frozen=True)
class _Named:
    operation: str
    use: Use


def _whole(table: Mapping[str, Any], every: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the table of a client with what it has of the one whose library it is built on."""
    library = every[table["like"]] if "like" in table else {}
    taken = {name: library[name] for name in ("fields", "boundary", "accept", "status") if name in library}
    return {**taken, **table, "rules": {**library.get("rules", {}), **table.get("rules", {})}}


def _uses(name: str, table: Mapping[str, Any]) -> Iterator[_Named]:
    for operation, requirement in OPERATIONS.items():
        if operation in table:
            steps = tuple(_step(operation, row, table) for row in table[operation])
            yield _Named(operation, Use(name, table["title"], requirement, steps))


def _step(operation: str, row: Mapping[str, Any], table: Mapping[str, Any]) -> Step:
    rest: dict[str, Any] = dict(row)
    rules = {code: Rule.of(said) for code, said in {**table["rules"], **rest.pop("rules", {})}.items()}
    head = _head(METHODS.get(operation, "GET"), rest, table)
    said: dict[str, Any] = {
        "about": "ct_pair",
        "reads": READS[operation],
        "status": table["status"],
        **rest,
    }
    return Step(
        head=head,
        boundary=table.get("boundary", ""),
        rules=rules,
        sure=table["sure"],
        lesser=operation in table.get("lesser", ()),
        **dict(_frozen(said)),
    )


def _frozen(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        yield name, tuple(value) if isinstance(value, list) else value


def _head(method: str, row: dict[str, Any], table: Mapping[str, Any]) -> Head:
    """Return the head of a step, and take what makes it out of its row."""
    text = f"{method} {row.pop('target')}\n{table['fields'][method].strip()}\n" + "\n".join(row.pop("fields", ()))
    if host := row.pop("host", ""):
        text = text.replace("{hostname}", host)
    for place in ("accept", "type"):
        value = row.pop(place, table.get(place))
        lines = (line for line in text.splitlines() if value is not None or f"{{{place}}}" not in line)
        text = "\n".join(lines).replace(f"{{{place}}}", str(value))
    return Head.of(text)
