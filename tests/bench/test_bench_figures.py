"""The arithmetic of the benchmarks: what is counted, from when, and what may be compared."""

import asyncio
import json
import random
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from amends_core.conversation import Turn
from amends_core.taxonomy import Role
from amends_server.editions import Model
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.caller import Call, Caller
from benchmarks.centre import load_centre
from benchmarks.compare import NotComparable, compare
from benchmarks.load import Run, capacity, open_loop, poisson
from benchmarks.outcomes import Outcome, Phase, row_of, summarise
from benchmarks.peers.workload import workload
from benchmarks.readme import write_tables
from benchmarks.report import Bar, Report
from benchmarks.scenarios.growth import exponent
from benchmarks.scenarios.soak import memory_growth
from benchmarks.service import Watch
from benchmarks.texts import Script


@given(st.floats(1, 200), st.floats(0.1, 20), st.integers(0, 1000))
def test_arrivals_are_in_order_and_inside_the_run(rate: float, seconds: float, seed: int) -> None:
    arrivals = list(poisson(rate, seconds, random.Random(seed)))
    assert arrivals == sorted(arrivals)
    assert all(0 < at < seconds for at in arrivals)


def test_arrivals_are_poisson() -> None:
    counts = [len(list(poisson(50, 10, random.Random(seed)))) for seed in range(400)]
    assert np.mean(counts) == pytest.approx(500, rel=0.02)
    assert np.var(counts) == pytest.approx(500, rel=0.25)  # as large as the mean


class _Stalls:
    """Answers at once, but for its first call, which stops everything."""

    def __init__(self, stall_s: float) -> None:
        self._stall_s = stall_s

    async def send(self, call: Call, *, timeout_s: float, due: float | None = None) -> Outcome:
        time.sleep(self._stall_s)
        self._stall_s = 0.0
        assert due is not None
        return Outcome(call.rpc, due, time.monotonic() - due)


async def test_a_stall_is_paid_by_every_call_that_was_due_in_it() -> None:
    sender = cast("Caller", _Stalls(0.3))
    run = await open_loop(sender, [Call("ScoreReply", b"")], rate=100, seconds=0.4)
    waited = [each.seconds for each in run.outcomes]
    assert sum(seconds > 0.1 for seconds in waited) > 10  # a closed loop would have counted one
    assert len(run.outcomes) == len(run.lags)


class _TakesItsTime:
    async def send(self, call: Call, *, timeout_s: float, due: float | None = None) -> Outcome:
        at = time.monotonic()
        await asyncio.sleep(0.04)
        return Outcome(call.rpc, at, time.monotonic() - at)


async def test_a_capacity_is_told_from_enough_answers() -> None:
    run = await capacity(_TakesItsTime(), [Call("ScoreReply", b"")], seconds=0.01)
    assert run.end - run.start > 0.08
    assert 0 < run.goodput <= 8 / 0.04


def test_quantiles_are_of_answers_and_errors_are_counted_by_reason() -> None:
    good = [Outcome("ScoreReply", 10.0, 0.001 * ms) for ms in range(1, 101)]
    bad = [Outcome("ScoreReply", 10.0, 9.0, "OVERLOADED")] * 3
    row = row_of(Phase("any", 0, 50), "ScoreReply", good + bad)
    assert (row.calls, row.rate, row.errors) == (103, 2.0, {"OVERLOADED": 3})
    assert row.p50_ms == pytest.approx(50.5)
    assert row.p999_ms is not None
    assert row.p999_ms <= 100
    assert row_of(Phase("none", 0, 1), "ScoreReply", bad).p50_ms is None


def test_a_call_belongs_to_the_phase_in_which_it_was_due() -> None:
    outcomes = [Outcome("NextStep", at, 5.0) for at in (0.0, 0.9, 1.0, 1.9)]
    (first,) = summarise(Phase("first", 0, 1), outcomes)
    assert first.calls == 2


def test_goodput_leaves_out_what_came_after_the_end() -> None:
    run = Run(0.0, 8.0, [Outcome("ScoreReply", at, 3.0) for at in (1.0, 4.0, 7.0)])
    assert run.goodput == pytest.approx(2 / 6)  # without the first two seconds


def test_profiles_hold_together() -> None:
    centre, profiles = load_centre()
    assert centre.gap_s * centre.turns == pytest.approx(centre.chat_seconds)
    busy = centre.chat_seconds / (centre.chat_seconds + centre.idle_s)
    assert busy * centre.slots == pytest.approx(centre.busy_slots)
    for profile in profiles.values():
        parts = [part for part, _ in profile.shape]
        assert parts == sorted(parts)
        assert (parts[0], parts[-1]) == (0, 1)
        assert all(0 <= each.start < each.end <= 1 for each in profile.stretches)


def test_a_spike_has_five_times_the_agents() -> None:
    _, profiles = load_centre()
    spike = profiles["spike"]
    assert spike.agents_at(0.5) == 5 * spike.agents_at(0.1) == spike.most_agents


def test_conversations_alternate_and_are_the_same_for_the_same_seed() -> None:
    one, other = Script(seed=1).conversation(9), Script(seed=1).conversation(9)
    assert one == other
    assert [role for role, _ in one.turns] == ["customer", "agent"] * 4 + ["customer"]
    assert one != Script(seed=2).conversation(9)


def test_histories_end_with_the_customer() -> None:
    request = Script(seed=3).score_reply(history=6)
    assert [turn.role for turn in request.turns] == [2, 1] * 3  # agent, customer


def test_peers_are_asked_for_exactly_the_sentences_that_ours_encodes(model: Model) -> None:
    for item in workload(50):
        turns = [Turn(Role.CUSTOMER, turn.text) for turn in item.request.turns]
        plan = model.edition.scorer.plan_reply(turns, [turn.text for turn in item.request.reply])
        assert plan.texts == item.texts


@pytest.mark.parametrize(("power", "expected"), [(0, 0.0), (1, 1.0), (2, 2.0)])
def test_the_exponent_of_growth_is_found(power: int, expected: float) -> None:
    assert exponent([(x, 3.0 * x**power) for x in (1, 2, 5, 10, 20, 40)]) == expected


def test_growth_needs_two_points() -> None:
    assert exponent([(1, 2.0)]) is None
    assert exponent([(1, None), (2, 3.0)]) is None


@pytest.mark.parametrize(("mb_a_second", "growth"), [(0.0, 0.0), (0.1, 0.093)])
def test_a_leak_shows_after_the_warm_up(mb_a_second: float, growth: float) -> None:
    warm = [(float(at), 50.0 + 5 * at, 0.0) for at in range(20)]  # filling up is no leak
    samples = warm + [(float(at), 150 + mb_a_second * at, 0.0) for at in range(20, 201)]
    found, _ = memory_growth(cast("Watch", SimpleNamespace(samples=samples)), Run(0.0, 200.0))
    assert found is not None
    assert found == pytest.approx(growth, abs=0.02)


def test_a_bar_that_could_not_be_measured_is_missed() -> None:
    assert not Bar("p99 ms", None, 50).is_met
    assert Bar("p99 ms", 50.0, 50).is_met
    assert not Bar("goodput", 0.94, 0.95, at_least=True).is_met


def _report(fingerprint: str = "one", **options: Any) -> Report:
    row = row_of(Phase("capacity", 0, 2), "ScoreReply", [Outcome("ScoreReply", 1.0, 0.01)] * 4)
    machine = {"processor": "a processor", "cores": 2, "memory_gb": 8, "fingerprint": fingerprint}
    return Report("latency", {"seconds": 2.0, "scale": 1.0, **options}, rows=[row], machine=machine)


def _written(report: Report, path: Path) -> Path:
    path.write_text(json.dumps(report.as_json()))
    return path


def test_reports_of_one_machine_are_compared(tmp_path: Path) -> None:
    before = _written(_report(), tmp_path / "before.json")
    table = compare(before, _written(_report(), tmp_path / "after.json"))
    assert table.row_count == 5
    assert list(table.columns[-1].cells) == ["1"] * 5


def test_reports_of_two_machines_are_not_compared(tmp_path: Path) -> None:
    before = _written(_report(), tmp_path / "before.json")
    with pytest.raises(NotComparable, match="different machines"):
        compare(before, _written(_report("two"), tmp_path / "after.json"))


def test_reports_of_other_options_are_not_compared(tmp_path: Path) -> None:
    before = _written(_report(), tmp_path / "before.json")
    with pytest.raises(NotComparable, match="options differ"):
        compare(before, _written(_report(cache=True), tmp_path / "after.json"))


def test_tables_of_the_readme_come_from_results_alone(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("a\n<!-- table: latency -->\nold\n<!-- end -->\nb\n<!-- table: soak -->\n<!-- end -->\nc\n")
    missed = replace(_report(), bars=[Bar("p99 ms", 60.0, 50)])
    _written(missed, tmp_path / "latency.json")
    write_tables(tmp_path, readme)
    once = readme.read_text()
    assert "old" not in once
    assert "| capacity | ScoreReply | 4 | 2 | 10 |" in once
    assert "| p99 ms | 60 | ≤ 50 | – | **no** |" in once
    assert "Not measured in this checkout." in once
    write_tables(tmp_path, readme)
    assert readme.read_text() == once


async def test_a_caller_who_leaves_is_no_error_of_the_service() -> None:
    class Never:
        def start(self, call: Call, timeout_s: float) -> Any:
            return SimpleNamespace(cancel=lambda: True)

    run = await open_loop(cast("Caller", Never()), [Call("ScoreReply", b"")], rate=50, seconds=0.1, cancelled=1.0)
    await asyncio.sleep(0)
    assert {each.reason for each in run.outcomes} <= {"left"}
