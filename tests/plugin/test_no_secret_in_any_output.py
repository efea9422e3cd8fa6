"""Whatever a server gives back, and whatever goes wrong: no output holds a secret, in no encoding."""

import base64
import html
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus
from xml.etree import ElementTree as ET

import pytest

from tests.plugin.echoing_server import COOKIE, echoing
from tests.plugin.runs import Run
from tests.plugin.test_settings_and_preflight import answering

USER, PASSWORD = "alice", 'pa&ss "w\\rd" 4ö'
PROXY_USER, PROXY_PASSWORD = "proxy-user", "pr0xy/p@ss"
LITERAL, FROM_VARIABLE = "l1teral=key+value", "variable-k3y"
TOKEN = "t0ken.of~the_bearer-0123456789"  # noqa: S105 - a token of tests
SECRETS = (PASSWORD, PROXY_PASSWORD, LITERAL, FROM_VARIABLE)
PAIRS = (f"{USER}:{PASSWORD}", f"{PROXY_USER}:{PROXY_PASSWORD}")


def spelled(secret: str) -> Iterator[str]:
    """A secret as servers, and Python, write it."""
    yield from (secret, secret.lower(), secret.upper(), repr(secret)[1:-1], repr(secret.encode())[2:-1])
    for ascii_only in (True, False):
        in_json = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield from (in_json, in_json.replace("/", "\\/"), json.dumps(in_json, ensure_ascii=ascii_only)[1:-1])
    for once in (quote(secret), quote(secret, safe=""), quote_plus(secret)):
        yield from (once, once.lower(), quote(once, safe=""), quote(once, safe="").lower())
    yield from (html.escape(secret), html.escape(html.escape(secret)))
    yield secret.encode("ascii", "xmlcharrefreplace").decode()
    yield secret.encode().hex()
    yield from in_base64(secret)


def in_base64(text: str) -> Iterator[str]:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(text.encode()).decode()
        yield from (whole, whole.rstrip("="), quote(whole, safe=""), whole.lower())


def every_spelling(secrets: tuple[str, ...], pairs: tuple[str, ...] = ()) -> list[str]:
    found = [each for secret in secrets for each in spelled(secret)]
    return list(dict.fromkeys([*found, *(each for pair in pairs for each in in_base64(pair))]))


def found(spellings: list[str], ended: subprocess.CompletedProcess[str], directory: Path) -> dict[str, list[str]]:
    """Which spellings stand where, in what was printed and in every file below a directory."""
    texts = {"stdout": ended.stdout, "stderr": ended.stderr}
    texts |= {str(path): path.read_text("utf-8", "replace") for path in directory.rglob("*") if path.is_file()}
    hits = {name: [spelling for spelling in spellings if spelling in text] for name, text in texts.items()}
    return {name: each for name, each in hits.items() if each}


def cleaned(directory: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `dicomweb-conformance clean`."""
    program = Path(sys.executable).with_name("dicomweb-conformance")
    return subprocess.run(
        [program, "clean", *arguments],
        cwd=directory,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("how", [["-n", "0", "-l"], ["-n", "2", "--showlocals", "-vv", "-rA", "--log-cli-level=DEBUG"]])
def test_a_server_that_echoes_every_secret(run: Run, tmp_path: Path, how: list[str]) -> None:
    spellings = every_spelling(SECRETS, PAIRS)
    with echoing(" ".join(spellings)) as url:
        proxy = url.replace("://", f"://{PROXY_USER}:{quote(PROXY_PASSWORD, safe='')}@").removesuffix("/dicom-web")
        settings = (
            f"--dicomweb-auth=basic:{USER}",
            f"--dicomweb-proxy={proxy}",
            f"--dicomweb-header=X-Tenant-Key: {LITERAL}",
            "--dicomweb-header=X-Key: $KEY",
            "--dicomweb-grace=0.1",
        )
        secrets = {"DICOMWEB_PASSWORD": PASSWORD, "KEY": f" {FROM_VARIABLE}"}
        ended = run(
            f"--dicomweb-url={url}",
            *settings,
            "--dicomweb-write-known=known.toml",
            f"--dicomweb-start=echo Authorization: Basic {quote(PASSWORD)}; sleep 120",
            "--junitxml=junit.xml",
            "--override-ini=junit_logging=all",
            "--log-file=log.txt",
            "--log-file-level=DEBUG",
            "-p",
            "telling_all",
            "-m",
            "smoke",
            *how,
            **secrets,
            SAID=" ".join(spellings),
            PYTHONPATH=str(Path(__file__).parent),
        )
        afterwards = cleaned(tmp_path, f"--dicomweb-url={url}", *settings, **secrets)

    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert found([*spellings, COOKIE], ended, tmp_path) == {}
    assert found([*spellings, COOKIE], afterwards, tmp_path) == {}
    # What was looked through says what it is meant to say.
    assert "AssertionError" in ended.stdout
    assert "RuntimeError" in ended.stdout, "the warning of a thread"
    assert "AssertionError" in (tmp_path / "junit.xml").read_text(encoding="utf-8")
    ET.parse(tmp_path / "junit.xml")  # noqa: S314 - our own file
    assert (tmp_path / "reports/latest/target.log").read_text() == "Authorization: Basic ***\n"
    # Processes of one run write over each other in the one file.
    heard = [(tmp_path / name).read_text(encoding="utf-8") for name in ("log.txt", "junit.xml")]
    assert any("said ***" in each for each in heard)
    report = json.loads((tmp_path / "reports/latest/report.json").read_text(encoding="utf-8"))
    assert {each["verdict"] for each in report["results"]} >= {"fail", "error", "pass"}
    assert report["left"][0]["reason"].startswith("405 ***")
    assert "405 ***" in ended.stdout
    assert "405 ***" in afterwards.stdout


@pytest.mark.parametrize(
    ("crash", "how"),
    [("in the loop", ["-l", "--full-trace"]), ("at the end", ["-p", "no:terminal", "--junitxml=junit.xml"])],
)
def test_a_crash_of_the_run_itself(run: Run, tmp_path: Path, crash: str, how: list[str]) -> None:
    spellings = every_spelling((PASSWORD,), PAIRS[:1])
    ended = run(
        "--dicomweb-url=embedded",
        f"--dicomweb-auth=basic:{USER}",
        "-k",
        "search-limit-caps",
        "-p",
        "telling_all",
        *how,
        DICOMWEB_PASSWORD=PASSWORD,
        SAID=" ".join(spellings),
        CRASH=crash,
        PYTHONPATH=str(Path(__file__).parent),
    )

    assert "internal: ***" in ended.stdout + ended.stderr
    assert found(spellings, ended, tmp_path) == {}


def test_a_login_that_fails(run: Run, tmp_path: Path) -> None:
    spellings = every_spelling((TOKEN,))
    said = " ".join(spellings)
    with answering(401, said.encode(), WWW_Authenticate=f'Bearer error_description="{said}"') as url:
        ended = run(f"--dicomweb-url={url}", "--dicomweb-auth=bearer", "--junitxml=junit.xml", DICOMWEB_TOKEN=TOKEN)

    assert ended.returncode == 4
    assert 'it asks for: Bearer error_description="***' in ended.stderr
    assert found(spellings, ended, tmp_path) == {}
