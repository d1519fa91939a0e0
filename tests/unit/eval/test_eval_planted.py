"""Regressions planted on purpose: the gate must catch each, and nothing where nothing was planted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from amends_core import bundle as core_bundle
from amends_core import local as core_local
from amends_core import playbooks as core_playbooks
from amends_core.bundle import Bundle
from amends_core.encoder import Encoding, OnnxEncoder
from amends_core.playbooks import Playbook, PlaybookLibrary
from amends_core.taxonomy import Step
from amends_core.text.normal import normalise
from amends_eval import record
from amends_eval.bars import load_bars
from amends_eval.gate import Verdict, gate
from amends_eval.record import Record
from amends_eval.run import Options, run
from amends_eval.suites.catalogue import chosen
from amends_eval.targets import in_process, open_target

Encode = Callable[[str], Encoding]
Measured = Callable[..., Record]


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """The shipped one without the graph, which only `encode` runs: a test that fails prints what it was given."""
    return replace(core_bundle.load_bundle(), model=b"", tokenizer="")


@pytest.fixture(scope="module")
def encode() -> Encode:
    """The shipped encoder, which reads every text once for all tests."""
    return lru_cache(maxsize=None)(OnnxEncoder(core_bundle.load_bundle()).encode)


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encode: Encode, bundle: Bundle) -> Measured:
    """Measures the shipped model, or one whose encoder, bundle or playbooks were tampered with."""

    def measure(suites: Sequence[str], limit: int, **tampered: Any) -> Record:
        encoder = tampered.get("encoder", encode)
        monkeypatch.setattr(core_local, "OnnxEncoder", lambda _: _Encoder(encoder))
        monkeypatch.setattr(in_process, "load_bundle", lambda _: tampered.get("bundle", bundle))
        monkeypatch.setattr(
            in_process, "load_library", lambda _: tampered.get("library", core_playbooks.load_library())
        )
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.jsonl"
        with open_target("") as target:
            run(chosen(suites), target, path, Options(limit=limit, workers=1))
        return record.read(path)

    return measure


class _Encoder:
    def __init__(self, encode: Encode) -> None:
        self.encode = encode


def gated(candidate: Record, baseline: Record) -> Verdict:
    return gate(candidate, baseline, load_bars())


def shuffled(library: PlaybookLibrary) -> PlaybookLibrary:
    """Each step explained by the exemplars of another."""
    return PlaybookLibrary([replace(playbook, exemplars=_turned(playbook)) for playbook in library])


def _turned(playbook: Playbook) -> Mapping[Step, tuple[str, ...]]:
    steps = list(playbook.exemplars)
    return {step: playbook.exemplars[other] for step, other in zip(steps, [*steps[1:], steps[0]], strict=True)}


def with_threshold(bundle: Bundle, output: str, threshold: float) -> Bundle:
    thresholds = {**bundle.manifest.thresholds, output: threshold}
    return replace(bundle, manifest=replace(bundle.manifest, thresholds=thresholds))


class NeighbourReader:
    """Lets the text before change the numbers of this one, as dynamic quantisation over a batch does."""

    def __init__(self, encode: Encode, reach: float) -> None:
        self._encode, self._reach, self._before = encode, reach, 0

    def __call__(self, text: str) -> Encoding:
        encoding = self._encode(normalise(text))
        shift = self._reach * (self._before % 7 - 3)
        self._before = len(text)
        return replace(encoding, logits=encoding.logits + shift)


def test_the_same_model_passes_its_own_gate(measured: Measured) -> None:
    suites = ["determinism", "exemplars", "labels"]
    assert gated(measured(suites, 40), measured(suites, 40)).reasons == ()


def test_shuffled_exemplars_are_caught_by_what_they_say_themselves(measured: Measured) -> None:
    library = shuffled(core_playbooks.load_library())
    verdict = gated(measured(["exemplars"], 16, library=library), measured(["exemplars"], 16))
    assert any(reason.startswith("exemplars:ranked.exemplars_agree: worse") for reason in verdict.reasons)
    assert any(reason.startswith("exemplars:ranked.all_agree: worse") for reason in verdict.reasons)


@pytest.mark.parametrize(("threshold", "figure"), [(0.9999, "recall"), (0.0005, "precision")])
def test_one_moved_threshold_is_caught_at_its_label(
    measured: Measured, bundle: Bundle, threshold: float, figure: str
) -> None:
    moved = with_threshold(bundle, "step:APOLOGIZE", threshold)
    verdict = gated(measured(["steps"], 400, bundle=moved), measured(["steps"], 400))
    assert any(r.startswith(f"steps:sentences.{figure}.APOLOGIZE: worse") for r in verdict.reasons), verdict.reasons
    others = [reason for reason in verdict.reasons if "." in reason.split(":")[1].partition(".")[2]]
    assert all("APOLOGIZE" in reason for reason in others)


def test_a_bundle_whose_neighbours_change_its_numbers_is_caught(measured: Measured, encode: Encode) -> None:
    variant = NeighbourReader(encode, 0.4)
    verdict = gated(measured(["determinism"], 64, encoder=variant), measured(["determinism"], 64))
    missed = [reason.split(": ")[0] for reason in verdict.reasons if "misses the bar" in reason]
    assert missed == ["determinism:determinism.flips", "determinism:determinism.largest_change"]
    assert any(reason.startswith("determinism:determinism.changed: worse") for reason in verdict.reasons)


def test_a_change_too_small_to_flip_anything_is_caught_by_its_size(measured: Measured, encode: Encode) -> None:
    variant = NeighbourReader(encode, 0.002)
    verdict = gated(measured(["determinism"], 64, encoder=variant), measured(["determinism"], 64))
    assert any(reason.startswith("determinism:determinism.largest_change: ") for reason in verdict.reasons)
