"""What judgement and advice cost beside the encoder: CPU time of each phase, for texts never seen and seen before.

    python benchmarks/core.py --runs 500

A reply of five sentences after ten turns and one more of the customer, with encodings given. Times are those of the
thread (`time.thread_time`), so that a busy machine does not lengthen them by waiting, though it does by cold caches.
Cold: every sentence holds a word that none before it held, and every encoding is a new one. Warm: the same
conversation and reply again, as where a draft is judged again and again.
"""

import argparse
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from time import thread_time
from typing import Any

import numpy as np
from amends.v1 import conversation_pb2, empathy_service_pb2, taxonomy_pb2
from amends_core.conversation import Turn
from amends_core.deeds import came_in, done_in, missed_in, promised_in
from amends_core.exemplars import ExemplarIndex
from amends_core.facts import asked_in, given_in
from amends_core.figures import figures_in, numbers_in
from amends_core.judgement.points import contributions
from amends_core.judgement.suggestions import suggest
from amends_core.local import LocalScorer
from amends_core.playbooks import phrasings
from amends_core.scorer import Encodings, Piece, Plan
from amends_core.taxonomy import Role
from amends_server.convert import advice_to, judgement_to, reply_from, turns_from
from amends_server.validation import validate

CUSTOMER = (
    "My parcel has been gone for two weeks and nobody answers me, this is a joke!",
    "I ordered it on the 3rd, number 55123, a birthday present.",
    "Yes that is right, it was for my son.",
    "And what are you going to do about it?",
    "ok",
    "It still is not here, I am so tired of this.",
)
AGENT = (
    "I am so sorry, that must be awful for your son. Tell me what happened.",
    "So it was ordered on the 3rd and never came, is that right?",
    "Thank you for telling me. I will call the depot now.",
    "I have called the depot. They will deliver it tomorrow by noon.",
    "Is there anything else I can do?",
)
REPLY = (
    "I am truly sorry that it is still not there. You have waited two weeks for your son's present. I take this on "
    "myself. I am sending a new one by courier today, it arrives by 18:00. I will ring you tonight to make sure that "
    "it came."
)
HEARD = (given_in, figures_in, numbers_in, missed_in, came_in)
TOLD = (asked_in, promised_in, done_in)
"""What is read by rules in a message of the customer, and in a sentence of the agent."""
MOST_RUNS = 650
"""For more there are not enough new words."""

Change = Callable[[str], str]
"""What makes the texts of a run its own."""


@dataclass(slots=True)
class Watch:
    """CPU times of this thread by name, in milliseconds."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def time(self, name: str, work: Callable[[], Any]) -> Any:
        """Does some work and notes how long it took."""
        started = thread_time()
        result = work()
        self.times[name].append((thread_time() - started) * 1e3)
        return result

    def sum(self, name: str, *parts: str) -> None:
        """Notes the sum of what was noted last of some parts."""
        self.times[name].append(sum(self.times[part][-1] for part in parts))


class Bench:
    """The scorer of the embedded model, the encodings of the conversation, and the phrasings that suggestions quote."""

    def __init__(self) -> None:
        self._local = LocalScorer()
        self._scorer = self._local.scorer
        turns, reply = conversation(str)
        self._known = list(self._local.encodings(self._scorer.plan_reply(turns, [reply])).values())
        examples = {text: self._local.encode(text).embedding for texts in phrasings().values() for text in texts}
        self._examples = ExemplarIndex(phrasings(), examples)

    def judge(self, watch: Watch, change: Change, *, fresh: bool) -> None:
        """One judgement and all of its call beside transport, tokens and inference."""
        request = _request(*conversation(change))
        watch.time("validate", lambda: validate(request))
        turns = watch.time("read", lambda: turns_from(request.turns))
        plan = watch.time("plan", lambda: self._scorer.plan_reply(turns, reply_from(request, turns)))
        encodings = self._encodings(plan, fresh=fresh)
        judgement = watch.time("judge", lambda: self._scorer.judge(plan, encodings))
        watch.time("write", lambda: judgement_to(judgement).SerializeToString())
        watch.sum("plan and judge", "plan", "judge")
        watch.sum("convert and validate", "validate", "read", "write")
        watch.sum("a call: all of it", "plan and judge", "convert and validate")

    def advise(self, watch: Watch, change: Change, *, fresh: bool) -> None:
        """One piece of advice."""
        turns, _ = conversation(change)
        plan = watch.time("plan", lambda: self._scorer.plan_advice(turns))
        encodings = self._encodings(plan, fresh=fresh)
        advice = watch.time("advise", lambda: self._scorer.advise(plan, encodings))
        watch.time("write", lambda: advice_to(advice).SerializeToString())
        watch.sum("plan and advise", "plan", "advise")

    def phases(self, watch: Watch, change: Change, *, fresh: bool) -> None:
        """A judgement, part by part; each part finds what those before it have read."""
        turns, reply = conversation(change)
        plan = watch.time("split", lambda: self._scorer.plan_reply(turns, [reply]))
        encodings = self._encodings(plan, fresh=fresh)
        watch.time("detection", lambda: self._read(plan, encodings))
        watch.time("facts", lambda: _read_rules(plan))
        watch.time("state", lambda: self._scorer.state_of(plan, encodings))
        seen = watch.time("state and evidence", lambda: self._scorer.see(plan, encodings))
        shares = watch.time("points", lambda: contributions(seen))
        judgement = self._scorer.judge(plan, encodings)
        found = {finding.misstep for finding in judgement.missteps}
        customer = encodings[plan.pieces[plan.reply_start - 1][0].passage].embedding
        watch.time("suggestions", lambda: suggest(shares, judgement.steps, found, self._examples, customer))
        watch.time("convert", lambda: judgement_to(judgement).SerializeToString())

    def _encodings(self, plan: Plan, *, fresh: bool) -> Encodings:
        """One for each text of the plan, as the conversation's own; objects of their own where fresh."""
        known = map(replace, self._known) if fresh else self._known
        return dict(zip(plan.texts, known, strict=False))

    def _read(self, plan: Plan, encodings: Encodings) -> None:
        for piece in _pieces(plan):
            customer = plan.turns[piece.turn_index].role is Role.CUSTOMER
            detector = self._scorer.detector
            (detector.read_customer if customer else detector.read_sentence)(encodings[piece.passage])


def conversation(change: Change) -> tuple[list[Turn], str]:
    """The conversation and a reply to it, with each text as `change` gives it."""
    texts = [text for pair in zip(CUSTOMER, (*AGENT, ""), strict=True) for text in pair if text]
    roles = (Role.CUSTOMER, Role.AGENT)
    return [Turn(roles[index % 2], change(text)) for index, text in enumerate(texts)], change(REPLY)


def new_words() -> Iterator[Change]:
    """Changes, each of which puts a word that was in no text before into every sentence."""
    words = map("".join, product("bdfgklmnprst", "aeiou", "bdfgklmnprst", "aeiou", "bdfgklmnprst"))
    while True:
        yield lambda text: re.sub(r"(?=[.!?](?: |$))|(?<=^ok)$", lambda _: f" {next(words)}", text)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300, help="runs of each kind, 10 to 700 (default: 300)")
    runs = min(max(10, parser.parse_args().runs), MOST_RUNS)
    bench, change = Bench(), new_words()
    for way in (bench.judge, bench.advise, bench.phases):
        cold, warm = Watch(), Watch()
        way(Watch(), next(change), fresh=True)
        for _ in range(runs):
            way(cold, next(change), fresh=True)
        for _ in range(runs):
            way(warm, str, fresh=False)
        _print(way.__name__, cold, warm)


def _print(title: str, cold: Watch, warm: Watch) -> None:
    print(f"\n{title:22}{'cold p50':>10}{'p99':>8}{'warm p50':>10}{'p99':>8}   ms of CPU")
    for name, times in cold.times.items():
        figures = (np.percentile(each, q) for each in (times, warm.times[name]) for q in (50, 99))
        print(f"  {name:20}" + "{:10.3f}{:8.3f}{:10.3f}{:8.3f}".format(*figures))


def _pieces(plan: Plan) -> Iterator[Piece]:
    return (piece for pieces in plan.pieces.values() for piece in pieces)


def _read_rules(plan: Plan) -> None:
    for piece in _pieces(plan):
        for read in HEARD if plan.turns[piece.turn_index].role is Role.CUSTOMER else TOLD:
            read(piece.text)


def _request(turns: Sequence[Turn], reply: str) -> empathy_service_pb2.ScoreReplyRequest:
    roles = {Role.CUSTOMER: taxonomy_pb2.ROLE_CUSTOMER, Role.AGENT: taxonomy_pb2.ROLE_AGENT}
    return empathy_service_pb2.ScoreReplyRequest(
        turns=[conversation_pb2.Turn(role=roles[turn.role], text=turn.text) for turn in turns],
        reply=[conversation_pb2.ReplyTurn(text=reply)],
    )


if __name__ == "__main__":
    main()
