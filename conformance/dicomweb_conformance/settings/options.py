"""What the table of settings comes to, as the command line, the environment, pytest's ini and target.toml fill it.

Precedence: command line, then environment, then ini, then target.toml.
"""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from dicomweb_conformance.record.redaction import (
    HARMLESS_HEADERS,
    REDACTED,
    SECRET_HEADERS,
    Redaction,
    of_field,
    of_user,
)
from dicomweb_conformance.settings import loaded_corpus, tls_files
from dicomweb_conformance.settings.auth import Beside, credentials
from dicomweb_conformance.settings.credentials import Network
from dicomweb_conformance.settings.loaded_corpus import LoadedCorpus, LoadedCorpusError
from dicomweb_conformance.settings.rate import Rate, rate
from dicomweb_conformance.settings.table import OPTIONS, Option, OptionError
from dicomweb_conformance.settings.target import Product, Target, base_url, proxy_of

EMBEDDED = "embedded"
LITERAL = 8
"""Characters of a header field's value given literally from which it is looked for elsewhere: "true" and "https" are
values, too."""
TIERS = frozenset({"large", "huge", "delete", "unsafe"})


@dataclass(frozen=True)
class Settings:
    """What a run is asked to do."""

    url: str
    target: Target
    profile: str
    report: Path
    include: frozenset[str]
    known: Path | None
    write_known: Path | None
    baseline: Path | None
    keep: bool
    strict: bool
    grace: float
    seed: int
    budget: float | None = None
    start: str = ""
    restart: str = ""
    rate: Rate | None = None
    known_in_target: tuple[Mapping[str, str], ...] = ()
    corpus: LoadedCorpus | None = None
    scenarios: Path | None = None
    personas: frozenset[str] = frozenset()
    explore: int | None = None
    edition: str | None = None
    target_file: Path | None = None
    redaction: Redaction = field(default_factory=Redaction, repr=False)

    @property
    def embedded(self) -> bool:
        """Whether the target is the reference server, started for this run."""
        return self.url == EMBEDDED

    def shown(self) -> dict[str, Any]:
        """Return the settings as a run record shows them: no secrets."""
        target = self.target
        return {
            "url": self.url,
            "target_file": os.path.relpath(self.target_file) if self.target_file else None,
            "auth": target.credentials.scheme,
            "headers": [name for name, _ in target.headers],
            "ca": str(target.ca) if target.ca else None,
            "cert": str(target.certificate) if target.certificate else None,
            "key": str(target.key) if target.key else None,
            "insecure": target.insecure,
            "proxy": self.redaction.text(re.sub("//.*@", f"//{REDACTED}@", target.proxy)) or None,
            "include": sorted(self.include),
            "scenarios": str(self.scenarios) if self.scenarios else None,
            "known": str(self.known) if self.known else None,
            "baseline": str(self.baseline) if self.baseline else None,
            "strict": self.strict,
            "keep": self.keep,
            "persona": sorted(self.personas),
            "read_only": target.read_only,
            "corpus": str(self.corpus.path) if self.corpus else None,
            "timeout": target.timeout,
            "grace": self.grace,
            "budget": self.budget,
            "start": self.redaction.text(self.start) or None,
            "restart": self.redaction.text(self.restart) or None,
            "rate": str(self.rate) if self.rate else None,
            "explore": self.explore,
            "edition": self.edition,
            "seed": self.seed,
            "declared": dict(target.declared),
        }


@dataclass(frozen=True)
class _Sources:
    command_line: Mapping[str, Any]
    environment: Mapping[str, str]
    ini: Mapping[str, Any]
    file: Mapping[str, Any]
    path: Path | None

    def given(self, option: Option) -> tuple[Any, str]:
        """Return the value of a setting as given, and a name for where that was; None where it was not."""
        value = self.command_line.get(option.ini)
        if value not in (None, [], False):
            return value, option.flag
        if self.environment.get(option.variable):
            return self.environment[option.variable], f"environment {option.variable}"
        if self.ini.get(option.ini) not in (None, [], "", False):
            return self.ini[option.ini], f"ini {option.ini}"
        if option.name in self.file:
            return self.file[option.name], f"{self.path}: {option.name}"
        return None, ""


def resolve(
    command_line: Mapping[str, Any], environment: Mapping[str, str], ini: Mapping[str, Any], directory: Path
) -> Settings:
    """Bring the sources together.

    Args:
        command_line: by the option's `ini` name; None where it was not given.
        environment: the environment.
        ini: pytest's ini values by the option's `ini` name.
        directory: what relative paths are relative to (those in target.toml: the file's own directory).

    Raises:
        OptionError: a value cannot be used.
    """
    sources = _sources(command_line, environment, ini, directory)
    file, path = sources.file, sources.path
    values: dict[str, Any] = {}
    for option in OPTIONS:
        raw, where = sources.given(option)
        base = path.parent if path and where.startswith(f"{path}:") else directory
        try:
            values[option.name] = option.default if raw is None else _READERS[option.kind](raw, base)
        except ValueError as error:
            raise OptionError(f"{where}: {error}") from None
    if not values["url"]:
        raise OptionError("no target: --dicomweb-url=URL names the base URL of the Studies Service, or 'embedded'")
    return _settings(values, environment, file, path)


def given_elsewhere(
    command_line: Mapping[str, Any], environment: Mapping[str, str], ini: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what environment and ini give, and the command line does not: all of it that another machine lacks.

    Returns:
        values by the option's `ini` name, as they were given, which count on a command line as they did there.
    """
    sources = _Sources({}, environment, ini, {}, None)
    found = {option.ini: sources.given(option)[0] for option in OPTIONS if not command_line.get(option.ini)}
    return {name: value for name, value in found.items() if value is not None}


def named_url(
    command_line: Mapping[str, Any], environment: Mapping[str, str], ini: Mapping[str, Any], directory: Path
) -> str:
    """Return the base URL as the user names it in any of the sources that `resolve` knows; "" where in none.

    Raises:
        OptionError: target.toml cannot be read.
    """
    url, _ = _sources(command_line, environment, ini, directory).given(_option("url"))
    return str(url or "")


def _sources(
    command_line: Mapping[str, Any], environment: Mapping[str, str], ini: Mapping[str, Any], directory: Path
) -> _Sources:
    named, _ = _Sources(command_line, environment, ini, {}, None).given(_option("target"))
    path = (directory / named) if named else None
    return _Sources(command_line, environment, ini, _read_target(path) if path else {}, path)


def _settings(
    values: Mapping[str, Any], environment: Mapping[str, str], file: Mapping[str, Any], path: Path | None
) -> Settings:
    headers, secret_headers, header_secrets = _headers(values["header"], environment)
    password = environment.get("DICOMWEB_KEY_PASSWORD", "")
    try:
        url = values["url"] if values["url"] == EMBEDDED else base_url(values["url"])
        tls_files.must_be_usable(values["ca"], values["cert"], values["key"], password)
        network = Network(values["ca"], values["proxy"])
        beside = Beside(values["client"], values["scope"], values["resource"], url, network)
        login = credentials(values["auth"], environment, beside)
    except ValueError as error:
        raise OptionError(str(error)) from None
    if values["explore"] is not None and values["explore"] < 1:
        raise OptionError(f"--dicomweb-explore: {values['explore']} is no number of queries: expected 1 or more")
    if values["keep"] and url == EMBEDDED:
        raise OptionError(
            "--dicomweb-keep: the embedded server ends with the run, and its studies with it; "
            "'dicomweb-conformance serve' starts one that stays"
        )
    corpus, seed = _corpus(values)
    declared = _declared(file, path)
    if url == EMBEDDED:
        declared = {"delete": True, **declared}
    include = frozenset(values["include"]) | ({"delete"} if declared.get("delete") else frozenset())
    target = Target(
        url=url,
        credentials=login,
        headers=headers,
        ca=values["ca"],
        certificate=values["cert"],
        key=values["key"],
        key_password=password if values["cert"] else "",
        insecure=values["insecure"],
        proxy=values["proxy"],
        timeout=values["timeout"],
        read_only=values["read-only"] or corpus is not None,
        product=_product(file, path),
        declared=tuple(declared.items()),
        token_in_url="unsafe" in include,
    )
    return Settings(
        url=url,
        target=target,
        profile=values["profile"],
        report=values["report"].absolute(),
        include=include,
        known=values["known"],
        write_known=values["write-known"],
        baseline=values["baseline"],
        keep=values["keep"],
        strict=values["strict"],
        personas=frozenset(values["persona"]),
        grace=values["grace"],
        seed=seed,
        corpus=corpus,
        budget=values["budget"],
        start=values["start"],
        restart=values["restart"],
        rate=values["rate"],
        explore=values["explore"],
        edition=values["edition"],
        known_in_target=tuple(file.get("known-failures", ())),
        scenarios=values["scenarios"],
        target_file=path,
        redaction=Redaction(
            (*header_secrets, *_of_proxy(values["proxy"]), password),
            SECRET_HEADERS | secret_headers,
            lambda: login.secrets,
            () if url == EMBEDDED else (url,),
        ),
    )


def _corpus(values: Mapping[str, Any]) -> tuple[LoadedCorpus | None, int]:
    """Return what is on the target already, and the seed of the run."""
    seed: int | None = values["seed"]
    if values["corpus"] is None:
        if values["read-only"] and seed is None:
            raise OptionError(
                "--dicomweb-read-only: what is on the target? --dicomweb-corpus=FILE names the corpus.json that "
                "'dicomweb-conformance corpus export DIR --seed N' wrote; --dicomweb-seed=N is enough"
            )
        return None, secrets.randbits(48) if seed is None else seed
    if values["url"] == EMBEDDED:
        raise OptionError(
            "--dicomweb-corpus: the embedded server starts empty; 'dicomweb-conformance serve' can be loaded"
        )
    try:
        corpus = loaded_corpus.load(values["corpus"])
    except LoadedCorpusError as error:
        raise OptionError(f"--dicomweb-corpus: {error}") from None
    if seed not in {None, corpus.seed}:
        raise OptionError(f"--dicomweb-seed={seed}: {corpus.path} has seed {corpus.seed}")
    return corpus, corpus.seed


def _option(name: str) -> Option:
    return next(option for option in OPTIONS if option.name == name)


def _read_target(path: Path) -> dict[str, Any]:
    try:
        file = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(f"--dicomweb-target: {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OptionError(f"--dicomweb-target: {path} is no TOML: {error}") from None
    known = {option.name for option in OPTIONS} | {"product", "capabilities", "known-failures"}
    unknown = sorted(set(file) - known)
    if unknown:
        raise OptionError(
            f"{path}: unknown setting {', '.join(unknown)}; known are {', '.join(sorted(known - {'target'}))}"
        )
    return file


def _product(file: Mapping[str, Any], path: Path | None) -> Product | None:
    table = file.get("product")
    if table is None:
        return None
    if not isinstance(table, dict) or not set(table) <= {"vendor", "name", "version", "build"}:
        raise OptionError(f"{path}: [product] has vendor, name, version, build")
    return Product(**{name: str(value) for name, value in table.items()})


def _declared(file: Mapping[str, Any], path: Path | None) -> dict[str, bool]:
    table = file.get("capabilities", {})
    if not isinstance(table, dict) or not all(isinstance(value, bool) for value in table.values()):
        raise OptionError(
            f'{path}: [capabilities] maps a quoted capability, such as "search.all-series", to true or false'
        )
    return dict(table)


def _headers(
    given: Sequence[str], environment: Mapping[str, str]
) -> tuple[tuple[tuple[str, str], ...], frozenset[str], tuple[str, ...]]:
    headers, names, hidden = [], set(), []
    for number, each in enumerate(given, 1):
        shortest = LITERAL
        name, colon, value = (part.strip() for part in each.partition(":"))
        if not colon or not re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name):
            # The whole is not shown: it may be a secret without the name that belongs before it.
            raise OptionError(f"--dicomweb-header: no. {number} is no 'NAME: VALUE'")
        is_secret = name.lower() not in HARMLESS_HEADERS
        if value.startswith("$"):
            variable = value[1:].strip("{}")
            if not environment.get(variable):
                raise OptionError(f"--dicomweb-header: {name} takes its value from {variable}, which is not set")
            value = environment[variable].strip()  # blanks around it are no part of a value (RFC 9110 5.5)
            is_secret, shortest = True, 0
        if re.search(r"[\r\n\x00]", value):
            raise OptionError(f"--dicomweb-header: the value of {name} holds a line break")
        if re.search(r"[^\t -~\x80-\xff]", value):
            raise OptionError(
                f"--dicomweb-header: the value of {name} holds a character that no header field can carry"
            )
        if is_secret:
            names.add(name.lower())
            hidden += [each for each in of_field(name, value) if len(each) >= shortest]
        headers.append((name, value))
    return tuple(headers), frozenset(names), tuple(hidden)


def _of_proxy(url: str) -> tuple[str, ...]:
    """Return the secrets in a proxy's URL, as they stand there and as they are sent."""
    login = re.match(r"\w+://(.*)@", url)
    user, _, password = login[1].partition(":") if login else ("", "", "")
    return (*of_user(user, password), *of_user(unquote(user), unquote(password)))


def _text(raw: Any, _: Path) -> str:
    if not isinstance(raw, str):
        raise ValueError(f"{raw!r} is no text")
    return raw


def _auth(raw: Any, base: Path) -> str:
    scheme, colon, rest = _text(raw, base).partition(":")
    return f"google:{_path(rest, base)}" if scheme == "google" and colon else _text(raw, base)


def _profile(raw: Any, base: Path) -> str:
    from dicomweb_conformance.catalogue.profile import is_path  # noqa: PLC0415 - the plugin stays light

    named = _text(raw, base)
    return str(_path(named, base)) if is_path(named) else named


def _edition(raw: Any, base: Path) -> str:
    from dicomweb_conformance.catalogue.editions import checked  # noqa: PLC0415 - the plugin stays light

    return checked(_text(raw, base))


def _proxy(raw: Any, base: Path) -> str:
    text = _text(raw, base)
    if text:
        proxy_of(text)  # the only one who reads it
    return text


def _path(raw: Any, base: Path) -> Path:
    return base / os.path.expanduser(_text(raw, base))  # noqa: PTH111 - "~" of a str that may come from a file


def _flag(raw: Any, _: Path) -> bool:
    if isinstance(raw, bool):
        return raw
    if str(raw).lower() in {"1", "true", "yes", "on"}:
        return True
    if str(raw).lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError(f"{raw!r} is neither true nor false")


def _seconds(raw: Any, _: Path) -> float:
    try:
        value = float(raw)
    except (TypeError, ValueError):
        raise ValueError(f"{raw!r} is no number of seconds") from None
    if not 0 < value < 86_400:
        raise ValueError(f"{raw!r} is no number of seconds between 0 and a day")
    return value


def _integer(raw: Any, _: Path) -> int:
    try:
        value = int(str(raw), 0)
    except ValueError:
        raise ValueError(f"{raw!r} is no whole number") from None
    if not 0 <= value < 1 << 64:
        raise ValueError(f"{raw!r} is not between 0 and 2^64-1")
    return value


def _rate(raw: Any, _: Path) -> Rate:
    return rate(str(raw))


def _list(raw: Any, base: Path) -> tuple[str, ...]:
    if not isinstance(raw, str | list | tuple):
        raise ValueError(f"{raw!r} is no list of texts")
    return tuple(raw.splitlines() if isinstance(raw, str) else (_text(each, base) for each in raw))


def _names(raw: Any, base: Path) -> tuple[str, ...]:
    return tuple(name.strip() for each in _list(raw, base) for name in each.split(",") if name.strip())


def _tiers(raw: Any, base: Path) -> tuple[str, ...]:
    names = [each.strip() for each in (raw.split(",") if isinstance(raw, str) else _list(raw, base))]
    unknown = sorted(set(names) - TIERS - {""})
    if unknown:
        raise ValueError(f"unknown tier {', '.join(unknown)}; there are {', '.join(sorted(TIERS))}")
    return tuple(filter(None, names))


_READERS: dict[str, Callable[[Any, Path], Any]] = {
    "text": _text,
    "auth": _auth,
    "profile": _profile,
    "edition": _edition,
    "proxy": _proxy,
    "path": _path,
    "flag": _flag,
    "seconds": _seconds,
    "integer": _integer,
    "rate": _rate,
    "list": _list,
    "names": _names,
    "tiers": _tiers,
}
