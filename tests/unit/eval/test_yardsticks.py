"""Public corpora: how every way of deciding is measured, and what the command writes."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import typer
from amends_eval.cli import yardstick as cli
from amends_eval.errors import DatasetError, EvalError, RecordError
from amends_eval.questions import ReadSentence
from amends_eval.yardsticks import epitome, readings
from amends_eval.yardsticks.catalogue import chosen, yardsticks
from amends_eval.yardsticks.keywords import hits, level_by_count, most_hits
from amends_eval.yardsticks.measurement import TaskResult, YardstickResult, measure, run
from amends_eval.yardsticks.probe import probed, words_probed
from amends_eval.yardsticks.yardstick import Guess, Item, Task
from sklearn.metrics import f1_score, roc_auc_score
from typer.testing import CliRunner
from yardstick_corpora import SECRET, Parrot, sentence, write_corpora


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_corpora(tmp_path / "data")


# The baselines


def test_keywords_are_whole_words_in_any_case() -> None:
    assert hits("Sorry, sorrylike? so SORRY?", ("sorry", "?")) == 4
    assert hits("anything", ()) == 0
    assert level_by_count(("sorry",))("sorry, so sorry, sorry").claim == "2"
    assert most_hits({"a": ("x",), "b": ("y",)}, "c")("y y x").claim == "b"
    assert most_hits({"a": ("x",), "b": ("y",)}, "c")("z").claim == "c"


def test_probe_learns_what_the_features_tell() -> None:
    truth = ["yes" if index % 3 else "no" for index in range(60)]
    features = [[1.0 if so == "yes" else -1.0, 0.5] for so in truth]
    guesses = probed(features, truth, [str(index) for index in range(60)], frozenset({"yes"}), 1)
    assert [guess.claim for guess in guesses] == truth
    assert all(guess.chance is not None and (guess.chance > 0.5) == (guess.claim == "yes") for guess in guesses)


def test_probe_never_sees_the_cluster_that_it_judges() -> None:
    # Each cluster has a feature of its own: it gives the class away to whoever has seen the cluster, and only then.
    clusters = [str(index // 4) for index in range(80)]
    truth = ["yes" if int(cluster) % 2 else "no" for cluster in clusters]
    own = [[float(cluster == str(column)) for column in range(20)] for cluster in clusters]
    names = [f"word{cluster}" for cluster in clusters]
    for guesses in (
        probed(own, truth, clusters, frozenset(), 1),
        words_probed(names, truth, clusters, frozenset(), 1),
    ):
        assert np.mean([guess.claim == so for guess, so in zip(guesses, truth, strict=True)]) <= 0.5


def test_probe_of_one_class_says_that_class() -> None:
    guesses = words_probed(["a", "b", "c"], ["no"] * 3, ["1", "2", "3"], frozenset({"yes"}), 1)
    assert guesses == [Guess("no", 0.0)] * 3


# Measuring


@cache
def measured(count: int = 120) -> tuple[TaskResult, list[str], list[float]]:
    """A task with noisy chances, many of them tied."""
    rng = np.random.default_rng(5)
    truth = [str(each) for each in rng.integers(0, 3, count)]
    chances = [round(min(1.0, max(0.0, int(so) / 3 + rng.normal(0, 0.3))), 1) for so in truth]
    items = [
        Item(str(index), str(index // 2), ReadSentence(text="t"), f"word{so}", {"t": so})
        for index, so in enumerate(truth)
    ]
    answers = [sentence(["LISTEN"] if chance > 0.4 else (), LISTEN=chance) for chance in chances]
    task = Task(
        name="t",
        classes=("0", "1", "2"),
        zero_shot=lambda answer: readings.level(answer, ("LISTEN",)),
        features=readings.sentence_features,
        keywords=level_by_count(("word1",)),
        positive=frozenset({"1", "2"}),
    )
    return measure(task, items, answers, 7), truth, chances


def figure(result: TaskResult, way: str, name: str) -> float:
    found = next(each for each in result.ways if each.way == way)
    value = next(metric.value for metric in found.metrics if metric.name == name)
    assert value is not None
    return value


def test_figures_agree_with_scikit_learn() -> None:
    result, truth, chances = measured()
    claims = ["1" if chance > 0.4 else "0" for chance in chances]
    assert figure(result, "zero-shot", "accuracy") == pytest.approx(np.mean(np.array(claims) == np.array(truth)))
    assert figure(result, "zero-shot", "macro_f1") == pytest.approx(f1_score(truth, claims, average="macro"))
    positive = [so != "0" for so in truth]
    assert figure(result, "zero-shot", "auc") == pytest.approx(roc_auc_score(positive, chances))


def test_every_way_has_n_clusters_and_an_interval_around_it() -> None:
    result, _, _ = measured()
    for way in result.ways:
        for metric in way.metrics:
            assert (metric.n, metric.clusters) == (120, 60)
            assert metric.value is not None
            assert metric.low is not None
            assert metric.high is not None
            assert metric.low <= metric.value <= metric.high


def test_ways_are_kept_apart_and_the_majority_ranks_nothing() -> None:
    result, truth, _ = measured()
    assert [way.way for way in result.ways] == ["zero-shot", "probed", "majority class", "keywords", "words, probed"]
    majority = max(truth.count(name) for name in "012") / len(truth)
    assert figure(result, "majority class", "accuracy") == pytest.approx(majority)
    assert [metric.name for metric in result.ways[2].metrics] == ["accuracy", "macro_f1"]
    assert figure(result, "words, probed", "accuracy") == 1.0
    assert figure(result, "zero-shot", "accuracy") < 1.0


def test_claims_and_classes_are_counted() -> None:
    result, truth, chances = measured()
    assert result.classes == {name: truth.count(name) for name in "012"}
    claimed = sum(chance > 0.4 for chance in chances)
    assert result.ways[0].claims == {"0": 120 - claimed, "1": claimed, "2": 0}


def test_same_seed_gives_the_same_figures() -> None:
    assert measured()[0] == measured.__wrapped__()[0]


def ran(data: Path, name: str, limit: int | None = None) -> YardstickResult:
    return run(yardsticks()[name], Parrot(), data, limit=limit, workers=2, seed=3)


def test_zero_shot_reads_the_corpus_by_the_mapping(data: Path) -> None:
    tasks = {task.task: task for task in ran(data, "epitome").tasks}
    # The refused response is a weak emotional reaction, and counts as missed.
    assert figure(tasks["emotional reactions"], "zero-shot", "accuracy") == pytest.approx(4 / 5)
    assert figure(tasks["interpretations"], "zero-shot", "accuracy") == 1.0
    assert figure(tasks["explorations"], "zero-shot", "accuracy") == 1.0
    behaviour, *_ = ran(data, "annomi").tasks
    assert figure(behaviour, "zero-shot", "accuracy") == 1.0
    upset, negative = ran(data, "goemotions").tasks
    assert figure(upset, "zero-shot", "auc") == 1.0
    assert figure(negative, "zero-shot", "accuracy") == pytest.approx(4 / 5)
    (strategy,) = ran(data, "esconv").tasks
    assert strategy.ways[0].claims["Restatement or Paraphrasing"] == 2


def test_refused_questions_are_counted(data: Path) -> None:
    assert ran(data, "epitome").refused == 1
    assert ran(data, "annomi").refused == 0


def test_limit_takes_items_evenly_and_says_of_how_many(data: Path) -> None:
    result = ran(data, "epitome", limit=3)
    assert (result.items, result.of) == (3, 5)
    assert result.tasks[0].classes == {"0": 2, "1": 0, "2": 1}


def test_one_conversation_is_too_few(data: Path) -> None:
    with pytest.raises(DatasetError, match="raise --limit"):
        ran(data, "esconv", limit=1)


def test_progress_reaches_the_whole(data: Path) -> None:
    told: list[tuple[int, int]] = []
    run(
        yardsticks()["goemotions"],
        Parrot(),
        data,
        limit=None,
        workers=1,
        seed=1,
        progress=lambda *each: told.append(each),
    )
    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


# Choosing, and the command


def test_every_corpus_is_found() -> None:
    assert list(yardsticks()) == ["annomi", "epitome", "esconv", "goemotions"]


def test_without_names_those_are_taken_that_are_there(data: Path) -> None:
    for path in sorted((data / "esconv").iterdir()):
        path.unlink()
    (data / "esconv").rmdir()
    assert [each.name for each in chosen([], data)] == ["annomi", "epitome", "goemotions"]
    assert [each.name for each in chosen(["esconv", "esconv"], data)] == ["esconv"]


def test_unknown_name_and_empty_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="no yardstick is named 'imdb'; there are annomi"):
        chosen(["imdb"], tmp_path)
    with pytest.raises(DatasetError, match="holds none of the folders"):
        chosen([], tmp_path)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setattr(cli, "open_target", lambda _where: Parrot())
    app = typer.Typer()
    app.command()(cli.command)
    return app


def test_command_writes_figures_and_no_text(data: Path, tmp_path: Path, app: typer.Typer) -> None:
    out, markdown = tmp_path / "made" / "out.json", tmp_path / "out.md"
    result = CliRunner().invoke(app, ["--data", str(data), "--out", str(out), "--markdown", str(markdown)])
    assert result.exit_code == 0, result.output
    report = json.loads(out.read_text(encoding="utf-8"))
    assert [each["yardstick"] for each in report["results"]] == ["annomi", "epitome", "esconv", "goemotions"]
    assert report["header"]["target"]["model"] == "parrot"
    assert len(report["results"][1]["files"][epitome.FILES["explorations"]]) == 64
    text = markdown.read_text(encoding="utf-8")
    assert "| emotional reactions (0 3, 1 1, 2 1) | zero-shot | .800 (" in text
    assert "*published*: CauESC (fine-tuned on the training part; Chen et al. 2024) | .333 |" in text
    assert text in result.output
    for written in (text, out.read_text(encoding="utf-8"), result.output):
        assert SECRET not in written


def test_command_takes_names_and_a_limit(data: Path, tmp_path: Path, app: typer.Typer) -> None:
    out = tmp_path / "out.json"
    result = CliRunner().invoke(app, ["goemotions", "--data", str(data), "--limit", "2", "--out", str(out)])
    assert result.exit_code == 0, result.output
    report = json.loads(out.read_text(encoding="utf-8"))
    assert [(each["yardstick"], each["items"]) for each in report["results"]] == [("goemotions", 2)]
    assert report["header"]["limit"] == 2


def test_command_says_where_it_cannot_write(data: Path, app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["goemotions", "--data", str(data), "--markdown", str(data)])
    assert isinstance(result.exception, RecordError)
    assert "cannot write" in str(result.exception)
