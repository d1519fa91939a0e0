"""The life of the service: load, warm up, serve, drain."""

import asyncio
import logging
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIServer

import grpc
from amends.v1 import (
    conversation_pb2,
    empathy_service_pb2,
    empathy_service_pb2_grpc,
    playbook_service_pb2,
    playbook_service_pb2_grpc,
    server_info_pb2,
)
from amends_core.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from amends_core.encoder import Encoding, OnnxEncoder
from amends_core.playbooks import PlaybookLibrary
from amends_core.scorer import MAX_HISTORY_TURNS, MAX_PIECES, Scorer, phrases_of
from amends_core.teaching import UNTAUGHT, Teaching, load_teaching
from google.protobuf import timestamp_pb2
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from prometheus_client import start_http_server

from amends_server.candidate import CandidateMetrics, Shares, Trial
from amends_server.edge import EdgeInterceptor
from amends_server.encoding import EncoderPool, EncodingCache
from amends_server.metrics import Metrics
from amends_server.playbooks import Edition, Shelf, Watcher, load_checked
from amends_server.services.coaching import Coaching
from amends_server.services.coaching import Limits as CoachingLimits
from amends_server.services.empathy import EmpathyServicer
from amends_server.services.health import Health
from amends_server.services.playbook import PlaybookServicer
from amends_server.settings import Settings
from amends_server.signing import load_signed
from amends_server.validation import field_rules

SERVICES = (
    empathy_service_pb2.DESCRIPTOR.services_by_name["EmpathyService"].full_name,
    playbook_service_pb2.DESCRIPTOR.services_by_name["PlaybookService"].full_name,
)
_LAG_INTERVAL_S = 0.5
_log = logging.getLogger("amends.server")
_Status = health_pb2.HealthCheckResponse


class PortInUse(OSError):
    """The port cannot be bound; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Model:
    """What is loaded before the first call."""

    bundle: Bundle
    encoder: OnnxEncoder
    library: PlaybookLibrary
    scorer: Scorer
    encodings: Mapping[str, Encoding]
    """Of every phrase of the library."""
    teaching: Teaching = UNTAUGHT
    candidate: "Model | None" = None
    """A second one that is on trial, over the same library."""


def load_model(settings: Settings) -> Model:
    """Loads bundle and playbooks and encodes the exemplars, which warms the encoder up.

    Raises:
        BundleError: a bundle is missing or damaged, or is not signed as it must be.
        PlaybookError: a playbook breaks its schema or contradicts itself.
        TeachingError: own exemplars or a custom step cannot be used.
    """
    bundle = _bundle(settings.model_dir, settings.model_key)
    second = _bundle(settings.shadow_model_dir, settings.model_key) if settings.shadow_model_dir else None
    library = load_checked(settings.playbook_dir)
    model = _read_by(bundle, settings, settings.custom_steps, library)
    if second is None:
        return model
    return replace(model, candidate=_read_by(second, settings, settings.shadow_custom_steps, library))


def _bundle(folder: Path | None, key: Path | None) -> Bundle:
    """A bundle; where no folder is given the embedded one, which comes with the package and needs no signature."""
    if folder is None:
        return load_bundle(DEFAULT_BUNDLE)
    return load_signed(folder, key) if key is not None else load_bundle(folder)


def _read_by(bundle: Bundle, settings: Settings, custom_steps: Path | None, library: PlaybookLibrary) -> Model:
    encoder = OnnxEncoder(bundle)
    teaching = load_teaching(settings.exemplars, custom_steps, bundle)
    phrases = phrases_of(library, teaching)
    with ThreadPoolExecutor(settings.threads) as threads:
        encodings = dict(zip(phrases, threads.map(encoder.encode, phrases), strict=True))
    scorer = Scorer(bundle.manifest, library, encodings, teaching)
    return Model(bundle, encoder, library, scorer, encodings, teaching)


class Service:
    """A running service. Made, started and stopped on one event loop."""

    def __init__(self, settings: Settings, model: Model) -> None:
        self._settings = settings
        self._started = time.monotonic()
        self.metrics = Metrics()
        self._pool = EncoderPool(
            model.encoder,
            EncodingCache(settings.cache_mb << 20),
            self.metrics,
            threads=settings.threads,
            max_queue=settings.max_queue,
            max_tokens=model.bundle.manifest.max_tokens,
            on_failure=self._on_failure,
        )
        self._health = Health(SERVICES)
        self._server = aio.server(interceptors=(EdgeInterceptor(self.metrics),), options=_options(settings))
        self._metrics_server: WSGIServer | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._shelf = Shelf(_edition(model))
        self._trial = self._make_trial(model)
        self._coaching = self._make_coaching()
        self._watcher = self._watcher_of(model)
        self._register(model)
        self.port = 0
        self.metrics_port = -1

    async def start(self) -> None:
        """Binds the ports and serves.

        Raises:
            PortInUse: a port is taken.
        """
        self.port = self._bind()
        await self._server.start()
        self.metrics_port = self._serve_metrics()
        self._health.set_all(_Status.SERVING)
        self._watch(self._measure_lag())
        if self._watcher is not None:
            self._watch(self._watcher.run())
        self.metrics.start_seconds.set(time.monotonic() - self._started)

    async def stop(self, grace_s: float) -> None:
        """Drains: NOT_SERVING, watches and live conversations end, calls in flight finish within `grace_s` seconds."""
        self._health.drain()
        self._coaching.drain()
        await self._server.stop(grace_s)
        self._trial.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._close)

    def reload_playbooks(self) -> None:
        """Has the playbook files looked at now; does nothing without a folder of one's own. For the event loop."""
        if self._watcher is not None:
            self._watcher.ask()

    def _watcher_of(self, model: Model) -> Watcher | None:
        self.metrics.playbooks_loaded.set_to_current_time()
        folder, manifest = self._settings.playbook_dir, model.bundle.manifest
        if folder is None:
            return None
        candidate = model.candidate.bundle.manifest if model.candidate else None
        poll_s = self._settings.playbook_poll_s
        return Watcher(folder, self._shelf, manifest, self._pool, self.metrics, poll_s, candidate)

    def _make_trial(self, model: Model) -> Trial:
        """Puts the candidate, where there is one, behind the queue of the first model."""
        shares = Shares(self._settings.shadow_share, self._settings.canary_share)
        counts = CandidateMetrics(self.metrics.registry)
        trial = Trial(self._pool, self.metrics, counts, shares)
        if model.candidate is None:
            return trial

        info = _model_info(model.candidate)
        served = {"name": info.name, "version": info.version, "sha256": info.sha256}

        def on_failure(error: BaseException) -> None:
            _log.error("inference of the candidate failed", extra={"type": type(error).__name__})
            counts.fails(**served)

        cache, most = EncodingCache(self._settings.cache_mb << 20), model.candidate.bundle.manifest.max_tokens
        reader = self._pool.add_model(model.candidate.encoder, cache, max_tokens=most, on_failure=on_failure)
        candidate = replace(_edition(model.candidate), reader=reader)
        self._shelf.current = replace(self._shelf.current, candidate=candidate)
        counts.begins(**served, shadow=shares.shadow, canary=shares.canary)
        return trial

    def _close(self) -> None:
        self._pool.close()
        if self._metrics_server is not None:
            self._metrics_server.shutdown()
            self._metrics_server.server_close()

    def _register(self, model: Model) -> None:
        info = _server_info(self._settings, model)
        self.metrics.model.info({"name": info.model.name, "version": info.model.version, "sha256": info.model.sha256})
        deadline_s = self._settings.default_deadline_s
        empathy = EmpathyServicer(self._shelf, self._pool, self.metrics, info, self._coaching, deadline_s, self._trial)
        empathy_service_pb2_grpc.add_EmpathyServiceServicer_to_server(empathy, self._server)
        playbooks = PlaybookServicer(self._shelf)
        playbook_service_pb2_grpc.add_PlaybookServiceServicer_to_server(playbooks, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if self._settings.reflection:
            names = (*SERVICES, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)

    def _make_coaching(self) -> Coaching:
        limits = CoachingLimits(
            max_streams=self._settings.max_live_conversations,
            deadline_s=self._settings.default_deadline_s,
            max_message_bytes=self._settings.max_message_bytes,
        )
        return Coaching(self._shelf, self._trial, self._pool, self.metrics, limits)

    def _bind(self) -> int:
        address = f"{self._settings.host}:{self._settings.port}"
        try:
            credentials = _credentials(self._settings)
            if credentials is not None:
                return self._server.add_secure_port(address, credentials)
            return self._server.add_insecure_port(address)
        except RuntimeError as error:
            tls = " and at the files of --tls-cert, --tls-key and --tls-client-ca" if self._settings.tls_cert else ""
            raise PortInUse(
                f"cannot listen on {address}: is the port in use? Look at --port and --host{tls}"
            ) from error

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
        return self._metrics_server.server_port

    def _on_failure(self, error: BaseException) -> None:
        _log.error("inference failed", extra={"type": type(error).__name__})
        self._health.fail()

    def _watch(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _measure_lag(self) -> None:
        while True:
            due = time.monotonic() + _LAG_INTERVAL_S
            await asyncio.sleep(_LAG_INTERVAL_S)
            self.metrics.loop_lag.observe(max(0.0, time.monotonic() - due))


def _options(settings: Settings) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 0),  # two servers on one port fail loudly
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", 64 << 20),
        ("grpc.max_connection_age_ms", 300_000),  # clients rebalance over replicas
        ("grpc.max_connection_age_grace_ms", 30_000),
        ("grpc.max_concurrent_streams", 1024),
        ("grpc.server.max_pending_requests", 256),  # calls the event loop has not seen yet
        ("grpc.server.max_pending_requests_hard_limit", 512),
        ("grpc.server_max_unrequested_time_in_server", 2),
        ("grpc.http2.min_ping_interval_without_data_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
    ]


def _credentials(settings: Settings) -> grpc.ServerCredentials | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    pair = (settings.tls_key.read_bytes(), settings.tls_cert.read_bytes())
    authorities = settings.tls_client_ca.read_bytes() if settings.tls_client_ca else None
    return grpc.ssl_server_credentials([pair], authorities, require_client_auth=authorities is not None)


def _edition(model: Model) -> Edition:
    return Edition(model.library, model.scorer, model.encodings, _model_info(model), model.teaching)


def _server_info(settings: Settings, model: Model) -> server_info_pb2.ServerInfo:
    """What stays as it is while the service runs: all but the playbooks."""
    manifest = model.bundle.manifest
    calibrated = timestamp_pb2.Timestamp()
    calibrated.FromDatetime(manifest.calibrated_at)
    return server_info_pb2.ServerInfo(
        model=_model_info(model),
        limits=_limits(settings, manifest.max_tokens),
        calibration_time=calibrated,
        server_version=version("amends"),
    )


def _model_info(model: Model) -> server_info_pb2.ModelInfo:
    manifest, own = model.bundle.manifest, model.teaching.exemplars
    return server_info_pb2.ModelInfo(
        name=manifest.name,
        version=manifest.version,
        sha256=model.bundle.sha256,
        exemplars=server_info_pb2.TeachingRef(name=own.name, version=own.version) if own else None,
        custom_steps=[
            server_info_pb2.TeachingRef(name=step.name, version=step.version) for step in model.teaching.steps
        ],
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
