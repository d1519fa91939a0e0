"""One frozen tree of settings: flag, then `AMENDS_*` variable, then default; checked whole at start."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "AMENDS_"
JWT_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""What may be allowed: none that signs with a shared secret, and never `none`."""
_UNTRIED = "default_factory_not_called"
"""A default that depends on another setting is not looked at where one is wrong: that is no problem of its own."""
_CLIENT_VARIABLES = frozenset({"AMENDS_TARGET", "AMENDS_TOKEN"})
"""Read by the client and the command line, not by the service."""


class SettingsError(ValueError):
    """Settings that cannot be used; the message lists every problem with its remedy."""


def metrics_by_mode(given: dict[str, Any]) -> int:
    """Where metrics are served if nothing is said of it."""
    return -1 if given.get("production") else 9464


def reflection_by_mode(given: dict[str, Any]) -> bool:
    """Whether the server describes its services if nothing is said of it."""
    return not given.get("production")


class Settings(BaseSettings):
    """Settings of `amends serve`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="forbid",
        cli_prog_name="amends serve",
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
    )

    production: bool = Field(
        False, description="Serve neither reflection nor metrics, unless --reflection or --metrics-port asks for them."
    )
    host: str = Field("127.0.0.1", description="Address to listen on; [::] listens on all.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(50051, description="gRPC port; 0 takes a free one.")
    metrics_host: str = Field("127.0.0.1", description="Address of the metrics port.")
    metrics_port: Annotated[int, Field(ge=-1, le=65535)] = Field(
        default_factory=metrics_by_mode,
        description="HTTP port of /metrics; 0 takes a free one, -1 serves none. 9464, or -1 in production.",
    )
    model_dir: Path | None = Field(None, description="Directory of a model bundle; the embedded one if not given.")
    model_key: Path | None = Field(
        None,
        description="PEM file of an Ed25519 public key; a bundle that is given must be signed by its other half.",
    )
    shadow_model_dir: Path | None = Field(
        None, description="Directory of a second model bundle, a candidate on trial beside the first."
    )
    shadow_custom_steps: Path | None = Field(
        None, description="Directory of your own steps (*.json), fitted on the candidate."
    )
    shadow_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.1,
        description="Share of the conversations that the candidate judges, too, while workers are idle.",
    )
    canary_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="Share of the conversations that the candidate answers."
    )
    playbook_dir: Path | None = Field(
        None, description="Directory of your own playbooks (*.yaml), beside those that ship."
    )
    playbook_poll_s: Annotated[float, Field(ge=0, le=3600)] = Field(
        5.0, description="Seconds between looks at your playbooks for changes; 0 looks only after SIGHUP."
    )
    exemplars: Path | None = Field(
        None, description="YAML file of your own exemplars, which shift decisions on sentences like them."
    )
    custom_steps: Path | None = Field(
        None, description="Directory of steps of your own (*.json), as `amends steps fit` writes them."
    )
    reference: Path | None = Field(
        None, description="File that drift is measured against; that of the bundle if not given."
    )
    workers: Annotated[int, Field(ge=0, le=256)] = Field(
        0, description="How many sentences are encoded at once; 0 takes one a core."
    )
    worker_kind: Literal["process", "thread"] = Field(
        "process",
        description="Whether workers are processes, which share one copy of the model and wait for nobody, or threads.",
    )
    cache_mb: Annotated[int, Field(ge=0, le=65536)] = Field(
        64, description="Memory for cached encodings, in MB; 0 caches none."
    )
    max_message_bytes: Annotated[int, Field(ge=1024, le=64 << 20)] = Field(
        4 << 20, description="Largest message that is read, in bytes."
    )
    compression: bool = Field(
        False,
        description="Whether compressed requests are read. All wait while one is unpacked: 5 ms for a bomb of 48 KB.",
    )
    max_connections: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        2000,
        description="Most connections at once, of some 0.03 MB and one open file each; more are closed at once.",
    )
    max_streams_per_connection: Annotated[int, Field(ge=1, le=100_000)] = Field(
        1024,
        description="Most calls that one connection may have open; callers wait with more. One that is taken back "
        "counts for a second. Take 100 where strangers reach the port without a proxy.",
    )
    max_queue: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        4096, description="Most sentences that wait for a worker; calls beyond are refused with RESOURCE_EXHAUSTED."
    )
    max_live_conversations: Annotated[int, Field(ge=1, le=100_000)] = Field(
        1000, description="Most live conversations at once, of some 0.2 MB each; more are refused."
    )
    default_deadline_s: Annotated[float, Field(gt=0, le=600)] = Field(
        10.0, description="Deadline of calls that bring none, and of each event of a live conversation, in seconds."
    )
    core_dumps: bool = Field(
        False, description="Whether a crash may leave a core dump, which would hold what was said."
    )
    redact: bool = Field(
        False,
        description="Whether card numbers, IBANs, e-mail addresses and phone numbers are masked before anything is "
        "read (needs the extra: pip install 'amends[redaction]').",
    )
    redact_region: Annotated[str, Field(pattern="^([A-Z]{2})?$")] = Field(
        "", description="Country (such as GB) whose phone numbers are masked without a country code, too."
    )
    grace_s: Annotated[float, Field(ge=0, le=600)] = Field(
        15.0, description="Seconds that calls in flight get after SIGTERM."
    )
    reflection: bool = Field(
        default_factory=reflection_by_mode,
        description="Whether the server describes its services to clients that ask. On, or off in production.",
    )
    tls_cert: Path | None = Field(
        None, description="PEM file of the certificate chain; TLS is off without it. Read again when it changes."
    )
    tls_key: Path | None = Field(None, description="PEM file of the private key. Read again when it changes.")
    tls_client_ca: Path | None = Field(
        None, description="PEM file of the authorities whose client certificates are required. Read again, too."
    )
    tokens: Path | None = Field(
        None, description="YAML file of bearer tokens, as `amends token` writes it; callers must send one."
    )
    jwks: Path | None = Field(
        None, description="JSON file of the public keys (JWK Set) that sign callers' JWTs; callers must send one."
    )
    jwt_issuer: str = Field("", description="Issuer that a JWT must name.")
    jwt_audience: str = Field("", description="Audience that a JWT must name.")
    jwt_algorithms: str = Field("RS256,ES256,EdDSA", description="Signatures that a JWT may have, by commas.")
    jwt_tenant_claim: str = Field("tenant", description="Claim of a JWT that names the tenant.")
    tenant_dir: Path | None = Field(
        None, description="Directory with a folder for each tenant; one tenant without bounds if not given."
    )
    identity_poll_s: Annotated[float, Field(ge=0, le=3600)] = Field(
        5.0, description="Seconds between looks at certificates, tokens and keys; 0 looks only after SIGHUP."
    )
    audit_log: str | None = Field(
        None, description="File that gets a JSON line for each call, without text; - is standard output."
    )
    audit_max_mb: Annotated[int, Field(ge=1, le=10_000)] = Field(
        100, description="Size in MB at which the audit log is put aside and a new one begun."
    )
    audit_keep: Annotated[int, Field(ge=1, le=1000)] = Field(
        10, description="Audit logs put aside that are kept; the oldest is deleted."
    )
    otel: bool = Field(
        False, description="Whether traces and gRPC metrics go out by OTLP; OTEL_EXPORTER_OTLP_ENDPOINT says so, too."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe level that is logged."
    )

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        problems = []
        if (self.tls_cert is None) != (self.tls_key is None):
            problems.append("tls_cert and tls_key come together: give both or neither")
        if self.tls_client_ca is not None and self.tls_cert is None:
            problems.append("tls_client_ca needs tls_cert and tls_key")
        files = (self.tls_cert, self.tls_key, self.tls_client_ca, self.tokens, self.jwks)
        missing = [str(path) for path in files if path and not path.is_file()]
        if missing:
            problems.append(f"no such file: {', '.join(missing)}")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @model_validator(mode="after")
    def _identity_is_whole(self) -> Self:
        problems = []
        if self.jwks is not None and not (self.jwt_issuer and self.jwt_audience and self.jwt_tenant_claim):
            problems.append("jwks needs jwt_issuer and jwt_audience, or tokens for other services would be accepted")
        unknown = sorted(set(self.jwt_algorithms.split(",")) - set(JWT_ALGORITHMS))
        if unknown:
            problems.append(f"jwt_algorithms: {', '.join(unknown)}: give some of {','.join(JWT_ALGORITHMS)}")
        if self.tenant_dir is not None and not (self.tokens or self.jwks or self.tls_client_ca):
            problems.append("tenant_dir needs tokens, jwks or tls_client_ca: without them nobody is known")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @model_validator(mode="after")
    def _trial_is_whole(self) -> Self:
        problems = []
        if self.shadow_model_dir is None and (self.canary_share or self.shadow_custom_steps):
            problems.append("canary_share and shadow_custom_steps need shadow_model_dir: give the candidate")
        if self.canary_share and self.custom_steps and not self.shadow_custom_steps:
            problems.append("canary_share with custom_steps needs shadow_custom_steps: fit your steps on the candidate")
        if self.model_key and not (self.model_dir or self.shadow_model_dir):
            problems.append(
                "model_key checks the bundles of model_dir and shadow_model_dir: give one; the embedded bundle "
                "is vouched for by the hash of the package"
            )
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def worker_count(self) -> int:
        """Workers, with 0 resolved to the cores this process may use."""
        if self.workers:
            return self.workers
        affinity = getattr(os, "sched_getaffinity", None)  # Linux only
        return len(affinity(0)) if affinity else os.cpu_count() or 1


def load_settings(args: Sequence[str]) -> Settings:
    """Reads flags and variables.

    Raises:
        SettingsError: a value is out of range or a variable is unknown; the message lists every problem.
        SystemExit: `--help` was asked for, or a flag is unknown.
    """
    problems = _unknown_variables()
    try:
        settings = Settings(_cli_parse_args=list(args))  # type: ignore[call-arg]
    except ValidationError as error:
        problems += [_problem(detail["loc"], detail["msg"]) for detail in error.errors() if detail["type"] != _UNTRIED]
        raise SettingsError("\n".join(problems)) from None
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _unknown_variables() -> list[str]:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | _CLIENT_VARIABLES
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    return [f"{name}: no such setting; known are {', '.join(sorted(known))}" for name in unknown]


def _problem(location: tuple[int | str, ...], message: str) -> str:
    name = str(location[0]) if location else "settings"
    return f"{name} (flag --{name.replace('_', '-')}, variable {PREFIX}{name.upper()}): {message}"
