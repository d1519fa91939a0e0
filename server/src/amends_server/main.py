"""The entry point: settings in, exit status out."""

import asyncio
import gc
import logging
import signal
import sys
import time
from collections.abc import Sequence

from amends_core.errors import AmendsError
from amends_core.text.spelling import forget_dictionary

from amends_server.batches import free_batches
from amends_server.editions import Model, load_model
from amends_server.identity.caller import IdentityError
from amends_server.logs import configure_logs
from amends_server.server import PortInUse, Service
from amends_server.settings import Settings, SettingsError, load_settings
from amends_server.telemetry import open_telemetry
from amends_server.workers.memory import give_back

_log = logging.getLogger("amends.server")


def run(args: Sequence[str]) -> int:
    """Serves until SIGTERM or SIGINT. Gives 0 after a clean drain, 1 where it cannot start, 2 for bad settings."""
    started = time.monotonic()
    try:
        settings = load_settings(args)
    except SettingsError as error:
        print(f"amends serve: settings cannot be used:\n{error}", file=sys.stderr)
        return 2
    configure_logs(settings.log_level)
    if not settings.core_dumps:
        _forbid_core_dumps()
    free_batches()
    try:
        model = load_model(settings)
        if settings.worker_kind == "process":
            _let_go_of_encoders(model)
        asyncio.run(_serve(settings, model, started))
    except (AmendsError, IdentityError, PortInUse) as error:
        print(f"amends serve: {error}", file=sys.stderr)
        return 1
    return 0


def _forbid_core_dumps() -> None:
    """Keeps a crash from writing memory, and so what was said, to a disk."""
    try:
        import resource
    except ImportError:  # no such limit on Windows
        return
    # 1 byte is too little for a file and, unlike 0, also keeps Linux from handing the dump to a program.
    # Source: core(5), and do_coredump in fs/coredump.c.
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    least = 0 if hard == 0 else 1
    resource.setrlimit(resource.RLIMIT_CORE, (least, least))


def _let_go_of_encoders(model: Model) -> None:
    """They have encoded the exemplars; whatever comes now is encoded by processes that have their own."""
    for each in (model, model.candidate):
        if each is not None:
            each.encoder.close()
    forget_dictionary()
    give_back()


async def _serve(settings: Settings, model: Model, started: float) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    service = Service(settings, model, open_telemetry(model.bundle, asked=settings.otel))
    loop.add_signal_handler(signal.SIGHUP, service.reload)
    try:
        await service.start()
    except BaseException:
        await service.stop(0)
        raise
    _freeze()
    _announce(settings, model, service, time.monotonic() - started)
    await stop.wait()
    _log.info("draining", extra={"grace_s": settings.grace_s})
    await service.stop(settings.grace_s)
    _log.info("stopped")


def _freeze() -> None:
    """Keeps Python's collector from what was loaded: it stays, and to go through it takes 50 ms each time."""
    gc.collect()
    gc.freeze()


def _warn(settings: Settings) -> None:
    """Tells what an open door looks like from outside."""
    if settings.host in {"127.0.0.1", "localhost", "[::1]"}:
        return
    if settings.production and not (settings.tokens or settings.jwks or settings.tls_client_ca):
        _log.warning("anybody may call: give --tokens, --jwks or --tls-client-ca, or keep strangers out")
    if (settings.tokens or settings.jwks) and settings.tls_cert is None:
        _log.warning("tokens come unencrypted: give --tls-cert and --tls-key, or have a proxy encrypt them")


def _announce(settings: Settings, model: Model, service: Service, seconds: float) -> None:
    manifest = model.bundle.manifest
    _warn(settings)
    _log.info("settings", extra={"settings": settings.model_dump(mode="json")})
    _log.info(
        "serving",
        extra={
            "port": service.port,
            "metrics_port": service.metrics_port,
            "model": f"{manifest.name} {manifest.version}",
            "model_sha256": model.bundle.sha256,
            "start_seconds": round(seconds, 3),
        },
    )
    address = f"{settings.host}:{service.port}"
    print(f"Amends serves on {address}. Score a first reply from another terminal:", file=sys.stderr)
    print(
        f'  amends score --target {address} --customer "Third week without my parcel, and nobody answers."'
        ' --reply "I am sorry, three weeks is far too long. I will find it today and call you by five."',
        file=sys.stderr,
    )
