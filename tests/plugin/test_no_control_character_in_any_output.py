"""Nothing of a server's moves the cursor, changes colours, hides or turns text: not on the terminal, not in JUnit."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.plugin.echoing_server import echoing
from tests.plugin.runs import Run
from tests.plugin.test_no_secret_in_any_output import cleaned
from tests.plugin.test_settings_and_preflight import answering

HARM = "\x1b[31mRED \x1b]0;title\x07 \x08\x7f \x9b2J \u202eturned\u202c \u2066\u2069 \x85"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def obeyed(text: str) -> list[str]:
    """What a terminal would obey, with a little of what stands around it."""
    return [text[max(0, match.start() - 20) : match.end() + 5] for match in OBEYED.finditer(text)]


def test_a_server_that_sends_control_characters_everywhere(run: Run, tmp_path: Path) -> None:
    with echoing(HARM) as url:
        ended = run(
            f"--dicomweb-url={url}",
            "-m",
            "smoke",
            "--dicomweb-grace=0.1",
            "--junitxml=junit.xml",
            "--override-ini=junit_logging=all",
            "-l",
            "-rA",
            "--color=yes",
            "-p",
            "telling_all",
            SAID=HARM,
            PYTHONPATH=str(Path(__file__).parent),
        )
        afterwards = cleaned(tmp_path, "--dicomweb-grace=0.1")

    assert COLOUR.search(ended.stdout), "pytest has its colours"
    assert not re.search(r"\x1b\[31mRED", ended.stdout), "and the server has none"
    for text in (COLOUR.sub("", ended.stdout), ended.stderr, afterwards.stdout, afterwards.stderr):
        assert obeyed(text) == []
    for path in (tmp_path / "junit.xml", *(tmp_path / "reports/latest").glob("*.*")):
        assert obeyed(path.read_text(encoding="utf-8")) == [], path.name
    for text in (ended.stdout, afterwards.stdout, (tmp_path / "junit.xml").read_text(encoding="utf-8")):
        assert r"\x1b[31mRED" in text, "it can be seen"
    assert r"\u202eturned" in ended.stdout
    ET.parse(tmp_path / "junit.xml")  # noqa: S314 - our own file


def test_advice_that_quotes_a_challenge(run: Run) -> None:
    with answering(401, WWW_Authenticate=HARM.encode("ascii", "ignore").decode()) as url:
        ended = run(f"--dicomweb-url={url}", "-q", "--color=no")

    assert ended.returncode == 4
    assert r"it asks for: \x1b[31mRED" in ended.stderr
    assert obeyed(ended.stdout + ended.stderr) == []
