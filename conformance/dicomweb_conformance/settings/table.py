"""The table of settings: what the command line, the environment, pytest's ini and target.toml may say.

pytest asks for it in every project that the plug-in is installed in, so that it imports nothing of the suite.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMES = (
    "none, basic:USER (password in DICOMWEB_PASSWORD), bearer (token in DICOMWEB_TOKEN), google (application default "
    "credentials), google:FILE (any credentials that google-auth loads), oauth2:TOKEN_URL (client credentials; secret "
    "in DICOMWEB_CLIENT_SECRET), aws[:REGION[:SERVICE]] (Signature Version 4), or plugin:module:function (returns an "
    "auth object of requests)"
)


class OptionError(ValueError):
    """A setting that cannot be used; says which, where it was given, and what was expected."""


@dataclass(frozen=True)
class Option:
    """One setting: `--dicomweb-NAME`, DICOMWEB_NAME, ini dicomweb_NAME, target.toml NAME."""

    name: str
    help: str
    metavar: str = ""
    kind: str = "text"
    default: Any = None

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return f"--dicomweb-{self.name}"

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return f"DICOMWEB_{self.name.upper().replace('-', '_')}"

    @property
    def ini(self) -> str:
        """Its name in pytest's ini, and as an attribute of parsed options."""
        return f"dicomweb_{self.name.replace('-', '_')}"


OPTIONS: tuple[Option, ...] = (
    Option("url", "base URL of the Studies Service to judge, or 'embedded' for the reference server", "URL"),
    Option("target", "target.toml: any of these settings, [product], [capabilities], known failures", "FILE", "path"),
    Option(
        "profile",
        "which requirements count: dicom (default), google, azure, aws, ihe-wia, or a TOML file",
        "NAME",
        "profile",
        default="dicom",
    ),
    Option(
        "edition",
        "edition of PS3.18 to judge by, such as 2024e (default: what any current one permits)",
        "EDITION",
        "edition",
    ),
    Option("scenarios", "directory of checks of your own (test_NAME.py), which join the suite's", "DIR", "path"),
    Option(
        "auth",
        SCHEMES,
        "SPEC",
        "auth",
        default="none",
    ),
    Option("client", "oauth2: id of the client (its secret in DICOMWEB_CLIENT_SECRET)", "ID", default=""),
    Option("scope", "oauth2 and google: what tokens are asked for, several separated by blanks", "SCOPE", default=""),
    Option("resource", "oauth2: the resource that tokens are for, where the endpoint wants one", "ID", default=""),
    Option("header", "extra header 'NAME: VALUE' or 'NAME: $VARIABLE', repeatable", "'N: V'", "list", ()),
    Option("ca", "CA certificate(s) to verify the target with (PEM)", "FILE", "path"),
    Option("cert", "client certificate, with its key or without (PEM)", "FILE", "path"),
    Option(
        "key", "key of the client certificate, if another file (PEM; password in DICOMWEB_KEY_PASSWORD)", "FILE", "path"
    ),
    Option("insecure", "do not verify the target's certificate", kind="flag", default=False),
    Option("proxy", "proxy for http and https; never taken from the environment", "URL", "proxy", default=""),
    Option(
        "report",
        "directory of the run record and its reports (default: reports/latest)",
        "DIR",
        "path",
        Path("reports/latest"),
    ),
    Option("include", "opt-in tiers, separated by commas: large, huge, delete, unsafe", "TIERS", "tiers", ()),
    Option(
        "known", "known failures (TOML): run anyway; an unexpected pass and a stale row fail the run", "FILE", "path"
    ),
    Option("write-known", "write the failures of this run as known failures", "FILE", "path"),
    Option("baseline", "report.json of an earlier run: only what got worse since then fails the run", "FILE", "path"),
    Option("persona", "clients that must work, separated by commas, repeatable", "NAME", "names", ()),
    Option("strict", "deviations fail the run too", kind="flag", default=False),
    Option("read-only", "send nothing but GET, HEAD and OPTIONS; needs corpus, or seed", kind="flag", default=False),
    Option("corpus", "corpus.json of the corpus that is on the target already; implies read-only", "FILE", "path"),
    Option("timeout", "seconds that one exchange may take (default: 30)", "S", "seconds", 30.0),
    Option(
        "budget",
        "seconds in which checks may begin; the rest ends inconclusive (default: by the speed of the first responses)",
        "S",
        "seconds",
    ),
    Option("rate", "requests in a time at most, such as 10/s or 5/2, over all processes", "N/S", "rate"),
    Option("grace", "seconds that a stored instance may take to become visible (default: 10)", "S", "seconds", 10.0),
    Option("keep", "leave the studies on the target, and their names in the ledger", kind="flag", default=False),
    Option("start", "shell command that starts the target for this run, in the foreground", "COMMAND", default=""),
    Option("restart", "shell command that brings a dead target back (default: start)", "COMMAND", default=""),
    Option(
        "explore",
        "queries drawn from the seed at each resource of a search (default: a few, the same in every run)",
        "N",
        "integer",
    ),
    Option("seed", "all UIDs and values follow from it (default: random, and printed)", "N", "integer"),
)
