"""A plug-in of pytest that tells what the exchanges of a run took: `pytest -p exchange_times`.

Of each exchange it takes the processor time of the thread that asked, from the request to the last row that the
response was judged by as a message, hops and second tries included, and writes all to the file that EXCHANGE_TIMES
names, in seconds, as JSON.
"""

from __future__ import annotations

import functools
import json
import os
import time
from pathlib import Path
from typing import Any

from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.transport.client import Client

_took: list[float] = []
_asking: set[int] = set()
"""Clients in the midst of an exchange: the hops of a redirect are part of it."""
_exchange = Client.exchange


@functools.wraps(_exchange)
def _timed(client: Client, *arguments: Any, **named: Any) -> Response:
    if id(client) in _asking:
        return _exchange(client, *arguments, **named)
    _asking.add(id(client))
    began = time.thread_time()
    try:
        return _exchange(client, *arguments, **named)
    finally:
        _took.append(time.thread_time() - began)
        _asking.discard(id(client))


Client.exchange = _timed  # type: ignore[method-assign] # what a benchmark is for


def pytest_unconfigure() -> None:
    """Write what each exchange took."""
    Path(os.environ["EXCHANGE_TIMES"]).write_text(json.dumps(_took), encoding="utf-8")
