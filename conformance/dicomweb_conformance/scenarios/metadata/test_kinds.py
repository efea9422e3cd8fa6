"""Metadata: what only some kinds of instances have (PS3.18 10.4.3.3.2)."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import Expectation, assume, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import differences
from dicomweb_conformance.dicom.differences import Difference
from dicomweb_conformance.scenarios.metadata.one_object import lost_without_value, of_every_vr_or, only
from dicomweb_conformance.scenarios.steps.kinds import of_kind, of_kinds
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance

_OWNER = "metadata-holds-every-element"


@verifies("METADATA-014", id="metadata-of-a-kind", each=of_kinds("METADATA-006"))
def test_of_a_kind(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The metadata hold all that an instance has, whatever it is: overlays, tables, waveforms, groups of frames."""
    instance = of_kind(corpus, case)

    response = dicomweb.metadata(instance)

    with expect(response) as it:
        it.has_status(200)
        differing = _differing(it, instance)
        known = _known(dicomweb, corpus) if differing else frozenset()
        telling = [each for each in differing if (each.vr, each.kind) not in known]
        assume(telling or not differing, "values of these VRs are not as stored in any metadata", _OWNER)
        for each in telling:
            _tell(it, each)


def _tell(it: Expectation, each: Difference) -> None:
    lost, binary, nested = each.kind == "lost", each.vr in differences.BINARY, "/" in each.path
    if nested and not lost:
        quote = "item-lost" if each.vr == "SQ" else "nested-value-differs"
    elif nested:
        quote = "nested-bulk-element-absent" if binary else "nested-element-of-another-vr-absent"
    elif not lost:
        quote = "value-differs-from-the-stored-one"
    else:
        quote = "bulk-element-absent" if binary else "element-of-any-other-vr-absent"
    report = it.loses if lost else it.observes
    where, row = f"{each.path} {each.vr}", "METADATA-014" if nested else "METADATA-006"
    report(quote, where=where, expected=[each.stored], received=each.received, of=row)


def _differing(it: Expectation, instance: Instance) -> list[Difference]:
    found = differences.with_json(instance.dataset, only(it, instance))
    return [each for each in found if not each.private and not lost_without_value(each, instance.dataset)]


def _known(dicomweb: StudiesService, corpus: Corpus) -> frozenset[tuple[str, str]]:
    """Return what becomes of values by their VR in an instance of every VR, which other checks tell."""
    plain, response = of_every_vr_or(dicomweb, corpus, lambda: corpus.reports.series[1].instances[1])
    found: list[Difference] = []
    with expect(response) as it:
        found += _differing(it, plain)
    return frozenset((each.vr, each.kind) for each in found)
