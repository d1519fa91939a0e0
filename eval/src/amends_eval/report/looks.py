"""What all charts share.

Colours are names of the page's own style (`var(--accent)`), so that one drawing serves dark, light and print.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import altair as alt

Spec = Mapping[str, Any]
"""A chart as Vega-Lite."""
ACCENT, INK, MUTED, PAPER, ALERT = (f"var(--{name})" for name in ("accent", "ink", "muted", "paper", "alert"))
DASHED = [3, 3]
UNIT_SCALE = alt.Scale(domain=[0, 1])


def over(values: Iterable[Mapping[str, Any]]) -> alt.Chart:
    """A chart of these values, which the page carries."""
    return alt.Chart(alt.InlineData(values=list(values)))


def told(*fields: str) -> list[alt.Tooltip]:
    """A tooltip of figures; `label` and `name` are words, `n` a count."""
    kinds = {"label": ("N", ""), "name": ("N", ""), "n": ("Q", ",")}
    return [
        alt.Tooltip(f"{field}:{kind}", format=form, title=field.replace("_", " "))
        for field in fields
        for kind, form in [kinds.get(field, ("Q", ".3~f"))]
    ]


def points(base: alt.Chart, size: int = 60) -> alt.Chart:
    """Full points; Vega-Lite's own are half transparent."""
    drawn: alt.Chart = base.mark_point(color=ACCENT, filled=True, size=size, opacity=1)
    return drawn


def spec(chart: Any, title: str) -> Spec:
    """The chart as plain values. The title is what a screen reader reads."""
    found: dict[str, Any] = chart.properties(description=title).to_dict()
    # The address of the schema and Altair's own looks: the page has looks, and needs no addresses.
    return {key: value for key, value in found.items() if key not in ("$schema", "config")}
