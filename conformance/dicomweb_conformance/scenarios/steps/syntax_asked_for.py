"""Whether the transfer syntax that is asked for has a say at all, which others build on (PS3.18 8.7.3.5.2)."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import assume, read_parts
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import values
from dicomweb_conformance.scenarios.steps.storing import AS_STORED
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import EXPLICIT_VR_LITTLE_ENDIAN

OWNER = "negotiation-transfer-syntax"
"""The check that fails where an instance does not come in its own transfer syntax."""


def leave_to_plainest_syntax(dicomweb: StudiesService, corpus: Corpus, came: str) -> None:
    """Leave a transfer syntax that nobody asked for to the plainest request, where that is answered in it, too.

    Args:
        dicomweb: asks for an instance in the transfer syntax that it is stored in, the default.
        corpus: has the instance.
        came: the transfer syntax that is neither asked for nor the default.

    Raises:
        Inconclusive: it comes whatever is asked for.
    """
    if came == EXPLICIT_VR_LITTLE_ENDIAN:
        return
    instance = corpus.ct_pair.instances[0]
    plainest = dicomweb.retrieve(instance, accept=AS_STORED.replace("*", EXPLICIT_VR_LITTLE_ENDIAN))
    because = f"what is stored, and asked for, in Explicit VR Little Endian comes in {came}, too"
    assume(came not in _syntaxes(plainest), because, OWNER)


def leave_to_default_syntax(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Leave an image that comes as it is stored to the one in RLE, where that does so without being asked, too.

    Raises:
        Inconclusive: compressed images come as they are stored.
    """
    image = corpus.rle.instances[0]
    as_stored = image.transfer_syntax_uid in _syntaxes(dicomweb.retrieve(image))
    because = "an image in RLE comes as it is stored, too, where Explicit VR Little Endian is the default"
    assume(not as_stored, because, "retrieve-default-transfer-syntax[rle]")


def _syntaxes(response: Response) -> set[str]:
    try:
        return set(map(values.syntax, read_parts(response))) if response.status == 200 else set()
    except UnreadableError:
        return set()
