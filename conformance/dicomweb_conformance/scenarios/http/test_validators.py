"""HTTP: entity tags, and requests on condition of them (PS3.18 8.5, RFC 9110 8.8 and 13)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive, shows
from dicomweb_conformance.checks.expect import BUSY, Expectation, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.service.resources import path
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Series, Study
from dicomweb_fixtures.fresh import Fresh

NEVER_SENT = '"dicomweb-conformance-never-sent"'


def _metadata(dicomweb: StudiesService, resource: Study | Series, *condition: tuple[str, str]) -> Response:
    return dicomweb.get(f"{path(resource)}/metadata", accept=media_types.DICOM_JSON, headers=condition)


def _stored_metadata(dicomweb: StudiesService, study: Study) -> Response:
    """Return the metadata of what is stored, asked for without a condition."""
    response = _metadata(dicomweb, study)
    control(response, 200, 304, because="there are no metadata of a stored study")
    return response


@verifies("HTTP-025", "HTTP-025b", id="http-conditional-metadata", afresh=True, needs="metadata")
def test_conditional_metadata(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Metadata asked for by a current ETag or date are 304 without a body, or come; by any other tag they come."""
    study = corpus.ct_pair
    plain = _stored_metadata(dicomweb, study)
    with expect(plain) as it:
        if plain.status == 304:
            it.observes("304-to-a-request-without-a-condition", of="HTTP-025b")
    tag, date = plain.headers.get("ETag"), plain.headers.get("Last-Modified")
    offered(tag or date, "metadata have neither ETag nor Last-Modified", "etag")
    condition = ("If-None-Match", tag) if tag else ("If-Modified-Since", date or "")

    current = _metadata(dicomweb, study, condition)
    other = _metadata(dicomweb, study, ("If-None-Match", NEVER_SENT))

    with expect(current) as it:
        _is_of_the_current(it, tag, date)
    if tag and current.status == 304:
        for tags in (f"{NEVER_SENT}, {tag}", "*"):
            with expect(_metadata(dicomweb, study, ("If-None-Match", tags))) as it:
                _is_of_the_current(it, tag, date, where="a list of tags" if tags != "*" else tags)
    with expect(other) as it:
        if other.status == 304:
            it.observes("304-for-an-etag-that-was-never-sent", received=f"If-None-Match: {NEVER_SENT}", of="HTTP-025b")
        elif other.status == 200 and not shows(other, [instance.sop_instance_uid for instance in study.instances]):
            it.finds("200 without the whole of the metadata", received=it.status_line, of="HTTP-025b")
        elif other.status >= 500:
            it.has_status(200, of="HTTP-025b")


def _is_of_the_current(it: Expectation, tag: str | None, date: str | None, *, where: str = "") -> None:
    """Judge the response to a condition that holds no longer, as the client has what is there (RFC 9110 13.1.2)."""
    response, fields = it.response, it.response.headers
    if response.status == 304:
        if response.body or (response.wire and response.wire.after):
            it.observes("304-with-a-body", where=where, of="HTTP-025b")
        if tag and not fields.get("ETag"):
            it.observes("304-without-etag", where=where, of="HTTP-025b")
    elif response.status == 200:
        if (fields.get("ETag"), fields.get("Last-Modified")) == (tag, date):
            it.observes("200-with-the-same-validator", where=where)
    elif 400 <= response.status < 500 and response.status not in {412, *BUSY}:
        it.observes("4xx-although-control-works", where=where, received=it.status_line)
    else:
        it.has_status(304)


@verifies("HTTP-038", "HTTP-025b", id="http-etag-follows-the-content", afresh=True, needs="metadata")
def test_etag_follows_the_content(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """After an instance was added, the metadata of its series have another ETag, and come under the old one."""
    study = fresh.study()
    control(dicomweb.store(study.instances), 200, 202, because="what is to be added to cannot be stored")
    assume(archive.holds(*study.instances), "what is to be added to does not become visible", "store-multipart")
    series = study.series[0]
    first = _metadata(dicomweb, series)
    control(first, because="there are no metadata of a stored series")
    old = first.headers.get("ETag")
    offered(old, "metadata have no ETag", "etag")
    assert old is not None
    again = _metadata(dicomweb, series)
    added = fresh.another_in(series)
    control(dicomweb.store([added]), 200, 202, because="a second instance cannot be stored")
    assume(archive.holds(added), "a second instance does not become visible", "store-multipart")

    changed = _metadata(dicomweb, series, ("If-None-Match", old))

    with expect(again) as it:
        if again.body == first.body and not old.startswith("W/") and again.headers.get("ETag") != old:
            it.observes(
                "different-strong-etags-for-equal-content", where="ETag", received=again.headers.get("ETag") or ""
            )
    with expect(changed) as it:
        if changed.status == 304:
            it.observes("304-for-old-etag-after-content-changed", received=f"If-None-Match: {old}", of="HTTP-025b")
        elif changed.status == 200 and not old.startswith("W/") and changed.headers.get("ETag") == old:
            it.observes("same-strong-etag-after-content-changed", where="ETag", received=old)
