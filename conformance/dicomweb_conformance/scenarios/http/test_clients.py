"""HTTP: several clients that ask at the same time, as a viewer does that opens a study (RFC 9110 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from dicomweb_conformance.archive.contents import shows
from dicomweb_conformance.checks.expect import BUSY, assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.steps.meetings import meetings
from dicomweb_conformance.service.studies_service import Sender, StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Study

TIMES = 2
QUESTIONS = (
    Variant("search", "HTTP-044", needs="search.studies"),
    Variant("metadata", "HTTP-044", needs="metadata"),
    Variant("retrieve", "HTTP-044", needs="retrieve"),
)


def _asking(study: Study, question: str) -> Sender:
    def ask(service: StudiesService) -> Response:
        if question == "search":
            return service.search("studies", StudyInstanceUID=study.study_instance_uid)
        return service.metadata(study) if question == "metadata" else service.retrieve(study)

    return ask


@verifies(id="http-clients-at-once", afresh=True, each=QUESTIONS)
def test_clients_at_once(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Four clients that ask at the same time each get what they asked for."""
    studies = corpus.four_studies_of_one_patient.studies
    for study in studies:
        alone = _asking(study, case.id)(dicomweb)
        control(alone, because="one client alone does not get it")
        found = [each for each in studies if shows(alone, [each.study_instance_uid])]
        assume(found == [study], "what one client alone gets does not name just what it asked for", alone.exchange)

    put_off: list[Response] = []
    for _ in meetings():
        answers = dicomweb.ask_at_once([[_asking(study, case.id)] * TIMES for study in studies])

        for study, response in _each(studies, answers, put_off):
            others = [each.study_instance_uid for each in studies if each is not study]
            with expect(response) as it:
                if any(shows(response, [each]) for each in others):
                    it.observes("answer-to-another-client", expected=[study.study_instance_uid])
                elif not shows(response, [study.study_instance_uid]):
                    it.observes("fails-beside-others", expected=["200, as alone"], received=it.status_line)
    _notes(put_off)


@verifies("HTTP-044", id="http-frames-at-once", afresh=True, needs="frames")
def test_frames_at_once(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Three clients that ask for a frame each at the same time, as a viewer scrolls, each get theirs."""
    image = corpus.multiframe.instances[0]
    askers = [_asking_for_frame(image, number) for number in range(1, len(image.frames) + 1)]
    for ask, frame in zip(askers, image.frames, strict=True):
        alone = ask(dicomweb)
        control(alone, because="one client alone does not get it")
        assume(_frames_in(alone, image) == [frame], "what one client alone gets is not its frame", alone.exchange)

    put_off: list[Response] = []
    for _ in meetings():
        answers = dicomweb.ask_at_once([[ask] * TIMES for ask in askers])

        for frame, response in _each(image.frames, answers, put_off):
            found = _frames_in(response, image)
            with expect(response) as it:
                if response.status == 200 and found and found != [frame]:
                    numbers = ", ".join(str(image.frames.index(each) + 1) for each in found)
                    expected = [f"frame {image.frames.index(frame) + 1}"]
                    it.observes("answer-to-another-client", expected=expected, received=f"frame {numbers}")
                elif found != [frame]:
                    it.observes("fails-beside-others", expected=["200, as alone"], received=it.status_line)
    _notes(put_off)


_Asked = TypeVar("_Asked")


def _each(
    asked: Sequence[_Asked], answers: Sequence[Sequence[Response]], put_off: list[Response]
) -> Iterator[tuple[_Asked, Response]]:
    """Yield what each client asked for with each of its answers, but for those that put it off, which are kept."""
    for of_one, responses in zip(asked, answers, strict=True):
        for response in responses:
            if response.status in BUSY:
                put_off.append(response)
            else:
                yield of_one, response


def _notes(put_off: Sequence[Response]) -> None:
    """Note that clients were put off: once, however often, since how often is chance."""
    for response in put_off[:1]:
        with expect(response) as it:
            it.observes("put-off-while-others-ask", received=it.status_line)


def _asking_for_frame(image: Instance, number: int) -> Sender:
    return lambda service: service.frames(image, str(number))


def _frames_in(response: Response, image: Instance) -> list[bytes]:
    return [frame for frame in image.frames if frame in response.body]
