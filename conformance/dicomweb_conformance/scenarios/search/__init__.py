"""Checks of the Search transaction (PS3.18 10.6)."""
