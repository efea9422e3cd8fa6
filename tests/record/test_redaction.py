"""Secrets are replaced in whatever spelling, ordinary text is left alone, and the record of a run stays readable."""

import base64
import gzip
import html
import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from dicomweb_conformance.http.limits import BODY_RECORDED
from dicomweb_conformance.record.recorder import Recorder, now
from dicomweb_conformance.record.redaction import Redaction, of_field, of_user
from dicomweb_conformance.settings.options import resolve
from dicomweb_conformance.settings.table import OptionError
from dicomweb_reports import record

SECRET = 'pa&ss/ "w\\rd" 4ö€'  # noqa: S105 - a secret of tests
PAIR = f"alice:{SECRET}"

SPELLINGS = {
    "plain": SECRET,
    "in lower case": SECRET.lower(),
    "JSON": json.dumps(SECRET)[1:-1],
    "JSON in UTF-8": json.dumps(SECRET, ensure_ascii=False)[1:-1],
    "JSON with its solidus escaped": json.dumps(SECRET)[1:-1].replace("/", "\\/"),
    "JSON as .NET writes it": json.dumps(SECRET)[1:-1].replace('\\"', "\\u0022").replace("&", "\\u0026"),
    "JSON in JSON": json.dumps(json.dumps(SECRET)[1:-1])[1:-1],
    "a path": quote(SECRET),
    "a query": quote_plus(SECRET),
    "percent signs in lower case": quote(SECRET, safe="").lower(),
    "a URL in a URL": quote(quote(SECRET, safe=""), safe=""),
    "a form in a URL": quote(quote_plus(SECRET), safe=""),
    "every octet with a percent sign": "".join(f"%{octet:02X}" for octet in SECRET.encode()),
    "HTML": html.escape(SECRET),
    "HTML in HTML": html.escape(html.escape(SECRET)),
    "HTML in numbers": SECRET.encode("ascii", "xmlcharrefreplace").decode(),
    "HTML as PHP writes it": html.escape(SECRET).replace("&quot;", "&#034;"),
    "hexadecimal": SECRET.encode().hex(),
    "Python": repr(SECRET)[1:-1],
    "octets in Python": repr(SECRET.encode())[2:-1],
    "UTF-8 read as ISO 8859-1": SECRET.encode().decode("latin-1"),
    "JSON of that": json.dumps(SECRET.encode().decode("latin-1"))[1:-1],
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "base64 without padding": base64.b64encode(SECRET.encode()).decode().rstrip("="),
    "base64 in a URL": quote(base64.b64encode(SECRET.encode()).decode(), safe=""),
    "Basic": base64.b64encode(PAIR.encode()).decode(),
    "Basic in lower case": base64.b64encode(PAIR.encode()).decode().lower(),
}


@pytest.mark.parametrize("how", SPELLINGS)
def test_a_secret_is_replaced_however_it_is_spelled(how: str) -> None:
    redaction = Redaction(of_user("alice", SECRET))

    assert redaction.text(f"received <{SPELLINGS[how]}> for it") == "received <***> for it"
    assert redaction.octets(f"received <{SPELLINGS[how]}> for it".encode()) == b"received <***> for it"


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz", '{"user": "'])
def test_base64_of_a_text_that_holds_a_secret(before: str) -> None:
    whole = base64.b64encode(f'{before}{SECRET}"}}'.encode()).decode()
    told = Redaction((SECRET,)).text(whole)

    assert "***" in told
    assert len(told.replace("***", "")) <= len(before) * 4 / 3 + 8


def test_a_secret_within_another_is_replaced_with_it() -> None:
    assert Redaction(("token-1", "my-token-1-more", "more-of-it")).text("my-token-1-more-of-it, token-1") == "***, ***"


def test_a_short_secret_is_found_as_a_word_only() -> None:
    redaction = Redaction(("1234", "study"))

    assert (
        redaction.text("studies of 2.25.9123456, /study/, %20study=1234")
        == "studies of 2.25.9123456, /***/, %20***=***"
    )


def test_a_secret_that_any_text_holds_is_not_looked_for() -> None:
    redaction = Redaction(("abc",))

    assert redaction.text("abc") == "abc"
    assert redaction.has_too_short
    assert redaction.fields([("Authorization", "Basic abc")]) == [("Authorization", "Basic ***")]


def test_a_base_url_stays_whatever_the_password_is() -> None:
    redaction = Redaction(("orthanc-1",), keeps=("http://orthanc-1:8042/dicom-web",))

    told = redaction.text("GET http://orthanc-1:8042/dicom-web/studies?p=orthanc-1")
    assert told == "GET http://orthanc-1:8042/dicom-web/studies?p=***"


@pytest.mark.parametrize(
    ("cut", "told"),
    [
        ("it begins 'Bearer t0ken-0123", "it begins 'Bearer ***"),
        ("it begins 'Bearer t0ken-0123' and goes on", "it begins 'Bearer ***' and goes on"),
        ("Bearer t0ken-01… (12 more)", "Bearer ***… (12 more)"),
        ("'Bearer t0ken-01...def-xyz'", "'Bearer ***...***'"),
        ("t0ken-holders, t0ken-", "t0ken-holders, ***"),
    ],
)
def test_what_is_left_of_a_secret_where_a_text_was_cut(cut: str, told: str) -> None:
    assert Redaction(("t0ken-0123456789-abcdef-xyz",)).text(cut) == told


def test_tokens_and_private_keys_are_secrets_whoever_has_them() -> None:
    token = ".".join(base64.urlsafe_b64encode(json.dumps({"a": "b" * 20}).encode()).decode().rstrip("=") for _ in "123")
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQ+/\nabc=\n-----END PRIVATE KEY-----"

    assert Redaction().text(f"assertion={token}&x") == "assertion=***&x"
    assert Redaction().text(repr({"key": key})) == "{'key': '***'}"
    assert Redaction().text("{'key': '-----BEGIN PRIVATE KEY-----\\nMIIEvQ") == "{'key': '***"
    assert Redaction().text("...Q+/\\nabc=\\n-----END PRIVATE KEY-----\\n'") == "...***\\n'"


def test_a_cookie_that_a_server_sets_is_a_secret_from_then_on() -> None:
    redaction = Redaction()

    assert redaction.fields([("Set-Cookie", "sid=0123456789abcdef; Path=/")]) == [("Set-Cookie", "***")]
    assert redaction.text("your session is 0123456789abcdef") == "your session is ***"


def test_a_cookie_of_ordinary_words_does_not_hide_them() -> None:
    redaction = Redaction()
    redaction.fields([("Set-Cookie", "kind=application/dicom+json"), ("Set-Cookie", "n=1.2.840.10008.1.2.1")])

    assert (
        redaction.text("application/dicom+json, 1.2.840.10008.1.2.1") == "application/dicom+json, 1.2.840.10008.1.2.1"
    )


@pytest.mark.parametrize(
    ("field", "value", "secrets"),
    [
        ("X-Key", "k-1234", ("k-1234",)),
        ("Authorization", "Token k-1234", ("Token k-1234", "k-1234")),
        ("Authorization", "Basic YTpiYmJi", ("Basic YTpiYmJi", "YTpiYmJi", "a:bbbb", "bbbb")),
        ("Cookie", "sid=12345; x=1", ("sid=12345; x=1", "12345")),
    ],
)
def test_the_secrets_in_a_header_field(field: str, value: str, secrets: tuple[str, ...]) -> None:
    assert of_field(field, value) == secrets


def test_which_values_of_header_fields_are_secrets(tmp_path: Path) -> None:
    given = ["Accept-Language: de-CH-1996", "X-Scheme: https", "X-Key: literal-key", "X-Other: $OTHER"]
    settings = resolve(
        {"dicomweb_url": "http://pacs.example/x", "dicomweb_header": given}, {"OTHER": " v4lue "}, {}, tmp_path
    )

    assert settings.redaction.text("de-CH-1996 https literal-key v4lue") == "de-CH-1996 https *** ***"
    assert settings.redaction.fields([(name, value) for name, value in settings.target.headers]) == [
        ("Accept-Language", "de-CH-1996"),
        ("X-Scheme", "***"),
        ("X-Key", "***"),
        ("X-Other", "***"),
    ]


@pytest.mark.parametrize("login", ["me:pr0xy%2Fw%40rd", "pr0xy-token"])
def test_the_login_at_a_proxy_is_not_shown(tmp_path: Path, login: str) -> None:
    given = {"dicomweb_url": "http://pacs.example/x", "dicomweb_proxy": f"http://{login}@proxy.example:3128"}
    settings = resolve(given, {}, {}, tmp_path)

    assert settings.shown()["proxy"] == "http://***@proxy.example:3128"
    assert settings.redaction.text("Basic bWU6cHIweHkvd0ByZA==, pr0xy/w@rd, pr0xy-token").count("***") in {1, 2}


def test_a_password_that_is_a_word_of_the_record_leaves_the_record_readable(tmp_path: Path) -> None:
    words = ("search", "fail", "exchange", "main-1", "search-limit-caps", "SEARCH-069", "result", "received")
    recorder = Recorder(tmp_path, "main", Redaction(words))
    recorder.event("header", **HEADER)
    row = {"clause": "8.3", "level": "shall", "text": "A search is limited.", "pass": [], "note": [], "deviation": []}
    check = {"check": "search-limit-caps", "scenario": "search", "title": "A search.", "requirements": ["SEARCH-069"]}
    recorder.event(
        "planned", checks=[{**check, "core": True}], requirements={"SEARCH-069": {**row, "fail": []}}, left_out=0
    )
    recorder.event(
        "exchange",
        id="main-1",
        check="search-limit-caps",
        purpose="check",
        started=now(),
        seconds=0.1,
        method="GET",
        url="http://pacs.example/studies?search=fail",
        request={"headers": [], "body": None},
        response=None,
        error="the search did fail",
    )
    finding = {"requirement": "SEARCH-069", "code": "fail", "verdict": "fail", "observation": "others", "where": ""}
    recorder.event(
        "result",
        **check,
        core=True,
        verdict="fail",
        findings=[{**finding, "expected": ["a search"], "received": "fail", "exchange": "main-1"}],
        observed=[],
        exchanges=["main-1"],
        started=now(),
        seconds=0.1,
        reason="",
        blame=None,
        known=[],
    )
    recorder.close()

    run = record.load(tmp_path)
    (result,) = run.results
    assert (result.check, result.verdict, result.title) == ("search-limit-caps", "fail", "A search.")
    assert run.requirements["SEARCH-069"].text == "A search is limited."
    assert (result.findings[0].code, result.findings[0].received) == ("fail", "***")
    assert run.exchanges["main-1"].url == "http://pacs.example/studies?***=***"
    assert run.exchanges["main-1"].error == "the *** did ***"


HEADER = {
    "format": 1,
    "suite": {"name": "dicomweb-conformance", "version": "1"},
    "started": now(),
    "profile": "search",
    "seed": 1,
    "settings": {},
    "target": {"url": "http://pacs.example", "product": None},
}


def test_a_secret_at_the_cap_of_a_body_is_replaced_whole(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "main", Redaction((SECRET,)))
    kept = recorder.body(b"x" * (BODY_RECORDED - 5) + SECRET.encode() + b"y" * 100)
    recorder.close()

    assert kept is not None
    assert (tmp_path / "bodies" / kept["sha256"]).read_bytes() == b"x" * (BODY_RECORDED - 5) + b"***"


def test_a_body_that_stayed_packed_is_not_kept_with_a_secret_in_it(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "main", Redaction((SECRET,)))
    broken_off = gzip.compress(SECRET.encode() + b"x" * 50_000)[:-20]

    assert recorder.body(broken_off) == {"sha256": "", "size": len(broken_off), "kept": 0}
    assert recorder.body(gzip.compress(b"something else")) is not None
    recorder.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"dicomweb_auth": "bearer:s3cr3t"},
        {"dicomweb_auth": "basic:me:s3cr3t"},
        {"dicomweb_header": ["s3cr3t"]},
        {"dicomweb_url": "http://me:s3cr3t@host/x?y"},
        {"dicomweb_url": "http://me:pa/s3cr3t@host/x"},
        {"dicomweb_url": "http://me:s3cr3t@host:port/x"},
        {"dicomweb_proxy": "me:s3cr3t@host"},
        {"dicomweb_proxy": "http://me:s3cr3t@host:port"},
    ],
)
def test_a_secret_where_it_does_not_belong_is_not_repeated(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError) as refused:
        resolve({"dicomweb_url": "http://pacs.example/x", **wrong}, {}, {}, tmp_path)

    assert "s3cr3t" not in str(refused.value)
