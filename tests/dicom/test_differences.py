import struct

import pytest
from pydicom import Dataset

from dicomweb_conformance.dicom import differences

IN_SINGLE_PRECISION = struct.unpack("<f", struct.pack("<f", 0.3333333333333))[0]


def stored(keyword: str, value: object) -> Dataset:
    data_set = Dataset()
    setattr(data_set, keyword, value)
    return data_set


def changed(keyword: str, before: object, after: object) -> bool:
    """Tell whether a value that was stored counts as another where it comes back in a data set."""
    return bool(list(differences.data_sets(stored(keyword, before), stored(keyword, after))))


def changed_in_json(keyword: str, before: object, after: object, **how: float) -> bool:
    data_set = stored(keyword, before)
    (element,) = data_set
    model = {f"{element.tag:08X}": {"vr": element.VR, "Value": [after]}}
    return bool(list(differences.with_json(data_set, model, **how)))


@pytest.mark.parametrize(
    ("keyword", "before", "after"),
    [
        ("SelectorISValue", "2147483647", "2147483646"),
        ("SelectorSLValue", 2**31 - 1, 2**31 - 2),
        ("SelectorULValue", 2**32 - 1, 2**32 - 2),
        ("SelectorSVValue", 2**63 - 1, 2**63 - 2),
        ("SelectorUVValue", 2**53 + 1, 2**53),
        ("SelectorATValue", 0x7FE00010, 0x7FE00011),
        ("SelectorDSValue", "0.3333333333333", f"{IN_SINGLE_PRECISION:.14f}"),
        ("SelectorFDValue", 0.3333333333333, IN_SINGLE_PRECISION),
        ("SelectorFLValue", 0.1, 0.1001),
    ],
)
def test_another_number_is_a_difference_however_near(keyword, before, after):
    assert changed(keyword, before, after)


@pytest.mark.parametrize(
    ("keyword", "before", "after"),
    [
        ("SelectorISValue", "+7", "7"),
        ("SelectorDSValue", "1.50", "1.5"),
        ("SelectorDSValue", "9007199254740993", "9007199254740992"),
        ("SelectorFDValue", 0.1, 0.1 + 2**-56),
        ("SelectorFDValue", float("nan"), float("nan")),
        ("SelectorFLValue", 0.1, 0.1000000015),
    ],
)
def test_the_same_number_is_none_however_it_is_written(keyword, before, after):
    assert not changed(keyword, before, after)


@pytest.mark.parametrize(
    ("keyword", "before", "after", "differs"),
    [
        ("SelectorISValue", "2147483647", 2147483647.0, False),
        ("SelectorISValue", "2147483647", "2147483647", False),
        ("SelectorSVValue", 2**53 + 1, str(2**53 + 1), False),
        ("SelectorSVValue", 2**53 + 1, str(2**53), True),
        ("SelectorSVValue", 2**53 + 1, float(2**53), True),
        ("SelectorISValue", "2147483647", 2147483646, True),
        ("SelectorFLValue", 0.1, 0.1, False),
        ("SelectorFDValue", 0.1, 0.10000000149, True),
        ("SelectorDSValue", "0.3333333333333", IN_SINGLE_PRECISION, False),
    ],
)
def test_numbers_of_json_are_compared_by_their_vr(keyword, before, after, differs):
    assert changed_in_json(keyword, before, after) == differs


def test_a_decimal_string_is_compared_more_closely_where_no_other_row_tells_of_it():
    how = {"decimals": differences.FIFTEEN_DIGITS}

    assert changed_in_json("SelectorDSValue", "0.3333333333333", IN_SINGLE_PRECISION, **how)
