"""What a run concluded, check by check: all that runs are compared by, of a run record or of a report.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dicomweb_reports import personas
from dicomweb_reports.json_fields import Fields, RecordError
from dicomweb_reports.messages import SCENARIO as MESSAGES
from dicomweb_reports.model import FINDING_VERDICTS, VERDICTS, PlannedCheck
from dicomweb_reports.record import FILE, load
from dicomweb_reports.summary import NOT_CONCLUDED, NOT_INCLUDED, overall, product, product_name, service

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dicomweb_reports.model import Run

REPORT = "report.json"
SCHEMA = "dicomweb-conformance-report/1"
JUDGED = frozenset({"pass", "note", "deviation", "fail", "known", "fixed"})
"""Verdicts that say something of the target."""

Key = tuple[str, str]
"""A requirement's id, and the code of an observation."""


@dataclass(frozen=True)
class Shown:
    """What a check found of one kind: the worst verdict, and the words of what was observed."""

    verdict: str
    observation: str


@dataclass(frozen=True)
class Check:
    """What became of one check.

    `outcome`: its verdict, not included, or not concluded. `known`: the findings that known failures explain.
    """

    check: str
    scenario: str
    service: str
    title: str
    core: bool
    requirements: tuple[str, ...]
    outcome: str
    reason: str
    blame: str | None
    findings: Mapping[Key, Shown]
    known: frozenset[Key]

    @property
    def of_messages(self) -> bool:
        """Whether it is about all messages of a run, so that it is there only where messages showed something."""
        return self.scenario == MESSAGES


@dataclass(frozen=True)
class Concluded:
    """A run as others are compared with it.

    Attributes:
        source: where it was read.
        target: vendor, name and version of the product; its URL where that is not declared.
        url: the base URL.
        suite: the version that judged.
        profile: by whose rules.
        started: when, as ISO 8601.
        verdict: over all.
        reason: why, in one sentence.
        ended: whether the run came to its end.
        left_out: how many checks of the profile it was not asked for.
        checks: by their ids, those planned and those of messages.
        requirements: the ids of all that were planned to be judged.
        clients: client in use, and whether it works, degrades or breaks.
    """

    source: str
    target: str
    url: str
    suite: str
    profile: str
    started: str
    verdict: str
    reason: str
    ended: bool
    left_out: int
    checks: Mapping[str, Check]
    requirements: frozenset[str]
    clients: Mapping[str, str]


def read(path: Path) -> Concluded:
    """Read a run: report.json, or a directory that holds it or the record.

    Raises:
        RecordError: there is none, or it cannot be read.
    """
    if path.is_dir():
        if not (path / REPORT).exists() and (path / FILE).exists():
            return of_run(load(path), str(path))
        path /= REPORT
    try:
        values = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise RecordError(f"{path} does not exist: expected a report.json, or the directory of a run") from None
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path} is no JSON ({error}): expected a report.json of this suite") from None
    if not isinstance(values, dict) or values.get("schema") != SCHEMA:
        raise RecordError(f"{path} is no report of this suite: expected a JSON object with schema {SCHEMA}")
    return _of_report(Fields(values, str(path)))


def of_run(run: Run, source: str) -> Concluded:
    """Return a run of which the record was read."""
    over_all = overall(run)
    checks = {
        result.check: Check(
            result.check,
            result.scenario,
            service(result, run),
            result.title,
            result.core,
            result.requirements,
            result.verdict if result.included else NOT_INCLUDED,
            result.reason,
            result.blame,
            _findings((found.requirement, found.code, found.verdict, found.observation) for found in result.findings),
            frozenset((row.requirement, row.code) for row in result.known),
        )
        for result in run.results
    }
    planned = {each.check: _open(each, service(each, run)) for each in run.planned if each.check not in checks}
    return Concluded(
        source=source,
        target=product(run) or run.target.url,
        url=run.target.url,
        suite=run.suite.version,
        profile=run.profile,
        started=run.started.isoformat(timespec="seconds"),
        verdict=over_all.verdict,
        reason=over_all.reason,
        ended=run.footer is not None and not run.footer.interrupted and not run.troubles,
        left_out=run.left_out,
        checks={**checks, **planned},
        requirements=frozenset(run.requirements),
        clients={row.client: row.outcome for row in personas.rows(run)},
    )


def _of_report(report: Fields) -> Concluded:
    target, over_all = report.child("target"), report.child("overall")
    declared = target.optional_child("product")
    named = product_name(*(declared.text(key, "") for key in ("vendor", "name", "version"))) if declared else ""
    services = {name: each.text("service", "") for name, each in report.named("requirements").items()}
    checks = {each.text("check"): _check(each, services) for each in report.children("results")}
    for each in report.children("planned"):
        texts = each.text("check"), each.text("scenario"), each.text("title")
        planned = PlannedCheck(*texts, each.texts("requirements"), each.flag("core"))
        checks.setdefault(planned.check, _open(planned, _service(each, services)))
    return Concluded(
        source=report.place,
        target=named or target.text("url"),
        url=target.text("url"),
        suite=report.child("suite").text("version"),
        profile=report.text("profile"),
        started=report.text("started"),
        verdict=over_all.text("verdict"),
        reason=over_all.text("reason"),
        ended=report.optional_text("finished") is not None
        and not report.flag("interrupted", False)
        and not report.texts("troubles"),
        left_out=report.integer("left_out") if "left_out" in report.values else 0,
        checks=checks,
        requirements=frozenset(services),
        clients={each.text("client"): each.text("outcome") for each in report.children("personas")},
    )


def _check(result: Fields, services: Mapping[str, str]) -> Check:
    verdict = result.text("verdict")
    if verdict not in VERDICTS:
        raise result.wrong("verdict", f"one of {', '.join(VERDICTS)}")
    return Check(
        result.text("check"),
        result.text("scenario"),
        _service(result, services),
        result.text("title"),
        result.flag("core"),
        result.texts("requirements"),
        verdict if result.flag("included", True) else NOT_INCLUDED,
        result.text("reason", ""),
        result.optional_text("blame"),
        _findings(_finding(each) for each in result.children("findings")),
        frozenset((row.text("requirement"), row.text("code")) for row in result.children("known")),
    )


def _finding(fields: Fields) -> tuple[str, str, str, str]:
    verdict = fields.text("verdict")
    if verdict not in FINDING_VERDICTS:
        raise fields.wrong("verdict", f"one of {', '.join(FINDING_VERDICTS)}")
    return fields.text("requirement"), fields.text("code"), verdict, fields.text("observation", "")


def _findings(found: Iterable[tuple[str, str, str, str]]) -> dict[Key, Shown]:
    """Return the worst of each kind."""
    kinds: dict[Key, Shown] = {}
    for requirement, code, verdict, observation in found:
        earlier = kinds.get((requirement, code))
        if earlier is None or FINDING_VERDICTS.index(verdict) < FINDING_VERDICTS.index(earlier.verdict):
            kinds[requirement, code] = Shown(verdict, observation)
    return kinds


def _service(check: Fields, services: Mapping[str, str]) -> str:
    """Return the service that a check belongs to, as `summary.service` finds it."""
    for name in check.texts("requirements"):
        if services.get(name):
            return services[name]
        if "-" in name:
            return name.rpartition("-")[0].lower()
    return check.text("scenario")


def _open(check: PlannedCheck, of: str) -> Check:
    """Return a planned check without a result."""
    named = check.check, check.scenario, of, check.title
    return Check(*named, check.core, check.requirements, NOT_CONCLUDED, "", None, {}, frozenset())
