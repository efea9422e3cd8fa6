"""Checks of frames (PS3.18 10.4.1.1.6)."""
