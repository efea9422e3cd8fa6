"""The process of a load: Locust comes first, for it makes sockets, locks and waiting its own."""

import locust  # noqa: F401 - before anything opens a socket

from dicomweb_conformance.load.command import load

load(prog_name="dicomweb-conformance load")
