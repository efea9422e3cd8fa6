"""Each fault of an operation document is named as its row lists it, and a document without one has none."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.validators import operations

DATASET = "projects/p/locations/l/datasets/d"
NAME = f"{DATASET}/operations/1"
METADATA = {
    "@type": "type.googleapis.com/google.cloud.healthcare.v1.OperationMetadata",
    "apiMethodName": "google.cloud.healthcare.v1.dicomweb.DicomWebService.DeleteStudy",
    "createTime": "2026-01-02T03:04:05.678901Z",
    "counter": {"pending": "2"},
}
ENDED = {**METADATA, "endTime": "2026-01-02T03:04:09.012345678+00:00", "counter": {"success": "2"}}
RUN: list[dict[str, Any]] = [
    {"name": NAME},
    {"name": NAME, "metadata": METADATA},
    {
        "name": NAME,
        "metadata": ENDED,
        "done": True,
        "response": {"@type": "type.googleapis.com/google.protobuf.Empty"},
    },
]


def judged(run: list[dict[str, Any]]) -> list[tuple[str, str]]:
    found = [
        *operations.named(run, DATASET),
        *operations.described(run, "v1", of_study=True),
        *operations.timed(run),
        *operations.counted(run, 2),
        *operations.concluded(run),
    ]
    return [(each.requirement, each.observation) for each in found]


def test_a_whole_operation_has_no_fault() -> None:
    assert judged(RUN) == [("LRO-008", "no-metadata-in-the-delete-answer-itself")]


def with_change(poll: int, path: str, value: object) -> list[dict[str, Any]]:
    run = deepcopy(RUN)
    place: Any = run[poll]
    *steps, last = path.split(".")
    for step in steps:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return run


FAULTS: list[tuple[int, str, object, str, str]] = [
    (2, "name", 7, "LRO-003", "not-a-string"),
    (2, "name", f"/{NAME}", "LRO-003", "no-match"),
    (2, "name", f"{NAME}2", "LRO-003", "differs-between-delete-answer-and-polls"),
    (2, "metadata", "text", "LRO-008", "metadata-is-not-an-object"),
    (2, "metadata.@type", None, "LRO-008", "metadata-without-type"),
    (2, "metadata.@type", METADATA["@type"].replace("v1", "v1beta1"), "LRO-008", "type-of-another-version"),
    (2, "metadata.apiMethodName", 7, "LRO-009", "not-a-string"),
    (2, "metadata.apiMethodName", "Delete", "LRO-009", "another-string-for-a-study"),
    (2, "metadata.apiMethodName", None, "LRO-009", "absent"),
    (2, "metadata.logsUrl", 7, "LRO-015", "another-json-type"),
    (2, "metadata.cancelRequested", "true", "LRO-015", "another-json-type"),
    (2, "metadata.createTime", "2 January", "LRO-010", "not-rfc-3339"),
    (2, "metadata.createTime", "2026-01-02T03:04:06Z", "LRO-010", "changes-between-polls"),
    (1, "metadata.endTime", "2026-01-02T03:04:06Z", "LRO-011", "present-while-done-is-not-true"),
    (2, "metadata.endTime", "2026-01-02T03:04:05Z", "LRO-011", "earlier-than-createtime"),
    (2, "metadata.endTime", "soon", "LRO-011", "not-rfc-3339"),
    (2, "metadata.endTime", None, "LRO-011", "absent-when-done"),
    (2, "metadata.counter", [], "LRO-012", "counter-is-not-an-object"),
    (2, "metadata.counter.success", 2, "LRO-012", "json-numbers"),
    (2, "metadata.counter.success", "two", "LRO-012", "strings-that-are-no-integers"),
    (2, "metadata.counter.success", "-2", "LRO-012", "negative-values"),
    (2, "metadata.counter.failure", "0", "LRO-013", "zero-members-given-as-0"),
    (2, "metadata.counter.success", "3", "LRO-014", "another-success"),
    (2, "metadata.counter.pending", "1", "LRO-014", "pending-above-0-when-done"),
    (2, "done", "true", "LRO-016", "another-type-string-number-null"),
    (2, "response", None, "LRO-017", "done-without-either"),
    (2, "error", {"code": 2, "message": ""}, "LRO-017", "done-with-both"),
    (1, "response", {}, "LRO-017", "running-with-either"),
    (2, "response", "text", "LRO-018", "not-an-object"),
    (2, "response", {}, "LRO-018", "empty-object-without-type"),
    (2, "response.@type", "Empty", "LRO-018", "another-at-type"),
]


@pytest.mark.parametrize(
    ("poll", "path", "value", "requirement", "observation"), FAULTS, ids=[fault[4] + " " + fault[1] for fault in FAULTS]
)
def test_a_fault_is_named_as_its_row_lists_it(
    poll: int, path: str, value: object, requirement: str, observation: str
) -> None:
    assert (requirement, observation) in judged(with_change(poll, path, value))
    assert observation in requirements.load()[requirement].observations


@pytest.mark.parametrize(
    ("error", "observation"),
    [
        ({"code": 404, "message": "x"}, "code-absent-0-a-string-or-above-16"),
        ({"code": "1", "message": "x"}, "code-absent-0-a-string-or-above-16"),
        ({"message": "x"}, "code-absent-0-a-string-or-above-16"),
        ("text", "code-absent-0-a-string-or-above-16"),
        ({"code": 1}, "message-absent"),
        ({"code": 1, "message": "x", "details": [{}]}, "details-without-type"),
        ({"code": 1, "message": "x", "details": {}}, "details-without-type"),
    ],
)
def test_an_error_that_is_no_status_is_named(error: object, observation: str) -> None:
    assert observation in [each.observation for each in operations.failed(error, "error")]
    assert observation in requirements.load()["LRO-019"].observations


def test_a_status_has_no_fault() -> None:
    assert [*operations.failed({"code": 1, "message": "Cancelled.", "details": [{"@type": "x"}]}, "error")] == []


@pytest.mark.parametrize(
    ("name", "observation"),
    [
        (f"{DATASET}/dicomStores/s/operations/1", "the-name-lies-under-dicomstores"),
        ("projects/p/locations/l/datasets/other/operations/1", "another-location-or-dataset"),
        ("projects/123/locations/l/datasets/d/operations/1", "project-as-number-and-as-id"),
    ],
)
def test_a_name_elsewhere_is_named(name: str, observation: str) -> None:
    assert observation in [each.observation for each in operations.named([{"name": name}], DATASET)]
    assert observation in requirements.load()["LRO-004"].observations


@pytest.mark.parametrize(
    "document", [[], [7], {"metadata": []}, {"metadata": {"counter": {"success": None}}}, {"done": 1}]
)
def test_nothing_that_a_target_sends_breaks_the_judge(document: Any) -> None:
    read = operations.read(json.dumps(document).encode())
    if read is not None:
        judged([read, read])


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"[]"])
def test_what_is_no_object_is_none(body: bytes) -> None:
    assert operations.read(body) is None
