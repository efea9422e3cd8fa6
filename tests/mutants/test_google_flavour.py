"""No false alarm on a DICOM store of the Cloud Healthcare API: the google flavour conforms to profile google."""

from collections.abc import Callable

from dicomweb_reference.google import Google
from dicomweb_reference.server import Reference
from tests.mutants.reach import Reach

# A bare NativeDicomModel, without namespace or declaration, is what the service's page shows.
DOCUMENTED = {"XML-002", "XML-003"}
# Whatever transfer syntax a file names, it is stored.
DOCUMENTED |= {"STORE-016d"}
# A plus sign in a query is a blank, as clients in Go and Python write it; a parameter in other case is an unknown key.
DOCUMENTED |= {"HTTP-036", "HTTP-031"}
# Metrics are no resource of PS3.18, which a Content-Location could name.
DOCUMENTED |= {"HTTP-010"}
# What it shows in either flavour: without Accept it answers in the type that the query names.
ALWAYS = {"NEGOTIATION-002"}
# What a sample in Java gets that means to set an Accept, and sends that of its library.
ALWAYS |= {"GOOGLE-206", "GOOGLE-207"}
# Checks of what no server need have, and this one has not.
OPTIONAL = {"rendered-types-show-the-same[jp2]", "thumbnail-redirect-leads-to-a-picture"}
# Metadata with native pixels, or in XML, are not taken: its rows replace those of PS3.18.
OPTIONAL |= {f"store-malformed-json[{each}]" for each in ("unreadable", "missing-uids", "deep-sequences")}
OPTIONAL |= {f"store-malformed-xml[{each}]" for each in ("unreadable", "missing-uids", "entities")}
# Its searches return no counts, modalities and Retrieve URLs.
OPTIONAL |= {"search-modalities-in-study", "search-available-transfer-syntaxes"}
COUNTS = ("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances", "NumberOfSeriesRelatedInstances")
OPTIONAL |= {f"search-counts[{count}]" for count in COUNTS}
OPTIONAL |= {f"search-retrieve-url[{each}]" for each in ("study", "series", "instance")}
# It has no key StudyID, and deletes.
OPTIONAL |= {"search-digits-are-text", "http-delete-not-offered"}
# Its operations never fail in part.
OPTIONAL |= {"lro-partly-failed"}
# Its pictures are neither GIF nor windowed; small values stand in its metadata.
OPTIONAL |= {"rendered-types-show-the-same[gif]", "bulkdata-is-the-value[OF]", "bulkdata-is-the-value[OL]"}
OPTIONAL |= {"bulkdata-of-a-kind[annotations]"}
OPTIONAL |= {f"rendered-window-without-width[{each}]" for each in ("linear", "linear-exact", "sigmoid")}
# Of studies it renders none.
OPTIONAL |= {"rendered-study-with-a-report"}
# It renders no text, and neither takes nor embeds profiles; bulk data are of single values, and never a part of them.
OPTIONAL |= {"charset-that-cannot-hold-the-text", "rendered-characters-of-a-report"}
OPTIONAL |= {"rendered-icc-profile-of-the-image", "bulkdata-pixels-without-icon", "negotiation-type-of-each-part"}

# Why a check says nothing of the flavour: it is of an opt-in tier, or of what the flavour has not.
NOT_OF_THE_FLAVOUR = (
    "tier large is not included",
    "tier huge is not included",
    "the target has no thumbnails",
    "the target does not offer thumbnail",
    "the target does not offer capabilities",
    "there is no description of capabilities",
)


def test_the_google_flavour_conforms_to_its_profile(reach_of: Callable[[type[Reference]], Reach]) -> None:
    """By the run that follows its steps, in which it wants a token of everybody."""
    told = reach_of(Google).told

    wrong = [
        f"{check}: {each.verdict} {each.reason}"
        for check, each in told.items()
        if check not in OPTIONAL
        and each.scenario != "persona"
        and not (each.verdict == "not-applicable" and each.reason.startswith(NOT_OF_THE_FLAVOUR))
        and (each.verdict not in {"pass", "note"} or set(each.found) - DOCUMENTED - ALWAYS)
    ]
    assert not wrong, "\n".join(wrong)
    assert told["google-token-wanted[absent]"].verdict == "pass", "it was judged as one that wants a token"
    assert {check for check in told if check.startswith("lro-")}
