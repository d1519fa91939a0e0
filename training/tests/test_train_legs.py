"""Going on: from a released bundle, in legs, as the mean of before and after."""

from pathlib import Path

import amends_train.fit
import numpy as np
import pytest
import torch
from amends_core.bundle import DEFAULT_BUNDLE
from amends_train.bases import BASES
from amends_train.export import Graph
from amends_train.fit import FitOptions, fit, predict
from amends_train.legs import fitted_head, leg, mean_of
from amends_train.released import NotOurs, network_of_graph
from amends_train.samples import Corpus, Passage
from amends_train.targets import CARE, LABEL_COLUMNS
from train_builders import agent_row, customer_row

GRAPH = DEFAULT_BUNDLE / "model.onnx"
PASSAGES: list[Passage] = [
    ("I'm so sorry about the wait.", ""),
    ("You should have read the terms.", ""),
    ("I'll call you by five.", "Will anybody call me?"),
]
CORPUS = Corpus([agent_row(text, "THANK:1") for text in ("Thanks a lot.", "Cheers, pal.", "Ta.")], [customer_row()])
OPTIONS = FitOptions(epochs=1, batch_size=1)


def test_a_network_comes_back_out_of_a_released_graph(tmp_path: Path) -> None:
    base = BASES["minilm-l6"].load(tmp_path)
    network = network_of_graph(GRAPH, base)
    served = Graph(GRAPH, base, 128).run(PASSAGES)[1]
    assert np.abs(predict(network, base, PASSAGES) - served).mean() < 0.2 < np.abs(served).mean()


def test_a_graph_of_another_base_is_refused(tmp_path: Path) -> None:
    base = BASES["minilm-l6"].load(tmp_path)
    base[0].auto_model.encoder.layer = base[0].auto_model.encoder.layer[:0]
    base[0].auto_model.embeddings.word_embeddings = torch.nn.Embedding(7, 384)
    with pytest.raises(NotOurs, match=r"model\.onnx is no graph of this base model"):
        network_of_graph(GRAPH, base)


def test_a_mean_lies_between_before_and_after_by_its_share() -> None:
    before, after = {"w": torch.zeros(2), "n": torch.tensor(1)}, {"w": torch.ones(2), "n": torch.tensor(9)}
    mean = mean_of(before, after, 0.25)
    assert (mean["w"].tolist(), int(mean["n"])) == ([0.25, 0.25], 9)


def test_a_leg_gives_the_middle_between_what_it_began_with_and_its_running_mean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = BASES["minilm-l6"].load(tmp_path)
    network = network_of_graph(GRAPH, base)
    before = network.heads.bias.detach().clone()
    ended: list[torch.Tensor] = []

    def spied(*arguments: object) -> object:
        after = fit(*arguments)  # type: ignore[arg-type]
        ended.append(after.heads.bias.detach().clone())
        return after

    monkeypatch.setattr("amends_train.legs.fit", spied)
    mean = leg(network, base, CORPUS, OPTIONS, 1, tmp_path / "epoch.pt").heads.bias.detach()
    torch.testing.assert_close(mean[LABEL_COLUMNS], ((before + ended[0]) / 2)[LABEL_COLUMNS])
    assert not torch.equal(mean, before)


def test_a_head_that_is_fitted_says_what_was_said() -> None:
    rng = np.random.default_rng(3)
    seen, truth, stood = (rng.normal(0, 1, shape).astype(np.float32) for shape in ((500, 8), (2, 8), (2, 8)))
    weight, bias = fitted_head(seen, seen @ truth.T + 3.0, stood)
    np.testing.assert_allclose(weight, truth, atol=0.02)
    np.testing.assert_allclose(bias, [3.0, 3.0], atol=0.02)


def test_a_leg_leaves_care_as_it_was_read(tmp_path: Path) -> None:
    base = BASES["minilm-l6"].load(tmp_path)
    network = network_of_graph(GRAPH, base)
    passages = [(row.text, "") for row in CORPUS.agents]
    before = predict(network, base, passages)
    after = predict(leg(network, base, CORPUS, OPTIONS, 1, tmp_path / "epoch.pt"), base, passages)
    moved = np.abs(after - before).max(axis=0)
    assert moved[CARE] * 5 < moved.max()


def test_the_running_mean_stays_behind_the_last_weights(tmp_path: Path) -> None:
    start = network_of_graph(GRAPH, BASES["minilm-l6"].load(tmp_path)).state_dict()
    start = {name: weight.clone() for name, weight in start.items()}

    def moved(decay: float) -> float:
        options = FitOptions(epochs=1, batch_size=1, mean_decay=decay, head_rate=1e-2)
        network = amends_train.fit.fit(BASES["minilm-l6"].load(tmp_path), CORPUS, options, start=start)
        return float((network.heads.bias.detach() - start["heads.bias"]).norm())

    assert 0 < moved(0.9) < moved(0.0)
