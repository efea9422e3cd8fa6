"""Defects that the checks of scenario delete must notice."""

from mutant import Mutant

MUTANTS: list[Mutant] = []
