"""Freedoms shown several at a time: each in one bundle or, where there is time, in two with others beside it.

A run of the whole suite costs the same whether the server takes one freedom or thirty. Where one freedom hides another
(a thumbnail that is not offered cannot redirect), `_APART` keeps them in different bundles.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

import pytest

from dicomweb_reference.server import Reference

BUNDLES = 4
"""Bundles in each of the two ways of putting freedoms together."""
LATE = 0.1
"""Seconds at most after which such a server shows what it was sent: later than whoever looks at once."""

_APART = (
    {"errors-without-body", "errors-in-html"},
    {"empty-retrieve-url", "retrieve-url-relative", "retrieve-url-other-host"},
    {"duplicate-store-conflicts", "duplicate-store-warns", "coerces-with-warning"},
    {"coerces-with-warning", "coercion-warning-is-200", "private-elements-discarded"},
    {"coercion-warning-is-200", "duplicate-store-warns"},
    {"faults-borne-with", "faults-warned-of"},
    {"unsupported-sop-class-is-409", "unsupported-sop-class-is-501"},
    {"all-or-nothing", "empty-patient-id-refused"},
    {"all-or-nothing", "implicit-refused"},
    {"all-or-nothing", "duplicate-store-conflicts"},
    {"all-or-nothing", "unsupported-sop-class-is-409", "unsupported-sop-class-is-501"},
    {"codestream-believed", "description-believed", "pixel-description-wanted"},
    {"bulk-data-inline", "bulk-data-relative", "bulk-data-other-host", "bulk-data-elsewhere"},
    {"no-single-part", "single-part-preferred", "single-part-bulk-data-not-offered"},
    {"lossy-is-decoded", "lossy-is-406"},
    {"rendered-multi-frame-406", "multi-frame-rendered-as-gif-only", "rendered-as-jpeg-only"},
    {"rendering-parameters-ignored", "icc-profile-ignored"},
    {"rendering-parameters-ignored", "unknown-annotation-is-400"},
    {"malformed-key-is-400", "optional-keys-ignored"},
    {"delete-is-200", "gone-is-410"},
    {"reads-are-redirected", "thumbnail-redirects"},
    # Together they send the model, refused by its own name, under its alias: a note that neither shows alone.
    {"application-json-answered", "xml-not-offered"},
    {"xml-names-prefixed", "xml-not-offered"},
    {"ranges-not-served", "single-part-bulk-data-not-offered"},
    {"missing-frames-left-out", "frame-lists-strict"},
    *(
        {"compressed-types-not-offered", each}
        for each in ("any-syntax-of-a-media-type", "lossy-frames-as-stored", "lossy-is-406", "lossy-is-decoded")
    ),
    *(
        {"compressed-bulk-data-refused", each}
        for each in ("boxes-kept", "codestream-believed", "description-believed", "pixel-description-wanted")
    ),
    *({"delete-not-offered", each} for each in ("delete-is-200", "gone-is-410")),
    {"thumbnail-not-offered", "thumbnail-redirects"},
    {"capabilities-not-offered", "capabilities-in-xml-only"},
    {"validators-not-offered", "validators-strong"},
)
"""Sets of freedoms of which any two hide each other, or contradict."""

ALONE = frozenset({"json-bulk-store-refused", "unacceptable-gets-default"})
"""Freedoms that hide, or change, so many others that each is a bundle of its own."""


def bundles(freedoms: Iterable[str], *, twice: bool = True) -> list[frozenset[str]]:
    """Return bundles in which each freedom stands twice, once in each half of the list, and those of `ALONE`.

    Those that hide each other are never in one bundle, and those that were together in the first half are in the
    second only where it cannot be helped. Without `twice` there is no second half.
    """
    names = set(freedoms) - ALONE
    first = _dealt(sorted(names), [])
    second = _dealt(sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest()), first) if twice else []
    return [frozenset(each) for each in (*first, *second, *({name} for name in sorted(ALONE & set(freedoms))))]


def _dealt(freedoms: Iterable[str], before: Collection[set[str]]) -> list[set[str]]:
    dealt: list[set[str]] = [set() for _ in range(BUNDLES)]
    # Those with the most enemies choose first.
    for name in sorted(freedoms, key=lambda name: -len(_enemies(name))):
        companions = set().union(*(each for each in before if name in each))
        fitting = [each for each in dealt if not each & _enemies(name)]
        if not fitting:
            raise ValueError(f"{name} fits into no bundle: raise BUNDLES, or look whether all of APART is needed")
        min(fitting, key=lambda each: (len(each & companions), len(each))).add(name)
    return dealt


def _enemies(name: str) -> set[str]:
    return set().union(*(group for group in _APART if name in group)) - {name}


@dataclass(eq=False)
class Shown:
    """Which freedoms a check met with: a plugin of the suite, and a class of server to judge with it.

    `met` holds the checks in which the server took a freedom; `everywhere` those freedoms that it took outside of any.
    """

    met: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    everywhere: set[str] = field(default_factory=set)
    check: str = ""

    def server(self, freedoms: Collection[str]) -> Reference:
        """Return a reference server with these freedoms, which is followed."""
        shown = self

        class Followed(Reference):
            def free(self, name: str) -> bool:
                taken = super().free(name)
                if taken:
                    shown.met[name].add(shown.check) if shown.check else shown.everywhere.add(name)
                return taken

        server = Followed(frozenset(freedoms))
        server.archive.delay = min(server.archive.delay, LATE)
        return server

    def pytest_runtest_logstart(self) -> None:
        self.check = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self.check = str(dict(item.user_properties)["dicomweb-check"])


def to_blame(freedoms: frozenset[str], goes_wrong: Callable[[frozenset[str]], bool]) -> frozenset[str]:
    """Return the fewest freedoms that halving finds with which something goes wrong, as it does with all of them."""
    ordered = sorted(freedoms)
    middle = len(ordered) // 2
    for half in (frozenset(ordered[:middle]), frozenset(ordered[middle:])):
        if 0 < len(half) < len(freedoms) and goes_wrong(half):
            return to_blame(half, goes_wrong)
    return freedoms
