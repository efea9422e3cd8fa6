"""The checks of clients in use, by transaction and client."""

OF = {
    "search": (
        *("dcmweb", "dicomtrolley", "ez-wsi", "js-dicomweb-client", "ohif", "orthanc", "python-dicomweb-client"),
        *("slicer", "slim", "weasis"),
    ),
    "metadata": ("dicomtrolley", "js-dicomweb-client", "ohif", "python-dicomweb-client", "slicer", "slim"),
    "retrieve": (
        *("dcmweb", "dicomtrolley", "ez-wsi", "js-dicomweb-client", "orthanc", "python-dicomweb-client", "slicer"),
        "weasis",
    ),
    "frames": ("cornerstone", "ez-wsi", "js-dicomweb-client", "ohif", "python-dicomweb-client", "slim"),
    "bulkdata": ("ez-wsi", "js-dicomweb-client", "ohif", "python-dicomweb-client"),
    "rendered": ("js-dicomweb-client", "python-dicomweb-client", "slim"),
    "thumbnail": ("js-dicomweb-client", "weasis"),
    "store": ("dcmweb", "js-dicomweb-client", "ohif", "orthanc", "python-dicomweb-client", "slicer", "weasis"),
    "delete": ("dcmweb", "python-dicomweb-client", "slicer"),
}


def checks(operation: str, *clients: str) -> tuple[str, ...]:
    """Return the checks of a transaction by these clients, or by all that use it."""
    return tuple(f"persona-{operation}[{client}]" for client in clients or OF[operation])
