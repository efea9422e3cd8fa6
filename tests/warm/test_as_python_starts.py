"""A process that was forked is, for who started it, what Python would have been."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import warm

SAYS = """
import json, os, signal, sys
print(json.dumps({
    "arguments": sys.argv, "directory": os.getcwd(), "path": sys.path, "parent": os.getppid(),
    "tests": "tests" in sys.modules,
    "environment": dict(os.environ), "leads": os.getsid(0) == os.getpid(), "input": sys.stdin.read(),
    "file": globals().get("__file__"), "handler": str(signal.getsignal(signal.SIGINT)),
    "open": len(os.listdir("/proc/self/fd")), "streams": [sys.stdout.isatty(), sys.stdout.encoding, sys.stderr.errors],
}))
print("said", file=sys.stderr)
sys.exit(7)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each process is started as ever")


@pytest.mark.parametrize("how", ["-c", "-m"])
def test_it_is_told_the_same_and_ends_the_same(how: str, tmp_path: Path) -> None:
    (tmp_path / "says.py").write_text(SAYS)
    command = [sys.executable, how, SAYS if how == "-c" else "says", "one", "two"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"ONLY": "here"}
    options: dict[str, Any] = {
        "cwd": tmp_path, "env": environment, "capture_output": True, "text": True, "input": "given\n",
        "start_new_session": True, "timeout": 60,
    }  # fmt: skip

    cold, forked = subprocess.run(command, **options, check=False), warm.run(command, **options)

    assert (forked.returncode, forked.stdout, forked.stderr) == (cold.returncode, cold.stdout, cold.stderr)
    assert forked.returncode == 7


@pytest.mark.parametrize("start", [subprocess.Popen, warm.Popen])
def test_a_signal_reaches_it(start: "Callable[..., subprocess.Popen[str]]") -> None:
    command = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(60)"]
    with start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)

    assert process.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in said


def test_what_goes_on_for_too_long_is_killed() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        warm.run([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.5)


def test_where_python_is_told_otherwise_it_is_started_anew(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('customized')")

    ended = warm.run(
        [sys.executable, "-c", "import sys; print('pydicom' in sys.modules)"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.stdout.splitlines() == ["customized", "False"]
