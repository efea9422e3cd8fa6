"""Checks of metadata resources (PS3.18 10.4.1.1.2)."""
