"""Flag over variable over default, checked whole, every problem told at once."""

from pathlib import Path

import pytest
from amends_server.settings import Settings, SettingsError, load_settings


def test_defaults_hold_where_nothing_is_given() -> None:
    settings = load_settings([])
    assert (settings.host, settings.port, settings.metrics_port) == ("127.0.0.1", 50051, 9464)
    assert settings.model_dir is None
    assert settings.reflection


def test_variable_goes_before_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMENDS_PORT", "6000")
    assert load_settings([]).port == 6000


def test_flag_goes_before_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMENDS_PORT", "6000")
    monkeypatch.setenv("AMENDS_REFLECTION", "true")
    settings = load_settings(["--port", "7000", "--no-reflection"])
    assert settings.port == 7000
    assert not settings.reflection


def test_every_problem_is_told_at_once_with_flag_and_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMENDS_PROT", "1")
    monkeypatch.setenv("AMENDS_MAX_QUEUE", "0")
    with pytest.raises(SettingsError) as caught:
        load_settings(["--port", "65536", "--grace-s", "soon", "--log-level", "LOUD"])
    lines = str(caught.value).splitlines()
    assert len(lines) == 5
    for name in ("AMENDS_PROT", "AMENDS_MAX_QUEUE", "AMENDS_PORT", "--grace-s", "--log-level"):
        assert sum(name in line.partition(": ")[0] for line in lines) == 1, name


def test_unknown_variable_is_refused_and_the_known_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMENDS_PROT", "1")
    with pytest.raises(SettingsError, match=r"^AMENDS_PROT: no such setting; known are .*AMENDS_PORT"):
        load_settings([])


@pytest.mark.parametrize("name", ["AMENDS_TARGET", "AMENDS_TOKEN"])
def test_variables_of_the_client_are_no_mistake(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")
    assert load_settings([]) == Settings()


def test_unknown_flag_ends_with_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        load_settings(["--prot", "1"])
    assert caught.value.code == 2
    assert "--prot" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [
        ("port", 0, 65535),
        ("metrics_port", -1, 65535),
        ("workers", 0, 256),
        ("cache_mb", 0, 65536),
        ("max_message_bytes", 1024, 64 << 20),
        ("max_queue", 1, 1_000_000),
        ("grace_s", 0, 600),
    ],
)
def test_bounds_are_kept_at_both_ends(name: str, lowest: int, highest: int) -> None:
    flag = f"--{name.replace('_', '-')}"
    for value in (lowest, highest):
        assert getattr(load_settings([f"{flag}={value}"]), name) == value
    for value in (lowest - 1, highest + 1):
        with pytest.raises(SettingsError, match=flag):
            load_settings([f"{flag}={value}"])


def test_deadline_of_zero_is_refused() -> None:
    with pytest.raises(SettingsError, match="greater than 0"):
        load_settings(["--default-deadline-s", "0"])


@pytest.mark.parametrize("given", ["tls_cert", "tls_key"])
def test_certificate_and_key_come_together(tmp_path: Path, given: str) -> None:
    file = tmp_path / "one.pem"
    file.touch()
    with pytest.raises(SettingsError, match="tls_cert and tls_key come together"):
        load_settings([f"--{given.replace('_', '-')}", str(file)])


def test_every_problem_of_tls_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(["--tls-key", "/no/key.pem", "--tls-client-ca", "/no/ca.pem"])
    assert "come together" in str(caught.value)
    assert "tls_client_ca needs tls_cert" in str(caught.value)
    assert "no such file: /no/key.pem, /no/ca.pem" in str(caught.value)


def test_whole_tls_is_accepted(tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.pem" for name in ("tls_cert", "tls_key", "tls_client_ca")}
    for file in files.values():
        file.touch()
    settings = Settings(**files)
    assert (settings.tls_cert, settings.tls_client_ca) == (files["tls_cert"], files["tls_client_ca"])


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]


def test_zero_threads_are_the_cores_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 3, 5})
    assert Settings().worker_count == 3
    assert Settings(workers=7).worker_count == 7


def test_production_is_quiet_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = load_settings(["--production"])
    assert (quiet.reflection, quiet.metrics_port) == (False, -1)
    asked = load_settings(["--production", "--reflection", "--metrics-port", "9464"])
    assert (asked.reflection, asked.metrics_port) == (True, 9464)
    monkeypatch.setenv("AMENDS_PRODUCTION", "true")
    monkeypatch.setenv("AMENDS_METRICS_PORT", "9000")
    assert (load_settings([]).reflection, load_settings([]).metrics_port) == (False, 9000)


def test_every_problem_of_identity_is_told_at_once(tmp_path: Path) -> None:
    jwks = tmp_path / "jwks.json"
    jwks.touch()
    with pytest.raises(SettingsError) as caught:
        load_settings(["--jwks", str(jwks), "--jwt-algorithms", "RS256,HS256,none"])
    assert "jwks needs jwt_issuer and jwt_audience" in str(caught.value)
    assert "HS256, none: give some of RS256," in str(caught.value)
    with pytest.raises(SettingsError, match="tenant_dir needs tokens, jwks or tls_client_ca"):
        load_settings(["--tenant-dir", str(tmp_path)])
    with pytest.raises(SettingsError, match="no such file: /no/tokens"):
        load_settings(["--tokens", "/no/tokens"])


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--canary-share", "0.1"], "need shadow_model_dir"),
        (["--shadow-custom-steps", "steps"], "need shadow_model_dir"),
        (["--model-key", "model.pub"], "model_key checks the bundles of model_dir and shadow_model_dir"),
        (
            ["--shadow-model-dir", "b", "--canary-share", "0.1", "--custom-steps", "steps"],
            "needs shadow_custom_steps: fit your steps on the candidate",
        ),
        (["--shadow-share", "1.1"], "less than or equal to 1"),
    ],
)
def test_a_trial_that_is_not_whole_is_refused_with_the_remedy(flags: list[str], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load_settings(flags)


def test_a_trial_needs_no_more_than_a_bundle() -> None:
    settings = load_settings(["--shadow-model-dir", "b", "--custom-steps", "steps"])
    assert (settings.shadow_share, settings.canary_share) == (0.1, 0.0)
