"""A worker of pytest-xdist that dies takes along the check that it was judging, and nothing else."""

from pathlib import Path

import pytest

from tests.plugin.sites import STORES_AND_READS, site

DIES = """
import os, pathlib, signal
from dicomweb_conformance.archive import delivery
from dicomweb_conformance.service import studies_service

flag = pathlib.Path(__file__).with_name("died")

def dies_in(owner, name):
    original = getattr(owner, name)

    def method(self, *args, **kwargs):
        result = original(self, *args, **kwargs)
        if "PYTEST_XDIST_WORKER" in os.environ:
            try:
                flag.touch(exist_ok=False)
            except FileExistsError:
                pass
            else:
                {how}
        return result

    setattr(owner, name, method)

dies_in({where})
"""
KILLED = "os.kill(os.getpid(), signal.SIGKILL)"
WHERE = {
    "with a study that no check has yet": 'delivery.Delivery, "_send"',
    "in mid-flight of a check": 'studies_service.StudiesService, "store_payload"',
    "while it looks": 'studies_service.StudiesService, "retrieve"',
}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("how", [KILLED, "os._exit(0)"], ids=["killed", "exits"])
def test_the_verdict_is_partial_and_what_is_open_is_named(where: str, how: str, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(DIES.format(how=how, where=WHERE[where]))

    with site(tmp_path) as archive:
        status, printed = archive.run(*STORES_AND_READS, "-n", "2")

        assert status == 3, printed
        assert (tmp_path / "died").exists()
        told = archive.told()
        assert told["overall"]["verdict"] == "partial"
        assert "conforms" not in printed
        assert "The run did not end: worker gw" in printed
        assert told["counts"]["not concluded"] >= 1
        assert {each["verdict"] for each in told["results"]} <= {"pass", "note", "not-applicable"}, (
            "nobody else suffers"
        )
        concluded = {each["check"] for each in told["results"]}
        left_open = [each["check"] for each in told["planned"] if each["check"] not in concluded]
        assert len(left_open) == 1
        assert f"not concluded, 1 x: {left_open[0]}" in printed
        assert left_open[0] in (archive.report / "report.md").read_text(encoding="utf-8")
        assert told["left"] == []
        assert archive.studies() == set()
        assert archive.ledger() == set()


def test_a_check_that_ends_its_process_each_time_ends_the_run_without_a_verdict_on_it(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "import os\n"
        "class Deadly:\n"
        "    def pytest_runtest_call(self, item):\n"
        "        if 'limit_caps' in item.name:\n"
        "            os._exit(0)\n"
        "def pytest_configure(config):\n"
        "    config.pluginmanager.register(Deadly())\n"
    )

    with site(tmp_path) as archive:
        status, printed = archive.run("-k", "search-limit", "-n", "2", "--max-worker-restart=1")

        assert status == 3, printed
        told = archive.told()
        assert told["overall"]["verdict"] == "partial"
        assert "not concluded, 1 x: search-limit-caps" in printed
