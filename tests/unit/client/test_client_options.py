"""Options are checked whole, and say how the channel is made."""

from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest
from amends_client import AsyncClient, Client, ClientOptions, InvalidOptions
from amends_client.channel import channel_arguments, channel_credentials, channel_target, service_config

READS = {
    ("amends.v1.EmpathyService", "ScoreReply"),
    ("amends.v1.EmpathyService", "NextStep"),
    ("amends.v1.EmpathyService", "ScoreConversation"),
    ("amends.v1.EmpathyService", "BatchScoreReplies"),
    ("amends.v1.EmpathyService", "GetServerInfo"),
    ("amends.v1.PlaybookService", "ListPlaybooks"),
    ("amends.v1.PlaybookService", "GetPlaybook"),
}


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("target", {"target": " "}),
        ("timeout_s", {"timeout_s": 0}),
        ("timeout_s", {"timeout_s": float("nan")}),
        ("timeout_s", {"timeout_s": float("inf")}),
        ("max_attempts", {"max_attempts": 0}),
        ("max_attempts", {"max_attempts": 6}),
        ("keepalive_s", {"keepalive_s": 9.9}),
        ("priority", {"priority": "urgent"}),
        ("tls_key_path", {"tls_cert_path": "cert.pem"}),
        ("tls_key_path", {"tls_key_path": "key.pem"}),
        ("token", {"token": "two words"}),
        ("token", {"token": "line\n"}),
        ("token", {"token": ""}),
    ],
)
def test_options_that_cannot_work_are_refused_by_name(field: str, values: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptions, match=field) as caught:
        ClientOptions(**values)
    assert caught.value.field == field


def test_token_is_in_no_representation_and_no_error() -> None:
    assert "s3cret" not in repr(ClientOptions(token="s3cret"))
    with pytest.raises(InvalidOptions) as caught:
        ClientOptions(token="s3cret\n")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "target",
    [
        "localhost:1",
        "localhost",
        "127.0.0.1:1",
        "127.8.9.10:1",
        "[::1]:1",
        "dns:///localhost:1",
        "ipv4:127.0.0.1:1",
        "ipv6:[::1]:1",
        "unix:///run/amends.sock",
        "unix-abstract:amends",
    ],
)
def test_a_token_needs_no_encryption_where_it_stays_on_this_machine(target: str) -> None:
    assert ClientOptions(target, token="s3cret").bearer() == "s3cret"


@pytest.mark.parametrize(
    "target",
    [
        "amends.example:1",
        "localhost.example:1",
        "127.0.0.1.example:1",
        "10.0.0.1:1",
        "0.0.0.0:1",
        "ipv4:127.0.0.1:1,10.0.0.2:1",
        "dns://8.8.8.8/localhost:1",
        "[::]:1",
        "xds:///localhost",
    ],
)
@pytest.mark.parametrize("token", ["s3cret", lambda: "s3cret"], ids=["text", "function"])
def test_a_token_does_not_leave_this_machine_unencrypted(target: str, token: Any) -> None:
    with pytest.raises(InvalidOptions, match="token: would travel unencrypted to another machine: set tls") as caught:
        ClientOptions(target, token=token)
    assert caught.value.field == "token"
    assert "s3cret" not in str(caught.value)
    assert ClientOptions(target, token=token, tls=True).bearer() == "s3cret"
    assert ClientOptions(target, token=token, plaintext_token=True).bearer() == "s3cret"


def test_a_function_that_gives_no_token_is_told_without_quoting_it() -> None:
    with pytest.raises(InvalidOptions, match="visible ASCII") as caught:
        ClientOptions(token=lambda: "s3cret\n").bearer()
    assert "s3cret" not in str(caught.value)


def test_options_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        ClientOptions().target = "elsewhere:1"  # type: ignore[misc]


def test_every_field_has_a_default() -> None:
    assert {field.name: getattr(ClientOptions(), field.name) for field in fields(ClientOptions)} == {
        "target": "localhost:50051",
        "timeout_s": 2.0,
        "tls": False,
        "tls_root_path": None,
        "tls_cert_path": None,
        "tls_key_path": None,
        "token": None,
        "plaintext_token": False,
        "wait_for_ready": False,
        "max_attempts": 3,
        "priority": None,
        "keepalive_s": None,
    }


@pytest.mark.parametrize(
    ("values", "uses_tls"),
    [
        ({}, False),
        ({"tls": True}, True),
        ({"tls_root_path": "root.pem"}, True),
        ({"tls_cert_path": "cert.pem", "tls_key_path": "key.pem"}, True),
    ],
)
def test_tls_is_on_where_it_or_any_file_is_given(values: dict[str, Any], uses_tls: bool) -> None:
    assert ClientOptions(**values).uses_tls is uses_tls


@pytest.mark.parametrize(
    ("target", "resolved"),
    [
        ("localhost:50051", "dns:///localhost:50051"),
        ("amends.prod.svc:50051", "dns:///amends.prod.svc:50051"),
        ("[::1]:50051", "dns:///[::1]:50051"),
        ("dns:///amends:1", "dns:///amends:1"),
        ("unix:///run/amends.sock", "unix:///run/amends.sock"),
        ("unix-abstract:amends", "unix-abstract:amends"),
        ("ipv4:10.0.0.1:1,10.0.0.2:1", "ipv4:10.0.0.1:1,10.0.0.2:1"),
    ],
)
def test_bare_targets_are_resolved_by_dns(target: str, resolved: str) -> None:
    assert channel_target(target) == resolved


def test_calls_go_round_all_servers() -> None:
    assert service_config(ClientOptions())["loadBalancingConfig"] == [{"round_robin": {}}]


def test_every_read_is_retried_and_nothing_else() -> None:
    (method_config,) = service_config(ClientOptions())["methodConfig"]
    assert {(name["service"], name["method"]) for name in method_config["name"]} == READS


def test_retries_are_bounded_and_throttled() -> None:
    config = service_config(ClientOptions(max_attempts=4))
    assert config["methodConfig"][0]["retryPolicy"]["maxAttempts"] == 4
    assert config["methodConfig"][0]["retryPolicy"]["retryableStatusCodes"] == [
        "UNAVAILABLE",
        "RESOURCE_EXHAUSTED",
        "CANCELLED",
    ]
    assert config["retryThrottling"] == {"maxTokens": 10, "tokenRatio": 0.1}


def test_one_attempt_means_no_retry_policy() -> None:
    assert "methodConfig" not in service_config(ClientOptions(max_attempts=1))


def test_keepalive_is_in_milliseconds_and_off_by_default() -> None:
    assert "grpc.keepalive_time_ms" not in dict(channel_arguments(ClientOptions()))
    assert dict(channel_arguments(ClientOptions(keepalive_s=300)))["grpc.keepalive_time_ms"] == 300_000


def test_no_credentials_without_tls() -> None:
    assert channel_credentials(ClientOptions()) is None


def test_unreadable_file_is_named_with_its_field(tmp_path: Path) -> None:
    with pytest.raises(InvalidOptions, match=r"tls_root_path: cannot read .*absent\.pem: No such file") as caught:
        Client(ClientOptions(tls_root_path=tmp_path / "absent.pem"))
    assert caught.value.field == "tls_root_path"


def test_async_client_outside_an_event_loop_is_refused() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        AsyncClient("localhost:1")
