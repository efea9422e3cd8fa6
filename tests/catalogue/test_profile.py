from dataclasses import replace

import pytest

from dicomweb_conformance.catalogue.profile import ProfileError, load_profile
from dicomweb_conformance.catalogue.requirements import load

MINE = """
name = "mine"
title = "Search and nothing else"
services = ["SEARCH"]

[tiers]
core = ["core"]
extended = ["extended"]
include = ["large"]
"""


def counted(profile, include=()):
    return {row.service for row in load().values() if profile.counts(row, include)}


def test_dicom_counts_the_studies_service_and_nothing_else():
    assert counted(load_profile("dicom"), ("delete",)) == {row.service for row in load().values()} - {
        "GOOGLE",
        "LRO",
        "UPS",
        "URI",
    }


def test_core_is_the_core_tier():
    profile = load_profile("dicom")

    assert profile.is_core(load()["SEARCH-069"])
    assert not profile.is_core(load()["SEARCH-021"])
    assert not profile.is_core(load()["GOOGLE-001"])


@pytest.mark.parametrize(("row", "tier"), [("GOOGLE-043", "large"), ("HTTP-014", "unsafe"), ("DELETE-002", "delete")])
def test_opt_in_tiers_have_to_be_asked_for(row, tier):
    profile, requirement = load_profile("dicom"), load()[row]

    assert requirement.tier == tier
    assert not profile.counts(requirement)
    assert profile.counts(requirement, [tier]) is (requirement.service in profile.services)


def test_a_file_is_a_profile(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(MINE)

    profile = load_profile(str(file))

    assert (profile.name, profile.title) == ("mine", "Search and nothing else")
    assert (profile.core_tiers, profile.extended_tiers, profile.include) == (("core",), ("extended",), ("large",))
    assert counted(profile) == {"SEARCH"}


def test_only_a_row_that_is_judged_takes_the_place_of_another():
    profile = replace(load_profile("google"), judges={"GOOGLE-057"}.__contains__)

    assert load()["GOOGLE-057"].replaces == ("SEARCH-074", "SEARCH-080")
    assert profile.replaced == {"SEARCH-074", "SEARCH-080"}
    assert not profile.has(load()["SEARCH-080"])
    assert profile.has(load()["SEARCH-010"])


def test_an_unknown_name_is_answered_with_those_there_are():
    with pytest.raises(ProfileError, match=r"no profile 'dicon': name a \.toml file, or one of dicom"):
        load_profile("dicon")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ProfileError, match=r"absent\.toml cannot be read: No such file"):
        load_profile(str(tmp_path / "absent.toml"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "mine"', "name = mine", r"is no TOML"),
        ('name = "mine"\n', "", r"name is missing"),
        ('title = "Search and nothing else"', 'title = ""', r"title is missing, or no text"),
        ('["SEARCH"]', '["SERACH"]', r"services names 'SERACH', which is none of HTTP, ERROR"),
        ('["SEARCH"]', '"SEARCH"', r"services is missing, or no list"),
        ('core = ["core"]', 'core = ["essential"]', r"core names 'essential', which is none of core, extended"),
        ('core = ["core"]', 'core = ["extended"]', r"a tier is core or extended, not both: extended"),
        ('include = ["large"]', 'include = ["core"]', r"include names 'core', which is none of large, unsafe, delete"),
        ('include = ["large"]', 'includes = ["large"]', r"tiers\.includes is no key of a profile"),
        ("[tiers]", "[levels]", r"levels is no key of a profile"),
        (
            '\n[tiers]\ncore = ["core"]\nextended = ["extended"]\ninclude = ["large"]\n',
            "",
            r"a table \[tiers\] is missing",
        ),
    ],
)
def test_a_mistake_in_a_file_is_explained(tmp_path, old, new, message):
    file = tmp_path / "mine.toml"
    assert old in MINE
    file.write_text(MINE.replace(old, new))

    with pytest.raises(ProfileError, match=message) as raised:
        load_profile(str(file))

    assert "mine.toml" in str(raised.value)
