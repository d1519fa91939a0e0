"""The lots of conversations: the same again and again, in proportion, larger shares around smaller ones."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from amends.v1 import server_info_pb2
from amends_core.coaching.token import Memory
from amends_core.conversation import Turn
from amends_core.errors import RequestError
from amends_core.taxonomy import Role
from amends_server.candidate import CandidateMetrics, Shares, Trial
from amends_server.candidate.trial import lot_of
from amends_server.encoding import Priority, QueueExpired
from amends_server.identity.caller import ANONYMOUS, Caller, Method
from amends_server.identity.quotas import Quota
from amends_server.identity.tenants import Tenant
from amends_server.identity.visit import Visit, begin, current_visit
from amends_server.metrics import Metrics
from amends_server.playbooks import Edition
from hypothesis import given
from hypothesis import strategies as st

TURN = Turn(Role.CUSTOMER, "It never came.")
SOME = [Turn(Role.CUSTOMER, f"Box {number} never came.") for number in range(2000)]


def _edition(sha256: str, **fields: Any) -> Edition:
    nothing: Any = None
    return Edition(nothing, nothing, nothing, {}, server_info_pb2.ModelInfo(version="1", sha256=sha256), **fields)


LATE = {"model_version": "1", "reason": "late"}
CANDIDATE = _edition("b" * 64, reader=1)
CURRENT = _edition("a" * 64, candidate=CANDIDATE)


def _trial(*, canary: float, works: bool = True) -> Trial:
    pool: Any = SimpleNamespace(works=lambda model: works)
    metrics = Metrics()
    return Trial(pool, metrics, CandidateMetrics(metrics.registry), Shares(canary=canary))


@given(st.builds(Turn, st.sampled_from(Role), st.text(max_size=20), st.none(), st.text(max_size=5)))
def test_a_lot_lies_from_0_to_1_and_stays(turn: Turn) -> None:
    assert 0 <= lot_of(turn) < 1
    assert lot_of(replace(turn)) == lot_of(turn)


@pytest.mark.parametrize(
    "other",
    [
        replace(TURN, text="It never came!"),
        replace(TURN, speaker_id="7"),
        replace(TURN, role=Role.AGENT),
        replace(TURN, time=datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_conversations_that_begin_alike_are_told_apart_by_all_there_is(other: Turn) -> None:
    assert lot_of(other) != lot_of(TURN)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_a_share_is_kept(share: float) -> None:
    trial = _trial(canary=share)
    taken = sum(trial.answering(CURRENT, turn) is CANDIDATE for turn in SOME)
    # Four standard deviations of a binomial draw.
    assert taken == pytest.approx(share * len(SOME), abs=4 * (share * (1 - share) * len(SOME)) ** 0.5)


def test_a_larger_share_keeps_the_conversations_of_a_smaller_one() -> None:
    few, more = _trial(canary=0.1), _trial(canary=0.3)
    assert all(more.answering(CURRENT, turn) is CANDIDATE for turn in SOME if few.answering(CURRENT, turn) is CANDIDATE)


def test_before_the_first_turn_the_current_model_answers() -> None:
    assert _trial(canary=1.0).answering(CURRENT, None) is CURRENT


def test_a_candidate_that_failed_answers_nothing() -> None:
    trial = _trial(canary=1.0, works=False)
    assert trial.answering(CURRENT, TURN) is CURRENT
    assert trial.reopened(CURRENT, _token(CANDIDATE)) is CURRENT


def test_without_a_candidate_the_current_model_answers() -> None:
    assert _trial(canary=1.0).answering(_edition("a" * 64), TURN).model.sha256 == "a" * 64


async def test_a_comparison_waits_as_shadow_work_of_its_tenant() -> None:
    asked: dict[str, Any] = {}
    done = asyncio.Event()

    async def encode(texts: tuple[str, ...], **terms: Any) -> Any:
        asked.update(terms, tenant_within=current_visit().tenant.name)
        done.set()
        raise QueueExpired

    pool: Any = SimpleNamespace(works=lambda model: True, encode=encode)
    metrics = Metrics()
    trial = Trial(pool, metrics, CandidateMetrics(metrics.registry), Shares(shadow=1.0))
    plan: Any = SimpleNamespace(turns=(TURN,), texts=("It never came.",))
    advice: Any = SimpleNamespace()
    begin(Visit(Caller("acme", "desk", Method.TOKEN), Tenant("acme"), Quota()))
    trial.advised(CURRENT, plan, advice)
    await done.wait()
    assert (asked["tenant"], asked["priority"], asked["model"]) == ("acme", Priority.SHADOW, CANDIDATE.reader)
    assert asked["tenant_within"] == ANONYMOUS.tenant, "the call is over: nothing more is charged to it"
    await asyncio.sleep(0)
    assert metrics.registry.get_sample_value("amends_candidate_skipped_total", LATE) == 1


def _token(edition: Edition) -> bytes:
    return Memory(edition.model_id, "unified", "1.0.0", "", None).to_token()


@pytest.mark.parametrize("canary", [0.0, 1.0])
def test_a_token_opens_a_conversation_by_the_model_that_made_it(canary: float) -> None:
    trial = _trial(canary=canary)
    assert trial.reopened(CURRENT, _token(CANDIDATE)) is CANDIDATE
    assert trial.reopened(CURRENT, _token(CURRENT)) is CURRENT


def test_a_token_that_cannot_be_read_is_told() -> None:
    with pytest.raises(RequestError, match="cannot be read"):
        _trial(canary=0.5).reopened(CURRENT, b"nonsense")
