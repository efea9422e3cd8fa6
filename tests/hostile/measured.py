"""Runs one command and says what it took: a process of its own, as the peak of a child's memory begins at its parent's.

Arguments: a directory, where `stdout`, `stderr` and `measured.json` are written; the seconds after which the command is
killed; the megabytes that it may allocate; the command. The first line printed is its process id.
"""

import contextlib
import json
import os
import resource
import signal
import sys
import time


def main() -> None:
    directory, seconds, megabytes, *command = sys.argv[1:]
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        for name, number in (("stdout", 1), ("stderr", 2)):
            os.dup2(os.open(f"{directory}/{name}", os.O_CREAT | os.O_TRUNC | os.O_WRONLY), number)
        resource.setrlimit(resource.RLIMIT_DATA, (int(megabytes) << 20,) * 2)
        os.execv(command[0], command)  # noqa: S606 - it is what this is for

    def kill(*_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, kill)
    signal.setitimer(signal.ITIMER_REAL, float(seconds))
    print(pid, flush=True)  # noqa: T201 - whoever started this reads it
    _, status, usage = os.wait4(pid, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    seen = {
        "status": os.waitstatus_to_exitcode(status),
        "seconds": round(time.monotonic() - began, 1),
        "processor": round(usage.ru_utime + usage.ru_stime, 1),
        "kilobytes": usage.ru_maxrss,
    }
    with open(f"{directory}/measured.json", "w", encoding="utf-8") as file:  # noqa: PTH123 - it is to be small
        json.dump(seen, file)
    kill()  # what it left behind


if __name__ == "__main__":
    main()
