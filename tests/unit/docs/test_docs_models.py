"""The page of the encoders is what its program writes from the figures."""

import runpy
from pathlib import Path

import yaml

MODELS = Path(__file__).parents[3] / "docs/models"
PROGRAM = runpy.run_path(str(MODELS / "generate.py"))
ENCODERS = yaml.safe_load((MODELS / "encoders.yaml").read_text(encoding="utf-8"))


def test_page_is_as_the_program_writes_it() -> None:
    assert (MODELS / "README.md").read_text("utf-8") == "\n".join(PROGRAM["page"](ENCODERS)) + "\n", "`make models`"


def test_front_keeps_what_nothing_beats_in_quality_and_time() -> None:
    fast, slow = {"milliseconds": 1, "real": 0.8}, {"milliseconds": 5, "real": 0.9}
    beaten, dear = {"milliseconds": 1, "real": 0.7}, {"milliseconds": 6, "real": 0.9}
    assert PROGRAM["front"]([dear, beaten, slow, fast], "real") == [fast, slow]
