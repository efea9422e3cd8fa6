"""What a site puts before its archive: certificates of its own CA, nginx as a reverse proxy, and a forwarding proxy."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PASSWORD = "key pa$$word-of-the-client"  # noqa: S105 - of tests
USER, PROXY_PASSWORD = "proxy-user", "proxy-pass.word"


@dataclass(frozen=True)
class Certificates:
    """Files in PEM: of a CA, of a server at 127.0.0.1, and of a client, its key plain and with a password."""

    directory: Path

    @property
    def ca(self) -> Path:
        return self.directory / "ca.pem"

    @property
    def server(self) -> Path:
        """Certificate and key."""
        return self.directory / "server.pem"

    @property
    def client(self) -> Path:
        """The certificate alone."""
        return self.directory / "client.pem"

    @property
    def key(self) -> Path:
        return self.directory / "client.key"

    @property
    def locked(self) -> Path:
        """The key, with a password."""
        return self.directory / "client-locked.key"

    @property
    def both(self) -> Path:
        """Certificate and key of the client."""
        return self.directory / "client-both.pem"

    @property
    def both_locked(self) -> Path:
        return self.directory / "client-both-locked.pem"


def certificates(directory: Path) -> Certificates:
    """Make them."""
    made = Certificates(directory)
    ca_key, ca = _certificate("Site CA", None)
    made.ca.write_bytes(_pem(ca))
    key, server = _certificate("127.0.0.1", (ca_key, ca))
    made.server.write_bytes(_pem(server) + _private(key))
    key, client = _certificate("suite", (ca_key, ca))
    made.client.write_bytes(_pem(client))
    made.key.write_bytes(_private(key))
    made.locked.write_bytes(_private(key, PASSWORD))
    made.both.write_bytes(_pem(client) + _private(key))
    made.both_locked.write_bytes(_private(key, PASSWORD) + _pem(client))
    return made


def _certificate(
    name: str, issuer: tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[1].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(here, critical=False)
    )
    return key, builder.sign(issuer[0] if issuer else key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey, password: str = "") -> bytes:
    locked = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)


@contextmanager
def nginx(directory: Path, files: Certificates, upstream: str, *, wants_client: bool = False) -> Iterator[str]:
    """Serve what is at `upstream` below a path prefix, over TLS; yields the URL of the prefix."""
    port = free_port()
    verify = f"ssl_client_certificate {files.ca}; ssl_verify_client on;" if wants_client else ""
    temporary = "".join(
        f"{each}_temp_path {directory}/{each};" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (directory / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {directory}/nginx.pid; error_log {directory}/nginx.log;"
        f"events {{}} http {{ access_log off; client_max_body_size 0; {temporary}"
        f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {files.server}; ssl_certificate_key {files.server};"
        f"{verify} location /pacs/imaging/ {{ proxy_pass {upstream}/; proxy_http_version 1.1;"
        "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https; } } }\n",
        encoding="utf-8",
    )
    command = ["nginx", "-p", str(directory), "-c", str(directory / "nginx.conf"), "-e", str(directory / "nginx.log")]
    with serving(command, port):
        yield f"https://127.0.0.1:{port}/pacs/imaging"


@contextmanager
def forwarding_proxy() -> Iterator[str]:
    """Forward and tunnel for whoever knows the password; yields the address of the proxy, without it."""
    port = free_port()
    command = [sys.executable, "-m", "proxy", "--hostname", "127.0.0.1", "--port", str(port)]
    command += ["--num-workers", "1", "--num-acceptors", "1", "--basic-auth", f"{USER}:{PROXY_PASSWORD}"]
    with serving(command, port):
        yield f"127.0.0.1:{port}"


@contextmanager
def serving(command: list[str], port: int) -> Iterator[None]:
    """Run a server until the block ends, once it listens."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        for _ in range(400):
            if process.poll() is not None:
                raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
