"""Logs a record to MLflow, for teams that track their experiments there. MLflow is an extra: `amends[mlflow]`.

A record names items by id and holds no text of theirs. Its answers can quote exemplars, a company's own among them,
and the reasons of a score, so what is uploaded leaves the answers out unless they are asked for. MLflow would tell its
makers how it is used; from here it does not, unless MLFLOW_DISABLE_TELEMETRY says false.
"""

import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from amends_eval.errors import EvalError
from amends_eval.record import EndLine, Header, Record, SuiteLine, Writer, read
from amends_eval.suites.suite import Metric

EXPERIMENT = "amends"
_METRICS, _PARAMS = 1000, 100
"""In one call, the most that a tracking server takes. Source: MLflow's REST API, runs/log-batch."""
_SECRET = re.compile(r"(?<=//)[^/@\s]+@")
"""The user and password of an address."""
_FORBIDDEN = re.compile(r"[^\w\-./: ]")
"""What MLflow allows in no name."""


class TrackingError(EvalError):
    """MLflow that is not installed, or a tracking server that refuses a run."""


def log_record(path: Path, uri: str = "", *, experiment: str = EXPERIMENT, answers: bool = False) -> str:
    """Logs a record as one run: its header as parameters, every metric with its interval and n, itself as an artifact.

    Args:
        path: the record. One that did not end is logged as a run that was killed.
        uri: of the tracking server or its store; empty: MLFLOW_TRACKING_URI, or MLflow's own default.
        experiment: its name; made where there is none.
        answers: upload what the target answered to every item too.

    Returns:
        The id of the run.

    Raises:
        RecordError: the file is no record.
        TrackingError: MLflow is not installed, or cannot log the run.
    """
    mlflow = _mlflow()
    record = read(path)
    try:
        client = mlflow.MlflowClient(tracking_uri=uri or None)
        return _logged(client, mlflow.entities, record, path, experiment, whole=answers)
    except (mlflow.exceptions.MlflowException, OSError) as error:
        why = _SECRET.sub("", str(error))
        raise TrackingError(f"MLflow cannot log {path.name}: {why}; see --mlflow and MLFLOW_TRACKING_URI") from None


def run_name(header: Header) -> str:
    """The name of a run: the model, when it was asked, and the commit."""
    commit = f" {header.commit[:8]}{'+' if header.dirty else ''}" if header.commit else ""
    return f"{header.target.model} {header.target.version} {header.started:%Y-%m-%d %H:%M}{commit}"


def params(header: Header) -> Mapping[str, str]:
    """The header as parameters, with the names of nested fields joined by dots; lists by commas."""
    return dict(_flat("", header.model_dump(mode="json", exclude={"line", "started"})))


def metrics(record: Record) -> Mapping[str, float]:
    """Every metric that has a value as `suite.name`, with `.low` and `.high` where it has an interval, and `.n`."""
    each = (
        (f"{suite}.{metric.name}{part}", value)
        for suite, result in record.suites.items()
        for metric in result.metrics
        for part, value in _parts(metric)
    )
    return {_FORBIDDEN.sub("_", name): float(value) for name, value in each if value is not None}


def _parts(metric: Metric) -> Iterator[tuple[str, float | None]]:
    yield from (("", metric.value), (".low", metric.low), (".high", metric.high), (".n", metric.n))


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else name, inner)
    else:
        text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        yield _FORBIDDEN.sub("_", prefix), text


def _logged(client: Any, entities: Any, record: Record, path: Path, experiment: str, *, whole: bool) -> str:
    started_ms = int(record.header.started.timestamp() * 1000)
    found = client.get_experiment_by_name(experiment)
    where = found.experiment_id if found else client.create_experiment(experiment)
    run = client.create_run(where, start_time=started_ms, run_name=run_name(record.header))
    name: str = run.info.run_id
    try:
        for some in _batches([entities.Param(*each) for each in params(record.header).items()], _PARAMS):
            client.log_batch(name, params=some)
        for some in _batches([entities.Metric(*each, started_ms, 0) for each in metrics(record).items()], _METRICS):
            client.log_batch(name, metrics=some)
        with _artifact(record, path, whole=whole) as file:
            client.log_artifact(name, str(file))
    except BaseException:
        client.set_terminated(name, "FAILED")
        raise
    ended_ms = None if record.seconds is None else started_ms + int(record.seconds * 1000)
    client.set_terminated(name, "KILLED" if ended_ms is None else "FINISHED", ended_ms)
    return name


def _batches(each: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (each[first : first + size] for first in range(0, len(each), size))


@contextmanager
def _artifact(record: Record, path: Path, *, whole: bool) -> Iterator[Path]:
    """The file to upload: the record itself, or what is left of it without the answers, itself a record."""
    if whole:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / path.name
        with Writer(file) as writer:
            writer.add(record.header)
            for result in record.suites.values():
                writer.add(SuiteLine(result=result))
            if record.seconds is not None:
                writer.add(EndLine(seconds=record.seconds))
        yield file


def _mlflow() -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # which it reads when it is imported
    try:
        import mlflow
    except ImportError as error:
        raise TrackingError("MLflow is not installed: pip install 'amends[mlflow]'") from error
    return mlflow
