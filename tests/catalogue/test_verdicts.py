import pytest

from dicomweb_conformance.catalogue.verdicts import Verdict, of_level, worst


def test_a_fail_outweighs_everything():
    assert worst(reversed(Verdict)) is Verdict.FAIL


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([Verdict.PASS, Verdict.NOT_APPLICABLE], Verdict.PASS),
        ([Verdict.PASS, Verdict.NOTE, Verdict.DEVIATION], Verdict.DEVIATION),
        ([Verdict.DEVIATION, Verdict.INCONCLUSIVE], Verdict.INCONCLUSIVE),
        ([Verdict.KNOWN, Verdict.PASS], Verdict.KNOWN),
        ([Verdict.ERROR, Verdict.FAIL], Verdict.FAIL),
        ([Verdict.NOT_APPLICABLE], Verdict.NOT_APPLICABLE),
    ],
)
def test_the_worst_verdict_stands_for_all(verdicts, expected):
    assert worst(verdicts) is expected


def test_nothing_concluded_has_no_verdict():
    with pytest.raises(ValueError, match=r".+"):
        worst([])


def test_verdicts_read_as_the_words_of_the_reports():
    assert [str(each) for each in Verdict] == [
        "fail",
        "error",
        "fixed",
        "inconclusive",
        "known",
        "deviation",
        "note",
        "pass",
        "not-applicable",
    ]


def test_the_level_decides_what_no_row_lists():
    assert [of_level(level) for level in ("shall", "should", "may")] == [Verdict.FAIL, Verdict.DEVIATION, Verdict.NOTE]
