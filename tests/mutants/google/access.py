"""Defects of the google flavour in what it asks of clients: an access token, and not too much at once."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request as HttpRequest

from dicomweb_reference.google import Google
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Query
from dicomweb_reference.messages import Refusal, Request
from tests.mutants.mutant import Mutant, mutant
from tests.mutants.samples import checks

MUTANTS: list[Mutant] = []
MEGABYTE = 1_000_000


class WantsAToken(Google):
    """A store that answers who has the token, in the header or in the query."""

    token = "token-of-the-run-4711"  # noqa: S105 - of a server in this process


@mutant("google-token-wanted[absent]", "google-token-wanted[broken]", into=MUTANTS)
class ServesEverybody(WantsAToken):
    """A request is answered whatever token it has, and without one."""

    def tokens(self, http: HttpRequest) -> set[str]:
        return {self.token}


@mutant("google-token-wanted[broken]", into=MUTANTS)
class BelievesEveryToken(WantsAToken):
    """A request with any token is answered."""

    def tokens(self, http: HttpRequest) -> set[str]:
        return {self.token} if super().tokens(http) - {""} else set()


@mutant("google-access-token", *checks("store", "java"), tiers=["unsafe"], into=MUTANTS)
class TakesTokensInHeadersOnly(WantsAToken):
    """The token counts in the header only."""

    def tokens(self, http: HttpRequest) -> set[str]:
        return {http.headers.get("authorization", "").removeprefix("Bearer ")}


@mutant("google-60-megabytes", tiers=["large"], into=MUTANTS)
class RefusesWhatIsLarge(Google):
    """A store of more than 10 MB is refused with 413."""

    def request_of(self, http: HttpRequest, body: bytes) -> Request:
        if len(body) > 10 * MEGABYTE:
            raise Refusal(413, "The payload is too large.")
        return super().request_of(http, body)


@mutant(
    *(f"google-default-limit[{each}]" for each in ("studies", "series", "instances")), tiers=["large"], into=MUTANTS
)
class ReturnsFiftyUnlessAskedForMore(Google):
    """A search without limit returns at most 50 results."""

    def search_query(self, request: Request, level: Level) -> Query:
        if request.parameter("limit") is None:
            request = replace(request, query="&".join(filter(None, [request.query, "limit=50"])))
        return super().search_query(request, level)
