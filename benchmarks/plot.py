"""Draws what benchmarks measured, as SVG: `pip install '.[benchmarks]'`, which nothing else needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Point:
    """What a piece of work took at a size: seconds of a processor, and MB of memory at most."""

    name: str
    size: float
    seconds: float
    megabytes: float


def draw(to: Path, title: str, unit: str, points: Sequence[Point]) -> None:
    """Draw time and peak memory by size, a line for each piece of work; what is linear is parallel to the dotted line.

    Raises:
        ImportError: matplotlib is not installed.
    """
    import matplotlib as mpl  # noqa: PLC0415 - only who draws has it

    mpl.use("svg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - likewise
    from matplotlib.ticker import NullLocator  # noqa: PLC0415 - likewise

    # Texts as texts and no date: small, and the same for the same figures.
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "dicomweb", "font.size": 8})
    figure, (times, memory) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
    for name in dict.fromkeys(each.name for each in points):
        of_name = [each for each in points if each.name == name]
        sizes = [each.size for each in of_name]
        times.plot(sizes, [each.seconds for each in of_name], marker=".", label=name)
        memory.plot(sizes, [each.megabytes for each in of_name], marker=".", label=name)
    least, most = min(points, key=lambda each: each.size), max(points, key=lambda each: (each.size, each.seconds))
    if least.size < most.size:
        linear = [most.seconds * least.size / most.size, most.seconds]
        times.plot([least.size, most.size], linear, linestyle=":", color="gray", label="linear")
    times.set(xscale="log", yscale="log", xlabel=unit, ylabel="seconds of a processor")
    memory.set(xscale="log", ylim=(0, None), xlabel=unit, ylabel="MB at most")
    for axis in (times.xaxis, times.yaxis, memory.xaxis):
        axis.set_major_formatter(lambda value, _at: f"{value:,.10g}")
        axis.set_minor_locator(NullLocator())
    times.legend(frameon=False)
    figure.suptitle(title)
    figure.savefig(to, metadata={"Date": None})
