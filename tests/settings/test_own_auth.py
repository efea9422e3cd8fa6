"""`--dicomweb-auth=plugin:module:function`: an auth object of requests that a vendor brings."""

import importlib.metadata
import sys
from pathlib import Path

import pytest

from dicomweb_conformance.settings.auth import Credentials, CredentialsError, credentials
from dicomweb_conformance.settings.credentials import Outgoing
from dicomweb_reference.serving import running
from tests import warm
from tests.settings.test_credentials_that_expire import Guarded, judge

MODULE = '''
import itertools

NUMBERS = itertools.count(1)


class Auth:
    """As requests has it: shown each request before it is sent."""

    def __init__(self):
        self.number = next(NUMBERS)

    def __call__(self, request):
        request.headers["Authorization"] = f"Tenant vendor-secret-{self.number}"
        request.headers["X-Signed"] = f"{request.method} {len(request.body or b'')} {request.headers.get('Accept', '')}"
        return request


def login():
    return Auth()


def fails():
    raise RuntimeError("vendor-secret-0 is wrong")


def breaks():
    def auth(request):
        request.headers["X-Two"] = "a\\r\\nb"
        return request
    return auth


def forgets():
    return lambda request: None


def gives_none():
    return None


NOTHING = 3
'''


ACME = {"group": "dicomweb_conformance.auth", "name": "acme"}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    name = f"vendors_login_{abs(hash(request.node.name))}"
    (tmp_path / f"{name}.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def login(name: str) -> Credentials:
    return credentials(f"plugin:{name}", {})


def test_the_auth_object_is_shown_each_request_whole(module: str) -> None:
    found = login(f"{module}:login")
    asked = Outgoing("POST", "https://pacs.example/a b", (("Accept", "text/x"),), (b"12", b"345"))

    assert found.fields(asked) == (("Authorization", "Tenant vendor-secret-1"), ("X-Signed", "POST 5 text/x"))
    assert "vendor-secret-1" in found.secrets


def test_what_a_check_sends_itself_stays(module: str) -> None:
    asked = Outgoing("GET", "https://pacs.example", (("authorization", "of the check"),))

    assert [name for name, _ in login(f"{module}:login").fields(asked)] == ["X-Signed"]


def test_an_entry_point_names_a_function(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = importlib.metadata.EntryPoint("acme", f"{module}:login", "dicomweb_conformance.auth")
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **asked: [entry] if asked == ACME else [])

    assert login("acme").fields(Outgoing("GET", "https://pacs.example"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere_at_all:login", "No module named 'nowhere_at_all'"),
        ("{module}:absent", "has no attribute 'absent'"),
        ("{module}:NOTHING", "is no function"),
        (
            "nobody",
            "expected plugin:module:function, or an entry point of dicomweb_conformance.auth (none is installed)",
        ),
    ],
)
def test_what_cannot_be_loaded_is_told(module: str, name: str, said: str) -> None:
    with pytest.raises(CredentialsError) as raised:
        login(name.format(module=module))

    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("fails", "failed (RuntimeError)"),
        ("breaks", "a line break"),
        ("forgets", "forgets returns gives no request back"),
        ("gives_none", "gives_none returns NoneType: expected an auth object of requests"),
    ],
)
def test_one_that_fails_is_told_without_its_words(module: str, function: str, said: str) -> None:
    found = login(f"{module}:{function}")

    with pytest.raises(CredentialsError) as raised:
        found.fields(Outgoing("GET", "https://pacs.example"))

    assert said in str(raised.value)
    assert "vendor-secret" not in str(raised.value)


def test_a_run_asks_for_another_where_one_is_refused_and_leaves_no_secret(module: str, tmp_path: Path) -> None:
    directory = tmp_path / "run"
    directory.mkdir()
    server = Guarded(40)
    with running(server) as url:
        report, printed = judge(url, directory, f"--dicomweb-auth=plugin:{module}:login", PYTHONPATH=str(tmp_path))

    assert report["status"] == 0, printed
    assert len(server.taken) > 2
    assert "vendor-secret" not in printed
    for file in [path for path in directory.rglob("*") if path.is_file()]:
        assert b"vendor-secret" not in file.read_bytes(), file


def test_one_that_fails_judges_nobody(module: str, tmp_path: Path) -> None:
    directory = tmp_path / "run"
    directory.mkdir()
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--dicomweb-url=embedded",
        f"--dicomweb-auth=plugin:{module}:fails",
        "-q",
    ]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path)}

    ended = warm.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=120, check=False)

    assert ended.returncode == 4, ended.stdout + ended.stderr
    assert "failed (RuntimeError): call it in Python to see why" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "vendor-secret" not in ended.stdout + ended.stderr
