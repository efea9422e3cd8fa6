"""The ledger names what may be on a target, whenever its writers die."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dicomweb_conformance.service.ledger import Entry, Ledger

URL = "http://pacs.example/dicom-web"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def test_an_entry_outlives_the_process_that_made_it(path: Path) -> None:
    program = (
        "import os, pathlib, signal, sys\n"
        "from dicomweb_conformance.service.ledger import Ledger\n"
        "Ledger(pathlib.Path(sys.argv[1]), sys.argv[2], 7).enter(['2.25.1', '2.25.2', '2.25.1'])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    ended = subprocess.run([sys.executable, "-c", program, str(path), URL], check=False)

    assert ended.returncode == -signal.SIGKILL
    assert Ledger(path, URL, 7).of_this_run() == [Entry(URL, 7, "2.25.1"), Entry(URL, 7, "2.25.2")]


@pytest.mark.parametrize("torn", [b'{"target": "http://pacs', b"\xff\xfe", b"[1]\n", b"{}\n", b'{"target": 1}', b"\n"])
def test_a_torn_line_hides_no_other(torn: bytes, path: Path) -> None:
    Ledger(path, URL, 7).enter(["2.25.1"])
    with path.open("ab") as file:
        file.write(torn)
    Ledger(path, URL, 8).enter(["2.25.2"])

    assert Ledger(path, URL, 7).entries() == [Entry(URL, 7, "2.25.1"), Entry(URL, 8, "2.25.2")]


def test_a_crash_while_entries_are_taken_out_loses_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(path, URL, 7)
    ledger.enter(["2.25.1", "2.25.2"])

    def dies(_: Path, __: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", dies)
        with pytest.raises(KeyboardInterrupt):
            ledger.strike([Entry(URL, 7, "2.25.1")])

    assert len(ledger.entries()) == 2
    ledger.strike([Entry(URL, 7, "2.25.1")])
    assert ledger.entries() == [Entry(URL, 7, "2.25.2")]


def test_what_was_removed_is_entered_again_when_it_is_sent_again(path: Path) -> None:
    ledger = Ledger(path, URL, 7)
    ledger.enter(["2.25.1"])
    ledger.strike(ledger.entries())
    assert not path.exists()
    ledger.enter(["2.25.1"])

    assert json.loads(path.read_text())["study_uid"] == "2.25.1"
