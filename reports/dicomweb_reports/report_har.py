"""`exchanges.har`: what went over the wire, as HTTP Archive 1.2."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from harfile import Content, Creator, HarFile, PostData, Record, Request, Response, Timings

from dicomweb_reports.excerpt import not_recorded
from dicomweb_reports.exchanges import by_start
from dicomweb_reports.model import BODIES
from dicomweb_reports.rules import judged_by

if TYPE_CHECKING:
    from dicomweb_reports.model import Exchange, Message, Run

# Larger bodies, and those that are no text, stay in the directory of the run.
TEXT_UP_TO = 16384


def write_har(run: Run, file: IO[str]) -> None:
    """Write every exchange of the run to `file`, in the order of their start. Where this raises, it is not yet JSON."""
    creator = Creator(name=run.suite.name, version=run.suite.version)
    with HarFile.open(file, creator=creator, comment=_about(run)) as har:
        for exchange in by_start(run.exchanges):
            milliseconds = round(exchange.seconds * 1000, 3)
            har.add_entry(
                startedDateTime=exchange.started,
                time=milliseconds,
                request=_request(exchange, run),
                response=_response(exchange, run),
                timings=Timings(send=0, wait=milliseconds, receive=0),
                comment=_comment(exchange),
            )


def _about(run: Run) -> str:
    return " ".join(filter(None, (f"{run.target.url}, seed {run.seed}.", judged_by(run))))


def _comment(exchange: Exchange) -> str:
    check = f" of {exchange.check}" if exchange.check else ""
    error = f": {exchange.error}" if exchange.error else ""
    return f"{exchange.id}, {exchange.purpose}{check}{error}"


def _request(exchange: Exchange, run: Run) -> Request:
    message = exchange.request
    version = exchange.response.version if exchange.response else ""
    return Request(
        method=exchange.method,
        url=exchange.url,
        httpVersion=version or "HTTP/1.1",
        headers=_headers(message),
        queryString=_query(exchange.url),
        postData=_post_data(message, run),
        bodySize=message.body.size if message.body else 0,
    )


def _response(exchange: Exchange, run: Run) -> Response:
    message = exchange.response
    if message is None:
        return Response(status=0, statusText="", httpVersion="", bodySize=-1)
    return Response(
        status=message.status,
        statusText=message.reason,
        httpVersion=message.version,
        headers=_headers(message),
        content=_content(message, run),
        redirectURL=message.header("Location") or "",
        bodySize=message.body.size if message.body else 0,
    )


def _headers(message: Message) -> list[Record]:
    return [Record(name=name, value=value) for name, value in message.headers]


def _query(url: str) -> list[Record]:
    try:
        query = urlsplit(url).query
    except ValueError:
        return []
    return [Record(name=name, value=value) for name, value in parse_qsl(query, keep_blank_values=True)]


def _post_data(message: Message, run: Run) -> PostData | None:
    if message.body is None:
        return None
    media_type = message.header("Content-Type") or ""
    text = _text(message, run)
    # HAR wants either params or text.
    return PostData(mimeType=media_type, text=text or "", comment=None if text else _elsewhere(message))


def _content(message: Message, run: Run) -> Content:
    text = _text(message, run)
    return Content(
        size=message.body.size if message.body else 0,
        mimeType=message.header("Content-Type") or "",
        text=text,
        comment=_elsewhere(message) if text is None and message.body else None,
    )


def _text(message: Message, run: Run) -> str | None:
    if message.body is None or message.body.kept > TEXT_UP_TO:
        return None
    octets = run.body(message.body)
    try:
        return octets.decode() if octets and b"\0" not in octets else None
    except UnicodeDecodeError:
        return None


def _elsewhere(message: Message) -> str:
    if message.body is None or message.body.kept == 0:
        return not_recorded(message.body) if message.body else "not recorded"
    return f"in {BODIES}/{message.body.sha256}"
