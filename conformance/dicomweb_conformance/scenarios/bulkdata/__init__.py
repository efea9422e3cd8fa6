"""Checks of bulk data and pixel data (PS3.18 10.4.1.1.5, 10.4.1.1.6)."""
