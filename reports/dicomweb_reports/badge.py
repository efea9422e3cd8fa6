"""A badge with the verdict: `badge.svg`, and `badge.json` for the endpoint badge of shields.io."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import escape

from dicomweb_reports.summary import CONFORMS, CONFORMS_TO_ITS_OWN, DEVIATES, DEVIATES_FROM_ITS_OWN, overall

if TYPE_CHECKING:
    from dicomweb_reports.model import Run

GREEN, YELLOW, RED, GREY = "#1d6a41", "#7a5500", "#a3231b", "#525c6b"
_COLOURS = {CONFORMS: GREEN, CONFORMS_TO_ITS_OWN: YELLOW, DEVIATES: YELLOW, DEVIATES_FROM_ITS_OWN: YELLOW}
_HEIGHT, _CHARACTER, _MARGIN = 20, 6.6, 6


def shields(run: Run) -> dict[str, Any]:
    """Return the badge as shields.io reads it."""
    label, message, colour = _words(run)
    return {"schemaVersion": 1, "label": label, "message": message, "color": colour.lstrip("#")}


def svg(run: Run) -> str:
    """Return the badge as a picture, which names no font that has to be fetched."""
    label, message, colour = _words(run)
    left, right = (round(len(text) * _CHARACTER + 2 * _MARGIN) for text in (label, message))
    title = escape(f"{label}: {message}")
    texts = "".join(
        f'<text x="{x}" y="14" textLength="{width - 2 * _MARGIN}">{escape(text)}</text>'
        for x, width, text in ((_MARGIN, left, label), (left + _MARGIN, right, message))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT}" role="img"'
        f' aria-label="{title}">'
        f"<title>{title}</title>"
        f'<rect width="{left}" height="{_HEIGHT}" fill="#3b3a36"/>'
        f'<rect x="{left}" width="{right}" height="{_HEIGHT}" fill="{colour}"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">{texts}</g></svg>\n'
    )


def _words(run: Run) -> tuple[str, str, str]:
    """Return what was judged by, the verdict, and its colour."""
    verdict = overall(run).verdict
    label = "DICOMweb" if run.profile == "dicom" else f"DICOMweb {run.profile}"
    against = verdict.startswith("does not")
    return label[:40], verdict, RED if against else _COLOURS.get(verdict, GREY)
