"""Reading JSON objects whose shape is promised: each field is asked for by its name and type."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class RecordError(Exception):
    """A run record that cannot be read; says which file and line, and what was expected there."""


@dataclass(frozen=True)
class Fields:
    """One JSON object and where it stands. Every method raises RecordError for a value of another type."""

    values: Mapping[str, object]
    place: str

    def text(self, key: str, default: str | None = None) -> str:
        """Return a string; `default` where it is missing or null."""
        value = self.values.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise self.wrong(key, "a string")
        return value

    def optional_text(self, key: str) -> str | None:
        """Return a string; None where it is missing or null."""
        return None if self.values.get(key) is None else self.text(key)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings; empty where it is missing or null."""
        found = self._list(key)
        if not all(isinstance(each, str) for each in found):
            raise self.wrong(key, "a list of strings")
        return tuple(sys.intern(str(each)) for each in found)

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """Return a list of [name, value]; empty where it is missing or null."""
        pairs: list[tuple[str, str]] = []
        for each in self._list(key):
            match each:
                case [str(name), str(value)]:
                    pairs.append(_pair(sys.intern(name), sys.intern(value)))
                case _:
                    raise self.wrong(key, "a list of [name, value], both strings")
        return _alike(tuple(pairs))

    def integer(self, key: str) -> int:
        """Return a whole number that is not negative."""
        value = self.values.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.wrong(key, "a whole number from 0")
        return value

    def integers(self, key: str) -> tuple[int, ...]:
        """Return a list of whole numbers; empty where it is missing or null."""
        found = self._list(key)
        if not all(isinstance(each, int) and not isinstance(each, bool) for each in found):
            raise self.wrong(key, "a list of whole numbers")
        return tuple(each for each in found if isinstance(each, int))

    def seconds(self, key: str) -> float:
        """Return a duration."""
        value = self.values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.wrong(key, "a number of seconds")
        return float(value)

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Return true or false; `default` where it is missing or null."""
        value = self.values.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def time(self, key: str) -> datetime:
        """Return a time with its zone."""
        try:
            time = datetime.fromisoformat(self.text(key))
        except ValueError:
            raise self.wrong(key, "a time such as 2026-11-22T23:50:01.123Z") from None
        return time if time.tzinfo else time.replace(tzinfo=UTC)

    def child(self, key: str) -> Fields:
        """Return an object."""
        value = self.values.get(key)
        if not isinstance(value, dict):
            raise self.wrong(key, "an object")
        return Fields(value, f"{self.place}, {key}")

    def optional_child(self, key: str) -> Fields | None:
        """Return an object; None where it is missing or null."""
        return None if self.values.get(key) is None else self.child(key)

    def children(self, key: str) -> list[Fields]:
        """Return a list of objects; empty where it is missing or null."""
        children = []
        for number, each in enumerate(self._list(key), start=1):
            if not isinstance(each, dict):
                raise self.wrong(key, "a list of objects")
            children.append(Fields(each, f"{self.place}, {key} {number}"))
        return children

    def named(self, key: str) -> dict[str, Fields]:
        """Return an object that holds objects by name; empty where it is missing or null."""
        child = self.optional_child(key)
        return {name: child.child(name) for name in child.values} if child else {}

    def wrong(self, key: str, expected: str) -> RecordError:
        """Return the error that says what was expected in place of what stands at `key`."""
        if key not in self.values:
            return RecordError(f"{self.place}: {key} is missing; expected {expected}")
        shown = repr(self.values[key])
        return RecordError(f"{self.place}: {key} is {shown[:80]}{'…' * (len(shown) > 80)}; expected {expected}")

    def _list(self, key: str) -> list[object]:
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.wrong(key, "a list")
        return value


# Thousands of exchanges have header fields in common, and hold them once.


@lru_cache(1024)
def _pair(name: str, value: str) -> tuple[str, str]:
    return name, value


@lru_cache(1024)
def _alike(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return pairs
