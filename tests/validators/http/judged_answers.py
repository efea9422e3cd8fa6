"""Answers as a wire client would hand them over, and what the suite observes in them."""

from collections.abc import Iterator

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.exchanges import Headers
from dicomweb_conformance.http.observed import Answer, Asked, Course
from dicomweb_conformance.http.wire_facts import WireFacts
from dicomweb_conformance.validators.http import messages
from dicomweb_conformance.validators.observation import Observation

STUDY = "studies/1.2.3"
RETRIEVED = Asked("GET", STUDY, url="http://pacs.example/dicom-web/studies/1.2.3")
SEARCHED = Asked("GET", "studies", url="http://pacs.example/dicom-web/studies")
# Observations in our own words, which the rows leave to their level.
OWN_WORDS = {
    "HTTP-001": {"another version, HTTP/0.9"},
    "HTTP-003": {"an interim code that is not in the registry"},
    "HTTP-007": {"chunk framing that leaves RFC 9112 7.1"},
    "HTTP-020b": {"a Location that is no URI reference"},
    "MULTIPART-020": {multipart.Kind.MALFORMED_HEADER.value},
    "MULTIPART-026": {"an encoding that RFC 2045 6.1 does not know"},
}


def answer(
    body: bytes = b"",
    content_type: str | None = None,
    *fields: tuple[str, str],
    status: int = 200,
    asked: Asked = RETRIEVED,
    chunk: int = 7,
    facts: WireFacts | None = None,
    course: Course | None = None,
    coded: bool = True,
) -> Answer:
    """An answer whose body comes in small chunks."""
    labelled = () if content_type is None else (("Content-Type", content_type),)
    chunks = [body[at : at + chunk] for at in range(0, len(body), chunk)]
    return Answer(asked, status, Headers((*labelled, *fields)), chunks, coded, False, facts, course or Course())


def multipart_answer(
    *parts: multipart.Part, type_: str = media_types.DICOM, boundary: str = "b", asked: Asked = RETRIEVED
) -> Answer:
    """A sound multipart answer."""
    chosen, body = multipart.write(parts, boundary)
    return answer(body, media_types.multipart_related(type_, chosen), asked=asked)


def observed(of: Answer) -> list[Observation]:
    """All that is observed in an answer; each is of a row that is owned, and listed there or in our own words."""
    rows = requirements.load()
    found = list(messages.observe(of))
    for each in found:
        assert each.requirement in messages.OWNED
        listed = {*rows[each.requirement].observations, *OWN_WORDS.get(each.requirement, ())}
        assert each.observation in listed, each
        assert rows[each.requirement].judge(each.observation), each
    passed = [each.requirement for each in found if rows[each.requirement].verdict_of(each.observation) is Verdict.PASS]
    assert len(passed) == len(set(passed)), "a row passes once per message"
    return found


def of_row(of: Answer, row: str) -> list[str]:
    """The observations of one row, each named once."""
    return list(dict.fromkeys(each.observation for each in observed(of) if each.requirement == row))


def worse_than_pass(of: Answer) -> dict[str, str]:
    """The rows that an answer does not simply pass, with what was seen."""
    rows = requirements.load()
    return {
        each.requirement: each.observation
        for each in observed(of)
        if rows[each.requirement].verdict_of(each.observation) is not Verdict.PASS
    }


def cuts(body: bytes, *sizes: int) -> Iterator[list[bytes]]:
    """A body cut into chunks of each size."""
    for size in sizes or (1, 2, 3, 5, 17, len(body) or 1):
        yield [body[at : at + size] for at in range(0, len(body), size)]
