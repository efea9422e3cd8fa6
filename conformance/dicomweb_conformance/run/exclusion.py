"""Two runs of one seed on one target make the same data, and each deletes what the other has just stored.

So the second is refused as long as the first goes on. Runs of one user on one machine know of each other; a run that
died holds nothing.
"""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int, at: int) -> None:
        os.lseek(descriptor, at, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(descriptor: int, at: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, at, os.SEEK_SET)


_PORTS = {"http": 80, "https": 443}
_TAKEN = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLOCK})


class GoesOnError(Exception):
    """Another run of the seed on the target goes on."""


@contextmanager
def alone(url: str, seed: int) -> Iterator[None]:
    """Be the one run of a seed on a target.

    Where no lock can be kept (a home directory that cannot be written), nobody is kept out.

    Args:
        url: the base URL of the target.
        seed: of the run.

    Raises:
        GoesOnError: there is one already; says what to do.
    """
    descriptor = _opened()
    if descriptor is None:
        yield
        return
    try:
        try:
            _take(descriptor, _place(url, seed))
        except OSError as error:
            if error.errno in _TAKEN:
                raise GoesOnError(
                    f"a run of seed {seed} on {url} goes on: both would store and delete the same studies. "
                    "Wait until it ends, or give another --dicomweb-seed (without one, each run has its own)"
                ) from None
        yield
    finally:
        os.close(descriptor)  # which gives the lock up


def _opened() -> int | None:
    """Return the file of all runs of this user, which stays empty: each locks an octet of its own beyond its end."""
    try:
        directory = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dicomweb-conformance"
        directory.mkdir(parents=True, exist_ok=True)
        return os.open(directory / "runs.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except (OSError, RuntimeError):
        return None


def _place(url: str, seed: int) -> int:
    """Return the octet of a run: the same for all spellings of a base URL (RFC 3986 6.2.2, 6.2.3)."""
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme, 0)
    named = f"{parts.scheme}://{parts.hostname}:{port}{parts.path.rstrip('/')} {seed}"
    return int.from_bytes(hashlib.sha256(named.encode()).digest()[:7], "big")
