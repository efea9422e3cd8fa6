"""One exchange as those see it who judge messages: what was asked, and every octet of the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from dicomweb_conformance.exchanges import Headers, Response


@dataclass(frozen=True)
class Message:
    """An answer, and what it answers.

    Attributes:
        exchange: its id in the run record.
        method: of the request.
        path: of the request's URL below the base URL, without a slash before it; "" for the base.
        query: of the request's URL, percent-encoded, "" without one.
        request_headers: as they were sent.
        status: of the answer.
        headers: of the answer, in order and spelling.
        body: the payload, any Content-Encoding undone; empty where it broke off.
        error: what broke the answer off; "" where it is whole.
    """

    exchange: str
    method: str
    path: str
    query: str
    request_headers: Headers
    status: int
    headers: Headers
    body: bytes = field(repr=False)
    error: str = ""

    @property
    def accept(self) -> str | None:
        """The Accept of the request; None where it had none."""
        return ", ".join(self.request_headers.all("Accept")) or None

    @property
    def content_type(self) -> str:
        """The Content-Type of the answer as it was sent, empty where there was none."""
        return self.headers.get("Content-Type") or ""


def message_of(response: Response, sent: tuple[tuple[str, str], ...], base_url: str) -> Message:
    """Return an exchange as a message.

    Args:
        response: the answer.
        sent: header fields of the request.
        base_url: of the Studies Service, without a slash at its end. The path of a URL that is not below it (one that
            the target gave) stays whole.
    """
    parts = urlsplit(response.url)
    path = parts.path
    if response.url.startswith(base_url):
        path = path.removeprefix(urlsplit(base_url).path)
    return Message(
        exchange=response.exchange,
        method=response.method,
        path=path.lstrip("/"),
        query=parts.query,
        request_headers=Headers(sent),
        status=response.status,
        headers=response.headers,
        body=response.body,
        error=response.error,
    )
