"""A vendor's own profile, rows and checks: what they come to, and what every report says of them."""

import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any, NoReturn

import pytest

from dicomweb_conformance.catalogue.requirements import load
from dicomweb_conformance.run.own_scenarios import ScenarioError, hold_against, read
from dicomweb_conformance.settings.options import resolve
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from tests.plugin.runs import Run

PAGE = Path(__file__).parents[2] / "docs/profiles.md"
SEARCHES = """
name = "searches"
title = "Searches and nothing else"
extends = "dicom"
[select]
checks = ["search-limit-caps"]
"""
CHECK = '''
from dicomweb_conformance.checks.expect import expect
from dicomweb_conformance.checks.verifies import verifies


@verifies("SEARCH-069", id="acme-answers")
def test_answers(dicomweb, corpus):
    """A search is answered."""
    with expect(dicomweb.search("studies", StudyInstanceUID=corpus.ct_pair.study_instance_uid)) as it:
        it.is_a_list_of_matches()
'''


def report(directory: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((directory / "reports/latest/report.json").read_text(encoding="utf-8"))
    return found


def texts(directory: Path) -> list[str]:
    """What a person reads: the reports as words, white space folded."""
    html, markdown = ((directory / f"reports/latest/report.{kind}").read_text("utf-8") for kind in ("html", "md"))
    words = re.sub(r"<(style|title).*?</\1>|<[^>]*>", " ", html, flags=re.DOTALL)
    return [" ".join(each.split()) for each in (unescape(words), re.sub(r"\\(?=[^\w\s])", "", markdown))]


def put(directory: Path, **files: str) -> None:
    for name, text in files.items():
        path = directory / (name.replace("__", "/") + (".py" if name.startswith("checks") else ".toml"))
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def refused(run: Run, *arguments: str) -> str:
    ended = run("-q", "--dicomweb-url=embedded", *arguments)
    printed = ended.stdout + ended.stderr
    assert ended.returncode == 4, printed
    assert "Traceback" not in printed
    assert "INTERNALERROR" not in printed
    return " ".join(printed.split())


def test_a_home_made_profile_never_reads_as_conforming_alone(run: Run, tmp_path: Path) -> None:
    put(tmp_path, mine=SEARCHES)

    ended = run("-q", "--dicomweb-url=embedded", "--dicomweb-profile=mine.toml", "--junitxml=junit.xml")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    junit = (tmp_path / "junit.xml").read_text(encoding="utf-8")
    assert 'name="dicomweb-profile" value="searches (home-made): Searches and nothing else"' in junit
    assert "a profile that is none of the suite's" in (tmp_path / "reports/latest/exchanges.har").read_text("utf-8")
    assert "The target conforms to a home-made profile: The only planned core check concluded" in ended.stdout
    told = report(tmp_path)
    assert told["overall"]["verdict"] == "conforms to a home-made profile"
    assert told["rules"]["title"] == "Searches and nothing else"
    assert told["rules"]["file"].endswith("mine.toml")
    assert told["rules"]["numbers"]["checks_left_out"] > 500
    sentence = "Judged by searches, a profile that is none of the suite's: Searches and nothing else"
    left_out = f"does not run {told['rules']['numbers']['checks_left_out']:,} checks"
    for text in [" ".join(ended.stdout.split()), *texts(tmp_path)]:
        assert sentence in text
        assert left_out in text
        assert told["rules"]["sha256"][:16] in text
        assert "onforms to a home-made profile" in text
        assert not re.search(r"[Cc]onforms(?! to a home-made profile)[.: ]", text.replace("A server conforms if", ""))


def test_the_example_of_the_page_works(run: Run, tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^`(\S+)`[^\n]*\n(?:[^\n]+\n)*\n```\w+\n(.*?)```", page, re.DOTALL | re.MULTILINE)
    assert [name for name, _ in blocks] == ["archive.toml", "acme.toml", "checks/test_limits.py"]
    for name, text in blocks:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    options = ["--dicomweb-profile=archive.toml", "--dicomweb-scenarios=checks", "-n", "2"]

    ended = run("-q", "--dicomweb-url=embedded", *options, "-k", "ACME-001 or SEARCH-031", "-m", "limits or search")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = report(tmp_path)
    verdicts = {each["check"]: each["verdict"] for each in told["results"] if each["scenario"] != "message"}
    assert verdicts["acme-limit"] == "pass"
    assert told["requirements"]["ACME-001"]["clause"] == "Statement 4.2"
    assert told["rules"]["numbers"]["added"] == 1
    assert {each["reason"] for each in told["rules"]["changes"]} == {"an empty value is taken literally"}
    html, markdown = texts(tmp_path)
    for text in (html, markdown):
        assert "the archive has no thumbnails https://archive.example/statement#thumbnails" in text


def test_what_an_observation_means_is_the_profiles_to_say(run: Run, tmp_path: Path) -> None:
    change = '[[change]]\nrows = ["SEARCH-069"]\nverdicts.one-object-then-two = "fail"\nreason = "x"\nlink = "https://x.example"\n'
    seen = 'it.observes("one-object-then-two")'
    put(tmp_path, mine=SEARCHES.replace("search-limit-caps", "acme-answers") + change)
    put(tmp_path, checks__test_acme=CHECK.replace("it.is_a_list_of_matches()", seen))
    mine = ["--dicomweb-profile=mine.toml", "--dicomweb-scenarios=checks"]

    assert run("-q", "--dicomweb-url=embedded", "--dicomweb-scenarios=checks", "-k", "acme-answers").returncode == 0
    ended = run("-q", "--dicomweb-url=embedded", *mine, "-k", "acme-answers")

    assert ended.returncode == 1, ended.stdout + ended.stderr
    (result,) = [each for each in report(tmp_path)["results"] if each["check"] == "acme-answers"]
    assert [(each["code"], each["verdict"]) for each in result["findings"]] == [("one-object-then-two", "fail")]


@pytest.mark.parametrize("status", [501, 500])
def test_what_no_other_check_of_a_profile_tells_is_told_by_those_that_need_it(
    run: Run, tmp_path: Path, status: int
) -> None:
    class NoMetadata(Reference):
        def metadata(self, request: Request) -> NoReturn:
            raise Refusal(status, "no metadata here")

    put(tmp_path, mine=SEARCHES.replace("search-limit-caps", "metadata-holds-every-element"))
    with running(NoMetadata()) as url:
        ended = run("-q", f"--dicomweb-url={url}", "--dicomweb-profile=mine.toml")

    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert report(tmp_path)["counts"]["fail"] == 1


def test_checks_join_the_profile_of_the_suite(run: Run, tmp_path: Path) -> None:
    put(tmp_path, checks__test_acme=CHECK)
    (tmp_path / "target.toml").write_text('url = "embedded"\nscenarios = "checks"\n', encoding="utf-8")

    ended = run("-q", "--dicomweb-target=target.toml", "-k", "acme or limit-caps")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert {each["check"]: each["scenario"] for each in report(tmp_path)["planned"]} == {
        "acme-answers": "acme",
        "search-limit-caps": "search",
    }
    assert report(tmp_path)["rules"]["shipped"]


def test_paths_in_target_toml_are_relative_to_it(tmp_path: Path) -> None:
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    (vendor / "target.toml").write_text('url = "embedded"\nprofile = "mine.toml"\nscenarios = "checks"\n')

    found = resolve({"dicomweb_target": "vendor/target.toml"}, {}, {}, tmp_path)

    assert (found.profile, found.scenarios) == (str(vendor / "mine.toml"), vendor / "checks")
    assert resolve({"dicomweb_url": "embedded", "dicomweb_profile": "azure"}, {}, {}, tmp_path).profile == "azure"


def test_a_run_apart_from_any_project_has_them_too(tmp_path: Path) -> None:
    put(tmp_path, checks__test_acme=CHECK)
    script = "from dicomweb_conformance.cli import main; main()"
    command = [
        sys.executable,
        "-c",
        script,
        "run",
        "embedded",
        "--dicomweb-scenarios=checks",
        "-q",
        "--co",
        "-k",
        "acme",
    ]

    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)

    assert "checks/test_acme.py::test_answers" in ended.stdout, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"searches"', '"dicom"', "the name 'dicom' is that of a profile of the suite: give yours another"),
        ("limit-caps", "limit-cops", "there is no check search-limit-cops"),
        ('checks = ["search-limit-caps"]', 'rows = ["UPS-*"]', "plans nothing: no check verifies"),
    ],
)
def test_a_profile_that_cannot_be_used_is_a_setting_error(
    run: Run, tmp_path: Path, old: str, new: str, said: str
) -> None:
    put(tmp_path, mine=SEARCHES.replace(old, new))

    assert said in refused(run, "--dicomweb-profile=mine.toml")


def test_checks_that_cannot_be_used_are_a_setting_error(run: Run, tmp_path: Path) -> None:
    put(tmp_path, checks__test_acme=CHECK.replace("SEARCH-069", "ACME-001"))
    said = "the check acme-answers verifies ACME-001, which is neither in the catalogue"

    for arguments in (["--dicomweb-scenarios=checks", "-n", "1"], ["checks/test_acme.py"]):
        assert said in refused(run, *arguments)
    under_xdist = run("-q", "--dicomweb-url=embedded", "checks/test_acme.py", "-n", "1")
    assert "INTERNALERROR" not in under_xdist.stdout + under_xdist.stderr
    assert said in under_xdist.stdout


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "there is no directory"),
        ({"checks__helper": "X = 1\n"}, "holds no test_NAME.py"),
        ({"checks__test_none": "X = 1\n"}, "holds no function with @verifies"),
        ({"checks__acme": CHECK}, "acme.py holds a check, but is not called test_NAME.py"),
        ({"checks__testacme": CHECK}, "testacme.py holds a check, but is not called test_NAME.py"),
        ({"checks__test_ACME": CHECK}, "the scenario would be called 'ACME': lower-case letters"),
        ({"checks__test_twice": CHECK.replace("acme-answers", "search-limit-caps")}, "is that of a check of the suite"),
        ({"checks__test_slug": CHECK.replace("acme-answers", "Acme")}, "SuiteError: check id 'Acme' is no slug"),
        ({"checks__test_import": "import nowhere_at_all\n" + CHECK}, "No module named 'nowhere_at_all'"),
        (
            {"checks__test_bare": CHECK + "def test_bare(dicomweb):\n    pass\n"},
            "test_bare is no check, as no @verifies",
        ),
        ({"checks__test_syntax": CHECK + "def\n"}, "cannot be loaded: SyntaxError"),
    ],
)
def test_what_is_wrong_with_checks_is_said(
    pytestconfig: pytest.Config, tmp_path: Path, files: dict[str, str], said: str
) -> None:
    put(tmp_path, **files)

    with pytest.raises(ScenarioError) as raised:
        hold_against(read(tmp_path / "checks", pytestconfig), load(), "dicom")

    assert said in str(raised.value)
