"""Is every answer the same? Then nothing can be told of the target, and its settings are to be looked at.

What can be judged is never taken for such: one answer that differs ends the question. Nonsense is asked first, which
nearly every server answers otherwise than a search; what could be told of an instance comes last, once nothing else
differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.settings.target import Target
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.identifiers import uid

NOWHERE = "no-such-resource"
"""A path that no DICOMweb service has."""
NOTHING = b"--dicomweb-preflight--\r\n"
"""A multipart payload without a part."""
_QUOTABLE = frozenset({b"", b"[]", b"{}", b"[{}]", b"null"})

Question = Callable[[], Response]


def is_constant(service: StudiesService, target: Target, seed: int, first: Response) -> bool:
    """Tell whether whatever is asked is answered as the first search was.

    Args:
        service: the target's.
        target: for whether it may only be read.
        seed: of the run.
        first: the answer to a search.
    """
    constant = all(_same(ask(), first) for ask in _questions(service, target, seed))
    if constant and first.status >= 400 and not target.read_only:
        service.lacks([_instance(target, seed).study_instance_uid])
    return constant


def described(response: Response) -> str:
    """Say what an answer is: status, media type and size, and all of it where that is next to nothing."""
    kind = media_types.name_of(response.content_type) or "no media type"
    body = response.body.strip()
    size = f"{len(response.body)} octets" if body not in _QUOTABLE else body.decode() or "an empty body"
    return f"{response.status} {response.reason}".strip() + f", {kind}, {size}"


def advice(response: Response, target: Target) -> Iterator[str]:
    """Return what to look at where every answer is this one."""
    if response.status in {429, 502, 503, 504}:
        yield "is it busy, starting, or down behind a proxy? Try again when it answers"
    elif response.status >= 500:
        yield "its log says what went wrong: the service behind the URL, or its database, may be down"
    elif response.status >= 400:
        yield "does it want credentials, or a header field? --dicomweb-auth, --dicomweb-header"
    else:
        yield "a proxy, a web application or a stub may answer in place of the service"
        if not target.read_only:
            yield "one study was sent to find out: if it is kept after all, 'dicomweb-conformance clean' removes it"
    if target.read_only:
        yield "was the corpus loaded, and does the run have its seed? --dicomweb-corpus=FILE takes it from corpus.json"
    yield "the base URL ends where /studies begins, such as https://host/dicom-web"


def store_nothing(service: StudiesService, resource: str) -> Response:
    """POST a multipart payload without a part, which nobody can store."""
    content_type = media_types.multipart_related(media_types.DICOM, "dicomweb-preflight")
    return service.send(
        "POST", resource, accept=media_types.DICOM_JSON, headers=[("Content-Type", content_type)], body=NOTHING
    )


def _questions(service: StudiesService, target: Target, seed: int) -> Iterator[Question]:
    yield lambda: service.get(NOWHERE, accept=media_types.DICOM_JSON)
    yield lambda: service.search(f"{resources.study(uid(seed, 'preflight'))}/{NOWHERE}")
    instance = _instance(target, seed)
    if not target.read_only:
        yield lambda: store_nothing(service, "studies")
        yield lambda: service.store([instance], accept="*/*")
    yield lambda: service.search("studies", StudyInstanceUID=instance.study_instance_uid)
    yield lambda: service.metadata(instance)
    yield lambda: service.retrieve(instance)
    if not target.read_only:
        yield lambda: service.delete(resources.study(instance.study_instance_uid))


def _instance(target: Target, seed: int) -> Instance:
    """Return an instance that a service which works can be asked for: of the corpus, or one that it is sent."""
    return Corpus(seed).two_series.instances[0] if target.read_only else Fresh(seed, "preflight").instance()


def _same(answer: Response, first: Response) -> bool:
    """Tell whether two answers are the same: to the octet, or errors of one status and media type.

    Many an error names its time and the path that was asked for.
    """
    if answer.status != first.status or answer.error != first.error:
        return False
    if answer.status >= 400:
        return media_types.name_of(answer.content_type) == media_types.name_of(first.content_type)
    return answer.content_type == first.content_type and answer.body == first.body
