import pytest

from dicomweb_conformance.scenarios.search.drawn_queries import explored
from dicomweb_conformance.scenarios.search.queries import Key, Place, Query, places
from dicomweb_conformance.scenarios.search.query_keys import pool_of
from dicomweb_fixtures.corpus import Corpus

PLACES = places(Corpus(1).neighbours)


def drawn(place: Place, queries: int, number: int | None = None) -> list[Query]:
    found: list[Query] = []

    def ask(query: Query) -> bool:
        found.append(query)
        return True

    explored(place, ask, queries=queries, number=number)
    return found


def told(queries: list[Query]) -> list[str]:
    return [str(query.parameters()) for query in queries]


def test_the_same_queries_are_drawn_in_every_run():
    assert told(drawn(PLACES["studies"], 20)) == told(drawn(PLACES["studies"], 20))


def test_what_is_drawn_is_the_same_everywhere():
    forms = [[f"{key.keyword}: {key.form}" for key in each.keys] for each in drawn(PLACES["studies"], 5)]

    together = [f"{each}: range of dates with one of times" for each in ("StudyDate", "StudyTime")]
    assert forms == [
        together,
        together,
        ["AccessionNumber: value", "StudyInstanceUID: list of UIDs", "ReferringPhysicianName: no value"],
        ["StudyID: value and a character"],
        ["StudyInstanceUID: value less a character"],
    ]


def test_each_key_is_asked_for_in_each_form_and_with_each_value_before_any_is_again():
    place = PLACES["series-of-a-study"]
    pairs = {(name, form) for name, forms in pool_of(place).items() for form in forms}
    values = {(name, key.value) for name, forms in pool_of(place).items() for key in forms["value"]}

    found = [key for each in drawn(place, 2 * len(pairs | values)) for key in each.keys]

    assert pairs <= {(key.keyword, key.form) for key in found}
    assert values <= {(key.keyword, key.value) for key in found if key.form == "value"}


def test_other_numbers_draw_other_queries():
    assert told(drawn(PLACES["studies"], 20, 1)) != told(drawn(PLACES["studies"], 20, 2))


@pytest.mark.parametrize("name", PLACES)
def test_queries_have_a_few_keys_of_the_levels_that_their_resource_has(name):
    place = PLACES[name]
    queries = drawn(place, 40)

    assert 20 <= len(queries) <= 40
    for query in queries:
        keywords = [key.keyword for key in query.keys]
        assert 1 <= len(keywords) <= 3
        assert set(keywords) <= {key.id for key in place.keys}
        assert len(set(keywords)) == len(keywords)


def test_each_form_of_matching_is_among_the_queries_of_a_run():
    kinds = {kind for query in drawn(PLACES["studies"], 120) for kind in query.kinds}

    assert kinds >= {
        "range",
        "range up to",
        "range from",
        "range of dates with one of times",
        "list of UIDs",
        "wild card in a UID",
        "lone star",
        "star",
        "question mark",
        "characters that need percent-encoding",
        "paging",
    }


def test_drawing_ends_where_enough_is_known_and_what_is_raised_comes_out():
    asked = []

    def ask(query: Query) -> bool:
        asked.append(query)
        if len(asked) == 3:
            raise LookupError("the target is gone")
        return True

    with pytest.raises(LookupError, match="the target is gone"):
        explored(PLACES["studies"], ask, queries=50, number=None)
    assert len(asked) == 3


def test_drawing_leaves_nothing_in_the_directory_of_whoever_runs_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    drawn(PLACES["studies"], 5)

    assert list(tmp_path.iterdir()) == []


def test_a_smaller_query_has_a_parameter_less_or_a_plainer_spelling():
    keys = (Key("StudyDate", "20200229", "value", by_tag=True), Key("StudyID", "AB*", "star"))
    query = Query(PLACES["studies"], keys, limit=1, offset=2)

    sent = [[name for name, _ in each.parameters()] for each in query.smaller()]

    assert ["PatientID", "StudyID", "limit", "offset"] in sent
    assert ["PatientID", "00080020", "limit", "offset"] in sent
    assert ["PatientID", "00080020", "StudyID"] in sent
    assert ["PatientID", "StudyDate", "StudyID", "limit", "offset"] in sent
