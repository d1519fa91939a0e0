"""Shows what a turn of a live conversation brought: its judgement, what became of advice, and what to do now."""

from collections.abc import Iterator

from amends.v1 import advice_pb2
from amends.v1 import empathy_service_pb2 as pb
from rich.console import Group, RenderableType
from rich.text import Text

from amends_cli.advice_view import advice_headline, avoidances, situation
from amends_cli.judgement_view import brief
from amends_cli.words import BAD, GOOD, QUIET, word

_FATE_COLOURS = {pb.ADVICE_FATE_FOLLOWED: GOOD, pb.ADVICE_FATE_IGNORED: BAD}


def show_answer(answer: pb.CoachConversationResponse) -> RenderableType:
    """Shows an answer, with a blank line behind it."""
    return Group(*_lines(answer), Text())


def _lines(answer: pb.CoachConversationResponse) -> Iterator[Text]:
    if answer.HasField("judgement"):
        yield from brief(answer.judgement)
    if answer.previous_advice_fate:
        fate = word(pb.AdviceFate.DESCRIPTOR, answer.previous_advice_fate)
        yield Text.assemble("advice before: ", (fate, _FATE_COLOURS.get(answer.previous_advice_fate, QUIET)))
    if answer.HasField("advice"):
        yield from _advice(answer.advice)
    elif not answer.HasField("judgement"):
        yield Text("advice as before", style=QUIET)


def _advice(advice: advice_pb2.Advice) -> Iterator[Text]:
    yield advice_headline(advice)
    yield from situation(advice)
    if not advice.pause:
        for step in advice.steps[:1]:
            yield Text(step.reason, style=QUIET)
            yield from (Text(f"“{phrasing}”", style=f"italic {QUIET}") for phrasing in step.phrasings[:1])
    yield from avoidances(advice)
