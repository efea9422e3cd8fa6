"""Defects that the checks of scenario thumbnail must notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from dicomweb_reference.archive import Instance
from dicomweb_reference.media_types import JPEG, PNG, MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.rendering import Viewport
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant
from tests.mutants.rendered.defects import jpeg

MUTANTS: list[Mutant] = []
OWN = ("thumbnail",)
LEVELS = ("study", "series", "instance", "frame")


class Answering(Reference):
    """A server that answers some requests for thumbnails in its own way."""

    def instead(self, request: Request) -> Response | None:
        return None

    def retrieve_thumbnail(self, request: Request) -> Response:
        return self.instead(request) or super().retrieve_thumbnail(request)


@mutant("thumbnail-of-each-level", may_trip=OWN, into=MUTANTS)
class ThumbnailsBreak(Answering):
    """Every thumbnail ends in 500."""

    def instead(self, request: Request) -> Response | None:
        raise Refusal(500, "An exception.")


@mutant("thumbnail-of-each-level", may_trip=OWN, into=MUTANTS)
class OnlyInstancesHaveThumbnails(Answering):
    """There is no thumbnail of a study or series."""

    def instead(self, request: Request) -> Response | None:
        if request.resource.instance is None:
            raise Refusal(404, "No such resource.")
        return None


@mutant("thumbnail-is-jpeg[jpeg]", "thumbnail-is-jpeg[anything]", may_trip=OWN, into=MUTANTS)
class ThumbnailsAreMislabelled(Answering):
    """A thumbnail is a PNG that is labelled as JPEG."""

    def instead(self, request: Request) -> Response | None:
        response = Reference.retrieve_thumbnail(self, replace(request, accept=PNG.name))
        response.headers["Content-Type"] = JPEG.name
        return response


@mutant("thumbnail-unacceptable", may_trip=OWN, into=MUTANTS)
class UnacceptableThumbnailsBreak(Answering):
    """A media type that there is not ends in 500."""

    def instead(self, request: Request) -> Response | None:
        if request.accept == "application/x-nothing":
            raise Refusal(500, "An exception.")
        return None


@mutant(*(f"thumbnail-is-one-picture[{level}]" for level in LEVELS), may_trip=OWN, into=MUTANTS)
class ThumbnailsInParts(Answering):
    """A thumbnail is a part of a multipart."""

    def instead(self, request: Request) -> Response | None:
        self.found(request.resource)
        return self.multipart_answer([self.part(jpeg(), JPEG.name, request.base)], MediaType(JPEG.name), [])


@mutant("thumbnail-is-one-picture[frame]", "thumbnail-is-one-picture[instance]", may_trip=OWN, into=MUTANTS)
class ThumbnailOfTheLastInstance(Answering):
    """The thumbnail of an instance shows another one of its study."""

    def instead(self, request: Request) -> Response | None:
        instances = self.archive.instances(replace(request.resource, series=None, instance=None))
        if request.resource.instance is None or len(instances) != 2:
            return None
        (other,) = [instance for instance in instances if instance.resource().instance != request.resource.instance]
        return Reference.retrieve_thumbnail(self, replace(request, resource=other.resource()))


@mutant("thumbnail-redirect-leads-to-a-picture", may_trip=OWN, into=MUTANTS)
class RedirectsLeadNowhere(Answering):
    """A thumbnail is redirected to what does not exist."""

    def instead(self, request: Request) -> Response | None:
        self.found(request.resource)
        location = f"{request.base}{request.resource.path}/nothing"
        return Response(status_code=302, headers={"Location": location})


@mutant("thumbnail-redirect-leads-to-a-picture", may_trip=OWN, into=MUTANTS)
class RedirectsLoop(Answering):
    """A thumbnail is redirected to itself."""

    def instead(self, request: Request) -> Response | None:
        self.found(request.resource)
        return Response(status_code=302, headers={"Location": f"{request.base}{request.resource.path}/thumbnail"})


@mutant("thumbnail-redirect-leads-to-a-picture", "message[HTTP-020b]", may_trip=(*OWN, "messages"), into=MUTANTS)
class RedirectHasUser(Answering):
    """A thumbnail is redirected to a URL with a user name before its host."""

    def instead(self, request: Request) -> Response | None:
        self.found(request.resource)
        location = f"{request.base}{request.resource.path}/rendered".replace("://", "://archive@")
        return Response(status_code=302, headers={"Location": location})


@mutant("thumbnail-viewport", may_trip=OWN, into=MUTANTS)
class ThumbnailsLargerThanAskedFor(Reference):
    """A viewport of a thumbnail is taken for half of it."""

    def thumbnail_viewport(self, request: Request) -> Viewport:
        viewport = super().thumbnail_viewport(request)
        return Viewport(2 * viewport.width, 2 * viewport.height)


@mutant("thumbnail-viewport-with-region", may_trip=OWN, into=MUTANTS)
class RegionsOfThumbnailsBreak(Reference):
    """A region in the viewport of a thumbnail ends in 500."""

    def thumbnail_viewport(self, request: Request) -> Viewport:
        try:
            return super().thumbnail_viewport(request)
        except Refusal as refusal:
            raise Refusal(500, "An exception.") from refusal


@mutant("thumbnail-ignores-window", may_trip=OWN, into=MUTANTS)
class WindowsOfThumbnailsBreak(Answering):
    """A window on a thumbnail ends in 500."""

    def instead(self, request: Request) -> Response | None:
        if request.parameter("window"):
            raise Refusal(500, "An exception.")
        return None


@mutant(*(f"thumbnail-missing[{level}]" for level in LEVELS[:3]), may_trip=OWN, into=MUTANTS)
class MissingHasAThumbnail(Answering):
    """What does not exist has a thumbnail all the same."""

    def instead(self, request: Request) -> Response | None:
        return None if self.archive.instances(request.resource) else self.answer([jpeg()], JPEG.name)


@mutant("thumbnail-of-a-report", may_trip=OWN, into=MUTANTS)
class ThumbnailsOfReportsBreak(Reference):
    """What has no pixels has a thumbnail of 500."""

    def representative(self, instances: Sequence[Instance]) -> Instance:
        try:
            return super().representative(instances)
        except Refusal as refusal:
            raise Refusal(500, "An exception.") from refusal
