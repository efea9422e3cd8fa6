"""What an answer of some status brings with it, and where it leads (PS3.18 8.5 Table 8.5-1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import pairwise

from dicomweb_conformance.http import media_types, urls
from dicomweb_conformance.http.observed import REDIRECTS, Answer
from dicomweb_conformance.http.urls import Reference, UrlError
from dicomweb_conformance.validators.http import coding
from dicomweb_conformance.validators.observation import Observation

OWNED = ("HTTP-012", "HTTP-014b", "HTTP-015", "HTTP-018", "HTTP-019", "HTTP-020", "HTTP-020b", "HTTP-021", "HTTP-024")
BUSY = frozenset({429, 502, 503, 504})

_TO_GET = frozenset({301, 302, 303})
_RETRIES = 3
_LARGE = 50_000_000
_READ = 1 << 16
_NAMED = re.compile(r"\b(?:application|audio|image|multipart|text|video)/[a-z0-9][a-z0-9.+\-]*", re.IGNORECASE)
_CHALLENGE = re.compile(r"[ \t,]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t,]|\Z)")


def observe(answer: Answer) -> Iterator[Observation]:
    """Yield the observations of all rows owned here; of a busy target only those of HTTP-024."""
    if answer.status == 0:
        return
    yield from _busy(answer)
    if answer.status in BUSY:
        return
    yield from _partial(answer)
    yield from _methods(answer)
    yield from _challenge(answer)
    yield from _available_types(answer)
    yield from _redirect(answer)
    yield from _location(answer)
    yield from _too_large(answer)


def _partial(answer: Answer) -> Iterator[Observation]:
    """HTTP-012: 206 is for ranges; one without Range on Retrieve is RETRIEVE-016."""
    if answer.status != HTTPStatus.PARTIAL_CONTENT:
        return
    if answer.asked.headers.get("Range") is not None:
        text = "206-only-where-the-request-had-range"
    elif answer.asked.is_search or answer.asked.is_store or answer.asked.method == "OPTIONS":
        text = "206-without-range-elsewhere"
    else:  # a retrieval, perhaps from where it was redirected to, or by a URL that the target gave
        text = "206-without-range-on-retrieve"
    yield Observation("HTTP-012", text, "status line", received="206")


def _methods(answer: Answer) -> Iterator[Observation]:
    """HTTP-014b: 405 with the methods that there are; the value may be empty (RFC 9110 10.2.1)."""
    if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
        allow = answer.headers.all("Allow")
        text = "405-with-allow" if allow else "405-without-allow"
        yield Observation("HTTP-014b", text, "Allow", received=", ".join(allow)[:80])


def _challenge(answer: Answer) -> Iterator[Observation]:
    """HTTP-015: 401 with a challenge."""
    if answer.status == HTTPStatus.UNAUTHORIZED:
        values = answer.headers.all("WWW-Authenticate")
        given = any(_CHALLENGE.match(value) for value in values)
        text = "401-with-challenge" if given else "401-without-www-authenticate"
        # A challenge may hold a nonce; its scheme is enough.
        received = ", ".join(value.strip().partition(" ")[0][:40] for value in values)
        yield Observation("HTTP-015", text, "WWW-Authenticate", received=received)


def _available_types(answer: Answer) -> Iterator[Observation]:
    """HTTP-018 and HTTP-019: the body of a 415 or 406 names media types other than those refused."""
    rows = {HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "HTTP-018", HTTPStatus.NOT_ACCEPTABLE: "HTTP-019"}
    row = rows.get(HTTPStatus(answer.status)) if answer.status in set(rows) else None
    if row is None or not answer.may_have_body or answer.is_cut:
        return
    if answer.is_empty:
        yield Observation(row, "empty-body", "body")
        return
    refused = answer.asked.headers.get("Content-Type") if row == "HTTP-018" else answer.asked.accept
    # The body's own type stands in an HTML page without being offered.
    own = {media_types.name_of(answer.content_type)} & {"text/html"}
    offered = _names_in(_text(answer)) - _names_in(_of_no_part(refused or "")) - own
    text = "names-a-supported-type" if offered else "body-without-a-media-type"
    yield Observation(row, text, "body", received=", ".join(sorted(offered)[:5]))


def _of_no_part(refused: str) -> str:
    """Return what a refused type says of the whole message: one of DICOM files may be refused for one of its parts."""
    name, _, parameters = refused.partition(";")
    is_of_files = name.strip().lower() == media_types.MULTIPART_RELATED and media_types.DICOM in parameters
    return name if is_of_files else refused


def _names_in(text: str) -> set[str]:
    return {name.lower().rstrip(".") for name in _NAMED.findall(text.replace("\\/", "/"))}


def _text(answer: Answer) -> str:
    octets = b""
    for chunk in coding.representation(answer):
        octets += chunk[:_READ]
        if len(octets) >= _READ:
            break
    return octets[:_READ].decode("utf-8", "replace")


def _redirect(answer: Answer) -> Iterator[Observation]:
    """HTTP-020: redirects, and whether they lead to an answer."""
    if not 300 <= answer.status < 400 or answer.status == HTTPStatus.NOT_MODIFIED:
        yield Observation("HTTP-020", "no-redirect")
        return
    received = f"{answer.status}, Location {answer.headers.get('Location') or 'none'}"
    if answer.status not in REDIRECTS:
        yield Observation("HTTP-020", "300-or-another-3xx", "status line", received=received)
    elif _elsewhere(answer):
        yield Observation("HTTP-020", "a-redirect-to-another-host", "Location", received=received)
    elif answer.course.redirection.outcome == "answer":
        yield Observation("HTTP-020", "301-302-303-307-or-308-leads-to-answer", received=received)


def _location(answer: Answer) -> Iterator[Observation]:
    """HTTP-020b: the form of a redirect, and its end."""
    location = answer.headers.get("Location")
    # One that is too long for this suite to follow echoes a request that was: the suite's own doing.
    if answer.status not in REDIRECTS or len(location or "") > urls.LONGEST:
        return
    received = f"{answer.status}, Location {location}"
    try:
        target = _target(answer)
    except UrlError as error:
        yield Observation("HTTP-020b", "a-url-that-cannot-be-followed", "Location", received=f"{received}: {error}")
        return
    if target is None:
        text = "301-302-303-307-or-308-without-location"
        yield Observation("HTTP-020b", text, "Location", received=f"{answer.status}, none")
        return
    asked, *hops = (urls.resolved("", url).scheme for url in (answer.asked.url, *_hops(answer)))
    chain = [scheme for scheme in (asked, target.scheme, *hops) if scheme]
    texts = []
    if not set(chain) <= {"http", "https"}:
        texts.append("location-of-another-scheme")
    elif answer.course.redirection.outcome in {"loop", "too many hops"}:
        texts.append("a-loop-or-more-than-ten-hops")
    elif ("https", "http") in pairwise(chain):
        texts.append("https-to-http")
    if answer.asked.is_store and answer.status in _TO_GET:
        texts.append("store-redirected-with-301-302-303")
    if not texts and answer.course.redirection.outcome == "answer":
        texts.append("location-leads-to-an-answer")
    for text in texts:
        yield Observation("HTTP-020b", text, "Location", received=received)


def _target(answer: Answer) -> Reference | None:
    """Return what Location names; None where it is absent.

    Raises:
        UrlError: it is no URI reference, or an http or https URL that cannot be followed.
    """
    location = answer.headers.get("Location")
    if not location:
        return None
    target = urls.resolved(location, answer.asked.url)
    if target.scheme in urls.DEFAULT_PORTS:
        urls.resolve(location, answer.asked.url)
    return target


def _elsewhere(answer: Answer) -> bool:
    location, visited = answer.headers.get("Location"), (answer.asked.url, *_hops(answer))
    if not location or not all(visited):
        return False
    try:
        hosts = {urls.resolve(location, answer.asked.url).origin.host}
    except UrlError:
        return False  # which is HTTP-020b
    return len(hosts | {urls.resolve("/", url).origin.host for url in visited}) > 1


def _hops(answer: Answer) -> tuple[str, ...]:
    return answer.course.redirection.hops


def _too_large(answer: Answer) -> Iterator[Observation]:
    """HTTP-021: 413 to a payload; one to a retrieval is RETRIEVE-019."""
    if answer.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        yield Observation("HTTP-021", "no-413")
        return
    if not answer.asked.size:
        return
    text = "413-to-a-request-of-50-mb-or-more" if answer.asked.size >= _LARGE else "413-to-a-smaller-request"
    yield Observation("HTTP-021", text, "status line", received=f"a request of {answer.asked.size} octets")


def _busy(answer: Answer) -> Iterator[Observation]:
    """HTTP-024: 429, 502, 503 and 504, and Retry-After."""
    retries = answer.course.retries
    after = answer.headers.get("Retry-After")
    if answer.status not in BUSY:
        yield Observation("HTTP-024", "gone-after-a-retry" if retries else "none-met", received=f"{retries} retries")
        return
    if after is not None and not _is_retry_after(after):
        yield Observation("HTTP-024", "a-retry-after-that-does-not-parse", "Retry-After", received=after[:80])
    if retries >= _RETRIES:
        yield Observation("HTTP-024", "still-there-after-three-retries", "status line", received=str(answer.status))


def _is_retry_after(value: str) -> bool:
    if value.strip().isascii() and value.strip().isdigit():
        return True
    try:
        parsedate_to_datetime(value)
    except ValueError:
        return False
    return True
