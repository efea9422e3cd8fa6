"""Checks of the Retrieve Capabilities transaction."""
