"""Every form of input becomes the same conversation, and what is broken is told with its line."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from amends.v1 import conversation_pb2, taxonomy_pb2
from amends_cli.conversations import Conversation
from amends_cli.failures import InputError
from amends_cli.inputs import parse, read_conversation, read_input
from amends_client import agent, customer

LINES = """\
customer: My parcel is late.

It was due
a week ago!
Agent: I see.
CUSTOMER:   So?

agent: I am sorry.
agent: It comes today: at noon.
"""
DOCUMENT = """\
{
  "turns": [
    {"role": "customer", "text": "Late!", "time": "2026-11-22T10:30:00+01:00", "channel": "chat"},
    {"role": "agent", "text": "I see.", "speaker_id": "a7"},
    {"role": "Customer", "text": "So?"}
  ],
  "reply": ["I am sorry.", "It comes today."],
  "playbook": "least",
  "locale": "en-GB"
}
"""
ONE_LINE = '{"turns": [{"role": "customer", "text": "Late!"}], "reply": "Sorry."}'


def one(text: str, name: str = "-") -> Conversation:
    (conversation,) = parse(text, name=name).conversations
    return conversation


def test_lines_become_turns_and_the_last_agent_turns_the_reply() -> None:
    assert one(LINES) == Conversation(
        turns=(customer("My parcel is late.\n\nIt was due\na week ago!"), agent("I see."), customer("So?")),
        reply=("I am sorry.", "It comes today: at noon."),
    )


def test_lines_that_end_with_the_customer_have_no_reply() -> None:
    conversation = one("agent: Hello.\ncustomer: Late!")
    assert (len(conversation.turns), conversation.reply) == (2, ())


def test_the_whole_of_a_conversation_has_the_reply_at_its_end() -> None:
    roles = [turn.role for turn in one(LINES).whole()]
    asked, answered = taxonomy_pb2.ROLE_CUSTOMER, taxonomy_pb2.ROLE_AGENT
    assert roles == [asked, answered, asked, answered, answered]


def test_separators_inside_a_turn_do_not_end_its_line() -> None:
    assert one("customer: one\u2028agent: two\x85three").turns == (customer("one\u2028agent: two\x85three"),)


def test_document_is_read_whole() -> None:
    conversation = one(DOCUMENT)
    first, second, third = conversation.turns
    assert first.time.ToJsonString() == "2026-11-22T09:30:00Z"
    assert (first.channel, second.speaker_id) == (taxonomy_pb2.CHANNEL_CHAT, "a7")
    assert third.role == taxonomy_pb2.ROLE_CUSTOMER
    assert conversation.reply == ("I am sorry.", "It comes today.")
    assert (conversation.playbook, conversation.locale) == ("least", "en-GB")


def test_request_holds_everything_of_the_document() -> None:
    request = one(DOCUMENT).request()
    assert list(request.turns) == list(one(DOCUMENT).turns)
    assert [turn.text for turn in request.reply] == ["I am sorry.", "It comes today."]
    assert (request.playbook, request.locale) == ("least", "en-GB")


def test_what_is_chosen_by_flag_goes_before_the_document() -> None:
    chosen = one(DOCUMENT).chosen(playbook="unified", locale="")
    assert (chosen.playbook, chosen.locale) == ("unified", "en-GB")


@pytest.mark.parametrize(
    ("text", "name", "is_lines"),
    [
        (ONE_LINE, "-", False),
        (ONE_LINE, "case.json", False),
        (ONE_LINE, "cases.jsonl", True),
        (f"{ONE_LINE}\n\n{ONE_LINE}\n", "-", True),
        (DOCUMENT, "-", False),
        (LINES, "-", False),
    ],
)
def test_form_is_found_from_name_and_content(text: str, name: str, is_lines: bool) -> None:
    assert parse(text, name=name).is_lines is is_lines


def document(**turn: Any) -> str:
    return json.dumps({"turns": [{"role": "customer", "text": "My card is 4111.", **turn}]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the input is empty"),
        ("\n \n", "the input is empty"),
        ("\nMy card is 4111.", "line 2: begins with no speaker"),
        ("customer: My card is 4111.\nagent:\n\n", "line 2: the agent says nothing"),
        ("[]", "must be an object with the keys turns, reply, playbook, locale"),
        ("{}", "turns: must be a list of at least one turn"),
        ('{"turns": []}', "turns: must be a list of at least one turn"),
        ('{"turns": {}}', "turns: must be a list of at least one turn"),
        ('{"turns": ["4111"]}', r"turns\[0\]: must be an object with the keys role, text, time, channel, speaker_id"),
        ('{"turn": []}', "has the unknown key 'turn': known are turns, reply, playbook, locale"),
        ('{"my card is 4111": []}', "has an unknown key: known are turns"),
        (document(role="user"), r"turns\[0\]\.role: must be one of customer, agent"),
        (document(role=4111), r"turns\[0\]\.role: must be one of"),
        (document(text=4111), r"turns\[0\]\.text: must be a string"),
        (document(text=None), r"turns\[0\]\.text: must be a string"),
        (document(time="soon"), r"turns\[0\]\.time: must be a time of ISO 8601"),
        (document(time="2026-11-22T09:30:00"), r"turns\[0\]\.time: has no time zone"),
        (document(channel="pigeon"), r"turns\[0\]\.channel: must be one of chat, email, phone, social, sms, in_person"),
        (document(speaker_id=4111), r"turns\[0\]\.speaker_id: must be a string"),
        (document(text="4111 \ud800"), r"turns\[0\]\.text: holds half of a surrogate pair"),
        (document()[:-1] + ', "reply": []}', "reply: must be a string, or a list of at least one string"),
        (document()[:-1] + ', "reply": {"text": "4111"}}', "reply: must be a string"),
        (document()[:-1] + ', "reply": ["fine", 4111]}', r"reply\[1\]: must be a string"),
        (document()[:-1] + ', "playbook": 4111}', "playbook: must be a string"),
        ('{\n "turns": [\n  {"role" "customer"}]}', r"line 3: is not JSON: Expecting ':' delimiter at column 11"),
        (f'{ONE_LINE}\n\n{{"turns": 4111', "line 3: is not JSON"),
        (f'{ONE_LINE}\n{{"turns": []}}', "line 2: turns: must be a list"),
        (f"{ONE_LINE}\nagent: 4111", "line 2: is not JSON"),
        ("[" * 100_000, "line 1: is not usable JSON"),
        ('{"turns": ' + "4111" * 2000 + "}", "line 1: is not usable JSON: a number is too long"),
    ],
)
def test_broken_input_is_told_with_its_place_and_without_its_text(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parse(text, name="-")
    assert "4111" not in str(caught.value)


def test_bytes_that_are_not_utf8_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "case.txt"
    path.write_bytes(b"customer: late\nagent: d\xe9sol\xe9\n")
    with pytest.raises(InputError, match="line 2: is not UTF-8"):
        read_conversation(str(path))


def test_byte_order_mark_and_windows_line_ends_are_taken_off(tmp_path: Path) -> None:
    path = tmp_path / "case.txt"
    path.write_bytes(b"\xef\xbb\xbfcustomer: late\r\nvery late\r\n")
    assert read_conversation(str(path)).turns == (customer("late\nvery late"),)


@pytest.mark.parametrize("path", ["absent.txt", "."])
def test_unreadable_file_is_named(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=f"cannot read {path}"):
        read_conversation(path)


@pytest.mark.parametrize("file", [None, "-"])
def test_standard_input_is_read(file: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"customer: late")))
    assert read_conversation(file).turns == (customer("late"),)


def test_a_person_at_the_terminal_is_told_what_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(InputError, match="there is no input: give a file"):
        read_conversation(None)


def test_flags_make_a_conversation() -> None:
    found = read_input(None, customer_text="Late!", reply_text="Sorry.")
    assert found.conversations == (Conversation(turns=(customer("Late!"),), reply=("Sorry.",)),)


@pytest.mark.parametrize(
    ("file", "customer_text", "reply_text", "message"),
    [
        ("case.txt", "Late!", "Sorry.", "exclude each other"),
        (None, None, "Sorry.", "must hold text"),
        (None, "", "Sorry.", "must hold text"),
        (None, "Late!", "", "must hold text"),
    ],
)
def test_flags_that_make_no_conversation(
    file: str | None, customer_text: str | None, reply_text: str | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_input(file, customer_text=customer_text, reply_text=reply_text)


def test_commands_for_one_conversation_refuse_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(ONE_LINE, encoding="utf-8")
    with pytest.raises(InputError, match="which only `amends score` takes"):
        read_conversation(str(path))


def test_turns_are_messages_of_the_contract() -> None:
    assert isinstance(one(ONE_LINE).turns[0], conversation_pb2.Turn)
