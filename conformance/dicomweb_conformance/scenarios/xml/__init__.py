"""Checks of metadata, search results and store responses in XML (PS3.19 Annex A)."""
