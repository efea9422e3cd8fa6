"""Octets in a data set that is text: base64 in place (RFC 4648 4), or a reference to bulk data (PS3.18 F.2.2)."""

from __future__ import annotations

import binascii
import re

from dicomweb_conformance.http import urls
from dicomweb_conformance.http.urls import UrlError
from dicomweb_conformance.validators.tally import Tally, shown

_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2})+")


def judge_scheme(tally: Tally, uri: str, url: str, where: str, *, own: bool) -> None:
    """Judge the scheme of a bulk data URI after resolution (BULKDATA-003)."""
    try:
        scheme = (urls.resolved(uri, url).scheme or "").lower()
    except UrlError:
        tally.sees("BULKDATA-003", "no-uri-reference", where, shown(uri, own=own), own=own)
        return
    if not uri:
        tally.sees("BULKDATA-003", "empty-string", where, own=own)
    elif scheme == "file":
        tally.sees("BULKDATA-003", "file", where, shown(uri, own=own), own=own)
    elif scheme not in {"http", "https", ""}:
        tally.sees("BULKDATA-003", "another-scheme", where, shown(uri, own=own), own=own)
    else:
        tally.meets("BULKDATA-003", "http-or-https")


def base64_fault(text: str) -> str | None:
    """Say what speaks against a string as base64 of RFC 4648 4, in the words of JSON-039; None where nothing does."""
    if not text:
        return "an-empty-string-on-an-empty-attribute"
    unbroken = text
    if "\n" in text or "\r" in text:
        unbroken = text.replace("\r", "").replace("\n", "")
    try:
        binascii.a2b_base64(unbroken, strict_mode=True)
    except ValueError:
        if unbroken.startswith("data:"):
            return "a-data-prefix"
        if _HEXADECIMAL.fullmatch(unbroken):
            return "hexadecimal-digits-instead-of-base64"
        if _BASE64.fullmatch(unbroken):
            return "wrong-or-missing-padding"
        if "=" in unbroken and _BASE64.fullmatch(unbroken.replace("=", "")):
            return "wrong-or-missing-padding"
        return "character-outside-base64"
    return None if unbroken is text else "line-breaks-in-it"
