"""The Store Instances Response Module of every store answer, whatever its status (PS3.18 10.5.3, Annex I)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dicomweb_conformance.dicom import json_model, store_response, xml_model
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.dicom.store_response import StoreAnswer
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.exchanges import Headers
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.validators.observation import Observation
from dicomweb_conformance.validators.tally import Tally, shown

OWNED = ("STORE-011", "STORE-011b", "STORE-033", "STORE-039", "STORE-040", "STORE-043", "STORE-058", "STORE-069")

_ORIGINAL_ATTRIBUTES = "04000561"
_HOW_CHANGED = ("04000562", "04000563", "04000565", "04000550")
_COERCION, _DISCARDED, _MISFIT = 0xB000, 0xB006, 0xB007
_FAILURES = (range(0xA700, 0xA800), range(0xA900, 0xAA00), range(0xC000, 0xD000), range(0x110, 0x111))
_SOP_CLASS_NOT_SUPPORTED = 0x0122
_OF_ANNEX_I = {
    *store_response.ANNEX_I,
    store_response.SOP_CLASS,
    store_response.SOP_INSTANCE,
    store_response.FAILURE_REASON,
    store_response.WARNING_REASON,
    _ORIGINAL_ATTRIBUTES,
    "00080005",
}
_WARNING = re.compile(r"[0-9A-Fa-f]{3,4} \S+ \S.*")


def module_of(content_type: str, body: bytes) -> StoreAnswer | None:
    """Return the module in an answer: JSON, XML bare, or XML as the one part of a multipart; None where there is none.

    Args:
        content_type: as it was sent.
        body: any content coding undone.
    """
    name = media_types.name_of(content_type)
    if name == media_types.MULTIPART_RELATED:
        try:
            parts = multipart.parts_of(content_type, body)
        except multipart.MultipartError:
            return None
        return module_of(parts[0].kind, parts[0].body) if len(parts) == 1 else None
    if "xml" not in name:
        return store_response.of_body(body)
    try:
        model = xml_model.data_set_of(body)
    except UnreadableError:
        return None
    return StoreAnswer(model) if any(tag in model for tag in store_response.ANNEX_I) else None


def judge(status: int, headers: Headers, body: bytes) -> Iterator[Observation]:
    """Judge the answer to a store by the rows of `OWNED`; one without a module is judged by others."""
    answer = module_of(headers.get("Content-Type") or "", body)
    if answer is None:
        return
    tally = Tally()
    reasons = [*_reasons(answer.failed), *_reasons(answer.other_failures)]
    _judge_reasons(tally, status, reasons)
    _judge_warnings(tally, status, answer)
    if status == 202:
        _judge_accepted(tally, answer)
    for number, item in enumerate([*answer.stored, *answer.failed], 1):
        _judge_changes(tally, item, f"item {number}")
    if answer.failed or answer.other_failures:
        _judge_warning_header(tally, headers.all("Warning"))
    _judge_further(tally, answer)
    yield from tally.observations()


def _reasons(items: list[DataSet]) -> list[int]:
    found = [json_model.first(item, store_response.FAILURE_REASON) for item in items]
    return [each for each in found if isinstance(each, int) and 0 <= each <= 0xFFFF]


def _judge_reasons(tally: Tally, status: int, reasons: list[int]) -> None:
    for reason in reasons:
        if reason == _SOP_CLASS_NOT_SUPPORTED or any(reason in failure for failure in _FAILURES):
            tally.meets("STORE-039", "a-code-of-the-tables")
        else:
            tally.sees("STORE-039", "any-other-integer-0-to-65535", store_response.FAILURE_REASON, f"{reason:04X}H")
        if reason not in _FAILURES[0]:
            continue
        if status in {409, 413, 507}:
            tally.meets("STORE-033", "http-status-409-413-or-507")
        elif status == 202:
            tally.meets("STORE-033", "http-status-202-in-a-partial-success")
        else:
            quote = "http-status-200" if status == 200 else "another-status"
            tally.sees("STORE-033", quote, store_response.FAILURE_REASON, f"{reason:04X}H with {status}")


def _judge_warnings(tally: Tally, status: int, answer: StoreAnswer) -> None:
    for number, item in enumerate(answer.stored, 1):
        warning = item.get(store_response.WARNING_REASON)
        if not isinstance(warning, dict):
            continue
        values, where = json_model.values(item, store_response.WARNING_REASON), f"00081199[{number}]/00081196"
        if warning.get("vr") != "US" or len(values) != 1:
            received = f"{warning.get('vr')}, {len(values)} values"
            tally.sees("STORE-040", "another-vr-no-value-or-several", where, received)
            continue
        tally.meets("STORE-040", "vr-us-one-integer")
        if not isinstance(values[0], int):
            continue  # the rows of the models speak of it
        if values[0] in {_COERCION, _DISCARDED, _MISFIT}:
            tally.meets("STORE-039", "a-code-of-the-tables")
        else:
            tally.sees("STORE-039", "any-other-integer-0-to-65535", where, f"{values[0]:04X}H")
    if not answer.warns or answer.failed or answer.other_failures:
        return
    if status >= 400:
        tally.sees("STORE-011", "4xx-or-5xx-although-instance-stored", "status line", str(status))
    elif status == 200:
        tally.sees("STORE-011", "200", "status line", "200")
    elif status == 202:
        tally.meets("STORE-011", "202")


def _judge_accepted(tally: Tally, answer: StoreAnswer) -> None:
    if answer.warns or answer.failed or answer.other_failures:
        tally.meets("STORE-011b", "202-with-a-warning-or-a-failure")
    else:
        tally.sees("STORE-011b", "202-with-neither", "status line", "202")


def _judge_changes(tally: Tally, item: DataSet, where: str) -> None:
    if _ORIGINAL_ATTRIBUTES not in item:
        tally.meets("STORE-043", "absent")
        return
    for each in json_model.items(item, _ORIGINAL_ATTRIBUTES):
        missing = [tag for tag in _HOW_CHANGED if tag not in each]
        if missing or len(json_model.items(each, _HOW_CHANGED[-1])) != 1:
            received = f"without {', '.join(missing)}" if missing else "04000550 without just one item"
            tally.sees("STORE-043", "an-item-without-one-of-the-four", f"{where}/{_ORIGINAL_ATTRIBUTES}", received)
        else:
            tally.meets("STORE-043", "modified-attributes-items-complete")


def _judge_warning_header(tally: Tally, warnings: list[str] | tuple[str, ...]) -> None:
    if not warnings:
        tally.sees("STORE-058", "absent", "Warning", "absent")
    elif all(_WARNING.fullmatch(warning) for warning in warnings):
        tally.meets("STORE-058", "present-with-a-code-and-text")
    else:
        tally.sees("STORE-058", "present-with-another-form", "Warning", shown(", ".join(warnings)))


def _judge_further(tally: Tally, answer: StoreAnswer) -> None:
    further = {
        tag
        for data_set in (answer.module, *answer.stored, *answer.failed, *answer.other_failures)
        for tag in data_set
        if tag not in _OF_ANNEX_I
    }
    odd = sorted(tag for tag in further if tag.startswith("0000") or _is_private(tag))
    if odd:
        tally.sees("STORE-069", "group-0000-or-private-elements", ", ".join(odd), ", ".join(odd))
    else:
        tally.meets("STORE-069", "any-well-formed-attribute" if further else "none")


def _is_private(tag: str) -> bool:
    return tag[3:4].upper() in set("13579BDF")
