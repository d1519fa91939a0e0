"""What is counted of a candidate. Every series names its version; each label set is bounded by the taxonomy."""

from amends_core.judgement import Judgement
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from amends_server.candidate.comparison import Agreement
from amends_server.metrics import SCORES

DIFFERENCES = (-50, -20, -10, -5, -2, -1, 0, 1, 2, 5, 10, 20, 50)
"""Points of the score; dense about no difference. Equal scores count up to 0.

Below 0 there is no `_sum`, which could fall: ask for quantiles, not for a mean."""
_VERSION = ("model_version",)


class CandidateMetrics:
    """Metrics of the trial, in the service's registry. Nothing is exported but their names while there is none."""

    def __init__(self, registry: CollectorRegistry) -> None:
        r = registry
        # Without labels it would say 0, failed, where there is none.
        self.works = Gauge(
            "amends_candidate_works",
            "1 while the candidate can be asked, 0 once its encoder failed.",
            ("name", *_VERSION, "sha256"),
            registry=r,
        )
        self.share = Gauge("amends_candidate_share", "Share of conversations, by its use.", ("use",), registry=r)
        self.answers = Counter(
            "amends_candidate_answers",
            "Judgements and advice given during the trial, by who answered.",
            (*_VERSION, "by"),
            registry=r,
        )
        self.score = Histogram(
            "amends_candidate_score", "Scores that callers got of the candidate.", _VERSION, buckets=SCORES, registry=r
        )
        self.verdicts = Counter(
            "amends_candidate_verdicts",
            "Verdicts that callers got of the candidate.",
            (*_VERSION, "verdict"),
            registry=r,
        )
        self.difference = Histogram(
            "amends_candidate_score_difference",
            "Score of the candidate less that of the current model, for the same reply.",
            _VERSION,
            buckets=DIFFERENCES,
            registry=r,
        )
        self.comparisons = Counter(
            "amends_candidate_comparisons",
            "Answers of both models compared: whether the verdict, or the first step advised, is the same.",
            (*_VERSION, "what", "outcome"),
            registry=r,
        )
        self.labels = Counter(
            "amends_candidate_labels",
            "Steps and missteps found in compared replies, by which of the models found them.",
            (*_VERSION, "label", "found_by"),
            registry=r,
        )
        self.skipped = Counter(
            "amends_candidate_skipped", "Comparisons that were not made.", (*_VERSION, "reason"), registry=r
        )

    def begins(self, *, name: str, version: str, sha256: str, shadow: float, canary: float) -> None:
        """Tells of the candidate, and starts its series at 0, so that rates see the first event."""
        self.works.labels(name, version, sha256).set(1)
        self.share.labels("shadow").set(shadow)
        self.share.labels("canary").set(canary)
        for what in ("verdict", "first_advice"):
            for outcome in ("same", "other"):
                self.comparisons.labels(version, what, outcome)
        for reason in ("busy", "late", "failed"):
            self.skipped.labels(version, reason)

    def fails(self, *, name: str, version: str, sha256: str) -> None:
        """Tells that the candidate is asked no more."""
        self.works.labels(name, version, sha256).set(0)

    def answered(self, version: str, judgement: Judgement) -> None:
        """Counts a judgement that a caller got of the candidate."""
        self.score.labels(version).observe(judgement.score)
        self.verdicts.labels(version, judgement.verdict.value).inc()

    def compared(self, version: str, agreement: Agreement) -> None:
        """Counts a judgement that both models made."""
        self.difference.labels(version).observe(agreement.score_difference)
        self._count(version, "verdict", same=agreement.same_verdict)
        found = {
            "both": agreement.both,
            "current": agreement.current_only,
            "candidate": agreement.candidate_only,
        }
        for finder, labels in found.items():
            for label in labels:
                self.labels.labels(version, label.value, finder).inc()

    def compared_advice(self, version: str, *, same: bool) -> None:
        """Counts advice that both models gave, by whether it begins with the same step."""
        self._count(version, "first_advice", same=same)

    def _count(self, version: str, what: str, *, same: bool) -> None:
        self.comparisons.labels(version, what, "same" if same else "other").inc()
