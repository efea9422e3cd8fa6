"""Checks of DELETE."""
