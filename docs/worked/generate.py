"""Writes README.md beside it: conversations turn by turn, with scores, contributions and advice. `make worked`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from amends_core.bundle import load_bundle
from amends_core.conversation import Turn
from amends_core.encoder import OnnxEncoder
from amends_core.judgement import Contribution, Judgement
from amends_core.playbooks import load_library
from amends_core.scorer import Scorer, phrases_of
from amends_core.taxonomy import Role

HERE = Path(__file__).parent
MOST_SHARES = 6
MOST_STEPS = 3


class Program:
    """The embedded model and the shipped playbooks."""

    def __init__(self) -> None:
        bundle, library = load_bundle(), load_library()
        self.name = f"{bundle.manifest.name} {bundle.manifest.version}"
        self._encode = OnnxEncoder(bundle).encode
        self._scorer = Scorer(bundle.manifest, library, {text: self._encode(text) for text in phrases_of(library)})

    def judge(self, turns: Sequence[Turn], reply: str, playbook: str) -> Judgement:
        """Judges a reply to the turns before it."""
        plan = self._scorer.plan_reply(turns, [reply], playbook)
        return self._scorer.judge(plan, {text: self._encode(text) for text in plan.texts})

    def advise(self, turns: Sequence[Turn], playbook: str) -> str:
        """Says in a line what it would do next."""
        plan = self._scorer.plan_advice(turns, playbook)
        advice = self._scorer.advise(plan, {text: self._encode(text) for text in plan.texts}, MOST_STEPS)
        steps = ", ".join(f"{step.step} {step.probability:.2f}" for step in advice.steps)
        pause = f" **Be silent now**: {advice.pause_reason}" if advice.pause_reason else ""
        upset = f"{advice.customer.reading.act}, upset {advice.customer.upset:.2f}"
        return f"{upset}; stage `{advice.position.stage.name}`. Next: {steps}. {advice.steps[0].reason}{pause}"


def page(program: Program, conversations: Sequence[dict[str, object]]) -> Iterator[str]:
    """The lines of the page."""
    yield "# Six worked conversations\n"
    yield f"Made by the program (`make worked`, {program.name}), one a playbook; in four of them the agent slips once."
    yield "Where the program is wrong it stays wrong here until the model or the rules are better.\n"
    for conversation in conversations:
        yield f"## {conversation['playbook']}: {conversation['about']}\n"
        yield from _turns(program, str(conversation["playbook"]), conversation["turns"])  # type: ignore[arg-type]


def _turns(program: Program, playbook: str, rows: Sequence[dict[str, str]]) -> Iterator[str]:
    turns: list[Turn] = []
    for row in rows:
        ((role, text),) = row.items()
        turn = Turn(Role(role.upper()), text)
        yield f"**{role}**: {text}\n"
        if turn.role is Role.AGENT:
            yield from _judgement(program.judge(turns, text, playbook))
        turns.append(turn)
        if turn.role is Role.CUSTOMER:
            yield f"> {program.advise(turns, playbook)}\n"


def _judgement(judgement: Judgement) -> Iterator[str]:
    verdict = judgement.verdict.value.replace("_", " ").lower()
    yield f"> **{judgement.score:g}** ({verdict}, confidence {judgement.confidence:.2f})\n>"
    moved = [share for share in judgement.contributions if share.points]
    for share in sorted(moved, key=lambda share: -abs(share.points))[:MOST_SHARES]:
        yield f"> - {share.points:+g} {_name(share)}{share.reason}"
    rest = sum(share.points for share in moved) - sum(
        share.points for share in sorted(moved, key=lambda share: -abs(share.points))[:MOST_SHARES]
    )
    if rest:
        yield f"> - {rest:+g} the rest"
    if judgement.suggestions:
        best = judgement.suggestions[0]
        yield f">\n> Better: {best.text} (+{best.expected_gain:g})"
    yield ""


def _name(share: Contribution) -> str:
    return f"`{share.source}` " if share.source is not None else ""


def main() -> None:
    """Writes the page."""
    conversations = yaml.safe_load((HERE / "conversations.yaml").read_text(encoding="utf-8"))
    text = "\n".join(page(Program(), conversations)).rstrip() + "\n"
    (HERE / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
