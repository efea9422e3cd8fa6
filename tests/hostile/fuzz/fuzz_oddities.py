"""What does not belong where mutations put it."""

from __future__ import annotations

from typing import Any

TOKENS = (
    *(b"{", b"}", b"[", b"]", b":", b",", b'"', b"null", b"NaN", b"-Infinity", b"1e999", b"\\ud800", b"\\u0000", b"\0"),
    *(b"<", b">", b"/>", b"&#0;", b"&x;", b"<!DOCTYPE x [<!ENTITY y 'z'>]>", b"<!--", b"<?", b"<Item>", b"]]>"),
    *(b"\r\n", b"\n", b"\r\n--", b"--", b"Content-Type: application/dicom\r\n", b"\xff\xff\xff\xff", b"\\", b"\xc3"),
    *(b"\xfe\xff\x00\xe0", b"\xfe\xff\r\xe0", b"\xfe\xff\xdd\xe0", b"SQ", b"UN", b"OB", b"US", b"PN", b"\x1b$B"),
    *("\u202e".encode(), b"\x1b[2J", b"\xff\xd8\xff\xda", b"\xff\xc0\x00\x11\x08\xff\xff\xff\xff", b"IHDR"),
    b"7" * 5000,
)
"""Octets that mean something in one form or another."""
TYPES = (
    *("", "text/html", "text/plain; charset=utf-16", "application/json", "application/dicom+json; charset=x-none"),
    *("application/dicom", "application/dicom+xml", "application/octet-stream", "application/dicom+json", "image/jpeg"),
    *("image/png", "image/gif", "image/jp2", "image/dicom-rle", "image/jls; transfer-syntax=1.2", "video/mpeg", "/"),
    *('multipart/related; type="application/dicom"', "multipart/related; boundary=", "multipart/related; boundary"),
    *('multipart/related; type="application/dicom"; boundary=""', "multipart/mixed; boundary=b", "multipart/;;;="),
    *(
        "application/dicom+json; charset=utf-7",
        'x/y; a="',
        "application/dicom+json, text/html",
        "\xe9/\xff",
        "a" * 9000,
    ),
)
URLS = (
    *("", " ", "/", "http://[", "http://[::1", "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "http://:80", "//"),
    *("\\\\evil\\x", "http://a\\@b/", "file:///etc/passwd", "data:,x", "?", "#", "studies/%zz", "http://\xe9.example/"),
    *(
        "http://user:pass@127.0.0.1:1/",
        "http://127.0.0.1:0/",
        "urn:oid:1.2",
        "http://[v1.x]/",
        "http://a b",
        "a" * 5000,
    ),
)
VALUES = (
    *("", " ", "0", "-1", "1e9", "9" * 5000, "Wed, 21 Oct 2015 07:28:00 GMT", '299 x "y"', "gzip", "x, y;;=", ",,,"),
    *("bytes 0-1/2", "W/", '"', "*", "no-cache", "identity, gzip", "timeout=", ";", "\xe9\xff"),
)
"""Values of header fields."""
NAMES = (
    *("Content-Location", "Location", "Warning", "Content-Length-X", "ETag", "Vary", "Cache-Control", "Content-Range"),
    *("Allow", "Date", "Age", "Link", "Accept-Ranges", "Last-Modified", "WWW-Authenticate", "Content-Language"),
)
STATUSES = (
    *(200, 201, 202, 203, 204, 206, 226, 300, 301, 302, 303, 304, 307, 308, 400, 401, 404, 406, 409, 410, 413, 415),
)
"""Without those of a busy target, which a run would wait for."""
SCALARS: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 65536, 2**70, 1.5, 1e300, "", " ", "x", "\ud800", "\\", "1.2.3", "20200231", "NaN"),
    *([], {}, [None], [[]], [{}], {"vr": "SQ"}, {"vr": 1}, {"vr": ["US"]}, {"vr": {}, "Value": {}}, {"Value": None}),
    *({"vr": "SQ", "Value": [1, "x", None, []]}, {"vr": "PN", "Value": ["a^b", 1, [], {"Alphabetic": 1}]}),
    *({"vr": "OW", "InlineBinary": "%%"}, {"vr": "OW", "InlineBinary": []}, {"vr": "OW", "BulkDataURI": "http://["}),
    *({"vr": "US", "Value": ["x", 1e308, -1]}, {"vr": "AT", "Value": [1, "zz", None]}, {"vr": "XX", "Value": [{}]}),
)
"""Values of JSON that stand for another."""
KEYS = (
    *(
        "0020000D",
        "zzzzzzzz",
        "0020000d",
        "",
        "PatientName",
        "00081190",
        "04000561",
        "\ud800",
        "Value",
        "vr",
        "FFFFFFFF",
    ),
)
VRS = (
    *(b"AE", b"AT", b"CS", b"DS", b"FD", b"IS", b"LO", b"OB", b"OW", b"PN", b"SQ", b"UI", b"UN", b"US", b"UT", b"ZZ"),
    b"\0\0",
)
TAGS = (
    *((0x0008, 0x0018), (0x0008, 0x0005), (0x0010, 0x0010), (0x0028, 0x0010), (0x0028, 0x0008), (0x0400, 0x0561)),
    *((0x0009, 0x1001), (0x7FE0, 0x0010)),
)
ELEMENT_VALUES = (b"", b"\1", b"\1\0\0", b"7" * 4002, b"\\\\\\", b"\xff\xfe^=^", b"1.5 ")
SYNTAXES = (
    *(
        f"1.2.840.10008.1.2{each}".encode()
        for each in ("", ".1", ".2", ".1.99", ".5", ".4.50", ".4.70", ".4.90", ".4.95")
    ),
    *(b"1.2.3", b"", b"x"),
)
XML_NAMES = (
    *(b"Item", b"Value", b"PersonName", b"DicomAttribute", b"NativeDicomModel", b"BulkData", b"InlineBinary", b"x:y"),
)
XML_PIECES = (
    *(
        b"<!-- x -->",
        b"<?x y?>",
        b"<![CDATA[x]]>",
        b"&#x1F600;",
        b"&#xD800;",
        b"&lt;",
        b"&nothing;",
        b"<Value/>",
        b"\xff",
    ),
    *(b'<Item number="1"><DicomAttribute/></Item>', b'<DicomAttribute tag="zz" vr="QQ">', b"<Value>x</Value>"),
)
XML_ATTRIBUTES = (
    *(b'tag="00100010"', b'tag=""', b'tag="gggg0010"', b'vr="SQ"', b'vr=""', b'number="0"', b'number="-1"', b"x"),
    *(b"number='x'", b'number="99999999999"', b'privateCreator="\xc3\xa9"', b'uri="http://["', b'xml:space="x"'),
    b'xmlns="urn:x"',
)
