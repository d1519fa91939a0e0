"""The core in one piece: a scorer with the encoder that reads for it, asked and answered in the caller's thread.

local = LocalScorer()
judgement = local.judge([Turn(Role.CUSTOMER, "It is late again!")], ["I am sorry, it leaves us today."])
"""

from collections.abc import Sequence
from functools import lru_cache

from amends_core.advice import Advice
from amends_core.bundle import Bundle, load_bundle
from amends_core.conversation import Turn
from amends_core.encoder import OnnxEncoder
from amends_core.judgement import Judgement
from amends_core.playbooks import PlaybookLibrary, load_library
from amends_core.scorer import DEFAULT_STEPS, ConversationJudgement, Encodings, Plan, Scorer, phrases_of

CACHED_TEXTS = 50_000
"""Texts whose encodings are kept, some 2 KB each: suites and fits ask of the same sentences again and again."""


class LocalScorer:
    """Answers as the service would. Every method raises what the scorer's method of planning raises."""

    def __init__(self, bundle: Bundle | None = None, library: PlaybookLibrary | None = None) -> None:
        """Takes the embedded bundle and the shipped playbooks where none are given, and reads their exemplars.

        Raises:
            BundleError: no bundle is given, and the embedded one is missing or damaged.
        """
        self.bundle = bundle or load_bundle()
        self.library = library or load_library()
        self.encode = lru_cache(CACHED_TEXTS)(OnnxEncoder(self.bundle).encode)
        phrases = phrases_of(self.library)
        self.scorer = Scorer(self.bundle.manifest, self.library, {text: self.encode(text) for text in phrases})

    def encodings(self, plan: Plan) -> Encodings:
        """Encodes all that a plan asks for."""
        return {text: self.encode(text) for text in plan.texts}

    def judge(self, turns: Sequence[Turn], reply: Sequence[str], playbook: str = "", locale: str = "") -> Judgement:
        """See `Scorer.judge`."""
        plan = self.scorer.plan_reply(turns, reply, playbook, locale)
        return self.scorer.judge(plan, self.encodings(plan))

    def judge_conversation(self, turns: Sequence[Turn], playbook: str = "", locale: str = "") -> ConversationJudgement:
        """See `Scorer.judge_conversation`."""
        plan = self.scorer.plan_conversation(turns, playbook, locale)
        return self.scorer.judge_conversation(plan, self.encodings(plan))

    def advise(self, turns: Sequence[Turn], playbook: str = "", locale: str = "", most: int = DEFAULT_STEPS) -> Advice:
        """See `Scorer.advise`."""
        plan = self.scorer.plan_advice(turns, playbook, locale)
        return self.scorer.advise(plan, self.encodings(plan), most)
