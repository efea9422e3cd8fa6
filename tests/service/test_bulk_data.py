"""What a bulk data URI of a server's leads to, whatever stands in it."""

from __future__ import annotations

import pytest

from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.service.bulk_data import Reference

METADATA = Response("x-1", "GET", "http://pacs.example/dicom-web/studies/1/metadata", 200)


@pytest.mark.parametrize("uri", ["//", "///x", "http:\\\\pacs.example/x", "http://pacs.example\n/x"])
def test_one_that_is_not_followed_says_why(uri: str) -> None:
    reference = Reference("7FE00010", uri, METADATA)

    assert reference.refusal
    assert not reference.is_relative


@pytest.mark.parametrize(("uri", "relative"), [("bulk/7FE00010", True), ("http://pacs.example/bulk", False)])
def test_one_that_is_followed_is_relative_or_not(uri: str, *, relative: bool) -> None:
    reference = Reference("7FE00010", uri, METADATA)

    assert not reference.refusal
    assert reference.is_relative is relative
