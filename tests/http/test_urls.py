"""A URL that a server gave is read once, and refused where another parser could read another URL."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from dicomweb_conformance.http import urls
from dicomweb_conformance.http.urls import Origin, Url, UrlError
from dicomweb_conformance.settings.target import base_url, proxy_of
from tests.transport.other_origins import Given, table

ASKED = "http://127.0.0.1:8042/dicom-web/studies"
PATH = "/dicom-web/studies/2.25.1"


@pytest.mark.parametrize("row", table(), ids=lambda row: row.why)
def test_each_url_of_the_table_leads_where_it_says(row: Given) -> None:
    text = row.at(8042, 8043, PATH)
    if row.leads == "nowhere":
        with pytest.raises(UrlError):
            urls.resolve(text, ASKED)
        return

    there = urls.resolve(text, ASKED)

    at_target = there.origin == Origin("http", "127.0.0.1", 8042)
    assert at_target is (row.leads in {"target", "aside"})
    assert (at_target and there.path == PATH) is (row.leads == "target")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("https://PACS.Example/DICOM-Web", Url(Origin("https", "pacs.example", 443), "/DICOM-Web")),
        ("https://pacs.example:443/x", Url(Origin("https", "pacs.example", 443), "/x")),
        ("http://pacs.example:/x", Url(Origin("http", "pacs.example", 80), "/x")),
        ("http://pacs.example", Url(Origin("http", "pacs.example", 80), "/")),
        ("http://orthanc_1:8042/x", Url(Origin("http", "orthanc_1", 8042), "/x")),
        ("http://xn--mnchen-3ya.example/x", Url(Origin("http", "xn--mnchen-3ya.example", 80), "/x")),
        ("http://[2001:DB8::0:1]:80/x", Url(Origin("http", "2001:db8::1", 80), "/x")),
        ("http://h/a%20b;v=1,2/%7e?x=%2F&y=a+b", Url(Origin("http", "h", 80), "/a%20b;v=1,2/%7e", "x=%2F&y=a+b")),
        ("http://h/x?", Url(Origin("http", "h", 80), "/x", "")),
        ("http://h/bulk/00720022[1]/00720065", Url(Origin("http", "h", 80), "/bulk/00720022[1]/00720065")),
    ],
)
def test_what_servers_rightly_give_is_read(text: str, value: Url) -> None:
    assert urls.parse(text) == value
    assert urls.parse(str(value)) == value


# RFC 3986 5.4
EXAMPLES = {
    "g": "/b/c/g",
    "./g": "/b/c/g",
    "g/": "/b/c/g/",
    "/g": "/g",
    "?y": "/b/c/d;p?y",
    "g?y#s": "/b/c/g?y",
    "#s": "/b/c/d;p?q",
    ";x": "/b/c/;x",
    "": "/b/c/d;p?q",
    ".": "/b/c/",
    "..": "/b/",
    "../g": "/b/g",
    "../..": "/",
    "../../../g": "/g",
    "/./g": "/g",
    "/../g": "/g",
    "g..": "/b/c/g..",
    "./g/.": "/b/c/g/",
    "g;x=1/../y": "/b/c/y",
    "g?y/../x": "/b/c/g?y/../x",
}


@pytest.mark.parametrize(("reference", "target"), EXAMPLES.items())
def test_references_are_resolved_as_rfc_3986_shows(reference: str, target: str) -> None:
    assert urls.resolve(reference, "http://a/b/c/d;p?q").target == target


PIECES = st.sampled_from(
    [
        "http:",
        "https:",
        "//",
        "/",
        "\\",
        "@",
        ":",
        "a.example",
        "127.0.0.1",
        "0x7f.1",
        "[::1]",
        "%2e",
        "80",
        "?",
        "#",
        ".",
    ]
)


@given(st.lists(PIECES, max_size=9).map("".join))
def test_what_is_followed_is_read_alike_by_other_parsers(text: str) -> None:
    try:
        value = urls.resolve(text, ASKED)
    except UrlError:
        return

    whole = urljoin(ASKED, text)
    one, other = urlsplit(whole), parse_url(whole)
    for scheme, host, port in ((one.scheme, one.hostname, one.port), (other.scheme, other.host, other.port)):
        assert scheme == value.origin.scheme
        assert (host or "").strip("[]").lower() == value.origin.host
        assert (port or urls.DEFAULT_PORTS[scheme]) == value.origin.port


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("HTTPS://Pacs.Example:443/dicom-web/", "https://pacs.example/dicom-web"),
        ("http://localhost:8042", "http://localhost:8042"),
        (" http://h/a/../b ", "http://h/b"),
    ],
)
def test_a_base_url_has_one_spelling(given: str, base: str) -> None:
    assert base_url(given) == base


@pytest.mark.parametrize(
    ("text", "address", "authorization"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128/", ""),
        ("HTTP://Proxy.example:3128/", "http://proxy.example:3128/", ""),
        ("http://me:p%40ss@proxy.example:3128", "http://proxy.example:3128/", "Basic bWU6cEBzcw=="),
        ("http://me:p@ss:x@proxy.example:3128", "http://proxy.example:3128/", "Basic bWU6cEBzczp4"),
    ],
)
def test_a_proxy_is_an_address_and_what_it_is_told(text: str, address: str, authorization: str) -> None:
    found, told = proxy_of(text)

    assert (str(found), told) == (address, authorization)


@pytest.mark.parametrize("text", ["http://p:1/path", "http://u:secret@p:x", "p:3128"])
def test_what_is_no_proxy_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="expected http://") as refused:
        proxy_of(text)

    assert "secret" not in str(refused.value)
