"""What a client of the page would trip over fails the samples that do, the checks that say so, and no other."""

from pathlib import Path

import pytest

from dicomweb_reference.archive import Resource
from dicomweb_reference.google import Google
from tests.mutants.google import access, addresses, operations, seed
from tests.mutants.harness import judged
from tests.mutants.samples import OF, POLLED, POLLED_STUDY, XML_READ, checks


class DeletesTheNeighbour(Google):
    """The delete of a study takes with it the study that was stored for the same check before."""

    def delete_resource(self, resource: Resource) -> None:
        here = self.archive.instances(resource)
        before = [
            instance for instance in self.archive.instances(Resource()) if here and instance.ordinal < here[0].ordinal
        ]
        if resource.series is None and before and "FRESH" in str(before[-1].attributes["00100010"]):
            super().delete_resource(Resource(before[-1].study))
        super().delete_resource(resource)


ACCEPTS_PNG = ("curl", "powershell", "go", "nodejs", "python")
READ_BY_GO = ("search-instances", "search-studies", "retrieve-study", "retrieve-instance", "rendered")
WITHOUT_ACCEPT = (
    *checks("store", "powershell", "go", "java"),
    *checks("search-instances", "powershell", "go"),
    *checks("search-studies", "powershell", "go"),
    *checks("retrieve-study", "go"),
    *checks("metadata", "powershell"),
)
STORED_WITHOUT_ACCEPT = {"google-json-jpeg[colour]", "google-json-jpeg[grayscale]"}
DEFECTS = [
    (
        seed.WantsTheTypeInQuotes,
        checks("retrieve-study", "curl", "powershell", "nodejs"),
        {"google-retrieve-as-stored[bare]"},
    ),
    (
        seed.TakesAnEmptyAltForAKey,
        [f"seed-{each}[go]" for each in READ_BY_GO],
        {"google-parameters[alt-empty]"},
    ),
    (
        seed.WantsAnAccept,
        WITHOUT_ACCEPT,
        {
            *("google-metadata-type[study-no-accept]", "google-search-type[no-accept]"),
            *("google-store-answers-xml[no-accept]", "google-study-by-default[no-accept]"),
            *STORED_WITHOUT_ACCEPT,
        },
    ),
    (addresses.PrefersJson, XML_READ, {"google-store-answers-xml[no-accept]"}),
    (seed.NamesNoKeywords, XML_READ, {"google-store-xml", "message[XML-013]"}),
    (
        seed.MakesNoPng,
        checks("rendered", *ACCEPTS_PNG),
        {"google-rendered-type[frame-png]", "google-rendered-type[instance-png]"},
    ),
    (seed.PlusStandsForItself, checks("search-studies", "go", "python"), set()),
    (operations.SaysNothingOfTheResult, POLLED, {"lro-cancel", "lro-result"}),
    (operations.GoogleStudyLeavesOneInstance, POLLED_STUDY, {"lro-removes-study"}),
    (DeletesTheNeighbour, POLLED_STUDY, {"lro-spares-others"}),
    (seed.RefusesChunks, checks("store", "nodejs"), set()),
    (seed.IgnoresTheTokenInTheUrl, checks("store", "java"), set()),
    (access.TakesTokensInHeadersOnly, checks("store", "java"), {"google-access-token"}),
]


@pytest.mark.parametrize(("server", "samples", "others"), DEFECTS, ids=[server.__name__ for server, _, _ in DEFECTS])
def test_a_defect_fails_the_samples_that_trip_over_it_and_what_says_so(
    server: type[Google], samples: tuple[str, ...], others: set[str], tmp_path: Path, every_check: bool
) -> None:
    every_sample = {check for operation in OF for check in checks(operation)}

    if every_check:
        run = judged(server(), tmp_path, "-m", "google or seed")
    else:
        run = judged(server(), tmp_path, checks=every_sample | others)

    against = {result.check for result in run.results if result.verdict in {"fail", "deviation", "error"}}
    assert against == {*samples, *others}
