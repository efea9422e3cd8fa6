"""Python processes, forked from one that has loaded what each of them would load."""

from tests.warm.starting import Popen, run

__all__ = ["Popen", "run"]
