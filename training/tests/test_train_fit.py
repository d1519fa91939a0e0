"""The loss: labels by themselves, and what two voices of one sentence are given."""

import numpy as np
import pytest
import torch
from amends_core.bundle import OUTPUTS
from amends_train.fit import FitOptions, _labels_loss, _twins_loss
from amends_train.targets import ACTS, CARE, STEP_COLUMNS, STRONG_COLUMNS, UPSET, agent_target
from torch import Tensor
from train_builders import agent_row


def logits_of(rows: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(1).normal(0, 2, (rows, len(OUTPUTS))).astype(np.float32))


def test_voices_that_are_told_the_same_cost_nothing() -> None:
    logits = logits_of(3)
    assert float(_twins_loss(torch.cat([logits, logits[1:2]]), torch.tensor([1]), FitOptions())) == 0


def test_a_batch_without_second_readings_costs_nothing() -> None:
    assert float(_twins_loss(logits_of(3), torch.tensor([], dtype=torch.long), FitOptions())) == 0


@pytest.mark.parametrize(("column", "counts"), [(0, True), (CARE, True), (UPSET, False), (ACTS.start, False)])
def test_voices_are_held_together_in_labels_and_care(column: int, counts: bool) -> None:
    logits = logits_of(2).repeat(2, 1)
    logits[3, column] += 1.0
    assert (float(_twins_loss(logits, torch.tensor([0, 1]), FitOptions())) > 0) == counts


@pytest.mark.parametrize(("said", "counts"), [(9.0, True), (-30.0, False)])
def test_how_strongly_a_step_is_said_counts_where_it_is_said(said: float, counts: bool) -> None:
    logits = logits_of(1).repeat(2, 1)
    logits[:, STEP_COLUMNS[0]] = said
    logits[1, STRONG_COLUMNS[0]] += 1.0
    assert (float(_twins_loss(logits, torch.tensor([0]), FitOptions())) > 1e-9) == counts


def test_care_weighs_as_much_as_it_is_told_to() -> None:
    logits = logits_of(1).repeat(2, 1)
    logits[1, CARE] += 1.0
    one, eight = (
        float(_twins_loss(logits, torch.tensor([0]), FitOptions(care_twin_weight=weight))) for weight in (1.0, 8.0)
    )
    assert eight == pytest.approx(8 * one)


def test_descent_brings_two_voices_together() -> None:
    logits = logits_of(2).requires_grad_()
    before = _twins_loss(logits, torch.tensor([0]), FitOptions())
    before.backward()
    assert logits.grad is not None
    after = _twins_loss(logits.detach() - 0.5 * logits.grad, torch.tensor([0]), FitOptions())
    assert float(after) < float(before.detach())


def test_what_nobody_knows_costs_nothing() -> None:
    target, weight = (torch.from_numpy(each)[None] for each in agent_target(agent_row("x", "THANK:1")))
    told = torch.where(target > 0, 9.0, -9.0)
    unknown = torch.where(weight > 0, told, -told)
    options = FitOptions()
    assert float(_labels_loss(told, target, weight, options)) == pytest.approx(
        float(_labels_loss(unknown, target, weight, options))
    )
