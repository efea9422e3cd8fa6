"""Defects in how a media type is read: that it is spelled in one way only."""

from __future__ import annotations

import re

from starlette.requests import Request as HttpRequest

from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []


def unread(name: str, spelling: str, defect: str, check: str) -> None:
    """Add a server that refuses one spelling of what it accepts in any other."""

    class Unread(Reference):
        def request_of(self, http: HttpRequest, body: bytes) -> Request:
            request = super().request_of(http, body)
            if request.method == "GET" and re.search(spelling, request.accept or ""):
                raise Refusal(406, "This is no media type.")
            return request

    Unread.__doc__ = defect
    trips = ["retrieve", "negotiation", "frames", "bulkdata", "persona", "store", "rendered", "http"]
    mutant(check, may_trip=trips, into=MUTANTS, name=name)(Unread)


def spelled(case: str) -> str:
    return f"negotiation-spelled-otherwise[{case}]"


unread("capitals-unread", "MULTIPART", "A multipart in capital letters is refused.", spelled("type-in-capitals"))
unread("no-blank-unread", r"related;\S", "A parameter without a blank in front is refused.", spelled("no-white-space"))
unread("blank-unread", " ;", "A blank in front of a semicolon is refused.", spelled("white-space-in-front"))
unread(
    "syntax-first-unread",
    "related; transfer-syntax",
    "A transfer syntax in front of the type is refused.",
    spelled("transfer-syntax-first"),
)
unread(
    "syntax-in-quotes-unread",
    'syntax="',
    "A transfer syntax in quotation marks is refused.",
    "negotiation-transfer-syntax-quoted",
)
