"""The dashboards that are committed are those that the code draws."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from deploy_files import DASHBOARDS, DEPLOY


@pytest.fixture(params=DASHBOARDS, ids=lambda file: file.stem)
def board(request: pytest.FixtureRequest) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(request.param.read_text())
    return loaded


def test_the_json_is_what_the_code_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DEPLOY / "grafana"))
    import dashboards

    dashboards.write(tmp_path)
    drawn = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert drawn == {file.name: file.read_text() for file in DASHBOARDS}, "run `make dashboards` and commit"
    for name in ("dashboards", "panels", "queries", "overview", "model_health", "capacity"):
        monkeypatch.delitem(sys.modules, name)


def test_panels_lie_side_by_side(board: dict[str, Any]) -> None:
    taken: Counter[tuple[int, int]] = Counter()
    for panel in board["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        taken.update((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"]))
    assert max(taken.values()) == 1, "no two panels on one place"


def test_panels_can_be_told_apart(board: dict[str, Any]) -> None:
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert len({panel["title"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_the_reader_chooses_where_to_look(board: dict[str, Any]) -> None:
    assert [variable["name"] for variable in board["templating"]["list"]] == ["datasource", "namespace", "job"]
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            assert 'namespace=~"$namespace", job=~"$job"' in target["expr"], panel["title"]
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
