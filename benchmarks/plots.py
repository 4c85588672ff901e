"""Pictures of what was measured, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

from benchmarks.rounds import BY_HAND, LIMIT, LIMPYD, Side, Times

AIM = 0.75


def singles(measured: Sequence[Times], peers: Sequence[Side], folder: Path) -> None:
    """Each single operation of each side, as a share of the speed of the bare socket."""
    mpl.rcParams["svg.hashsalt"] = "limpyd"
    folder.mkdir(parents=True, exist_ok=True)
    sides = [LIMPYD, BY_HAND, *peers]
    height = 0.8 / len(sides)
    figure, axes = plt.subplots(figsize=(8, 0.55 * len(measured) + 1.5), layout="constrained")
    for number, side in enumerate(sides):
        shares = [times.ratio(side.name, LIMIT.name) or 0 for times in measured]
        axes.barh([row + number * height for row in range(len(measured))], shares, height, label=side.name)
    axes.axvline(1, color="black", linewidth=1)
    axes.axvline(AIM, color="grey", linewidth=1, linestyle="dashed")
    axes.set_yticks([row + 0.4 - height / 2 for row in range(len(measured))], [times.line for times in measured])
    axes.invert_yaxis()
    axes.set_xlabel("speed, as a share of the bare socket's; dashed: the aim of limpyd")
    axes.legend(loc="lower right")
    figure.savefig(folder / "singles.svg", metadata={"Date": None})
    plt.close(figure)
