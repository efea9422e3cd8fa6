import pytest

from dicomweb_conformance.dicom import moments


@pytest.mark.parametrize(
    ("vr", "key", "value", "expected"),
    [
        ("DA", "20200229", "20200229", True),
        ("DA", "20200229", "20200228", False),
        ("DA", "20200228-20200229", "20200228", True),
        ("DA", "20200228-20200229", "20200229", True),
        ("DA", "20200228-20200229", "20200301", False),
        ("DA", "-20200229", "20200229", True),
        ("DA", "-20200229", "20200301", False),
        ("DA", "20200229-", "20200229", True),
        ("DA", "20200229-", "20200228", False),
        ("DA", "20200229 - 20200301", "20200301", True),
        ("TM", "100000-120000", "120000", True),
        ("TM", "100000-120000", "120001", False),
        ("TM", "100000-", "095959", False),
        ("TM", "-100000", "100000", True),
        ("DT", "20200229100000-20200229120000", "20200229110000", True),
        ("DT", "20200229100000+0100", "20200229090000+0000", True),
    ],
)
def test_dates_and_times_match_by_meaning_with_both_ends_of_a_range(vr, key, value, expected):
    assert moments.matches(vr, key, value) is expected


@pytest.mark.parametrize(
    ("vr", "key", "value"),
    [
        # The examples of PS3.4 C.2.2.2.1.3, whose manner is the implementation's.
        ("TM", "2230", "223000"),
        ("DT", "19980128103000.0000", "19980128103000"),
        ("DT", "19980128103000", "19980128073000-0300"),
        ("TM", "1000-1800", "180030"),
        ("TM", "-100000", "100000.5"),
        ("DA", "20200301-20200229", "20200301"),
        ("DA", "banana", "20200301"),
    ],
)
def test_what_depends_on_precision_zone_or_nonsense_is_left_open(vr, key, value):
    assert moments.matches(vr, key, value) is None


@pytest.mark.parametrize(
    ("date", "time", "expected"),
    [
        ("20060705", "095900", False),
        ("20060705", "100000", True),
        ("20060706", "200000", True),
        ("20060707", "175900", True),
        ("20060707", "180100", False),
    ],
)
def test_ranges_of_date_and_time_are_one_as_in_the_example_of_ps3_4(date, time, expected):
    assert moments.matches_both("20060705-20060707", "1000-1800", date, time) is expected


@pytest.mark.parametrize("key", ["20200229", "20200229103000-0500", "2020"])
def test_an_offset_from_utc_is_no_range(key):
    assert moments.form_of("DT", key) is None
