"""How fast the corpus is made and written as files, and in how much memory: `python benchmarks/corpus.py`.

Each line is a process of its own: the whole corpus as `all_studies` has it, and the large entries, which only who
names them gets. Peak memory is that of the process, with Python and its libraries.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

from dicomweb_fixtures.corpus import LARGE, Corpus, Entry

WHOLE = "corpus"
LIMIT_IN_SECONDS, LIMIT_IN_MB = 5, 300


def measure(what: str) -> bool:
    """Print the figures of the corpus or of one entry; tell whether they are below the limits."""
    began = time.perf_counter()
    corpus = Corpus(20240115)
    entry: Entry | None = None if what == WHOLE else getattr(corpus, what)
    studies = list(corpus.all_studies()) if entry is None else entry.studies
    files = [instance.part10 for study in studies for instance in study.instances]
    seconds, worked = time.perf_counter() - began, time.process_time()
    octets = sum(map(len, files))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(  # noqa: T201 - this is what it is for
        f"{what:12} {len(studies):5} studies {len(files):5} instances {octets / 1e6:6.2f} MB in {seconds:5.2f} s: "
        f"{len(files) / seconds:6.0f} instances/s {octets / 1e6 / seconds:6.2f} MB/s, "
        f"{worked:5.2f} s of a processor, peak {peak:4.0f} MB"
    )
    return worked < LIMIT_IN_SECONDS and peak < LIMIT_IN_MB


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(not measure(sys.argv[1]))
    ended = [
        subprocess.run([sys.executable, __file__, what], check=False).returncode  # noqa: S603 - this file
        for what in (WHOLE, *sorted(LARGE))
    ]
    sys.exit(ended[0])
