"""Store: instances that clash with what is there, and requests that only look like a store (PS3.18 10.5)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive, shows
from dicomweb_conformance.checks.expect import assume, control, expect
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.http import multipart
from dicomweb_conformance.scenarios.steps.storing import warns
from dicomweb_conformance.service.resources import path
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.fresh import Fresh


@verifies("STORE-074", id="store-one-uid-in-two-series", needs="retrieve")
def test_one_uid_in_two_series(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Of two instances of one SOP Instance UID in two series each is retrieved from its own, or the second refused."""
    first = fresh.instance()
    control(dicomweb.store([first]), 200, 202, because="the first instance cannot be stored")
    assume(archive.holds(first), "the first instance does not become visible", "store-multipart")
    second = fresh.with_values(first, SeriesInstanceUID=fresh.uid(), SeriesNumber=99)

    response = dicomweb.store([second])

    with expect(response) as it:
        if not it.is_one_of(200, 202, 409, 400, 403, 422) or response.status not in {200, 202} or warns(response):
            it.concludes()
        archive.time_until(lambda: dicomweb.retrieve(second).status == 200)
        one, other = dicomweb.retrieve(first), dicomweb.retrieve(second)
        for each, instance in ((one, first), (other, second)):
            if each.status == 200 and not shows(each, [instance.series_instance_uid]):
                received = f"{path(instance)} holds an instance of another series"
                it.observes("another-instance-below-its-series", received=received)
        gone = {404, 410}
        if one.status in gone and other.status in gone:
            it.observes("both-are-gone")
        elif other.status in gone:
            it.observes("said-to-be-stored-and-not-there", received=f"{other.status} to {other.request_line}")
        elif one.status in gone:
            it.observes("the-second-takes-the-place-of-the-first", received=f"{one.status} to {one.request_line}")


@verifies("STORE-075", id="store-form-data", needs="retrieve")
def test_form_data(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The form of a web page with a file in it is refused with 415, or what it holds is stored."""
    control(dicomweb.store([fresh.instance()]), 200, 202, because="a store in a supported media type does not work")
    instance = fresh.instance()
    part = multipart.part(instance.part10)
    disposition = ("Content-Disposition", 'form-data; name="file"; filename="image.dcm"')
    fields = type(part.headers)((disposition, *part.headers.fields))
    boundary, body = multipart.write([multipart.Part(fields, part.body)])

    response = dicomweb.store_payload(f"multipart/form-data; boundary={boundary}", body, [instance])

    with expect(response) as it:
        if not 200 <= response.status < 300:
            it.has_status(415)
        elif archive.holds(instance):
            it.observes("stored-all-the-same", received=it.status_line)
        else:
            it.observes("2xx-and-nothing-stored", received=it.status_line)
