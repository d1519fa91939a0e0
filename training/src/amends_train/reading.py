"""Reads conversations by a bundle, as the service would: for fits that need no PyTorch."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from amends_core.bundle import DEFAULT_BUNDLE, load_bundle
from amends_core.conversation import State, Turn
from amends_core.encoder import Encoding, OnnxEncoder
from amends_core.judgement import Judgement, Seen
from amends_core.playbooks import Playbook, load_library
from amends_core.scorer import Plan, Scorer, phrases_of


class Reader:
    """A bundle, the shipped playbooks and a company's own, and every text it has read."""

    def __init__(self, bundle: Path = DEFAULT_BUNDLE, own_playbooks: Path | None = None) -> None:
        loaded, library = load_bundle(bundle), load_library(own_playbooks)
        self.model_sha256 = loaded.sha256
        self.playbooks = tuple(playbook.name for playbook in library)
        self._encode = cache(OnnxEncoder(loaded).encode)
        self._scorer = Scorer(loaded.manifest, library, {text: self._encode(text) for text in phrases_of(library)})

    def see(self, turns: Sequence[Turn], reply: str, playbook: str) -> Seen:
        """All that the score of a reply is made from."""
        plan = self._scorer.plan_reply(turns, [reply], playbook)
        return self._scorer.see(plan, self._encodings(plan))

    def judge(self, turns: Sequence[Turn], reply: str, playbook: str) -> Judgement:
        """The judgement of a reply."""
        plan = self._scorer.plan_reply(turns, [reply], playbook)
        return self._scorer.judge(plan, self._encodings(plan))

    def judge_conversation(self, turns: Sequence[Turn], playbook: str) -> list[Judgement]:
        """The judgement of every reply of a conversation."""
        plan = self._scorer.plan_conversation(turns, playbook)
        return [reply.judgement for reply in self._scorer.judge_conversation(plan, self._encodings(plan)).replies]

    def state(self, turns: Sequence[Turn], playbook: str) -> tuple[Playbook, State]:
        """The playbook, and the state of a conversation at its end."""
        plan = self._scorer.plan_advice(turns, playbook)
        return plan.playbook, self._scorer.state_of(plan, self._encodings(plan))

    def _encodings(self, plan: Plan) -> dict[str, Encoding]:
        return {text: self._encode(text) for text in plan.texts}
