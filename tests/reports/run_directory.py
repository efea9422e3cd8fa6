"""Run directories for the tests of the reports: a writer of events, and one realistic run of a server with faults."""

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


HOSTILE_NAME = "<script>alert('Zhang')</script>\x1b[31m\u202egnp.exe"

CLAIMS = {
    "search-limit-caps": ("SEARCH-069", "`limit=2` returns two matches when more than two exist."),
    "search-universal": ("SEARCH-036", "`PatientName=*` returns the same studies as a search without the key."),
    "search-hostile": ("SEARCH-036", "A search returns names as they were stored."),
    "store-two-studies": ("STORE-001", "A POST to `/studies` stores instances of two studies."),
    "store-foreign-study": ("STORE-003", "A POST to a study refuses an instance of another one."),
    "retrieve-study": ("RETRIEVE-001", "A study, its series and its instances can be retrieved."),
    "retrieve-dies": ("RETRIEVE-001", "A series of 200 instances can be retrieved."),
    "metadata-xml": ("METADATA-003", "Metadata can be had as XML."),
    "http-content-type": ("HTTP-004", "Every message with a payload names its media type."),
    "json-padding": ("JSON-021", "Strings in the DICOM JSON model carry no padding."),
    "rendered-monochrome1": ("RENDERED-018", "A MONOCHROME1 image is rendered with its grey scale the right way up."),
    "rendered-monochrome2": ("RENDERED-018", "A MONOCHROME2 image is rendered."),
    "rendered-rgb": ("RENDERED-018", "An RGB image is rendered."),
    "rendered-palette": ("RENDERED-018", "A PALETTE COLOR image is rendered."),
    "delete-absent": ("DELETE-005", "A server without delete answers 405 with Allow."),
}


def realistic(path: Path, *, ended: bool = True) -> RunDirectory:
    """Write a run against a server with faults, one or more of every verdict, hostile answers among them."""
    path.mkdir(parents=True, exist_ok=True)
    run = RunDirectory(path)
    run.header()
    run.plan(*((check, requirement, title) for check, (requirement, title) in CLAIMS.items()))
    passes = [(f"search-returns[{keyword}]", "SEARCH-069", f"A match holds {keyword}.") for keyword in KEYWORDS]
    run.plan(*passes)
    run.plan(("search-fuzzy", "SEARCH-036", "Fuzzy matching is declared where it is offered."), core=False)

    def conclude(check: str, verdict: str = "pass", **fields: Any) -> None:
        requirement, title = CLAIMS[check]
        run.result(check, requirement, title, verdict, **fields)

    _store(run, conclude)
    _search(run, conclude)
    _retrieve(run, conclude)
    for check, requirement, title in passes:
        run.result(check, requirement, title, exchanges=[run.exchange(answer=studies(1))])
    if ended:
        _rest(run, conclude)
        run.result("search-fuzzy", "SEARCH-036", "Fuzzy matching is declared where it is offered.", core=False)
        for number in range(2):
            run.event("left", study_uid=f"2.25.3044{number}", reason="405 to DELETE")
        run.event("cleaned", studies=7)
        run.event("something-new", value=1)
        row = {
            "check": "delete-absent",
            "requirement": "DELETE-005",
            "code": "405-without-allow",
            "reason": "ticket 12",
        }
        run.footer(stale=[{**row, "why": "the check passes now"}])
    return run


KEYWORDS = ("StudyDate", "StudyTime", "AccessionNumber", "PatientName", "PatientID", "StudyID", "ModalitiesInStudy")


def _store(run: RunDirectory, conclude: Any) -> None:
    sent = (
        ("Accept", "application/dicom+json"),
        ("Authorization", "Bearer ***"),
        ("Content-Type", 'multipart/related; type="application/dicom"; boundary=b7d1'),
        ("Content-Length", "187"),
    )
    part10 = b"\r\n--b7d1\r\nContent-Type: application/dicom\r\n\r\n" + bytes(128) + b"DICM\r\n--b7d1--"
    failed = run.exchange(
        "POST", sent=sent, body=part10, status=500, reason="Internal Server Error", answer=b"", purpose="store"
    )
    stored = run.exchange("POST", sent=sent, body=part10, answer=b'{"00081199":{"vr":"SQ"}}', purpose="store")
    run.event(
        "stored",
        study="four_studies_of_one_patient[0]",
        study_uid="2.25.304420000",
        instances=2,
        way="single-part",
        tried=[{"way": "multipart", "reason": "500 Internal Server Error"}],
        confirmed="search",
        delay=0.03,
        reason="",
        exchanges=[failed, stored],
    )
    run.event(
        "stored",
        study="tiled_whole_slide",
        study_uid="2.25.304420009",
        instances=12,
        way=None,
        tried=[{"way": "multipart", "reason": "500"}, {"way": "one by one", "reason": "500"}],
        confirmed=None,
        delay=0,
        reason="every way of storing it failed",
        exchanges=[failed],
    )
    run.event("capability", capability="delete", state="absent", declared=None, reason="405 to DELETE", exchanges=[])
    run.event("capability", capability="rendered.png", state="offered", declared=True, reason="", exchanges=[])
    run.event("capability", capability="search.xml", state="broken", declared=True, reason="500 to GET", exchanges=[])
    conclude("store-two-studies")
    accepted = run.exchange("POST", "/studies/2.25.1", sent=sent, body=part10, answer=b'{"00081199":{"vr":"SQ"}}')
    read = run.exchange(path="/studies/2.25.1/series", answer=studies(1))
    conclude(
        "store-foreign-study",
        "fail",
        exchanges=[accepted, read],
        findings=[
            finding(
                "STORE-003",
                "200 or 202",
                where="POST /studies/2.25.1, one instance of study 2.25.2",
                expected=["409 with the instance in FailedSOPSequence, reason A-coded 0xA900"],
                received="200 OK",
                exchange=accepted,
            ),
            finding(
                "STORE-003",
                "the instance is retrievable afterwards under either study",
                where="GET /studies/2.25.1/series",
                expected=["no series"],
                received="one series, with the instance of the other study",
                exchange=read,
            ),
        ],
    )


def _search(run: RunDirectory, conclude: Any) -> None:
    authorised = (("Accept", "application/dicom+json"), ("Authorization", "Bearer ***"), ("X-Api-Key", "***"))
    first = run.exchange(path="/studies?PatientID=DWC-1234&limit=1", sent=authorised, answer=studies(4))
    second = run.exchange(path="/studies?PatientID=DWC-1234&limit=2", sent=authorised, answer=studies(4))
    conclude(
        "search-limit-caps",
        "fail",
        exchanges=[first, second],
        findings=[
            finding(
                "SEARCH-069",
                "more objects than limit",
                where="GET /studies, limit=2",
                expected=["two objects"],
                received="4 objects",
                exchange=second,
            )
        ],
    )
    universal = run.exchange(path="/studies?PatientName=*", status=400, reason="Bad Request", answer=b"bad\n")
    conclude(
        "search-universal",
        "deviation",
        exchanges=[universal],
        findings=[finding("SEARCH-036", "400", "deviation", where="GET /studies, PatientName=*", exchange=universal)],
    )
    hostile = run.exchange(
        path="/studies?StudyID=X",
        headers=(JSON, ("Server", "\x1b]0;owned\x07"), ("X-Long", "y" * 100_000)),
        answer=studies(1, HOSTILE_NAME).replace(b"ISO_IR", b"\xff\xfeISO") + b"\n" + b"z" * 1_000_000,
    )
    conclude(
        "search-hostile",
        "fail",
        exchanges=[hostile],
        findings=[
            finding(
                "SEARCH-036",
                "a study with a value is left out",
                where=f"$[0].00100010.Value[0].Alphabetic = {HOSTILE_NAME}",
                expected=["Zhang^Sally"],
                received=HOSTILE_NAME + "A" * 2_000_000,
                exchange=hostile,
            )
        ],
    )
    conclude("http-content-type")


def _retrieve(run: RunDirectory, conclude: Any) -> None:
    conclude("retrieve-study")
    broken = run.exchange(
        path="/studies/2.25.5/series/2.25.6",
        sent=(("Accept", 'multipart/related; type="application/dicom"'),),
        status=None,
        error="connection closed before a status line",
        seconds=30.0,
    )
    conclude(
        "retrieve-dies",
        "fail",
        exchanges=[broken],
        findings=[
            finding(
                "RETRIEVE-001",
                "no answer",
                where="GET /studies/{study}/series/{series}",
                expected=["200 with 200 parts"],
                received="connection closed before a status line",
                exchange=broken,
            )
        ],
    )
    conclude("metadata-xml", "not-applicable", reason="406 to Accept: application/dicom+xml, while JSON works")
    note = finding("JSON-021", "one trailing or leading blank where the VR says it has no meaning", "note")
    conclude("json-padding", "note", findings=[note | {"where": "$[0].00080050", "received": "'A12 '"}])


def _rest(run: RunDirectory, conclude: Any) -> None:
    reason = "the study monochrome could not be stored: every way of storing it failed"
    conclude("rendered-monochrome2", "inconclusive", reason=reason, blame="main-1")
    conclude("rendered-rgb", "inconclusive", reason=reason, blame="main-1")
    conclude("rendered-palette", "error", reason='Traceback:\n  File "images.py", line 3\nKeyError: "PALETTE <COLOR>"')
    picture = run.exchange(
        path="/studies/2.25.7/series/2.25.8/instances/2.25.9/rendered",
        sent=(("Accept", "image/png"),),
        headers=(("Content-Type", "image/png"),),
        answer=b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(500),
    )
    code = "grey-scale-inverted"
    conclude(
        "rendered-monochrome1",
        "known",
        exchanges=[picture],
        findings=[
            finding(
                "RENDERED-018",
                "correlation below 0.7: grey scale inverted or another picture",
                code=code,
                where="GET .../rendered, image/png",
                expected=["correlation of 0.95 or more with the modality values"],
                received="correlation of -0.98: the grey scale is inverted",
                exchange=picture,
            )
        ],
        known=[
            {
                "requirement": "RENDERED-018",
                "code": code,
                "reason": "fixed in 4.3",
                "link": "https://tracker.example/issues/711",
            }
        ],
    )
    conclude("delete-absent", "fixed")
