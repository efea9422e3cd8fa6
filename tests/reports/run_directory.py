"""Run directories for the tests of the reports: a writer of events, and the rows that they quote."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dicomweb_reports.record import Run, load

STARTED = "2026-11-22T23:50:01.123Z"
URL = "https://pacs.example/dicom-web"
JSON = ("Content-Type", "application/dicom+json")

ROWS: dict[str, dict[str, Any]] = {
    "SEARCH-069": {
        "clause": "PS3.18 8.3.4.4",
        "level": "shall",
        "tier": "core",
        "service": "search",
        "text": "limit sets the greatest number of results.",
        "why": "dcmweb, Slicer and dicomweb-client page until an empty answer: limit ignored means everything twice, an"
        " order that changes means studies never shown, an offset that does not end a loop without end.",
        "pass": ["one object, then two"],
        "fail": ["more objects than limit", "none", "4xx", "5xx"],
    },
    "SEARCH-036": {
        "clause": "PS3.4 C.2.2.2.4 note",
        "level": "shall",
        "tier": "core",
        "service": "search",
        "text": "A lone '*' is universal matching.",
        "why": "A name missed because of its accents hides the prior that would have settled the diagnosis.",
        "pass": ["the same studies as without the key"],
        "deviation": ["the study with the empty value is left out", "400"],
        "fail": ["a study with a value is left out", "studies of other patients", "5xx"],
    },
    "STORE-003": {
        "clause": "PS3.18 10.5.1.1.1",
        "level": "shall",
        "tier": "core",
        "service": "store",
        "text": "With a study in the path every instance must have that Study Instance UID; others are not stored.",
        "why": "Posting to a study guards against mixing patients. An instance of another study stored through it is"
        " one person's image in another one's folder.",
        "pass": ["409, the instance in FailedSOPSequence, not retrievable under either study"],
        "note": ["409 without a module"],
        "deviation": ["400, 403, 404 or 422, nothing stored"],
        "fail": ["200 or 202", "the instance is retrievable afterwards under either study", "5xx"],
    },
    "STORE-001": {
        "clause": "PS3.18 10.3 Table 10.3-2 / 10.5.1.1.1",
        "level": "shall",
        "tier": "core",
        "service": "store",
        "text": "POST /studies stores instances of any studies.",
        "why": "A form of which only the first object is stored under 200 loses images that the sender then deletes.",
        "pass": ["200 and both instances retrievable"],
        "note": ["202 with a WarningReason, both retrievable"],
        "fail": ["any 4xx", "5xx"],
    },
    "RETRIEVE-001": {
        "clause": "PS3.18 10.3 Table 10.3-2",
        "level": "shall",
        "tier": "core",
        "service": "retrieve",
        "text": "Retrieving Study, Series and Instance is mandatory for a Retrieve server.",
        "why": "A slice left out under 200 is found by nobody, least of all by the one who reads the study.",
        "pass": ["200 on all three levels"],
        "fail": ["404 or 410 for a stored target", "406", "5xx", "200 with an HTML or login page"],
    },
    "METADATA-003": {
        "clause": "PS3.18 10.4.4 Table 10.4.4-1",
        "level": "shall",
        "tier": "extended",
        "service": "metadata",
        "text": 'multipart/related; type="application/dicom+xml" is required.',
        "why": "Weasis stores with Accept: application/dicom+xml and dcmweb reads store answers as XML only.",
        "pass": ["200 multipart with one application/dicom+xml part per instance"],
        "deviation": ["406", "400", "415", "501", "200 with application/dicom+json"],
        "fail": ["parts that are not XML", "5xx other than 501"],
    },
    "HTTP-004": {
        "clause": "PS3.18 8.4.2 Table 8.4.2-1",
        "level": "shall",
        "tier": "core",
        "service": "http",
        "text": "A message that has a payload names its media type in Content-Type.",
        "why": "dcmweb chooses parser and file extension by Content-Type and stops with a KeyError on an error reply"
        " that has none.",
        "pass": ["one Content-Type with type, subtype and well-formed parameters"],
        "deviation": ["the same Content-Type twice"],
        "fail": ["no Content-Type on a non-empty body", "two different Content-Type values"],
    },
    "JSON-021": {
        "clause": "PS3.18 F.2.3",
        "level": "shall",
        "tier": "extended",
        "service": "json",
        "text": "Leading and trailing padding needed for even length is not required; UI has no NUL.",
        "why": "Identifiers are compared as text: a UID that ends in NUL never equals the one in the URL.",
        "pass": ["no padding"],
        "note": ["one trailing or leading blank where the VR says it has no meaning"],
        "fail": ["a string that ends in U+0000", "a UI value with a blank or U+0000 anywhere"],
    },
    "RENDERED-018": {
        "clause": "PS3.18 10.4.3.3.3",
        "level": "shall",
        "tier": "core",
        "service": "rendered",
        "text": "All valid instances of the supported SOP Classes can be rendered, with every photometric"
        " interpretation their IOD allows.",
        "why": "Rendered images serve those without a DICOM viewer. A 500 for MONOCHROME1 takes a whole modality from"
        " them.",
        "pass": ["200 with correlation of 0.95 or more"],
        "deviation": ["correlation between 0.7 and 0.95"],
        "fail": [
            "correlation below 0.7: grey scale inverted or another picture",
            "5xx",
        ],
    },
    "DELETE-005": {
        "clause": "PS3.18 8.5 Table 8.5-1 (405)",
        "level": "shall",
        "tier": "unsafe",
        "service": "delete",
        "text": "A server without DELETE answers 405 with Allow.",
        "why": "The status is all that a client has to decide by.",
        "pass": ["405 with Allow", "404, 501, 403 or 401"],
        "note": ["400"],
        "deviation": ["405 without Allow"],
        "fail": ["5xx other than 501"],
    },
}


@dataclass
class RunDirectory:
    """Writes a run record, event by event."""

    path: Path
    _exchanges: int = field(default=0, init=False)

    def event(self, kind: str, **fields: Any) -> None:
        with (self.path / "run.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": kind, **fields}, ensure_ascii=False) + "\n")

    def header(self, **fields: Any) -> None:
        product = {"vendor": "Example Medical", "name": "Archive", "version": "4.2", "build": "20261101"}
        self.event(
            "header",
            **{
                "format": 1,
                "suite": {"name": "dicomweb-conformance", "version": "0.1.0"},
                "python": "3.11.7",
                "platform": "Linux-6.1-x86_64",
                "started": STARTED,
                "profile": "dicom",
                "edition": None,
                "seed": 1234,
                "settings": {"timeout": 30},
                "target": {"url": URL, "product": product},
                **fields,
            },
        )

    def plan(
        self,
        *checks: tuple[str, str, str],
        core: bool = True,
        left_out: int = 0,
        rows: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        """Plan checks, each given as its id, the requirement it verifies and its claim; `left_out` more are not."""
        self.event(
            "planned",
            checks=[
                {
                    "check": check,
                    "scenario": requirement.partition("-")[0].lower(),
                    "title": title,
                    "requirements": [requirement],
                    "core": core,
                }
                for check, requirement, title in checks
            ],
            requirements={requirement: (rows or ROWS)[requirement] for _, requirement, _ in checks},
            left_out=left_out,
        )

    def body(self, octets: bytes | None, size: int | None = None) -> dict[str, Any] | None:
        if octets is None:
            return {"sha256": "", "size": size, "kept": 0} if size else None
        digest = hashlib.sha256(octets).hexdigest()
        (self.path / "bodies").mkdir(exist_ok=True)
        (self.path / "bodies" / digest).write_bytes(octets)
        return {"sha256": digest, "size": size or len(octets), "kept": len(octets)}

    def exchange(  # an exchange has as many parts as HTTP gives it
        self,
        method: str = "GET",
        path: str = "/studies",
        *,
        status: int | None = 200,
        reason: str = "OK",
        sent: tuple[tuple[str, str], ...] = (("Accept", "application/dicom+json"),),
        body: bytes | None = None,
        headers: tuple[tuple[str, str], ...] = (JSON,),
        answer: bytes | None = b"[]",
        **fields: Any,
    ) -> str:
        """Record an exchange and return its id."""
        self._exchanges += 1
        name = f"main-{self._exchanges}"
        response = {"status": status, "reason": reason, "version": "HTTP/1.1", "headers": headers}
        self.event(
            "exchange",
            **{
                "id": name,
                "check": None,
                "purpose": "check",
                "started": STARTED,
                "seconds": 0.012,
                "method": method,
                "url": f"{URL}{path}",
                "request": {
                    "headers": [["Host", "pacs.example"], *sent, ["Connection", "keep-alive"]],
                    "body": self.body(body),
                },
                "response": None if status is None else {**response, "body": self.body(answer)},
                "error": None,
                **fields,
            },
        )
        return name

    def result(self, check: str, requirement: str, title: str, verdict: str = "pass", **fields: Any) -> None:
        self.event(
            "result",
            **{
                "check": check,
                "scenario": requirement.partition("-")[0].lower(),
                "title": title,
                "core": True,
                "requirements": [requirement],
                "verdict": verdict,
                "findings": [],
                "observed": [],
                "exchanges": [],
                "started": STARTED,
                "seconds": 0.05,
                "reason": "",
                "blame": None,
                "known": [],
                **fields,
            },
        )

    def footer(self, **fields: Any) -> None:
        end = {"finished": "2026-11-22T23:54:13.456Z", "exit": 1, "seconds": 252.3, "interrupted": False, "stale": []}
        self.event("footer", **{**end, **fields})

    def load(self) -> Run:
        return load(self.path)


def finding(requirement: str, observation: str, verdict: str = "fail", **fields: Any) -> dict[str, Any]:
    """Return a finding as it stands in a result."""
    return {
        "requirement": requirement,
        "code": observation.replace(" ", "-"),
        "observation": observation,
        "verdict": verdict,
        "where": "GET /studies",
        "expected": [],
        "received": observation,
        "exchange": None,
        **fields,
    }


def studies(many: int, name: str = "Zhang^Sally") -> bytes:
    """Return an answer to a search."""
    return json.dumps(
        [
            {
                "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
                "00080020": {"vr": "DA", "Value": ["20261122"]},
                "00100010": {"vr": "PN", "Value": [{"Alphabetic": name}]},
                "0020000D": {"vr": "UI", "Value": [f"2.25.30442{number:04}"]},
            }
            for number in range(many)
        ],
        separators=(",", ":"),
    ).encode()
