"""The recipe: from labelled rows to a checked bundle. Seeded, resumable, with a record of the run."""

import hashlib
import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_model, save_model
from sentence_transformers import SentenceTransformer

from amends_train.bases import BASES
from amends_train.bundle_writer import BundleFacts, write_bundle
from amends_train.calibrate import Calibration, calibrate
from amends_train.card import card_of
from amends_train.conversations import read_conversations, unlabelled
from amends_train.distil import passages_of, soft_targets
from amends_train.export import Graph, embedding_gap, export_fp32, quantise
from amends_train.fit import FitOptions, fit
from amends_train.legs import leg, mean_of_legs
from amends_train.measure import agent_figures, claims, customer_figures, pairs_right, per_label, probabilities
from amends_train.network import Network, dimension_of, network_of
from amends_train.released import network_of_graph
from amends_train.rows import (
    AgentRow,
    CustomerRow,
    join_real,
    read_agents,
    read_customers,
    read_extra,
    read_sentences,
)
from amends_train.samples import Corpus, Further, Passage

PARITY = 1e-5
"""Most that the fp32 graph's embeddings may differ from sentence-transformers'."""
INVARIANCE = 1e-3
"""Most that a sentence's probabilities may differ between two runs of the served graph."""
PACKAGES = (
    "torch",
    "sentence-transformers",
    "transformers",
    "onnx",
    "onnxruntime",
    "scikit-learn",
)


class GateFailed(RuntimeError):
    """A bundle that must not ship; the message says which gate and by how much."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the recipe reads."""

    agents: Sequence[AgentRow]
    customers: Sequence[CustomerRow]
    dev_agents: Sequence[AgentRow]
    """Rows that calibrate; no author of theirs wrote a training row."""
    dev_customers: Sequence[CustomerRow]
    further: Sequence[Further]
    """Passages of conversations: graded replies teach care, and a teacher labels them all."""
    checksum: str
    """Of the training rows: the version of the training data."""
    unseen: Sequence[AgentRow] = ()
    """Rows of authors by whom nothing is taught or calibrated: how well a new hand is read."""


@dataclass(frozen=True, slots=True)
class Pupil:
    """A base model, and how it is fine-tuned."""

    base: str
    """A name of `BASES`."""
    options: FitOptions
    legs: int = 0
    """How often it goes on for another pass; what it is in the end is the mean of the start and of each end."""
    shares: tuple[float, ...] = ()
    """Of the start and of each leg in that mean; empty: all alike."""
    start: Path | None = None
    """Graph of a released bundle to go on from; None: from the base model, for the epochs of its options."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is made, where."""

    name: str
    version: str
    work: Path
    """Holds what can be resumed; safe to delete."""
    out: Path
    student: Pupil
    teacher: Pupil | None = None
    """Trained first, on the labels; the student learns from its word too. None: from the labels alone."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the rows lie."""

    data: Path
    """Folder of rows: `agents/*.jsonl`, `customers/*.jsonl` and conversations teach; `unseen/*.jsonl` only measure."""
    extra_labels: Path | None
    """Labels of real training sentences; None trains on written ones alone."""
    extra_texts: Path | None
    dev_agents: Path
    dev_customers: Path
    real_labels: Path
    """Labels of real development sentences."""
    real_texts: Path | None
    """The sentences themselves, which do not ship; None calibrates on hand-written rows alone."""


def read_inputs(sources: Sources) -> Inputs:
    """Reads training and development rows.

    Raises:
        RowError: a row breaks the format.
        ValueError: an author of training rows wrote development rows too.
    """
    agents, customers = read_agents(sources.data / "agents"), read_customers(sources.data / "customers")
    further = read_conversations(sources.data)
    if sources.extra_labels is not None and sources.extra_texts is not None:
        agents += read_extra(sources.extra_labels, sources.extra_texts)
        further += unlabelled(read_sentences(sources.extra_texts).values())
    dev_agents, dev_customers = read_agents(sources.dev_agents), read_customers(sources.dev_customers)
    if sources.real_texts is not None:
        dev_agents += join_real(sources.real_labels, sources.real_texts)
    unseen = read_agents(sources.data / "unseen")
    shared = {row.author for row in (*agents, *customers)} & {
        row.author for row in (*dev_agents, *dev_customers, *unseen)
    }
    if shared:
        raise ValueError(f"authors of training rows wrote development rows too: {', '.join(sorted(shared))}")
    digest = hashlib.sha256()
    for row in (*agents, *customers):
        digest.update(json.dumps(asdict(row), sort_keys=True).encode())
    for one in further:
        digest.update(repr((one.passage, float(one.target.sum()))).encode())
    known = {(row.text, "") for row in agents}
    further = [one for one in further if one.passage not in known or one.weight.any()]
    return Inputs(agents, customers, dev_agents, dev_customers, further, digest.hexdigest(), unseen)


def run(recipe: Recipe, inputs: Inputs) -> Mapping[str, float]:
    """Makes the bundle at `recipe.out` and gives its figures on the development rows.

    Raises:
        BaseMissing: the package of a base model is not installed.
        GateFailed: the graph differs from sentence-transformers, or is not deterministic.
    """
    started = time.time()
    recipe.work.mkdir(parents=True, exist_ok=True)
    base, network = _trained(recipe, inputs)
    fp32, int8 = recipe.work / "fp32.onnx", recipe.work / "int8.onnx"
    export_fp32(network, fp32)
    quantise(fp32, int8)
    most_tokens = recipe.student.options.max_tokens
    probe = [row.text for row in inputs.dev_agents][:200] or [row.text for row in inputs.agents][:200]
    gap = embedding_gap(Graph(fp32, base, most_tokens), base, probe)
    _gate("embeddings against sentence-transformers", gap, PARITY)
    served = Graph(int8, base, most_tokens)
    agents = [(row.text, "") for row in inputs.dev_agents]
    agent_logits = served.run(agents)[1]
    customer_logits = served.run([(row.text, row.context) for row in inputs.dev_customers])[1]
    calibration = calibrate(inputs.dev_agents, agent_logits, inputs.dev_customers, customer_logits)
    full = Graph(fp32, base, most_tokens).run(agents)[1]
    figures = {
        **_named("dev_agents", agent_figures(inputs.dev_agents, agent_logits, calibration)),
        **_named("dev_customers", customer_figures(inputs.dev_customers, customer_logits)),
        **_named("unseen", _unseen_figures(inputs.unseen, served, calibration)),
        "embedding_gap": gap,
        "repeat_gap": _repeat_gap(served, agents, agent_logits, calibration),
        "int8_flips": _flips(full, agent_logits, calibration),
    }
    _gate("probabilities when run again in another order", figures["repeat_gap"], INVARIANCE)
    _write(recipe, inputs, base, int8, calibration, figures)
    _record(recipe, inputs, figures, per_label(inputs.dev_agents, agent_logits, calibration), time.time() - started)
    return figures


def _unseen_figures(rows: Sequence[AgentRow], graph: Graph, calibration: Calibration) -> Mapping[str, float]:
    """What `agent_figures` gives, and the share of pairs that are read right; nothing without rows."""
    if not rows:
        return {}
    logits = graph.run([(row.text, "") for row in rows])[1]
    pairs = pairs_right(rows, claims(logits, calibration))
    return {**agent_figures(rows, logits, calibration), "pairs_right": pairs}


def _trained(recipe: Recipe, inputs: Inputs) -> tuple[SentenceTransformer, Network]:
    """The trained student, taught by the teacher where there is one."""
    corpus, teacher = Corpus(inputs.agents, inputs.customers, inputs.further), recipe.teacher
    if teacher is None:
        return _student(recipe.student, recipe.work, lambda: corpus, inputs.checksum)

    @cache
    def taught() -> Corpus:
        base, network = _pupil(teacher, recipe.work, lambda: corpus, inputs.checksum)
        return replace(corpus, soft=soft_targets(network, base, passages_of(corpus), teacher.options.max_tokens))

    return _student(recipe.student, recipe.work, taught, f"{inputs.checksum} after {teacher}")


def _student(pupil: Pupil, work: Path, corpus: Callable[[], Corpus], data: str) -> tuple[SentenceTransformer, Network]:
    """The trained network; after legs, the mean of where they began and ended."""
    ends = [_pupil(replace(pupil, legs=number, shares=()), work, corpus, data) for number in range(pupil.legs + 1)]
    base, network = ends[-1]
    if len(ends) == 1:
        return base, network
    shares = pupil.shares or (1.0,) * len(ends)
    return base, mean_of_legs([one for _, one in ends], shares, base, corpus(), pupil.options)


def _pupil(pupil: Pupil, work: Path, corpus: Callable[[], Corpus], data: str) -> tuple[SentenceTransformer, Network]:
    """A trained network, from the work folder where it was trained before on the same data with the same options."""
    begun = hashlib.sha256(pupil.start.read_bytes()).hexdigest() if pupil.start else ""
    key = hashlib.sha256(f"{data} {replace(pupil, start=None)} {begun} {_packages()}".encode()).hexdigest()[:16]
    folder = work / f"{pupil.base}-{key}"
    weights = folder / "network.safetensors"
    if weights.exists():
        base = BASES[pupil.base].load(work)
        network = network_of(base)
        load_model(network, str(weights))
        return base, network.eval()
    folder.mkdir(parents=True, exist_ok=True)
    base, network = _train(pupil, work, corpus, data, folder / "epoch.pt")
    save_model(network, str(weights.with_suffix(".partial")))
    weights.with_suffix(".partial").rename(weights)
    (folder / "epoch.pt").unlink(missing_ok=True)
    return base, network


def _train(
    pupil: Pupil, work: Path, corpus: Callable[[], Corpus], data: str, checkpoint: Path
) -> tuple[SentenceTransformer, Network]:
    """From what it begins with, or from the pupil of one leg less."""
    if pupil.legs:
        base, network = _pupil(replace(pupil, legs=pupil.legs - 1), work, corpus, data)
        return base, leg(network, base, corpus(), pupil.options, pupil.legs, checkpoint)
    base = BASES[pupil.base].load(work)
    if pupil.start is not None:
        return base, network_of_graph(pupil.start, base)
    return base, fit(base, corpus(), pupil.options, checkpoint)


def _repeat_gap(graph: Graph, passages: Sequence[Passage], logits: np.ndarray, calibration: Calibration) -> float:  # type: ignore[type-arg]
    """Largest change of a probability when the same sentences are run again, last first."""
    again = graph.run(passages[::-1])[1][::-1]
    return float(np.abs(probabilities(again, calibration) - probabilities(logits, calibration)).max())


def _flips(full: np.ndarray, served: np.ndarray, calibration: Calibration) -> float:  # type: ignore[type-arg]
    """Share of label decisions that int8 makes otherwise than fp32."""
    return float((claims(full, calibration) != claims(served, calibration)).mean())


def _named(prefix: str, figures: Mapping[str, float]) -> Mapping[str, float]:
    return {f"{prefix}_{name}": value for name, value in figures.items()}


def _gate(what: str, value: float, most: float) -> None:
    if value > most:
        raise GateFailed(f"{what} differ by {value:.2e}, more than {most:.0e}")


def _write(
    recipe: Recipe,
    inputs: Inputs,
    base: SentenceTransformer,
    graph: Path,
    calibration: Calibration,
    figures: Mapping[str, float],
) -> None:
    facts = BundleFacts(
        name=recipe.name,
        version=recipe.version,
        base_model=BASES[recipe.student.base].hub_name,
        licence="Apache-2.0",
        max_tokens=recipe.student.options.max_tokens,
        dimension=dimension_of(base),
        training_data=f"sha256:{inputs.checksum}",
        metrics=figures,
    )
    teacher = BASES[recipe.teacher.base] if recipe.teacher else None
    card = card_of(facts, inputs.agents, inputs.customers, (inputs.dev_agents, inputs.dev_customers), teacher)
    tokenizer = base.tokenizer.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.no_truncation()
    write_bundle(recipe.out, graph, tokenizer.to_str(), calibration, facts, card)


def _record(
    recipe: Recipe,
    inputs: Inputs,
    figures: Mapping[str, float],
    labels: Mapping[str, tuple[int, int, int]],
    seconds: float,
) -> None:
    record = {
        "format": 2,
        "name": recipe.name,
        "version": recipe.version,
        "student": _told(recipe.student),
        "teacher": _told(recipe.teacher) if recipe.teacher else None,
        "training_data": inputs.checksum,
        "rows": {"agents": len(inputs.agents), "customers": len(inputs.customers), "further": len(inputs.further)},
        "packages": _packages(),
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "seconds": round(seconds),
        "figures": figures,
        "true_false_missed": labels,
    }
    path = recipe.work / "run.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _told(pupil: Pupil) -> Mapping[str, object]:
    return {**asdict(pupil), "start": str(pupil.start) if pupil.start else None}


def _packages() -> Mapping[str, str]:
    return {package: version(package) for package in PACKAGES}
