"""Values that metadata give by a URI: where they are, what they must be, and getting them."""

from __future__ import annotations

from collections.abc import Collection

from pydicom import DataElement, Dataset

from dicomweb_conformance.checks.expect import control, kept, offered, quoted, unreadable
from dicomweb_conformance.checks.judgement import Inconclusive
from dicomweb_conformance.dicom import differences
from dicomweb_conformance.dicom.json_model import DataSet, items, objects, text
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.scenarios.steps.returned import octets_of
from dicomweb_conformance.service import bulk_data
from dicomweb_conformance.service.bulk_data import PIXEL_DATA, Reference, dereferenced, references
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance, Series, Study

EVERY_ELEMENT = "metadata-holds-every-element"


def references_of(dicomweb: StudiesService, resource: Study | Series | Instance) -> list[tuple[str, list[Reference]]]:
    """Return the bulk data URIs that metadata give, by SOP Instance UID; metadata themselves are judged elsewhere."""
    response, found = _metadata(dicomweb, resource)
    return [(text(each, "00080018"), list(references(each, response))) for each in found]


def _metadata(dicomweb: StudiesService, resource: Study | Series | Instance) -> tuple[Response, list[DataSet]]:
    response = dicomweb.metadata(resource)
    control(response, because="metadata, which refer to bulk data, cannot be retrieved")
    try:
        return response, objects(response.body)
    except UnreadableError as error:
        raise unreadable(error, response, "the metadata cannot be read") from None


def reference_to(
    dicomweb: StudiesService, instance: Instance, path: str = PIXEL_DATA, *, owner: str = EVERY_ELEMENT
) -> Reference:
    """Return the bulk data URI of one element, or end the check.

    Args:
        dicomweb: asked for the metadata.
        instance: whose metadata they are.
        path: of the element.
        owner: the check that fails where the metadata lack the element, or its value.

    Raises:
        NotApplicable: the value stands in the metadata itself.
        Inconclusive: the metadata lead to no value, which is for the owner to tell.
    """
    response, found = _metadata(dicomweb, instance)
    given = {reference.path: reference for one in found for reference in references(one, response)}
    if path in given:
        return given[path]
    members = {member for one in found for member in _members(one, path)}
    offered("InlineBinary" not in members, f"the metadata hold the value of {path}, as they may, and give no URI")
    if "Value" in members:
        raise Inconclusive(f"the metadata have {path} in a Value, where no binary value may be", "message[JSON-042]")
    kept(path in given, f"the metadata give {path} neither by a URI nor inline", owner)
    return given[path]


def _members(data_set: DataSet, path: str) -> Collection[str]:
    """Return which members the element has that a path leads to: none where it is absent."""
    *above, tag = path.split("/")
    for step in above:
        sequence, _, number = step.rstrip("]").partition("[")
        data_set = next(iter(items(data_set, sequence)[int(number) - 1 :]), {})
    element = data_set.get(tag)
    return element.keys() if isinstance(element, dict) else ()


def value_at(dicomweb: StudiesService, reference: Reference, accept: str = bulk_data.EITHER_FORM) -> Response:
    if reference.refusal:
        raise Inconclusive(
            f"{quoted(reference.uri)} cannot be followed: {quoted(reference.refusal)}", "bulkdata-by-uri"
        )
    response = dereferenced(dicomweb, reference, accept=accept)
    if response is None:
        raise Inconclusive(f"{quoted(reference.uri)} leads to another origin, which is not asked")
    if 300 <= response.status < 400:
        raise Inconclusive("a bulk data URI redirects, and redirects are not followed", response.exchange)
    return response


def element_at(data_set: Dataset, path: str) -> tuple[DataElement, Dataset]:
    """Return the element that a path leads to, and the data set that it is in."""
    *above, tag = path.split("/")
    for step in above:
        sequence, _, number = step.rstrip("]").partition("[")
        data_set = data_set[int(sequence, 16)].value[int(number) - 1]
    return data_set[int(tag, 16)], data_set


def stored_value(instance: Instance, path: str) -> bytes:
    """Return the octets of a value as they are stored, native pixels without padding."""
    if path == PIXEL_DATA:
        return b"".join(instance.frames)
    element, data_set = element_at(instance.dataset, path)
    return bytes(element.value) if element.VR in differences.BINARY else octets_of(element, data_set)


def is_value(found: bytes, value: bytes) -> bool:
    """Tell whether octets are those of a value, one pad octet at its end apart (PS3.18 F.2)."""
    return pixel_octets.equals(found, value) or (len(found) % 2 == 1 and value in {found + b"\0", found + b" "})
