"""Credentials of a vendor's own: a function that returns an auth object of requests, which is shown each request."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import threading
from collections.abc import Callable
from typing import Any, cast

import requests
from requests.structures import CaseInsensitiveDict

from dicomweb_conformance.record.redaction import of_field
from dicomweb_conformance.settings.credentials import CredentialsError, Fields, Issued, Outgoing

GROUP = "dicomweb_conformance.auth"
"""Entry points: each names a function without arguments."""
_FUNCTION = re.compile(r"([\w.]+):(\w+)")


class OwnAuth:
    """Has an auth object of requests add its header fields.

    Only the header fields that it adds are sent: what a check sends stays as it is, and hooks on responses are not
    called.

    Args:
        name: of the provider, for a person.
        make: returns the auth object.
    """

    def __init__(self, name: str, make: Callable[[], Any]) -> None:
        self._name = name
        self._make = make
        self._lock = threading.Lock()
        self._issued = Issued(8)
        self._auth: Any = None

    @property
    def issued(self) -> tuple[str, ...]:
        """The values of the last fields that it added."""
        return self._issued.secrets

    @property
    def authorization(self) -> str:
        """None: each request may have its own."""
        return ""

    def fields(self, outgoing: Outgoing) -> Fields:
        """Return the header fields that it adds to a request.

        Raises:
            CredentialsError: it fails.
        """
        given = {name.lower() for name, _ in outgoing.headers}
        with self._lock:
            try:
                if self._auth is None:
                    self._auth = self._authorizer()
                after = getattr(self._auth(_prepared(outgoing)), "headers", None)
                if after is None:
                    raise CredentialsError(
                        f"auth is 'plugin', and what {self._name} returns gives no request back: expected an auth "
                        "object of requests, which is called with a request and returns it"
                    )
                added = [(str(name), _text(value)) for name, value in after.items() if name.lower() not in given]
            except CredentialsError:
                raise
            except Exception as error:  # whatever it raises; its words are not shown, for they may hold a secret
                raise CredentialsError(
                    f"auth is 'plugin', and {self._name} failed ({type(error).__name__}): call it in Python to see why"
                ) from error
            for name, value in added:
                if re.search(r"[\r\n\x00]", name + value):
                    raise CredentialsError(
                        f"auth is 'plugin', and {self._name} adds a field with a line break: {name!r}"
                    )
                self._issued.add(*of_field(name, value))
        return tuple(added)

    def _authorizer(self) -> Callable[[requests.PreparedRequest], Any]:
        made = self._make()
        if not callable(made):
            raise CredentialsError(
                f"auth is 'plugin', and {self._name} returns {type(made).__name__}: expected an auth object "
                "of requests, which is called with a request and returns it"
            )
        return cast("Callable[[requests.PreparedRequest], Any]", made)

    def renew(self, refused: str) -> bool:  # noqa: ARG002 - only the provider knows what it sent
        """Make another auth object in the place of one whose fields were refused."""
        with self._lock:
            self._auth = None
        return True


def own(name: str) -> OwnAuth:
    """Return the provider that a specification names: `module:function`, or an entry point.

    Raises:
        CredentialsError: there is none.
    """
    named = _FUNCTION.fullmatch(name)
    try:
        if named:
            made = getattr(importlib.import_module(named[1]), named[2])
        else:
            (entry,) = importlib.metadata.entry_points(group=GROUP, name=name)
            made = entry.load()
    except ValueError:
        there = sorted(entry_point.name for entry_point in importlib.metadata.entry_points(group=GROUP))
        known = f"there are {', '.join(there)}" if there else "none is installed"
        raise CredentialsError(
            f"auth is 'plugin:{name}': expected plugin:module:function, or an entry point of {GROUP} ({known})"
        ) from None
    except (ImportError, AttributeError) as error:
        raise CredentialsError(f"auth is 'plugin:{name}', which cannot be loaded: {error}") from error
    except Exception as error:  # whatever a module of somebody else's raises
        raise CredentialsError(f"auth is 'plugin:{name}', which cannot be loaded ({type(error).__name__})") from error
    if not callable(made):
        raise CredentialsError(f"auth is 'plugin:{name}', which is no function")
    return OwnAuth(name, made)


def _prepared(outgoing: Outgoing) -> requests.PreparedRequest:
    """Return a request as auth objects know it, in which nothing was normalised."""
    made = requests.PreparedRequest()
    made.method, made.url = outgoing.method, outgoing.url
    made.headers = CaseInsensitiveDict(outgoing.headers)
    made.body = outgoing.body if isinstance(outgoing.body, bytes) else b"".join(outgoing.payload()) or None
    made.hooks = {"response": []}
    return made


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
