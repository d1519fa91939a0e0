"""Whether the exemplar that is shown as the reason for a label carries that label itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from amends_eval.answers import Finding, ReplyAnswer, SentenceAnswer
from amends_eval.datasets.rows import Row, text_sha256
from amends_eval.questions import Question, ReadSentence
from amends_eval.statistics.bootstrap import ratio
from amends_eval.suites.measures import from_sums, share
from amends_eval.suites.suite import Answered, Outcome, Suite, SuiteResult


class ExemplarRow(Row):
    """An exemplar that was shown."""

    text: str

    @property
    def questions(self) -> Mapping[str, Question]:
        """See `Row.questions`."""
        return {"": ReadSentence(text=self.text)}


@dataclass(frozen=True, slots=True)
class _Shown:
    """The reasons shown for the findings in one reply."""

    item: Answered
    part: str
    labels: Sequence[str]
    agreeing: Sequence[str]
    """Those whose exemplar is itself read as the label."""


def follow_up(answered: Mapping[str, Sequence[Answered]], _seed: int) -> Sequence[ExemplarRow]:
    """Each exemplar that was shown, once, in the order of their texts."""
    texts = {f.exemplar for item in answered["ranked"] for part in item.answers for f in _findings(item, part)}
    return [ExemplarRow(id=text_sha256(text), author="", text=text) for text in sorted(texts)]


def measure(answered: Mapping[str, Sequence[Answered]], seed: int) -> SuiteResult:
    """Share of the exemplars shown, and of the replies with all of theirs, that carry the label they stand for."""
    claimed = {item.row.id: _claimed(item) for item in answered["exemplars"]}
    shown = [_shown(item, part, claimed) for item in answered["ranked"] for part in item.answers]
    some = [each for each in shown if each.labels]
    clusters = [each.item.row.cluster for each in some]
    items = np.array([[len(each.agreeing), len(each.labels)] for each in some], dtype=np.float64).reshape(-1, 2)
    return SuiteResult(
        suite="exemplars",
        metrics=(
            from_sums("ranked.exemplars_agree", items, clusters, ratio, seed),
            share("ranked.all_agree", [each.labels == each.agreeing for each in some], clusters, seed),
        ),
        outcomes=tuple(_outcome(each) for each in shown),
    )


def _findings(item: Answered, part: str) -> Sequence[Finding]:
    answer = item.answer(ReplyAnswer, part)
    return [finding for finding in answer.findings if finding.exemplar] if answer else []


def _claimed(item: Answered) -> Sequence[str]:
    answer = item.answer(SentenceAnswer)
    return answer.claimed if answer else ()


def _shown(item: Answered, part: str, claimed: Mapping[str, Sequence[str]]) -> _Shown:
    findings = _findings(item, part)
    agreeing = [finding.label for finding in findings if finding.label in claimed[text_sha256(finding.exemplar)]]
    return _Shown(item, part, [finding.label for finding in findings], agreeing)


def _outcome(shown: _Shown) -> Outcome:
    return Outcome(
        dataset="ranked",
        id=shown.item.row.id,
        part=shown.part,
        ok=shown.labels == shown.agreeing if shown.labels else None,
        expected=", ".join(shown.labels) or "none",
        found=", ".join(shown.agreeing) or "none",
        slices=shown.item.row.slices,
        cluster=shown.item.row.cluster,
    )


SUITE = Suite(
    "exemplars", "The exemplar shown as the reason for a label carries it itself", ("ranked",), measure, follow_up
)
