"""The answer to a store: the Store Instances Response Module (PS3.18 Annex I) read as a check needs it."""

from __future__ import annotations

from dataclasses import dataclass

from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.http.unreadable import TooLargeError, UnreadableError
from dicomweb_conformance.reading import json_documents

RETRIEVE_URL = "00081190"
FAILED_SOP_SEQUENCE = "00081198"
REFERENCED_SOP_SEQUENCE = "00081199"
OTHER_FAILURES_SEQUENCE = "0008119A"
FAILURE_REASON = "00081197"
WARNING_REASON = "00081196"
SOP_CLASS = "00081150"
SOP_INSTANCE = "00081155"
_ELEMENTS_DISCARDED = 0xB006
SOP_CLASS_NOT_SUPPORTED = 0x0122
ANNEX_I = (RETRIEVE_URL, FAILED_SOP_SEQUENCE, REFERENCED_SOP_SEQUENCE, OTHER_FAILURES_SEQUENCE)


@dataclass(frozen=True)
class StoreAnswer:
    """A Store Instances Response Module."""

    module: DataSet

    @property
    def stored(self) -> list[DataSet]:
        """Items of the Referenced SOP Sequence."""
        return json_model.items(self.module, REFERENCED_SOP_SEQUENCE)

    @property
    def failed(self) -> list[DataSet]:
        """Items of the Failed SOP Sequence."""
        return json_model.items(self.module, FAILED_SOP_SEQUENCE)

    @property
    def other_failures(self) -> list[DataSet]:
        """Items of the Other Failures Sequence."""
        return json_model.items(self.module, OTHER_FAILURES_SEQUENCE)

    @property
    def stored_uids(self) -> list[str]:
        """SOP Instance UIDs of what was stored."""
        return [json_model.text(each, SOP_INSTANCE) for each in self.stored]

    @property
    def failed_uids(self) -> list[str]:
        """SOP Instance UIDs of what was refused."""
        return [json_model.text(each, SOP_INSTANCE) for each in self.failed]

    @property
    def unsupported_uids(self) -> list[str]:
        """SOP Instance UIDs of what was refused since its SOP Class is not supported (PS3.7 Annex C)."""
        return [
            json_model.text(each, SOP_INSTANCE)
            for each in self.failed
            if SOP_CLASS_NOT_SUPPORTED in json_model.values(each, FAILURE_REASON)
        ]

    @property
    def failure_reasons(self) -> list[int]:
        """The Failure Reason of each item of what was refused, where it is one."""
        reasons = [reason for each in self.failed for reason in json_model.values(each, FAILURE_REASON)]
        return [reason for reason in reasons if isinstance(reason, int) and 0 <= reason <= 0xFFFF]

    @property
    def discards(self) -> bool:
        """Whether an item has Warning Reason B006H: elements discarded (Table I.2-1)."""
        return any(_ELEMENTS_DISCARDED in json_model.values(each, WARNING_REASON) for each in self.stored)

    @property
    def warns(self) -> bool:
        """Whether an item has a Warning Reason."""
        return any(WARNING_REASON in each for each in self.stored)


def of_body(body: bytes) -> StoreAnswer | None:
    """Return the module in a body, bare or in an array of one; None where there is none."""
    try:
        value = json_documents.value_of(body)
    except (UnreadableError, TooLargeError):
        return None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return StoreAnswer(value) if isinstance(value, dict) and any(tag in value for tag in ANNEX_I) else None
