"""Whatever stands in an answer: the suite says something of it, and never stumbles."""

from __future__ import annotations

import contextlib
import io
import logging
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicomweb_conformance.http.observed import Answer
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance
from dicomweb_reference.serving import FLAVOURS, running
from dicomweb_reports import record
from dicomweb_reports.record import Run
from tests.hostile.fuzz.fuzz_answers import observed, read, recording, with_faults
from tests.hostile.fuzz.fuzz_mutations import Message, kind_of
from tests.hostile.fuzz.fuzzing_server import Fuzzing

KINDS = ("dicom", "json", "xml", "multipart", "other")
FEW, MANY = 40, 600
"""Answers of each kind."""
SEEDS = {"dicom": range(1, 5), "google": range(1, 3)}
FEWEST = {"dicom": (20, 1500), "google": (20, 500)}
"""Answers with faults that runs must meet with, few of them or many, to show anything."""
LOG = logging.getLogger(__name__)
SOME = (
    *("smoke", "xml-metadata", "retrieve-returns", "metadata-holds", "rendered-instance", "bulkdata-by-uri"),
    *("persona-retrieve", "persona-bulkdata"),
)
FAST = ["-k", " or ".join(SOME)]
"""Checks that ask for a bit of everything."""


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether there is time for thousands of answers."""
    return bool(request.config.getoption("--hostile-all"))


def judged(
    directory: Path, flavour: str, *arguments: str, seed: int = 0, share: float = 0.0
) -> tuple[Run, Fuzzing, str]:
    """Judge the reference server, a share of whose answers has faults; return the record and what was printed."""
    directory.mkdir(exist_ok=True)
    reference = FLAVOURS[flavour]()
    fuzzing = Fuzzing(reference.app, seed, share)
    reference.app = fuzzing  # type: ignore[assignment]  # an ASGI application like the one that it goes around
    own = [
        *("--dicomweb-grace=0.05", "--dicomweb-timeout=5", "--dicomweb-seed=1", "--dicomweb-include=delete,unsafe"),
        *(f"--rootdir={directory}", "--config-file=/dev/null", "-q", "--tb=no", "-pno:cacheprovider", "-pno:xdist"),
        *("-pno:hypothesispytest", "-pno:unraisableexception", "-Werror", f"--dicomweb-profile={flavour}"),
    ]
    printed = io.StringIO()
    with running(reference) as url, contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        pytest.main([f"--dicomweb-url={url}", f"--dicomweb-report={directory / 'report'}", *own, *arguments])
    return record.load(directory / "report"), fuzzing, printed.getvalue()


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory, long: bool) -> dict[str, list[Answer]]:
    """The answers of a clean run by what they hold."""
    selection = [] if long else FAST
    with recording() as kept:
        judged(tmp_path_factory.mktemp("clean"), "dicom", *selection)
    found: dict[str, list[Answer]] = {kind: [] for kind in KINDS}
    for answer in kept:
        found[kind_of(Message(answer.status, answer.headers.fields, b"".join(answer.body)))].append(answer)
    assert all(found.values()), {kind: len(each) for kind, each in found.items()}
    return found


@pytest.fixture(scope="session")
def instances() -> list[Instance]:
    """Instances with which answers are compared: elements of every VR and nested ones, pixels, compressed frames."""
    corpus = Corpus(1)
    return [corpus.elements.instances[0], corpus.ct_pair.instances[0], corpus.rle.instances[0]]


@pytest.mark.parametrize("kind", KINDS)
def test_no_reader_and_no_judge_stumbles(
    kind: str, answers: dict[str, list[Answer]], instances: list[Instance], long: bool
) -> None:
    of_kind = answers[kind]
    others = [b"".join(each.body)[:20_000] for each_kind in KINDS for each in answers[each_kind][:10]]
    seen: Counter[str] = Counter()

    @settings(
        max_examples=MANY if long else FEW,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.integers(0, len(of_kind) - 1),
        st.integers(0, len(instances) - 1),
        st.randoms(use_true_random=True, note_method_calls=False),
    )
    def fuzz(number: int, instance: int, chance: Random) -> None:
        answer, names = with_faults(chance, of_kind[number], others)
        seen.update(names)
        observed(answer)
        read(answer, instances[instance])

    fuzz()
    assert seen.total() >= FEW


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_no_check_of_a_run_stumbles(flavour: str, tmp_path: Path, long: bool) -> None:
    fuzzed = 0
    for seed in SEEDS[flavour] if long else [1]:
        selection = [] if long else FAST
        run, fuzzing, printed = judged(tmp_path / str(seed), flavour, *selection, seed=seed, share=0.2)

        errors = [f"{result.check}: {result.reason}" for result in run.results if result.verdict == "error"]
        assert not errors, "\n".join([f"seed {seed}", *errors, *fuzzing.told[-40:]])
        assert "INTERNALERROR" not in printed, printed
        assert run.footer is not None, printed
        fuzzed += len(fuzzing.told)
    LOG.info("%s fuzzed answers of %s", fuzzed, flavour)
    assert fuzzed >= FEWEST[flavour][long]
