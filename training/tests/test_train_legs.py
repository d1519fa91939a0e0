"""Going on: from a released bundle, in legs, as the mean of all ends."""

from copy import deepcopy
from pathlib import Path

import amends_train.fit
import numpy as np
import pytest
import torch
from amends_core.bundle import DEFAULT_BUNDLE
from amends_train.bases import BASES
from amends_train.export import Graph
from amends_train.fit import FitOptions, predict
from amends_train.legs import fitted_head, leg, mean_of, mean_of_legs
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


def test_a_mean_lies_between_all_by_their_shares() -> None:
    states = [{"w": torch.full((2,), value), "n": torch.tensor(int(value))} for value in (0.0, 1.0, 4.0)]
    mean = mean_of(states, (1, 2, 1))
    assert (mean["w"].tolist(), int(mean["n"])) == ([1.5, 1.5], 4)


def test_a_mean_wants_a_share_of_each() -> None:
    with pytest.raises(ValueError, match="zip"):
        mean_of([{"w": torch.zeros(1)}, {"w": torch.ones(1)}], (1,))


def test_a_leg_goes_on_from_a_network(tmp_path: Path) -> None:
    base = BASES["minilm-l6"].load(tmp_path)
    before = deepcopy(network_of_graph(GRAPH, base))
    after = leg(before, base, CORPUS, OPTIONS, 1, tmp_path / "epoch.pt")
    moved = (after.heads.bias - before.heads.bias).detach().abs().max()
    assert 0 < float(moved) < 0.1


def test_a_head_that_is_fitted_says_what_was_said() -> None:
    rng = np.random.default_rng(3)
    seen, truth, stood = (rng.normal(0, 1, shape).astype(np.float32) for shape in ((500, 8), (2, 8), (2, 8)))
    weight, bias = fitted_head(seen, seen @ truth.T + 3.0, stood)
    np.testing.assert_allclose(weight, truth, atol=0.02)
    np.testing.assert_allclose(bias, [3.0, 3.0], atol=0.02)


def test_the_mean_of_legs_reads_care_as_the_first_did_and_labels_by_the_shares(tmp_path: Path) -> None:
    base = BASES["minilm-l6"].load(tmp_path)
    first = deepcopy(network_of_graph(GRAPH, base))
    last = leg(first, base, CORPUS, OPTIONS, 1, tmp_path / "epoch.pt")
    passages = [(row.text, "") for row in CORPUS.agents]
    before = predict(first, base, passages)
    mean = mean_of_legs([first, last], (1, 3), base, CORPUS, OPTIONS)
    moved = np.abs(predict(mean, base, passages) - before)
    assert moved.max(axis=0)[CARE] * 5 < moved.max()
    a, b, between = (each.heads.bias.detach()[LABEL_COLUMNS] for each in (first, last, mean))
    torch.testing.assert_close(between, (a + 3 * b) / 4)
    assert not torch.equal(between, a)


def test_the_running_mean_stays_behind_the_last_weights(tmp_path: Path) -> None:
    start = network_of_graph(GRAPH, BASES["minilm-l6"].load(tmp_path)).state_dict()
    start = {name: weight.clone() for name, weight in start.items()}

    def moved(decay: float) -> float:
        options = FitOptions(epochs=1, batch_size=1, mean_decay=decay, head_rate=1e-2)
        network = amends_train.fit.fit(BASES["minilm-l6"].load(tmp_path), CORPUS, options, start=start)
        return float((network.heads.bias.detach() - start["heads.bias"]).norm())

    assert 0 < moved(0.9) < moved(0.0)
