"""Calibration: on drawn rows whose true probabilities are known, fitted probabilities are those."""

from collections.abc import Sequence

import numpy as np
import pytest
from amends_core.bundle import OUTPUTS
from amends_core.taxonomy import CUSTOMER_ACTS, SENTENCE_LABELS, SENTENCE_MISSTEPS, STEPS, Label
from amends_train.calibrate import MISSTEP_BETA, MISSTEP_FLOOR, STEP_BETA, Calibration, calibrate
from amends_train.measure import LABEL_COLUMNS, calibration_error, probabilities
from amends_train.rows import AgentRow, CustomerRow
from amends_train.targets import ACTS, COLUMN, UPSET, Floats
from numpy.typing import NDArray
from scipy.special import expit, softmax
from train_builders import agent_row, customer_row

SLOPE, INTERCEPT, TEMPERATURE = 0.6, -0.8, 2.0
LABELS = list(SENTENCE_LABELS)
NAMES = [f"{step}:1" for step in STEPS] + [misstep.value for misstep in SENTENCE_MISSTEPS]


def drawn_agents(rows: int, rng: np.random.Generator) -> tuple[list[AgentRow], Floats, NDArray[np.float64]]:
    """Rows, overconfident logits, and the true probability of each label, shape (rows, 23)."""
    logits = rng.normal(-1.0, 3.0, (rows, len(OUTPUTS))).astype(np.float32)
    truth = expit(SLOPE * logits[:, LABEL_COLUMNS] + INTERCEPT)
    carried = rng.random(truth.shape) < truth
    strong = rng.random((rows, len(STEPS))) < 0.5
    found = []
    for i in range(rows):
        names = [name for name, is_there in zip(NAMES, carried[i], strict=True) if is_there]
        names = [n.replace(":1", ":2") if ":" in n and strong[i, NAMES.index(n)] else n for n in names]
        found.append(agent_row("x", *names, name=str(i)))
    return found, logits, truth


def drawn_customers(rows: int, rng: np.random.Generator) -> tuple[list[CustomerRow], Floats]:
    """Messages whose acts are drawn from logits too sharp by TEMPERATURE, with upset a known curve of its logit."""
    logits = rng.normal(0.0, 2.0, (rows, len(OUTPUTS))).astype(np.float32)
    odds = softmax(logits[:, ACTS] / TEMPERATURE, axis=1)
    acts = [CUSTOMER_ACTS[rng.choice(len(CUSTOMER_ACTS), p=p / p.sum())] for p in odds.astype(np.float64)]
    upset = expit(1.5 * logits[:, UPSET] - 0.5)
    return [customer_row("x", act.value, float(u)) for act, u in zip(acts, upset, strict=True)], logits


@pytest.fixture(scope="module")
def drawn() -> tuple[Calibration, Floats, NDArray[np.float64], list[AgentRow]]:
    rng = np.random.default_rng(20261122)
    agents, logits, truth = drawn_agents(3000, rng)
    customers, customer_logits = drawn_customers(1500, rng)
    return calibrate(agents, logits, customers, customer_logits), logits, truth, agents


Drawn = tuple[Calibration, Floats, NDArray[np.float64], list[AgentRow]]


def test_fitted_probabilities_are_the_true_ones(drawn: Drawn) -> None:
    calibration, logits, truth, _ = drawn
    found = probabilities(logits, calibration)
    assert np.abs(found - truth).mean() < 0.01
    assert np.abs(found - truth).max() < 0.08


def test_fitted_probabilities_are_calibrated_on_rows_that_fitted_nothing(drawn: Drawn) -> None:
    agents, logits, _ = drawn_agents(1500, np.random.default_rng(1))
    carried = np.array(
        [[name.partition(":")[0] in {label.value for label in row.firm} for name in NAMES] for row in agents]
    )
    before = calibration_error(expit(logits[:, LABEL_COLUMNS]).ravel(), carried.ravel())
    after = calibration_error(probabilities(logits, drawn[0]).ravel(), carried.ravel())
    assert before > 0.05
    assert after < 0.015


def test_temperature_and_upset_are_recovered(drawn: Drawn) -> None:
    calibration = drawn[0]
    assert calibration.act_temperature == pytest.approx(TEMPERATURE, rel=0.1)
    assert calibration.scales["upset"].slope == pytest.approx(1.5, rel=0.05)
    assert calibration.scales["upset"].intercept == pytest.approx(-0.5, abs=0.05)


def test_every_head_but_the_acts_gets_a_scale_that_keeps_the_order(drawn: Drawn) -> None:
    scales = drawn[0].scales
    assert set(scales) == {name for name in OUTPUTS if not name.startswith("act:")}
    assert all(scale.slope > 0 for scale in scales.values())


def f_beta(claimed: NDArray[np.bool_], right: NDArray[np.bool_], beta: float) -> float:
    hits = (right & claimed).sum()
    return float((1 + beta**2) * hits / max(1, beta**2 * right.sum() + claimed.sum()))


@pytest.mark.parametrize(
    ("kind", "labels", "beta", "floor"),
    [("step", STEPS, STEP_BETA, 0.25), ("misstep", SENTENCE_MISSTEPS, MISSTEP_BETA, MISSTEP_FLOOR)],
    ids=["steps", "missteps"],
)
def test_labels_are_claimed_where_f_beta_is_as_good_as_anywhere(
    drawn: Drawn, kind: str, labels: Sequence[Label], beta: float, floor: float
) -> None:
    calibration, logits, _, agents = drawn
    for label in labels:
        found = probabilities(logits, calibration)[:, LABELS.index(label)]
        right = np.array([label in row.firm for row in agents])
        threshold = calibration.thresholds[f"{kind}:{label}"]
        best = max(f_beta(found >= other, right, beta) for other in np.arange(floor, 0.91, 0.01))
        assert threshold >= floor
        assert f_beta(found >= threshold, right, beta) >= best - 0.01


def test_missteps_are_claimed_later_than_steps_of_like_certainty(drawn: Drawn) -> None:
    thresholds = drawn[0].thresholds
    steps = [thresholds[f"step:{step}"] for step in STEPS]
    missteps = [thresholds[f"misstep:{misstep}"] for misstep in SENTENCE_MISSTEPS]
    assert np.mean(missteps) > np.mean(steps) + 0.05


def small(*labels: str, rows: int = 40) -> Calibration:
    """The calibration of few rows of which the first half carry `labels`."""
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 2, (rows, len(OUTPUTS))).astype(np.float32)
    agents = [agent_row("x", *(labels if i < rows // 2 else ()), name=str(i)) for i in range(rows)]
    customers, customer_logits = drawn_customers(40, rng)
    return calibrate(agents, logits, customers, customer_logits)


def test_label_that_nobody_carries_gets_the_scale_and_the_threshold_of_its_kind() -> None:
    calibration = small("APOLOGIZE:2", "SCRIPTED")
    assert calibration.scales["step:LISTEN"] == calibration.scales["step:THANK"]
    assert calibration.scales["misstep:DEFEND"] == calibration.scales["misstep:HOSTILITY"]
    assert calibration.thresholds["step:LISTEN"] == calibration.thresholds["step:THANK"]
    assert calibration.thresholds["misstep:DEFEND"] == calibration.thresholds["misstep:HOSTILITY"]


def test_where_nothing_is_known_a_misstep_is_claimed_later() -> None:
    thresholds = small().thresholds
    assert (thresholds["step:LISTEN"], thresholds["misstep:DEFEND"]) == (0.5, 0.6)


def test_few_positives_draw_a_label_only_part_of_the_way_to_its_own_scale() -> None:
    rng = np.random.default_rng(6)
    logits = rng.normal(0, 2, (400, len(OUTPUTS))).astype(np.float32)
    column = COLUMN["step:APOLOGIZE"]
    logits[:8, column] = 6.0
    agents = [
        agent_row("x", *(["APOLOGIZE:1"] if i < 8 else ["THANK:1"] if i % 2 else []), name=str(i)) for i in range(400)
    ]
    customers, customer_logits = drawn_customers(40, rng)
    scales = calibrate(agents, logits, customers, customer_logits).scales
    alone = calibrate(
        [agent_row("x", *(["APOLOGIZE:1"] if i < 8 else [])) for i in range(400)], logits, customers, customer_logits
    )
    assert scales["step:LISTEN"].slope < scales["step:APOLOGIZE"].slope < alone.scales["step:APOLOGIZE"].slope


def test_arguable_labels_have_no_say() -> None:
    rng = np.random.default_rng(7)
    logits = rng.normal(0, 2, (250, len(OUTPUTS))).astype(np.float32)
    customers, customer_logits = drawn_customers(40, rng)
    rows = [agent_row("x", *(["THANK:1"] if i % 3 else []), name=str(i)) for i in range(200)]
    rows += [agent_row("x", "LISTEN:2", optional=["THANK"], name=f"arguable-{i}") for i in range(50)]
    found = []
    for said_of_arguable_rows in (9.0, -9.0):
        logits[200:, COLUMN["step:THANK"]] = said_of_arguable_rows
        found.append(calibrate(rows, logits, customers, customer_logits))
    assert found[0] == found[1]
