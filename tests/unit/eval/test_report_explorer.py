"""What the error explorer is given."""

import json
from typing import Any

from amends_eval.report.explorer import payload
from report_records import EXEMPLAR, GROUND, record, texts


def _item(found: dict[str, Any], id_: str) -> dict[str, Any]:
    return next(item for item in found["items"] if item["id"] == id_)


def _row(found: dict[str, Any], suite: str, id_: str) -> dict[str, Any]:
    rows = (dict(zip(found["columns"], row, strict=True)) for row in found["outcomes"])
    return next(row for row in rows if row["suite"] == suite and found["items"][row["item"]]["id"] == id_)


def test_every_outcome_is_there_with_what_was_expected_and_found() -> None:
    found = payload(record())

    row = _row(found, "labels", "sentences-0003")
    assert len(found["outcomes"]) == sum(len(suite.outcomes) for suite in record().suites.values())
    assert (row["ok"], row["confidence"]) == (False, 0.05)
    assert (found["phrases"][row["expected"]], found["phrases"][row["found"]]) == ("APOLOGIZE", "THANK")
    assert found["slices"][row["slices"]] == {"channel": "email"}


def test_probabilities_are_those_above_a_twentieth_and_those_claimed_likeliest_first() -> None:
    (part,) = _item(payload(record()), "sentences-0000")["parts"]

    assert part["answer"]["probability"] == [("APOLOGIZE", 0.81), ("THANK", 0.06)]


def test_no_question_is_told_without_texts() -> None:
    told = json.dumps(payload(record()))

    assert "question" not in told
    assert "kettle" not in told.casefold()


def test_questions_are_told_with_texts_and_turns_said_once() -> None:
    found = payload(record(), None, texts())

    gamed, honest = _item(found, "gaming-1")["parts"]
    assert gamed["question"]["turns"] == honest["question"]["turns"]
    assert found["turns"][gamed["question"]["turns"]] == [{"role": "customer", "text": "My kettle exploded."}]
    assert honest["question"]["reply"] == "No."


def test_contributions_add_up_to_the_score() -> None:
    found = payload(record())

    answer = _item(found, "gaming-1")["parts"][0]["answer"]
    assert sum(share["points"] for share in answer["shares"]) == answer["score"]
    assert found["sayings"][answer["shares"][0]["reason"]] == GROUND
    assert found["sayings"][answer["findings"][0]["exemplar"]] == EXEMPLAR


def test_labels_to_filter_by_are_those_of_outcomes() -> None:
    assert set(payload(record())["labels"]) >= {"APOLOGIZE", "THANK", "ASK", "VENT"}


def test_other_run_says_what_it_was_and_answers_where_it_changed() -> None:
    found = payload(record(), record(flipped=["sentences-0003"]))

    changed, same = (_row(found, "labels", f"sentences-000{i}") for i in (3, 4))
    assert (changed["ok"], changed["wasOk"], found["phrases"][changed["wasFound"]]) == (False, True, "APOLOGIZE")
    assert (same["ok"], same["wasOk"]) == (True, True)
    assert "was" in _item(found, "sentences-0003")["parts"][0]
    assert "was" not in _item(found, "sentences-0004")["parts"][0]
