"""Shows what came of a playbook's examination: findings as lines, rehearsals turn by turn."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from amends_cli.tables import stacked
from amends_cli.words import GOOD, QUIET

if TYPE_CHECKING:  # the core is there only with the server's extra
    from amends_core.checks import Examination, Finding, Rehearsal, RehearsedTurn


def show_finding(examination: "Examination", finding: "Finding") -> str:
    """Gives a finding as compilers write theirs: file, line, level, what, remedy."""
    line = f":{finding.line}" if finding.line else ""
    return f"{examination.path}{line}: {finding.level}: {finding}"


def show_examination(examination: "Examination") -> RenderableType:
    """Shows every rehearsal of a playbook."""
    return stacked(section for rehearsal in examination.rehearsals for section in _rehearsal(rehearsal, examination))


def examination_dict(examination: "Examination") -> dict[str, Any]:
    """Gives an examination as JSON has it."""
    playbook = examination.playbook
    return {
        "file": str(examination.path),
        "playbook": None
        if playbook is None
        else {"name": playbook.name, "version": playbook.version, "sha256": playbook.sha256},
        "findings": [
            {"level": f.level, "line": f.line, "field": f.field, "wrong": f.wrong, "remedy": f.remedy}
            for f in examination.findings
        ],
        "rehearsals": [
            {"name": r.sample.name, "about": r.sample.about, "turns": [_turn_dict(turn) for turn in r.turns]}
            for r in examination.rehearsals
        ],
    }


def _rehearsal(rehearsal: "Rehearsal", examination: "Examination") -> Iterator[Text]:
    name = examination.playbook.name if examination.playbook else ""
    heading = rehearsal.sample.name.replace("_", " ")
    yield Text.assemble("\n", (f"{name} over {heading}", "bold"), f": {rehearsal.sample.about}")
    for turn in rehearsal.turns:
        yield Text.assemble((f"\n{turn.turn.role.lower()}: ", "bold"), turn.turn.text)
        yield from (Text(f"  {line}", style=style) for line, style in _lines(turn))


def _lines(turn: "RehearsedTurn") -> Iterator[tuple[str, str]]:
    advice, judgement = turn.advice, turn.judgement
    if judgement is not None:
        missteps = f"; {', '.join(_small(m.misstep for m in judgement.missteps))}" if judgement.missteps else ""
        yield f"scored {judgement.score:g}, {_word(judgement.verdict)}{missteps}", GOOD
        yield from (
            (f"{_word(step)}: {found.missing}", QUIET) for step, found in judgement.steps.items() if found.missing
        )
        if advice.pause_reason:
            yield f"silent now: {advice.pause_reason}", QUIET
        return
    mark = " and waits" if advice.position.waiting else ", resolved" if advice.position.resolved else ""
    yield f"upset {advice.customer.upset:.2f}, {_word(advice.customer.reading.act)}", QUIET
    yield f"stage {advice.position.stage.name} ({advice.position.index + 1}){mark}", GOOD
    for how, steps in (("expected", turn.expected), ("not now", turn.not_now)):
        if steps:
            yield f"{how}: {', '.join(_small(steps))}", QUIET
    yield f"advice: {', '.join(f'{_word(s.step)} {s.probability:.2f}' for s in advice.steps)}", GOOD
    if advice.avoid:
        yield f"avoid: {', '.join(_small(a.subject for a in advice.avoid))}", QUIET


def _turn_dict(turn: "RehearsedTurn") -> dict[str, Any]:
    advice, judgement = turn.advice, turn.judgement
    return {
        "role": turn.turn.role,
        "text": turn.turn.text,
        "customer": {"act": advice.customer.reading.act, "upset": round(advice.customer.upset, 4)},
        "stage": advice.position.stage.name,
        "waiting": advice.position.waiting,
        "resolved": advice.position.resolved,
        "expected": list(turn.expected),
        "not_now": list(turn.not_now),
        "advice": [{"step": s.step, "probability": round(s.probability, 4), "reason": s.reason} for s in advice.steps],
        "avoid": [{"subject": a.subject, "reason": a.reason} for a in advice.avoid],
        "pause": advice.pause_reason,
        "judgement": None
        if judgement is None
        else {
            "score": judgement.score,
            "verdict": judgement.verdict,
            "missteps": [{"misstep": m.misstep, "reason": m.reason} for m in judgement.missteps],
            "missing": {step: found.missing for step, found in judgement.steps.items() if found.missing},
        },
    }


def _small(labels: Iterable[str]) -> Iterator[str]:
    return (_word(label) for label in labels)


def _word(label: str) -> str:
    return label.lower().replace("_", " ")
