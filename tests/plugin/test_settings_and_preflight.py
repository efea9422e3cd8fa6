"""Settings that cannot be used and targets that cannot be judged are told in one screen, without a traceback."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.plugin.runs import Run


@contextmanager
def answering(status: int, body: bytes = b"", **headers: str) -> Iterator[str]:
    """A server that answers everything the same; yields its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - http.server wants these names

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/dicom-web"
        server.shutdown()


def told(run: Run, *arguments: str, **environment: str) -> str:
    """Run, demand exit status 4 and no traceback, and return what was printed."""
    ended = run("-q", *arguments, **environment)
    printed = ended.stdout + ended.stderr
    assert ended.returncode == 4, printed
    assert "Traceback" not in printed
    assert len(printed.splitlines()) < 30
    return printed


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--dicomweb-url=localhost:8042"], "expected http://host"),
        (["--dicomweb-url=http://u:p@localhost/x"], "DICOMWEB_PASSWORD"),
        (["--dicomweb-url=embedded", "--dicomweb-auth=basic:me"], "DICOMWEB_PASSWORD is not set"),
        (["--dicomweb-url=embedded", "--dicomweb-auth=kerberos"], "expected none, basic:USER"),
        (["--dicomweb-url=embedded", "--dicomweb-timeout=soon"], "--dicomweb-timeout: 'soon' is no number"),
        (["--dicomweb-url=embedded", "--dicomweb-budget=0"], "--dicomweb-budget: '0' is no number of seconds between"),
        (["--dicomweb-url=embedded", "--dicomweb-rate=fast"], "--dicomweb-rate: 'fast' is no rate: expected N/s"),
        (
            ["--dicomweb-url=embedded", "--dicomweb-edition=2011a"],
            "the rows know editions from 2017d to 2026a, not 2011a",
        ),
        (["--dicomweb-url=embedded", "--dicomweb-explore=0"], "--dicomweb-explore: 0 is no number of queries"),
        (["--dicomweb-url=embedded", "--dicomweb-include=everything"], "unknown tier everything"),
        (["--dicomweb-url=embedded", "--dicomweb-profile=unheard-of"], "unheard-of"),
        (["--dicomweb-url=embedded", "--dicomweb-persona=ohif,osirix"], "no client is called osirix; known are"),
        (["--dicomweb-url=embedded", "--dicomweb-known=nowhere.toml"], "nowhere.toml cannot be read"),
        (["--dicomweb-target=nowhere.toml"], "nowhere.toml cannot be read"),
        (["--dicomweb-url=embedded", "--dicomweb-header=NoColon"], "is no 'NAME: VALUE'"),
        (
            ["--dicomweb-url=embedded", "--dicomweb-header=X-Key: \u20ac"],
            "X-Key holds a character that no header field",
        ),
        (["--dicomweb-url=http://localhost\\x/y"], "no base URL: it holds a backslash"),
        (["--dicomweb-url=http://m\u00fcnchen.example/x"], "no base URL: it holds a character beyond ASCII"),
        (["--dicomweb-url="], "--dicomweb-url is empty"),
        (["--dicomweb-target="], "--dicomweb-target is empty"),
        (["--dicomweb-url=http://localhost:99999/x"], "'http://localhost:99999/x' is no base URL"),
        (["--dicomweb-url=http://[::1/x"], "'http://[::1/x' is no base URL"),
        (["--dicomweb-url=embedded", "--dicomweb-proxy=localhost"], "--dicomweb-proxy: expected http://"),
        (["--dicomweb-url=embedded", "--dicomweb-report=/dev/null"], "/dev/null cannot take a report"),
        (["--dicomweb-url=embedded", "--dicomweb-write-known=no/known.toml"], "no/known.toml cannot be written"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(run: Run, arguments: list[str], expected: str) -> None:
    assert expected in told(run, *arguments)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("header = 3", "header: 3 is no list of texts"),
        ("include = 3", "include: 3 is no list of texts"),
        ("known = []", "known: [] is no text"),
        ("[capabilities]\ndeletes = true", "no requirement asks for deletes; known are"),
    ],
)
def test_a_line_of_target_toml_that_cannot_be_used_is_named(run: Run, tmp_path: Path, line: str, expected: str) -> None:
    (tmp_path / "target.toml").write_text(f'url = "embedded"\n{line}\n')

    assert expected in told(run, "--dicomweb-target=target.toml")


def test_a_refused_connection(run: Run) -> None:
    printed = told(run, "--dicomweb-url=http://127.0.0.1:9/dicom-web")

    assert "nothing listens at 127.0.0.1:9" in printed
    assert "No requirement was judged" in printed


def test_an_unknown_host(run: Run) -> None:
    assert "is not known" in told(run, "--dicomweb-url=http://no-such-host.invalid/dicom-web")


def test_plain_http_behind_https(run: Run) -> None:
    with answering(200) as url:
        assert "does not speak TLS" in told(run, f"--dicomweb-url={url.replace('http:', 'https:')}")


def test_credentials_that_are_wanted(run: Run) -> None:
    with answering(401, WWW_Authenticate='Basic realm="pacs"') as url:
        printed = told(run, f"--dicomweb-url={url}")

    assert "401" in printed
    assert 'Basic realm="pacs"' in printed
    assert "--dicomweb-auth=basic:USER" in printed


def test_credentials_that_are_refused_do_not_show(run: Run, tmp_path: Path) -> None:
    with answering(403) as url:
        printed = told(run, f"--dicomweb-url={url}", "--dicomweb-auth=bearer", DICOMWEB_TOKEN="s3cr3t-t0k3n")

    assert "bearer credentials were sent" in printed
    assert "s3cr3t" not in printed
    assert all("s3cr3t" not in path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())


def test_a_login_page(run: Run) -> None:
    page = b'<!DOCTYPE html><form><input name="u"><input type="password" name="p"></form>'
    with answering(200, page, Content_Type="text/html") as url:
        assert "a login page" in told(run, f"--dicomweb-url={url}")


def test_a_redirect_to_a_login(run: Run) -> None:
    with answering(302, Location="/login?next=studies") as url:
        assert "looks like a login page" in told(run, f"--dicomweb-url={url}")


def test_a_base_url_that_misses_its_path(run: Run) -> None:
    from dicomweb_reference.server import Reference
    from dicomweb_reference.serving import running

    with running(Reference()) as url:
        printed = told(run, f"--dicomweb-url={url.removesuffix('/dicom-web')}")

    assert f"--dicomweb-url={url}" in printed


def test_a_base_url_that_goes_on_to_studies(run: Run) -> None:
    from dicomweb_reference.server import Reference
    from dicomweb_reference.serving import running

    with running(Reference()) as url:
        printed = told(run, f"--dicomweb-url={url}/studies/")

    assert f"--dicomweb-url={url}\n" in printed


def test_target_toml_supplies_settings_and_the_command_line_wins(run: Run, tmp_path: Path) -> None:
    (tmp_path / "target.toml").write_text(
        'url = "http://127.0.0.1:9/x"\nseed = 5\n[product]\nname = "PACS"\nversion = "2"\n'
    )

    ended = run("--dicomweb-target=target.toml", "--dicomweb-url=embedded", "-q", "-k", "search-limit-caps")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    record = (tmp_path / "reports/latest/run.jsonl").read_text()
    assert '"seed": 5' in record
    assert '"name": "PACS"' in record


def test_what_is_declared_and_not_offered_fails(run: Run, tmp_path: Path) -> None:
    from dicomweb_reference.server import Reference
    from dicomweb_reference.serving import running

    (tmp_path / "target.toml").write_text("[capabilities]\ndelete = true\n")
    with running(Reference({"delete-not-offered"})) as url:
        ended = run("--dicomweb-target=target.toml", f"--dicomweb-url={url}", "-q", "-k", "delete-last-instance")

    assert ended.returncode == 1
    assert "declared, but not offered" in ended.stdout


@pytest.mark.parametrize("status", [404, 405, 410])
def test_a_search_that_is_refused_where_the_run_only_reads(run: Run, status: int) -> None:
    with answering(status) as url:
        printed = told(run, f"--dicomweb-url={url}", "--dicomweb-read-only", "--dicomweb-seed=1")

    assert "no Studies Service at" in printed
    assert f"search (GET /studies) was answered with {status}" in printed
    assert "was the corpus loaded" in printed


def test_a_folder_of_files_is_no_service(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "empty"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        printed = told(run, f"--dicomweb-url={url}", "--dicomweb-read-only", "--dicomweb-seed=1")
        server.shutdown()

    assert "no Studies Service at" in printed
