"""The report of what training and evaluation have in common."""

from pathlib import Path

from amends_eval.datasets.leakage import measured, report, said_in, taught, texts_of
from amends_eval.labels.duplicates import Match

ROW = (
    '{"id": "r-1", "author": "ann of the green gables", "why": "it says nothing at all", '
    '"turns": [{"role": "customer", "text": "My parcel has been gone for weeks."}], '
    '"a": {"text": "We are sending it again today.", "labels": ["TAKE_ACTION:2"]}, "honest": "ok then"}\n'
)


def test_only_what_somebody_says_is_compared(tmp_path: Path) -> None:
    file = tmp_path / "dev.jsonl"
    file.write_text(ROW)
    assert [(text.id, text.text) for text in texts_of(file)] == [
        ("r-1", "My parcel has been gone for weeks."),
        ("r-1", "We are sending it again today."),
    ]


def test_texts_are_found_however_deep() -> None:
    assert list(said_in({"turns": [{"text": "one"}], "replies": [{"text": "two", "why": "no"}]})) == ["one", "two"]


def test_each_text_is_counted_once_by_its_narrowest_way() -> None:
    matched = [Match("a", "t-1", "exact", 1.0), Match("a", "t-2", "near", 0.9), Match("b", "t-3", "alike", 0.99)]
    page = report({"sentences test": (40, matched), "gaming dev": (7, [])}, 1000)
    assert "| sentences test | 40 | 1 | 0 | 1 |" in page
    assert "| gaming dev | 7 | 0 | 0 | 0 |" in page
    assert "- a and t-2: near, 0.900" in page


def test_unseen_authors_teach_nothing_and_are_compared_as_evaluation_is(tmp_path: Path) -> None:
    for name in ("agents/ann", "unseen/una", "replies/rolf"):
        file = tmp_path / f"{name}.jsonl"
        file.parent.mkdir()
        file.write_text(ROW)
    assert [file.stem for file in taught(tmp_path)] == ["ann", "rolf"]
    assert {name: file.stem for name, file in measured(tmp_path)}["unseen una"] == "una"
    assert "sentences test" in dict(measured(tmp_path))
