"""Clean-up believes no ledger alone: credentials go where the user says, and nowhere else."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dicomweb_conformance.service.ledger import Ledger
from dicomweb_fixtures.identifiers import uid
from tests import warm
from tests.transport.other_origins import Elsewhere, elsewhere

SEED = 4711
TOKEN, KEY = "token-of-the-target", "key-of-the-target"
COMMAND = [sys.executable, "-c", "from dicomweb_conformance.cli import main; main()", "clean", "--dicomweb-grace=0.2"]
WITH_TOKEN, WITH_KEY = "--dicomweb-auth=bearer", "--dicomweb-header=X-Api-Key: $KEY"


@pytest.fixture
def other() -> Iterator[Elsewhere]:
    """Where a ledger says that the studies are."""
    with elsewhere() as listening:
        yield listening


def url_of(other: Elsewhere) -> str:
    return f"http://127.0.0.1:{other.door}/dicom-web"


def clean(
    other: Elsewhere, directory: Path, *arguments: str, stdin: int = subprocess.DEVNULL, **environment: str
) -> tuple[int, str]:
    """Clean up what a ledger says is at another origin; return the exit status and what was printed."""
    report = directory / "reports/latest"
    report.mkdir(parents=True)
    Ledger(report / "ledger.jsonl", url_of(other), SEED).enter([uid(SEED, "a")])
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DICOMWEB_", "PYTEST_"))}
    ended = warm.run(
        [*COMMAND, *arguments],
        cwd=directory,
        env=kept | {"DICOMWEB_TOKEN": TOKEN, "KEY": KEY} | environment,
        stdin=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize("secret", [WITH_TOKEN, WITH_KEY])
def test_credentials_are_not_sent_where_a_ledger_alone_says(secret: str, other: Elsewhere, tmp_path: Path) -> None:
    status, printed = clean(other, tmp_path, secret)

    assert status == 2
    assert f"--dicomweb-url={url_of(other)} says so, or --yes" in printed
    assert other.received == []


def test_a_target_toml_without_url_names_no_target(other: Elsewhere, tmp_path: Path) -> None:
    (tmp_path / "target.toml").write_text('auth = "bearer"\n')

    status, _ = clean(other, tmp_path, DICOMWEB_TARGET="target.toml")

    assert status == 2
    assert other.received == []


@pytest.mark.parametrize("named", ["command line", "environment", "target.toml"])
def test_a_ledger_of_another_target_than_the_one_named_is_left_alone(
    named: str, other: Elsewhere, tmp_path: Path
) -> None:
    url = "http://127.0.0.1:9/dicom-web"
    (tmp_path / "target.toml").write_text(f'url = "{url}"\n')
    settings = {
        "command line": {},
        "environment": {"DICOMWEB_URL": url},
        "target.toml": {"DICOMWEB_TARGET": "target.toml"},
    }

    status, printed = clean(
        other, tmp_path, WITH_TOKEN, *([f"--dicomweb-url={url}"] if named == "command line" else []), **settings[named]
    )

    assert status == 0
    assert f"nothing to clean up at {url}" in printed
    assert other.received == []


@pytest.mark.parametrize("how", ["--yes", "--dicomweb-url"])
def test_credentials_are_sent_where_the_user_says(how: str, other: Elsewhere, tmp_path: Path) -> None:
    meant = how if how == "--yes" else f"{how}=HTTP://127.0.0.1:{other.door}/dicom-web/"

    clean(other, tmp_path, WITH_TOKEN, meant)

    assert other.received
    assert all(TOKEN.encode() in each for each in other.received)


def test_without_credentials_a_ledger_is_believed(other: Elsewhere, tmp_path: Path) -> None:
    clean(other, tmp_path)

    assert other.received
    assert all(TOKEN.encode() not in each for each in other.received)


@pytest.mark.parametrize(("answer", "sent"), [("n", False), ("", False), ("y", True)])
def test_whoever_sits_before_it_is_asked(answer: str, sent: bool, other: Elsewhere, tmp_path: Path) -> None:
    keyboard, terminal = pty.openpty()
    os.write(keyboard, f"{answer}\n".encode())
    try:
        status, printed = clean(other, tmp_path, WITH_TOKEN, stdin=terminal)
    finally:
        for each in (keyboard, terminal):
            with suppress(OSError):
                os.close(each)

    assert f"says that the studies are at {url_of(other)}. Send your credentials there?" in printed
    assert bool(other.received) is sent
    assert (status == 2) is not sent


@pytest.mark.parametrize("target", [r"http://EVIL\@pacs.example/x", "http://pacs.example@EVIL/x", "http://EVIL\n/x"])
def test_what_is_no_url_is_not_followed(target: str, other: Elsewhere, tmp_path: Path) -> None:
    text = target.replace("EVIL", f"127.0.0.1:{other.door}")
    ledger = tmp_path / "other.jsonl"
    Ledger(ledger, text, SEED).enter([uid(SEED, "a")])

    status, printed = clean(other, tmp_path, "--yes", WITH_TOKEN, f"--dicomweb-report={ledger}")

    assert status == 2
    assert "Traceback" not in printed
    assert other.received == []
