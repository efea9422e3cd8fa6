"""Checks of the media types and transfer syntaxes that a request asks for (PS3.18 8.7)."""
