"""A check quotes the codes of observations. Here every literal quote is held against the rows of its check."""

import ast
import importlib
from pathlib import Path

import pytest

import dicomweb_conformance.scenarios
from dicomweb_conformance.catalogue import requirements

SCENARIOS = Path(dicomweb_conformance.scenarios.__file__).parent
MODULES = sorted(f"{path.parent.name}.{path.stem}" for path in SCENARIOS.glob("*/test_*.py"))
QUOTED_BY_PLACE = {"observes": 0, "loses": 0, "is_json": 0, "has_type": 2}
QUOTED_BY_NAME = {
    "none",
    "incomplete",
    "excess",
    "other",
    "twice",
    "else_",
    "gone",
    "because",
    "otherwise",
    "differ",
    "missing",
    "foreign",
    "frames",
}


def constants(node: ast.expr | None) -> list[str]:
    """The texts that an expression can be: a literal, or either arm of a conditional."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=body, orelse=orelse):
            return constants(body) + constants(orelse)
    return []


def quotes(function: ast.FunctionDef) -> list[tuple[int, str, str | None]]:
    """Line, quote and the requirement named by `of`, of every literal quote in a function."""
    found: list[tuple[int, str, str | None]] = []
    for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        of = next(iter(constants(named.get("of"))), None)
        # Elsewhere `because` is a sentence: why nothing can be concluded.
        by_name = QUOTED_BY_NAME if name.startswith("_") else QUOTED_BY_NAME - {"because"}
        texts = [text for argument in by_name & named.keys() for text in constants(named[argument])]
        if (place := QUOTED_BY_PLACE.get(name)) is not None:
            texts += [text for argument in call.args[place : place + 1] for text in constants(argument)]
        found += [(call.lineno, text, of) for text in texts]
    return found


def verified_by(module: object, name: str) -> set[str]:
    marks = getattr(getattr(module, name), "pytestmark", [])
    cases = [mark for each in marks if each.name == "parametrize" for param in each.args[1] for mark in param.marks]
    return {requirement for mark in [*marks, *cases] if mark.name == "verifies" for requirement in mark.args}


@pytest.mark.parametrize("name", MODULES)
def test_every_quote_stands_in_a_row_of_its_check(name: str) -> None:
    module = importlib.import_module(f"dicomweb_conformance.scenarios.{name}")
    rows = requirements.load()
    anywhere = {text for row in rows.values() for text in row.observations}
    wrong = []
    for function in (
        node
        for node in ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    ):
        verified = verified_by(module, function.name)
        listed = {text for requirement in verified for text in rows[requirement].observations} if verified else anywhere
        for line, text, of in quotes(function):
            if text not in (rows[of].observations if of else listed):
                wrong.append(f"{name}.py:{line}: {of or sorted(verified) or 'no row'} lists no {text!r}")
    assert not wrong, "\n".join(wrong)
