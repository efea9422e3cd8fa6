"""One realistic run of a server with faults, in a directory of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.reports.run_directory import JSON, RunDirectory, finding, studies

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
