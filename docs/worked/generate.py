"""Writes README.md beside it: conversations turn by turn, with scores, contributions and advice. `make worked`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from amends_core.advice import Advice
from amends_core.conversation import Turn
from amends_core.judgement import Contribution, Judgement
from amends_core.local import LocalScorer
from amends_core.taxonomy import Role

HERE = Path(__file__).parent
MOST_SHARES = 6
MOST_STEPS = 3


def page(local: LocalScorer, conversations: Sequence[dict[str, object]]) -> Iterator[str]:
    """The lines of the page."""
    model = local.bundle.manifest
    yield "# Six worked conversations\n"
    yield f"Made by the program (`make worked`, {model.name} {model.version}), one a playbook;"
    yield "in four of them the agent slips once."
    yield "Where the program is wrong it stays wrong here until the model or the rules are better.\n"
    for conversation in conversations:
        yield f"## {conversation['playbook']}: {conversation['about']}\n"
        yield from _turns(local, str(conversation["playbook"]), conversation["turns"])  # type: ignore[arg-type]


def _turns(local: LocalScorer, playbook: str, rows: Sequence[dict[str, str]]) -> Iterator[str]:
    turns: list[Turn] = []
    for row in rows:
        ((role, text),) = row.items()
        turn = Turn(Role(role.upper()), text)
        yield f"**{role}**: {text}\n"
        if turn.role is Role.AGENT:
            yield from _judgement(local.judge(turns, [text], playbook))
        turns.append(turn)
        if turn.role is Role.CUSTOMER:
            yield f"> {_advice(local.advise(turns, playbook, most=MOST_STEPS))}\n"


def _advice(advice: Advice) -> str:
    steps = ", ".join(f"{step.step} {step.probability:.2f}" for step in advice.steps)
    pause = f" **Be silent now**: {advice.pause_reason}" if advice.pause_reason else ""
    upset = f"{advice.customer.reading.act}, upset {advice.customer.upset:.2f}"
    return f"{upset}; stage `{advice.position.stage.name}`. Next: {steps}. {advice.steps[0].reason}{pause}"


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
    text = "\n".join(page(LocalScorer(), conversations)).rstrip() + "\n"
    (HERE / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
