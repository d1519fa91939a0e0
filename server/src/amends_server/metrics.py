"""Prometheus metrics: the field's names for gRPC, and our own for what the model sees. Label sets are bounded."""

from collections.abc import Iterable

from amends_core.encoder import Encoding
from amends_core.judgement import Judgement
from amends_core.taxonomy import Strength
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector

LATENCY = (
    0.001,
    0.0025,
    0.005,
    0.0075,
    0.01,
    0.015,
    0.02,
    0.03,
    0.05,
    0.075,
    0.1,
    0.15,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
)
"""Seconds; dense about the 50 ms that live guidance may take."""
SHORT = (0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Seconds; for one sentence in the queue and in the encoder."""
TOKENS = (4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
SENTENCES = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 500)
RATIOS = (0.1, 0.25, 0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 4.0, 10.0)
"""Measured to estimated; dense about 1."""
SCORES = tuple(range(5, 101, 5))
SHARES = tuple(step / 20 for step in range(1, 21))


class Metrics:
    """Every metric of the service, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        call = ("grpc_type", "grpc_service", "grpc_method")
        r = self.registry
        self.started = Counter("grpc_server_started", "Calls started.", call, registry=r)
        self.handled = Counter("grpc_server_handled", "Calls ended, by code.", (*call, "grpc_code"), registry=r)
        self.handling = Histogram(
            "grpc_server_handling_seconds", "Seconds a call took.", call, buckets=LATENCY, registry=r
        )
        self.received = Counter("grpc_server_msg_received", "Messages received.", call, registry=r)
        self.sent = Counter("grpc_server_msg_sent", "Messages sent.", call, registry=r)
        self.in_flight = Gauge("amends_calls_in_flight", "Calls being handled.", registry=r)
        self.queued = Gauge("amends_queue_sentences", "Sentences waiting for a thread.", registry=r)
        self.queue_work = Gauge(
            "amends_queue_work_seconds", "Estimated seconds until the sentences that wait are encoded.", registry=r
        )
        self.queue_wait = Histogram(
            "amends_queue_wait_seconds", "Seconds a sentence waited.", ("priority",), buckets=SHORT, registry=r
        )
        self.inference = Histogram(
            "amends_inference_seconds", "Seconds a sentence was encoded.", buckets=SHORT, registry=r
        )
        self.cost_ratio = Histogram(
            "amends_cost_ratio",
            "Seconds a sentence was encoded, by those that were estimated when it was admitted.",
            buckets=RATIOS,
            registry=r,
        )
        self.inference_errors = Counter("amends_inference_errors", "Sentences on which the encoder raised.", registry=r)
        self.tokens = Histogram("amends_sentence_tokens", "Tokens of an encoded sentence.", buckets=TOKENS, registry=r)
        self.batch = Histogram(
            "amends_request_sentences", "Sentences a call wants encoded.", buckets=SENTENCES, registry=r
        )
        self.unknown_tokens = Counter("amends_unknown_tokens", "Tokens the model does not know.", registry=r)
        self.truncated = Counter("amends_truncated_sentences", "Sentences cut to what the encoder reads.", registry=r)
        self.cache = Counter("amends_cache_requests", "Encodings asked of the cache.", ("result",), registry=r)
        self.cache_bytes = Gauge("amends_cache_bytes", "Memory of cached encodings.", registry=r)
        self.refused = Counter("amends_admission_refused", "Calls refused before work began.", ("reason",), registry=r)
        self.dropped = Counter("amends_queue_dropped", "Sentences dropped unencoded.", ("reason",), registry=r)
        self.loop_lag = Histogram(
            "amends_event_loop_lag_seconds", "How late the event loop runs.", buckets=SHORT, registry=r
        )
        self.live = Gauge("amends_live_conversations", "Live conversations that are open.", registry=r)
        self.live_events = Counter(
            "amends_live_events", "Events of live conversations, answered.", ("event", "outcome"), registry=r
        )
        self.live_event = Histogram(
            "amends_live_event_seconds",
            "Seconds from the arrival of an event that is read to its answer, those included in which it is held back.",
            ("event",),
            buckets=LATENCY,
            registry=r,
        )
        judged = ("playbook",)
        self.score = Histogram("amends_score", "Scores given.", judged, buckets=SCORES, registry=r)
        self.confidence = Histogram(
            "amends_confidence", "Confidence of judgements.", judged, buckets=SHARES, registry=r
        )
        self.verdicts = Counter("amends_verdicts", "Judgements by verdict.", (*judged, "verdict"), registry=r)
        self.steps = Counter("amends_steps", "Steps found in replies.", (*judged, "step"), registry=r)
        self.missteps = Counter("amends_missteps", "Missteps found in replies.", (*judged, "misstep"), registry=r)
        self.fates = Counter("amends_advice_fates", "What became of live advice.", (*judged, "fate"), registry=r)
        self.upset = Histogram("amends_customer_upset", "Upset of customers.", judged, buckets=SHARES, registry=r)
        self.model = Info("amends_model", "The model that serves.", registry=r)
        self.playbook_reloads = Counter(
            "amends_playbooks_reload", "Changes of the playbook files, by what came of them.", ("outcome",), registry=r
        )
        for outcome in ("loaded", "refused", "postponed"):
            self.playbook_reloads.labels(outcome)
        self.playbooks_loaded = Gauge(
            "amends_playbooks_loaded_timestamp_seconds", "When the playbooks that serve were loaded.", registry=r
        )
        self.auth_failures = Counter(
            "amends_auth_failures", "Calls whose caller was not known or not allowed.", ("reason",), registry=r
        )
        self.quota_refused = Counter(
            "amends_quota_refused",
            "Calls and events refused by a tenant's terms.",
            ("tenant", "unit"),
            registry=r,
        )
        self.identity_reloads = Counter(
            "amends_identity_reload",
            "Changes of certificates, tokens and keys, by what came of them.",
            ("what", "outcome"),
            registry=r,
        )
        self.audit_lost = Counter("amends_audit_lost", "Lines that the audit log could not take.", registry=r)
        self.start_seconds = Gauge("amends_start_seconds", "Seconds from start to SERVING.", registry=r)

    def encoded(self, encoding: Encoding, *, seconds: float, estimate_s: float) -> None:
        """Counts an encoded sentence."""
        self.inference.observe(seconds)
        self.cost_ratio.observe(seconds / estimate_s)
        self.tokens.observe(encoding.tokens)
        self.unknown_tokens.inc(encoding.unknown_tokens)
        self.truncated.inc(encoding.truncated)

    def judged(self, judgements: Iterable[Judgement]) -> None:
        """Counts judgements."""
        for judgement in judgements:
            name = judgement.playbook.name
            self.score.labels(name).observe(judgement.score)
            self.confidence.labels(name).observe(judgement.confidence)
            self.verdicts.labels(name, judgement.verdict.value).inc()
            self.upset.labels(name).observe(judgement.customer.upset)
            for step, found in judgement.steps.items():
                if found.strength is not Strength.ABSENT:
                    self.steps.labels(name, step.value).inc()
            for finding in judgement.missteps:
                self.missteps.labels(name, finding.misstep.value).inc()
