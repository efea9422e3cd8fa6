"""Attributes of DICOM JSON, and an object in which nothing is wrong."""

from typing import Any


def attribute(vr: str, *values: Any) -> dict[str, Any]:
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}


GOOD: dict[str, Any] = {
    "00080005": attribute("CS", "ISO_IR 192"),
    "00080008": attribute("CS", "ORIGINAL", "PRIMARY", None, "AXIAL"),
    "00080018": attribute("UI", "2.25.1"),
    "00080020": attribute("DA", "20200131"),
    "0008002A": attribute("DT", "20200131134530.25+0100"),
    "00080030": attribute("TM", "134530.25"),
    "00080050": attribute("SH"),
    "00080054": attribute("AE", "ARCHIVE"),
    "00081190": attribute("UR", "http://h/studies/1"),
    "00081199": attribute("SQ", {"00081150": attribute("UI", "1.2"), "00081155": attribute("UI", "2.25.2")}, {}),
    "00090010": attribute("LO", "CREATOR"),
    "00091001": {"vr": "UN", "InlineBinary": "AAE="},
    "00100010": attribute("PN", {"Alphabetic": "Doe^Jane", "Ideographic": "王^小東"}, None, {}),
    "00101010": attribute("AS", "042Y"),
    "00104000": attribute("LT", " two\r\nlines \\ and more "),
    "00189073": attribute("FD", 1.5),
    "00200013": attribute("IS", "7"),
    "00280009": attribute("AT", "00181063"),
    "00280010": attribute("US", 512),
    "00280030": attribute("DS", 0.5, "0.25"),
    "00281203": {"vr": "OW", "BulkDataURI": "bulk/1"},
    "00720082": attribute("SV", "-4611686018427387905"),
    "00720083": attribute("UV", 18446744073709551615),
    "0072006F": attribute("UC", "trailing blanks  "),
}
GOOD = dict(sorted(GOOD.items()))
