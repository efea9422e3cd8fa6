"""TLS and proxies as sites have them: a CA of the site's own, client certificates, proxies with a password."""

import os
import shutil
import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomweb_conformance.settings.auth import Beside, credentials
from dicomweb_conformance.settings.credentials import Network
from dicomweb_conformance.settings.tls_files import must_be_usable
from dicomweb_conformance.transport.exact import send_exactly
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from tests import warm
from tests.settings.test_credentials_that_expire import judge
from tests.settings.token_endpoint import PREFIX, TokenEndpoint
from tests.transport.raw_peer import client
from tests.transport.sites_tls import (
    PASSWORD,
    PROXY_PASSWORD,
    USER,
    Certificates,
    certificates,
    forwarding_proxy,
    nginx,
)

needs_nginx = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
SMOKE = "search-limit-caps or store-multipart or retrieve-instance"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    with running(Reference()) as url:
        yield url


@pytest.fixture(scope="module")
def proxy() -> Iterator[str]:
    pytest.importorskip("proxy", reason="proxy.py is not installed")
    with forwarding_proxy() as address:
        yield address


def below(front: str, upstream: str) -> str:
    """The base URL of the archive, below the prefix of the reverse proxy."""
    return f"{front}/{upstream.rpartition('/')[2]}"


def host_of(upstream: str) -> str:
    return upstream.rpartition("/")[0]


@needs_nginx
def test_an_archive_behind_a_prefix_with_a_certificate_of_the_sites_own(
    files: Certificates, upstream: str, tmp_path: Path
) -> None:
    with nginx(tmp_path, files, host_of(upstream)) as front:
        base = below(front, upstream)
        report, printed = judge(base, tmp_path, f"--dicomweb-ca={files.ca}", selected=SMOKE)
        with client(base, tmp_path) as stranger:
            unverified = stranger.send("GET", f"{base}/studies")
        with client(base, tmp_path, ca=files.ca) as asking:
            exact = send_exactly(asking, "GET", "/studies?limit=1")

    assert report["status"] == 0, printed
    assert (report["counts"]["fail"], report["counts"]["inconclusive"]) == (0, 0)
    assert report["target"]["url"] == base
    assert "CERTIFICATE_VERIFY_FAILED" in unverified.error
    assert exact.status in {200, 204}


@needs_nginx
def test_a_client_certificate_in_one_file_or_two_with_a_password_or_without(
    files: Certificates, upstream: str, tmp_path: Path
) -> None:
    ways = [
        {"certificate": files.both},
        {"certificate": files.client, "key": files.key},
        {"certificate": files.client, "key": files.locked, "key_password": PASSWORD},
        {"certificate": files.both_locked, "key_password": PASSWORD},
        {},
    ]
    with nginx(tmp_path, files, host_of(upstream), wants_client=True) as front:
        base = below(front, upstream)
        seen = []
        for way in ways:
            must_be_usable(files.ca, way.get("certificate"), way.get("key"), str(way.get("key_password", "")))  # type: ignore[arg-type]  # paths, but for the password
            with client(base, tmp_path, ca=files.ca, **way) as asking:
                seen.append(asking.send("GET", f"{base}/studies?limit=1").status)

    assert [status in {200, 204} for status in seen] == [True, True, True, True, False]


@needs_nginx
def test_a_run_with_a_client_certificate_leaves_no_password(files: Certificates, upstream: str, tmp_path: Path) -> None:
    settings = [f"--dicomweb-ca={files.ca}", f"--dicomweb-cert={files.client}", f"--dicomweb-key={files.locked}"]
    directory = tmp_path / "run"
    directory.mkdir()
    with nginx(tmp_path, files, host_of(upstream), wants_client=True) as front:
        base = below(front, upstream)
        report, printed = judge(base, directory, *settings, selected=SMOKE, DICOMWEB_KEY_PASSWORD=PASSWORD)

    assert report["status"] == 0, printed
    assert report["settings"]["key"] == str(files.locked)
    assert PASSWORD not in printed
    for file in [path for path in directory.rglob("*") if path.is_file()]:
        assert PASSWORD.encode() not in file.read_bytes(), file


@needs_nginx
def test_a_client_certificate_that_is_missing_is_asked_for(files: Certificates, upstream: str, tmp_path: Path) -> None:
    with nginx(tmp_path, files, host_of(upstream), wants_client=True) as front:
        printed = told(below(front, upstream), tmp_path, f"--dicomweb-ca={files.ca}")

    assert "--dicomweb-cert" in printed


def told(url: str, directory: Path, *arguments: str) -> str:
    """Run, demand exit status 4, and return what was printed."""
    command = [sys.executable, "-m", "pytest", f"--dicomweb-url={url}", "-q", *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DICOMWEB_", "PYTEST_"))}
    ended = warm.run(command, cwd=directory, env=kept, capture_output=True, text=True, timeout=120, check=False)
    printed = ended.stdout + ended.stderr
    assert ended.returncode == 4, printed
    assert "Traceback" not in printed
    return printed


@needs_nginx
def test_a_tunnel_through_a_proxy_with_a_password(
    files: Certificates, upstream: str, proxy: str, tmp_path: Path
) -> None:
    directory = tmp_path / "run"
    directory.mkdir()
    with nginx(tmp_path, files, host_of(upstream)) as front:
        settings = [f"--dicomweb-ca={files.ca}", f"--dicomweb-proxy=http://{USER}:{PROXY_PASSWORD}@{proxy}"]
        report, printed = judge(below(front, upstream), directory, *settings, selected=SMOKE)
        refused = told(
            below(front, upstream), tmp_path, f"--dicomweb-ca={files.ca}", f"--dicomweb-proxy=http://{USER}:no@{proxy}"
        )

    assert report["status"] == 0, printed
    assert PROXY_PASSWORD not in printed
    for file in [path for path in directory.rglob("*") if path.is_file()]:
        assert PROXY_PASSWORD.encode() not in file.read_bytes(), file
    assert "407" in refused
    assert "--dicomweb-proxy" in refused


def test_a_proxy_that_forwards_with_a_password(upstream: str, proxy: str, tmp_path: Path) -> None:
    settings = f"--dicomweb-proxy=http://{USER}:{PROXY_PASSWORD}@{proxy}"
    report, printed = judge(upstream, tmp_path, settings, selected=SMOKE)
    with client(upstream, tmp_path, proxy=f"http://{USER}:no@{proxy}") as stranger:
        refused = stranger.send("GET", f"{upstream}/studies")

    assert report["status"] == 0, printed
    assert refused.status == 407


def test_a_token_is_asked_for_with_the_sites_ca_and_through_its_proxy(files: Certificates, proxy: str) -> None:
    server = TokenEndpoint()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.server)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    url = server.url.replace("http:", "https:")
    way = f"http://{USER}:{PROXY_PASSWORD}@{proxy}"
    try:
        for network in (Network(files.ca), Network(files.ca, way)):
            login = credentials(
                f"oauth2:{url}", {"DICOMWEB_CLIENT_SECRET": "s3cret"}, Beside("client", network=network)
            )
            assert login.authorization.startswith(f"Bearer {PREFIX}")
        with pytest.raises(ValueError, match=r"certificate verify failed"):
            _ = credentials(f"oauth2:{url}", {"DICOMWEB_CLIENT_SECRET": "s3cret"}, Beside("client")).authorization
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("ca", "certificate", "key", "password", "said"),
    [
        ("absent", None, None, "", "--dicomweb-ca: there is no file"),
        ("key", None, None, "", "holds no certificate in PEM"),
        (None, None, "key", "", "--dicomweb-key: whose key is it?"),
        (None, "client", None, "", "cannot be loaded"),
        (None, "client", "locked", "", "is wanted: put it into DICOMWEB_KEY_PASSWORD"),
        (None, "both_locked", None, "", "is wanted: put it into DICOMWEB_KEY_PASSWORD"),
        (None, "client", "locked", "another", "is not that in DICOMWEB_KEY_PASSWORD"),
        (None, "client", "server", "", "is not the key of the certificate"),
    ],
)
def test_files_that_cannot_be_used_are_told_before_the_run(
    files: Certificates, ca: str | None, certificate: str | None, key: str | None, password: str, said: str
) -> None:
    def file(name: str | None) -> Path | None:
        return None if name is None else getattr(files, name, files.directory / "absent")

    with pytest.raises(ValueError, match=r"--dicomweb-") as raised:
        must_be_usable(file(ca), file(certificate), file(key), password)

    assert said in str(raised.value)
