"""Checks of the character sets that a request asks for (PS3.18 8.8)."""
