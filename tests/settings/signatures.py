"""A target that takes signed requests only, and checks each by a reading of its own of Signature Version 4."""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from dicomweb_reference.server import Reference

KEY_ID, KEY = "AKIDEXAMPLE0000001", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SESSION = "FwoGZXIvYXdzEXAMPLE//session+token="
_FORM = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
    r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})"
)


class Signed(Reference):
    """Answers 403 to what is not signed by the key; `seen` are the scopes of those that are, `refused` counts."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.refused: list[str] = []
        self.revoked = False

    async def exchange(self, steps, http: Request) -> Response:  # type: ignore[no-untyped-def]  # as overridden
        if why := self.unsigned(http, await http.body()):
            self.refused.append(f"{http.method} {http.url.path}?{http.url.query}: {why}")
            return Response(status_code=403, headers={"x-amzn-ErrorType": "InvalidSignatureException"})
        return await super().exchange(steps, http)

    def unsigned(self, http: Request, body: bytes) -> str:
        matched = _FORM.fullmatch(http.headers.get("authorization", ""))
        if not matched:
            return "no signature"
        key_id, day, region, service, signed, signature = matched.groups()
        if self.revoked or key_id != KEY_ID or http.headers.get("x-amz-security-token", "") != SESSION:
            return "another key"
        self.seen.add(f"{region}/{service}")
        if http.headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
            return "another payload"
        path = quote(http.scope["raw_path"].decode(), safe="/-_.~")  # as sent, encoded once more
        pairs = [each.partition("=") for each in http.scope["query_string"].decode("latin-1").split("&") if each]
        query = "&".join(sorted(f"{_encoded(name)}={_encoded(value)}" for name, _, value in pairs))
        fields = "".join(f"{name}:{' '.join(http.headers[name].split())}\n" for name in signed.split(";"))
        wanted = {"host", "x-amz-date", "x-amz-security-token"} | ({"content-type"} & set(http.headers))
        if not wanted <= set(signed.split(";")):
            return "too little is signed"
        request = "\n".join([http.method, path, query, fields, signed, http.headers["x-amz-content-sha256"]])
        scope = f"{day}/{region}/{service}/aws4_request"
        stamped = "\n".join(["AWS4-HMAC-SHA256", http.headers["x-amz-date"], scope, _hex(request)])
        secret = f"AWS4{KEY}".encode()
        for part in (day, region, service, "aws4_request"):
            secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
        return "" if hmac.new(secret, stamped.encode(), hashlib.sha256).hexdigest() == signature else "signature"


def _encoded(text: str) -> str:
    return quote(unquote(text, errors="surrogateescape"), safe="-_.~", errors="surrogateescape")


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
