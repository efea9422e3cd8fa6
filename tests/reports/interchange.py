"""Of the interchange formats that reports are written in, what their schemas demand of what we write.

Objects are closed as in the published schemas of SARIF 2.1.0 and HAR 1.2: a member that they do not know is a fault.
"""

from __future__ import annotations

from typing import Any

TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "number"}
COUNT: dict[str, Any] = {"type": "integer", "minimum": -1}
UTC = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
ZONED = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
BAG = {"type": "object", "properties": {"tags": {"type": "array", "items": TEXT, "uniqueItems": True}}}


def one(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """An object of these members and no others."""
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional},
        "additionalProperties": False,
    }


def many(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


_WORDS = one({"text": TEXT}, markdown=TEXT)
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_RULE = one({"id": TEXT}, shortDescription=_WORDS, fullDescription=_WORDS, help=_WORDS, helpUri=TEXT, properties=BAG)
_PLACE = one(
    {},
    physicalLocation=one(
        {"artifactLocation": one({}, uri=TEXT, uriBaseId=TEXT)},
        region=one({}, startLine={"type": "integer", "minimum": 1}),
    ),
    logicalLocations=many(one({}, name=TEXT, fullyQualifiedName=TEXT)),
)
_SUPPRESSION = one(
    {"kind": {"enum": ["inSource", "external"]}},
    status={"enum": ["accepted", "underReview", "rejected"]},
    justification=TEXT,
)
_FOUND = one(
    {"message": _WORDS},
    ruleId=TEXT,
    ruleIndex=COUNT,
    level=_LEVEL,
    locations=many(_PLACE),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    suppressions=many(_SUPPRESSION),
    properties=BAG,
)
_INVOCATION = one(
    {"executionSuccessful": {"type": "boolean"}},
    startTimeUtc=UTC,
    exitCode={"type": "integer"},
    toolExecutionNotifications=many(one({"message": _WORDS}, level=_LEVEL)),
)
_TOOL = one({"driver": one({"name": TEXT}, version=TEXT, informationUri=TEXT, rules=many(_RULE))})
SARIF = one(
    {
        "version": {"const": "2.1.0"},
        "runs": many(
            one(
                {"tool": _TOOL},
                automationDetails=one({}, id=TEXT),
                invocations=many(_INVOCATION),
                results=many(_FOUND),
                properties=BAG,
            )
        ),
    },
    **{"$schema": TEXT},
)

_PAIRS = many(one({"name": TEXT, "value": TEXT}, comment=TEXT))
_POSTED = {
    **one({"mimeType": TEXT}, text=TEXT, params=many({"type": "object"}), comment=TEXT),
    # HAR 1.2: mutually exclusive.
    "not": {"required": ["text", "params"]},
}
_MESSAGE = {"httpVersion": TEXT, "cookies": _PAIRS, "headers": _PAIRS, "headersSize": COUNT, "bodySize": COUNT}
_REQUEST = one({"method": TEXT, "url": TEXT, "queryString": _PAIRS, **_MESSAGE}, postData=_POSTED, comment=TEXT)
_CONTENT = one({"size": COUNT, "mimeType": TEXT}, compression=COUNT, text=TEXT, encoding=TEXT, comment=TEXT)
_RESPONSE = one(
    {"status": COUNT, "statusText": TEXT, "content": _CONTENT, "redirectURL": TEXT, **_MESSAGE},
    comment=TEXT,
)
_TIMINGS = one(
    {"send": NUMBER, "wait": NUMBER, "receive": NUMBER}, blocked=NUMBER, dns=NUMBER, connect=NUMBER, ssl=NUMBER
)
HAR = one(
    {
        "log": one(
            {
                "version": TEXT,
                "creator": one({"name": TEXT, "version": TEXT}, comment=TEXT),
                "entries": many(
                    one(
                        {
                            "startedDateTime": ZONED,
                            "time": {"type": "number", "minimum": 0},
                            "request": _REQUEST,
                            "response": _RESPONSE,
                            "cache": one({}),
                            "timings": _TIMINGS,
                        },
                        serverIPAddress=TEXT,
                        connection=TEXT,
                        comment=TEXT,
                    )
                ),
            },
            browser=one({"name": TEXT, "version": TEXT}, comment=TEXT),
            pages=many({"type": "object"}),
            comment=TEXT,
        )
    }
)
