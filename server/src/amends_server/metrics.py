"""Prometheus metrics: the field's names for gRPC, and our own for what the model sees. Label sets are bounded."""

from collections.abc import Iterable
from itertools import product
from math import nan

from amends_core.encoder import Encoding
from amends_core.judgement import Judgement
from amends_core.reference import FIGURES, Reference, observations
from amends_core.taxonomy import Strength
from amends_core.text import raw_text_of
from prometheus_client import CollectorRegistry, Gauge, Info, ProcessCollector, disable_created_metrics
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector

from amends_server.language import Language, language_of
from amends_server.methods import Method
from amends_server.series import Counter, Histogram
from amends_server.tracing import exemplar

disable_created_metrics()  # type: ignore[no-untyped-call]  # one more series beside each of a counter or histogram, which nobody looks at

LATENCY = (
    *(0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035),
    *(0.04, 0.045, 0.05, 0.055, 0.06, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
"""Seconds; dense about the 50 ms that live guidance may take."""
SHORT = (0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Seconds; for one sentence in the queue and in the encoder."""
TOKENS = (4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
CALL_TOKENS = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)
SENTENCES = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 500)
RATIOS = (0.1, 0.25, 0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 4.0, 10.0)
"""Measured to estimated; dense about 1."""
SCORES = tuple(range(5, 101, 5))
SHARES = tuple(step / 20 for step in range(1, 21))


class Metrics:
    """Every metric of the service, in a registry of its own. `docs/metrics` lists them all."""

    def __init__(self) -> None:
        self._model_version = ""
        self._reference: Reference | None = None
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._make_calls()
        self._make_queue()
        self._make_encoder()
        self._make_live()
        self._make_judgements()
        self._make_model()
        self._make_identity()
        self._make_service()

    def _make_calls(self) -> None:
        r = self.registry
        call = ("grpc_type", "grpc_service", "grpc_method")
        self.started = Counter("grpc_server_started", "Calls started.", call, registry=r)
        self.handled = Counter("grpc_server_handled", "Calls ended, by code.", (*call, "grpc_code"), registry=r)
        self.faults = Counter(
            "amends_call_faults",
            "Calls ended by a fault of the service; not what callers did wrong, nor beyond their quota.",
            (*call, "grpc_code"),
            registry=r,
        )
        self.handling = Histogram(
            "grpc_server_handling_seconds", "Seconds a call took.", call, buckets=LATENCY, registry=r
        )
        self.received = Counter("grpc_server_msg_received", "Messages received.", call, registry=r)
        self.sent = Counter("grpc_server_msg_sent", "Messages sent.", call, registry=r)
        self.in_flight = Gauge("amends_calls_in_flight", "Calls being handled.", registry=r)

    def _make_queue(self) -> None:
        r = self.registry
        self.queued = Gauge("amends_queue_sentences", "Sentences waiting for a worker.", registry=r)
        self.queue_work = Gauge(
            "amends_queue_work_seconds", "Estimated seconds until the sentences that wait are encoded.", registry=r
        )
        self.queue_wait = Histogram(
            "amends_queue_wait_seconds", "Seconds a sentence waited.", ("priority",), buckets=SHORT, registry=r
        )
        self.cost_ratio = Histogram(
            "amends_cost_ratio",
            "Seconds a sentence was encoded, by those that were estimated when it was admitted.",
            buckets=RATIOS,
            registry=r,
        )
        self.admitted = Counter(
            "amends_admission_accepted", "Calls, and items of batches, let into the queue.", ("priority",), registry=r
        )
        self.refused = Counter(
            "amends_admission_refused",
            "Calls, items of batches and streams refused before work began.",
            ("priority", "reason"),
            registry=r,
        )
        self.dropped = Counter("amends_queue_dropped", "Sentences dropped unencoded.", ("reason",), registry=r)
        self.batch = Histogram(
            "amends_request_sentences", "Sentences a call wants encoded.", buckets=SENTENCES, registry=r
        )
        self.request_tokens = Histogram(
            "amends_request_tokens",
            "Tokens of the sentences of a call, cached ones too.",
            buckets=CALL_TOKENS,
            registry=r,
        )
        self.cache = Counter("amends_cache_requests", "Encodings asked of the cache.", ("result",), registry=r)
        self.cache_bytes = Gauge("amends_cache_bytes", "Memory of cached encodings.", registry=r)

    def _make_encoder(self) -> None:
        r = self.registry
        self.workers = Gauge("amends_encoder_workers", "Processes, or threads, that encode.", registry=r)
        self.worker_cpu = Counter(
            "amends_worker_cpu_seconds", "Processor time of encoding processes, of each when it comes back.", registry=r
        )
        self.worker_memory = Gauge(
            "amends_worker_memory_bytes",
            "Memory of encoding processes; what they share is counted once (PSS).",
            registry=r,
        )
        self.inference = Histogram(
            "amends_inference_seconds", "Seconds a sentence was encoded.", buckets=SHORT, registry=r
        )
        self.inference_errors = Counter(
            "amends_inference_errors",
            "Sentences on which the encoder raised: by the sentence's fault, or by its own.",
            ("fault",),
            registry=r,
        )
        for fault in ("sentence", "encoder"):
            self.inference_errors.labels(fault)
        self.tokens = Histogram("amends_sentence_tokens", "Tokens of an encoded sentence.", buckets=TOKENS, registry=r)
        self.sentences = Counter("amends_sentences", "Sentences encoded, by language.", ("language",), registry=r)
        for language in Language:
            self.sentences.labels(language.value)
        self.unknown_tokens = Counter("amends_unknown_tokens", "Tokens the model does not know.", registry=r)
        self.truncated = Counter("amends_truncated_sentences", "Sentences cut to what the encoder reads.", registry=r)

    def _make_live(self) -> None:
        r = self.registry
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

    def _make_judgements(self) -> None:
        r = self.registry
        judged = ("playbook",)
        modelled = ("model_version", *judged)
        self.score = Histogram("amends_score", "Scores given.", modelled, buckets=SCORES, registry=r)
        self.confidence = Histogram(
            "amends_confidence", "Confidence of judgements.", modelled, buckets=SHARES, registry=r
        )
        self.verdicts = Counter("amends_verdicts", "Judgements by verdict.", (*judged, "verdict"), registry=r)
        self.steps = Counter("amends_steps", "Steps found in replies.", (*judged, "step"), registry=r)
        self.missteps = Counter("amends_missteps", "Missteps found in replies.", (*judged, "misstep"), registry=r)
        self.fates = Counter("amends_advice_fates", "What became of live advice.", (*judged, "fate"), registry=r)
        self.upset = Histogram("amends_customer_upset", "Upset of customers.", judged, buckets=SHARES, registry=r)

    def _make_model(self) -> None:
        r = self.registry
        binned = ("model_version", "playbook", "figure", "bin")
        self.drift = Counter(
            "amends_drift_observations",
            "What judgements were like, by the bins of the reference; only for playbooks that it knows.",
            binned,
            registry=r,
        )
        self.reference = Gauge(
            "amends_reference_ratio",
            "Share of a figure's bin in the reference that drift is measured against.",
            binned,
            registry=r,
        )
        self.model = Info("amends_model", "The model that serves.", registry=r)
        self.model_load = Gauge(
            "amends_model_load_seconds", "Seconds in which the bundle was checked and its session made.", registry=r
        )
        self.playbook_reloads = Counter(
            "amends_playbooks_reload", "Changes of the playbook files, by what came of them.", ("outcome",), registry=r
        )
        for outcome in ("loaded", "refused", "postponed"):
            self.playbook_reloads.labels(outcome)
        self.playbooks_loaded = Gauge(
            "amends_playbooks_loaded_timestamp_seconds", "When the playbooks that serve were loaded.", registry=r
        )

    def _make_identity(self) -> None:
        r = self.registry
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

    def _make_service(self) -> None:
        r = self.registry
        self.loop_lag = Histogram(
            "amends_event_loop_lag_seconds", "How late the event loop runs.", buckets=SHORT, registry=r
        )
        self.certificate_expiry = Gauge(
            "amends_tls_certificate_expiry_timestamp_seconds",
            "When the first certificate of the served chain ends; NaN without TLS.",
            registry=r,
        )
        self.certificate_expiry.set(nan)
        self.start_seconds = Gauge("amends_start_seconds", "Seconds from start to SERVING.", registry=r)

    def offers(self, methods: Iterable[Method]) -> None:
        """Counts calls of methods, and the ends that alerts ask for, from 0: a rate does not see a series begin."""
        for method in methods:
            self.started.labels(*method.labels)
            for code in ("OK", "UNAVAILABLE"):
                self.handled.labels(*method.labels, code)

    def serves(self, *, name: str, version: str, sha256: str, reference: Reference | None) -> None:
        """Tells which model serves, and what its judgements are usually like. To be called before the first call."""
        self._model_version, self._reference = version, reference
        self.model.info({"name": name, "version": version, "sha256": sha256})
        if reference is None:
            return
        for playbook, figure in product(reference.playbooks, FIGURES):
            for name_of_bin, share in reference.shares(playbook, figure).items():
                self.reference.labels(version, playbook, figure, name_of_bin).set(share)
                self.drift.labels(version, playbook, figure, name_of_bin)

    def encoded(self, text: str, encoding: Encoding, *, seconds: float, estimate_s: float) -> None:
        """Counts an encoded passage; of its text nothing is kept but the language."""
        self.cost_ratio.observe(seconds / estimate_s)
        self.tokens.observe(encoding.tokens)
        self.unknown_tokens.inc(encoding.unknown_tokens)
        self.truncated.inc(encoding.truncated)
        self.sentences.labels(language_of(raw_text_of(text)).value).inc()

    def judged(self, judgements: Iterable[Judgement]) -> None:
        """Counts judgements."""
        traced = exemplar()
        for judgement in judgements:
            name = judgement.playbook.name
            self.score.labels(self._model_version, name).observe(judgement.score, traced)
            self.confidence.labels(self._model_version, name).observe(judgement.confidence, traced)
            self.verdicts.labels(name, judgement.verdict.value).inc()
            self.upset.labels(name).observe(judgement.customer.upset)
            for step, found in judgement.steps.items():
                if found.strength is not Strength.ABSENT:
                    self.steps.labels(name, step.value).inc()
            for finding in judgement.missteps:
                self.missteps.labels(name, finding.misstep.value).inc()
            if self._reference is not None and name in self._reference.playbooks:
                for figure, name_of_bin in observations(judgement):
                    self.drift.labels(self._model_version, name, figure, name_of_bin).inc()
