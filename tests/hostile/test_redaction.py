"""Identifiers are masked before anything reads them, and every offset stays that of the text as it was sent."""

import string
from collections.abc import Callable
from dataclasses import replace

import grpc
import pytest
from amends.v1 import empathy_service_pb2 as pb
from amends.v1 import empathy_service_pb2_grpc
from amends_client import Client, ClientOptions, agent, customer
from amends_core.encoder import Encoder, Encoding
from amends_server.redaction import RedactionUnavailable, Redactor
from amends_server.server import Model
from hypothesis import example, given
from hypothesis import strategies as st
from running_service import PATIENCE_S, Serve
from stdnum import luhn

REDACTOR = Redactor("GB")
SECRETS = {
    "card": "4111 1111 1111 1111",
    "card in one": "5500005555555559",
    "card of fifteen": "3782-822463-10005",
    "card in other digits": "４１１１ １１１１ １１１１ １１１１",
    "IBAN": "DE89 3704 0044 0532 0130 00",
    "IBAN in one": "GB82WEST12345698765432",
    "small IBAN": "fr1420041010050500013m02606",
    "e-mail": "jane.doe+orders@mail.example.co.uk",
    "abroad": "+49 30 901820",
    "at home": "020 7946 0958",
}
FINE = [
    "My order 4471-9920 is three weeks late and I paid 39.90 for it.",
    "It is 2026-11-22 and I have waited since 10.30, that is 12 days, 345 hours.",
    "Meet me @ noon, room 12/3.",
    "4111 1111 1111 1112 fails the check.",
]
_WORDS = st.text(st.sampled_from(string.ascii_letters + " ,;:!?()\n"), max_size=60)


@pytest.mark.parametrize("name", SECRETS)
@given(before=_WORDS, after=_WORDS)
@example(before="()", after="")
@example(before="call (", after=")")
def test_identifier_is_masked_wherever_it_stands_and_nothing_moves(name: str, before: str, after: str) -> None:
    text = f"{before} {SECRETS[name]} {after}"
    masked = REDACTOR.masked(text)
    at = len(before) + 1
    hidden = masked[at : at + len(SECRETS[name])]
    assert len(masked) == len(text)
    assert {c for c in hidden if c.isalnum()} <= set("0xX")
    assert [c for c in hidden if not c.isalnum()] == [c for c in SECRETS[name] if not c.isalnum()]
    assert masked[:at].split() == text[:at].split()
    assert masked[at + len(hidden) :] == text[at + len(hidden) :]


@given(st.text(max_size=200))
def test_any_text_keeps_its_length_and_all_that_is_no_letter_or_digit(text: str) -> None:
    masked = REDACTOR.masked(text)
    assert len(masked) == len(text)
    for was, now in zip(text, masked, strict=True):
        assert now == was or (was.isalnum() and now in "0xX")


@given(st.integers(10**11, 10**17 - 1), st.sampled_from(" -. "), st.integers(2, 5))
def test_any_card_number_is_masked_however_it_is_grouped(number: int, separator: str, size: int) -> None:
    digits = f"4{number}"
    digits += luhn.calc_check_digit(digits)
    grouped = separator.join(digits[at : at + size] for at in range(0, len(digits), size))
    assert set(REDACTOR.masked(grouped)) <= {"0", separator}


@pytest.mark.parametrize("text", FINE)
def test_what_is_no_identifier_stays(text: str) -> None:
    assert REDACTOR.masked(text) == text


def test_a_country_that_is_none_is_refused() -> None:
    with pytest.raises(RedactionUnavailable, match="ZZ"):
        Redactor("ZZ")


class _Listening:
    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.heard: list[str] = []

    def encode(self, text: str) -> Encoding:
        self.heard.append(text)
        return self._encoder.encode(text)


SAID = [customer("My card 4111 1111 1111 1111 was charged twice. Ring me on +44 20 7946 0958!")]
REPLY = "I am so sorry, jane@example.com. I refund DE89 3704 0044 0532 0130 00 today. I will call you by five."


Asked = Callable[[bool], tuple[pb.ScoreReplyResponse, str]]


@pytest.fixture
def asked(serve: Serve, model: Model) -> Asked:
    """Sends the same through every method, with redaction or without; gives a judgement, and what the encoder heard."""

    def ask(redact: bool) -> tuple[pb.ScoreReplyResponse, str]:
        encoder = _Listening(model.encoder)
        running = serve(model=replace(model, encoder=encoder), redact=redact, cache_mb=0)  # type: ignore[arg-type]
        with (
            Client(ClientOptions(running.target, timeout_s=PATIENCE_S)) as client,
            grpc.insecure_channel(running.target) as channel,
        ):
            judged = client.score_reply(SAID, REPLY)
            client.next_step(SAID)
            client.score_conversation([*SAID, agent(REPLY)])
            item = pb.ScoreReplyRequest(turns=SAID)
            item.reply.add(text=REPLY)
            stub = empathy_service_pb2_grpc.EmpathyServiceStub(channel)
            stub.BatchScoreReplies(pb.BatchScoreRepliesRequest(requests=[item]), timeout=PATIENCE_S)
            opening = pb.CoachConversationRequest(event_id="1", start=pb.CoachStart(turns=SAID))
            turn = pb.CoachConversationRequest(event_id="2", turn=agent(REPLY))
            written = pb.CoachConversationRequest(event_id="3", partial_turn=agent(REPLY))
            assert len(list(stub.CoachConversation(iter([opening, turn, written]), timeout=PATIENCE_S))) == 3
        return judged, "\n".join(encoder.heard)

    return ask


def _claims(response: pb.ScoreReplyResponse) -> set[tuple[int, str]]:
    """Each step with the sentences that carry it, cut from the reply as it was sent."""
    return {(step.step, REPLY[span.start : span.end]) for step in response.judgement.steps for span in step.spans}


def test_no_call_lets_the_encoder_hear_an_identifier_and_what_is_claimed_stays(asked: Asked) -> None:
    plain, heard = asked(False)
    assert "4111 1111" in heard
    redacted, heard = asked(True)
    for secret in ("4111", "7946", "jane", "3704"):
        assert secret not in heard
    assert abs(redacted.judgement.score - plain.judgement.score) <= 3
    assert _claims(redacted) == _claims(plain)
    assert "I refund DE89 3704 0044 0532 0130 00 today." in {sentence for _, sentence in _claims(redacted)}
