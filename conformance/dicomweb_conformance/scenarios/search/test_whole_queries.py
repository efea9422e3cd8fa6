"""Search: any query of keys that a server shall support, compared with what PS3.4 C.2.2.2 has it find."""

from __future__ import annotations

from dataclasses import replace

from dicomweb_conformance.checks.expect import assume, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model, xml_differences
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.search import pages
from dicomweb_conformance.scenarios.search.asking import PAGE, Answer, Asking, Wrong
from dicomweb_conformance.scenarios.search.drawn_queries import explored
from dicomweb_conformance.scenarios.search.queries import NO_VALUE, Key, Place, Query, places, plain_keys
from dicomweb_conformance.scenarios.search.query_keys import Pool, pool_of
from dicomweb_conformance.scenarios.steps.xml_models import MULTIPART_XML, models_of
from dicomweb_conformance.service.absence import declines_xml
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

QUERIES = 60
"""Queries drawn at each resource unless a run explores more; of studies twice as many."""
IN_XML = 5
"""Of the queries drawn at each resource those that are asked as XML, too."""
MOST = 4
"""Queries that are told to go wrong at one resource."""
OWNERS = {
    "studies": "search-by-keyword",
    "series-of-a-study": "search-series-of-a-study",
    "instances-of-a-study": "search-instances-of-a-study",
    "instances-of-a-series": "search-instances-of-a-series",
    "all-series": "search-keys-of-levels-above[all-series-by-study]",
    "all-instances": "search-keys-of-levels-above[all-instances-by-study]",
}
_TOLD_ELSEWHERE = ("star", "question mark", "list of UIDs", "range", "range from", "range up to", NO_VALUE)
PLACES = (
    Variant("studies", "SEARCH-160"),
    Variant("series-of-a-study", "SEARCH-160", needs="search.series"),
    Variant("instances-of-a-study", "SEARCH-160", needs="search.study-instances"),
    Variant("instances-of-a-series", "SEARCH-160", needs="search.instances"),
    Variant("all-series", "SEARCH-160", needs="search.all-series"),
    Variant("all-instances", "SEARCH-160", needs="search.all-instances"),
)


@verifies(
    *("SEARCH-027", "SEARCH-031", "SEARCH-036", "SEARCH-037", "SEARCH-042", "SEARCH-082", "HTTP-034"),
    id="search-any-query",
    each=PLACES,
)
def test_any_query(
    dicomweb: StudiesService, corpus: Corpus, explore: int | None, beside: frozenset[str], case: Variant
) -> None:
    """A query of any keys, forms and pages finds what matches all of them, and nothing else."""
    everywhere = places(corpus.neighbours)
    asking = Asking(dicomweb)
    place = everywhere[case.id]
    if place.confined and not asking.finds_all(place):  # which is told where that key is judged
        place = place.by_unique_key()
    assume(
        asking.finds_all(place),
        "without further keys a search does not find just what belongs to the patient, or to the path",
        OWNERS[case.id],
    )
    # A key that does not work alone is told of by its own check.
    usable = tuple(key for key in place.keys if _works(asking, everywhere, key.id))
    assume(usable, "no key works alone", "search-matches-study[StudyDate]")
    place = _as_it_is_read(asking, replace(place, keys=usable))
    found: list[Wrong] = []

    def ask(query: Query) -> bool:
        for each in dict.fromkeys((replace(query, limit=None, offset=None), query)):
            wrong = asking.judged(each)
            if wrong and not any(told.explains(wrong) for told in found):
                found.append(asking.shrunk(wrong))
                break
        return len(found) < MOST

    explored(
        place,
        ask,
        queries=explore or (2 * QUERIES if case.id == "studies" else QUERIES),
        number=corpus.seed if explore else None,
    )

    owner = _owner_of_pages(asking, place, case.id, corpus) if any(wrong.code == PAGE for wrong in found) else ""
    owner = owner if owner in beside else ""
    with expect(asking.answer_to(Query(place)).response) as it:
        for wrong in (each for each in found if not (owner and each.code == PAGE)):
            it.on(wrong.response).observes(
                wrong.code,
                where=wrong.where,
                expected=[wrong.expected],
                received=wrong.received,
                of=wrong.requirement,
            )

    assume(not owner, "pages do not make the whole without further keys, either", owner)


def _owner_of_pages(asking: Asking, place: Place, name: str, corpus: Corpus) -> str:
    """Return the check that tells of pages which go wrong without any keys; empty where these do not."""
    if not pages.make_the_whole(asking.dicomweb, corpus):
        return pages.OWNER
    found = [uid for page in asking.pages(place) for uid in asking.answer_to(page).uids]
    whole = name == "studies" or sorted(found) == sorted(asking.answer_to(Query(place)).uids)
    return "" if whole else f"search-pages-at-each-resource[{name}]"


BELOW = tuple(Variant(each.id, "SEARCH-072", needs=each.needs) for each in PLACES if each.id != "studies")


@verifies(id="search-pages-at-each-resource", each=BELOW)
def test_pages_at_each_resource(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Pages of series and of instances, put together, are the unpaged list."""
    asking = Asking(dicomweb)
    place = places(corpus.neighbours)[case.id]
    if place.confined and not asking.finds_all(place):
        place = place.by_unique_key()
    assume(asking.finds_all(place), "what belongs to the patient, or to the path, is not found", OWNERS[case.id])
    everything = asking.answer_to(Query(place)).uids

    queries = asking.pages(place)
    answers = [asking.answer_to(query) for query in queries]

    found = [uid for answer in answers for uid in answer.uids]
    with expect(answers[-1].response) as it:
        assume(
            all(
                answer.response.status in {200, 204} and len(answer.uids) <= (queries[0].limit or 0)
                for answer in answers
            ),
            "limit and offset do not work",
            "search-limit-caps",
        )
        if sorted(found) != sorted(everything):
            assume(pages.make_the_whole(dicomweb, corpus), "pages of studies go wrong, too", pages.OWNER)
            it.observes("a-study-twice-or-missing", expected=everything, received=", ".join(found) or "nothing")
        elif found != list(everything):
            it.observes("each-study-once-in-another-order", expected=everything, received=", ".join(found))


AS_XML = tuple(Variant(each.id, "SEARCH-008", needs=each.needs) for each in PLACES)


@verifies("SEARCH-008b", id="search-any-query-as-xml", each=AS_XML)
def test_any_query_as_xml(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A query of any keys, forms and pages has the same results as XML and as JSON."""
    place, asking = places(corpus.neighbours)[case.id], Asking(dicomweb)
    asked: list[Query] = []

    def ask(query: Query) -> bool:
        if asking.answer_to(query).uids:
            asked.append(query)
        return len(asked) < IN_XML

    explored(place, ask, queries=3 * IN_XML, number=None)
    assume(asked, "no query finds anything as JSON", OWNERS[case.id])

    for query in asked:
        response = dicomweb.search(place.path, query.parameters(), accept=MULTIPART_XML)
        offered(not declines_xml(response), "search results are not offered in XML: see xml-search", "xml.search")
        if _differs(response, query, asking.answer_to(query)):
            return


def _differs(response: Response, query: Query, in_json: Answer) -> bool:
    """Compare results in XML with those in JSON; of a page, whose order is not settled, their number alone."""
    with expect(response) as it:
        models = models_of(it)
        found = {json_model.text(model, query.place.unique_key): model for model in models}
        same = len(models) == len(in_json.uids) + in_json.others
        if not same or not (query.is_paged or set(in_json.uids) <= found.keys()):
            it.observes(
                "number-of-parts-not-number-of-matches",
                expected=[f"as in JSON: {', '.join(in_json.uids)}"],
                received=f"{len(models)} parts: {', '.join(found)}",
            )
            return True
        for uid, result in zip(in_json.uids, in_json.results, strict=True):
            for model in xml_differences.models(result, found.get(uid, result)):
                if model.kind not in {"vr", xml_differences.INLINED}:
                    it.observes(
                        "tag-or-value-differs",
                        where=model.path,
                        expected=[f"as in JSON: {model.stored}"],
                        received=model.received,
                        of="SEARCH-008b",
                    )
                    return True
    return False


def _works(asking: Asking, everywhere: dict[str, Place], keyword: str) -> bool:
    """Tell whether a key with plain values finds what it should at its own level, and nothing where it should not."""
    place = next(
        each
        for each in (everywhere[name] for name in ("studies", "series-of-a-study", "instances-of-a-series"))
        if keyword in {key.id for key in each.keys}
    )
    return all(asking.matches_well(Query(place, (key,))) for key in plain_keys(place, keyword))


def _as_it_is_read(asking: Asking, place: Place) -> Place:
    """Leave out what is not read at all: wild cards, lists or ranges taken literally, and tags; their checks tell."""
    pool = pool_of(place)
    unread = {form for form in _TOLD_ELSEWHERE if asking.finds_nothing(place, _of(pool, form))}
    if "star" in unread:
        unread.add("lone star")
    by_tag = [replace(plain_key, by_tag=True) for plain_key in plain_keys(place, place.keys[0].id)]
    tags = all(asking.matches_well(Query(place, (key,))) for key in by_tag)
    return replace(place, unread=frozenset(unread), tags=tags)


def _of(pool: Pool, form: str) -> list[Key]:
    return [key for forms in pool.values() for key in forms.get(form, ())]
