"""Bulk data by the URIs that metadata give (PS3.18 10.4.1.1.5, F.2.2): taken as they are, and never built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from dicomweb_conformance import media_types
from dicomweb_conformance.dicom_json import DataSet, values
from dicomweb_conformance.exchanges import Response
from dicomweb_conformance.studies_service import StudiesService

PIXEL_DATA = "7FE00010"
EITHER_FORM = f"{media_types.MULTIPART_OCTETS}, {media_types.OCTET_STREAM};q=0.5"


@dataclass(frozen=True)
class Reference:
    """A bulk data URI.

    Attributes:
        path: the element that it stands for, such as `7FE00010` or `00720422[1]/00720065`.
        uri: as the metadata give it.
        base: the URL of the metadata.
    """

    path: str
    uri: str
    base: str

    @property
    def is_relative(self) -> bool:
        """Whether it needs a base (RFC 3986 4.2)."""
        return not urlsplit(self.uri).scheme

    @property
    def url(self) -> str:
        """What it stands for, resolved against the metadata (RFC 3986 5.1)."""
        return urljoin(self.base, self.uri)


def references(data_set: DataSet, base: str, path: str = "") -> Iterator[Reference]:
    """Yield the bulk data URIs of a DICOM JSON data set, nested ones too; what is no URI reference is left out.

    Args:
        data_set: an object of a metadata answer.
        base: the URL of that answer.
        path: where the data set is, empty at the top.
    """
    for tag, element in data_set.items():
        if not isinstance(element, dict):
            continue
        uri = element.get("BulkDataURI")
        if isinstance(uri, str) and uri and _can_be_read(uri, base):
            yield Reference(path + tag, uri, base)
        for number, item in enumerate(values(data_set, tag), 1):
            if element.get("vr") == "SQ" and isinstance(item, dict):
                yield from references(item, base, f"{path}{tag}[{number}]/")


def _can_be_read(uri: str, base: str) -> bool:
    try:
        urlsplit(urljoin(base, uri))
    except ValueError:
        return False
    return True


def dereferenced(service: StudiesService, reference: Reference, *, accept: str = EITHER_FORM) -> Response | None:
    """GET a bulk data URI.

    A relative one that the metadata's URL does not lead to is tried below the base URL. One of another origin is not
    fetched: a proxy may stand in between, so the same resource is asked for on the target.

    Returns:
        the answer; None where the URI leads to another origin, and names no resource of the Studies Service.
    """
    if not service.is_targets(reference.url):
        _, studies, below = urlsplit(reference.url).path.rpartition("/studies/")
        return service.get(f"studies/{below}", accept=accept) if studies else None
    response = service.get_url(reference.url, accept=accept)
    if response.status == 404 and reference.is_relative:
        return below_base(service, reference, accept=accept)
    return response


def below_base(service: StudiesService, reference: Reference, *, accept: str = EITHER_FORM) -> Response:
    """GET a relative URI as if the base URL of the service was its base."""
    return service.get_url(urljoin(f"{service.base_url}/", reference.uri), accept=accept)
