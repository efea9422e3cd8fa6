"""Dates and times as keys and values of a search, by what they mean (PS3.4 C.2.2.2.1.3, C.2.2.2.5; PS3.5 6.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)\Z")
_TIME = re.compile(r"(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6}))?)?)?\Z")
_DATE_TIME = re.compile(r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6}))?)?)?)?)?)?([+-]\d{4})?\Z")
_OFFSET = re.compile(r"[+-]\d{4}\Z")
_ANY_ZONE = timedelta(hours=14)
_SECOND = timedelta(seconds=1)
_DAY_OF_TIMES = datetime(2000, 1, 1, tzinfo=UTC)
_ENDLESS = datetime.max.replace(tzinfo=UTC)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class Form(NamedTuple):
    """Which ends a range has."""

    begins: bool
    ends: bool


@dataclass(frozen=True)
class Span:
    """The first and the last moment that a date or time of some precision may mean."""

    first: datetime
    last: datetime


def form_of(vr: str, key: str) -> Form | None:
    """Return the form of a range; None for a single value."""
    ends = _ends(vr, key)
    return None if ends is None else Form(bool(ends[0]), bool(ends[1]))


def matches(vr: str, key: str, value: str) -> bool | None:
    """Return whether a key of VR DA, TM or DT matches a value; None where its precision leaves that open."""
    ends = _ends(vr, key)
    texts = [value, *(ends or (key,))]
    zoned = vr == "DT" and any(_OFFSET.search(text) for text in texts)
    stored, *asked = (_span(vr, text, zoned=zoned) for text in texts)
    if stored is None:
        return None
    if ends is None:
        (single,) = asked
        if single is None or stored == single:
            return None if single is None else True
        return False if _apart(stored, single) else None
    begin, end = asked
    if (ends[0] and begin is None) or (ends[1] and end is None):
        return None
    return _within(stored, begin, end)


def matches_both(dates: str, times: str, date: str, time: str) -> bool | None:
    """Return whether a range of dates and one of times, taken as one range, match a date and a time (C.2.2.2.5.4)."""
    days, hours = _ends("DA", dates), _ends("TM", times)
    stored = _joined(date, time)
    if days is None or hours is None or stored is None:
        return None
    begin, end = (_joined(*each) if all(each) else None for each in zip(days, hours, strict=True))
    if begin is None and end is None:
        return None
    return _within(stored, begin, end)


def _within(stored: Span, begin: Span | None, end: Span | None) -> bool | None:
    if begin is not None and end is not None and begin.first > end.last:
        return None  # no range: its end is before its beginning
    if (begin is not None and stored.last < begin.first) or (end is not None and stored.first > end.last):
        return False
    begun = begin is None or stored.first >= begin.first
    ended = end is None or (stored.first <= end.first and stored.last <= end.last)
    return True if begun and ended else None


def _apart(one: Span, other: Span) -> bool:
    return one.last < other.first or other.last < one.first


def _ends(vr: str, key: str) -> tuple[str, str] | None:
    """Return what stands on either side of the hyphen of a range; that of an offset from UTC is none."""
    for place in (match.start() for match in re.finditer("-", key)):
        first, last = key[:place].strip(), key[place + 1 :].strip()
        if (first or last) and all(not each or _span(vr, each) for each in (first, last)):
            of_offset = vr == "DT" and re.fullmatch(r"\d{4}", last) and _span(vr, key) is not None
            if not of_offset:
                return first, last
    return None


def _joined(date: str, time: str) -> Span | None:
    day, hour = _span("DA", date), _span("TM", time)
    if day is None or hour is None:
        return None
    return Span(day.first + (hour.first - _DAY_OF_TIMES), day.first + (hour.last - _DAY_OF_TIMES))


def _span(vr: str, text: str, *, zoned: bool = False) -> Span | None:
    """Return what a date or time may mean; None where it is none. `zoned`: it is compared with one of a known zone."""
    try:
        match vr:
            case "DA":
                found = _DATE.match(text.strip())
                return _of_parts(*found.groups()) if found else None
            case "TM":
                found = _TIME.match(text.strip())
                return _of_parts("2000", "01", "01", *found.groups()) if found else None
            case _:
                found = _DATE_TIME.match(text.strip())
                if not found:
                    return None
                span = _of_parts(*found.groups()[:-1])
                return _in_zone(span, found.group(8)) if zoned else span
    except (ValueError, OverflowError):
        return None


def _of_parts(year: str, *parts: str | None) -> Span:
    """Return the span of a moment whose last parts may be missing."""
    missing: tuple[str | None, ...] = (None,) * (6 - len(parts))
    month, day, hour, minute, second, fraction = parts + missing
    # A leap second counts as the last moment of its minute.
    whole = min(int(second or 0), 59)
    first = datetime(
        int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), whole, tzinfo=UTC
    ) + timedelta(microseconds=int((fraction or "0").ljust(6, "0")))
    if fraction:
        length = timedelta(microseconds=10 ** (6 - len(fraction)))
    elif second:
        length = _SECOND
    elif minute:
        length = timedelta(minutes=1)
    elif hour:
        length = timedelta(hours=1)
    elif day:
        length = timedelta(days=1)
    elif month:
        length = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - first
    else:
        length = first.replace(year=first.year + 1) - first
    return Span(first, first + (length - timedelta(microseconds=1)))


def _in_zone(span: Span, offset: str | None) -> Span:
    """Return a span in UTC; where nobody says in which zone it is meant, it may be in any."""
    if offset is None:
        return Span(
            max(span.first, _BEGINNING + _ANY_ZONE) - _ANY_ZONE, min(span.last, _ENDLESS - _ANY_ZONE) + _ANY_ZONE
        )
    shift = timedelta(hours=int(offset[:3]), minutes=int(offset[0] + offset[3:]))
    return Span(span.first - shift, span.last - shift)
