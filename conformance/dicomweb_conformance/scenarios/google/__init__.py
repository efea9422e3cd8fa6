"""Checks of what the Cloud Healthcare API does otherwise than PS3.18, or beside it."""
