from dicomweb_conformance.scenarios.search.changes import Change, Shape, shorter
from dicomweb_conformance.scenarios.search.drawn_changes import explored

VERBS = ("store", "delete", "delete")


def drawn(histories: int, number: int | None = None) -> list[tuple[Change, ...]]:
    found: list[tuple[Change, ...]] = []

    def live(changes) -> bool:
        found.append(tuple(changes))
        return True

    explored(VERBS, live, histories=histories, number=number)
    return found


def test_the_same_histories_are_drawn_in_every_run():
    assert drawn(10) == drawn(10)
    assert drawn(10, 1) != drawn(10, 2)


def test_it_is_settled_what_becomes_of_each_change():
    for changes in drawn(50):
        there: Shape = frozenset()
        for change in changes:
            assert change.is_settled(there)
            there = change.after(there)


def test_a_shorter_history_keeps_its_last_change_and_leaves_out_what_may_be_left_out():
    whole, first, gone = Change("store"), Change("store", 0), Change("delete", 0, 1)

    assert list(shorter([whole, first, gone])) == [(first, gone), (whole, gone)]
    assert list(shorter([first, gone])) == [], "what is not there is not deleted"
    assert list(shorter([whole])) == []
