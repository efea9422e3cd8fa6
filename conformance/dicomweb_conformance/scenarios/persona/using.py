"""A client at work: it sends its requests one by one, and ends at the first that it cannot do without."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from urllib.parse import quote

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import assume, expect, offered
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.http.urls import Url
from dicomweb_conformance.scenarios.persona import readings
from dicomweb_conformance.scenarios.persona.clients import EFFECTS, Step, Use
from dicomweb_conformance.scenarios.persona.readings import Seen, Subject
from dicomweb_conformance.scenarios.steps import heads
from dicomweb_conformance.scenarios.steps.storing import stored_for
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh

_KEYS = {"accession": "AccessionNumber", "modality": "Modality", "date": "StudyDate"}
GONE = frozenset({403, 404, 410})


def asks(dicomweb: StudiesService, corpus: Corpus, use: Use) -> None:
    """Send what a client of the corpus asks for, and note what it trips over.

    Raises:
        CheckFailed: it breaks, and must work.
        NotApplicable: all that it sends goes by a URL that the target need not give, and does not.
    """
    link: Url | None = None
    did, led = True, True
    for step, after in zip(use.steps, (*use.steps[1:], None), strict=True):
        if step.fallback and did:
            continue
        if step.follows and link is None:
            did = led = False
            continue
        subject = _subject(corpus, step)
        response = _sent(dicomweb, step, subject, link)
        found, elsewhere = None, False
        if after and after.follows and not step.follows:
            found = readings.link_of(response, step, subject)
            link = found if isinstance(found, Url) else None
            elsewhere = not (found is None or (link and dicomweb.is_targets(link)))
        seen = chain(readings.of(response, step, subject), [_ELSEWHERE] if elsewhere else [])
        effect, did = _noted(response, step, seen)
        led = True
        leads_nowhere = after and after.follows and (isinstance(found, str) or not did)
        if effect == "breaks" or leads_nowhere:
            return
    offered(led, "the target refers to no value: all are in its metadata")


_ELSEWHERE = Seen("elsewhere", expected=("a URL of the target",), received=Harmless("another host or port"))


def stores(dicomweb: StudiesService, archive: Archive, fresh: Fresh, use: Use) -> None:
    """Store an instance as a client does, and note whether it is stored and what the client trips over.

    Raises:
        CheckFailed: it breaks, and must work.
    """
    (step,) = use.steps
    study = fresh.study()
    (instance,) = study.instances
    before = step.before.replace("{size}", str(len(instance.part10)))
    body = before.encode() + instance.part10 + step.after.encode()

    response = heads.sent_as(dicomweb, step.head, {}, body, [instance])

    def seen() -> Iterator[Seen]:
        yield from readings.of(response, step, Subject(study, instance))
        if not archive.holds(instance):
            yield Seen("200-and-not-retrievable", expected=("the instance",), received=Harmless("not retrievable"))

    _noted(response, step, seen())


def deletes(dicomweb: StudiesService, archive: Archive, fresh: Fresh, use: Use) -> None:
    """Store what a client then deletes, and note whether it is gone and what the client trips over.

    Raises:
        CheckFailed: it breaks, and must work.
        Inconclusive: nothing can be stored that it could delete.
    """
    looking = dicomweb.for_purpose("confirm")
    for step in use.steps:
        study = fresh.study()
        (instance,) = study.instances
        stored_for(dicomweb.for_purpose("store"), archive, instance)

        response = heads.sent_as(dicomweb, step.head, heads.about(instance))

        gone = partial(_is_gone, looking, instance)
        seen = chain(readings.of(response, step, Subject(study, instance)), _unless(archive, gone))
        effect, _ = _noted(response, step, seen)
        if effect == "breaks":
            return


def _unless(archive: Archive, gone: Callable[[], bool]) -> Iterator[Seen]:
    if archive.time_until(gone) is None:
        yield Seen("not-gone", expected=("404",), received=Harmless("retrievable"))


def _is_gone(looking: StudiesService, instance: Instance) -> bool:
    return looking.retrieve(instance).status in GONE


def _subject(corpus: Corpus, step: Step) -> Subject:
    study = getattr(corpus, step.about)
    return Subject(study, study.instances[0])


def places(subject: Subject) -> dict[str, str]:
    """Return what stands in the places of a request: a value as a client writes it into a query."""
    named = {name: quote(subject.study.value(keyword), safe="") for name, keyword in _KEYS.items()}
    family = quote(subject.study.value("PatientName").partition("^")[0], safe="")  # what a person types of a name
    return {**heads.about(subject.instance), "patient": subject.study.patient_id, "family": family, **named}


def _sent(dicomweb: StudiesService, step: Step, subject: Subject, link: Url | None) -> Response:
    """Send the request of a step; one that follows a link to the target, whatever host the link names."""
    if not step.follows or link is None:
        return heads.sent_as(dicomweb, step.head, places(subject))
    base = dicomweb.base
    own = replace(link, origin=base.origin)
    if own.is_below(base):
        return heads.sent_as(dicomweb, step.head, {"link": own.target.removeprefix(base.path.rstrip("/"))})
    fields = [(name, value) for name, value in step.head.fields if name.lower() != "host"]
    return dicomweb.get_url(own, headers=fields)


def _noted(response: Response, step: Step, seen: Iterable[Seen]) -> tuple[str, bool]:
    """Note what a client trips over in a response.

    Returns:
        what becomes of the client at worst, and whether it got what it asked for.

    Raises:
        Inconclusive: all that the target holds was asked for, and did not come in the time of an exchange.
    """
    assume(
        not (step.asks_for_all and "timed out" in response.error),
        f"the client asks for all that the target holds, of which {len(response.body):,} octets had come when the time "
        "of an exchange was over; --dicomweb-timeout=S gives more",
        response.exchange,
    )
    worst, did = "works", True
    remark = f"the client can do otherwise ({step.otherwise})" if step.otherwise else ""
    with expect(response) as it:
        if not it.as_client(breaks=step.effect("status") == "breaks").is_one_of(*step.status, remark=remark):
            return step.effect("status"), False
        for each in seen:
            effect, outright = step.effect(each.code), step.outright(each.code)
            if effect == "works":
                continue
            received = "; ".join(filter(None, (each.received, remark if outright == "breaks" else "")))
            it.as_client(breaks=effect == "breaks").observes(
                each.code, where=each.where, expected=each.expected, received=Harmless(received)
            )
            worst = max(worst, effect, key=EFFECTS.index)
            did = did and outright != "breaks"
    return worst, did
