"""The page of the dashboards, and how they are drawn, with figures that are made up."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from deploy_files import DASHBOARDS, ROOT

HERE = ROOT / "docs" / "dashboards"
MOST_BYTES = 300_000
MODULES = ("drawing", "page", "plots")


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What draws the page may be imported."""
    monkeypatch.syspath_prepend(str(HERE))
    yield
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture(params=DASHBOARDS, ids=lambda file: file.stem)
def board(request: pytest.FixtureRequest) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(request.param.read_text())
    return loaded


def _panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def test_the_page_says_a_line_on_every_panel(board: dict[str, Any]) -> None:
    page = (HERE / "README.md").read_text()
    for panel in _panels(board):
        assert re.search(rf"^\| {re.escape(panel['title'])} \| \S.+ \|$", page, flags=re.MULTILINE), panel["title"]


@pytest.mark.usefixtures("programs")
def test_the_page_is_what_the_dashboards_say() -> None:
    from page import page

    assert (HERE / "README.md").read_text() == page(), "run `make render` and commit"


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_the_drawing_shows_every_panel_and_is_small(file: Path) -> None:
    drawn = HERE / f"{file.stem}.svg"
    texts = {"".join(text.itertext()) for text in ElementTree.parse(drawn).iter("{http://www.w3.org/2000/svg}text")}
    titles = {panel["title"] for panel in json.loads(file.read_text())["panels"]}
    assert titles <= texts, "run `make render` and commit"
    assert drawn.stat().st_size < MOST_BYTES


@pytest.mark.usefixtures("programs")
def test_every_kind_of_panel_is_drawn(board: dict[str, Any]) -> None:
    from drawing import draw

    metric = {"grpc_method": "ScoreReply", "version": "<1>", "instance": "a:9464"}
    found = {
        target["expr"]: [
            {"metric": {**metric, "le": le}, "values": [[at, str(value * at)] for at in (1, 3, 5)]}
            for le, value in (("0.05", 1), ("+Inf", 2))
        ]
        for panel in _panels(board)
        for target in panel["targets"]
    }
    drawn = draw(board, found)
    ElementTree.fromstring(drawn)
    assert "No data" not in drawn
    ids = re.findall(r'\bid="(\w+)"', drawn)
    assert len(set(ids)) == len(ids), "plots of one file share no id"


@pytest.mark.usefixtures("programs")
def test_what_is_no_number_is_no_data(board: dict[str, Any]) -> None:
    from drawing import draw

    targets = [target["expr"] for panel in _panels(board) for target in panel["targets"]]
    nothing = {expression: [{"metric": {"le": "1"}, "values": [[1, "NaN"]]}] for expression in targets}
    assert draw(board, nothing).count("No data") == len(_panels(board))
