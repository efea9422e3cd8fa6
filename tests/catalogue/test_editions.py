import re

import pytest

from dicomweb_conformance.catalogue import editions, requirements
from dicomweb_conformance.catalogue.profile import load_profile
from dicomweb_conformance.catalogue.requirements import Span
from dicomweb_conformance.catalogue.verdicts import Verdict

ROWS = requirements.load()


def omitted(edition: str) -> set[str]:
    return {row for omission in editions.omissions(ROWS, edition) for row in omission.named.rows}


def verdict(row: str, code: str, edition: str) -> Verdict:
    return load_profile("dicom").of_edition(edition).rows[row].judge(code)


def test_without_an_edition_each_answer_of_a_current_one_passes():
    profile = load_profile("dicom")

    assert profile.of_edition(None) is profile
    assert profile.edition is None
    assert profile.rows["SEARCH-011"].judge("204-without-body") is Verdict.PASS
    assert profile.rows["SEARCH-011"].judge("200-with-empty-list") is Verdict.PASS


def test_an_edition_lets_pass_what_it_has_right_and_nothing_else():
    assert verdict("SEARCH-011", "204-without-body", "2024e") is Verdict.PASS
    assert verdict("SEARCH-011", "200-with-empty-list", "2024e") is Verdict.FAIL
    assert verdict("SEARCH-011", "204-without-body", "2026a") is Verdict.FAIL
    assert verdict("SEARCH-011", "200-with-empty-list", "2026a") is Verdict.PASS
    assert verdict("NEGOTIATION-012", "200-with-dicom-json-of-the-instance", "2019e") is Verdict.PASS
    assert verdict("NEGOTIATION-012", "200-with-dicom-json-of-the-instance", "2024e") is Verdict.FAIL


def test_between_two_editions_that_were_read_nothing_is_decided():
    for code in ("204-without-body", "200-with-empty-list"):
        assert verdict("SEARCH-011", code, "2025b") is Verdict.PASS
    assert "SEARCH-055" not in omitted("2022a")


def test_an_edition_asks_for_nothing_that_it_does_not_have():
    assert {"SEARCH-055", "THUMBNAIL-001", "SERVICE-003"} <= omitted("2017d")
    assert "SEARCH-055" in omitted("2020b")
    assert not {"SEARCH-055", "THUMBNAIL-001"} & omitted("2024e")
    assert "RENDERED-013" in omitted("2024e")
    assert "RENDERED-013" not in omitted("2024b")


def test_whoever_reads_a_report_is_told_which_edition_decided():
    profile = load_profile("dicom").of_edition("2024e")

    sentence = profile.rows["SEARCH-011"].sentence("200-with-empty-list")
    assert sentence == "200 with [] (decided by PS3.18 2024e: it is right since 2026a)"
    (change,) = [each for each in profile.changes if each.rows.has_row("SEARCH-011")]
    assert "2024e" in change.grounds.reason
    assert all("2024e" in omission.grounds.reason for omission in profile.omissions)


def test_whoever_reads_of_a_tolerated_answer_is_told_which_editions_have_it():
    because = ROWS["SEARCH-055"].because("no-warning-of-older-editions")

    assert because is not None
    assert because.sentence.endswith("It is right up to 2020b.")


def test_spans_are_said_as_a_reader_would():
    assert str(Span(since=("2020b", "2023e"))) == "since 2023e"
    assert str(Span(since=("2017d", "2019e"), until=("2024b", "2024e"))) == "since 2019e and up to 2024b"


@pytest.mark.parametrize(
    ("edition", "said"),
    [
        ("current", "'current' is no edition of PS3.18"),
        ("2024", "'2024' is no edition of PS3.18"),
        ("2011a", "the rows know editions from 2017d to 2026a, not 2011a"),
        ("2031a", "the rows know editions from 2017d to 2026a, not 2031a"),
    ],
)
def test_an_edition_that_nobody_read_is_refused(edition, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        editions.checked(edition)
