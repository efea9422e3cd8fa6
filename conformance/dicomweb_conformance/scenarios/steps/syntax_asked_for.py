"""Whether the transfer syntax that is asked for has a say at all, which others build on (PS3.18 8.7.3.5.2)."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import assume, read_parts
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
    try:
        received = read_parts(plainest) if plainest.status == 200 else []
    except UnreadableError:
        return
    because = f"what is stored, and asked for, in Explicit VR Little Endian comes in {came}, too"
    assume(came not in map(values.syntax, received), because, OWNER)
