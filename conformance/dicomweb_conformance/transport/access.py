"""Access to a target may end in mid-run: a token expires, a user is locked out. Then nothing more is asked of it.

401 and 403 may be the right answers to a request. So a question is asked that the target answered before: only where
that is refused too, the credentials are no longer taken. They are renewed where they can be, else the other checks of
the run end inconclusive: what a server says to a stranger tells nothing of it, and a user whose password is refused
again and again is locked out.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.settings.auth import Credentials, CredentialsError

REFUSALS = frozenset({401, 403})


class Access:
    """Knows whether the credentials of a run are still taken, for all its processes.

    Args:
        control: sends a question that the target answered before.
        credentials: those that it is sent with.
        state: a directory that the run's processes share.
        say: shows a line to the person who waits.
    """

    def __init__(
        self, control: Callable[[], Response], credentials: Credentials, state: Path, say: Callable[[str], None]
    ) -> None:
        self._control = control
        self._credentials = credentials
        self._say = say
        self._lock = FileLock(state / "access.lock")
        self._ended = state / "access-ended"

    @property
    def ended(self) -> str:
        """Why nothing more can be asked; "" while credentials are taken."""
        try:
            return self._ended.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def end(self, reason: str) -> None:
        """Have nothing more asked, for this reason; the first one stays."""
        with self._lock:
            if not self.ended:
                self._ended.write_text(reason, encoding="utf-8")
                self._say(f"{reason}; the rest is inconclusive")

    def examine(self, suspect: Response, used: str) -> bool:
        """Find out whether an answer of 401 or 403 was due to the credentials.

        Args:
            suspect: the answer.
            used: the Authorization that was sent.

        Returns:
            whether the request is to be sent again, for there are other credentials now.
        """
        with self._lock:
            if self.ended:
                return False
            control = self._control()
            if control.status not in REFUSALS:
                return self._credentials.are_others_than(used)  # another thread has renewed them meanwhile
            what = "access was" if self._credentials.scheme == "none" else "credentials were"
            refusal = f"{what} refused in mid-run: {suspect.status} to {suspect.request_line}"
            try:
                if self._credentials.renew(used) and self._control().status not in REFUSALS:
                    return True
                self.end(f"{refusal}, and {control.status} to {control.request_line}, which was answered before")
            except CredentialsError as error:
                self.end(f"{refusal}; {error}")
            return False
