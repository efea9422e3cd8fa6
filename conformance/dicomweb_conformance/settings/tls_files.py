"""The files of TLS that a run is given: each is loaded once before it begins, to say what is wrong with it."""

from __future__ import annotations

import ssl
from pathlib import Path


def must_be_usable(ca: Path | None, certificate: Path | None, key: Path | None, password: str) -> None:
    """See that certificates and key can be loaded, and belong together.

    Args:
        ca: certificates to verify with.
        certificate: of the client.
        key: of the client certificate, where it has a file of its own.
        password: of the key; empty where it has none.

    Raises:
        ValueError: one cannot be used; says which setting, and what was expected.
    """
    for name, file in (("ca", ca), ("cert", certificate), ("key", key)):
        if file and not file.is_file():
            raise ValueError(f"--dicomweb-{name}: there is no file {file}")
    if key and not certificate:
        raise ValueError("--dicomweb-key: whose key is it? --dicomweb-cert=FILE names the client certificate")
    if ca:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(str(ca))
        except (ssl.SSLError, OSError) as error:
            raise ValueError(f"--dicomweb-ca: {ca} holds no certificate in PEM ({_said(error)})") from None
    if certificate:
        _loads(certificate, key or certificate, password)


def _loads(certificate: Path, key: Path, password: str) -> None:
    asked = []

    def told() -> str:
        asked.append(True)
        return password

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(str(certificate), str(key), told)
    except (ssl.SSLError, OSError) as error:
        if asked:
            what = "is not that in" if password else "is wanted: put it into"
            raise ValueError(f"--dicomweb-cert: the password of {key} {what} DICOMWEB_KEY_PASSWORD") from None
        if "mismatch" in str(error).lower():
            raise ValueError(f"--dicomweb-cert: {key} is not the key of the certificate in {certificate}") from None
        raise ValueError(
            f"--dicomweb-cert: {certificate} with the key in {key} cannot be loaded ({_said(error)}): expected PEM, "
            "the key in the same file or in that of --dicomweb-key"
        ) from None


def _said(error: OSError) -> str:
    return str(getattr(error, "reason", None) or error.strerror or error)
