"""The same text alone, under load and in bulk: its score must be the same to the last bit."""

import asyncio

from amends.v1 import empathy_service_pb2 as pb

from benchmarks.caller import Caller, call_of, calls_of
from benchmarks.load import closed_loop
from benchmarks.outcomes import Row
from benchmarks.report import Bar, Report
from benchmarks.service import Service
from benchmarks.texts import Script

_REQUESTS = 200
_AT_ONCE = 32
_BATCH = 50


def parity(*, seconds: float, scale: float) -> Report:
    """Scores `scale` × 200 requests three ways, without a cache; `seconds` is how long others load it meanwhile."""
    script = Script(seed=10)
    requests = [script.score_reply(3) for _ in range(max(10, round(_REQUESTS * scale)))]
    with Service("--cache-mb", "0") as service:
        alone, loaded, bulk = asyncio.run(_scores(service, requests, seconds))
    rows: list[Row] = []
    differences = [max(abs(a - b) for a, b in zip(alone, other, strict=True)) for other in (loaded, bulk)]
    return Report(
        scenario="parity",
        options={"seconds": seconds, "scale": scale, "requests": len(requests)},
        rows=rows,
        bars=[
            Bar("largest difference of a score, under load", differences[0], 0.0),
            Bar("largest difference of a score, in bulk", differences[1], 0.0),
        ],
    )


async def _scores(
    service: Service, requests: list[pb.ScoreReplyRequest], seconds: float
) -> tuple[list[float], list[float], list[float]]:
    calls = calls_of(requests)
    script = Script(seed=12)
    others = [call_of(script.score_reply(3), "bulk") for _ in range(100)]
    async with Caller(service.target) as caller:
        alone = [_score(await caller.ask(call)) for call in calls]
        noise = asyncio.create_task(closed_loop(caller, others, concurrency=_AT_ONCE, seconds=seconds))
        loaded = [_score(await caller.ask(call)) for call in calls]
        await noise
        batches = [requests[index : index + _BATCH] for index in range(0, len(requests), _BATCH)]
        answers = [await caller.ask(call_of(pb.BatchScoreRepliesRequest(requests=batch))) for batch in batches]
    bulk = [
        result.judgement.score
        for answer in answers
        for result in pb.BatchScoreRepliesResponse.FromString(answer).results
    ]
    return alone, loaded, bulk


def _score(answer: bytes) -> float:
    return pb.ScoreReplyResponse.FromString(answer).judgement.score
