"""Retrieve: the transfer syntax of an answer (PS3.18 8.7.3)."""

from __future__ import annotations

from dicomweb_conformance.catalogue.statuses import BAD_REQUEST
from dicomweb_conformance.checks.expect import Expectation, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.reading import values
from dicomweb_conformance.scenarios.steps.refusals import study_named
from dicomweb_conformance.scenarios.steps.returned import fits, has_pixels, keeps_elements
from dicomweb_conformance.scenarios.steps.storing import AS_STORED
from dicomweb_conformance.scenarios.steps.syntax_asked_for import leave_to_plainest_syntax
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"


DEFAULT_SYNTAX = (Variant("implicit", "NEGOTIATION-023"), Variant("rle", "NEGOTIATION-023"))


@verifies("RETRIEVE-012", "RETRIEVE-014", id="retrieve-default-transfer-syntax", each=DEFAULT_SYNTAX)
def test_default_transfer_syntax(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Without a transfer-syntax parameter an instance comes in Explicit VR Little Endian, however it was stored."""
    instance = study_named(corpus, case.id).instances[0]
    control(
        dicomweb.retrieve(instance, accept=AS_STORED),
        because="the instance cannot be retrieved with transfer-syntax=*",
    )

    response = dicomweb.retrieve(instance)

    with expect(response) as it:
        if response.status == 406:
            it.observes("406-for-implicit-vr-le" if case.id == "implicit" else "406-for-a-compressed-source")
            it.concludes()
        received = it.is_one_instance()
        if values.syntax(received) != EXPLICIT:
            leave_to_plainest_syntax(dicomweb, corpus, values.syntax(received))
            it.observes(
                "200-in-the-stored-or-any-other-syntax",
                where="(0002,0010)",
                expected=[EXPLICIT],
                received=values.syntax(received) or "none",
            )
        elif not fits(received):
            it.observes(
                "200-in-the-stored-or-any-other-syntax",
                where="(0002,0010)",
                expected=[EXPLICIT],
                received=f"{EXPLICIT}, but the data set is in Implicit VR",
            )
        else:
            has_pixels(it, instance, received, differ="pixels-differ", missing="pixels-differ")
            keeps_elements(it, dicomweb, instance, received)


KEPT = tuple(Variant(each, "NEGOTIATION-022") for each in ("ct_pair", "rle", "pdf"))


@verifies(id="retrieve-any-transfer-syntax", each=KEPT)
def test_any_transfer_syntax(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """`transfer-syntax=*` gives an instance in the syntax in which it was stored, or in one that keeps its pixels."""
    instance = study_named(corpus, case.id).instances[0]
    control(
        dicomweb.retrieve(corpus.ct_pair.instances[0]), because="an instance cannot be retrieved without the parameter"
    )

    response = dicomweb.retrieve(instance, accept=AS_STORED)

    with expect(response) as it:
        received = it.is_one_instance()
        syntax = values.syntax(received)
        if not fits(received):
            it.observes("content-that-does-not-fit-0002-0010", where="(0002,0010)", received=syntax)
            it.concludes()
        is_image = "PixelData" in instance.dataset
        if is_image and not has_pixels(it, instance, received, differ="pixels-changed", missing="pixels-changed"):
            it.concludes()
        if syntax == instance.transfer_syntax_uid:
            it.observes("200-in-the-stored-syntax")
        else:
            it.observes(
                "200-in-explicit-vr-le-pixels-equal"
                if syntax == EXPLICIT
                else "200-in-a-third-syntax-with-equal-pixels",
                where="(0002,0010)",
                received=syntax,
            )


@verifies("NEGOTIATION-025", id="retrieve-never-implicit")
def test_never_implicit(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An instance stored in Implicit VR Little Endian never comes back so, for `transfer-syntax=*` or its own UID."""
    instance = corpus.implicit.instances[0]
    control(
        dicomweb.retrieve(corpus.ct_pair.instances[0], accept=AS_STORED),
        because="transfer-syntax=* does not work for an explicit instance",
    )

    response = dicomweb.retrieve(instance, accept=AS_STORED)

    with expect(response) as it:
        if response.status == 406:
            it.observes("for-star-406")
        else:
            _is_not_implicit(it)
    response = dicomweb.retrieve(instance, accept=AS_STORED.replace("*", IMPLICIT))
    with expect(response) as it:
        if response.status in {406, 415, *BAD_REQUEST}:
            it.observes("for-the-uid-406" if response.status == 406 else "for-the-uid-400", received=it.status_line)
        elif _is_not_implicit(it) == EXPLICIT:
            it.observes("for-the-uid-200-in-1-2-840-10008-1-2-1", where="(0002,0010)", received=EXPLICIT)


def _is_not_implicit(it: Expectation) -> str:
    """Judge the transfer syntax of an instance that came, and return it."""
    received = it.is_one_instance()
    syntax = values.syntax(received)
    if syntax == IMPLICIT:
        it.observes("200-in-implicit-vr-le", where="(0002,0010)", received=IMPLICIT)
    elif syntax == BIG_ENDIAN:
        it.observes("200-in-explicit-vr-be", where="(0002,0010)", received=BIG_ENDIAN)
    elif not fits(received):
        it.observes(
            "dataset-that-does-not-fit-0002-0010",
            where="(0002,0010)",
            received=f"{syntax}, but the data set is in Implicit VR",
        )
    return syntax
