"""Detection: logits become calibrated probabilities, and claims where they reach a threshold."""

import gc
import weakref

import numpy as np
import pytest
from amends_core.bundle import OUTPUTS, PlattScale
from amends_core.detection import Detector
from amends_core.encoder import Encoding
from amends_core.taxonomy import CUSTOMER_ACTS, SENTENCE_LABELS, STEPS, CustomerAct, Misstep, Step, Strength
from core_builders import DIMENSION, SURE, Says, agent, customer, logit, manifest
from hypothesis import given
from hypothesis import strategies as st


def logits(value: float) -> Encoding:
    return Encoding(np.zeros(DIMENSION, np.float32), np.full(len(OUTPUTS), value, np.float32), 3, 0, False)


@pytest.mark.parametrize("label", SENTENCE_LABELS)
def test_each_label_is_read_from_its_own_column(label: Step | Misstep) -> None:
    detector = Detector(manifest())
    reading = detector.read_sentence(agent(label).encoding("x"))
    assert [other for other in SENTENCE_LABELS if detector.claims(reading, other)] == [label]
    assert reading.probability(label) == pytest.approx(SURE, abs=1e-6)


@pytest.mark.parametrize("act", CUSTOMER_ACTS)
def test_each_act_is_read_from_its_own_column(act: CustomerAct) -> None:
    reading = Detector(manifest()).read_customer(customer(act, 0.8).encoding("x"))
    assert reading.act is act
    assert reading.act_probability > 0.99
    assert reading.upset == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize("step", STEPS)
def test_what_a_message_calls_for_is_read_from_its_own_column(step: Step) -> None:
    reading = Detector(manifest()).read_customer(Says({f"next:{step}": 0.7}).encoding("x"))
    assert max(reading.calls_for, key=lambda one: reading.calls_for[one]) is step
    assert reading.calls_for[step] == pytest.approx(0.7, abs=1e-6)


def test_scale_of_the_manifest_makes_the_probability() -> None:
    detector = Detector(manifest(calibration={"step:THANK": PlattScale(2.0, -1.0)}))
    reading = detector.read_sentence(logits(0.5))
    assert reading.steps[Step.THANK] == pytest.approx(0.5)
    assert reading.steps[Step.LISTEN] == pytest.approx(1 / (1 + np.exp(-0.5)))


def test_temperature_softens_acts_and_keeps_their_order() -> None:
    says = Says({"act:VENT": 0.9, "act:ASK": 0.8}).encoding("x")
    sharp = Detector(manifest(act_temperature=0.5)).read_customer(says)
    soft = Detector(manifest(act_temperature=4.0)).read_customer(says)
    assert sharp.act is soft.act is CustomerAct.VENT
    assert sharp.act_probability > soft.act_probability


@pytest.mark.parametrize(("p", "claimed"), [(0.69, False), (0.71, True)])
def test_label_is_claimed_from_its_threshold_on(p: float, claimed: bool) -> None:
    detector = Detector(manifest({"misstep:DEFEND": 0.7}))
    assert detector.claims(detector.read_sentence(agent(Misstep.DEFEND, p=p).encoding("x")), Misstep.DEFEND) is claimed


@pytest.mark.parametrize(
    ("says", "strength"),
    [
        (Says(), Strength.ABSENT),
        (Says({"strong:THANK": SURE}), Strength.ABSENT),
        (agent(Step.THANK, strong=False), Strength.WEAK),
        (agent(Step.THANK), Strength.STRONG),
    ],
    ids=["nothing", "strength of what is not there", "weak", "strong"],
)
def test_strength_needs_the_step(says: Says, strength: Strength) -> None:
    detector = Detector(manifest())
    assert detector.strength(detector.read_sentence(says.encoding("x")), Step.THANK) is strength


@pytest.mark.parametrize(("p", "certainty"), [(0.8, 0.0), (1.0, 1.0), (0.0, 1.0), (0.9, 0.5), (0.4, 0.5)])
def test_certainty_is_the_way_from_the_threshold_to_the_end_of_the_scale(p: float, certainty: float) -> None:
    assert Detector(manifest({"step:THANK": 0.8})).certainty(p, Step.THANK) == pytest.approx(certainty)


@given(st.floats(-1e6, 1e6, width=32))
def test_any_logit_gives_probabilities(value: float) -> None:
    detector = Detector(manifest())
    sentence, message = detector.read_sentence(logits(value)), detector.read_customer(logits(value))
    shares = [*sentence.steps.values(), *sentence.strong.values(), *sentence.missteps.values(), message.upset]
    assert all(0 <= share <= 1 for share in shares)
    assert message.act_probability == pytest.approx(1 / len(CUSTOMER_ACTS))


@given(st.floats(-30, 30), st.floats(-30, 30))
def test_higher_logit_never_gives_a_lower_probability(a: float, b: float) -> None:
    low, high = (Detector(manifest()).read_sentence(logits(value)) for value in sorted((a, b)))
    assert all(low.steps[step] <= high.steps[step] for step in STEPS)


def test_logit_of_the_builders_is_the_inverse_of_the_calibration() -> None:
    assert Detector(manifest()).read_sentence(logits(logit(0.25))).steps[Step.LISTEN] == pytest.approx(0.25)


def test_a_detector_that_is_replaced_goes_at_once_with_what_it_read() -> None:
    detector, encoding = Detector(manifest()), agent(Step.THANK).encoding("x")
    detector.read_sentence(encoding)
    held = weakref.ref(detector)
    gc.disable()
    try:
        del detector
        assert held() is None
    finally:
        gc.enable()
