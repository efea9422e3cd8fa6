"""Search: studies whose instances disagree, and studies that grow while they are searched for (PS3.18 10.6)."""

from __future__ import annotations

from functools import partial

from dicomweb_conformance.archive.contents import Archive, listed
from dicomweb_conformance.checks.expect import BUSY, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.steps.meetings import meetings
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Study
from dicomweb_fixtures.fresh import Fresh

_INSTANCES, _SEARCHES = 4, 6
_MEETINGS = 15
"""More than usual: a study comes into being once in a meeting, and that is when a search is most likely to break."""
TAGS = {"study": "0020000D", "series": "0020000E", "instance": "00080018"}


def _searched(service: StudiesService, study: Study, level: str) -> Response:
    if level == "study":
        return service.search("studies", StudyInstanceUID=study.study_instance_uid)
    return service.search_in(study, "series" if level == "series" else "instances")


def _uids(study: Study, level: str) -> set[str]:
    if level == "study":
        return {study.study_instance_uid}
    if level == "series":
        return {each.uid for each in study.series}
    return {instance.sop_instance_uid for instance in study.instances}


@verifies("SEARCH-163", id="search-instances-that-disagree", needs="search.series")
def test_instances_that_disagree(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A study of instances that disagree about patient and study is one result, with all of its instances."""
    study = fresh.study(instances=2)
    first, second = study.instances
    control(dicomweb.store([first]), 200, 202, because="the first instance cannot be stored")
    assume(archive.holds(first), "the first instance does not become visible", "store-multipart")
    looking = dicomweb.for_purpose("confirm")

    def shown(level: str) -> set[str]:
        return listed(_searched(looking, study, level), TAGS[level])

    archive.time_until(lambda: any(map(shown, TAGS)), "a search lists what was stored")
    levels = [level for level in TAGS if shown(level)]
    assume(bool(levels), "no search finds the first instance, which disagrees with none")
    other = fresh.with_values(
        second,
        PatientName="OTHER^NAME",
        StudyDescription="ANOTHER STUDY",
        StudyDate="19990131",
        SeriesDescription="ANOTHER",
    )
    stored = dicomweb.store([other])
    offered(
        stored.status in {200, 202} or stored.status in BUSY or not stored.status,
        f"an instance that disagrees is refused: status {stored.status}",
    )
    assume(archive.holds(first, other), "both instances do not become visible", "store-multipart")
    archive.time_until(lambda: all(_uids(study, each) <= shown(each) for each in levels), "what disagrees is listed")

    for level in levels:
        response = _searched(dicomweb, study, level)
        with expect(response) as it:
            matches = it.is_a_list_of_matches()
            found = matches.uids(TAGS[level])
            expected, received = [", ".join(sorted(_uids(study, level)))], ", ".join(found) or "nothing"
            if len(found) > len(set(found)):
                it.observes("listed-several-times", where=level, expected=expected, received=received)
            if not _uids(study, level) <= set(found):
                quote = "an-instance-not-listed" if level == "instance" else "not-listed"
                it.observes(quote, where=level, expected=expected, received=received)


GROWING = tuple(
    Variant(level, "SEARCH-164", needs=needs)
    for level, needs in (
        ("study", "search.studies"),
        ("series", "search.series"),
        ("instance", "search.study-instances"),
    )
)


@verifies(id="search-while-storing", each=GROWING)
def test_while_storing(dicomweb: StudiesService, fresh: Fresh, case: Variant) -> None:
    """While instances are stored, a search lists what is there so far, each once, and never breaks."""
    control(dicomweb.store([fresh.instance()]), 200, 202, because="a store by one client does not work")
    refused: list[Response] = []

    for turn in meetings(_MEETINGS):
        study = fresh.study(series=2, instances=_INSTANCES // 2, name=f"turn {turn}")
        usual = _searched(dicomweb, study, case.id)
        control(usual, 200, 204, 404, because="a search for what is not there yet does not work")
        stored, answers = dicomweb.store_beside(
            study.instances, partial(_searched, study=study, level=case.id), _SEARCHES
        )
        if {usual.status, *(answer.status for answer in answers)} == {404}:
            # An index that follows behind, or a resource that is not there.
            control(_searched(dicomweb, study, case.id), 200, 204, because="what was stored meanwhile is not searched")
        for response in answers:
            with expect(response) as it:
                if response.status == usual.status == 404:
                    it.concludes()
                matches = it.is_a_list_of_matches()
                it.lists_each_once(matches, TAGS[case.id], twice="listed-twice")
                it.lists_nothing_but(matches, TAGS[case.id], _uids(study, case.id), else_="something-else-is-listed")
        refused += [each for each in stored if each.status not in {200, 202} or each.error]
    for each in refused[:1]:
        control(each, 200, 202, because="instances cannot be stored while somebody searches")
