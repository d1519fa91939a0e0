"""EmpathyService: validate, convert, plan, encode, judge, convert. One way through the house."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar

from amends.v1 import empathy_service_pb2 as pb
from amends.v1 import empathy_service_pb2_grpc, server_info_pb2
from amends_core.conversation import Turn
from amends_core.judgement import Judgement
from amends_core.scorer import DEFAULT_STEPS, Encodings, Plan

from amends_server.candidate import Trial
from amends_server.convert import advice_to, arc_to, judgement_to, reply_from, reply_to, turns_from
from amends_server.encoding import Encoded, EncoderPool, Priority
from amends_server.failures import call_error
from amends_server.identity.visit import current_visit
from amends_server.metrics import Metrics
from amends_server.playbooks import Edition, Shelves
from amends_server.redaction import Redactor
from amends_server.services.coaching import Coaching
from amends_server.services.priority import priority_of
from amends_server.tracing import part
from amends_server.validation import validate

T = TypeVar("T")
_Asked = pb.ScoreReplyRequest | pb.NextStepRequest | pb.ScoreConversationRequest

_LARGE_PLAN = 100
"""Texts from which a plan is judged in a thread: about 5 ms at 50 microseconds a sentence."""
_MAX_DEADLINE_S = 60.0
"""No call waits longer, whatever deadline it brings."""


@dataclass(frozen=True, slots=True)
class _Terms:
    """On which terms a call waits."""

    deadline: float
    """Monotonic seconds."""
    priority: Priority


@dataclass(slots=True)
class _Stopwatch:
    """Where the time of a call goes."""

    started: float
    plan_s: float = 0.0
    queue_s: float = 0.0
    encode_s: float = 0.0
    judge_s: float = 0.0

    def timings(self) -> server_info_pb2.Timings:
        return server_info_pb2.Timings(
            plan_seconds=self.plan_s,
            queue_seconds=self.queue_s,
            encode_seconds=self.encode_s,
            judge_seconds=self.judge_s,
            total_seconds=time.monotonic() - self.started,
        )

    def add(self, encoded: Encoded) -> None:
        self.queue_s = max(self.queue_s, encoded.queue_s)
        self.encode_s += encoded.encode_s


class EmpathyServicer(empathy_service_pb2_grpc.EmpathyServiceServicer):
    """Judges replies and advises. Belongs to one event loop."""

    def __init__(
        self,
        shelf: Shelves,
        pool: EncoderPool,
        metrics: Metrics,
        info: server_info_pb2.ServerInfo,
        coaching: Coaching,
        default_deadline_s: float,
        trial: Trial,
        redactor: Redactor | None = None,
    ) -> None:
        self._shelf = shelf
        self._pool = pool
        self._metrics = metrics
        self._info = info
        self._coaching = coaching
        self._default_deadline_s = default_deadline_s
        self._redactor = redactor
        self._trial = trial

    async def ScoreReply(self, request: pb.ScoreReplyRequest, context: Any) -> pb.ScoreReplyResponse:  # noqa: N802
        """Judges one reply."""
        watch = _Stopwatch(time.monotonic())
        terms = self._terms(context, Priority.LIVE)
        edition, judgement = await self._score(self._shelf.current, request, terms, watch)
        return pb.ScoreReplyResponse(
            judgement=judgement_to(judgement, edition.scorer.detector if request.include_sentences else None),
            model=edition.model,
            timings=watch.timings(),
        )

    async def NextStep(self, request: pb.NextStepRequest, context: Any) -> pb.NextStepResponse:  # noqa: N802
        """Recommends the next step."""
        watch = _Stopwatch(time.monotonic())
        terms = self._terms(context, Priority.LIVE)
        turns = await self._admit(request, terms)
        edition = self._trial.answering(self._shelf.current, turns[0])
        scorer = edition.scorer
        plan = scorer.plan_advice(turns, request.playbook, request.locale)
        most = request.max_steps or DEFAULT_STEPS
        advice = await self._run(edition, plan, terms, watch, lambda e: scorer.advise(plan, e, most))
        self._trial.advised(edition, plan, advice)
        return pb.NextStepResponse(advice=advice_to(advice), model=edition.model, timings=watch.timings())

    async def ScoreConversation(  # noqa: N802
        self, request: pb.ScoreConversationRequest, context: Any
    ) -> pb.ScoreConversationResponse:
        """Judges every reply of a conversation."""
        watch = _Stopwatch(time.monotonic())
        terms = self._terms(context, Priority.INTERACTIVE)
        turns = await self._admit(request, terms)
        edition = self._trial.answering(self._shelf.current, turns[0])
        scorer = edition.scorer
        plan = scorer.plan_conversation(turns, request.playbook, request.locale)
        judged = await self._run(edition, plan, terms, watch, lambda e: scorer.judge_conversation(plan, e))
        self._trial.judged_whole(edition, plan, judged)
        return pb.ScoreConversationResponse(
            replies=[reply_to(reply) for reply in judged.replies],
            arc=arc_to(judged.arc),
            model=edition.model,
            timings=watch.timings(),
        )

    async def BatchScoreReplies(  # noqa: N802
        self, request: pb.BatchScoreRepliesRequest, context: Any
    ) -> pb.BatchScoreRepliesResponse:
        """Judges several replies; each fails or succeeds by itself."""
        watch = _Stopwatch(time.monotonic())
        validate(request)
        terms, edition = self._terms(context, Priority.BULK), self._shelf.current
        results = await asyncio.gather(*(self._result(edition, item, terms, watch) for item in request.requests))
        return pb.BatchScoreRepliesResponse(results=results, model=edition.model, timings=watch.timings())

    async def CoachConversation(  # noqa: N802
        self, request_iterator: AsyncIterator[pb.CoachConversationRequest], context: Any
    ) -> AsyncIterator[pb.CoachConversationResponse]:
        """Follows a live conversation."""
        priority = priority_of(context, Priority.LIVE)
        async with aclosing(self._coaching.follow(request_iterator, priority)) as answers:
            async for answer in answers:
                yield answer

    async def GetServerInfo(  # noqa: N802
        self, request: pb.GetServerInfoRequest, context: Any
    ) -> pb.GetServerInfoResponse:
        """Tells what serves."""
        edition = self._shelf.current
        response = pb.GetServerInfoResponse(info=self._info)
        response.info.model.CopyFrom(edition.model)
        response.info.playbooks.extend(edition.refs)
        return response

    async def _result(
        self, current: Edition, item: pb.ScoreReplyRequest, terms: _Terms, watch: _Stopwatch
    ) -> pb.BatchScoreRepliesResult:
        try:
            edition, judgement = await self._score(current, item, terms, watch)
        except Exception as error:  # whatever it is, the other items go on
            return pb.BatchScoreRepliesResult(error=call_error(error).status())
        return pb.BatchScoreRepliesResult(
            judgement=judgement_to(judgement, edition.scorer.detector if item.include_sentences else None),
            model=edition.model if edition is not current else None,
        )

    async def _score(
        self, current: Edition, request: pb.ScoreReplyRequest, terms: _Terms, watch: _Stopwatch
    ) -> tuple[Edition, Judgement]:
        """Gives the judgement, and whose it is."""
        turns = await self._admit(request, terms)
        edition = self._trial.answering(current, turns[0])
        scorer = edition.scorer
        plan = scorer.plan_reply(turns, reply_from(request, turns), request.playbook, request.locale)
        judgement = await self._run(edition, plan, terms, watch, lambda e: scorer.judge(plan, e))
        self._trial.judged(edition, plan, judgement)
        return edition, judgement

    async def _run(
        self, edition: Edition, plan: Plan, terms: _Terms, watch: _Stopwatch, judge: Callable[[Encodings], T]
    ) -> T:
        texts, visit = plan.texts, current_visit()
        visit.read(turns=len(plan.turns), sentences=len(texts), playbook=plan.playbook.name)
        self._metrics.batch.observe(len(texts))
        watch.plan_s = time.monotonic() - watch.started
        encoded = await self._pool.encode(
            texts,
            deadline=terms.deadline,
            priority=terms.priority,
            tenant=visit.tenant.name,
            model=edition.reader,
        )
        watch.add(encoded)
        self._metrics.request_tokens.observe(encoded.tokens)
        before = time.monotonic()
        with part("judge", playbook=plan.playbook.name):
            if len(texts) > _LARGE_PLAN:  # would hold the event loop up
                result = await asyncio.to_thread(judge, encoded.encodings)
            else:
                result = judge(encoded.encodings)
        watch.judge_s += time.monotonic() - before
        return result

    async def _admit(self, request: _Asked, terms: _Terms) -> Sequence[Turn]:
        """Gives the turns of a call that is let in."""
        self._pool.open_to(terms.priority)
        validate(request)
        if self._redactor is not None:
            await self._redactor.redact(request)
        return turns_from(request.turns)

    def _terms(self, context: Any, highest: Priority) -> _Terms:
        left = context.time_remaining()
        wait_s = min(_MAX_DEADLINE_S, self._default_deadline_s if left is None else left)
        return _Terms(time.monotonic() + wait_s, priority_of(context, highest))
