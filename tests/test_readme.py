"""What README.md says in figures is true of the suite."""

import tomllib
from pathlib import Path

from dicomweb_conformance.settings.table import OPTIONS
from tests.readme_figures import FIGURE, NAMES, PAGE, figures

TEXT = PAGE.read_text(encoding="utf-8")


def test_figures_are_those_of_the_suite() -> None:
    said = {name: int(number.replace(",", "")) for number, name in FIGURE.findall(TEXT)}

    there = figures()
    assert set(said) == set(NAMES)
    for name, number in said.items():
        assert number < there[name] <= 1.25 * number, f"{name}: {there[name]}; python -m tests.readme_figures writes it"


def test_every_setting_is_told() -> None:
    assert [option.flag for option in OPTIONS if f"`{option.flag}" not in TEXT] == []


def test_the_python_that_it_asks_for_is_that_of_the_package() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]

    assert f"Python {project['requires-python'].removeprefix('>=')} or later" in TEXT
    assert f"pip install {project['name']}" in TEXT
