"""What has to be done before a request of a run can be sent again: its studies have to be on the target."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dicomweb_reports.curl import secret_fields

if TYPE_CHECKING:
    from dicomweb_reports.model import Run

STUDIES = "studies"
_BOUNDARY = "dicomweb-conformance-5c0a1e7d9b42"
_STORE = (
    f"find {STUDIES} -name '*.dcm' -exec sh -c '{{{{"
    f' printf "%s\\r\\n" "--{_BOUNDARY}" "Content-Type: application/dicom" ""; cat "$1";'
    f' printf "\\r\\n%s\\r\\n" "--{_BOUNDARY}--";'
    ' }} | curl -sS -o /dev/null -w "%{{http_code}} $1\\n"{options}'
    f' -H "Content-Type: multipart/related; type=\\"application/dicom\\"; boundary={_BOUNDARY}" --data-binary @- "$0"\''
    " {url} {{}} \\;"
)


@dataclass(frozen=True)
class Before:
    """What to do before a curl line is pasted: a sentence, and lines of shell in their order."""

    sentence: str
    lines: tuple[str, ...]


def before(run: Run) -> Before | None:
    """Return what brings back the studies that the requests of a run ask for; None where they are still there."""
    if run.settings.get("url") == "embedded":
        flavour = " --flavour google" if run.profile == "google" else ""
        return Before(
            "The embedded server is gone with the run. Before a request is sent again, start one in its place, and "
            "fill it from a second terminal:",
            (f"dicomweb-conformance serve --port {_port(run)}{flavour}", *_lines(run)),
        )
    if not run.cleaned:
        return None
    return Before(
        "The run removed its studies at its end. Before a request is sent again, two lines bring back those of the "
        "corpus; what a check made for itself only stays with --dicomweb-keep:",
        _lines(run),
    )


def _lines(run: Run) -> tuple[str, str]:
    options = [word.replace("'", "'\\''") for word in secret_fields(run)]
    if run.settings.get("insecure") is True:
        options.insert(0, "-k")
    store = _STORE.format(
        options="".join(f" {option}" for option in options), url=shlex.quote(f"{run.target.url}/studies")
    )
    return f"dicomweb-conformance corpus export {STUDIES} --seed {run.seed}", store


def _port(run: Run) -> int:
    try:
        return urlsplit(run.target.url).port or 80
    except ValueError:
        return 0
