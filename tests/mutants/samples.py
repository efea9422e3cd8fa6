"""The checks of the page's samples, by operation and client."""

OF = {
    "store": ("curl", "powershell", "go", "java", "nodejs", "python", "dcmweb", "dcmweb-several"),
    "store-json": ("curl",),
    "search-instances": ("curl", "powershell", "go", "java", "nodejs", "python", "dcmweb"),
    "search-studies": ("curl", "powershell", "go", "java", "nodejs", "python"),
    "retrieve-study": ("curl", "powershell", "go", "java", "nodejs", "python"),
    "retrieve-instance": ("curl", "powershell", "go", "java", "nodejs", "python", "dcmweb"),
    "rendered": ("curl", "powershell", "go", "java", "nodejs", "python"),
    "metadata": ("curl", "powershell", "nodejs"),
    "delete-study": ("curl", "powershell", "go", "java", "nodejs", "python", "dcmweb"),
    "delete-series": ("curl", "dcmweb"),
    "delete-instance": ("curl", "dcmweb"),
}


def checks(operation: str, *clients: str) -> tuple[str, ...]:
    """Return the checks of an operation by these clients, or by all that have it."""
    return tuple(f"seed-{operation}[{client}]" for client in clients or OF[operation])


POLLED_STUDY = checks("delete-study", "curl", "powershell", "dcmweb")
POLLED_SERIES = checks("delete-series")
POLLED = (*POLLED_STUDY, *POLLED_SERIES)
"""Deletes whose operation the client asks for until it is done."""
XML_READ = (*checks("store", "curl", "powershell", "dcmweb", "dcmweb-several"), *checks("store-json"))
"""Stores whose answer the client, or the page, reads as XML."""
