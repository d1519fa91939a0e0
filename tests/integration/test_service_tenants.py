"""Tenants: nothing of one is visible to another, and none takes more than its terms give."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from amends_client import CallError, Client, ClientOptions, NotFound, Overloaded, Unauthenticated, agent, customer
from amends_server.editions import Model, load_model
from amends_server.settings import Settings
from live_streams import wait_for
from running_service import PATIENCE_S, Running, Serve
from tenant_house import EXEMPLARS, REPLY, TURNS, client_of, playbook, write_tokens


@dataclass
class House:
    """A service with two tenants, and a client for each."""

    running: Running
    folder: Path
    acme: Client
    beta: Client

    def value(self, name: str, **labels: str) -> float:
        return self.running.service.metrics.registry.get_sample_value(name, labels) or 0.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tenants = tmp_path / "tenants"
    for name, own in (("acme", ["shared_name", "acme_only"]), ("beta", ["shared_name", "beta_only"])):
        (tenants / name / "playbooks").mkdir(parents=True)
        for each in own:
            version = "1.0.0" if name == "acme" else "2.0.0"
            (tenants / name / "playbooks" / f"{each}.yaml").write_text(playbook(each, version))
    (tenants / "acme" / "exemplars.yaml").write_text(EXEMPLARS)
    return tenants


@pytest.fixture
def house(serve: Serve, model: Model, folder: Path, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Opens the house: `house(acme="terms", **settings)`."""
    with ExitStack() as stack:

        def opened(*, acme: str = "", **settings: Any) -> House:
            (folder / "acme" / "tenant.yaml").write_text(acme)
            secrets = write_tokens(tmp_path / "tokens.yaml")
            given = {"tenant_dir": folder, "tokens": tmp_path / "tokens.yaml", **settings}
            loaded = replace(load_model(Settings(**given)), encoder=model.encoder)
            running = serve(model=loaded, playbook_poll_s=0.05, **given)
            clients = (stack.enter_context(client_of(running, secret)) for secret in secrets)
            return House(running, folder, *clients)

        yield opened


def until(holds: Callable[[], Any]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.02)


def names(client: Client) -> set[str]:
    return {each.ref.name for each in client.list_playbooks().playbooks}


def test_playbooks_and_teaching_of_one_tenant_are_invisible_to_another(house: Callable[..., House]) -> None:
    opened = house()
    acme, beta = opened.acme, opened.beta
    assert names(acme) - names(beta) == {"acme_only"}
    assert names(beta) - names(acme) == {"beta_only"}
    assert acme.get_playbook("shared_name").playbook.ref.version == "1.0.0"
    assert beta.get_playbook("shared_name").playbook.ref.version == "2.0.0"
    calls: list[Callable[[Client], Any]] = [
        lambda client: client.get_playbook("acme_only"),
        lambda client: client.score_reply(TURNS, REPLY, playbook="acme_only"),
        lambda client: client.next_step(TURNS, playbook="acme_only"),
        lambda client: client.score_conversation(TURNS, playbook="acme_only"),
    ]
    for call in calls:
        call(acme)
        with pytest.raises(NotFound) as caught:
            call(beta)
        assert "beta_only" in str(caught.value), "lists what is its own"
        assert "acme" not in str(caught.value), "not even the name that was asked for"
    seen = {client: client.server_info().info for client in (acme, beta)}
    assert {each.name for each in seen[acme].playbooks} == names(acme)
    assert {each.name for each in seen[beta].playbooks} == names(beta)
    assert seen[acme].model.exemplars.name == "acme_words"
    assert not seen[beta].model.HasField("exemplars")
    assert acme.score_reply(TURNS, REPLY).model.exemplars.name == "acme_words"
    assert not beta.score_reply(TURNS, REPLY).model.HasField("exemplars")


def test_what_one_tenant_teaches_leaves_every_judgement_of_another_as_it_was(
    house: Callable[..., House], client: Client
) -> None:
    opened = house()
    taught = "Cheers for flagging the wobble. I am so sorry about the wait."
    said = [*TURNS, agent(taught)]
    calls: list[Callable[[Client], Any]] = [
        lambda asking: asking.score_reply(TURNS, taught, include_sentences=True),
        lambda asking: asking.next_step(said),
        lambda asking: asking.score_conversation(said),
    ]

    def answers(asking: Client) -> list[Any]:
        found = [call(asking) for call in calls]
        for answer in found:
            answer.ClearField("timings")
        return found

    untaught, taught_itself = answers(client), answers(opened.acme)
    assert taught_itself[0].judgement != untaught[0].judgement, "what was taught does show"
    assert answers(opened.beta) == untaught, "although acme has just asked the same"


def test_a_live_conversation_is_held_to_its_tenants_playbooks(house: Callable[..., House]) -> None:
    opened = house()
    with opened.acme.coach(playbook="acme_only", resume_for_s=0) as coaching:
        assert coaching.ask(TURNS[0]).advice.playbook.name == "acme_only"
    with (
        pytest.raises(CallError, match="no playbook"),
        opened.beta.coach(playbook="acme_only", resume_for_s=0) as coaching,
    ):
        coaching.ask(TURNS[0])


def test_a_tenants_playbook_changes_for_it_alone(house: Callable[..., House]) -> None:
    opened = house()
    (opened.folder / "acme" / "playbooks" / "shared_name.yaml").write_text(playbook("shared_name", "9.0.0"))
    until(lambda: opened.acme.get_playbook("shared_name").playbook.ref.version == "9.0.0")
    assert opened.beta.get_playbook("shared_name").playbook.ref.version == "2.0.0"
    assert opened.acme.server_info().info.model.exemplars.name == "acme_words", "what was taught stays"


def test_no_tenant_can_tell_whether_another_sent_the_same_sentence(house: Callable[..., House]) -> None:
    opened = house()
    said = "Kindly bear with us while the otter finds your parcel."
    first = opened.acme.score_reply(TURNS, said).timings.encode_seconds
    assert first > 0
    assert opened.acme.score_reply(TURNS, said).timings.encode_seconds == 0, "its own it finds again"
    assert opened.beta.score_reply(TURNS, said).timings.encode_seconds > 0


def test_calls_beyond_the_quota_are_refused_with_when_to_come_back(house: Callable[..., House]) -> None:
    opened = house(acme="calls_per_s: 0.01\ncalls_burst: 3\n")
    for _ in range(3):
        opened.acme.list_playbooks()
    with pytest.raises(Overloaded, match=r"quota of 0\.01 calls a second") as caught:
        opened.acme.list_playbooks()
    assert caught.value.reason == "QUOTA_EXCEEDED"
    assert caught.value.retry_after_s is not None
    assert 0 < caught.value.retry_after_s <= 100
    assert opened.acme.health().status == 1
    for _ in range(10):
        opened.beta.list_playbooks()
    assert opened.value("amends_quota_refused_total", tenant="acme", unit="calls") == 1


def handled(house: House, code: str) -> float:
    """How many calls for the list of playbooks ended so."""
    listed = {"grpc_type": "unary", "grpc_service": "amends.v1.PlaybookService", "grpc_method": "ListPlaybooks"}
    return house.value("grpc_server_handled_total", **listed, grpc_code=code)


def test_what_a_tenant_asks_beyond_its_terms_is_no_fault_of_the_service(house: Callable[..., House]) -> None:
    opened = house(acme="calls_per_s: 0.01\ncalls_burst: 1\nlive_conversations: 0\n")
    stranger = Client(ClientOptions(opened.running.target, timeout_s=PATIENCE_S, max_attempts=1))
    with stranger, pytest.raises(Unauthenticated):
        stranger.list_playbooks()
    with pytest.raises(Overloaded), opened.acme.coach(resume_for_s=0) as coaching:
        coaching.ask(TURNS[0])
    with pytest.raises(Overloaded):
        opened.acme.list_playbooks()
    for code in ("RESOURCE_EXHAUSTED", "UNAUTHENTICATED"):  # the record of a failed call comes behind its answer
        wait_for(opened.running, lambda code=code: handled(opened, code) == 1)
    (faults,) = opened.running.service.metrics.faults.collect()
    assert faults.samples == []


def test_sentences_beyond_the_quota_are_refused(house: Callable[..., House]) -> None:
    opened = house(acme="sentences_per_s: 0.01\nsentences_burst: 20\n")
    long = " ".join(f"I am sorry for day {day} of the wait." for day in range(30))
    opened.acme.score_reply(TURNS, long)
    with pytest.raises(Overloaded, match="sentences a second"):
        opened.acme.score_reply(TURNS, REPLY)
    opened.acme.list_playbooks()
    opened.beta.score_reply(TURNS, long)
    assert opened.value("amends_quota_refused_total", tenant="acme", unit="sentences") == 1


def test_events_of_a_live_conversation_count_as_calls(house: Callable[..., House]) -> None:
    opened = house(acme="calls_per_s: 0.01\ncalls_burst: 2\n")
    with opened.acme.coach(resume_for_s=0) as coaching:
        assert coaching.ask(TURNS[0]).HasField("advice")
        with pytest.raises(Overloaded, match="quota"):
            coaching.ask(customer("Third time!"))
    assert opened.value("amends_quota_refused_total", tenant="acme", unit="calls") == 1


def test_open_conversations_are_bounded_for_each_tenant(house: Callable[..., House]) -> None:
    opened = house(acme="live_conversations: 1\n")
    with opened.acme.coach() as coaching:
        coaching.ask(TURNS[0])
        with (
            pytest.raises(Overloaded, match=r"quota of live conversations \(1\) is used up") as caught,
            opened.acme.coach(resume_for_s=0) as second,
        ):
            second.ask(TURNS[0])
        assert caught.value.reason == "QUOTA_EXCEEDED"
        with opened.beta.coach() as other:
            assert other.ask(TURNS[0]).HasField("advice")


def test_a_tenants_calls_wait_in_its_highest_class(house: Callable[..., House]) -> None:
    opened = house(acme="highest_priority: bulk\n")
    opened.acme.score_reply(TURNS, "This is a sentence of acme alone.")
    opened.beta.score_reply(TURNS, "This is a sentence of beta alone.")
    assert opened.value("amends_queue_wait_seconds_count", priority="bulk") == 2
    assert opened.value("amends_queue_wait_seconds_count", priority="live") == 2


def test_a_tenants_broken_playbook_is_told_with_its_name(
    house: Callable[..., House], caplog: pytest.LogCaptureFixture
) -> None:
    opened = house()
    with caplog.at_level(logging.INFO):
        (opened.folder / "beta" / "playbooks" / "beta_only.yaml").write_text("schema: 7\n")
        until(lambda: any(record.message == "playbooks refused" for record in caplog.records))
    (record,) = [record for record in caplog.records if record.message == "playbooks refused"]
    assert record.__dict__["tenant"] == "beta"
    assert opened.beta.get_playbook("beta_only").playbook.ref.version == "2.0.0"
