"""Defects that the checks of scenario metadata must notice."""

from mutant import Mutant

MUTANTS: list[Mutant] = []
