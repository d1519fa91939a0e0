"""Plots as SVG; drawn where matplotlib is installed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_WIDTH, _HEIGHT = 4.5, 3.0
"""Inches of one panel."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Panels side by side over one x axis."""

    name: str
    x_label: str
    x: Sequence[float]
    panels: Mapping[str, Sequence[float | None]]
    """By the name of the y axis."""


def has_matplotlib() -> bool:
    """Whether plots can be drawn."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def draw(plot: Plot, path: Path) -> None:
    """Draws a plot; zero is always shown."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = "amends"  # the same figures give the same file
    figure = Figure(figsize=(_WIDTH * len(plot.panels), _HEIGHT), layout="constrained")
    for index, (name, y) in enumerate(plot.panels.items()):
        axes = figure.add_subplot(1, len(plot.panels), index + 1)
        axes.plot(
            plot.x, [float("nan") if value is None else value for value in y], marker="." if len(plot.x) < 50 else ""
        )
        axes.set_xlabel(plot.x_label)
        axes.set_ylabel(name)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
    figure.savefig(path, metadata={"Date": None})
