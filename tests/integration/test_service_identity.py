"""Who is let in: by token, by JWT, by certificate; over real TLS, with clear answers that never quote a token."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from amends_client import (
    CallError,
    Client,
    ClientOptions,
    PermissionDenied,
    Unauthenticated,
    customer,
)
from amends_server.editions import Model, load_model
from amends_server.identity.token_file import with_entry
from amends_server.identity.tokens import make_token
from amends_server.settings import Settings
from certificates import Authority, Pair
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from jwt_issuer import AUDIENCE, ISSUER, Issuer
from running_service import PATIENCE_S, Running, Serve

TURNS = [customer("My parcel is three weeks late! I am furious.")]
REPLY = "I am so sorry about the wait."


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    (tmp_path / "pki").mkdir()
    return Authority(tmp_path / "pki", "authority")


@pytest.fixture
def pair(authority: Authority) -> Pair:
    return authority.issue("server")


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    file = tmp_path / "tokens.yaml"
    file.write_bytes(b"tokens: []\n")
    return file


def add(file: Path, subject: str, tenant: str = "default") -> str:
    """Puts a new token into a file, and gives it."""
    token, entry = make_token(tenant, subject)
    before = file.read_bytes()
    file.write_bytes(with_entry(file, b"" if before == b"tokens: []\n" else before, entry))
    return token


@pytest.fixture
def tls(pair: Pair) -> dict[str, Any]:
    return {"tls_cert": pair.cert, "tls_key": pair.key, "identity_poll_s": 0.05, "metrics_port": 0}


@pytest.fixture
def ask(authority: Authority) -> Callable[..., CallError | None]:
    """Scores a reply over TLS; gives the error, None where there was none."""

    def call(running: Running, token: str | None = None, own: Pair | None = None, **more: Any) -> CallError | None:
        options = ClientOptions(
            running.target,
            timeout_s=PATIENCE_S,
            max_attempts=1,
            token=token,
            tls_root_path=authority.cert,
            tls_cert_path=own and own.cert,
            tls_key_path=own and own.key,
        )
        with Client(options) as client:
            try:
                client.score_reply(TURNS, REPLY, **more)
            except CallError as error:
                return error
            return None

    return call


def until(holds: Callable[[], Any]) -> Any:
    ends = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.02)
    return found


def test_who_has_a_token_is_served_and_nobody_else(serve: Serve, tls: Any, tokens: Path, ask: Any) -> None:
    token = add(tokens, "desk")
    running = serve(tokens=tokens, **tls)
    assert ask(running, token) is None
    for wrong in (None, "nonsense", token[:-1] + ("a" if token[-1] != "a" else "b"), make_token("default", "x")[0]):
        error = ask(running, wrong)
        assert isinstance(error, Unauthenticated)
        assert error.reason == ("NO_TOKEN" if wrong is None else "BAD_TOKEN")
        assert "ask whoever" in error.message or "authorization: Bearer TOKEN" in error.message
        assert wrong is None or wrong[-8:] not in str(error)
    page = running.metrics_page()
    assert 'amends_auth_failures_total{reason="BAD_TOKEN"} 3.0' in page
    assert 'amends_auth_failures_total{reason="NO_TOKEN"} 1.0' in page


def test_health_stays_open_and_every_other_method_is_closed(
    serve: Serve, tls: Any, tokens: Path, authority: Authority
) -> None:
    add(tokens, "desk")
    running = serve(tokens=tokens, reflection=True, **tls)

    def coach(client: Client) -> None:
        with client.coach(resume_for_s=0) as coaching:
            coaching.ask(TURNS[0])

    options = ClientOptions(running.target, timeout_s=PATIENCE_S, max_attempts=1, tls_root_path=authority.cert)
    with Client(options) as client:
        assert client.health().status == client.health("liveness").status == 1
        calls: list[Callable[[], Any]] = [
            lambda: client.score_reply(TURNS, REPLY),
            lambda: client.next_step(TURNS),
            lambda: client.score_conversation(TURNS),
            lambda: client.batch_score_replies([]),
            client.server_info,
            client.list_playbooks,
            lambda: client.get_playbook("unified"),
            lambda: coach(client),
        ]
        for call in calls:
            with pytest.raises(CallError) as caught:
                call()
            assert caught.value.reason == "NO_TOKEN"
    with grpc.secure_channel(running.target, grpc.ssl_channel_credentials(authority.cert.read_bytes())) as channel:
        answers = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(
            iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=PATIENCE_S
        )
        with pytest.raises(grpc.RpcError) as refused:
            next(answers)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_nothing_is_read_before_the_caller_is_known(serve: Serve, tokens: Path, refused: Any) -> None:
    add(tokens, "desk")
    running = serve(tokens=tokens)
    with grpc.insecure_channel(running.target) as channel:
        assert refused(channel, "ScoreReply", b"\xff").reason == "NO_TOKEN"


def test_tokens_come_and_go_without_a_restart(serve: Serve, tls: Any, tokens: Path, ask: Any) -> None:
    first = add(tokens, "desk")
    running = serve(tokens=tokens, **tls)
    second = add(tokens, "bot")
    until(lambda: ask(running, second) is None)
    whole = tokens.read_bytes()
    tokens.write_bytes(b"tokens: [broken")
    until(lambda: 'what="tokens"} 1' in running.metrics_page().replace('outcome="refused",', ""))
    assert ask(running, first) is None, "the last good ones"
    tokens.write_bytes(whole[: whole.index(b"  - id", 15)])
    until(lambda: ask(running, second) is not None)
    assert ask(running, first) is None


def test_a_jwt_is_served_and_keys_are_rotated(serve: Serve, tls: Any, tmp_path: Path, ask: Any) -> None:
    old, new = Issuer("ES256", "old"), Issuer("EdDSA", "new")
    jwks = tmp_path / "jwks.json"
    jwks.write_bytes(old.jwks())
    running = serve(jwks=jwks, jwt_issuer=ISSUER, jwt_audience=AUDIENCE, **tls)
    assert ask(running, old.token()) is None
    for claims, reason in (
        ({"exp": 1}, "EXPIRED_TOKEN"),
        ({"aud": "billing"}, "WRONG_AUDIENCE"),
        ({"iss": "https://other.example"}, "WRONG_ISSUER"),
    ):
        token = old.token(**claims)
        error = ask(running, token)
        assert isinstance(error, Unauthenticated)
        assert error.reason == reason
        assert not any(part in str(error) for part in token.split("."))
    assert ask(running, new.token()).reason == "UNKNOWN_KEY"
    jwks.write_bytes(old.jwks(new))
    until(lambda: ask(running, new.token()) is None)
    assert ask(running, old.token()) is None
    jwks.write_bytes(new.jwks())
    until(lambda: ask(running, old.token()) is not None)
    assert ask(running, new.token()) is None


def test_tokens_and_jwts_stand_side_by_side(serve: Serve, tls: Any, tokens: Path, tmp_path: Path, ask: Any) -> None:
    issuer, jwks = Issuer("RS256"), tmp_path / "jwks.json"
    jwks.write_bytes(issuer.jwks())
    token = add(tokens, "desk")
    running = serve(tokens=tokens, jwks=jwks, jwt_issuer=ISSUER, jwt_audience=AUDIENCE, **tls)
    assert ask(running, token) is None
    assert ask(running, issuer.token()) is None
    assert ask(running, "nonsense").reason == "BAD_TOKEN"


@pytest.fixture
def tenants(tmp_path: Path) -> Path:
    folder = tmp_path / "tenants"
    (folder / "acme").mkdir(parents=True)
    (folder / "acme" / "tenant.yaml").write_text("certificates: [localhost]\n")
    (folder / "beta").mkdir()
    return folder


@pytest.fixture
def tenant_model(model: Model, tenants: Path, tokens: Path) -> Model:
    return replace(load_model(Settings(tenant_dir=tenants, tokens=tokens)), encoder=model.encoder)


def test_a_certificate_that_a_tenant_names_needs_no_token(
    serve: Serve, tls: Any, tokens: Path, tenants: Path, tenant_model: Model, authority: Authority, ask: Any
) -> None:
    token = add(tokens, "desk", "beta")
    running = serve(model=tenant_model, tokens=tokens, tenant_dir=tenants, tls_client_ca=authority.cert, **tls)
    own = authority.issue("agent")  # for localhost
    assert ask(running, own=own) is None
    assert ask(running, token, own=own) is None
    assert ask(running, "nonsense", own=own).reason == "BAD_TOKEN", "a wrong token is not overlooked"


def test_a_certificate_of_no_tenant_is_not_allowed(
    serve: Serve, tls: Any, tenants: Path, tokens: Path, model: Model, authority: Authority, ask: Any
) -> None:
    (tenants / "acme" / "tenant.yaml").write_text("certificates: [other.example]\n")
    loaded = replace(load_model(Settings(tenant_dir=tenants, tokens=tokens)), encoder=model.encoder)
    running = serve(model=loaded, tenant_dir=tenants, tls_client_ca=authority.cert, **tls)
    error = ask(running, own=authority.issue("agent"))
    assert isinstance(error, PermissionDenied)
    assert error.reason == "UNKNOWN_CERTIFICATE"
    assert "tenant.yaml" in error.message


def test_a_jwt_of_an_unknown_tenant_is_not_allowed(
    serve: Serve, tls: Any, tenants: Path, tenant_model: Model, tmp_path: Path, ask: Any
) -> None:
    issuer, jwks = Issuer(), tmp_path / "jwks.json"
    jwks.write_bytes(issuer.jwks())
    running = serve(model=tenant_model, tenant_dir=tenants, jwks=jwks, jwt_issuer=ISSUER, jwt_audience=AUDIENCE, **tls)
    assert ask(running, issuer.token(tenant="acme")) is None
    for claims, reason in (({"tenant": "s3cret"}, "UNKNOWN_TENANT"), ({"tenant": None}, "NO_TENANT")):
        error = ask(running, issuer.token(**claims))
        assert isinstance(error, PermissionDenied)
        assert error.reason == reason
        assert "s3cret" not in str(error)


@pytest.fixture
def production(serve: Serve) -> Callable[..., Running]:
    return lambda **settings: serve(production=True, **settings)


def test_production_serves_no_reflection_unless_asked(production: Callable[..., Running]) -> None:
    def services(running: Running) -> int:
        with grpc.insecure_channel(running.target) as channel:
            answers = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(
                iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=PATIENCE_S
            )
            return len(next(answers).list_services_response.service)

    with pytest.raises(grpc.RpcError) as caught:
        services(production())
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert services(production(reflection=True)) == 4


def test_in_production_the_client_still_works(production: Callable[..., Running]) -> None:
    with Client(ClientOptions(production().target, timeout_s=PATIENCE_S)) as client:
        assert client.score_reply(TURNS, REPLY).model.name
