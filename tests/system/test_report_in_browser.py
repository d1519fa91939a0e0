"""The report in a real browser: it loads alone, filters, explains, changes its colours and prints."""

import os
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from report_records import APOLOGY, EXEMPLAR, HOSTILE, SENTENCES, record, texts

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
report = pytest.importorskip("amends_eval.report", reason="the extra `eval` is not installed")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(BROWSER is None, reason="no browser is here: install Debian's package chromium"),
]
FLIPPED = ("sentences-0003", "sentences-0004", "sentences-0007")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    # A root user, as in many containers, has no sandbox to run in.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=BROWSER, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    (folder / "private.html").write_text(report.html_page(record(), None, texts()), encoding="utf-8")
    other = record(shift=-0.1, flipped=FLIPPED, milliseconds=9.0)
    (folder / "beside.html").write_text(report.html_page(record(), other), encoding="utf-8")
    return folder


class Opened:
    """A page, and what it complained of and asked for."""

    def __init__(self, page: Any, path: Path) -> None:
        self.page, self.complaints, self.requests = page, [], []  # type: ignore[var-annotated]
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.set_default_timeout(15_000)
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-drawn]")

    def choose(self, **filters: str) -> list[str]:
        """Sets filters after a reset; gives the items shown on the first page."""
        self.page.get_by_role("button", name="Clear").click()
        self.page.select_option("[name=ok]", "")
        for name, value in filters.items():
            self.page.select_option(f"[name={name}]", label=value)
        return self.shown()

    def shown(self) -> list[str]:
        return list(self.page.locator("#outcomes tbody button").all_text_contents())

    def count(self) -> int:
        return int(self.page.inner_text("#count").split(" ")[0].replace(",", ""))

    def explain(self, item: str) -> Any:
        """Searches for an item, chooses it and gives what is said of it."""
        self.choose()
        self.page.fill("[name=search]", item)
        self.page.get_by_role("button", name=item, exact=True).click()
        return self.page.locator("#detail")

    def colour(self, variable: str) -> tuple[float, float, float]:
        """A colour of the style as it is now, red, green and blue from 0 to 255."""
        found = self.page.evaluate(
            """name => {
                const probe = document.body.appendChild(document.createElement("i"));
                probe.style.color = `var(--${name})`;
                const colour = getComputedStyle(probe).color;
                probe.remove();
                return colour.match(/[0-9.]+/g).map(Number);
            }""",
            variable,
        )
        return found[0], found[1], found[2]


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    context = browser.new_context(offline=True, viewport={"width": 1300, "height": 900}, color_scheme="light")
    yield context
    context.close()


@pytest.fixture
def private(context: Any, files: Path) -> Opened:
    return Opened(context.new_page(), files / "private.html")


@pytest.fixture
def beside(context: Any, files: Path) -> Opened:
    return Opened(context.new_page(), files / "beside.html")


def test_page_loads_alone_without_complaint_and_draws_every_chart(private: Opened) -> None:
    places = private.page.locator("[data-chart]").count()

    assert private.complaints == []
    assert [url for url in private.requests if not url.startswith("file:")] == []
    assert len(private.requests) == 1
    assert places > 5
    assert private.page.locator("[data-chart] svg").count() == places
    assert private.page.locator("[data-chart] svg [aria-label]").count() > places


def test_hostile_text_stays_text(private: Opened) -> None:
    private.choose()
    private.page.fill("[name=search]", "</script>")
    private.page.locator("#outcomes tbody button").first.click()

    assert HOSTILE in private.page.inner_text("#detail")
    assert private.page.evaluate("window.broken") is None
    assert private.page.locator("img").count() == 0
    assert private.complaints == []


def test_wrong_outcomes_are_shown_first_surest_first(private: Opened) -> None:
    wrong = [f"sentences-{i:04d}" for i in reversed(range(SENTENCES)) if i % 3 == 0]

    assert private.shown()[: len(wrong)] == wrong
    assert private.count() == len(wrong) + 3


def test_each_filter_leaves_what_it_says(private: Opened) -> None:
    assert private.choose(suite="mixed")[0] == "customer-1"
    assert private.count() == 6
    assert private.choose(dataset="gaming") == ["gaming-1"]
    assert private.choose(label="VENT") == ["arc-1"]
    private.choose(ok="right", dataset="sentences")
    assert private.count() == SENTENCES * 2 // 3
    private.choose(slice="email")
    assert private.count() == SENTENCES // 2
    private.choose(ok="open")
    assert private.count() == 1


def test_confidence_and_search_leave_what_they_say(private: Opened) -> None:
    private.choose(dataset="sentences")
    private.page.fill("[name=confidence]", "0.9")
    assert private.count() == 6

    private.choose()
    private.page.fill("[name=search]", "KETTLE NUMBER 17")
    assert private.shown() == ["sentences-0017"]


def test_filters_are_cleared(private: Opened) -> None:
    before = private.count()
    private.choose(dataset="gaming")
    private.page.get_by_role("button", name="Clear").click()

    assert private.page.input_value("[name=dataset]") == ""
    assert private.count() == before


def test_pages_are_turned(private: Opened) -> None:
    first = private.choose(dataset="sentences")
    earlier, later = (private.page.get_by_role("button", name=name) for name in ("Previous", "Next"))

    assert earlier.is_disabled()
    later.click()
    second = private.shown()
    later.click()
    third = private.shown()

    assert later.is_disabled()
    assert sorted({*first, *second, *third}) == [f"sentences-{i:04d}" for i in range(SENTENCES)]
    assert private.page.inner_text("#page") == "page 3 of 3"


def test_columns_sort_and_say_so(private: Opened) -> None:
    private.choose(dataset="sentences")
    heading = private.page.locator("th", has=private.page.locator("[data-sort=id]"))
    heading.locator("button").click()

    assert private.shown()[0] == "sentences-0000"
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.locator("button").click()
    assert private.shown()[0] == f"sentences-{SENTENCES - 1:04d}"


def test_sentence_is_explained_by_its_probabilities(private: Opened) -> None:
    detail = private.explain("sentences-0003")

    assert "Kettle number 3 is on its way." in detail.inner_text()
    assert "Where is it?" in detail.inner_text()
    assert detail.locator(".meters .name").all_text_contents() == ["APOLOGIZE", "THANK"]
    assert detail.locator(".chip").all_text_contents() == ["APOLOGIZE", "THANK"]
    assert detail.locator(".chip.apart").count() == 2


def test_reply_is_explained_by_marks_contributions_and_exemplars(private: Opened) -> None:
    part = private.explain("gaming-1").locator(".part").first

    assert part.locator("mark").all_text_contents() == [APOLOGY]
    assert part.locator(".tag").all_text_contents() == ["APOLOGIZE", "SCRIPTED"]
    assert part.locator(".points .figure").all_text_contents() == ["+40.00", "+20.00", "−7.50", "52.50"]
    assert part.locator(".score strong").inner_text() == "52.50"
    assert EXEMPLAR in part.inner_text()
    assert "My kettle exploded." in part.inner_text()


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ("customer-1", ["Where is my kettle?", "ASK", "upset"]),
        ("next-1", ["Steps advised", "be silent now", "0.70"]),
        ("arc-1", ["turn 0: ASK, stage listen", "Reply at turn 1: 52.50"]),
    ],
)
def test_every_kind_of_answer_is_explained(private: Opened, item: str, told: list[str]) -> None:
    text = private.explain(item).inner_text()

    assert [each for each in told if each not in text] == []
    assert private.complaints == []


def test_turn_that_an_outcome_is_about_stands_out(private: Opened) -> None:
    detail = private.explain("arc-1")

    assert detail.locator(".turn.here p").all_text_contents() == ["My kettle exploded."]
    assert detail.locator("mark").all_text_contents() == [APOLOGY]


def test_arrow_keys_go_from_outcome_to_outcome(private: Opened) -> None:
    first, second, *_ = private.choose(dataset="sentences")
    private.page.get_by_role("button", name=first, exact=True).focus()
    private.page.keyboard.press("Enter")
    assert first in private.page.inner_text("#detail h3")

    private.page.keyboard.press("ArrowDown")

    assert second in private.page.inner_text("#detail h3")
    assert private.page.locator("#outcomes [aria-current=true] button").all_text_contents() == [second]


def test_without_texts_the_page_says_so_and_still_explains(beside: Opened) -> None:
    detail = beside.explain("gaming-1")

    assert "The text is left out" in detail.inner_text()
    assert detail.locator(".points .figure").first.inner_text() == "+40.00"
    assert beside.complaints == []


def test_other_run_shows_what_got_better_and_worse(beside: Opened) -> None:
    assert beside.choose(moved="got worse") == ["sentences-0003"]
    assert sorted(beside.choose(moved="got better")) == ["sentences-0004", "sentences-0007"]
    detail = beside.explain("sentences-0004")
    assert "THANK (wrong)" in detail.inner_text()
    assert "What the other run answered" in detail.inner_text()


def _contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """From 1 to 21, as WCAG 2.2 defines it."""

    def luminance(colour: tuple[float, float, float]) -> float:
        parts = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_keep_their_contrast(private: Opened, scheme: str) -> None:
    private.page.emulate_media(color_scheme=scheme)
    paper = private.colour("paper")

    assert (sum(paper) > 384) == (scheme == "light")
    for ground in ("paper", "raised", "wash", "alert-wash"):
        assert _contrast(private.colour("ink"), private.colour(ground)) >= 7
    for name in ("muted", "accent", "alert"):
        assert _contrast(private.colour(name), paper) >= 4.5
        assert _contrast(private.colour(name), private.colour("raised")) >= 4.5
    assert _contrast(private.colour("alert"), private.colour("alert-wash")) >= 4.5


def test_toggle_changes_page_and_charts_and_says_so(private: Opened) -> None:
    point = private.page.locator("[data-chart] svg .mark-symbol path").first
    stroke = "path => getComputedStyle(path).fill"
    before, drawn = private.colour("paper"), point.evaluate(stroke)
    toggle = private.page.locator("#theme")
    toggle.click()

    assert sum(private.colour("paper")) < sum(before)
    assert point.evaluate(stroke) != drawn
    assert (toggle.inner_text(), toggle.get_attribute("aria-pressed")) == ("Light", "true")
    toggle.click()
    assert private.colour("paper") == before


def test_page_prints_in_light_colours_whatever_the_screen_shows(private: Opened) -> None:
    private.page.emulate_media(color_scheme="dark", media="print")

    assert sum(private.colour("paper")) > 384
    assert not private.page.locator("#filters").is_visible()
    assert private.page.locator("#summary").is_visible()
    printed = private.page.pdf(format="A4")
    assert printed.startswith(b"%PDF-")
    assert printed.count(b"/Type /Page\n") >= 4


def test_nothing_overflows_a_narrow_screen(beside: Opened) -> None:
    beside.page.set_viewport_size({"width": 390, "height": 800})
    beside.explain("gaming-1")

    assert beside.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_headings_go_down_a_step_at_a_time_and_controls_have_names(private: Opened) -> None:
    private.explain("gaming-1")
    levels = private.page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5')].map(h => Number(h.tagName[1]))")

    assert levels[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    nameless = "[...document.querySelectorAll('select,input')].filter(each => !each.labels.length).length"
    assert private.page.evaluate(nameless) == 0
    assert private.page.locator("th:not([scope])").count() == 0
