"""How a check names many entities in few words."""

from collections.abc import Collection

NAMED = 8
"""Entities that are named one by one; of more the rest is counted."""


def listed(uids: Collection[str]) -> str:
    """Return how many there are and the first of them: `3: 2.25.1, 2.25.2, 2.25.3`; `nothing` of none."""
    if not uids:
        return "nothing"
    named = ", ".join([*uids][:NAMED])
    return f"{len(uids)}: {named}" + (f" and {len(uids) - NAMED} more" if len(uids) > NAMED else "")


def differing(wanted: Collection[str], found: Collection[str]) -> str:
    """Return what was found, and what of it is missing, foreign or there more than once, each where there is any."""
    said = [f"{len(found)} in all"]
    for what, uids in (
        ("missing", [each for each in wanted if each not in set(found)]),
        ("not of it", [each for each in found if each not in set(wanted)]),
        ("more than once", sorted({each for each in found if [*found].count(each) > 1})),
    ):
        said += [f"{what} {listed(uids)}"] if uids else []
    return "; ".join(said)
