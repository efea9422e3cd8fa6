from collections import defaultdict
from pathlib import Path

import pytest

from dicomweb_conformance.catalogue.requirements import Listed, Requirement, code_of, load
from dicomweb_conformance.catalogue.statuses import is_status, status_observation
from dicomweb_conformance.catalogue.verdicts import Verdict

STATUSES = (
    200,
    201,
    202,
    204,
    206,
    302,
    304,
    307,
    400,
    403,
    404,
    405,
    406,
    409,
    410,
    413,
    415,
    416,
    418,
    500,
    501,
    505,
)
VERDICTS = (Verdict.PASS, Verdict.NOTE, Verdict.DEVIATION, Verdict.FAIL)
GOLDEN = Path(__file__).with_name("status_observations.txt")


def row(passes=(), note=(), deviation=(), fail=()):
    return Requirement(
        id="RETRIEVE-999",
        clause="",
        level="shall",
        text="",
        tier="core",
        capability="",
        observe="",
        listed={
            code_of(sentence): Listed(verdict, sentence)
            for verdict, sentences in zip(VERDICTS, (passes, note, deviation, fail), strict=True)
            for sentence in sentences
        },
    )


def sentences(requirement):
    return [sentence for verdict in VERDICTS for sentence in requirement.sentences(verdict)]


def test_observations_that_are_statuses_are_those_of_the_golden_list():
    found = sorted(
        {sentence for requirement in load().values() for sentence in sentences(requirement) if is_status(sentence)}
    )

    assert found == GOLDEN.read_text("utf-8").splitlines()


@pytest.mark.parametrize(
    "observation",
    [
        "200 with []",
        "204 or 200 []",
        "400 that says wild cards are not supported",
        "400 or 409, nothing stored",
        "4xx or 501 from a native server",
        "406 for either",
        "404 although the multipart form gives 200",
        "200: names compared without case",
        "abc: 400",
        "304 without body for the current ETag",
        "4xx (only one object per request supported), nothing stored",
        "272",
        "256x256",
        "any response below 500",
        "2, 4, and 1 and 3",
        "",
    ],
)
def test_further_words_make_it_something_else_than_a_status(observation):
    assert not is_status(observation)


@pytest.mark.parametrize(
    ("identifier", "status", "observation"),
    [
        ("RETRIEVE-017", 404, "404"),
        ("RETRIEVE-017", 206, "206"),
        ("RETRIEVE-017", 204, "204 without body"),
        ("RETRIEVE-017", 500, "5xx"),
        ("RETRIEVE-017", 501, "5xx"),
        ("RETRIEVE-017", 505, "5xx"),
        ("RETRIEVE-017", 418, None),
        ("RETRIEVE-021", 405, "405"),
        ("RETRIEVE-021", 415, "400, 404, 411, 415 or 422"),
        ("RETRIEVE-021", 403, "401 or 403"),
        ("RETRIEVE-021", 501, "501"),
        ("RETRIEVE-021", 409, "another 4xx"),
        ("RETRIEVE-021", 505, "5xx other than 501"),
        ("RETRIEVE-026", 501, "501"),
        ("NEGOTIATION-001", 406, "406"),
        ("NEGOTIATION-001", 400, "400"),
        ("NEGOTIATION-001", 415, "404 or another 4xx"),
        ("STORE-001", 409, "any 4xx"),
        ("STORE-005", 415, "415"),
        ("STORE-005", 400, "other 4xx"),
        ("STORE-012", 409, "409"),
        ("STORE-014", 201, "2xx"),
        ("SEARCH-087", 400, "400 (key refused)"),
        ("SEARCH-001", 501, "501"),
        ("RENDERED-026", 400, "400"),
        ("RENDERED-026", 415, "404, 406 or another 4xx than 400"),
        ("LRO-029", 404, "501, 405 or 404 (not offered)"),
        ("ERROR-010", 500, "500"),
        ("ERROR-010", 507, "5xx other than 501 to 505"),
        ("ERROR-010", 505, None),
        ("HTTP-020", 300, "300 or another 3xx"),
        ("HTTP-020", 306, "300 or another 3xx"),
        ("BULKDATA-001", 200, "200"),
    ],
)
def test_the_status_is_found_in_the_row(identifier, status, observation):
    assert status_observation(load()[identifier], status) == (observation and code_of(observation))


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_target_is_no_verdict_on_any_row(status):
    assert not [each.id for each in load().values() if status_observation(each, status) is not None]


def test_a_code_goes_before_its_family_wherever_they_stand():
    assert status_observation(row(passes=("any 4xx",), fail=("404",)), 404) == "404"
    assert status_observation(row(passes=("404",), fail=("any 4xx",)), 404) == "404"


def test_another_leaves_out_what_the_row_names_with_further_words():
    # NEGOTIATION-023 tells two kinds of 406 apart: neither may fall under "another 4xx"
    requirement = load()["NEGOTIATION-023"]

    assert status_observation(requirement, 406) is None
    assert status_observation(requirement, 404) == "400-or-another-4xx"


def test_501_counts_as_5xx_unless_the_row_says_otherwise():
    assert status_observation(row(fail=("5xx",)), 501) == "5xx"
    assert status_observation(row(fail=("5xx other than 501",)), 501) is None
    assert status_observation(row(note=("501",), fail=("5xx",)), 501) == "501"


def test_422_is_refused_as_400_is_and_meets_no_row_that_asks_for_400():
    assert status_observation(row(deviation=("400",)), 422) == "400"
    assert status_observation(row(note=("422",), deviation=("400",)), 422) == "422"
    assert status_observation(row(passes=("400",)), 422) is None


def test_no_row_is_of_two_minds_about_a_status():
    doubts = defaultdict(set)
    for requirement in load().values():
        turned = row(
            *(requirement.sentences(verdict)[::-1] for verdict in VERDICTS[::-1]),
        )
        for status in STATUSES:
            if status_observation(requirement, status) != status_observation(turned, status):
                doubts[requirement.id].add(status)

    assert not doubts


def test_a_row_that_spares_501_says_what_it_is_instead():
    # else the level would fail what the list of fails leaves out
    spares = "5xx other than 501"
    silent = [
        each.id
        for each in load().values()
        if spares in each.sentences(Verdict.FAIL)
        and each.level == "shall"
        and not any("501" in other for other in sentences(each) if other != spares)
    ]

    assert not silent


@pytest.mark.parametrize(("asked_for", "near"), [(400, 422), (406, 415)])
def test_a_row_that_asks_for_a_status_says_what_comes_of_one_that_clients_treat_alike(asked_for, near):
    def passes(requirement, status):
        observation = status_observation(requirement, status)
        return observation is not None and requirement.verdict_of(observation) is Verdict.PASS

    asking = [each for each in load().values() if each.see is None and passes(each, asked_for)]

    assert len(asking) > 10
    open_to_the_level = {
        each.id
        for each in asking
        if each.level == "shall" and each.scope == "check" and not each.not_tested
        if status_observation(each, near) is None and not any("another 4xx" in one for one in sentences(each))
    }
    assert {each for each in open_to_the_level if not each.startswith("GOOGLE")} == set()  # whose API says which
