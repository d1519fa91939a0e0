"""Reads conversations by a bundle, as the service would: for fits that need no PyTorch."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from amends_core.bundle import DEFAULT_BUNDLE, load_bundle
from amends_core.conversation import State, Turn
from amends_core.encoder import Encoding, OnnxEncoder
from amends_core.judgement import Seen
from amends_core.playbooks import Playbook, load_library
from amends_core.scorer import Plan, Scorer, phrases_of


class Reader:
    """A bundle, the shipped playbooks, and every text it has read."""

    def __init__(self, bundle: Path = DEFAULT_BUNDLE) -> None:
        loaded, library = load_bundle(bundle), load_library()
        self._encode = cache(OnnxEncoder(loaded).encode)
        self._scorer = Scorer(loaded.manifest, library, {text: self._encode(text) for text in phrases_of(library)})

    def see(self, turns: Sequence[Turn], reply: str, playbook: str) -> Seen:
        """All that the score of a reply is made from."""
        plan = self._scorer.plan_reply(turns, [reply], playbook)
        return self._scorer.see(plan, self._encodings(plan))

    def state(self, turns: Sequence[Turn], playbook: str) -> tuple[Playbook, State]:
        """The playbook, and the state of a conversation at its end."""
        plan = self._scorer.plan_advice(turns, playbook)
        return plan.playbook, self._scorer.state_of(plan, self._encodings(plan))

    def _encodings(self, plan: Plan) -> dict[str, Encoding]:
        return {text: self._encode(text) for text in plan.texts}
