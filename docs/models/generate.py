"""Draws pareto.svg and writes README.md beside it, from encoders.yaml: what quality costs. `make models`."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert
import yaml

HERE = Path(__file__).parent
FIGURES = {
    "sentences": "hand-written, micro-F1",
    "real": "real agents, micro-F1",
    "contrast": "contrast pairs, both right",
}
"""Each figure of the development halves, with what it is."""
_INTRODUCTION = """# What quality costs

Every encoder that was trained on all labels, by how many authors taught it, beside its milliseconds a sentence of
24 tokens, on one thread, int8. Made by `make models` from [encoders.yaml](encoders.yaml); development halves, one run
each, a point or two is chance.

![quality against milliseconds a sentence](pareto.svg)

**One bundle ships, the small encoder.** At the same authors the larger one reads better; more authors took the small
one beyond where it was, at two fifths of its time and a third of its size. The larger one has not read the newest
authors yet. The dashed line joins what nothing beats in both quality and time, where there is more than one.
"""
Encoders = Sequence[Mapping[str, Any]]


def front(encoders: Encoders, figure: str) -> list[Mapping[str, Any]]:
    """Those that none beats at this figure in no more time, fastest first."""
    best: list[Mapping[str, Any]] = []
    for each in sorted(encoders, key=lambda one: (one["milliseconds"], -one[figure])):
        if not best or each[figure] > best[-1][figure]:
            best.append(each)
    return best


def drawing(encoders: Encoders) -> str:
    """An SVG with a panel for each figure."""
    panels = [_panel(encoders, figure, title) for figure, title in FIGURES.items()]
    chart = alt.hconcat(*panels).configure_view(stroke=None).configure(background="white")
    return str(vl_convert.vegalite_to_svg(chart.to_dict(validate=False)))


def _panel(encoders: Encoders, figure: str, title: str) -> alt.LayerChart:
    x = alt.X("milliseconds:Q", scale=alt.Scale(type="log", domain=[2, 12]), title="milliseconds a sentence")
    y = alt.Y(f"{figure}:Q", scale=alt.Scale(zero=False, padding=12), title=title)
    points = alt.Chart(alt.InlineData(values=list(encoders))).encode(x=x, y=y)
    dots = points.mark_point(filled=True, size=60).encode(
        shape=alt.Shape("encoder:N", legend=alt.Legend(orient="bottom", columns=1)),
        color=alt.Color("authors:O", scale=alt.Scale(scheme="blues"), legend=alt.Legend(orient="bottom")),
    )
    names = points.mark_text(align="left", dx=7, fontSize=9).encode(text="authors:N")
    line = alt.Chart(alt.InlineData(values=front(encoders, figure))).mark_line(color="#888", strokeDash=[3, 3])
    return alt.layer(line.encode(x=x, y=y), dots, names).properties(width=230, height=230)


def page(encoders: Encoders) -> Iterator[str]:
    """The lines of the page."""
    yield _INTRODUCTION
    yield "| encoder | authors | ms | MB | " + " | ".join(FIGURES.values()) + " | bundle | measured in |"
    yield "| --- " * (6 + len(FIGURES)) + "|"
    for each in encoders:
        figures = [f"{each[figure]:.2f}" for figure in FIGURES]
        cells = [each["encoder"], each["authors"], each["milliseconds"], each["megabytes"], *figures]
        yield "| " + " | ".join(map(str, [*cells, each.get("bundle", ""), _link(each["source"])])) + " |"


def _link(decision: str) -> str:
    (file,) = (HERE.parent / "decisions").glob(f"{decision}-*.md")
    return f"[{decision}](../decisions/{file.name})"


def main() -> None:
    """Writes both files."""
    encoders = yaml.safe_load((HERE / "encoders.yaml").read_text(encoding="utf-8"))
    (HERE / "pareto.svg").write_text(drawing(encoders) + "\n", encoding="utf-8")
    (HERE / "README.md").write_text("\n".join(page(encoders)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
