"""A reference server whose process ends at once when a request comes that it dies of.

Arguments: the port, and a text that only the URL of that request holds.
"""

import os
import sys

from starlette.responses import Response

from dicomweb_reference import serving
from dicomweb_reference.levels import Level
from dicomweb_reference.messages import Request
from dicomweb_reference.server import Reference

PORT, DEADLY = int(sys.argv[1]), sys.argv[2]


class Dying(Reference):
    """It dies of a search."""

    def search(self, request: Request, level: Level) -> Response:
        if DEADLY in request.query:
            os._exit(1)
        return super().search(request, level)


if __name__ == "__main__":
    serving.FLAVOURS["dying"] = Dying
    serving.serve(PORT, set(), until_stdin_closes=False, flavour="dying")
