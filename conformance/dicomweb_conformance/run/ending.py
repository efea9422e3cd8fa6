"""The end of a run, a step at a time: where one fails, that is told in a sentence, and the others are taken."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

from dicomweb_conformance.record.disk import NotWrittenError, why


@dataclass(frozen=True)
class Trouble:
    """What went wrong with a run itself, never the target's fault: what it was, what it means, and what to do."""

    what: str
    traceback: str = ""


@dataclass(frozen=True)
class Step:
    """One thing that the end of a run does.

    Attributes:
        name: what it is, as a sentence about its failure begins.
        take: does it.
        otherwise: what it means where that fails, and what to do.
    """

    name: str
    take: Callable[[], None]
    otherwise: str


@dataclass
class Ending:
    """What became of the end of a run.

    Attributes:
        troubles: what went wrong with the run itself, in the order in which it did.
        interruptions: the steps that a request to end broke off, each in a sentence.
    """

    troubles: list[Trouble] = field(default_factory=list)
    interruptions: list[str] = field(default_factory=list)

    def take(self, *steps: Step) -> None:
        """Take every step, whatever becomes of the others; Ctrl-C ends the one that it meets."""
        coming = iter(steps)
        while True:
            try:
                for step in coming:
                    self._take(step)
            except KeyboardInterrupt:
                continue  # it came between two steps, and ends neither
            return

    def _take(self, step: Step) -> None:
        try:
            step.take()
        except KeyboardInterrupt:
            self.interruptions.append(f"{step.name} was interrupted: {step.otherwise}")
        except Exception as error:  # whatever a step stumbles over, the others are taken
            self.note(f"{step.name} failed ({reason(error)}): {step.otherwise}", error)

    def note(self, what: str, error: BaseException | None = None) -> None:
        """Remember what went wrong; without a traceback where the cause lies outside the suite, such as a full disk."""
        expected = error is None or isinstance(error, OSError | NotWrittenError)
        self.add(Trouble(what, "" if expected else "".join(traceback.format_exception(error))))

    def add(self, trouble: Trouble) -> None:
        """Remember what went wrong, once."""
        if trouble.what not in {each.what for each in self.troubles}:
            self.troubles.append(trouble)


def reason(error: BaseException) -> str:
    """Say in a line what an exception says."""
    if isinstance(error, NotWrittenError):
        return str(error)
    if isinstance(error, OSError):
        return f"{why(error)}: {error.filename}" if error.filename else why(error)
    text = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
