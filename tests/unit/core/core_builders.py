"""A fake encoder that says of chosen texts what a test wants said, and short ways to build what the core reads."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import log

import numpy as np
from amends_core.advice import Advice
from amends_core.bundle import OUTPUTS, Manifest, PlattScale, output_name
from amends_core.conversation import Sentence, State, Turn
from amends_core.detection import Detector
from amends_core.encoder import Encoding, Floats
from amends_core.judgement import Judgement
from amends_core.playbooks import PlaybookLibrary
from amends_core.scorer import ConversationJudgement, Scorer, phrases_of
from amends_core.taxonomy import SENTENCE_LABELS, CustomerAct, Label, Role, Step
from amends_core.text import Span
from amends_core.text.normal import CONTEXT_MARK

DIMENSION = 32
SURE = 0.999
COLUMN = {name: index for index, name in enumerate(OUTPUTS)}


def logit(probability: float) -> float:
    return log(probability / (1 - probability))


def manifest(
    thresholds: Mapping[str, float] | None = None,
    calibration: Mapping[str, PlattScale] | None = None,
    act_temperature: float = 1.0,
) -> Manifest:
    """A manifest under which a logit is a probability as it stands and every label is claimed from one half."""
    return Manifest(
        name="fake",
        version="0.0.0",
        base_model="none",
        licence="none",
        max_tokens=128,
        dimension=DIMENSION,
        calibration=calibration or {},
        thresholds={output_name(label): 0.5 for label in SENTENCE_LABELS} | dict(thresholds or {}),
        act_temperature=act_temperature,
        calibrated_at=datetime(2026, 1, 1, tzinfo=UTC),
        training_data="none",
        metrics={},
        files={},
    )


def unit_vector(seed: str) -> Floats:
    """A direction of its own for each seed; two of them are nearly at right angles."""
    digest = int.from_bytes(hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    drawn = np.random.default_rng(digest).standard_normal(DIMENSION)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Says:
    """What the fake model says of a text; `outputs` are probabilities by output name, the rest are 1 - SURE.

    Care that is not given is one half.
    """

    outputs: Mapping[str, float] = field(default_factory=dict)
    near: str = ""
    """Another text whose embedding this one shares; empty for its own."""
    tokens: int = 12
    unknown_tokens: int = 0
    truncated: bool = False

    def encoding(self, text: str) -> Encoding:
        logits = np.full(len(OUTPUTS), logit(1 - SURE), dtype=np.float32)
        logits[COLUMN["care"]] = 0.0
        for name, probability in self.outputs.items():
            logits[COLUMN[name]] = logit(probability)
        return Encoding(unit_vector(self.near or text), logits, self.tokens, self.unknown_tokens, self.truncated)


def agent(*labels: Label, strong: bool = True, p: float = SURE, near: str = "") -> Says:
    """A sentence that carries `labels`, each with probability `p`; its steps are strong or weak."""
    outputs = {output_name(label): p for label in labels}
    outputs |= {f"strong:{label}": SURE if strong else 1 - SURE for label in labels if isinstance(label, Step)}
    return Says(outputs, near=near)


def customer(act: CustomerAct, upset: float) -> Says:
    """A message of a customer."""
    return Says({f"act:{act}": SURE, "upset": min(max(upset, 1 - SURE), SURE)})


class FakeEncoder:
    """Says of each text what it was told to, whatever was said before, and of any other that it carries nothing."""

    def __init__(self, says: Mapping[str, Says] | None = None) -> None:
        self.says = dict(says or {})

    def encode(self, text: str) -> Encoding:
        message = text.partition(CONTEXT_MARK)[0]
        return self.says.get(message, Says()).encoding(message)


SAID: Mapping[str, Says] = {
    "My parcel is two weeks late and nobody cares!": customer(CustomerAct.VENT, 0.9),
    "It came broken, and I paid for express.": customer(CustomerAct.EXPLAIN, 0.7),
    "So what are you going to do about it?": customer(CustomerAct.ASK, 0.8),
    "What are your opening hours?": customer(CustomerAct.ASK, 0.05),
    "Yes, exactly.": customer(CustomerAct.CONFIRM, 0.6),
    "No, that is not what I said.": customer(CustomerAct.CORRECT, 0.8),
    "That is not good enough.": customer(CustomerAct.REJECT, 0.7),
    "Alright, that works for me.": customer(CustomerAct.ACCEPT, 0.1),
    "Wonderful, you have made my day!": customer(CustomerAct.SATISFIED, 0.05),
    "Please tell me all of it.": agent(Step.LISTEN),
    "Thank you for raising this with us.": agent(Step.THANK),
    "What happened when you opened it?": agent(Step.CLARIFY),
    "So you paid for speed and got a wait.": agent(Step.REFLECT),
    "Anyone would be furious about that.": agent(Step.EMPATHIZE),
    "I am sorry for what we did.": agent(Step.APOLOGIZE),
    "Please forgive us for the damage.": agent(Step.APOLOGIZE),
    "Again, we apologise to you.": agent(Step.APOLOGIZE),
    "I will see this through myself.": agent(Step.TAKE_OWNERSHIP),
    "Sadly nothing can bring the day back.": agent(Step.STATE_LIMITS),
    "A new one leaves us today.": agent(Step.TAKE_ACTION),
    "The shipping fee comes back to you as well.": agent(Step.GO_FURTHER),
    "Does that settle it?": agent(Step.CHECK_SATISFACTION),
    "Next week I will ask how it runs.": agent(Step.FOLLOW_UP),
    "Your patience meant a lot to me.": agent(Step.APPRECIATE),
}
"""A small world: one customer message for each act, one sentence for each step."""

VENTS, EXPLAINS, ASKS, HOURS, CONFIRMS, CORRECTS, REJECTS, ACCEPTS, IS_SATISFIED = list(SAID)[:9]
LISTEN, THANK, CLARIFY, REFLECT, EMPATHIZE, SORRY, FORGIVE, AGAIN = list(SAID)[9:17]
OWN, LIMITS, ACT, MORE, CHECK, FOLLOW, APPRECIATE = list(SAID)[17:]
CARED = (VENTS, LISTEN, EXPLAINS, REFLECT, CONFIRMS, EMPATHIZE, SORRY, OWN)
"""A customer who was cared for, and waits for a remedy."""


class World:
    """A scorer over a fake encoder, asked with plain texts."""

    def __init__(self, library: PlaybookLibrary, says: Mapping[str, Says] | None = None) -> None:
        self.encoder = FakeEncoder({**SAID, **(says or {})})
        encodings = {text: self.encoder.encode(text) for text in phrases_of(library)}
        self.scorer = Scorer(manifest(), library, encodings)

    def judge(
        self, turns: Sequence[Turn], *reply: str, playbook: str = "", locale: str = "", says: Mapping[str, Says] = {}
    ) -> Judgement:
        plan = self.scorer.plan_reply(turns, reply, playbook, locale)
        return self.scorer.judge(plan, self._encoded(plan.texts, says))

    def advise(
        self, turns: Sequence[Turn], playbook: str = "", most: int = 3, says: Mapping[str, Says] | None = None
    ) -> Advice:
        plan = self.scorer.plan_advice(turns, playbook)
        return self.scorer.advise(plan, self._encoded(plan.texts, says or {}), most)

    def judge_conversation(self, turns: Sequence[Turn], playbook: str = "") -> ConversationJudgement:
        plan = self.scorer.plan_conversation(turns, playbook)
        return self.scorer.judge_conversation(plan, self._encoded(plan.texts, {}))

    def _encoded(self, texts: Sequence[str], says: Mapping[str, Says]) -> Mapping[str, Encoding]:
        encoder = FakeEncoder({**self.encoder.says, **says})
        return {text: encoder.encode(text) for text in texts}


def said(*texts: str) -> list[Turn]:
    """A conversation: what the small world's customer says is the customer's, all else the agent's."""
    customers = set(list(SAID)[:9])
    return [Turn(Role.CUSTOMER if text in customers else Role.AGENT, text) for text in texts]


def state_after(*texts: str, says: Mapping[str, Says] = SAID) -> State:
    """The state of a conversation in the small world."""
    detector, encoder, state = Detector(manifest()), FakeEncoder(says), State()
    for index, turn in enumerate(said(*texts)):
        encoding = encoder.encode(turn.text)
        if turn.role is Role.CUSTOMER:
            state = state.after_customer(index, turn, detector.read_customer(encoding))
        else:
            reading = detector.read_sentence(encoding)
            state = state.after_agent([Sentence(index, Span(0, len(turn.text)), turn.text, reading)], detector)
    return state
