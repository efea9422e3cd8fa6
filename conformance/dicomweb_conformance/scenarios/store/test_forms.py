"""Store: the forms that a good request may have (PS3.18 8.6.1.2, RFC 2046 5.1)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import PLAINEST, Archive
from dicomweb_conformance.checks.expect import BUSY, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import store_response
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.exchanges import Headers, Response
from dicomweb_conformance.reading import values
from dicomweb_conformance.scenarios.steps.likewise import leave_to_the_first
from dicomweb_conformance.scenarios.steps.storing import comes_back, is_stored, leave_to_plainest_store, retrieved
from dicomweb_conformance.scenarios.store.partial_success import ROWS, judge_sequences
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import EXPLICIT_VR_LITTLE_ENDIAN, Instance
from dicomweb_fixtures.fresh import Fresh

_JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
_WITHIN = "within-a-line"
_BOUNDARIES = {
    "boundary-of-70-characters": "b" * 70,
    "boundary-of-odd-characters": "it's(odd)+_,-./:=?",
    "boundary-with-a-blank": "two words",
    "boundary-within-a-line": _WITHIN,
}
_REFUSED = {
    "type-quoted": "quoted-boundary-or-quoted-type-refused",
    "boundary-quoted": "quoted-boundary-or-quoted-type-refused",
    "type-unquoted": "type-without-quotes-refused-with-4xx",
    "preamble": "preamble-refused-with-4xx",
    "epilogue": "epilogue-refused-with-4xx",
    "headers-in-other-order": "refusal-because-of-header-order-or-case",
    "headers-in-other-case": "refusal-because-of-header-order-or-case",
    "boundary-of-70-characters": "a-boundary-that-rfc-2046-allows-refused",
    "boundary-of-odd-characters": "a-boundary-that-rfc-2046-allows-refused",
    "boundary-with-a-blank": "a-boundary-that-rfc-2046-allows-refused",
    "boundary-within-a-line": "boundary-within-a-line-refused",
    "line-breaks-at-the-end": "line-breaks-at-the-end-refused",
}
GRAMMAR = tuple(Variant(each, "STORE-063") for each in _REFUSED)


@verifies(id="store-multipart-grammar", each=GRAMMAR)
def test_multipart_grammar(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """The server understands every way of writing a multipart message that RFC 2046 and RFC 2387 allow."""
    instance = fresh.instance()
    if case.id == "boundary-within-a-line":
        lines = f"This line ends with --{_WITHIN}\r\nthis one with --{_WITHIN}--\r\nand neither is a delimiter."
        instance = fresh.with_values(instance, ImageComments=lines)
    elif case.id == "line-breaks-at-the-end":
        # The CRLF before a delimiter belongs to it (RFC 2046 5.1.1), and to no part whatever that ends in.
        octets: bytes = instance.dataset.PixelData
        instance = fresh.with_values(instance, PixelData=octets[:-4] + b"\n\r\r\n")
    content_type, body = _written(case.id, instance)

    response = dicomweb.store_payload(content_type, body, [instance])

    if case.id != "type-quoted":
        leave_to_plainest_store(dicomweb, fresh, response)
    elif response.status >= 400:
        # The plainest store is written so, too: this one is held against a store without quotation marks.
        other = fresh.instance(name="without quotation marks")
        unquoted = dicomweb.store_payload(*_written("type-unquoted", other), [other])
        reason = f"a store without quotation marks is answered with {unquoted.status}, too"
        assume(unquoted.status != response.status, reason, PLAINEST)
    with expect(response) as it:
        if 400 <= response.status < 500 and response.status not in BUSY:
            it.observes(_REFUSED[case.id], expected=["stored"], received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        comes_back(it, dicomweb, archive, instance, otherwise="2xx-and-the-content-differs")


def _written(variant: str, instance: Instance) -> tuple[str, bytes]:
    """Return Content-Type and body of one good request, written in another way."""
    extra = ("Content-Location", f"/instances/{instance.sop_instance_uid}")
    part = multipart.part(instance.part10)
    kind = ("Content-Type", media_types.DICOM)
    if variant == "headers-in-other-order":
        part = multipart.Part(Headers((extra, kind)), instance.part10)
    elif variant == "headers-in-other-case":
        part = multipart.Part(Headers((("content-TYPE", media_types.DICOM),)), instance.part10)
    chosen, body = multipart.write([part], _BOUNDARIES.get(variant))
    content_type = media_types.multipart_related(media_types.DICOM, chosen)
    match variant:
        case "type-unquoted":
            content_type = f"multipart/related; type=application/dicom; boundary={chosen}"
        case "boundary-quoted" | "boundary-of-odd-characters" | "boundary-with-a-blank":
            content_type = f'multipart/related; boundary="{chosen}"; type="application/dicom"'
        case "preamble":
            body = b"This is a message of several parts.\r\n" + body
        case "epilogue":
            body += b"This is no part.\r\n"
    return content_type, body


_LABELS = {
    "content-length": ("Content-Length",),
    "content-location": ("Content-Location",),
    "transfer-syntax": ("transfer-syntax",),
    "all": ("Content-Length", "Content-Location", "transfer-syntax"),
    "other-transfer-syntax": ("transfer-syntax",),
}
LABELS = tuple(Variant(label, "STORE-064") for label in _LABELS)


@verifies(id="store-part-headers", each=LABELS)
def test_part_headers(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """A part may say how long it is, what it is a representation of, and how it is encoded."""
    instance = fresh.instance()
    alone = dicomweb.store([fresh.instance(name="control")])
    control(alone, 200, 202, because="the same part with Content-Type alone is not stored")

    def treated(label: Variant) -> str:
        other = fresh.instance(name=label.id)
        answer = _store_labelled(dicomweb, other, label)
        return _lost(answer, archive.holds_now(other))

    response = _store_labelled(dicomweb, instance, case)

    lost = _lost(response, response.status >= 300 or archive.holds(instance))
    leave_to_the_first("store-part-headers", case, LABELS, lost, treated)
    with expect(response) as it:
        if 400 <= response.status < 500 and response.status not in BUSY:
            it.observes(
                "refused-for-its-part-headers",
                expected=["stored"],
                received=it.status_line,
            )
            it.concludes()
        it.has_status(200, 202)
        there = comes_back(it, dicomweb, archive, instance, otherwise="2xx-and-the-content-differs")
        if there and case.id == "other-transfer-syntax":
            kept = values.syntax(retrieved(dicomweb, instance))
            if kept == _JPEG_BASELINE:
                it.observes(
                    "2xx-and-the-content-differs",
                    where="(0002,0010)",
                    expected=[EXPLICIT_VR_LITTLE_ENDIAN],
                    received=f"{kept}, as the Content-Type of the part had it",
                )


def _store_labelled(dicomweb: StudiesService, instance: Instance, case: Variant) -> Response:
    part = _labelled(instance, _LABELS[case.id], _JPEG_BASELINE if case.id.startswith("other") else None)
    boundary, body = multipart.write([part])
    return dicomweb.store_payload(media_types.multipart_related(media_types.DICOM, boundary), body, [instance])


def _lost(response: Response, there: bool) -> str:
    """Say how a part is lost whose header says more than its Content-Type; empty where it is not."""
    if response.status >= 400:
        return f"a part that says more than its Content-Type is answered with {response.status}"
    return "" if there else "a part that says more than its Content-Type is lost"


def _labelled(instance: Instance, names: tuple[str, ...], syntax: str | None) -> multipart.Part:
    kind = media_types.DICOM
    if "transfer-syntax" in names:
        kind += f"; transfer-syntax={syntax or instance.transfer_syntax_uid}"
    values = {
        "Content-Length": str(len(instance.part10)),
        "Content-Location": f"/instances/{instance.sop_instance_uid}",
    }
    return multipart.part(instance.part10, kind, *((name, values[name]) for name in names if name in values))


MANY = (Variant("studies", "STORE-046"), Variant("study", "STORE-046", needs="store.study"))


@verifies(*ROWS, id="store-many-instances", each=MANY)
def test_many_instances(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """Fifty instances of a series are stored by one request, and the response lists each of them."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a part alone is not stored")
    study = fresh.study(instances=50)

    response = dicomweb.store(study.instances, study=study.study_instance_uid if case.id == "study" else None)

    with expect(response) as it:
        offered(response.status != 413, "the target takes no request of this size: see message[HTTP-021]")
        if 400 <= response.status < 500 and response.status not in BUSY:
            it.observes("refused-though-parts-are-stored-alone", received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        held = archive.held_of(study)
        answer = store_response.of_body(response.body)
        missing = (
            {instance.sop_instance_uid for instance in study.instances}
            - held
            - set(answer.failed_uids if answer else [])
        )
        if missing:
            received = f"not retrievable: {', '.join(sorted(missing))}"
            if response.status == 200:
                it.observes("fewer-stored-than-sent-under-200", received=received)
            else:
                it.finds("fewer stored than sent, and not reported", received=received)
        if answer:
            judge_sequences(it, answer, study.instances, held, ())


@verifies("STORE-046", "STORE-010", *ROWS, id="store-mixed-transfer-syntaxes")
def test_mixed_transfer_syntaxes(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Each of several instances in different transfer syntaxes is stored, or reported as failed."""
    alone = fresh.in_several_transfer_syntaxes().instances[0]
    control(dicomweb.store([alone]), 200, 202, because="the instance in Explicit VR Little Endian alone is not stored")
    study = fresh.in_several_transfer_syntaxes()
    uids = [instance.sop_instance_uid for instance in study.instances]

    response = dicomweb.store(study.instances)

    with expect(response) as it:
        answer = store_response.of_body(response.body)
        if 400 <= response.status < 500 and response.status not in BUSY:
            if not any(archive.holds_now(instance) for instance in study.instances):
                it.observes(
                    "all-or-nothing" if response.status in {400, 409} else "another-4xx-and-nothing-stored",
                    received=it.status_line,
                    of="STORE-010",
                )
            elif answer is None or not answer.stored:
                it.observes("4xx-without-module-although-one-stored", received=it.status_line, of="STORE-010")
            else:
                it.observes("4xx-and-stored-in-part-as-reported", received=it.status_line, of="STORE-010")
            it.concludes()
        it.has_status(200, 202)
        listed = set(answer.stored_uids) if answer else set(uids)
        held = archive.held([instance for instance in study.instances if instance.sop_instance_uid in listed])
        others = [instance for instance in study.instances if instance.sop_instance_uid not in listed]
        refused = [each for each in others if not archive.holds_now(each)]
        held |= {each.sop_instance_uid for each in others} - {each.sop_instance_uid for each in refused}
        if response.status == 200 and held != set(uids):
            received = ", ".join(
                instance.transfer_syntax_uid for instance in study.instances if instance.sop_instance_uid not in held
            )
            it.observes("fewer-stored-than-sent-under-200", received=f"not retrievable: {received}")
        if answer:
            judge_sequences(it, answer, study.instances, held, refused)
        else:
            is_stored(it, archive, *study.instances)
