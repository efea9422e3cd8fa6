"""Store: each study of the corpus comes back as it was stored (PS3.18 10.5.2, 10.4.3.3.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache, partial

from pydicom import Dataset

from dicomweb_conformance.checks.expect import Expectation, assume, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import part10_files
from dicomweb_conformance.scenarios.steps.file_octets import LINE_BREAKS, cut_off, data_set_of
from dicomweb_conformance.scenarios.steps.likewise import leave_to_the_first
from dicomweb_conformance.scenarios.steps.returned import (
    as_stored,
    has_elements,
    has_pixel_octets,
    has_private_elements,
    lost_of_a_file,
    of_other_pixels,
)
from dicomweb_conformance.scenarios.steps.storing import LINE_BREAKS_AT_THE_END
from dicomweb_conformance.service.absence import CLEAN_REFUSALS
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.building.transfer_syntaxes import SYNTAXES
from dicomweb_fixtures.corpus import LARGE, Corpus
from dicomweb_fixtures.entities import Study

_ENCODED = "encoded."
_FILES = frozenset({media_types.MULTIPART_RELATED, media_types.DICOM})
_PLAIN = "ct_pair"
_SAME_IMAGE_EACH = frozenset({"many_slices", "paging"})
"""Entries of many images of which each tells what the first does."""
ENTRIES = tuple(
    Variant(name, "RETRIEVE-012b" if name in LARGE else "RETRIEVE-005")
    for name in Corpus.entry_names(large=True)
    if name not in _SAME_IMAGE_EACH
) + tuple(
    Variant(f"{_ENCODED}{syntax.key}", "RETRIEVE-005", syntax.uid) for syntax in SYNTAXES.values() if not syntax.retired
)


@verifies("RETRIEVE-012", "RETRIEVE-013", "RETRIEVE-014", id="store-round-trip", each=ENTRIES)
def test_round_trip(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """What was stored comes back: every instance, with the same elements in the same VRs, and the same pixels."""
    told = frozenset if case.id == _PLAIN else cache(lambda: _told_of_a_plain_study(dicomweb, corpus))
    for study in _studies(corpus, case):
        *others, response = _retrieved(dicomweb, study)

        leave_to_the_first(
            "store-round-trip", case, _like(case), _breaks(response), partial(_breaks_of, dicomweb, corpus)
        )
        with expect(response) as it:
            it.has_status(200, of="RETRIEVE-012")
            files = [file for each in others for file in _files_of(each)]
            _came_back(it, study, files + _files(it), case.requirement, told)


def _like(case: Variant) -> tuple[Variant, ...]:
    """Return the cases of one cause with another: kinds of objects, or transfer syntaxes of one kind."""
    return tuple(each for each in ENTRIES if bool(each.value) == bool(case.value))


def _breaks(response: Response) -> str:
    return f"what was stored is answered with {response.status}" if response.status >= 400 else ""


def _breaks_of(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> str:
    return _breaks(_retrieved(dicomweb, _studies(corpus, case)[0])[-1])


def _told_of_a_plain_study(dicomweb: StudiesService, corpus: Corpus) -> frozenset[str]:
    """Return where the plain case differs already: one cause is told once, by that check."""
    return lost_of_a_file(dicomweb, corpus.ct_pair.instances[0])


def _studies(corpus: Corpus, case: Variant) -> tuple[Study, ...]:
    """Return the studies of an entry."""
    if case.value:
        return (corpus.encoded(case.value),)
    entry: Study = getattr(corpus, case.id)
    return entry.studies


def _retrieved(dicomweb: StudiesService, study: Study) -> list[Response]:
    """Retrieve a study as it is stored, or each instance of it where something else comes in place of the study.

    One that does not come is the last of them.
    """
    response = as_stored(dicomweb, study)
    comes = response.status == 200 and media_types.name_of(response.content_type) in _FILES
    if comes or response.status not in {200, *CLEAN_REFUSALS}:
        return [response]
    return sorted((as_stored(dicomweb, each) for each in study.instances), key=lambda each: each.status != 200)


def _files_of(response: Response) -> list[bytes]:
    if media_types.name_of(response.content_type) == media_types.DICOM:
        return [response.body]
    return [each.body for each in multipart.parts_of(response.content_type, response.body)]


def _files(it: Expectation) -> list[bytes]:
    """Return the parts of the answer; one that is no multipart ends the block."""
    try:
        return _files_of(it.response)
    except UnreadableError as error:
        it.cannot_read(error, "multipart/related with application/dicom parts", of="RETRIEVE-012")


def _came_back(
    it: Expectation, study: Study, files: list[bytes], whole: str, told: Callable[[], frozenset[str]]
) -> None:
    as_sent = {data_set_of(each.part10): each.sop_instance_uid for each in study.instances}
    # A data set that is the same to the octet need not be read to be compared.
    same = Counter(as_sent[octets] for octets in map(data_set_of, files) if octets in as_sent)
    others = [
        _read(it, study, file, f"part {number}")
        for number, file in enumerate(files, 1)
        if data_set_of(file) not in as_sent
    ]
    found = same + Counter(str(each.get("SOPInstanceUID", "")) for each in others)
    by_uid = {str(each.get("SOPInstanceUID", "")): each for each in others}
    missing = [each.sop_instance_uid for each in study.instances if each.sop_instance_uid not in found]
    expected = [f"the {len(study.instances)} instances of study {study.name}"]
    if missing:
        it.observes(
            "200-with-an-instance-missing", expected=expected, received=f"without {', '.join(missing)}", of=whole
        )
    if twice := [uid for uid, count in found.items() if count > 1]:
        it.observes("the-same-instance-twice", expected=expected, received=f"twice {', '.join(twice)}", of=whole)
    for instance in study.instances:
        if instance.sop_instance_uid in by_uid:
            came, sent = by_uid[instance.sop_instance_uid], part10_files.read(instance.part10)
            has_elements(it, sent, came, told=partial(_told_elsewhere, told, sent, came))
            has_private_elements(it, sent, came)
            has_pixel_octets(it, instance, came)


def _told_elsewhere(told: Callable[[], frozenset[str]], sent: Dataset, came: Dataset) -> frozenset[str]:
    return told() | of_other_pixels(sent, came)


def _read(it: Expectation, study: Study, file: bytes, where: str) -> Dataset:
    try:
        return part10_files.read(file)
    except UnreadableError as error:
        lacking = next(filter(None, (cut_off(each, file) for each in study.instances)), b"")
        because = f"{where} lacks its last octets, which are line breaks: {lacking.hex(' ')}"
        assume(not lacking or bool(lacking.strip(LINE_BREAKS)), because, LINE_BREAKS_AT_THE_END)
        it.cannot_read(error.within(where), "a Part 10 file in each part", of="RETRIEVE-012")
