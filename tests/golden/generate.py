"""Writes `expected.json`: what the embedded model and the judgement say of `cases.json`, for people to read.

Run it as `make golden`, read the difference, and commit it with what caused it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from amends_core.advice import Advice
from amends_core.arc import Arc
from amends_core.conversation import Turn
from amends_core.judgement import Judgement
from amends_core.local import LocalScorer
from amends_core.scorer import Piece, Plan
from amends_core.taxonomy import Role

HERE = Path(__file__).parent
CASES: Sequence[Mapping[str, Any]] = json.loads((HERE / "cases.json").read_text(encoding="utf-8"))
EXPECTED = HERE / "expected.json"


class Golden:
    """Scores cases in this process with the embedded bundle."""

    def __init__(self) -> None:
        self._local = LocalScorer()
        bundle = self._local.bundle
        self.model = f"{bundle.manifest.name} {bundle.manifest.version} {bundle.sha256[:16]}"

    def outcome(self, case: Mapping[str, Any]) -> dict[str, Any]:
        """The judgement of a case's reply and advice before it; of every reply where the case is a whole call."""
        turns = [Turn(Role[turn["role"]], turn["text"], None, turn.get("speaker_id", "")) for turn in case["turns"]]
        chosen = {"playbook": case.get("playbook", ""), "locale": case.get("locale", "")}
        advised = _advice(self._local.advise(turns, **chosen))
        if "reply" not in case:
            return {"name": case["name"], **self._conversation(turns, chosen), "advice_after": advised}
        plan = self._local.scorer.plan_reply(turns, case["reply"], **chosen)
        judgement = self._local.scorer.judge(plan, self._local.encodings(plan))
        said = _pieces(plan, range(plan.reply_start, len(plan.turns)))
        judged = _judgement(judgement, said, plan.reply_start)
        return {"name": case["name"], **judged, "advice_before": advised}

    def _conversation(self, turns: Sequence[Turn], chosen: Mapping[str, str]) -> dict[str, Any]:
        plan = self._local.scorer.plan_conversation(turns, **chosen)
        found = self._local.scorer.judge_conversation(plan, self._local.encodings(plan))
        replies = [
            {
                "turns": [reply.first_turn_index, reply.last_turn_index],
                **_judgement(
                    reply.judgement, _pieces(plan, range(reply.first_turn_index, reply.last_turn_index + 1)), 0
                ),
            }
            for reply in found.replies
        ]
        return {"replies": replies, "arc": _arc(found.arc)}


def _pieces(plan: Plan, indexes: Iterable[int]) -> list[Piece]:
    return [piece for index in indexes for piece in plan.pieces.get(index, ())]


def _judgement(judgement: Judgement, said: Sequence[Piece], first_turn: int) -> dict[str, Any]:
    labels: dict[tuple[int, int], list[str]] = {(piece.turn_index - first_turn, piece.span.start): [] for piece in said}
    for step, found in judgement.steps.items():
        for place in found.places:
            labels[place.turn_index, place.span.start].append(step.value)
    for finding in judgement.missteps:
        for place in finding.places:
            labels[place.turn_index, place.span.start].append(finding.misstep.value)
    return {
        "playbook": judgement.playbook.name,
        "stage": judgement.stage,
        "score": judgement.score,
        "verdict": judgement.verdict.value,
        "unsure_because": list(judgement.unsure_reasons),
        "confidence": _rounded(judgement.confidence),
        "customer": {"act": judgement.customer.reading.act.value, "upset": _rounded(judgement.customer.upset)},
        "sentences": [
            {"text": piece.text, "labels": found} for piece, found in zip(said, labels.values(), strict=True)
        ],
        "expected": {
            step.value: found.strength.name
            for step, found in judgement.steps.items()
            if found.expectation == "EXPECTED"
        },
        "missteps": {finding.misstep.value: finding.severity.name for finding in judgement.missteps},
        "points": [
            [share.source.value if share.source else share.reason, share.points] for share in judgement.contributions
        ],
        "suggestions": [
            f"{change.change.value} {change.subject.value} +{change.expected_gain}" for change in judgement.suggestions
        ],
    }


def _advice(advice: Advice) -> dict[str, Any]:
    return {
        "stage": advice.position.stage.name,
        "steps": {step.step.value: _rounded(step.probability) for step in advice.steps},
        "say": next(iter(advice.steps[0].phrasings), ""),
        "pause": advice.pause_reason,
        "avoid": [avoidance.subject.value for avoidance in advice.avoid],
    }


def _arc(arc: Arc) -> dict[str, Any]:
    return {
        "customer": [[point.turn_index, point.act.value, _rounded(point.upset), point.stage] for point in arc.points],
        "upset_change": _rounded(arc.upset_change),
        "mean_score": arc.mean_score,
        "best_and_worst_turn": [arc.best_turn_index, arc.worst_turn_index],
        "first_empathy_and_remedy_turn": [arc.first_empathy_turn_index, arc.first_remedy_turn_index],
    }


def _rounded(value: float) -> float:
    """Two digits past what the test compares."""
    return round(value, 8)


def main() -> None:
    """Scores every case and writes what came out."""
    golden = Golden()
    found = {"model": golden.model, "cases": [golden.outcome(case) for case in CASES]}
    EXPECTED.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
