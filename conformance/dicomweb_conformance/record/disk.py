"""Writing down what a run must not lose: whole, or with the reason why that cannot be done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BLOCK = 1 << 12


class NotWrittenError(Exception):
    """What a run has to write down cannot be written; says what and why. Nothing may be sent after this."""


def why(error: OSError) -> str:
    """Say what the system said, without a number or a class name."""
    return (error.strerror or str(error) or type(error).__name__).lower()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say of a failure to write which file it was.

    Raises:
        NotWrittenError: an OSError inside.
    """
    try:
        yield
    except OSError as error:
        raise NotWrittenError(f"{path} cannot be written: {why(error)}") from error


def append(descriptor: int, line: bytes) -> None:
    """Append a line to a file whole, or nothing of it; only for the holder of the file's lock.

    What a process that was killed left of a line goes: behind it every other line would be lost.

    Raises:
        OSError: nothing of it is there.
    """
    _cut_off_torn_line(descriptor)
    try:
        _write(descriptor, line)
    except OSError:
        _cut_off_torn_line(descriptor)
        raise


def copy(descriptor: int, to: int) -> None:
    """Copy what an open file holds, whether it still has a name or not, to another.

    Raises:
        OSError: not all of it is there.
    """
    at = 0
    while octets := _read(descriptor, at, 1 << 20):
        at += len(octets)
        _write(to, octets)


def put(path: Path, text: str) -> None:
    """Write a file that others may read meanwhile: they see it as it was before, or whole.

    Raises:
        NotWrittenError: it is as it was before.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with writing(path):
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _write(descriptor: int, octets: bytes) -> None:
    rest = memoryview(octets)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _read(descriptor: int, at: int, size: int) -> bytes:
    os.lseek(descriptor, at, os.SEEK_SET)
    return os.read(descriptor, size)


def _cut_off_torn_line(descriptor: int) -> None:
    """Take away what follows the last end of a line: its writer died, or the disk was full before it was whole."""
    end = size = os.fstat(descriptor).st_size
    while end:
        begin = max(0, end - _BLOCK)
        if (found := _read(descriptor, begin, end - begin).rfind(b"\n")) >= 0:
            end = begin + found + 1
            break
        end = begin
    if end < size:
        os.ftruncate(descriptor, end)
