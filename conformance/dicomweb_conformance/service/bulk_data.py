"""Bulk data by the URIs that metadata give (PS3.18 10.4.1.1.5, F.2.2): taken as they are, and never built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dicomweb_conformance.dicom.json_model import DataSet, values
from dicomweb_conformance.http import media_types, urls
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.urls import Url, UrlError
from dicomweb_conformance.service.studies_service import StudiesService

PIXEL_DATA = "7FE00010"
EITHER_FORM = f"{media_types.MULTIPART_OCTETS}, {media_types.OCTET_STREAM};q=0.5"


@dataclass(frozen=True)
class Reference:
    """A bulk data URI.

    Attributes:
        path: the element that it stands for, such as `7FE00010` or `00720422[1]/00720065`.
        uri: as the metadata give it.
        metadata: the answer that gives it, which it is resolved against (RFC 3986 5.1).
    """

    path: str
    uri: str
    metadata: Response

    @property
    def is_relative(self) -> bool:
        """Whether its path needs a base (RFC 3986 4.2); what is not followed is not relative."""
        try:
            return urls.read(self.uri)[:2] == (None, None)
        except UrlError:
            return False

    @property
    def url(self) -> Url:
        """What it stands for.

        Raises:
            UrlError: it is not followed, as `refusal` says.
        """
        return urls.resolve(self.uri, self.metadata.url)

    @property
    def refusal(self) -> str:
        """Why it is not followed; empty where it is."""
        try:
            _ = self.url
        except UrlError as error:
            return str(error)
        return ""


def references(data_set: DataSet, metadata: Response, path: str = "") -> Iterator[Reference]:
    """Yield the bulk data URIs of a DICOM JSON data set, nested ones too, whether they can be followed or not.

    Args:
        data_set: an object of a metadata answer.
        metadata: that answer.
        path: where the data set is, empty at the top.
    """
    for tag, element in data_set.items():
        if not isinstance(element, dict):
            continue
        uri = element.get("BulkDataURI")
        if isinstance(uri, str) and uri:
            yield Reference(path + tag, uri, metadata)
        for number, item in enumerate(values(data_set, tag), 1):
            if element.get("vr") == "SQ" and isinstance(item, dict):
                yield from references(item, metadata, f"{path}{tag}[{number}]/")


def dereferenced(service: StudiesService, reference: Reference, *, accept: str = EITHER_FORM) -> Response | None:
    """GET a bulk data URI.

    A relative one that the metadata's URL does not lead to is tried below the base URL. One of another origin is not
    fetched: a proxy may stand in between, so the same resource is asked for on the target.

    Returns:
        the answer; None where the URI leads to another origin, and names no resource of the Studies Service.

    Raises:
        UrlError: the URI is not followed.
    """
    url = reference.url
    if not service.is_targets(url):
        _, studies, below = url.path.rpartition("/studies/")
        path = f"{service.base.path.rstrip('/')}/studies/{below}"
        return service.get_url(replace(service.base, path=path, query=url.query), accept=accept) if studies else None
    response = service.get_url(url, accept=accept)
    if response.status == 404 and reference.is_relative:
        return below_base(service, reference, accept=accept)
    return response


def below_base(service: StudiesService, reference: Reference, *, accept: str = EITHER_FORM) -> Response:
    """GET a relative URI as if the base URL of the service was its base.

    Raises:
        UrlError: the URI is not followed.
    """
    return service.get_url(urls.resolve(reference.uri, f"{service.base_url}/"), accept=accept)
