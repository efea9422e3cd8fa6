"""Kinds of instances that few servers look into: what they hold beside patient, study and pixels."""

from __future__ import annotations

from dicomweb_conformance.checks.verifies import Variant
from dicomweb_conformance.scenarios.steps.refusals import study_named
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance

_KINDS = {
    "frames-in-groups": "enhanced 0",
    "overlays": "overlays 0",
    "palette": "pictures_of_rare_kinds 0",
    "segmented-palette": "segmented_palettes 0",
    "look-up-table": "grey_scales 8",
    "waveform": "ecg 0",
    "contours": "radiotherapy 2",
    "segments": "segmentation 2",
    "annotations": "annotations 1",
    "colour-profile": "whole_slide_colour 0",
    "presentation-state": "grey_scales 12",
    "document": "pdf 0",
    "float": "parametric_map 0",
}
"""An entry of the corpus, and which of its instances, counted from 0."""


def of_kinds(requirement: str, *kinds: str) -> tuple[Variant, ...]:
    """Return a way to ask for each of these kinds, or for all."""
    return tuple(Variant(kind, requirement, _KINDS[kind]) for kind in kinds or _KINDS)


def of_kind(corpus: Corpus, case: Variant) -> Instance:
    entry, number = case.value.split()
    return study_named(corpus, entry).instances[int(number)]
