"""Tenants are folders; their terms are checked whole, and who calls is told by token, JWT or certificate."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from amends_server.identity.authentication import Proofs, identify
from amends_server.identity.caller import ANONYMOUS, Caller, IdentityError, Method, NotAllowed, NotKnown
from amends_server.identity.jwts import JwtRules, parse_jwks
from amends_server.identity.quotas import OverQuota
from amends_server.identity.tenants import Tenant, Terms, load_tenants
from amends_server.identity.tokens import TokenStore, make_token
from jwt_issuer import AUDIENCE, ISSUER, Issuer

TOKEN, ENTRY = make_token("beta", "bot")
STORE = TokenStore([ENTRY])
ISSUES = Issuer()
JWTS = parse_jwks(ISSUES.jwks(), JwtRules(ISSUER, AUDIENCE, frozenset({"ES256"}), "tenant"))
CERTIFICATES = {"desk.acme.example": "acme"}


def test_without_a_folder_there_is_one_tenant_without_bounds() -> None:
    (tenant,) = load_tenants(None).values()
    assert tenant == Tenant("default")
    quota = tenant.make_quota()
    for _ in range(100):
        quota.charge("calls", 1e6, 0.0)


def test_a_folder_is_a_tenant_with_what_it_holds(tmp_path: Path) -> None:
    for name in ("acme/playbooks", "acme/steps", "beta", "..data"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "acme/exemplars.yaml").touch()
    (tmp_path / "acme/tenant.yaml").write_text("calls_per_s: 5\nsentences_per_s: 10\nsentences_burst: 7\n")
    (tmp_path / "a_file").touch()
    tenants = load_tenants(tmp_path)
    acme = tenants["acme"]
    assert set(tenants) == {"acme", "beta"}, "neither files nor what Kubernetes keeps beside"
    assert (acme.playbooks, acme.exemplars, acme.steps) == (
        tmp_path / "acme/playbooks",
        tmp_path / "acme/exemplars.yaml",
        tmp_path / "acme/steps",
    )
    assert tenants["beta"] == Tenant("beta")
    quota = acme.make_quota()
    quota.charge("calls", 10, 0.0)
    quota.charge("sentences", 7, 0.0)
    for unit in ("calls", "sentences"):
        with pytest.raises(OverQuota):
            quota.charge(unit, 1, 0.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("calls_per_s: 0", "tenant.yaml: line 1: calls_per_s: "),
        ("calls_per_s: 1\ncalls_burst: 0.5", "tenant.yaml: line 2: calls_burst: "),
        ("highest_priority: urgent", "highest_priority: "),
        ("live_conversations: -1", "live_conversations: "),
        ("calls_per_second: 1", "calls_per_second: "),
        ("certificates:\n  - ''", "line 2: certificates[0]: "),
        ("a: [", "not valid YAML for tokens or terms"),
        ("calls_per_s: 1\ncalls_per_s: 2", "line 2: calls_per_s: is given twice"),
        ("calls_per_s: 1" + ":59" * 400, "number of more than 100 characters"),
        ("\x1b" * 200 + ": 1", "a character that YAML does not allow"),
        ("k" * 200 + ": 1", "'" + "k" * 120 + "'"),
        ("- a", "tenant.yaml: "),
    ],
)
def test_terms_that_cannot_be_meant_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme/tenant.yaml").write_text(text)
    with pytest.raises(IdentityError) as caught:
        load_tenants(tmp_path)
    assert "acme/tenant.yaml" in str(caught.value)
    assert message in str(caught.value)


def test_terms_that_are_no_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    os.mkfifo(tmp_path / "acme/tenant.yaml")
    with pytest.raises(IdentityError, match=r"tenant\.yaml: it is no regular file"):
        load_tenants(tmp_path)


@pytest.mark.parametrize("name", ["Acme", "a b", "-acme", "x" * 64])
def test_a_folder_whose_name_is_none_of_a_tenant_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(IdentityError, match="rename the folder"):
        load_tenants(tmp_path)


def test_the_number_of_tenants_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amends_server.identity.tenants.MAX_TENANTS", 2)
    with pytest.raises(IdentityError, match="holds 0 folders"):
        load_tenants(tmp_path)
    for name in "abc":
        (tmp_path / name).mkdir()
    with pytest.raises(IdentityError, match="holds 3 folders; give 1 to 2"):
        load_tenants(tmp_path)
    with pytest.raises(IdentityError, match="cannot read --tenant-dir"):
        load_tenants(tmp_path / "nowhere")


def test_a_certificate_stands_for_one_tenant_alone(tmp_path: Path) -> None:
    for name in ("acme", "beta"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tenant.yaml").write_text("certificates: [desk.example]\n")
    with pytest.raises(IdentityError, match="given to the tenants acme and beta"):
        load_tenants(tmp_path)


def who(proofs: Proofs, authorization: str | None = None, *names: str) -> Caller:
    return identify(proofs, authorization, names, lambda: datetime.now(UTC))


def test_nobody_is_asked_where_nothing_is_given() -> None:
    assert who(Proofs()) == who(Proofs(), "Bearer whatever") == ANONYMOUS


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
def test_tokens_and_jwts_are_told_apart(scheme: str) -> None:
    both = Proofs(tokens=STORE, jwts=JWTS)
    assert who(both, scheme + TOKEN) == Caller("beta", "bot", Method.TOKEN)
    assert who(both, scheme + ISSUES.token()) == Caller("acme", "desk", Method.JWT)
    assert who(Proofs(jwts=JWTS), scheme + ISSUES.token()).method is Method.JWT
    for alone, other in ((Proofs(tokens=STORE), ISSUES.token()), (Proofs(jwts=JWTS), TOKEN)):
        with pytest.raises(NotKnown) as caught:
            who(alone, scheme + other)
        assert caught.value.reason == "BAD_TOKEN"


@pytest.mark.parametrize("given", [None, "", "Basic dXNlcg==", "Bearer", TOKEN])
def test_without_a_bearer_token_nobody_is_known(given: str | None) -> None:
    with pytest.raises(NotKnown, match="Bearer TOKEN") as caught:
        who(Proofs(tokens=STORE), given)
    assert caught.value.reason == "NO_TOKEN"


MUTUAL: dict[str, Any] = {"certificates": True, "tenants_by_certificate": CERTIFICATES, "has_tenants": True}


def test_a_certificate_stands_for_its_tenant() -> None:
    acme = Caller("acme", "desk.acme.example", Method.CERTIFICATE)
    assert who(Proofs(**MUTUAL), None, "other.example", "desk.acme.example") == acme
    assert who(Proofs(**MUTUAL, tokens=STORE), None, "desk.acme.example") == acme
    assert who(Proofs(**MUTUAL, tokens=STORE), f"Bearer {TOKEN}", "desk.acme.example").tenant == "beta"
    with pytest.raises(NotKnown):
        who(Proofs(**MUTUAL, tokens=STORE), "Bearer nonsense", "desk.acme.example")
    with pytest.raises(NotKnown) as unknown:
        who(Proofs(**MUTUAL, tokens=STORE), None, "other.example")
    assert unknown.value.reason == "NO_TOKEN"
    with pytest.raises(NotAllowed) as caught:
        who(Proofs(**MUTUAL), None, "other.example")
    assert caught.value.reason == "UNKNOWN_CERTIFICATE"


def test_without_tenants_a_certificate_is_enough() -> None:
    assert who(Proofs(certificates=True), None, "a.example") == Caller("default", "a.example", Method.CERTIFICATE)
    assert who(Proofs(certificates=True)).subject == "unnamed"
    assert Terms() == Tenant("a").terms
