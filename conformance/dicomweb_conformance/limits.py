"""How much of a response is read, and how much of it is kept: one table, each limit with its reason.

The standard sets none of them: they are this suite's own. A response that passes one is no fault of its server. Reading
stops there, the exchange says "larger than this suite reads", and what needed the response is inconclusive.

What bounds them from below is what honest servers send. About the suite's own studies that is 80 kB at most, 200 kB for
the three hundred instances of the tier "large". A server that does not know a search key returns all that it has, and
twenty thousand rows of a search are 30 MB. What bounds them from above is the memory of the machine that judges, which
is to do with 400 MB whatever comes, 160 MB of them Python with its libraries.
"""

from __future__ import annotations

MIB = 1 << 20
LARGER = "answer larger than this suite reads"
"""How the error of an exchange begins that passed a limit."""

# One response on the wire

HEAD = MIB
"""Octets of a status line and header fields, with those of 1xx responses and trailers. Common servers and clients end
at 8 to 64 KiB of a head, RFC 9110 nowhere; a megabyte is beyond what any of them would let by."""
HEADER_FIELDS = 10_000
"""Header and trailer fields of one response. Common clients take 100 to 1,000."""
INTERIM = 1_000
"""1xx responses before the final one. A server that says 102 each second of the longest time-out stays below."""
BODY = 32 * MIB
"""Octets of a body, as received and once its Content-Encoding is undone: twenty thousand rows of a search."""
GZIP_MEMBERS = 100_000
"""Members of a gzip body (RFC 1952 2.2). Who ends one with each row of a search stays below."""
OF_A_CHECK = 64 * MIB
"""Octets of all bodies in one check, which may hold all of them at once: two full ones, or hundreds of usual ones."""

# What the run record keeps

BODY_RECORDED = MIB
"""Octets of a body that are kept: all of every honest one about the suite's own data."""


def shown(octets: int) -> str:
    """Return a number of octets as people write it."""
    return f"{octets >> 20:,} MiB" if octets >= MIB and not octets % MIB else f"{octets:,} octets"
