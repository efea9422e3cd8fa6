"""Requests signed by AWS Signature Version 4: with the keys that botocore finds, by botocore's own signer.

It is an optional extra: importing this module raises ImportError where botocore is not installed.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from typing import Any
from urllib.parse import unquote, urlsplit

import botocore.auth
import botocore.session
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError

from dicomweb_conformance.settings.credentials import CredentialsError, Fields, Issued, Outgoing

SERVICE = "medical-imaging"
_REGION = re.compile(r"(?:^|[.-])((?:[a-z]{2}|us-gov|us-iso[a-z]?)-[a-z]+-\d)\.(?:amazonaws|api\.aws|vpce)")
_HERE = "us-east-1"
"""The region that the embedded server is signed for, which does not look."""
_SIGNED = frozenset({"host", "content-type"})
"""Header fields of a request that are signed, beside those of the signature itself."""


class AwsSignatures:
    """Signs requests.

    Args:
        region: of the service; empty for that in the host name, or of the settings of AWS.
        service: as signatures name it.
        url: of the target.

    Raises:
        CredentialsError: botocore finds no keys, or no region is known.
    """

    def __init__(self, region: str, service: str, url: str) -> None:
        # It logs what it signs and the signature, which is as good as a password for some minutes.
        logging.getLogger(botocore.auth.__name__).setLevel(logging.INFO)
        self._service = service or SERVICE
        self._lock = threading.Lock()
        self._issued = Issued()
        self._signatures = Issued(4)
        self._credentials = self._found()
        self._region = region or _region_in(url)
        if not self._region and "//" in url:
            raise CredentialsError(f"auth is 'aws', and no region is in {url}: aws:REGION or AWS_REGION names it")

    @property
    def issued(self) -> tuple[str, ...]:
        """The keys and the last signatures."""
        return (*self._issued.secrets, *self._signatures.secrets)

    @property
    def authorization(self) -> str:
        """None: each request has its own."""
        return ""

    def fields(self, outgoing: Outgoing) -> Fields:
        """Return the fields that sign a request.

        Raises:
            CredentialsError: there are no keys any more.
        """
        keys = self._keys()
        parts = urlsplit(outgoing.url)
        given = {name: value for name, value in outgoing.headers if name.lower() in _SIGNED}
        request = AWSRequest(
            method=outgoing.method,
            url=f"{parts.scheme}://{parts.netloc}{parts.path}",
            # Signed is what a query means: however it is written, the service writes it anew.
            params=[_pair(each) for each in parts.query.split("&") if each],
            headers={"Host": parts.netloc, **given, "X-Amz-Content-SHA256": _digest(outgoing)},
        )
        botocore.auth.SigV4Auth(keys, self._service, self._region or _HERE).add_auth(request)
        signed = {name: str(value) for name, value in request.headers.items()}
        self._signatures.add(signed["Authorization"].rpartition("Signature=")[2])
        return tuple(
            (name, value) for name, value in signed.items() if name.lower() not in {"host", *map(str.lower, given)}
        )

    def renew(self, refused: str) -> bool:  # noqa: ARG002 - a signature says nothing of the keys' age
        """Look for keys anew, in the place of those that were refused; tell whether there are others now.

        Raises:
            CredentialsError: none are there.
        """
        before = self._keys()
        self._credentials = self._found()
        after = self._keys()
        return (before.access_key, before.secret_key, before.token) != (after.access_key, after.secret_key, after.token)

    def _found(self) -> Any:
        try:
            found = botocore.session.Session().get_credentials()
        except BotoCoreError as error:
            raise CredentialsError(f"auth is 'aws', but its keys cannot be had: {error}") from error
        if found is None:
            raise CredentialsError(
                "auth is 'aws', but botocore finds no keys: AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY (and "
                "AWS_SESSION_TOKEN), or AWS_PROFILE"
            )
        return found

    def _keys(self) -> Any:
        """Return the keys; those that expire are renewed by botocore before they do."""
        with self._lock:
            try:
                keys = self._credentials.get_frozen_credentials()
            except BotoCoreError as error:
                raise CredentialsError(f"the keys of AWS cannot be renewed: {error}") from error
            self._issued.add(keys.secret_key, keys.token or "")
            return keys


def _region_in(url: str) -> str:
    """Return the region that a host name holds, or else the settings of AWS; "" where neither does."""
    named = _REGION.search(urlsplit(url).hostname or "")
    return named[1] if named else str(botocore.session.Session().get_config_variable("region") or "")


def _pair(written: str) -> tuple[str, str]:
    name, _, value = written.partition("=")
    return unquote(name, errors="surrogateescape"), unquote(value, errors="surrogateescape")


def _digest(outgoing: Outgoing) -> str:
    digest = hashlib.sha256()
    for piece in outgoing.payload():
        digest.update(piece)
    return digest.hexdigest()
