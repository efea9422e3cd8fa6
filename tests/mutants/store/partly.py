"""Defects in what becomes of a store of which some is refused, or all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dicomweb_reference.dicom_json import Model, with_values
from dicomweb_reference.messages import Request
from dicomweb_reference.outcomes import Outcome, Reason
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []
REFUSED = tuple(
    f"store-partly-refused[{each}]" for each in ("good-good-bad", "good-bad-good", "bad-good-good", "bad-bad-good")
)
FOREIGN = tuple(
    f"store-partly-foreign[{each}]"
    for each in ("good-good-foreign", "good-foreign-good", "foreign-good-good", "foreign-foreign-good")
)


@mutant(*REFUSED, *FOREIGN, may_trip=["store"], into=MUTANTS)
class PartlyIsWholly(Reference):
    """What was stored in part is answered 200."""

    def store_status(self, outcomes: Sequence[Outcome]) -> int:
        return 200 if any(outcome.stored for outcome in outcomes) else super().store_status(outcomes)


@mutant(*REFUSED[1:], *FOREIGN[1:], may_trip=["store"], into=MUTANTS)
class StopsAtTheFirstRefused(Reference):
    """What follows a refused instance is neither stored nor reported."""

    def examined(self, request: Request) -> list[Outcome]:
        outcomes = super().examined(request)
        first = next((number for number, each in enumerate(outcomes) if not each.stored), len(outcomes))
        return outcomes[: first + 1]


@mutant(*REFUSED, *FOREIGN, may_trip=["store"], into=MUTANTS)
class RefusedListedAsStored(Reference):
    """A refused instance is in the Referenced SOP Sequence."""

    def store_module(self, request: Request, outcomes: Sequence[Outcome]) -> Model:
        wrong = [outcome if outcome.stored else replace(outcome, failure=None) for outcome in outcomes]
        module = super().store_module(request, outcomes)
        return module | {"00081199": super().store_module(request, wrong)["00081199"]} if any(wrong) else module


@mutant(*REFUSED, *FOREIGN, "store-all-refused[one-reason]", may_trip=["store", "xml"], into=MUTANTS)
class ReasonIsText(Reference):
    """The Failure Reason is a text."""

    def failed_item(self, outcome: Outcome) -> Model:
        return self.sop_reference(outcome) | {"00081197": {"vr": "US", "Value": ["refused"]}}


@mutant(*REFUSED, may_trip=["store"], into=MUTANTS)
class StoredListedAsFailed(Reference):
    """Where one instance is refused all are listed as failed, with 272, though the others are stored."""

    def store_module(self, request: Request, outcomes: Sequence[Outcome]) -> Model:
        if all(outcome.stored for outcome in outcomes):
            return super().store_module(request, outcomes)
        failed = [replace(outcome, failure=outcome.failure or Reason.PROCESSING_FAILURE) for outcome in outcomes]
        return super().store_module(request, failed)


@mutant(
    "store-all-refused[one-reason]",
    "store-all-refused[several-reasons]",
    "store-foreign-study",
    may_trip=["store", "google", "xml"],
    into=MUTANTS,
)
class NothingStoredIsAccepted(Reference):
    """A request of which nothing was stored is answered 202."""

    def store_status(self, outcomes: Sequence[Outcome]) -> int:
        return super().store_status(outcomes) if any(outcome.stored for outcome in outcomes) else 202


@mutant(*REFUSED, may_trip=["store"], into=MUTANTS)
class FailedWithoutUid(Reference):
    """An item of the Failed SOP Sequence does not say which instance failed."""

    def failed_item(self, outcome: Outcome) -> Model:
        return {"00081197": with_values("US", [outcome.failure])}
