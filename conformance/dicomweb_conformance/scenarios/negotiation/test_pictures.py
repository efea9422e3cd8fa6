"""Negotiation: which picture a server chooses, JPEG being the default and PNG required (PS3.18 8.7.5 to 8.7.8)."""

from __future__ import annotations

from collections.abc import Sequence

from dicomweb_conformance.checks.expect import Expectation, assume, control, expect, offered, quoted
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.steps.accept_lists import takes_lists
from dicomweb_conformance.service.absence import CLEAN_REFUSALS
from dicomweb_conformance.service.resources import path
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

JPEG, PNG = "image/jpeg", "image/png"
_REFUSALS = frozenset({400, 406, 415})
_BEGINS = {JPEG: b"\xff\xd8\xff", PNG: b"\x89PNG\r\n\x1a\n"}


def _rendered(dicomweb: StudiesService, corpus: Corpus, accept: str, query: Sequence[tuple[str, str]] = ()) -> Response:
    return dicomweb.get(f"{path(corpus.ct_pair.instances[0])}/rendered", query, accept=accept)


def _has(dicomweb: StudiesService, corpus: Corpus, *kinds: str) -> None:
    """End the check unless the instance is rendered in each of these types where it alone is acceptable."""
    for kind in kinds:
        response = _rendered(dicomweb, corpus, kind)
        refused = response.status in {400, *CLEAN_REFUSALS}
        capability = "rendered.png" if kind == PNG else "rendered"
        offered(not refused, f"the target does not render an image as {kind}: {response.status}", capability)
        control(response, because=f"an image is not rendered as {kind}")
        is_that = _kind(response) == kind and response.body.startswith(_BEGINS[kind])
        offered(
            is_that, f"the target does not render an image as {kind}: {quoted(response.content_type)} comes", capability
        )


def _kind(response: Response) -> str:
    return media_types.name_of(response.content_type)


def _is_picture(it: Expectation, otherwise: str, *kinds: str) -> bool:
    """Tell whether a 200 is a picture of one of these types, and report `otherwise` where it is not."""
    kind = _kind(it.response)
    if kind in kinds and it.response.body.startswith(_BEGINS.get(kind, b"")):
        return True
    it.observes(otherwise, where="Content-Type", received=f"{it.status_line}, {len(it.response.body)} octets")
    return False


def _leave_refused_list(it: Expectation, dicomweb: StudiesService, corpus: Corpus) -> None:
    """Leave a refusal to the plainest list of types of pictures, where that is refused, too.

    Raises:
        Inconclusive: it is.
    """
    if it.response.status in _REFUSALS:
        plainest = _rendered(dicomweb, corpus, f"{JPEG}, {PNG}")
        assume(
            plainest.status not in _REFUSALS,
            "an Accept field with two types of pictures is refused",
            "negotiation-equal-quality[jpeg-first]",
        )


@verifies("NEGOTIATION-004", id="negotiation-parameter-before-header")
def test_parameter_before_header(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`accept=image/png` in the query takes precedence over what Accept names first."""
    _has(dicomweb, corpus, JPEG, PNG)
    takes_lists(dicomweb, corpus)

    response = _rendered(dicomweb, corpus, f"{JPEG}, {PNG}, */*", [("accept", PNG)])

    with expect(response) as it:
        _leave_refused_list(it, dicomweb, corpus)
        it.has_status(200)
        if _kind(response) == JPEG and _is_picture(it, "body-does-not-fit-its-content-type", JPEG):
            it.observes("a-listed-type-parameter-ignored", where="Content-Type")
        elif _kind(response) != JPEG:
            _is_picture(it, "a-type-not-listed", PNG)


@verifies("NEGOTIATION-006", id="negotiation-parameter-outside-header")
def test_parameter_outside_header(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Where the query names a type that Accept does not, one of the two is returned, or the request refused."""
    _has(dicomweb, corpus, JPEG, PNG)

    response = _rendered(dicomweb, corpus, JPEG, [("accept", PNG)])

    with expect(response) as it:
        it.has_status(200, 400, 406)
        if response.status == 200 and _is_picture(it, "200-with-another-type", JPEG, PNG):
            it.observes("200-image-png" if _kind(response) == PNG else "200-image-jpeg")


@verifies("NEGOTIATION-007", id="negotiation-parameter-in-other-case")
def test_parameter_in_other_case(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`Accept=image/png` in the query, with a capital A, is not the accept parameter."""
    _has(dicomweb, corpus, JPEG, PNG)

    response = _rendered(dicomweb, corpus, JPEG, [("Accept", PNG)])

    with expect(response) as it:
        it.has_status(200)
        if _is_picture(it, "200-with-another-type", JPEG, PNG) and _kind(response) == PNG:
            it.observes("200-image-png-name-taken-without-case", where="Content-Type")


@verifies("NEGOTIATION-014", id="negotiation-default-quality")
def test_default_quality(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A type without a weight has weight 1, which is more than 0.1."""
    _has(dicomweb, corpus, JPEG, PNG)
    takes_lists(dicomweb, corpus)

    response = _rendered(dicomweb, corpus, f"{PNG}, {JPEG};q=0.1")

    with expect(response) as it:
        _leave_refused_list(it, dicomweb, corpus)
        it.has_status(200)
        _is_picture(it, "image-jpeg" if _kind(response) == JPEG else "another-type", PNG)


@verifies("NEGOTIATION-016", id="negotiation-most-specific-range")
def test_most_specific_range(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The weight of JPEG is that of image/jpeg, not that of image/*."""
    _has(dicomweb, corpus, JPEG, PNG)
    takes_lists(dicomweb, corpus)

    response = _rendered(dicomweb, corpus, f"image/*;q=0.9, {JPEG};q=0.1")

    with expect(response) as it:
        _leave_refused_list(it, dicomweb, corpus)
        it.has_status(200)
        if _kind(response) == JPEG:
            it.observes("image-jpeg", where="Content-Type")
        elif not _kind(response).startswith("image/") or not response.body:
            it.observes("a-type-that-is-no-image", where="Content-Type", received=it.status_line)


ORDERS = (
    Variant("jpeg-first", "NEGOTIATION-017", f"{JPEG}, {PNG}"),
    Variant("png-first", "NEGOTIATION-017", f"{PNG}, {JPEG}"),
)


@verifies(id="negotiation-equal-quality", each=ORDERS)
def test_equal_quality(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Of two types with the same weight either comes."""
    _has(dicomweb, corpus, JPEG, PNG)
    takes_lists(dicomweb, corpus)

    response = _rendered(dicomweb, corpus, case.value)

    with expect(response) as it:
        if case.id != ORDERS[0].id:
            _leave_refused_list(it, dicomweb, corpus)
        it.has_status(200)
        _is_picture(it, "another-type", JPEG, PNG)


@verifies("NEGOTIATION-030", id="negotiation-transfer-syntax-of-a-picture")
def test_transfer_syntax_of_a_picture(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A transfer-syntax parameter on a rendered media type is refused, or ignored."""
    _has(dicomweb, corpus, JPEG)

    response = _rendered(dicomweb, corpus, f"{JPEG}; transfer-syntax=1.2.840.10008.1.2.4.50")

    with expect(response) as it:
        it.has_status(200, 400, 406)
        if response.status != 200:
            it.concludes()
        if _kind(response) != JPEG:
            it.observes("200-with-another-type", where="Content-Type", received=it.status_line)
        elif not _is_picture(it, "body-that-is-not-jpeg", JPEG):
            it.concludes()
        elif media_types.read(response.content_type).media_type.parameter("transfer-syntax"):
            it.observes("transfer-syntax-on-the-message", where="Content-Type")
