"""The transactions of the Studies Service (PS3.18 10.4 to 10.6, and DELETE) as a check asks for them.

Requests out, answers back, nothing judged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.exchanges import Headers, Response
from dicomweb_conformance.http.urls import Url
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.ledger import Ledger
from dicomweb_conformance.service.ownership import Own
from dicomweb_conformance.service.resources import Resource, Value
from dicomweb_conformance.transport.client import Client, Streamed
from dicomweb_conformance.transport.exact import break_off, send_exactly
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.payloads.json_bulk import Payload
from dicomweb_fixtures.payloads.malformed.payload import Malformed
from dicomweb_fixtures.payloads.streamed import StreamedImage
from dicomweb_fixtures.payloads.xml_bulk import XmlPayload

_PAGES_BOUNDARY = "DICOMwebBoundary"

Pairs: TypeAlias = Sequence[tuple[str, Value]]


class StudiesService:
    """The Studies Service of the target.

    Args:
        client: sends the requests.
        ledger: told of each study before it is sent.
        own: told of each instance before it is sent.
        purpose: what its exchanges are for in the run record.
    """

    def __init__(self, client: Client, ledger: Ledger, own: Own, purpose: str = "check") -> None:
        self._client = client
        self._ledger = ledger
        self._own = own
        self._purpose = purpose

    @property
    def base_url(self) -> str:
        """The base URL of the service, without a trailing slash."""
        return self._client.target.url

    @property
    def base(self) -> Url:
        """The base URL as a value."""
        return self._client.target.base

    @property
    def is_authorized(self) -> bool:
        """Whether requests carry credentials of the settings."""
        return self._client.target.credentials.scheme != "none"

    @property
    def url_token(self) -> str:
        """The access token of the settings; empty where there is none, or where they do not let it into a URL."""
        scheme, _, token = self._client.target.credentials.authorization.partition(" ")
        return token if self._client.target.token_in_url and scheme == "Bearer" else ""

    def without_credentials(self) -> StudiesService:
        """Return the same service, its requests without credentials."""
        return StudiesService(self._client.without_credentials(), self._ledger, self._own, self._purpose)

    def for_purpose(self, purpose: str) -> StudiesService:
        """Return the same service, its exchanges marked with another purpose."""
        return StudiesService(self._client, self._ledger, self._own, purpose)

    def is_own(self, match: Mapping[str, object]) -> bool:
        """Tell whether a search result is of this run's data."""
        return self._own.has(dict(match))

    def search(
        self,
        resource: Resource,
        query: Pairs | Mapping[str, Value] = (),
        /,
        *,
        accept: str | None = media_types.DICOM_JSON,
        follow: bool = True,
        **keys: Value,
    ) -> Response:
        """Search a resource (10.6).

        `search("studies", PatientID="X", limit=2)`; names that are no identifiers go into `query`.
        """
        pairs = list(query.items()) if isinstance(query, Mapping) else list(query)
        return self.get(resource, [*pairs, *keys.items()], accept=accept, follow=follow)

    def search_in(
        self, resource: Resource, children: str, query: Pairs | Mapping[str, Value] = (), /, **keys: Value
    ) -> Response:
        """Search the series or instances below a study or series."""
        pairs = list(query.items()) if isinstance(query, Mapping) else list(query)
        return self.search(f"{resources.path(resource)}/{children}", [*pairs, *keys.items()])

    def retrieve(self, resource: Resource, *, accept: str | None = media_types.MULTIPART_DICOM) -> Response:
        """Retrieve a study, series or instance (10.4)."""
        return self.get(resource, accept=accept)

    def metadata(
        self, resource: Resource, query: Pairs = (), *, accept: str | None = media_types.DICOM_JSON
    ) -> Response:
        """Retrieve the metadata of a study, series or instance (10.4.1.1.2)."""
        return self.get(f"{resources.path(resource)}/metadata", query, accept=accept)

    def frames(
        self, instance: Instance, numbers: str, *, accept: str | None = media_types.MULTIPART_OCTETS
    ) -> Response:
        """Retrieve frames (10.4.1.1.6); `numbers` stands in the path as it is, such as `1,3`."""
        return self.get(f"{resources.path(instance)}/frames/{numbers}", accept=accept)

    def rendered(self, resource: Resource, query: Pairs = (), *, accept: str | None = media_types.JPEG) -> Response:
        """Retrieve a rendering of a study, series, instance or frames (10.4.1.1.3)."""
        return self.get(f"{resources.path(resource)}/rendered", query, accept=accept)

    def thumbnail(self, resource: Resource, query: Pairs = (), *, accept: str | None = media_types.JPEG) -> Response:
        """Retrieve the thumbnail of a study, series, instance or frame (10.4.1.1.4); a redirect is the answer."""
        return self.get(f"{resources.path(resource)}/thumbnail", query, accept=accept, follow=False)

    def get(
        self,
        resource: Resource,
        query: Pairs = (),
        *,
        accept: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        follow: bool = True,
    ) -> Response:
        """GET any resource below the base URL, and go where a redirect leads to, as long as that is the target."""
        return self.send("GET", resource, query, accept=accept, headers=headers, follow=follow)

    def get_url(
        self,
        url: Url | str,
        *,
        accept: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        follow: bool = True,
    ) -> Response:
        """GET a URL: as text one that the suite made, as a value one that the target gave (`urls.resolve`)."""
        fields = [*_accept(accept), *headers]
        return self._client.send("GET", url, headers=fields, purpose=self._purpose, follow=follow)

    def claim_url(self, url: str) -> None:
        """Count a resource as this run's that no UID names."""
        self._own.claim_url(url)

    def is_targets(self, url: Url) -> bool:
        """Tell whether a URL is of the target's origin; no other is asked, nor told any credentials."""
        return self._client.is_targets(url)

    def post_url(self, url: Url | str, content: object) -> Response:
        """POST JSON to a URL of the target's own origin."""
        body = json.dumps(content).encode()
        headers = [("Content-Type", media_types.JSON)]
        return self._client.send("POST", url, headers=headers, body=body, purpose=self._purpose)

    def capabilities(self, *, accept: str = media_types.ANY_WADL, headers: Sequence[tuple[str, str]] = ()) -> Response:
        """Retrieve Capabilities (8.9): OPTIONS on the base URL with a slash and, where that fails, without."""
        response = self.send_exactly("OPTIONS", "/", headers=[*_accept(accept), *headers])
        return response if response.status in {200, 304} else self.send("OPTIONS", "", accept=accept, headers=headers)

    def delete(self, resource: Resource) -> Response:
        """DELETE a study, series or instance.

        Raises:
            ValueError: the path names none, or one by an empty UID, which would be that of something else.
        """
        kind, *uids = resources.path(resource).split("/")
        if kind != "studies" or not uids or not all(uids):
            raise ValueError(f"/{'/'.join([kind, *uids])} is no study, series or instance to delete")
        return self.send("DELETE", resource)

    def store(
        self,
        instances: Iterable[Instance],
        *,
        study: str | None = None,
        query: Pairs = (),
        accept: str | None = media_types.DICOM_JSON,
        headers: Sequence[tuple[str, str]] = (),
        chunked: bool = False,
    ) -> Response:
        """Store instances as multipart/related; type="application/dicom" (10.5), one part each."""
        sent = list(instances)
        boundary, body = multipart.write([multipart.part(each.part10) for each in sent])
        content_type = media_types.multipart_related(media_types.DICOM, boundary)
        return self.store_payload(
            content_type, body, sent, study=study, query=query, accept=accept, headers=headers, chunked=chunked
        )

    def store_single_part(self, instance: Instance) -> Response:
        """Store one instance as a bare application/dicom body."""
        return self.store_payload(media_types.DICOM, instance.part10, [instance])

    def store_metadata(self, payload: Payload | XmlPayload, *, accept: str | None = media_types.DICOM_JSON) -> Response:
        """Store metadata in JSON or XML with bulk data beside it (10.5.1.4), framed as the Cloud Healthcare API does.

        The boundary is the page's, and nothing follows the closing delimiter, not even the end of the line.
        """
        parts = [multipart.Part(Headers(part.headers), part.octets) for part in payload.parts]
        boundary, body = multipart.write(parts, _PAGES_BOUNDARY)
        content_type = media_types.multipart_related(payload.root_type, boundary)
        return self.store_payload(content_type, body.removesuffix(b"\r\n"), payload.instances, accept=accept)

    def store_streamed(self, image: StreamedImage) -> Response:
        """Store an image that is made while it is sent, with the Content-Length of all of it."""
        boundary, body = multipart.write([multipart.part(b"")])
        before, after = body[: -len(boundary) - 8], body[-len(boundary) - 8 :]

        def chunks() -> Iterator[bytes]:
            yield before
            yield from image.part10()
            yield after

        content_type = media_types.multipart_related(media_types.DICOM, boundary)
        payload = Streamed(len(before) + image.length + len(after), chunks)
        return self.store_payload(content_type, payload, [image.instance])

    def store_at_once(self, instances: Sequence[Sequence[Instance]]) -> list[list[Response]]:
        """Have several clients store at the same time: each its instances, one by one. Return the answers to each."""
        self._claim([each for of_one in instances for each in of_one])

        def sending(of_one: Sequence[Instance]) -> Callable[[Client], list[Response]]:
            def send(client: Client) -> list[Response]:
                service = StudiesService(client, self._ledger, self._own, self._purpose)
                return [service.store([each]) for each in of_one]

            return send

        return self._client.at_once([sending(instance) for instance in instances])

    def ask_at_once(self, asks: Sequence[Sequence[Sender]]) -> list[list[Response]]:
        """Have several clients ask at the same time, each one question after the other. Return the answers to each."""

        def asking(of_one: Sequence[Sender]) -> Callable[[Client], list[Response]]:
            def ask(client: Client) -> list[Response]:
                service = StudiesService(client, self._ledger, self._own, self._purpose)
                return [each(service) for each in of_one]

            return ask

        return self._client.at_once([asking(each) for each in asks])

    def use_at_once(
        self, uses: Sequence[Callable[[StudiesService], None]], when_interrupted: Callable[[], None]
    ) -> None:
        """Have several clients use the service at the same time, each in its way.

        Args:
            uses: what each does.
            when_interrupted: called at Ctrl-C, before the clients are waited for: has them end early.
        """

        def using(use: Callable[[StudiesService], None]) -> Callable[[Client], list[Response]]:
            def send(client: Client) -> list[Response]:
                use(StudiesService(client, self._ledger, self._own, self._purpose))
                return []

            return send

        self._client.at_once([using(each) for each in uses], when_interrupted)

    def store_beside(
        self, instances: Sequence[Instance], ask: Sender, times: int
    ) -> tuple[list[Response], list[Response]]:
        """Have one client store instances one by one, while another asks so many times; return what both were told."""
        self._claim(instances)

        def of(client: Client) -> StudiesService:
            return StudiesService(client, self._ledger, self._own, self._purpose)

        stored, answers = self._client.at_once(
            [
                lambda client: [of(client).store([instance]) for instance in instances],
                lambda client: [ask(of(client)) for _ in range(times)],
            ]
        )
        return stored, answers

    def break_off_store(self, content_type: str, body: bytes, octets: int, may_store: Iterable[Instance]) -> None:
        """Begin to POST a payload to /studies, and close the connection after so many octets of it."""
        self._claim(may_store)
        headers = [*_accept(media_types.DICOM_JSON), ("Content-Type", content_type)]
        cut, length = body[:octets], len(body)
        break_off(self._client, "POST", "/studies", headers=headers, body=cut, length=length, purpose=self._purpose)

    def store_payload(
        self,
        content_type: str,
        body: bytes | Streamed,
        may_store: Iterable[Instance],
        *,
        study: str | None = None,
        query: Pairs = (),
        accept: str | None = media_types.DICOM_JSON,
        headers: Sequence[tuple[str, str]] = (),
        chunked: bool = False,
    ) -> Response:
        """POST a payload to /studies or /studies/{study}.

        Args:
            content_type: as it is sent.
            body: as it is sent.
            may_store: the instances that a target could make of it; they are named in the ledger first.
            study: the Study Instance UID in the path.
            query: query parameters.
            accept: the Accept header, None for none.
            headers: further header fields.
            chunked: send with Transfer-Encoding: chunked and no Content-Length.
        """
        self._claim(may_store, *([study] if study else []))
        resource = f"studies/{study}" if study else "studies"
        payload: bytes | Streamed | Iterable[bytes] = body
        if chunked and isinstance(body, bytes):
            payload = [body[: len(body) // 2], body[len(body) // 2 :]]
        return self.send(
            "POST", resource, query, accept=accept, headers=[("Content-Type", content_type), *headers], body=payload
        )

    def _claim(self, may_store: Iterable[Instance], *study_uids: str) -> None:
        """Name what may come to be on the target, before it is sent; nothing is named that never will be.

        Raises:
            ReadOnlyError: the target may only be read.
        """
        self._client.must_be_allowed("POST")
        claimed = list(may_store)
        self._own.claim(claimed)
        self._ledger.enter(filter(None, [*(each.study_instance_uid for each in claimed), *study_uids]))

    def store_malformed(self, payload: Malformed, *, accept: str | None = media_types.DICOM_JSON) -> Response:
        """POST a payload with a fault to /studies."""
        self._client.must_be_allowed("POST")
        self._own.claim(payload.may_store)
        self._own.claim_malformed(payload.study_uids)
        self._ledger.enter(payload.study_uids)
        headers = [("Content-Type", payload.content_type)]
        return self.send("POST", "studies", accept=accept, headers=headers, body=payload.body)

    def found_malformed(self, study_uids: Iterable[str]) -> None:
        """Note studies that came of malformed payloads under UIDs that no ledger could foresee, or under none."""
        uids = sorted(study_uids)
        self._own.claim_malformed(uids)
        self._ledger.enter(uids)

    def lacks(self, study_uids: Iterable[str]) -> None:
        """Note studies that a target refused and does not have: there is nothing to take back."""
        self._ledger.forget(list(study_uids))

    def send_exactly(
        self,
        method: str,
        path: str | bytes,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        in_one_chunk: bool = False,
        may_store: Iterable[Instance] = (),
    ) -> Response:
        """Send a request to the octet as it stands; see `transport.exact`.

        Args:
            method: in any spelling.
            path: what follows the base URL, such as `/studies?limit=^`.
            headers: in this order and spelling.
            body: as it is sent.
            in_one_chunk: it is sent as one chunk, as `headers` says.
            may_store: the instances that a target could make of it; they are named in the ledger first.
        """
        if claimed := list(may_store):
            self._claim(claimed)
        return send_exactly(
            self._client,
            method,
            path,
            headers=headers,
            body=body,
            in_one_chunk=in_one_chunk,
            purpose=self._purpose,
        )

    def send(
        self,
        method: str,
        resource: Resource,
        query: Pairs = (),
        *,
        accept: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes | Streamed | Iterable[bytes] | None = None,
        follow: bool = True,
    ) -> Response:
        """Send any request to a resource below the base URL."""
        path = resources.path(resource)
        url = f"{self.base_url}/{path}" if path else self.base_url
        if query:
            url += "?" + resources.query(query)
        fields = [*_accept(accept), *headers]
        return self._client.send(method, url, headers=fields, body=body, purpose=self._purpose, follow=follow)


def _accept(accept: str | None) -> list[tuple[str, str]]:
    return [] if accept is None else [("Accept", accept)]


Sender: TypeAlias = Callable[[StudiesService], Response]
