"""Defects that the checks of scenario store must notice."""

from mutant import Mutant

MUTANTS: list[Mutant] = []
