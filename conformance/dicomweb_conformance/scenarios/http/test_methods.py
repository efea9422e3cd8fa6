"""HTTP: HEAD, methods that are not supported, content codings, long URLs (RFC 9110, PS3.18 8.4 and 8.5)."""

from __future__ import annotations

from urllib.parse import quote

from dicomweb_conformance.archive.contents import shows
from dicomweb_conformance.checks.expect import BUSY, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.service.resources import path
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Study
from dicomweb_fixtures.fresh import Fresh

JSON = ("Accept", media_types.DICOM_JSON)
RESOURCES = (
    Variant("search", "HTTP-026", needs="search.studies"),
    Variant("metadata", "HTTP-026", needs="metadata"),
)
SEARCHES = {
    "search": "search.studies",
    "series-of-a-study": "search.series",
    "instances-of-a-study": "search.study-instances",
    "instances-of-a-series": "search.instances",
    "all-series": "search.all-series",
    "all-instances": "search.all-instances",
}
"""The six resources of Table 10.6.1-1, and the capability to be searched that each is."""
_IMAGES = {
    "instance": ("retrieve", "", media_types.MULTIPART_DICOM),
    "frame": ("frames", "/frames/1", media_types.MULTIPART_OCTETS),
    "rendered": ("rendered", "/rendered", media_types.JPEG),
}
"""Resources of an image: the capability, what is behind its path, and in which media type it is asked for."""
READ = (
    *RESOURCES,
    *(Variant(name, "HTTP-026", needs=needs) for name, needs in SEARCHES.items() if name != "search"),
    *(Variant(name, "HTTP-026", needs=needs) for name, (needs, _, _) in _IMAGES.items()),
)
ASKED_FOR_METHODS = tuple(Variant(name, "HTTP-045", needs=needs) for name, needs in SEARCHES.items())
CODED = tuple(Variant(each.id, "HTTP-009", needs=each.needs) for each in RESOURCES)
LONG = 60_000


def _target(study: Study, resource: str) -> str:
    below, key = path(study), f"?StudyInstanceUID={quote(study.study_instance_uid)}"
    if resource in _IMAGES:
        return f"/{path(study.instances[0])}{_IMAGES[resource][1]}"
    return {
        "search": f"/studies{key}",
        "series-of-a-study": f"/{below}/series",
        "instances-of-a-study": f"/{below}/instances",
        "instances-of-a-series": f"/{path(study.series[0])}/instances",
        "all-series": f"/series{key}",
        "all-instances": f"/instances{key}",
        "metadata": f"/{below}/metadata",
    }[resource]


def _works(response: Response, study: Study) -> None:
    """Demand of a GET with nothing unusual that it gives the study."""
    control(response, because="the request does not work as it is usually sent")
    # Results of a search below a study need not repeat its UID.
    named = (study.study_instance_uid, study.series[0].uid, study.instances[0].sop_instance_uid)
    found = any(shows(response, [each]) for each in named)
    assume(found, "the response does not hold what was asked for", response.exchange)


@verifies(id="http-head", afresh=True, each=READ)
def test_head(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """HEAD gives the status and header fields of GET, and no body."""
    study = corpus.ct_pair
    target = _target(study, case.id)
    accept = ("Accept", _IMAGES[case.id][2]) if case.id in _IMAGES else JSON
    get = dicomweb.send_exactly("GET", target, headers=[accept])
    if case.id in _IMAGES:
        control(get, because="the request does not work as it is usually sent")
    else:
        _works(get, study)

    head = dicomweb.send_exactly("HEAD", target, headers=[accept, ("Connection", "close")])

    with expect(head) as it:
        if head.wire and head.wire.after:
            it.observes("body-octets-after-the-header-section", received=f"{head.wire.after} octets of a body")
        if head.status == 405:
            it.observes("405-with-allow" if head.headers.get("Allow") is not None else "405-without-allow-http-014")
        elif 200 <= head.status < 300 and head.status != 200:
            it.observes("another-2xx-than-get", received=it.status_line)
        elif 400 <= head.status < 500 and head.status not in BUSY:
            it.observes("4xx-although-get-works", expected=["200"], received=it.status_line)
        elif it.is_one_of(200, 501) and head.status == 200:
            usual, received = (media_types.without_boundary(each.content_type) for each in (get, head))
            if received != usual:
                code = "content-type-other-than-that-of-get"
                it.observes(code, expected=[usual], received=received or "none")


@verifies(id="http-options", each=ASKED_FOR_METHODS)
def test_options(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """OPTIONS of a resource that can be searched is not supported, or says that GET is."""
    response = dicomweb.send_exactly("OPTIONS", _target(corpus.ct_pair, case.id), headers=[JSON])

    with expect(response) as it:
        if not it.is_one_of(200, 204, 405) or response.status == 501:
            it.concludes()
        allow = response.headers.get("Allow")
        if allow is None:
            it.observes("405-without-allow-http-014" if response.status == 405 else "no-allow", where="Allow")
        elif "GET" not in {each.strip() for each in allow.split(",")}:
            it.observes("allow-without-get", where="Allow", expected=["a list with GET"], received=allow)


@verifies(id="http-codings-listed", each=CODED)
def test_codings_listed(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A response is in no content coding but those that Accept-Encoding lists."""
    study = corpus.ct_pair
    target = _target(study, case.id)
    # That what comes in gzip is what it says is HTTP-008, which is about all messages.
    zipped = dicomweb.send_exactly("GET", target, headers=[JSON, ("Accept-Encoding", "gzip")])
    _works(zipped, study)

    response = dicomweb.send_exactly("GET", target, headers=[JSON, ("Accept-Encoding", "identity")])

    with expect(response) as it:
        it.has_status(200)
        codings = {each.strip().lower() for each in (response.headers.get("Content-Encoding") or "").split(",")}
        if not codings <= {"", "identity"}:
            it.observes("coding-not-listed", where="Content-Encoding", received=", ".join(sorted(codings)))


@verifies("HTTP-014", id="http-method-not-supported", needs="metadata")
def test_method_not_supported(dicomweb: StudiesService, fresh: Fresh) -> None:
    """PATCH on metadata, which exist for GET only, is answered with 405 and the methods that are supported."""
    response = dicomweb.send("PATCH", f"studies/{fresh.uid()}/metadata")

    with expect(response) as it:
        it.has_status(405)
        allow = response.headers.get("Allow")
        if allow is None:
            it.observes("405-without-allow", where="Allow")
        elif not allow.strip(" ,") or "PATCH" in allow.upper():
            it.observes("405-whose-allow-is-empty-or-lists-patch", where="Allow", received=allow)


@verifies("DELETE-005", id="http-delete-not-offered")
def test_delete_not_offered(dicomweb: StudiesService, fresh: Fresh) -> None:
    """A server without DELETE says so: 405 with Allow, or that there is no such study."""
    response = dicomweb.delete(fresh.study(name="never stored"))

    with expect(response) as it:
        if 200 <= response.status < 300:
            it.observes("2xx-the-server-offers-delete")
        elif it.is_one_of(405, 404, 410, 501, 403, 401) and response.status == 405:
            has = response.headers.get("Allow") is not None
            it.observes("405-with-allow" if has else "405-without-allow", where="Allow")


@verifies("HTTP-022", id="http-long-url")
def test_long_url(dicomweb: StudiesService, corpus: Corpus, fresh: Fresh) -> None:
    """A list of UIDs of 60,000 characters finds the study that it names, or is refused as too long."""
    study = corpus.ct_pair
    uids = [study.study_instance_uid, fresh.uid()]
    short = dicomweb.search("studies", StudyInstanceUID=uids)
    found = shows(short, [study.study_instance_uid])
    offered(found, f"a short list of UIDs, which other checks judge, finds nothing either: status {short.status}")
    while sum(map(len, uids)) + len(uids) < LONG:
        uids.append(fresh.uid())

    response = dicomweb.send_exactly("GET", f"/studies?StudyInstanceUID={','.join(uids)}", headers=[JSON])
    offered(not 300 <= response.status < 400, "the search redirects to a URL of that length, which is not followed")

    with expect(response) as it:
        if not response.status:
            it.observes("connection-closed-without-answer-twice", received=response.error)
            it.concludes()
        if response.status in {400, 413, 414, 431}:
            it.has_status(400, 413, 414, 431)
            it.concludes()
        matches = it.is_a_list_of_matches()
        if matches.uids("0020000D") != [study.study_instance_uid] or matches.foreign:
            received = f"{len(matches)} studies, {matches.foreign} of others"
            it.observes("200-or-204-with-wrong-matches", expected=["the one study stored"], received=received)


LOCKED = (
    Variant("study", "HTTP-016", needs="retrieve"),
    Variant("metadata", "HTTP-016", needs="metadata"),
    Variant("rendered", "HTTP-016", needs="rendered"),
    Variant("thumbnail", "HTTP-016", needs="thumbnail"),
)


@verifies(id="http-without-credentials", each=LOCKED)
def test_without_credentials(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Where a search needs credentials, nothing of a study can be retrieved without them."""
    offered(dicomweb.is_authorized, "the run has no credentials", "auth")
    study, stranger = corpus.ct_pair, dicomweb.without_credentials()
    refused = stranger.search("studies", StudyInstanceUID=study.study_instance_uid)
    offered(refused.status in {401, 403}, "the target answers a search without credentials", "auth")

    def retrieved(service: StudiesService) -> Response:
        match case.id:
            case "study":
                return service.retrieve(study)
            case "metadata":
                return service.metadata(study)
            case "rendered":
                return service.rendered(study.instances[0])
        return service.thumbnail(study.instances[0])

    control(retrieved(dicomweb), because="what is stored cannot be retrieved with credentials either")

    response = retrieved(stranger)

    with expect(response) as it:
        if response.status == 200:
            it.observes("200-with-the-payload", received=f"{it.status_line}, {len(response.body)} octets")
        elif 300 <= response.status < 400:
            it.observes("3xx-to-a-login-page", received=it.status_line)
        else:
            it.has_status(401, 403, 404)
