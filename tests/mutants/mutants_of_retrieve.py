"""Defects that the checks of scenario retrieve must notice."""

from mutant import Mutant

MUTANTS: list[Mutant] = []
