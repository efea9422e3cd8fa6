"""Can this be judged at all? A wrong URL, a failed handshake or a login page is a matter of settings.

It is told as advice, never as a verdict.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dicomweb_conformance.archive.contents import shows
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.http import media_types, urls
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.observed import REDIRECTS
from dicomweb_conformance.http.unreadable import TooLargeError, UnreadableError
from dicomweb_conformance.http.urls import UrlError
from dicomweb_conformance.probes import constancy, elsewhere
from dicomweb_conformance.reading import json_documents
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.settings.target import Target, proxy_of
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.identifiers import patient_id_prefix
from dicomweb_reports.visible import visible

_UNKNOWN_HOST = re.compile(r"NameResolution|getaddrinfo|Name or service not known|nodename nor servname")
_NOT_FOUND = frozenset({404, 405, 410})
_BASE = "the base URL ends where /studies begins, such as https://host/dicom-web"
_LONGEST = 600
"""Characters of one piece of advice, which may quote the target."""


@dataclass(eq=False)  # not frozen: what raises it again notes where
class CannotBeJudged(Exception):  # noqa: N818 - it is a finding about the settings, not an error of the suite
    """The target cannot be judged as it is addressed."""

    what: str
    advice: tuple[str, ...]

    def __str__(self) -> str:
        what, *advice = (visible(each, _LONGEST) for each in (self.what, *self.advice))
        lines = [f"the target cannot be judged: {what}", "", *(f"  * {each}" for each in advice), ""]
        return "\n".join([*lines, "No requirement was judged."])


def first_question(service: StudiesService, seed: int, *, follow: bool = True) -> Response:
    """Search for the studies of a patient that nobody is, so that nobody's data is asked for."""
    return service.search("studies", PatientID=f"{patient_id_prefix(seed)}-PREFLIGHT", limit=1, follow=follow)


def preflight(service: StudiesService, target: Target, seed: int) -> Response:
    """Look whether a Studies Service answers at the base URL.

    Args:
        service: the target's.
        target: for what advice says of its settings.
        seed: of the run.

    Returns:
        the answer to the first search.

    Raises:
        CannotBeJudged: it does not; says why and what to do.
    """
    response = _led(service, seed)
    for diagnose in _DIAGNOSES:
        problem = diagnose(response, service, target, seed)
        if problem:
            raise problem
    return response


def _led(service: StudiesService, seed: int) -> Response:
    """Return the answer to the first search; the redirect itself, where that leads to no results of a search."""
    response = first_question(service, seed, follow=False)
    if response.status not in REDIRECTS:
        return response
    there = first_question(service, seed)
    try:
        found = there.status == 204 or (there.status == 200 and json_model.objects(there.body) is not None)
    except UnreadableError:
        found = False
    return there if found else response


def _no_tunnel(response: Response, _: StudiesService, target: Target, _seed: int) -> CannotBeJudged | None:
    if "Tunnel connection failed" not in response.error:
        return None
    advice = "does --dicomweb-proxy name the proxy for this host, and may it reach it?"
    if "407" in response.error:
        advice = "--dicomweb-proxy=http://USER:PASSWORD@HOST:PORT gives it a login; is that of this one right?"
    return CannotBeJudged(f"the proxy does not lead to {target.base.origin.authority} ({response.error})", (advice,))


def _no_proxy(response: Response, _: StudiesService, target: Target, _seed: int) -> CannotBeJudged | None:
    """With a proxy all connections lead to it: what cannot be reached is the proxy, not the target."""
    if response.status or not target.proxy:
        return None
    error, proxy = response.error, proxy_of(target.proxy)[0].origin.authority
    direct = "without --dicomweb-proxy the target is asked directly"
    if _UNKNOWN_HOST.search(error) or "refused" in error or "unreachable" in error:
        return CannotBeJudged(
            f"the proxy {proxy} cannot be reached ({error})", ("is it running, and is that its address?", direct)
        )
    if re.search(r"timed out|Timeout", error):
        return CannotBeJudged(
            f"the proxy {proxy}, or {target.base.origin.authority} behind it, did not answer within "
            f"{target.timeout:g} s ({error})",
            ("may the proxy reach that host?", direct, "--dicomweb-timeout=S waits longer"),
        )
    if re.search(r"SSL|TLS|certificate", error):
        return None
    return CannotBeJudged(
        f"the proxy {proxy} gave no response of HTTP ({error})",
        ("does an HTTP proxy listen there, and none of SOCKS?", direct),
    )


def _no_answer(response: Response, _: StudiesService, target: Target, _seed: int) -> CannotBeJudged | None:
    if response.status:
        return None
    error, host = response.error, target.base.origin.authority
    if _UNKNOWN_HOST.search(error):
        return CannotBeJudged(
            f"the host of {target.url} is not known ({error})", ("check the spelling of the host name, and VPN or DNS",)
        )
    if re.search(r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|doesn't match|SSLCertVerification", error):
        return CannotBeJudged(
            f"the certificate of {host} could not be verified ({error})",
            (
                "--dicomweb-ca=FILE names the CA certificate that signed it",
                "--dicomweb-insecure goes on without looking; for tests on a bench only",
            ),
        )
    if re.search(
        r"WRONG_VERSION_NUMBER|wrong version number|UNKNOWN_PROTOCOL|HTTP_REQUEST|record layer failure|RECORD_LAYER",
        error,
    ):
        return CannotBeJudged(f"{host} does not speak TLS there ({error})", (f"try http://{host}{target.base.path}",))
    if re.search(r"SSL|TLS|certificate", error):
        return CannotBeJudged(
            f"the TLS handshake with {host} failed ({error})",
            (
                "does the target ask for a client certificate? --dicomweb-cert=FILE (PEM, with its key)",
                "which TLS versions does it speak?",
            ),
        )
    if "refused" in error:
        return CannotBeJudged(
            f"nothing listens at {host} ({error})",
            ("is the server running, and is this its port?", "behind a container or a VM: is the port published?"),
        )
    if re.search(r"timed out|Timeout", error):
        return CannotBeJudged(
            f"{host} did not answer within {target.timeout:g} s ({error})",
            ("is a firewall or a proxy in between? --dicomweb-proxy=URL", "--dicomweb-timeout=S waits longer"),
        )
    advice = ["does a server that speaks HTTP listen there?"]
    if target.url.startswith("http:"):
        advice.append(f"a TLS port closes plain connections like this: try https://{host}{target.base.path}")
    return CannotBeJudged(f"{response.request_line} got no response ({error})", tuple(advice))


def _refused_credentials(response: Response, _: StudiesService, target: Target, _seed: int) -> CannotBeJudged | None:
    if response.status not in {401, 403, 407}:
        return None
    used = (
        "no credentials were sent"
        if target.credentials.scheme == "none"
        else f"{target.credentials.scheme} credentials were sent"
    )
    challenge = response.headers.get("WWW-Authenticate")
    advice = [f"it asks for: {challenge}"] if challenge else []
    if said := response.headers.get("x-amzn-ErrorType"):
        advice.append(f"it says: {said}")
    if response.status == 407:
        advice.append("407 comes from a proxy, not from the target: see --dicomweb-proxy")
    advice += [
        "--dicomweb-auth=basic:USER takes the password from DICOMWEB_PASSWORD",
        "--dicomweb-auth=bearer takes the token from DICOMWEB_TOKEN (has it expired?)",
        "--dicomweb-auth takes google, oauth2:TOKEN_URL, aws and plugin:module:function, too: docs/access.md",
        "--dicomweb-header='NAME: $VARIABLE' sends any other header that the target wants",
    ]
    if response.status == 403:
        advice.append("403 with good credentials: may this user search and store?")
    return CannotBeJudged(
        f"{response.request_line} was answered with {response.status} {response.reason}; {used}", tuple(advice)
    )


def _wants_certificate(response: Response, _: StudiesService, target: Target, _seed: int) -> CannotBeJudged | None:
    """Tell a server, such as nginx, that says in HTTP what TLS let pass: a client certificate is missing, or wrong."""
    refuses = response.status in {495, 496} or (
        response.status == 400
        and re.search(rb"ssl certificate|client certificate", response.body[:4096], re.IGNORECASE)
    )
    if not refuses or target.base.origin.scheme != "https":
        return None
    shown = "the one that was shown is not taken" if target.certificate else "none was shown"
    return CannotBeJudged(
        f"{response.request_line} was answered with {response.status}: it wants a client certificate, and {shown}",
        ("--dicomweb-cert=FILE and --dicomweb-key=FILE give it (PEM)", "is it signed by a CA that the target trusts?"),
    )


def _redirected(response: Response, _: StudiesService, target: Target, _seed: int) -> CannotBeJudged | None:
    if not 300 <= response.status < 400 or response.status == 304:
        return None
    location = response.headers.get("Location")
    if not location:
        return CannotBeJudged(
            f"{response.request_line} was answered with {response.status} without Location",
            ("is this the base URL of the Studies Service?",),
        )
    try:
        there = urls.resolve(location, response.url)
    except UrlError as error:
        return CannotBeJudged(
            f"{response.request_line} is redirected ({response.status}) to a URL that cannot be followed: {error}",
            ("is this the base URL of the Studies Service?",),
        )
    base = f"{there.origin}{there.path.rstrip('/').removesuffix('/studies')}"
    advice = [f"if the service has moved: --dicomweb-url={base}"]
    if re.search(r"log-?in|sign-?in|auth|sso|oauth|saml", str(there), re.IGNORECASE):
        advice = [
            "that looks like a login page: --dicomweb-auth gives credentials that need none",
            "is the API behind another path or host than the web interface?",
        ]
    elif there.origin.scheme != target.base.origin.scheme:
        advice = [f"use the URL that it points to: --dicomweb-url={base}"]
    return CannotBeJudged(
        f"{response.request_line} is redirected ({response.status}) to {there}, which answers no search",
        tuple(advice),
    )


def _not_dicomweb(response: Response, service: StudiesService, target: Target, seed: int) -> CannotBeJudged | None:
    if not 200 <= response.status < 300 or not response.body.strip():
        return None
    name = media_types.name_of(response.content_type)
    if name in {media_types.DICOM_XML, "text/xml", "application/xml"} or name.startswith("multipart/"):
        return None  # not what was asked for, but a service that can be judged
    if name == media_types.DICOM_JSON and _is_json(response.body):
        return None  # whatever its shape is
    if response.exceeded and name in {media_types.DICOM_JSON, media_types.JSON}:
        return None  # it does not keep to the query, which is for its checks to say
    try:
        json_model.objects(response.body)
    except TooLargeError:
        return None  # likewise
    except UnreadableError as error:
        looks = (
            "a web page"
            if name == "text/html" or response.body.lstrip()[:1] == b"<"
            else f"{response.content_type or 'no media type'}: {response.error or error}"
        )
        better = elsewhere.studies_service(service, target)
        if name in {media_types.JSON, ""} and _is_json(response.body) and not better:
            return None  # likewise: nothing but its label and its shape are wrong
        if not better and _serves_otherwise(service, target, seed):
            return None  # its search is broken, and that alone
        advice = list(filter(None, [better or elsewhere.wado_uri(service, target, seed)]))
        if re.search(rb"<input[^>]+type=[\"']?password|log ?in|sign ?in", response.body[: 1 << 16], re.IGNORECASE):
            looks = "a login page"
            advice.append("--dicomweb-auth gives credentials; a session cookie of a browser is not enough")
        advice.append(_BASE)
        return CannotBeJudged(
            f"{response.request_line} was answered with {response.status} and {looks}, "
            "not with the results of a search",
            tuple(advice),
        )
    return None


def _serves_otherwise(service: StudiesService, target: Target, seed: int) -> bool:
    """Tell whether the corpus is there, or a store is answered as only a Studies Service does: unlike nonsense."""
    if target.read_only:
        return _has_the_corpus(service, seed)
    store = constancy.store_nothing(service, "studies")
    if store.status in {*_NOT_FOUND, *elsewhere.OF_NOTHING, 501}:
        return False
    return constancy.store_nothing(service, constancy.NOWHERE).status != store.status


def _is_json(body: bytes) -> bool:
    try:
        json_documents.value_of(body)
    except UnreadableError:
        return False
    except TooLargeError:  # which is for checks of searches to say
        return True
    return True


def _too_deep(response: Response, service: StudiesService, target: Target, _: int) -> CannotBeJudged | None:
    """Below /studies, "studies" is a Study Instance UID: a store there is refused like any other of a wrong study."""
    base = target.url.removesuffix("/studies")
    if base == target.url or 200 <= response.status < 300 or not elsewhere.answers_searches(service, base):
        return None
    return CannotBeJudged(
        f"{target.url} is the resource of all studies; the base URL ends where /studies begins",
        (f"a Studies Service answers at {base}: --dicomweb-url={base}",),
    )


def _of_another_api(response: Response, service: StudiesService, target: Target, seed: int) -> CannotBeJudged | None:
    """What has studies of its own kind answers somehow; it takes no store, and its Studies Service is elsewhere."""
    searches = response.status < 400 and media_types.name_of(response.content_type) != media_types.JSON
    if searches or response.status in _NOT_FOUND:
        return None
    if target.read_only:
        lacks, why = not _has_the_corpus(service, seed), "nothing of the corpus is there"
    else:
        store = constancy.store_nothing(service, "studies")
        lacks, why = store.status in {*_NOT_FOUND, 501}, f"store (POST /studies) with {store.status}"
    better = elsewhere.studies_service(service, target) if lacks else ""
    if not better:
        return None
    return CannotBeJudged(
        f"{target.url} is another service: search (GET /studies) was answered with {response.status}, {why}",
        (better, _BASE),
    )


def _not_found(response: Response, service: StudiesService, target: Target, seed: int) -> CannotBeJudged | None:
    """A 404, 405 or 410 can be a service without search, or one that answers 404 for no match: others tell."""
    if response.status not in _NOT_FOUND:
        return None
    searched = f"search (GET /studies) was answered with {response.status}"
    if target.read_only:
        if _has_the_corpus(service, seed):
            return None
        loaded = (
            "was the corpus loaded, and does the run have its seed? --dicomweb-corpus=FILE takes it from corpus.json"
        )
        return CannotBeJudged(
            f"no Studies Service at {target.url}, or none that holds the corpus: {searched}, "
            f"and neither a search for a study of it nor a retrieve gives anything of that study",
            (*_elsewhere(service, target, seed), _BASE, loaded),
        )
    store = constancy.store_nothing(service, "studies")
    if store.status not in {0, *_NOT_FOUND}:
        # It may break at a payload without a part: then nonsense is answered otherwise.
        nowhere = constancy.store_nothing(service, constancy.NOWHERE)
        if store.status < 500 or nowhere.status != store.status:
            return None
    return CannotBeJudged(
        f"no Studies Service at {target.url}: {searched}, store (POST /studies) {store.status or store.error}",
        (*_elsewhere(service, target, seed), _BASE),
    )


def _constant(response: Response, service: StudiesService, target: Target, seed: int) -> CannotBeJudged | None:
    if not constancy.is_constant(service, target, seed, response):
        return None
    study = "a study of the corpus" if target.read_only else "a study that was sent, and then asked for"
    return CannotBeJudged(
        f"whatever is asked of {target.url}, the answer is the same: {constancy.described(response)}. So it was for a "
        f"search, for a path that names nothing, and for {study}",
        (*_elsewhere(service, target, seed), *constancy.advice(response, target)),
    )


def _has_the_corpus(service: StudiesService, seed: int) -> bool:
    """Tell whether anything of the study that every probe asks for is there: what may only be read tells by this.

    It is known by the Patient ID, which is in none of the requests: some servers answer with what they were asked.
    """
    study = Corpus(seed).two_series
    instance = study.instances[0]
    patient = [study.patient_id]
    if shows(service.search("studies", StudyInstanceUID=study.study_instance_uid), patient):
        return True
    return shows(service.metadata(instance), patient) or shows(service.retrieve(instance), patient)


def _elsewhere(service: StudiesService, target: Target, seed: int) -> tuple[str, ...]:
    """Return advice on what answers in place of a Studies Service, or beside it."""
    found = elsewhere.studies_service(service, target) or elsewhere.wado_uri(service, target, seed)
    return (found,) if found else ()


_DIAGNOSES = (
    _no_tunnel,
    _no_proxy,
    _no_answer,
    _refused_credentials,
    _wants_certificate,
    _redirected,
    _not_dicomweb,
    _too_deep,
    _of_another_api,
    _not_found,
    _constant,
)
"""In this order: the first that knows why says it."""
