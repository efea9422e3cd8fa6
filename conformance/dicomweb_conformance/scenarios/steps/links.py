"""URLs that a target gives: whether they lead to what they should."""

from __future__ import annotations

from dicomweb_conformance.catalogue.statuses import status_observation
from dicomweb_conformance.checks.expect import BUSY, Expectation
from dicomweb_conformance.checks.judgement import Inconclusive, current
from dicomweb_conformance.http import media_types, urls
from dicomweb_conformance.http.urls import UrlError
from dicomweb_conformance.service.studies_service import StudiesService


def is_elsewhere(service: StudiesService, url: str) -> bool:
    """Tell whether a URL that the target gave leads to another origin: a client that follows it may reach nobody."""
    try:
        return not service.is_targets(urls.resolve(url.rstrip(" "), f"{service.base_url}/"))
    except UrlError:
        return False  # wherever it is, it cannot be followed, which is another finding


def leads_to(
    it: Expectation, url: str, path: str, service: StudiesService, *, because: str, gone: str, of: str | None = None
) -> None:
    """Follow a URL that the target gave: it must lead to the resource of that path.

    A URL on another origin is not fetched, and never gets credentials: a proxy may stand in between, so its path is
    compared. One that cannot be followed is a finding, whatever its path.

    Args:
        it: the expectation on the response that gave the URL.
        url: as the target gave it, possibly relative to the request.
        path: the path of the resource below the base URL.
        service: the target's.
        because: the observation where it is the URL of another resource.
        gone: the observation where it does not answer, though the resource is there.
        of: which of the check's requirements.
    """
    expected = [f"a URL that ends in /{path}"]
    try:
        # Blanks at the end of a value of VR UR are padding (PS3.5 6.2).
        there = urls.resolve(url.rstrip(" "), it.response.url)
    except UrlError as error:
        it.not_followed(url, error, expected=expected, of=of)
        return
    if not there.path.rstrip("/").endswith("/" + path):
        it.observes(because, expected=expected, received=url, of=of)
    elif service.is_targets(there):
        answer = service.get_url(there, accept=media_types.MULTIPART_DICOM)
        if answer.status in BUSY:
            raise Inconclusive(
                f"the target was busy: {answer.request_line} was answered with {answer.status}", answer.exchange
            )
        if answer.status != 200:
            requirement = current().requirement(of)
            listed = status_observation(requirement, answer.status) if answer.status >= 500 else gone
            it.observes(
                listed or gone,
                expected=["200 with that resource"],
                received=f"{answer.error or answer.status} for {url}",
                of=of,
            )
        elif path.rpartition("/")[2].encode() not in answer.body:
            it.observes(
                because, expected=["200 with that resource"], received=f"200 with something else for {url}", of=of
            )
