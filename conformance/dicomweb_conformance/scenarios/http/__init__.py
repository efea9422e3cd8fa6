"""Checks of what HTTP itself offers beside the transactions, and of what browsers need."""
