"""Writes the table of metrics into README.md beside it, from the metrics themselves. `make metrics`."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from labels import BY_OPERATOR, LABELS, all_metrics
from prometheus_client import Counter, Gauge, Histogram, Info

HERE = Path(__file__).parent
TOP, BOTTOM = "<!-- what `make metrics` writes -->", "<!-- end -->"
INFO_LABELS = ("name", "version", "sha256")
_SAMPLES = {"counter": "_total", "info": "_info"}


def table() -> Iterator[str]:
    """A line a metric, in the order in which they are made."""
    yield from ("| metric | type | labels | what |", "| --- | --- | --- | --- |")
    for metric in chain.from_iterable(vars(room).values() for room in all_metrics()):
        if isinstance(metric, Counter | Gauge | Histogram | Info):
            (family,) = metric.describe()
            labels = INFO_LABELS if isinstance(metric, Info) else metric._labelnames
            shown = ", ".join(f"`{label}`" for label in labels)
            name = family.name + _SAMPLES.get(family.type, "")
            yield f"| `{name}` | {family.type} | {shown} | {family.documentation} |"


def values() -> Iterator[str]:
    """A line a label."""
    yield from ("| label | values |", "| --- | --- |")
    for label, allowed in LABELS.items():
        shown = f"the bins of each figure, {len(allowed)} in all" if label == "bin" else ", ".join(map(_code, allowed))
        yield f"| `{label}` | {shown}{', and your own' if label == 'playbook' else ''} |"
    for label, told in BY_OPERATOR.items():
        yield f"| `{label}` | {told} |"


def page(text: str) -> str:
    """The page with its generated part anew."""
    before, _, rest = text.partition(TOP)
    _, _, after = rest.partition(BOTTOM)
    return "\n".join([before + TOP, "", *table(), "", *values(), "", BOTTOM + after])


def _code(word: str) -> str:
    return f"`{word}`"


if __name__ == "__main__":
    readme = HERE / "README.md"
    readme.write_text(page(readme.read_text(encoding="utf-8")), encoding="utf-8")
