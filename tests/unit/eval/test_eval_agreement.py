"""Agreement of raters against worked cases and second ways to compute it, and the report over the judges' files."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path

import pytest
from amends_eval.agreement import agreement, between
from amends_eval.answers import AdviceAnswer, ReplyAnswer, SentenceAnswer
from amends_eval.errors import DatasetError
from amends_eval.ratings import Ratings, judged, said
from amends_eval.record import AnswerLine
from amends_eval.statistics.agreement import alpha, kappa, mean_distance, micro_f1
from eval_builders import NAMES, record_of
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score
from sklearn.preprocessing import MultiLabelBinarizer

Rater = Sequence[float | None]
LABELS = ["LISTEN", "THANK", "DEFEND"]
sets = st.frozensets(st.sampled_from(LABELS))


def coincidence_alpha(raters: Sequence[Rater], *, squared: bool) -> float:
    """Alpha by the coincidence matrix, as Krippendorff's book goes about it."""
    pairs: Counter[tuple[float, float]] = Counter()
    for unit in zip(*raters, strict=True):
        values = [value for value in unit if value is not None]
        for a, b in permutations(values, 2):
            pairs[a, b] += 1 / (len(values) - 1)  # type: ignore[assignment]
    sizes: Counter[float] = Counter()
    for (a, _), count in pairs.items():
        sizes[a] += count
    whole = sum(sizes.values())

    def apart(a: float, b: float) -> float:
        return (a - b) ** 2 if squared else float(a != b)

    observed = sum(count * apart(a, b) for (a, b), count in pairs.items())
    expected = sum(sizes[a] * sizes[b] * apart(a, b) for a in sizes for b in sizes) / (whole - 1)
    return 1 - observed / expected


def test_kappa_of_a_case_worked_by_hand() -> None:
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: 0.7 seen, 0.5 by chance.
    a = ["yes"] * 25 + ["no"] * 25
    b = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert kappa(a, b) == pytest.approx(0.4)


def test_weighted_kappa_takes_a_near_miss_for_half_right() -> None:
    # Weights 0, 1/4 and 1: seen (2 * 1/4) / 4; by chance the product of both margins, 26/64 of the way.
    a, b = [0, 1, 2, 2], [0, 2, 2, 1]
    margins = [(0.25, 0.25), (0.25, 0.25), (0.5, 0.5)]
    by_chance = sum(margins[i][0] * margins[j][1] * ((i - j) / 2) ** 2 for i in range(3) for j in range(3))
    assert kappa(a, b, order=[0, 1, 2]) == pytest.approx(1 - (2 * 0.25 / 4) / by_chance)


def test_kappa_of_raters_that_only_ever_say_one_thing_is_absent() -> None:
    assert kappa(["a", "a"], ["a", "a"]) is None


def test_alpha_of_the_books_example() -> None:
    # Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, example C: four observers, gaps.
    none = None
    raters: list[Rater] = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, none, none, none],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, none, 3],
        [none, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, none],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, none],
    ]
    assert alpha(raters, "nominal") == pytest.approx(0.743, abs=1e-3)
    assert alpha(raters, "ordinal") == pytest.approx(0.815, abs=1e-3)
    assert alpha(raters, "interval") == pytest.approx(0.849, abs=1e-3)


@given(st.lists(st.tuples(*[st.none() | st.integers(0, 3)] * 3), min_size=2, max_size=12), st.booleans())
def test_alpha_is_that_of_the_coincidence_matrix(units: list[tuple[int | None, ...]], squared: bool) -> None:
    raters = [list(rater) for rater in zip(*units, strict=True)]
    found = alpha(raters, "interval" if squared else "nominal")
    spoken = {value for unit in units for value in unit if sum(v is not None for v in unit) > 1} - {None}
    if len(spoken) < 2:
        assert found is None
    else:
        assert found == pytest.approx(coincidence_alpha(raters, squared=squared))


@given(st.lists(st.tuples(sets, sets, sets), min_size=1, max_size=10))
def test_micro_f1_is_scikit_learns_over_what_neither_calls_arguable(
    units: list[tuple[frozenset[str], frozenset[str], frozenset[str]]],
) -> None:
    a, b, either = (list(part) for part in zip(*units, strict=True))
    binary = MultiLabelBinarizer(classes=LABELS).fit([LABELS])
    first, second = (
        binary.transform([one - open_ for one, open_ in zip(side, either, strict=True)]) for side in (a, b)
    )
    found = micro_f1(a, b, either)
    if found is None:
        assert first.sum() + second.sum() == 0
    else:
        assert found == pytest.approx(f1_score(first, second, average="micro", zero_division=0.0))


def test_distance_is_over_the_units_that_both_rated() -> None:
    assert mean_distance({"a": 0.2, "b": 0.9}, {"a": 0.5, "c": 0.0}) == pytest.approx(0.3)
    assert mean_distance({"a": 0.2}, {"b": 0.5}) is None


def judgements(folder: Path, dataset: str, **said_by: Sequence[Mapping[str, object]]) -> Path:
    path = folder / f"{dataset}-v1" / "judges"
    path.mkdir(parents=True)
    for name, rows in said_by.items():
        (path / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return folder


def answered(dataset: str, id_: str, answer: object, part: str = "") -> AnswerLine:
    return AnswerLine.model_validate({"dataset": dataset, "id": id_, "part": part, "seconds": 0.1, "answer": answer})


def sentence(*claimed: str, strong: tuple[str, ...] = ()) -> SentenceAnswer:
    return SentenceAnswer(probability=dict.fromkeys(NAMES, 0.1), claimed=claimed, strong=strong)


def reply(score: float) -> ReplyAnswer:
    return ReplyAnswer(score=score, verdict="MIXED", confidence=1.0, upset=0.0, shares=(), findings=())


def test_report_holds_each_pair_of_judges_and_the_model_with_each(tmp_path: Path) -> None:
    folder = judgements(
        tmp_path,
        "sentences",
        ana=[{"id": "s1", "labels": ["THANK:1"], "optional": []}, {"id": "s2", "labels": [], "optional": []}],
        ben=[{"id": "s1", "labels": ["THANK:2"], "optional": []}, {"id": "s2", "labels": ["DEFEND"], "optional": []}],
    )
    lines = (answered("sentences", "s1", sentence("THANK", strong=("THANK",))), answered("sentences", "s2", sentence()))
    record = record_of().model_copy(update={"answers": lines})
    found = {(each.of, each.raters): each for each in agreement(record, folder)}
    assert found["labels", ("ana", "ben")].figures["micro_f1"] == pytest.approx(2 / 3)
    assert found["labels", ("model", "ana")].figures["micro_f1"] == 1.0
    assert found["labels", ("model", "ben")].figures["micro_f1"] == pytest.approx(2 / 3)
    assert found["strength", ("ana", "ben")].figures["same"] == 0.0
    assert found["strength", ("model", "ben")].figures["same"] == 1.0


def test_what_either_calls_arguable_is_left_out_or_strictly_taken_as_not_given(tmp_path: Path) -> None:
    folder = judgements(
        tmp_path,
        "real",
        ana=[{"id": "r1", "labels": ["THANK:1"], "optional": []}, {"id": "r2", "labels": ["LISTEN:1"], "optional": []}],
        ben=[{"id": "r1", "labels": [], "optional": ["THANK"]}, {"id": "r2", "labels": ["LISTEN:1"], "optional": []}],
    )
    figures = next(iter(agreement(folder=folder))).figures
    assert figures["micro_f1"] == 1.0
    assert figures["micro_f1_strict"] == pytest.approx(2 / 3)


def test_a_model_and_a_judge_agree_on_which_reply_is_better() -> None:
    judge = judged_by_ranks([1, 3, 3])
    lines = tuple(answered("ranked", "q1", reply(score), str(index)) for index, score in enumerate([10, 20, 30]))
    model = said(record_of().model_copy(update={"answers": lines}), "ranked")
    found = {each.of: each for each in between("ranked", model, judge)}
    # The second and third are even to the judge: two pairs are left, both in order.
    assert (found["order"].n, found["order"].figures["same"]) == (2, 1.0)


def judged_by_ranks(grades: Sequence[int]) -> Ratings:
    ratings = Ratings("judge")
    for i, first in enumerate(grades):
        for j, second in enumerate(grades):
            if i < j and first != second:
                ratings.value("order", ("q1", f"{i}, {j}"), "first" if first > second else "second")
    return ratings


def test_first_advice_is_held_against_what_a_judge_accepts(tmp_path: Path) -> None:
    folder = judgements(
        tmp_path, "next-step", ana=[{"id": "n1", "acceptable": ["LISTEN", "THANK"], "wrong": [], "pause": None}]
    )
    advice = AdviceAnswer(steps=(("THANK", 0.9), ("DEFEND", 0.1)), stage="", pause=True, act="ASK", upset=0.1)
    record = record_of().model_copy(update={"answers": (answered("next-step", "n1", advice),)})
    (found,) = agreement(record, folder)
    assert found.figures == {"accepted": 1.0}


def test_shipped_judges_agree_with_each_other_on_every_dataset() -> None:
    found = [each for each in agreement() if each.of in {"labels", "act", "order", "better", "next step"}]
    assert {each.dataset for each in found} == {
        "sentences", "real", "contrast", "invariance", "customer", "ranked", "gaming", "next-step", "arcs"
    }  # fmt: skip
    firsts = [each.figures.get("micro_f1") or each.figures.get("same") for each in found]
    assert min(value for value in firsts if value is not None) > 0.7


def test_a_broken_file_of_judgements_is_named(tmp_path: Path) -> None:
    folder = judgements(tmp_path, "gaming", ana=[])
    (folder / "gaming-v1" / "judges" / "ana.jsonl").write_text("no json\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"ana\.jsonl"):
        judged("gaming", folder)
