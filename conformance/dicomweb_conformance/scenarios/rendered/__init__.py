"""Checks of rendered resources and their parameters (PS3.18 10.4.1.1.3, 8.3.5.1)."""
