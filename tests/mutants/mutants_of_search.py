"""Defects that the checks of scenario search must notice."""

from mutant import Mutant

MUTANTS: list[Mutant] = []
