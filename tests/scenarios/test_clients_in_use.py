"""The clients in use as data, and what becomes of each by the forms of responses that were tried with the real ones."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from dicomweb_conformance.catalogue.requirements import load
from dicomweb_conformance.http.exchanges import Headers, Response
from dicomweb_conformance.scenarios.persona import readings
from dicomweb_conformance.scenarios.persona.clients import (
    ALWAYS,
    EFFECTS,
    OPERATIONS,
    ClientError,
    Rule,
    Step,
    Use,
    clients,
    of,
)
from dicomweb_conformance.scenarios.persona.readings import Subject
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Study
from tests.mutants.personas import OF

PLACES = {"host", "hostname", "length", "study", "series", "instance", "patient", "link"} | {
    *("family", "accession", "modality", "date")
}
TAKING_APART = ("python-dicomweb-client", "dicomtrolley", "ez-wsi", "js-dicomweb-client", "cornerstone")
"""The clients whose own code was given each form."""
HEADER_OF_PART = "Content-Type: application/octet-stream\r\n"


def steps() -> list[tuple[str, str, Step]]:
    return [
        (name, operation, step)
        for name, uses in clients().items()
        for operation in uses
        for step in uses[operation].steps
    ]


# The data


def test_every_transaction_has_its_clients() -> None:
    assert {operation: tuple(each.persona for each in of(operation)) for operation in OPERATIONS} == OF


def test_what_is_known_from_memory_breaks_no_client() -> None:
    with pytest.raises(ClientError, match="breaks no client"):
        Rule.of("breaks M")
    with pytest.raises(ClientError, match="no effect with its sureness"):
        Rule.of("breaks")
    assert {step.sure for _, _, step in steps()} <= {"C", "S"}


def test_only_known_places_are_left_to_be_filled_in() -> None:
    for name, operation, step in steps():
        left = set(re.findall(r"\{(\w+)\}", f"{step.head.target} {step.head.fields}"))
        assert left <= PLACES, f"{name}, {operation}: {left - PLACES}"


def test_every_code_of_a_rule_stands_in_a_row() -> None:
    rows = load()
    anywhere = {code for row in OPERATIONS.values() for code in rows[row].observations} | {"status"}

    assert set(ALWAYS) <= anywhere
    for name, _, step in steps():
        unknown = {code for code, rule in step.rules.items() if rule.effect != "works"} - anywhere
        assert not unknown, f"{name}: {unknown}"


ENVELOPE = {
    *("single-part", "no-boundary", "no-parts", "leading-line-end", "preamble", "no-closing-delimiter"),
    *("part-without-type", "part-type-in-another-case", "part-of-another-type"),
}


def seen_by(step: Step, following: Step | None) -> set[str]:
    """The codes of all that a step can show."""
    named = {"needs": "no-value", "shows": "no-value-to-show", "refuses": "a-value-of-a-deeper-level"}
    seen = {code for attribute, code in named.items() if getattr(step, attribute)}
    seen |= {"another-type"} if step.types else set()
    seen |= {"elsewhere"} if following and following.follows and not step.follows else set()
    by_form = {"multipart"} if step.form == "single" else ENVELOPE
    match step.reads:
        case "rows":
            return seen | {"not-json", *(["not-found"] if step.finds else [])}
        case "metadata":
            return seen | {"not-json", "not-found"}
        case "files" | "frames" | "value":
            return seen | by_form | {"fewer-parts", "not-readable"}
        case "stored":
            by_answer = {"json": {"other-counts"}, "keywords": {"no-keyword"}}.get(step.answer, set())
            readable = {"not-readable"} if step.answer else set()
            return seen | by_answer | readable | {"type-with-parameters", "200-and-not-retrievable"}
        case "deleted":
            return seen | {"not-gone", *(["not-json"] if step.answer else [])}
        case _:
            return seen | {"not-readable"}


def test_whatever_counts_stands_in_the_row_of_its_transaction() -> None:
    rows = load()
    for name, uses in clients().items():
        for operation, use in uses.items():
            listed = set(rows[OPERATIONS[operation]].observations)
            for step, following in zip(use.steps, (*use.steps[1:], None), strict=True):
                counting = {code for code in seen_by(step, following) if step.effect(code) != "works"}
                assert counting <= listed, f"{name}, {operation}, {step.head.target}: {counting - listed}"


def test_a_client_that_can_do_otherwise_does_not_break_there() -> None:
    (wild, *_), exact = [
        [step for step in clients()["ohif"]["search"].steps if step.fallback is fallback and step.finds == "study"]
        for fallback in (False, True)
    ]

    assert (wild.outright("not-found"), wild.effect("not-found")) == ("breaks", "degrades")
    assert exact[0].effect("not-found") == "breaks"


def test_who_asks_for_all_that_a_target_holds_is_known() -> None:
    assert {(name, step.head.target) for name, _, step in steps() if step.asks_for_all} == {
        ("ez-wsi", "/studies"),
        ("slicer", "/studies?includefield=StudyDescription&offset=0"),
    }


def test_a_client_does_without_what_it_needs_less() -> None:
    (step, _) = clients()["weasis"]["thumbnail"].steps

    assert step.effect("status") == "degrades"


# Rows and metadata


@pytest.fixture(scope="module")
def study() -> Study:
    return Corpus(7).ct_pair


def response(body: bytes, content_type: str = "application/dicom+json", status: int = 200) -> Response:
    headers = Headers((("Content-Type", content_type),) if content_type else ())
    return Response("x1", "GET", "http://pacs.example/studies", status, headers=headers, body=body)


def becomes(use: Use, place: int, answer: Response, study: Study) -> tuple[str, set[str]]:
    """What becomes of a client by its reading of a response to one of its steps, and the codes that count."""
    step = use.steps[place]
    seen = [each.code for each in readings.of(answer, step, Subject(study, study.instances[0]))]
    effects = {code: step.outright(code) for code in seen}
    worst = max(effects.values(), key=EFFECTS.index, default="works")
    return worst, {code for code, effect in effects.items() if effect != "works"}


def row(study: Study, **more: str) -> bytes:
    pairs = {"0020000D": study.study_instance_uid, "0020000E": study.series[0].uid, **more}
    return b"[{%b}]" % b",".join(
        b'"%b":{"vr":"UI","Value":["%b"]}' % (k.encode(), v.encode()) for k, v in pairs.items()
    )


@pytest.mark.parametrize(
    "client", ["dicomtrolley", "js-dicomweb-client", "python-dicomweb-client", "weasis", "orthanc"]
)
def test_a_row_with_the_study_is_all_that_a_search_needs(study: Study, client: str) -> None:
    answer = response(row(study))

    assert becomes(clients()[client]["search"], 0, answer, study)[1] <= {"no-value-to-show"}


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"[]", "not-found"), (b"", "not-found"), (b"{}", "not-json"), (b"<html>", "not-json"), (b"[1]", "not-json")],
)
def test_a_client_that_finds_nothing_of_the_study_breaks(study: Study, body: bytes, code: str) -> None:
    assert becomes(clients()["dicomtrolley"]["search"], 0, response(body), study) == ("breaks", {code})


def test_a_parameter_of_the_media_type_harms_no_search(study: Study) -> None:
    answer = response(row(study), "application/dicom+json; charset=utf-8")

    assert becomes(clients()["python-dicomweb-client"]["search"], 0, answer, study)[0] == "works"


def test_another_media_type_breaks_who_looks_at_it(study: Study) -> None:
    answer = response(row(study), "text/plain")

    assert becomes(clients()["python-dicomweb-client"]["search"], 0, answer, study) == ("breaks", {"another-type"})
    assert becomes(clients()["js-dicomweb-client"]["search"], 0, answer, study)[0] == "works"


def test_a_worklist_is_looked_at_by_its_shape_alone(study: Study) -> None:
    worklist = clients()["ohif"]["search"]

    assert becomes(worklist, 0, response(b'[{"0020000D":{"vr":"UI","Value":["1.2"]}}]'), study)[0] == "works"
    assert becomes(worklist, 0, response(b"[]"), study)[0] == "works"
    assert becomes(worklist, 0, response(b'[{"00100020":{"vr":"LO"}}]'), study) == ("breaks", {"no-value"})


WITHOUT_UID = b'{"00100020":{"vr":"LO","Value":["SOMEBODY"]}}'
NAMES_A_SERIES = b'{"0020000D":{"vr":"UI","Value":["1.2"]},"0020000E":{"vr":"UI","Value":["1.3"]}}'


def rows_of(*rows: bytes) -> Response:
    return response(b"[%b]" % b",".join(rows))


def test_what_is_told_of_rows_of_others_are_counts(study: Study) -> None:
    step = clients()["ohif"]["search"].steps[0]

    (seen,) = readings.of(rows_of(WITHOUT_UID, WITHOUT_UID), step, Subject(study, study.instances[0]))

    assert (seen.where, seen.received) == ("(0020,000D)", "none in 2 of 2 results")


@pytest.mark.parametrize("others", [WITHOUT_UID, NAMES_A_SERIES])
def test_what_others_have_stored_changes_nothing(study: Study, others: bytes) -> None:
    ez_wsi = clients()["ez-wsi"]["search"]
    own = b'{"0020000D":{"vr":"UI","Value":["%b"]}}' % study.study_instance_uid.encode()

    assert becomes(ez_wsi, 0, rows_of(others, own), study)[0] == "works"
    assert becomes(ez_wsi, 0, rows_of(others, b'{"0020000D":{"vr":"UI","Value":["1.4"]}}'), study)[0] == "works"
    assert becomes(ez_wsi, 0, rows_of(others), study)[0] == "breaks"
    assert becomes(ez_wsi, 0, rows_of(row(study)[1:-1], others), study)[0] == "breaks"


def test_a_study_that_names_a_series_is_none_to_ez_wsi(study: Study) -> None:
    seen = becomes(clients()["ez-wsi"]["search"], 0, response(row(study)), study)

    assert seen == ("breaks", {"a-value-of-a-deeper-level"})


def test_ohif_shows_blanks_for_what_a_study_lacks(study: Study) -> None:
    worst, codes = becomes(clients()["ohif"]["search"], 1, response(row(study)), study)

    assert (worst, codes) == ("degrades", {"no-value-to-show"})


# Multipart: what was seen of the clients' own code, form by form


def frame(
    *, before: str = "", boundary: str = "boundary=b", header: str = HEADER_OF_PART, end: str = "\r\n--b--\r\n"
) -> Response:
    body = f"{before}--b\r\n{header}\r\n".encode() + b"\0\1\2\3" + end.encode()
    return response(body, f'multipart/related; type="application/octet-stream"; {boundary}')


FORMS: dict[str, tuple[Callable[[], Response], dict[str, str]]] = {
    "boundary in quotation marks": (lambda: frame(boundary='boundary="b"'), {}),
    "boundary without": (frame, {}),
    "more header fields": (lambda: frame(header=f"MIME-Version: 1.0\r\n{HEADER_OF_PART}Content-Length: 4\r\n"), {}),
    "header field in lower case": (
        lambda: frame(header=HEADER_OF_PART.lower()),
        {"cornerstone": "degrades", "ohif": "degrades"},
    ),
    "no header": (lambda: frame(header=""), {"cornerstone": "degrades", "ohif": "degrades", "orthanc": "breaks"}),
    "no line end behind": (lambda: frame(end="\r\n--b--"), {}),
    "a line end before": (lambda: frame(before="\r\n"), {"dicomtrolley": "breaks"}),
    "words before": (
        lambda: frame(before="Words.\r\n"),
        {
            "python-dicomweb-client": "breaks",
            "dicomtrolley": "breaks",
            "ez-wsi": "breaks",
            "js-dicomweb-client": "degrades",
            "slim": "breaks",
            "slicer": "breaks",
        },
    ),
    "no closing delimiter": (
        lambda: frame(end="\r\n"),
        dict.fromkeys(("cornerstone", "ohif", "js-dicomweb-client", "slim", "dicomtrolley"), "breaks"),
    ),
    "no multipart": (
        lambda: response(b"\0\1\2\3", "application/octet-stream"),
        {
            "python-dicomweb-client": "breaks",
            "dicomtrolley": "breaks",
            "ez-wsi": "breaks",
            "weasis": "breaks",
            "orthanc": "breaks",
            "slicer": "breaks",
        },
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_client_takes_frames_apart_as_its_own_code_does(form: str, study: Study) -> None:
    made, expected = FORMS[form]
    for use in of("frames"):
        place = next(n for n, each in enumerate(use.steps) if each.frames == 1 or n == len(use.steps) - 1)
        step = use.steps[place]
        seen = [each.code for each in readings.of(made(), step, Subject(study, study.instances[0]))]
        codes = [code for code in seen if not (code == "fewer-parts" and step.frames != 1)]
        worst = max((step.outright(code) for code in codes), key=EFFECTS.index, default="works")
        assert worst == expected.get(use.persona, "works"), f"{use.persona}: {codes}"


@pytest.mark.parametrize("form", FORMS)
def test_each_client_takes_files_apart_as_its_own_code_does(form: str, study: Study) -> None:
    """The same forms around a file, where a client in Python that gets one alone warns and goes on."""
    made, expected = FORMS[form]
    sent = made()
    file = study.instances[0].part10
    octets = HEADER_OF_PART.partition(": ")[2].strip()
    body = sent.body.replace(octets.encode(), b"application/dicom").replace(b"\0\1\2\3", file)
    answer = response(body, sent.content_type.replace(octets, "application/dicom"))
    for use in of("retrieve"):
        place = len(use.steps) - 1
        if use.steps[place].form == "single":
            continue
        seen = [
            each.code
            for each in readings.of(answer, use.steps[place], Subject(study, study.instances[0]))
            if not (each.code == "fewer-parts" and "{instance}" not in use.steps[place].head.target)
        ]
        worst = max((use.steps[place].outright(code) for code in seen), key=EFFECTS.index, default="works")
        warned = form == "no multipart" and use.persona in {"python-dicomweb-client", "slicer"}
        assert worst == ("degrades" if warned else expected.get(use.persona, "works")), f"{use.persona}: {seen}"


def test_who_is_asked_for_three_frames_and_gives_two_breaks_ez_wsi(study: Study) -> None:
    worst, codes = becomes(clients()["ez-wsi"]["frames"], 0, frame(), study)

    assert (worst, codes) == ("breaks", {"fewer-parts"})


# Stores


STORED = b'{"00081199":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":["1.2"]}}]}}'
FAILED = b'{"00081198":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":["1.2"]}}]}}'
XML = (
    b'<NativeDicomModel><DicomAttribute tag="00081199" vr="SQ" keyword="ReferencedSOPSequence"><Item number="1">'
    b'<DicomAttribute tag="00081190" vr="UR" keyword="RetrieveURL"><Value number="1">x</Value></DicomAttribute></Item>'
    b"</DicomAttribute></NativeDicomModel>"
)


@pytest.mark.parametrize(
    ("client", "body", "content_type", "expected"),
    [
        ("orthanc", STORED, "application/dicom+json", "works"),
        ("orthanc", FAILED, "application/dicom+json", "breaks"),
        ("orthanc", XML, "application/dicom+xml", "breaks"),
        ("dcmweb", XML, "application/dicom+xml", "works"),
        ("dcmweb", XML.replace(b"keyword", b"name"), "application/dicom+xml", "breaks"),
        ("dcmweb", STORED, "application/dicom+json", "breaks"),
        ("weasis", XML, "application/dicom+xml", "works"),
        ("weasis", STORED, "application/dicom+json", "breaks"),
        ("python-dicomweb-client", STORED, "application/dicom+json", "works"),
        ("python-dicomweb-client", STORED, "application/dicom+json; charset=utf-8", "degrades"),
        ("js-dicomweb-client", b"whatever", "text/plain", "works"),
        ("ohif", b"", "", "works"),
    ],
)
def test_each_client_reads_the_response_to_a_store(
    study: Study, client: str, body: bytes, content_type: str, expected: str
) -> None:
    assert becomes(clients()[client]["store"], 0, response(body, content_type), study)[0] == expected


@pytest.mark.parametrize(
    ("client", "status", "goes_on"),
    [
        ("python-dicomweb-client", 201, True),
        ("python-dicomweb-client", 202, True),
        ("dcmweb", 201, False),
        ("dcmweb", 202, False),
        ("js-dicomweb-client", 201, False),
        ("js-dicomweb-client", 202, True),
        ("weasis", 202, True),
    ],
)
def test_each_client_goes_on_with_its_own_statuses(client: str, status: int, goes_on: bool) -> None:
    assert (status in clients()[client]["store"].steps[0].status) is goes_on


# Heads, as they were captured


def head_of(client: str, operation: str, place: int = 0) -> str:
    head = clients()[client][operation].steps[place].head
    return "\n".join([f"{head.method} {head.target}", *(f"{name}: {value}" for name, value in head.fields)])


def test_a_head_has_the_fields_of_its_client_in_their_order() -> None:
    assert head_of("python-dicomweb-client", "frames") == (
        "GET /studies/{study}/series/{series}/instances/{instance}/frames/1,2\n"
        "User-Agent: python-requests/2.32.3\n"
        "Accept-Encoding: gzip, deflate\n"
        'Accept: multipart/related; type="*/*"\n'
        "Connection: keep-alive\n"
        "Host: {hostname}"
    )


def test_a_client_that_asks_for_no_type_sends_no_accept() -> None:
    assert "Accept:" not in head_of("weasis", "search")
    assert "Accept: */*" in head_of("js-dicomweb-client", "rendered")
    assert "Accept: */*" in head_of("ohif", "bulkdata", 1)


def test_a_step_can_have_fields_of_its_own() -> None:
    assert head_of("cornerstone", "frames", 2).endswith("\nRange: bytes=0-65535")
    assert "Host: {host}" in head_of("slicer", "retrieve")
