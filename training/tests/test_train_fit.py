"""The loss: labels by themselves, and what two voices of one sentence are given."""

import numpy as np
import pytest
import torch
from amends_core.bundle import OUTPUTS
from amends_train.fit import FitOptions, _labels_loss, _twins_loss
from amends_train.targets import ACTS, CARE, UPSET, agent_target
from torch import Tensor
from train_builders import agent_row


def logits_of(rows: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(1).normal(0, 2, (rows, len(OUTPUTS))).astype(np.float32))


def test_voices_that_are_told_the_same_cost_nothing() -> None:
    logits = logits_of(3)
    assert float(_twins_loss(torch.cat([logits, logits[1:2]]), torch.tensor([1]))) == 0


def test_a_batch_without_second_readings_costs_nothing() -> None:
    assert float(_twins_loss(logits_of(3), torch.tensor([], dtype=torch.long))) == 0


@pytest.mark.parametrize(("column", "counts"), [(0, True), (CARE, True), (UPSET, False), (ACTS.start, False)])
def test_voices_are_held_together_in_labels_and_care(column: int, counts: bool) -> None:
    logits = logits_of(2).repeat(2, 1)
    logits[3, column] += 1.0
    assert (float(_twins_loss(logits, torch.tensor([0, 1]))) > 0) == counts


def test_descent_brings_two_voices_together() -> None:
    logits = logits_of(2).requires_grad_()
    before = _twins_loss(logits, torch.tensor([0]))
    before.backward()
    assert logits.grad is not None
    after = _twins_loss(logits.detach() - 0.5 * logits.grad, torch.tensor([0]))
    assert float(after) < float(before.detach())


def test_what_nobody_knows_costs_nothing() -> None:
    target, weight = (torch.from_numpy(each)[None] for each in agent_target(agent_row("x", "THANK:1")))
    told = torch.where(target > 0, 9.0, -9.0)
    unknown = torch.where(weight > 0, told, -told)
    options = FitOptions()
    assert float(_labels_loss(told, target, weight, options)) == pytest.approx(
        float(_labels_loss(unknown, target, weight, options))
    )
