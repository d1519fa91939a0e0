"""The page as a file: what it holds, and what it must not."""

import json
import random
import re
from functools import cache
from html.parser import HTMLParser

import pytest
from amends_eval.questions import ReadSentence
from amends_eval.record import AnswerLine
from amends_eval.report import html_page
from amends_eval.suites.suite import SuiteResult
from report_records import HOSTILE, metric, outcome, record, record_of, sentence_answer, texts

MOST_BYTES = 8_000_000


@cache
def _page(*, private: bool = True, beside: bool = False) -> str:
    return html_page(record(), record(shift=-0.1) if beside else None, texts() if private else None)


class _Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def _data(page: str, name: str) -> dict[str, object]:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return dict(json.loads(found.group(1)))


def test_page_asks_for_nothing_outside_itself() -> None:
    for tag, attributes in _Elements(_page()).found:
        assert tag not in {"link", "img", "iframe", "object", "base"}
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")


def test_browser_is_told_to_fetch_nothing_and_to_run_only_these_scripts() -> None:
    (policy,) = (found["content"] for _, found in _Elements(_page()).found if "http-equiv" in found)
    rules = dict(rule.split(" ", 1) for rule in str(policy).split("; "))

    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules
    assert "'unsafe-inline'" not in rules["script-src"]
    assert rules["script-src"].count("'sha256-") == _page().count("<script>")


def test_nothing_of_a_record_becomes_html() -> None:
    page = _page()

    assert HOSTILE not in page
    assert not {"img", "b"} & {tag for tag, _ in _Elements(page).found}
    assert page.count("</script>") == sum(tag == "script" for tag, _ in _Elements(page).found)


def test_every_chart_has_its_place_and_its_table() -> None:
    page = _page(beside=True)
    places = [attributes["data-chart"] for _, attributes in _Elements(page).found if "data-chart" in attributes]

    assert sorted(str(place) for place in places) == sorted(_data(page, "specs"))
    assert page.count('<table class="figures">') >= len(places)
    assert "pareto" in places


def test_text_is_there_only_where_it_was_given() -> None:
    private, public = _page(), _page(private=False)

    assert "Keep it private" in private
    assert "Kettle number 7" in private
    assert "holds no conversation text" in public
    assert "Kettle number 7" not in public
    assert "My kettle exploded" not in public


@pytest.mark.parametrize(
    "told",
    ["kettle", "1.2.3", "abababababababab", "0123456789ab", "with uncommitted changes", "cdcdcdcdcdcdcdcd", "12 s"],
)
def test_header_tells_what_the_run_was(told: str) -> None:
    assert told in _page(private=False).split('id="summary"')[0]


def test_run_that_did_not_end_is_said_to_be_incomplete() -> None:
    broken = record().model_copy(update={"seconds": None})

    assert "did not end" in html_page(broken)


def test_summary_says_light_value_interval_and_number() -> None:
    (row,) = re.findall(r'<tr data-metric="labels:sentences.macro_f1">(.*?)</tr>', _page(), re.DOTALL)

    assert re.findall(r'class="light ([a-z-]+)">([a-z ]+)<', row) == [("missed", "missed")]
    for told in ("0.800", "0.75 to 0.85", ">40<", "≥ 0.85", "aim 0.9"):
        assert told in row


def test_empty_record_makes_a_page() -> None:
    assert "Error explorer" in html_page(record_of())


def test_five_thousand_items_stay_below_the_limit() -> None:
    rng = random.Random(3)
    words = [f"word{i}" for i in range(5000)]
    ids = [f"sentences-{i:05d}" for i in range(5000)]
    said = {("sentences", id_, ""): _question(rng, words) for id_ in ids}
    answers = [
        AnswerLine(dataset="sentences", id=id_, part="", seconds=0.01, answer=sentence_answer(THANK=0.8, DEFEND=0.2))
        for id_ in ids
    ]
    outcomes = tuple(outcome("sentences", id_, ok=rng.random() < 0.8, confidence=rng.random()) for id_ in ids)
    suites = [
        SuiteResult(suite=name, metrics=(metric("sentences.micro_f1", 0.8),), outcomes=outcomes)
        for name in ("labels", "steps", "missteps")
    ]

    page = html_page(record_of(*suites, answers=answers), None, said)

    assert len(page.encode()) < MOST_BYTES


def _question(rng: random.Random, words: list[str]) -> ReadSentence:
    """As long as real ones: 20 words after a message of 40."""
    return ReadSentence(text=" ".join(rng.choices(words, k=20)), customer=" ".join(rng.choices(words, k=40)))
