"""Reads a conversation written as plain lines: `customer: …`, `agent: …`, and what goes on below them."""

import re

from amends.v1 import conversation_pb2
from amends_client import agent, customer

from amends_cli.conversations import Conversation
from amends_cli.failures import InputError

_OPENING = re.compile(r"\s*(customer|agent)\s*:(.*)", re.IGNORECASE | re.DOTALL)


def read_transcript(text: str) -> Conversation:
    """Reads a transcript; the agent's last turns, where nothing of the customer follows, are the reply.

    Raises:
        InputError: it does not open with a speaker, a turn is empty, or there is none.
    """
    turns = [_turn(role, lines, number) for number, role, lines in _blocks(text)]
    if not turns:
        raise InputError("the input is empty: give lines such as `customer: …` and `agent: …`, or JSON")
    return Conversation(turns=tuple(turns)).replied()


def read_turn(line: str, number: int) -> conversation_pb2.Turn:
    """Reads a line that is a turn of its own.

    Raises:
        InputError: it opens with no speaker, or says nothing.
    """
    opening = _OPENING.fullmatch(line)
    if not opening:
        raise _no_speaker(number)
    return _turn(opening[1].lower(), [opening[2].strip()], number)


def _no_speaker(number: int) -> InputError:
    return InputError("begins with no speaker: start the line with `customer:` or `agent:`", line=number)


def _blocks(text: str) -> list[tuple[int, str, list[str]]]:
    blocks: list[tuple[int, str, list[str]]] = []
    # str.splitlines also splits inside a turn, at characters such as U+2028.
    for number, line in enumerate(text.split("\n"), start=1):
        opening = _OPENING.fullmatch(line)
        if opening:
            blocks.append((number, opening[1].lower(), [opening[2].strip()]))
        elif blocks:
            blocks[-1][2].append(line.strip())
        elif line.strip():
            raise _no_speaker(number)
    return blocks


def _turn(role: str, lines: list[str], number: int) -> conversation_pb2.Turn:
    text = "\n".join(lines).strip()
    if not text:
        raise InputError(f"the {role} says nothing: write the text after the colon, or take the line out", line=number)
    return customer(text) if role == "customer" else agent(text)
