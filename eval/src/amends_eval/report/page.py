"""The page: one HTML file that holds all it needs and fetches nothing."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from amends_eval.bars import Bar, load_bars
from amends_eval.record import Record
from amends_eval.report import words
from amends_eval.report.explorer import Texts, payload
from amends_eval.report.figures import Figure, figures_of
from amends_eval.report.pareto import pareto_figure
from amends_eval.report.summary import counted, standings
from amends_eval.suites.catalogue import suites
from amends_eval.suites.suite import SuiteResult

_TEMPLATES = Path(__file__).with_name("templates")
_SCRIPTS = ("charts.js", "explorer.js", "detail.js", "theme.js")


@dataclass(frozen=True, slots=True)
class Section:
    """One suite on the page."""

    name: str
    summary: str
    right: int
    wrong: int
    figures: Mapping[str, Figure]
    """By the name that the page knows them by."""


def html_page(
    record: Record, other: Record | None = None, texts: Texts | None = None, *, bars: Sequence[Bar] | None = None
) -> str:
    """Renders the page.

    Args:
        record: the run.
        other: another run, such as the one before; it is shown beside.
        texts: what was asked, by dataset, row and part. Where it is given the page holds conversation text, and says
            so; where not, it holds none.
        bars: what is expected; None: the bars that ship.
    """
    bars = load_bars() if bars is None else bars
    sections = [_section(result, other, bars) for result in record.suites.values()]
    pareto = pareto_figure([each for each in (record, other) if each])
    figures = {name: figure for section in sections for name, figure in section.figures.items()}
    figures |= {"pareto": pareto} if pareto else {}
    rows = standings(record, other, bars)
    scripts = [Markup(_library()), *(Markup(_file(name)) for name in _SCRIPTS)]  # noqa: S704
    page: str = _template().render(
        record=record,
        other=other,
        standings=rows,
        counts=counted(rows),
        sections=sections,
        pareto=pareto,
        specs=_json({name: figure.spec for name, figure in figures.items()}),
        explorer=_json(payload(record, other, texts)),
        private=bool(texts),
        style=Markup(_file("style.css")),  # noqa: S704
        scripts=scripts,
        policy=_policy(scripts),
    )
    return page


def _section(result: SuiteResult, other: Record | None, bars: Sequence[Bar]) -> Section:
    known = suites().get(result.suite)
    figures = figures_of(result, other.suites.get(result.suite) if other else None, bars)
    return Section(
        name=result.suite,
        summary=known.summary if known else "",
        right=sum(outcome.ok is True for outcome in result.outcomes),
        wrong=sum(outcome.ok is False for outcome in result.outcomes),
        figures={f"{result.suite}-{index}": figure for index, figure in enumerate(figures)},
    )


def _policy(scripts: Iterable[str]) -> str:
    """What the browser may do: run these scripts and nothing else, and fetch nothing at all.

    Vega builds its expressions as functions, hence `unsafe-eval`.
    """
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    return (
        f"default-src 'none'; script-src {hashes} 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _json(value: object) -> Markup:
    """JSON that cannot end the element it stands in."""
    return htmlsafe_json_dumps(value, separators=(",", ":"), ensure_ascii=False)


@cache
def _library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script."""
    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def _file(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=words.number, bound=words.bound)
    environment.globals.update(unit_of=words.unit_of, interval=words.interval, change=words.change, better=words.better)
    return environment.get_template("html.j2")
