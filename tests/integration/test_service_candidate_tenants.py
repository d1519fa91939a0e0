"""A candidate and tenants: each tenant's own edition has its candidate, which knows what it taught and no other."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from amends_client import Client, NotFound
from amends_core.bundle import load_bundle
from amends_core.errors import TeachingError
from amends_core.teaching import CustomStep, Features
from amends_server.editions import Model, load_model
from amends_server.settings import Settings
from live_streams import total, wait_for
from running_service import Running, Serve
from second_bundle import VERSION, write_bundle
from tenant_house import EXEMPLARS, REPLY, TURNS, client_of, playbook, write_tokens

House = Callable[..., tuple[Running, Client, Client]]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("bundles") / "twin")


@pytest.fixture
def tenants(tmp_path: Path) -> Path:
    """Of which acme has a playbook and exemplars of its own, and beta nothing."""
    folder = tmp_path / "tenants"
    (folder / "beta").mkdir(parents=True)
    write_playbook(folder, "acme_only")
    (folder / "acme" / "exemplars.yaml").write_text(EXEMPLARS)
    return folder


@pytest.fixture
def house(serve: Serve, bundle: Path, tenants: Path, tmp_path: Path) -> Iterator[House]:
    """Serves the candidate to both tenants, with a client for each: `house(acme="terms", **settings)`."""
    with ExitStack() as stack:

        def opened(*, acme: str = "", **settings: Any) -> tuple[Running, Client, Client]:
            (tenants / "acme" / "tenant.yaml").write_text(acme)
            secrets = write_tokens(tmp_path / "tokens.yaml")
            given = {"tenant_dir": tenants, "tokens": tmp_path / "tokens.yaml", "shadow_model_dir": bundle, **settings}
            running = serve(model=load_model(Settings(**given)), playbook_poll_s=0.05, **given)
            of_acme, of_beta = (stack.enter_context(client_of(running, secret)) for secret in secrets)
            return running, of_acme, of_beta

        yield opened


def write_playbook(tenants: Path, name: str) -> None:
    folder = tenants / "acme" / "playbooks"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(playbook(name))


def write_step(folder: Path, model: Model, name: str, sha256: str) -> None:
    folder.mkdir(parents=True)
    step = CustomStep(
        name=name,
        version="1.0.0",
        about="A step of acme.",
        model_sha256=sha256,
        features=Features.EMBEDDING,
        weights=tuple(float(each) for each in model.encoder.encode(REPLY).embedding),
        bias=0.0,
        threshold=0.5,
        exemplars=(REPLY,),
        report={},
    )
    (folder / f"{name}.json").write_text(step.to_json())


def compared(running: Running) -> float:
    return total(running, "amends_candidate_comparisons_total", model_version=VERSION, what="verdict", outcome="same")


def test_replies_by_a_tenants_own_playbook_are_compared(house: House) -> None:
    running, acme, beta = house(shadow_share=1.0)
    assert acme.score_reply(TURNS, REPLY, playbook="acme_only").model.version != VERSION
    wait_for(running, lambda: compared(running) == 1)
    beta.score_reply(TURNS, REPLY)
    wait_for(running, lambda: compared(running) == 2)


def test_a_canary_answers_by_what_its_tenant_taught(house: House, tenants: Path) -> None:
    running, acme, beta = house(canary_share=1.0)
    answer = acme.score_reply(TURNS, REPLY, playbook="acme_only")
    assert (answer.model.version, answer.model.exemplars.name) == (VERSION, "acme_words")
    other = beta.score_reply(TURNS, REPLY)
    assert other.model.version == VERSION
    assert not other.model.HasField("exemplars")
    with pytest.raises(NotFound):
        beta.score_reply(TURNS, REPLY, playbook="acme_only")
    write_playbook(tenants, "acme_later")
    wait_for(running, lambda: total(running, "amends_playbooks_reload_total", outcome="loaded") == 1)
    later = acme.score_reply(TURNS, REPLY, playbook="acme_later")
    assert (later.model.version, later.model.exemplars.name) == (VERSION, "acme_words")


def test_no_tenant_can_tell_by_a_canary_what_another_sent(house: House) -> None:
    _, acme, beta = house(canary_share=1.0)
    said = "Kindly bear with us while the otter finds your parcel."
    assert acme.score_reply(TURNS, said).timings.encode_seconds > 0
    assert acme.score_reply(TURNS, said).timings.encode_seconds == 0, "its own it finds again"
    assert beta.score_reply(TURNS, said).timings.encode_seconds > 0


def test_shadow_work_takes_nothing_from_a_tenants_quota(house: House) -> None:
    running, acme, _ = house(acme="sentences_per_s: 0.001\nsentences_burst: 6\n", shadow_share=1.0)
    for count in (1, 2):
        acme.score_reply(TURNS, REPLY)  # three sentences
        wait_for(running, lambda count=count: compared(running) == count)
    assert total(running, "amends_quota_refused_total", tenant="acme", unit="sentences") == 0


def test_steps_are_served_by_the_model_they_were_fitted_on(
    house: House, tenants: Path, model: Model, bundle: Path
) -> None:
    write_step(tenants / "acme" / "steps", model, "hand_over", model.bundle.sha256)
    write_step(tenants / "acme" / "shadow_steps", model, "hand_over_anew", load_bundle(bundle).sha256)
    _, acme, beta = house(canary_share=1.0)
    answer = acme.score_reply(TURNS, REPLY)
    assert [step.name for step in answer.model.custom_steps] == ["hand_over_anew"]
    assert [step.name for step in acme.server_info().info.model.custom_steps] == ["hand_over"]
    assert not beta.score_reply(TURNS, REPLY).model.custom_steps


def test_a_canary_needs_every_tenants_steps_fitted_on_it_and_a_shadow_does_not(
    tenants: Path, model: Model, bundle: Path, tmp_path: Path
) -> None:
    write_step(tenants / "acme" / "steps", model, "hand_over", model.bundle.sha256)
    (tmp_path / "tokens.yaml").touch()
    given = {"tenant_dir": tenants, "tokens": tmp_path / "tokens.yaml", "shadow_model_dir": bundle}
    with pytest.raises(TeachingError, match=r"tenant acme: canary_share .* needs shadow_steps .* `amends steps fit`"):
        load_model(Settings(**given, canary_share=0.1))
    candidate = load_model(Settings(**given)).candidate
    assert candidate is not None
    assert not candidate.own["acme"].teaching.steps
    write_step(tenants / "acme" / "shadow_steps", model, "hand_over", model.bundle.sha256)
    with pytest.raises(TeachingError, match=r"tenant acme: .*fitted on model"):
        load_model(Settings(**given))
