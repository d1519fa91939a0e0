"""Logging a record to MLflow."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from amends_eval import tracking
from amends_eval.answers import SentenceAnswer
from amends_eval.errors import EvalError
from amends_eval.record import AnswerLine, DatasetUsed, EndLine, Header, SuiteLine, Writer, read
from amends_eval.suites.suite import Metric, Outcome, SuiteResult
from amends_eval.targets import Identity

STARTED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def header(**changed: Any) -> Header:
    fields: dict[str, Any] = {
        "started": STARTED,
        "target": Identity(where="in process", model="tiny", version="1.2", sha256="ab", playbooks={"unified": "1"}),
        "suites": ("steps", "gaming"),
        "datasets": {"real": DatasetUsed(version=1, half="dev", sha256="cd", rows=7)},
        "limit": None,
        "seed": 3,
        "commit": "0123456789abcdef",
        "dirty": True,
        "packages": {"numpy": "2.0"},
        "python": "3.11",
        "machine": "m",
    }
    return Header(**{**fields, **changed})


METRICS = (
    Metric(name="real.micro_f1", value=0.5, low=0.4, high=0.6, n=7, clusters=3),
    Metric(name="real.f1.a|b (c)", value=0.25, n=1),
    Metric(name="real.unknown", value=None, n=0),
)
OUTCOME = Outcome(dataset="real", id="r1", ok=True, expected="THANK", found="THANK", slices={}, cluster="c")


def write(path: Path, *, whole: bool = True, head: Header | None = None, metrics: tuple[Metric, ...] = METRICS) -> Path:
    answer = SentenceAnswer(probability={"THANK": 0.9}, claimed=("THANK",), strong=())
    with Writer(path) as writer:
        writer.add(head or header())
        writer.add(AnswerLine(dataset="real", id="r1", part="", seconds=0.1, answer=answer))
        writer.add(SuiteLine(result=SuiteResult(suite="steps", metrics=metrics, outcomes=(OUTCOME,))))
        if whole:
            writer.add(EndLine(seconds=2.5))
    return path


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    pytest.importorskip("mlflow", reason="MLflow is an extra")
    # The lean client has no database; a folder is all that a test needs.
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    return (tmp_path / "store").as_uri()


def logged(store: str, run: str) -> Any:
    import mlflow

    return mlflow.MlflowClient(tracking_uri=store).get_run(run)


def uploaded(store: str, run: str, folder: Path) -> Path:
    import mlflow

    folder.mkdir()
    return Path(mlflow.MlflowClient(tracking_uri=store).download_artifacts(run, "rec.jsonl", str(folder)))


def test_every_metric_is_logged_with_its_interval_and_n(tmp_path: Path, store: str) -> None:
    run = logged(store, tracking.log_record(write(tmp_path / "rec.jsonl"), store))
    assert run.data.metrics == {
        "steps.real.micro_f1": 0.5,
        "steps.real.micro_f1.low": 0.4,
        "steps.real.micro_f1.high": 0.6,
        "steps.real.micro_f1.n": 7.0,
        "steps.real.f1.a_b _c_": 0.25,
        "steps.real.f1.a_b _c_.n": 1.0,
        "steps.real.unknown.n": 0.0,
    }


def test_header_becomes_parameters_and_the_name_of_the_run(tmp_path: Path, store: str) -> None:
    run = logged(store, tracking.log_record(write(tmp_path / "rec.jsonl"), store))
    assert run.info.run_name == "tiny 1.2 2026-03-01 09:30 01234567+"
    assert run.data.params["datasets.real.half"] == "dev"
    assert run.data.params["target.playbooks.unified"] == "1"
    assert run.data.params["suites"] == "steps,gaming"
    assert run.data.params["limit"] == "None"


def test_run_has_the_times_of_the_record(tmp_path: Path, store: str) -> None:
    info = logged(store, tracking.log_record(write(tmp_path / "rec.jsonl"), store)).info
    assert info.start_time == STARTED.timestamp() * 1000
    assert (info.status, info.end_time - info.start_time) == ("FINISHED", 2500)


def test_record_that_did_not_end_is_a_killed_run(tmp_path: Path, store: str) -> None:
    run = logged(store, tracking.log_record(write(tmp_path / "rec.jsonl", whole=False), store))
    assert run.info.status == "KILLED"


def test_uploaded_record_leaves_the_answers_out_and_can_be_read(tmp_path: Path, store: str) -> None:
    path = write(tmp_path / "rec.jsonl")
    found = read(uploaded(store, tracking.log_record(path, store), tmp_path / "down"))
    assert found.answers == ()
    assert found.header == read(path).header
    assert found.suites["steps"].outcomes == (OUTCOME,)
    assert found.seconds == 2.5


def test_answers_are_uploaded_where_asked_for(tmp_path: Path, store: str) -> None:
    path = write(tmp_path / "rec.jsonl")
    run = tracking.log_record(path, store, answers=True)
    assert uploaded(store, run, tmp_path / "down").read_bytes() == path.read_bytes()


def test_second_record_joins_the_experiment_of_the_first(tmp_path: Path, store: str) -> None:
    path = write(tmp_path / "rec.jsonl")
    first, second = (logged(store, tracking.log_record(path, store, experiment="trial")) for _ in range(2))
    assert first.info.experiment_id == second.info.experiment_id
    assert first.info.run_id != second.info.run_id


def test_more_than_one_call_holds_is_logged_in_batches(tmp_path: Path, store: str) -> None:
    many = tuple(Metric(name=f"m{index}", value=0.5, n=1) for index in range(600))
    packages = {f"p{index}": "1" for index in range(150)}
    path = write(tmp_path / "rec.jsonl", head=header(packages=packages), metrics=many)
    data = logged(store, tracking.log_record(path, store)).data
    assert len(data.metrics) == 1200
    assert sum(name.startswith("packages.") for name in data.params) == 150


def test_address_comes_from_the_environment(tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    assert logged(store, tracking.log_record(write(tmp_path / "rec.jsonl"))).info.status == "FINISHED"


def test_refusal_is_told_without_the_password_of_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow", reason="MLflow is an extra")

    def refuse(**_: Any) -> None:
        raise mlflow.exceptions.MlflowException("no answer from https://ann:secret@tracker/api")

    monkeypatch.setattr(mlflow, "MlflowClient", refuse)
    with pytest.raises(tracking.TrackingError) as told:
        tracking.log_record(write(tmp_path / "rec.jsonl"), "https://ann:secret@tracker")
    assert "secret" not in str(told.value)
    assert "https://tracker/api" in str(told.value)
    assert "--mlflow" in str(told.value)


def test_mlflow_tells_its_makers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow", reason="MLflow is an extra")
    monkeypatch.delenv("MLFLOW_DISABLE_TELEMETRY", raising=False)
    script = (
        "from amends_eval import tracking; tracking._mlflow(); "
        "from mlflow.environment_variables import MLFLOW_DISABLE_TELEMETRY as is_off; print(is_off.get())"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True"]


def test_missing_mlflow_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(EvalError, match=r"pip install 'amends\[mlflow\]'"):
        tracking.log_record(write(tmp_path / "rec.jsonl"))
