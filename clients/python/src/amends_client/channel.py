"""How both clients connect: target, credentials, and gRPC's own retries and balancing."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc
from amends.v1 import empathy_service_pb2, playbook_service_pb2
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from amends_client.errors import InvalidOptions
from amends_client.options import ClientOptions

_SCHEME = re.compile(r"(dns|unix|unix-abstract|ipv4|ipv6|vsock|xds):")
_MAX_RESPONSE_BYTES = 32 * 1024 * 1024
"""A conversation of 500 turns has at most 499 judged replies, of some 20 KiB each; gRPC's own bound is 4 MiB."""
_MAX_RECONNECT_BACKOFF_MS = 10_000
"""gRPC's own bound is two minutes, in which a server long back would still be taken for lost."""


def channel_target(target: str) -> str:
    """Gives the target as gRPC resolves it to every address of a name."""
    return target if _SCHEME.match(target) else f"dns:///{target}"


def channel_arguments(options: ClientOptions) -> Sequence[tuple[str, Any]]:
    """Gives the arguments of a channel."""
    arguments: list[tuple[str, Any]] = [
        ("grpc.service_config", json.dumps(service_config(options))),
        ("grpc.max_receive_message_length", _MAX_RESPONSE_BYTES),
        ("grpc.max_reconnect_backoff_ms", _MAX_RECONNECT_BACKOFF_MS),
        ("grpc.primary_user_agent", "amends-python"),
    ]
    if options.keepalive_s is not None:
        arguments += [
            ("grpc.keepalive_time_ms", round(options.keepalive_s * 1000)),
            ("grpc.keepalive_permit_without_calls", 1),
        ]
    return arguments


def service_config(options: ClientOptions) -> dict[str, Any]:
    """Gives gRPC's service config: calls go round all servers, and reads are retried.

    A retry after RESOURCE_EXHAUSTED waits as long as the server's `grpc-retry-pushback-ms` says, and a
    negative one forbids it; after UNAVAILABLE it backs off. Retries stop while more than half of a
    channel's calls fail.

    Source: gRFC A6, client retries.
    """
    config: dict[str, Any] = {"loadBalancingConfig": [{"round_robin": {}}]}
    if options.max_attempts > 1:
        config["methodConfig"] = [{"name": _reads(), "retryPolicy": _retry_policy(options.max_attempts)}]
        config["retryThrottling"] = {"maxTokens": 10, "tokenRatio": 0.1}
    return config


def channel_credentials(options: ClientOptions) -> grpc.ChannelCredentials | None:
    """Gives the credentials of an encrypted channel, or None where it is to be plain.

    Raises:
        InvalidOptions: a file cannot be read.
    """
    if not options.uses_tls:
        return None
    return grpc.ssl_channel_credentials(
        root_certificates=_read(options.tls_root_path, "tls_root_path"),
        private_key=_read(options.tls_key_path, "tls_key_path"),
        certificate_chain=_read(options.tls_cert_path, "tls_cert_path"),
    )


def _retry_policy(max_attempts: int) -> dict[str, Any]:
    return {
        "maxAttempts": max_attempts,
        "initialBackoff": "0.05s",
        "maxBackoff": "1s",
        "backoffMultiplier": 2,
        # A server that drains cancels what comes in its last moment; a call the caller cancels is never retried.
        "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "CANCELLED"],
    }


def _reads() -> list[dict[str, str]]:
    services = (
        empathy_service_pb2.DESCRIPTOR.services_by_name["EmpathyService"],
        playbook_service_pb2.DESCRIPTOR.services_by_name["PlaybookService"],
    )
    return [
        {"service": service.full_name, "method": method.name}
        for service in services
        for method in service.methods
        if _is_read(method)
    ]


def _is_read(method: MethodDescriptor) -> bool:
    return bool(method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS)


def _read(path: Path | str | None, field: str) -> bytes | None:
    if path is None:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InvalidOptions(
            f"{field}: cannot read {path}: {error.strerror}; give a PEM file this user may read", field=field
        ) from error
