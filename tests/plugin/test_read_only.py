"""A target that may only be read is judged by a corpus that was loaded by other means."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomweb_fixtures.export import export
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from tests.nodes import selecting
from tests.plugin.runs import Run

SEED = 4242


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus as files, as `dicomweb-conformance corpus export` writes it."""
    directory = tmp_path_factory.mktemp("exported") / "corpus"
    export(SEED, directory)
    return directory


@pytest.fixture(scope="module")
def loaded(corpus: Path) -> Iterator[str]:
    """The base URL of a server that holds the corpus."""
    with running(Reference()) as url:
        for path in sorted(corpus.rglob("*.dcm")):
            request = urllib.request.Request(f"{url}/studies", path.read_bytes(), {"Content-Type": "application/dicom"})
            with urllib.request.urlopen(request) as answer:
                assert answer.status == 200, path
        yield url


def report(directory: Path) -> dict[str, dict[str, object]]:
    document = json.loads((directory / "reports/latest/report.json").read_text("utf-8"))
    return {each["check"]: each for each in document["results"]}


def test_what_can_be_read_is_judged_and_nothing_is_sent_that_could_change_anything(
    run: Run, tmp_path: Path, corpus: Path, loaded: str
) -> None:
    ended = run(f"--dicomweb-url={loaded}", f"--dicomweb-corpus={corpus / 'corpus.json'}")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    events = [json.loads(line) for line in (tmp_path / "reports/latest/run.jsonl").read_text("utf-8").splitlines()]
    assert {event["method"] for event in events if event["event"] == "exchange"} <= {"GET", "HEAD", "OPTIONS"}
    results = report(tmp_path)
    assert {result["verdict"] for result in results.values()} == {"pass", "note", "not-applicable"}
    assert results["search-limit-caps"]["verdict"] == "pass"
    assert results["store-multipart"]["reason"] == "the run only reads: no POST is sent"
    assert sum(result["verdict"] == "pass" for result in results.values()) > 350


def test_a_study_that_was_not_loaded_is_named(run: Run, tmp_path: Path) -> None:
    with running(Reference()) as url:
        ended = run(
            f"--dicomweb-url={url}", "--dicomweb-read-only", f"--dicomweb-seed={SEED}", *selecting("search-limit-caps")
        )

    assert ended.returncode == 5, "nothing was judged"
    reason = report(tmp_path)["search-limit-caps"]["reason"]
    assert reason == (
        "study two_series is not there: neither search, retrieve nor metadata show it on the target, "
        "and the run only reads"
    )


def test_a_corpus_of_another_version_judges_nothing(run: Run, tmp_path: Path, corpus: Path, loaded: str) -> None:
    document = json.loads((corpus / "corpus.json").read_text("utf-8"))
    for study in document["studies"]:
        for series in study["series"]:
            for instance in series["instances"]:
                instance["sha256"] = "0" * 64
    (tmp_path / "corpus.json").write_text(json.dumps(document), "utf-8")

    run(f"--dicomweb-url={loaded}", "--dicomweb-corpus=corpus.json", *selecting("search-limit-caps"))

    result = report(tmp_path)["search-limit-caps"]
    assert result["verdict"] == "inconclusive"
    assert "corpus.json was written by another version of the suite or of its codecs" in str(result["reason"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--dicomweb-read-only"], "what is on the target?"),
        (["--dicomweb-corpus=nowhere.json"], "nowhere.json cannot be read"),
        (["--dicomweb-corpus=text.json"], "text.json is no JSON"),
        (["--dicomweb-corpus=list.json"], "list.json is not what 'dicomweb-conformance corpus export' writes"),
        (["--dicomweb-corpus=future.json"], "future.json has format 9; expected 1: export it again"),
        (["--dicomweb-corpus=good.json", "--dicomweb-seed=2"], "good.json has seed 1"),
    ],
)
def test_what_cannot_be_used_is_named(run: Run, tmp_path: Path, arguments: list[str], expected: str) -> None:
    for name, text in {
        "text": "seed = 1",
        "list": "[]",
        "future": '{"format": 9}',
        "good": '{"format": 1, "seed": 1, "studies": []}',
    }.items():
        (tmp_path / f"{name}.json").write_text(text, "utf-8")

    ended = run("--dicomweb-url=http://127.0.0.1:9/dicom-web", *arguments)

    assert ended.returncode == 4
    assert expected in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
