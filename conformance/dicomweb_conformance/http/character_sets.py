"""Character sets by the names that a target declares.

Of Python's codecs only those that are character sets of the web: others compress, or take their time.
"""

from __future__ import annotations

import re

_OF_THE_WEB = re.compile(
    r"utf-?(?:8|16|32)|(?:us-)?ascii|iso-?(?:8859|2022|646)|latin|windows-|cp\d|shift_?jis|euc|gb|big5|koi8",
    re.IGNORECASE,
)


def decode(octets: bytes, charset: str) -> str:
    """Decode octets strictly.

    Raises:
        LookupError: the name is that of no character set.
        UnicodeError: the octets are not in it.
    """
    if not _OF_THE_WEB.match(charset):
        raise LookupError(f"no character set has the name {charset[:40]}")
    return octets.decode(charset)
