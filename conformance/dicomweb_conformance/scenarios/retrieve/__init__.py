"""Checks of retrieving studies, series and instances (PS3.18 10.4)."""
