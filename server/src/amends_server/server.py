"""The life of the service: load, warm up, serve, drain."""

import asyncio
import logging
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIServer

from amends.v1 import (
    conversation_pb2,
    empathy_service_pb2,
    empathy_service_pb2_grpc,
    playbook_service_pb2,
    playbook_service_pb2_grpc,
    server_info_pb2,
)
from amends_core.scorer import MAX_HISTORY_TURNS, MAX_PIECES
from google.protobuf import timestamp_pb2
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2
from prometheus_client import start_http_server

from amends_server.candidate import CandidateMetrics, Shares, Trial
from amends_server.doorstep import Doorstep
from amends_server.edge import EdgeInterceptor
from amends_server.editions import COMMON, Model, playbook_dirs
from amends_server.encoding import EncoderPool, EncodingCache
from amends_server.exposition import metrics_app
from amends_server.identity.audit import Audit, open_audit
from amends_server.identity.certificates import server_credentials
from amends_server.identity.gate import Gate
from amends_server.identity.kept import KeptWatcher
from amends_server.identity.keyring import Keyring, open_keyring
from amends_server.methods import methods_of
from amends_server.metrics import Metrics
from amends_server.playbooks import Edition, Shelf, Shelves, Watcher
from amends_server.redaction import Redactor
from amends_server.services.coaching import Coaching
from amends_server.services.coaching import Limits as CoachingLimits
from amends_server.services.empathy import EmpathyServicer
from amends_server.services.health import Health
from amends_server.services.playbook import PlaybookServicer
from amends_server.settings import Settings
from amends_server.telemetry import Telemetry
from amends_server.validation import field_rules
from amends_server.workers.processes import start_processes
from amends_server.workers.threads import ThreadWorker
from amends_server.workers.work import Worker

_OURS = (
    empathy_service_pb2.DESCRIPTOR.services_by_name["EmpathyService"],
    playbook_service_pb2.DESCRIPTOR.services_by_name["PlaybookService"],
)
_HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"]
SERVICES = tuple(service.full_name for service in _OURS)
MEGABYTE = 1 << 20
_LAG_INTERVAL_S = 0.5
_MEMORY_INTERVAL_S = 15.0
"""As often as Prometheus usually asks."""
_IDENTITY, _ALL_CODINGS = 0b1, 0b111
"""Of messages, as gRPC counts them: as they are, and those, deflate and gzip."""
_log = logging.getLogger("amends.server")
_Status = health_pb2.HealthCheckResponse


class PortInUse(OSError):
    """The port cannot be bound; the message names it and the remedy."""


class Service:
    """A running service. Made, started and stopped on one event loop."""

    def __init__(self, settings: Settings, model: Model, telemetry: Telemetry | None = None) -> None:
        """Reads the files of identity.

        Raises:
            IdentityError: certificates, tokens, keys or the audit log cannot be used.
        """
        self._settings = settings
        self._telemetry = telemetry
        self._started = time.monotonic()
        self.metrics = Metrics()
        self._keyring = self._open_keyring(model)
        self._audit = self._open_audit(model)
        kept = self._keyring.certificates
        self._credentials = server_credentials(kept) if kept else None  # held: gRPC's core calls back into them
        if kept:
            expires = lambda: kept.current.expires.timestamp()  # noqa: E731, PLW0108  what is kept changes
            self.metrics.certificate_expiry.set_function(expires)
        self._pool = EncoderPool(
            _workers(settings, model),
            EncodingCache(settings.cache_mb * MEGABYTE),
            self.metrics,
            max_queue=settings.max_queue,
            max_tokens=model.bundle.manifest.max_tokens,
            on_failure=self._on_failure,
        )
        self._health = Health(SERVICES)
        gate = Gate(model.tenants, self._keyring.proofs, self.metrics)
        self._doorstep = Doorstep()
        tracing = telemetry.tracing if telemetry else None
        edge = EdgeInterceptor(self.metrics, gate, self._audit, self._doorstep, tracing)
        self._server = aio.server(interceptors=(edge,), options=_options(settings))
        self._metrics_server: WSGIServer | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._redactor = Redactor(settings.redact_region) if settings.redact else None
        self._trial, candidates = self._make_trial(model)
        self._common = Shelf(replace(model.edition, candidate=candidates.get(COMMON)))
        self._own = {name: Shelf(replace(each, candidate=candidates.get(name))) for name, each in model.own.items()}
        self._shelf = Shelves(self._common, self._own)
        self._coaching = self._make_coaching()
        self._watchers = self._make_watchers(model)
        self._register(model)
        self.port = 0
        self.metrics_port = -1

    async def start(self) -> None:
        """Binds the ports and serves.

        Raises:
            PortInUse: a port is taken.
            BundleError: a worker cannot load the model.
        """
        await self._pool.ready()
        await self._pool.measure_memory()
        self.port = self._bind()
        await self._server.start()
        self.metrics_port = self._serve_metrics()
        self._health.set_all(_Status.SERVING)
        self._watch("lag", self._measure_lag())
        self._watch("memory", self._measure_memory())
        for watcher in self._watchers:
            self._watch(type(watcher).__name__, watcher.run())
        self.metrics.start_seconds.set(time.monotonic() - self._started)

    async def stop(self, grace_s: float) -> None:
        """Drains: NOT_SERVING, watches and live conversations end, calls in flight finish within `grace_s` seconds."""
        self._health.drain()
        self._coaching.drain()
        self._doorstep.close()
        await self._server.stop(grace_s)
        self._trial.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._pool.close()
        await asyncio.to_thread(self._close)

    def reload(self) -> None:
        """Has playbooks, certificates, tokens and keys looked at now. For the event loop."""
        for watcher in self._watchers:
            watcher.ask()

    def _make_watchers(self, model: Model) -> Sequence[Watcher | KeptWatcher]:
        self.metrics.playbooks_loaded.set_to_current_time()
        common = self._settings.playbook_dir
        watched = {COMMON: (self._common, playbook_dirs(common))}
        for name, shelf in self._own.items():
            watched[name] = (shelf, playbook_dirs(common, model.tenants[name]))
        playbooks = [self._watcher(name, shelf, dirs) for name, (shelf, dirs) in watched.items() if dirs]
        return [*playbooks, KeptWatcher(self._keyring.kept, self._settings.identity_poll_s)]

    def _watcher(self, tenant: str, shelf: Shelf, dirs: Sequence[Path]) -> Watcher:
        return Watcher(dirs, shelf, self._pool, self.metrics, self._settings.playbook_poll_s, tenant)

    def _make_trial(self, model: Model) -> tuple[Trial, Mapping[str, Edition]]:
        """Puts the candidate, where there is one, behind the first model's queue; gives its edition for each shelf."""
        shares = Shares(self._settings.shadow_share, self._settings.canary_share)
        counts = CandidateMetrics(self.metrics.registry)
        trial = Trial(self._pool, self.metrics, counts, shares)
        candidate = model.candidate
        if candidate is None:
            return trial, {}

        info = candidate.edition.model
        served = {"name": info.name, "version": info.version, "sha256": info.sha256}

        def on_failure(kind: str) -> None:
            _log.error("inference of the candidate failed", extra={"type": kind})
            counts.fails(**served)

        cache, most = EncodingCache(self._settings.cache_mb * MEGABYTE), candidate.bundle.manifest.max_tokens
        reader = self._pool.add_model(cache, max_tokens=most, on_failure=on_failure)
        counts.begins(**served, shadow=shares.shadow, canary=shares.canary)
        editions = {COMMON: candidate.edition, **candidate.own}
        return trial, {name: replace(each, reader=reader) for name, each in editions.items()}

    def _open_keyring(self, model: Model) -> Keyring:
        def told(what: str, outcome: str) -> None:
            self.metrics.identity_reloads.labels(what, outcome).inc()

        keyring = open_keyring(self._settings, model.tenants, told)
        for each in keyring.kept:
            for outcome in ("loaded", "refused"):
                self.metrics.identity_reloads.labels(each.what, outcome)
        return keyring

    def _open_audit(self, model: Model) -> Audit:
        settings = self._settings
        return open_audit(
            settings.audit_log,
            max_bytes=settings.audit_max_mb * MEGABYTE,
            keep=settings.audit_keep,
            model=model.edition.title,
            metrics=self.metrics,
        )

    def _close(self) -> None:
        self._audit.close()
        if self._telemetry is not None:
            self._telemetry.close()
        if self._metrics_server is not None:
            self._metrics_server.shutdown()
            self._metrics_server.server_close()

    def _register(self, model: Model) -> None:
        info = _server_info(self._settings, model)
        served = info.model
        self.metrics.serves(name=served.name, version=served.version, sha256=served.sha256, reference=model.reference)
        self.metrics.model_load.set(model.load_s)
        deadline_s = self._settings.default_deadline_s
        empathy = EmpathyServicer(
            self._shelf, self._pool, self.metrics, info, self._coaching, deadline_s, self._trial, self._redactor
        )
        empathy_service_pb2_grpc.add_EmpathyServiceServicer_to_server(empathy, self._server)
        playbooks = PlaybookServicer(self._shelf)
        playbook_service_pb2_grpc.add_PlaybookServiceServicer_to_server(playbooks, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self.metrics.offers(methods_of(*_OURS, _HEALTH))
        if self._settings.reflection:
            reflection.enable_server_reflection((*SERVICES, _HEALTH.full_name, reflection.SERVICE_NAME), self._server)
            self.metrics.offers(methods_of(*reflection_pb2.DESCRIPTOR.services_by_name.values()))

    def _make_coaching(self) -> Coaching:
        limits = CoachingLimits(
            max_streams=self._settings.max_live_conversations,
            deadline_s=self._settings.default_deadline_s,
            max_message_bytes=self._settings.max_message_bytes,
        )
        return Coaching(self._shelf, self._trial, self._pool, self.metrics, limits, self._redactor)

    def _bind(self) -> int:
        address = f"{self._settings.host}:{self._settings.port}"
        try:
            if self._credentials is not None:
                return self._server.add_secure_port(address, self._credentials)
            return self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise PortInUse(f"cannot listen on {address}: is the port in use? Look at --port and --host") from error

    def _serve_metrics(self) -> int:
        if self._settings.metrics_port < 0:
            return -1
        host, port = self._settings.metrics_host, self._settings.metrics_port
        try:
            self._metrics_server, _ = start_http_server(port, host, registry=self.metrics.registry)
        except OSError as error:
            raise PortInUse(
                f"cannot serve metrics on {host}:{port}: {error.strerror}. "
                "Choose another with --metrics-port, or -1 for none"
            ) from error
        self._metrics_server.set_app(metrics_app(self.metrics.registry))
        return self._metrics_server.server_port

    def _on_failure(self, kind: str) -> None:
        _log.error("inference failed", extra={"type": kind})
        self._health.fail()

    def _watch(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            told = {"work": task.get_name(), "type": type(error).__name__, "remedy": "restart the service"}
            _log.error("background work died", extra=told)

    async def _measure_lag(self) -> None:
        while True:
            due = time.monotonic() + _LAG_INTERVAL_S
            await asyncio.sleep(_LAG_INTERVAL_S)
            self.metrics.loop_lag.observe(max(0.0, time.monotonic() - due))

    async def _measure_memory(self) -> None:
        while True:
            await asyncio.sleep(_MEMORY_INTERVAL_S)
            await self._pool.measure_memory()


def _workers(settings: Settings, model: Model) -> Sequence[Worker]:
    """As many workers as are asked for; each reads the model and, as the second, the candidate."""
    models = [model] if model.candidate is None else [model, model.candidate]
    if settings.worker_kind == "thread":
        return [ThreadWorker([each.encoder for each in models]) for _ in range(settings.worker_count)]
    return start_processes([each.bundle for each in models], settings.worker_count)


def _options(settings: Settings) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 0),  # two servers on one port fail loudly
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", 64 << 20),
        ("grpc.max_connection_age_ms", 300_000),  # clients rebalance over replicas
        ("grpc.max_connection_age_grace_ms", 30_000),
        ("grpc.max_concurrent_streams", settings.max_streams_per_connection),
        ("grpc.max_allowed_incoming_connections", settings.max_connections),
        ("grpc.server_handshake_timeout_ms", 10_000),  # a connection that never says what it wants is closed
        ("grpc.keepalive_time_ms", 60_000),  # a peer that is gone without a word is noticed
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.max_metadata_size", 8 << 10),  # of one call: refused at random above, surely above twice that
        ("grpc.absolute_max_metadata_size", 16 << 10),
        ("grpc.compression_enabled_algorithms_bitset", _ALL_CODINGS if settings.compression else _IDENTITY),
        ("grpc.http2.max_ping_strikes", 2),  # then the connection ends
        ("grpc.server.max_pending_requests", 4096),  # calls the event loop has not seen yet
        ("grpc.server.max_pending_requests_hard_limit", 8192),
        ("grpc.server_max_unrequested_time_in_server", 5),
        ("grpc.http2.min_ping_interval_without_data_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
    ]


def _server_info(settings: Settings, model: Model) -> server_info_pb2.ServerInfo:
    """What stays as it is while the service runs: all but the playbooks, and what a tenant taught."""
    manifest = model.bundle.manifest
    calibrated = timestamp_pb2.Timestamp()
    calibrated.FromDatetime(manifest.calibrated_at)
    return server_info_pb2.ServerInfo(
        model=model.edition.model,
        limits=_limits(settings, manifest.max_tokens),
        calibration_time=calibrated,
        server_version=version("amends"),
    )


def _limits(settings: Settings, max_sentence_tokens: int) -> server_info_pb2.Limits:
    """The bounds of requests, read from the contract's validate rules, where they are written once."""
    score, batch = empathy_service_pb2.ScoreReplyRequest, empathy_service_pb2.BatchScoreRepliesRequest
    return server_info_pb2.Limits(
        max_turns=field_rules(score, "turns").repeated.max_items,
        max_reply_turns=field_rules(score, "reply").repeated.max_items,
        max_text_characters=field_rules(conversation_pb2.Turn, "text").string.max_len,
        max_batch_items=field_rules(batch, "requests").repeated.max_items,
        max_message_bytes=settings.max_message_bytes,
        max_sentence_tokens=max_sentence_tokens,
        max_history_turns=MAX_HISTORY_TURNS,
        max_sentences=MAX_PIECES,
    )
