"""What judgements are usually like, counted into bins, and read back only where it is of the very model."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from amends_core.bundle import DEFAULT_BUNDLE, REFERENCE, Bundle, load_bundle
from amends_core.conversation import Turn
from amends_core.errors import BundleError
from amends_core.judgement import Judgement, Verdict
from amends_core.local import LocalScorer
from amends_core.reference import FIGURES, NONE, count, load_reference, observations, own_reference
from amends_core.taxonomy import Role, Step, Strength
from amends_train.reference import CONVERSATIONS, counted, write
from hypothesis import given
from hypothesis import strategies as st

UPSET = [Turn(Role.CUSTOMER, "My parcel is three weeks late! I am furious.")]


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle()


@pytest.fixture(scope="module")
def judgement(local: LocalScorer) -> Judgement:
    return local.judge(UPSET, ["I am so sorry about the wait. You should have called us, frankly."], "unified")


def _looks(judgement: Judgement, figure: str) -> list[str]:
    return [name for of, name in observations(judgement) if of == figure]


def test_a_judgement_falls_into_a_bin_of_every_figure(judgement: Judgement) -> None:
    assert {figure for figure, _ in observations(judgement)} == set(FIGURES)
    assert all(name in FIGURES[figure] for figure, name in observations(judgement))
    assert len(_looks(judgement, "probability")) == len(judgement.sentences) == 2
    made = {step.value for step, found in judgement.steps.items() if found.strength is not Strength.ABSENT}
    assert set(_looks(judgement, "step")) == made >= {Step.APOLOGIZE.value}
    assert _looks(judgement, "verdict") == [judgement.verdict.value]


def test_a_reply_without_any_misstep_says_so(local: LocalScorer) -> None:
    clean = local.judge(UPSET, ["I am so sorry about the wait."], "unified")
    assert clean.missteps == ()
    assert _looks(clean, "misstep") == [NONE]


@given(st.floats(0, 100))
def test_every_score_has_the_bin_that_names_it(judgement: Judgement, score: float) -> None:
    (name,) = _looks(replace(judgement, score=score), "score")
    low, high = map(float, name.split("-"))
    assert low <= score < high or score == high == 100 or math.isclose(score, low) or math.isclose(score, high)


def test_counts_hold_every_bin(judgement: Judgement) -> None:
    counts = count([judgement, judgement])
    assert {figure: tuple(bins) for figure, bins in counts.items()} == dict(FIGURES)
    assert sum(counts["score"].values()) == 2
    assert counts["verdict"][judgement.verdict.value] == 2


def test_what_is_written_is_read_back_as_shares(bundle: Bundle, local: LocalScorer, tmp_path: Path) -> None:
    rows = tmp_path / "own.jsonl"
    turns = [
        {"role": "customer", "text": "It broke again!"},
        {"role": "agent", "text": "I am sorry. I will mend it today."},
    ]
    rows.write_text(
        json.dumps({"turns": turns}) + "\n" + json.dumps({"turns": turns[:1], "replies": [{"text": "No."}]})
    )
    write(tmp_path / REFERENCE, counted(local, [rows]))
    reference = load_reference(tmp_path / REFERENCE, bundle)
    assert set(reference.playbooks) == {playbook.name for playbook in local.library}
    for figure in FIGURES:
        assert math.isclose(sum(reference.shares("unified", figure).values()), 1)
    assert sum(reference.playbooks["unified"]["verdict"].values()) == 2


def _spoilt(**changes: Any) -> str:
    data = json.loads((DEFAULT_BUNDLE / REFERENCE).read_text())
    for path, value in changes.items():
        place = data
        *above, last = path.split("__")
        for key in above:
            place = place[key]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "cannot be used"),
        ("[]", "cannot be used"),
        ("[" * 100_000, "cannot be used"),
        (_spoilt(format=2), "format is 2"),
        (_spoilt(model_sha256="0" * 64), "counted by model 000000000000"),
        (_spoilt(playbooks__unified__verdict=None), "other figures or bins"),
        (_spoilt(playbooks__unified__verdict__MADE_UP=1), "other figures or bins"),
        (_spoilt(playbooks__unified__verdict__UNSURE=-1), "count below 0"),
        (_spoilt(playbooks__unified__verdict={verdict.value: 0 for verdict in Verdict}), "without any count"),
    ],
)
def test_a_reference_that_cannot_be_meant_is_refused_with_the_remedy(
    bundle: Bundle, tmp_path: Path, text: str, wrong: str
) -> None:
    (tmp_path / REFERENCE).write_text(text)
    with pytest.raises(BundleError, match=wrong) as caught:
        load_reference(tmp_path / REFERENCE, bundle)
    assert "python -m amends_train.reference" in str(caught.value)


def test_the_shipped_reference_is_what_the_shipped_model_judges(bundle: Bundle, local: LocalScorer) -> None:
    """Closely: a weight that is fitted anew may move a few judgements to the next bin."""
    shipped, now = own_reference(bundle), counted(local, CONVERSATIONS)
    for playbook in now.playbooks:
        for figure, bins in FIGURES.items():
            p, q = now.shares(playbook, figure), shipped.shares(playbook, figure)
            floors = [(max(p[name], 0.001), max(q[name], 0.001)) for name in bins]
            index = sum((a - b) * math.log(a / b) for a, b in floors)
            assert index < 0.01, f"{playbook}, {figure}: write it anew by `make reference`"
