from dataclasses import replace

import pytest
from click.testing import CliRunner

from dicomweb_conformance.catalogue.profile import ProfileError, load_profile, shipped
from dicomweb_conformance.catalogue.requirements import load
from dicomweb_conformance.catalogue.statuses import status_observation
from dicomweb_conformance.cli import main

FROM = """
name = "mine"
title = "Mine"
extends = "dicom"
"""
ROWS = """
source = "statement"
[[family]]
name = "acme.limits"
why = "Because."
[[requirement]]
id = "ACME-001"
clause = "4.2"
level = "shall"
family = "acme.limits"
tier = "core"
text = "Limits hold."
observe = "Search."
replaces = ["SEARCH-069"]
pass.held = "it holds"
fail.broken = "it does not"
"""
WHY = 'reason = "as our statement says"\nlink = "https://pacs.example/statement"\n'
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
        "SERVICE",
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
    with pytest.raises(ProfileError, match=r"no profile 'dicon': name a \.toml file, or one of aws, azure, dicom"):
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
        (
            'include = ["large"]',
            'include = ["core"]',
            r"include names 'core', which is none of large, huge, unsafe, delete",
        ),
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


def mine(tmp_path, *said, rows=ROWS):
    (tmp_path / "acme.toml").write_text(rows)
    file = tmp_path / "mine.toml"
    file.write_text(FROM + "".join(said))
    return load_profile(str(file))


def test_a_profile_has_what_it_starts_from(tmp_path):
    profile, dicom = mine(tmp_path), load_profile("dicom")

    assert counted(profile, ("delete",)) == counted(dicom, ("delete",))
    assert (profile.core_tiers, profile.extended_tiers) == (dicom.core_tiers, dicom.extended_tiers)
    assert (profile.shipped, dicom.shipped) == (False, True)


def test_a_profile_starts_from_a_file_beside_it(tmp_path):
    (tmp_path / "base").mkdir()
    (tmp_path / "base/all.toml").write_text(FROM.replace('"mine"', '"all"').replace('"Mine"', '"All"'))
    (tmp_path / "mine.toml").write_text(FROM.replace('"dicom"', '"base/all.toml"'))

    assert load_profile(str(tmp_path / "mine.toml")).extends.name == "all"


def test_a_profile_that_starts_from_itself_is_refused(tmp_path):
    (tmp_path / "mine.toml").write_text(FROM.replace('"dicom"', f'"../{tmp_path.name}/mine.toml"'))

    with pytest.raises(ProfileError, match="extends itself"):
        load_profile(str(tmp_path / "mine.toml"))


def test_rows_and_checks_are_left_out(tmp_path):
    profile = mine(tmp_path, '[[leave-out]]\nrows = ["THUMBNAIL-*"]\nchecks = ["search-returns"]\n', WHY)

    assert "THUMBNAIL" not in counted(profile)
    assert not profile.takes("search-returns[study-PatientName]", ())
    assert profile.takes("search-returns-nothing-else", ())


def test_what_is_selected_is_all(tmp_path):
    profile = mine(tmp_path, '[select]\nrows = ["SEARCH-069"]\nchecks = ["search-fuzzy*"]\n')

    assert [row.id for row in load().values() if profile.has(row)] == ["SEARCH-069"]
    assert profile.takes("search-limit-caps", [load()["SEARCH-069"]])
    assert profile.takes("search-fuzzy-name", [load()["SEARCH-051"]])
    assert not profile.takes("search-offset", [load()["SEARCH-070"]])


def test_a_tier_that_is_neither_core_nor_extended_is_left_out(tmp_path):
    profile = mine(tmp_path, "[tiers]\nextended = []\n")

    assert profile.has(load()["SEARCH-069"])
    assert profile.has(load()["DELETE-002"]), "a tier that has to be asked for"
    assert not profile.has(load()["SEARCH-021"])


def test_level_tier_and_verdicts_are_changed(tmp_path):
    change = '[[change]]\nrows = ["SEARCH-069"]\nlevel = "may"\ntier = "extended"\nverdicts.none = "note"\n'
    profile = mine(tmp_path, change, 'note.status = ["404"]\n', WHY)
    row = profile.rows["SEARCH-069"]

    assert (row.level, row.tier, profile.is_core(row)) == ("may", "extended", False)
    assert (row.judge("none"), row.judge("more-objects-than-limit"), row.judge("in own words")) == (
        "note",
        "fail",
        "note",
    )
    assert status_observation(row, 404) == "404"
    assert row.judge("404") == "note"
    assert status_observation(row, 400) == "4xx"
    assert load()["SEARCH-069"].judge("none") == "fail", "the catalogue is as it was"


def test_rows_of_its_own_join_and_replace(tmp_path):
    profile = mine(tmp_path, 'rows = ["acme.toml"]\n')
    row = profile.rows["ACME-001"]

    assert (row.service, row.why, row.judge("broken"), profile.own) == ("ACME", "Because.", "fail", ("ACME-001",))
    assert profile.has(row)
    assert not profile.has(load()["SEARCH-069"])


def test_the_digest_is_of_all_that_a_profile_is_made_of(tmp_path):
    one = mine(tmp_path, 'rows = ["acme.toml"]\n').digest

    assert mine(tmp_path, 'rows = ["acme.toml"]\n').digest == one
    assert mine(tmp_path, 'rows = ["acme.toml"]\n', rows=ROWS.replace("Because", "Since")).digest != one


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ('[[leave-out]]\nrows = ["SEARCH-069"]\n', "leave-out 1: reason is missing"),
        ('[[leave-out]]\nreason = "x"\n', "leave-out 1 names neither rows nor checks"),
        ('[[leave-out]]\nrows = ["SEARCH-999"]\nreason = "x"\n', "there is no row SEARCH-999"),
        ('[[leave-out]]\nrows = ["SEARCH-069"]\nreason = "x"\nlink = "here"\n', "link is 'here', no URL"),
        ('[[leave-out]]\nrows = ["SEARCH-069"]\nreason = "x"\nsure = "quite"\n', "sure is 'quite'"),
        ('[[change]]\nrows = ["SEARCH-069"]\nlevel = "may"\nreason = "x"\n', "change 1: link is missing"),
        ('[[change]]\nrows = ["SEARCH-069"]\n' + WHY, "change 1 changes nothing"),
        ('[[change]]\nrows = ["SEARCH-069"]\nlevel = "must"\n' + WHY, "level is 'must'"),
        ('[[change]]\nrows = ["SEARCH-069"]\nverdicts.none = "known"\n' + WHY, "verdicts.none is 'known'"),
        ('[[change]]\nrows = ["SEARCH-069"]\nverdicts.nonesuch = "note"\n' + WHY, "lists no observation 'nonesuch'"),
        ('[[change]]\nrows = ["METADATA-008"]\nverdicts.none = "note"\n' + WHY, "leaves its observations to JSON-043"),
        ('[[change]]\nrows = ["SEARCH-069"]\nnote.status = ["teapot"]\n' + WHY, "'teapot' in note.status is no status"),
        ('[select]\nrow = ["SEARCH-069"]\n', "select.row is no key of a profile"),
        ('rows = ["gone.toml"]\n', "rows: gone.toml cannot be read"),
        ('rows = ["search.toml"]\n', "the rows of SEARCH are the suite's"),
        ('rows = ["acme-1.toml"]\n', "has to be called by the prefix of its rows"),
        ('extends = "dicom"\n', "is no TOML"),
    ],
)
def test_what_is_wrong_with_a_departure_is_said(tmp_path, said, message):
    with pytest.raises(ProfileError) as raised:
        mine(tmp_path, said)

    assert message in str(raised.value)
    assert "mine.toml" in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"ACME-001"', '"SEARCH-901"', "the id is not ACME-nnn"),
        ('"shall"', '"must"', "level is 'must'"),
        ('family = "acme.limits"', 'family = "acme.other"', "there is no family acme.other"),
        ('why = "Because."', "", "each [[family]] has name and why"),
        ('tier = "core"', 'tier = "core"\nscope = "message"', "only the suite judges all messages"),
        ('"SEARCH-069"', '"SEARCH-999"', "it replaces SEARCH-999, which is no row"),
        ("[[requirement]]", "[[requirements]]", "acme.toml has requirements"),
        ('id = "ACME-001"\n', "", "each [[requirement]] has an id"),
    ],
)
def test_what_is_wrong_with_own_rows_is_said(tmp_path, old, new, message):
    assert old in ROWS
    with pytest.raises(ProfileError) as raised:
        mine(tmp_path, 'rows = ["acme.toml"]\n', rows=ROWS.replace(old, new))

    assert message in str(raised.value)


@pytest.mark.parametrize("name", sorted(set(shipped()) - {"dicom", "google"}))
def test_each_departure_of_a_profile_of_the_suite_has_its_source(name):
    profile = load_profile(name)

    grounds = [each.grounds for each in (*profile.omissions, *profile.changes)]
    assert grounds
    assert [ground for ground in grounds if not ground.link or not ground.sure] == []
    assert [change for change in profile.changes if change.grounds.sure != "documented"] == []


def test_the_command_shows_rows_as_a_profile_has_them(tmp_path):
    change = '[[change]]\nrows = ["SEARCH-069"]\nlevel = "may"\nverdicts.none = "note"\n'
    mine(tmp_path, '[[leave-out]]\nrows = ["SEARCH-070"]\n', WHY, change, WHY)
    asked = ["requirements", "--profile", str(tmp_path / "mine.toml")]

    shown = CliRunner().invoke(main, [*asked, "SEARCH-069"])
    gone = CliRunner().invoke(main, [*asked, "SEARCH-070"])

    assert "SEARCH-069 [may, core]" in shown.output
    assert "  note: nothing is found" in shown.output
    assert gone.exit_code == 2
    assert "there is no requirement of the profile" in gone.output
