"""What got worse between two runs, by check, requirement and code."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.cli import main
from dicomweb_conformance.run import gate
from dicomweb_conformance.run.gate import BaselineError
from dicomweb_reports import comparison_lines, concluded
from dicomweb_reports.comparison import Renamed, compare, gates
from dicomweb_reports.json_fields import RecordError
from dicomweb_reports.model import Comparison, Difference
from dicomweb_reports.report_html import html
from dicomweb_reports.report_markdown import markdown
from dicomweb_reports.write import write_reports
from tests.reports.run_directory import RunDirectory, finding

NONE = Renamed({}, {})
ROW = "SEARCH-069"


def run_of(
    path: Path, *checks: tuple[str, str, dict[str, Any]], left_out: int = 0, ended: bool = True, **header: Any
) -> RunDirectory:
    """Write a run of these checks, each with its verdict; "" for one that was planned and not reached."""
    path.mkdir()
    run = RunDirectory(path)
    run.header(**header)
    run.plan(*((name, ROW, f"Claim of {name}.") for name, _, _ in checks), left_out=left_out)
    for name, verdict, fields in checks:
        if verdict:
            run.result(name, ROW, f"Claim of {name}.", verdict, **fields)
    if ended:
        run.footer()
    return run


def found(verdict: str, code: str = "more objects") -> tuple[str, dict[str, Any]]:
    return verdict, {"findings": [finding(ROW, code, verdict if verdict in {"note", "deviation"} else "fail")]}


def compared(tmp_path: Path, old: Any, new: Any, renamed: Renamed = NONE) -> Comparison:
    """Compare two runs, each check given by its id as (verdict, fields)."""
    runs = [
        concluded.read(run_of(tmp_path / name, *((check, *each) for check, each in checks.items())).path)
        for name, checks in (("old", old), ("new", new))
    ]
    return compare(*runs, renamed)


def short(differences: tuple[Difference, ...]) -> list[str]:
    return [
        f"{difference.check} {difference.code}: {difference.before} -> {difference.after}" for difference in differences
    ]


PASS: tuple[str, dict[str, Any]] = ("pass", {})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (before, after)
        for number, before in enumerate(["pass", "note", "deviation", "fail"])
        for after in ["pass", "note", "deviation", "fail"][number + 1 :]
    ],
)
def test_from_pass_over_note_and_deviation_to_fail_is_worse_and_back_is_better(
    tmp_path: Path, before: str, after: str
) -> None:
    good, bad = (PASS if each == "pass" else found(each) for each in (before, after))

    assert short(compared(tmp_path, {"a": good}, {"a": bad}).worse) == [f"a more-objects: {before} -> {after}"]

    (tmp_path / "again").mkdir()
    back = compared(tmp_path / "again", {"a": bad}, {"a": good})
    assert (back.worse, short(back.better)) == ((), [f"a more-objects: {after} -> {before}"])


@pytest.mark.parametrize("after", ["inconclusive", "not-applicable", ""])
@pytest.mark.parametrize("before", ["pass", "note", "deviation"])
def test_what_is_not_judged_any_more_is_worse(tmp_path: Path, before: str, after: str) -> None:
    earlier = PASS if before == "pass" else found(before)

    result = compared(tmp_path, {"a": earlier}, {"a": (after, {"reason": "no thumbnails"})})

    assert short(result.worse) == [f"a : {before} -> {after or 'not concluded'}"]


def test_a_check_that_is_not_planned_any_more_is_worse(tmp_path: Path) -> None:
    assert short(compared(tmp_path, {"a": PASS, "b": PASS}, {"a": PASS}).worse) == ["b : pass -> missing"]


def test_a_selection_is_held_only_against_what_it_was_asked_for(tmp_path: Path) -> None:
    old = concluded.read(run_of(tmp_path / "old", ("a", *PASS), ("b", *PASS)).path)
    new = concluded.read(run_of(tmp_path / "new", ("a", *PASS), left_out=1).path)

    result = compare(old, new, NONE)

    assert (result.worse, result.not_asked) == ((), 1)


def test_a_selection_that_sees_other_messages_makes_nothing_better_of_them(tmp_path: Path) -> None:
    rule, other = "message[SEARCH-069]", "message[SEARCH-036]"
    of_messages = {"scenario": "messages", "messages": {"judged": 4000, "at_fault": 1}}
    verdict, fields = found("fail")
    all_messages = [(rule, verdict, fields | of_messages), (other, "pass", of_messages)]
    few = {"scenario": "messages", "messages": {"judged": 40, "at_fault": 0}}
    old = concluded.read(run_of(tmp_path / "old", *all_messages).path)
    new = concluded.read(run_of(tmp_path / "new", (rule, "pass", few), left_out=900).path)

    comparison = compare(old, new, NONE)

    assert (comparison.better, comparison.worse, comparison.unjudged, comparison.not_asked) == ((), (), (), 1)


def test_what_a_selection_as_baseline_did_not_judge_is_no_excuse(tmp_path: Path) -> None:
    old = concluded.read(run_of(tmp_path / "old", ("a", *PASS), left_out=1).path)
    new = concluded.read(run_of(tmp_path / "new", ("a", *PASS), ("b", *found("fail"))).path)

    result = compare(old, new, NONE)

    assert (short(result.worse), result.new) == (["b more-objects: missing -> fail"], ())


def test_a_failure_that_nobody_looks_at_is_no_improvement(tmp_path: Path) -> None:
    result = compared(tmp_path, {"a": found("fail")}, {"a": ("inconclusive", {"reason": "no study"})})

    assert (result.worse, result.better, short(result.unjudged)) == ((), (), ["a : fail -> inconclusive"])


@pytest.mark.parametrize("before", ["inconclusive", "not-applicable"])
def test_what_was_open_and_fails_is_worse_and_a_pass_is_better(tmp_path: Path, before: str) -> None:
    old = {"a": (before, {}), "b": (before, {})}

    result = compared(tmp_path, old, {"a": found("fail"), "b": PASS})

    assert short(result.worse) == [f"a more-objects: {before} -> fail"]
    assert short(result.better) == [f"b : {before} -> pass"]


def test_another_fault_in_a_check_that_failed_is_worse(tmp_path: Path) -> None:
    result = compared(tmp_path, {"a": found("fail", "none")}, {"a": found("fail", "4xx")})

    assert (short(result.worse), result.better) == (["a 4xx: pass -> fail"], ())


def test_what_is_new_in_the_suite_gates_only_where_strict(tmp_path: Path) -> None:
    new = {"a": PASS, "b": found("fail"), "c": PASS, "d": ("inconclusive", {"reason": "no study"})}

    result = compared(tmp_path, {"a": PASS}, new)

    assert result.worse == ()
    assert short(result.new) == [
        "b more-objects: missing -> fail",
        "c : missing -> pass",
        "d : missing -> inconclusive",
    ]
    assert gates(result, strict=False) == ()
    assert [each.check for each in gates(result, strict=True)] == ["b", "d"]


def test_an_error_of_the_suite_is_never_excused(tmp_path: Path) -> None:
    error = ("error", {"reason": "KeyError: 'x'"})

    result = compared(tmp_path, {"a": error}, {"a": error, "b": error})

    assert short(result.worse) == ["a : error -> error", "b : missing -> error"]


def test_known_failures_apply_first(tmp_path: Path) -> None:
    row = {"requirement": ROW, "code": "more-objects", "reason": "ticket 1", "link": ""}
    known = ("known", {**found("fail")[1], "known": [row]})
    hangs = ("inconclusive", {"blame": "a", "reason": "no list"})
    chained = ("inconclusive", {"blame": "b", "reason": "no list"})

    result = compared(tmp_path, {"a": PASS, "b": PASS, "c": PASS}, {"a": known, "b": hangs, "c": chained})

    assert (result.worse, result.better) == ((), ())


def test_a_known_failure_that_is_not_explained_any_more_is_the_same_failure(tmp_path: Path) -> None:
    row = {"requirement": ROW, "code": "more-objects", "reason": "ticket 1", "link": ""}
    known = ("known", {**found("fail")[1], "known": [row]})

    result = compared(tmp_path, {"a": known}, {"a": found("fail")})

    assert (result.worse, result.better) == ((), ())


def test_earlier_names_of_checks_and_codes_count(tmp_path: Path) -> None:
    renamed = Renamed({"was": "is", "dropped": ""}, {ROW: {"more-objects": "too-many"}})
    old = {"was": found("fail"), "dropped": PASS}

    result = compared(tmp_path, old, {"is": found("fail", "too many")}, renamed)

    assert (result.worse, result.better, result.new) == ((), (), ())


def test_the_suite_names_no_check_of_today_as_an_earlier_one() -> None:
    checks = set((Path(__file__).parents[1] / "golden/check_ids.txt").read_text(encoding="utf-8").split())

    assert not checks & requirements.renamed_checks().keys()
    assert {renamed_check for renamed_check in requirements.renamed_checks().values() if renamed_check} <= checks


def message(run: RunDirectory, requirement: str, **fields: Any) -> None:
    """Conclude what all messages showed of a requirement."""
    fields = {"scenario": "messages", "messages": {"judged": 3, "at_fault": 0}, **fields}
    run.result(f"message[{requirement}]", requirement, "Every message.", **fields)


def test_what_messages_do_not_show_any_more_gates_only_where_strict(tmp_path: Path) -> None:
    old, new = (run_of(tmp_path / name, ("a", *PASS), ended=False) for name in ("old", "new"))
    message(old, "HTTP-004")
    for each in (old, new):
        each.footer()

    result = compare(concluded.read(old.path), concluded.read(new.path), NONE)

    assert (result.worse, short(result.unjudged)) == ((), ["message[HTTP-004] : pass -> missing"])
    assert len(gates(result, strict=True)) == 1


def test_a_report_says_the_same_as_its_record(faulty: RunDirectory, tmp_path: Path) -> None:
    write_reports(faulty.path, tmp_path)

    of_record, of_report = concluded.of_run(faulty.load(), "x"), concluded.read(tmp_path / "report.json")

    assert replace(of_report, source="x", started=of_record.started) == of_record
    same = compare(of_record, of_report, NONE)
    assert (same.better, same.new, same.unjudged, short(same.worse)) == (
        (),
        (),
        (),
        [f"{check.check} : error -> error" for check in of_record.checks.values() if check.outcome == "error"],
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "does not exist"),
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no report of this suite"),
        ('{"schema": "other/1"}', "is no report of this suite"),
        ('{"schema": "dicomweb-conformance-report/1"}', "target is missing"),
    ],
)
def test_what_is_no_report_is_refused_in_a_sentence(tmp_path: Path, content: str | None, told: str) -> None:
    path = tmp_path / "report.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    with pytest.raises(RecordError, match=told):
        concluded.read(path)

    ended = CliRunner().invoke(main, ["compare", str(path), str(path)])
    assert (ended.exit_code, told in ended.output) == (4, True)
    with pytest.raises(BaselineError, match=told):
        gate.baseline(path, "dicom")


def test_a_baseline_of_another_profile_is_refused(tmp_path: Path) -> None:
    run = run_of(tmp_path / "old", ("a", *PASS), profile="google")

    with pytest.raises(BaselineError, match="judged by profile google, this run judges by dicom"):
        gate.baseline(run.path, "dicom")


def test_so_is_one_that_judged_nothing(tmp_path: Path) -> None:
    run = run_of(tmp_path / "old", ("a", "inconclusive", {}))

    with pytest.raises(BaselineError, match="judged nothing"):
        gate.baseline(run.path, "dicom")


def test_the_command_says_what_changed_and_ends_with_one_where_something_got_worse(tmp_path: Path) -> None:
    lost = {f"t{number}": ("not-applicable", {"reason": "no thumbnails"}) for number in range(15)}
    old = {"a": PASS, "b": found("deviation"), **dict.fromkeys(lost, PASS)}
    runs = [
        run_of(tmp_path / name, *((check, *each) for check, each in checks.items()))
        for name, checks in (("old", old), ("new", {"a": found("fail"), "b": PASS, **lost}))
    ]
    write_reports(runs[0].path)

    worse = CliRunner().invoke(main, ["compare", str(runs[0].path / "report.json"), str(runs[1].path)])
    same = CliRunner().invoke(main, ["compare", str(runs[0].path), str(runs[0].path)])

    assert worse.exit_code == 1
    assert "  pass -> fail: a (SEARCH-069 more-objects): more objects\n" in worse.output
    assert "  pass -> not-applicable, 15 x: t0, t1," in worse.output
    assert "better (1):\n  deviation -> pass: b (SEARCH-069 more-objects)" in worse.output
    assert "16 things got worse" in worse.output
    assert same.exit_code == 0
    assert "Nothing got worse" in same.output


def gated(tmp_path: Path, old: Any, new: Any, *, failed: int, strict: bool = False) -> int:
    result = compared(tmp_path, old, new)
    run = RunDirectory(tmp_path / "new").load()
    return gate.exit_status(run, result, failed, strict=strict)


def test_a_run_with_a_baseline_fails_by_what_got_worse_and_nothing_else(tmp_path: Path) -> None:
    bad = {"a": found("fail"), "b": ("inconclusive", {"reason": "x"})}

    assert gated(tmp_path, bad, bad, failed=1) == 0
    for name, new, failed, status in (
        ("worse", {"a": found("fail"), "b": found("fail")}, 2, 1),
        ("elsewhere", bad, 2, 1),  # a test of somebody else's failed, or the end of one of ours
        ("error", {"a": ("error", {"reason": "x"}), "b": PASS}, 1, 1),
        ("fixed", {"a": ("fixed", {}), "b": PASS}, 1, 1),
    ):
        (tmp_path / name).mkdir()
        assert gated(tmp_path / name, bad, new, failed=failed) == status, name


def test_reports_tell_first_what_got_worse(tmp_path: Path) -> None:
    result = compared(tmp_path, {"a": PASS}, {"a": found("fail", "<b>|x")})
    new = RunDirectory(tmp_path / "new")
    new.event("baseline", **asdict(result))

    run = new.load()
    text = markdown(run)

    assert run.baseline == result
    assert text.index("## Held against the baseline") < text.index("- Target:")
    assert r"  - pass -> fail: `a` (SEARCH-069 `<b>|x`): \<b\>\|x" in text.replace(r"-\>", "->")
    page = html(run)
    assert page.index("Held against the baseline") < page.index("Services and verdicts")
    assert "pass -&gt; fail: a (SEARCH-069 &lt;b&gt;|x): &lt;b&gt;|x" in page
    assert json.loads((write_reports(new.path).run.directory / "report.json").read_text())["baseline"]["worse"]


def test_a_sentence_says_how_many_got_worse(tmp_path: Path) -> None:
    result = compared(tmp_path, {"a": PASS}, {"a": PASS, "b": found("fail")})

    assert comparison_lines.verdict(result).startswith("Nothing got worse than the baseline (")
    assert comparison_lines.verdict(result, strict=True).startswith("1 thing got worse than the baseline (")
