"""Finds the input of a command, a file, standard input or flags, and reads whichever form it has."""

import sys
from dataclasses import dataclass
from pathlib import Path

from amends_client import customer

from amends_cli.conversations import Conversation
from amends_cli.documents import is_object, read_document, read_lines
from amends_cli.failures import InputError
from amends_cli.transcript import read_transcript

HELP = "A file, or - for standard input: JSON, or lines such as `customer: …` and `agent: …`."


@dataclass(frozen=True, slots=True)
class Input:
    """What a command was given."""

    conversations: tuple[Conversation, ...]
    """One, or as many as there are JSON lines."""
    is_lines: bool
    """Whether they came as JSON lines."""


def read_input(file: str | None, *, customer_text: str | None, reply_text: str | None) -> Input:
    """Reads the file, standard input where it is `-` or left out, or the conversation given by flags.

    Raises:
        InputError: there is no input, it cannot be read, or it is in no known form.
    """
    if customer_text is None and reply_text is None:
        return parse(_decode(_content(file)), name=file or "-")
    if file is not None:
        raise InputError("FILE and --customer or --reply exclude each other: give one or the other")
    if not customer_text or reply_text == "":
        raise InputError("--customer and --reply must hold text: give what the customer said and the reply to it")
    return Input((Conversation(turns=(customer(customer_text),), reply=(reply_text,) if reply_text else ()),), False)


def read_conversation(file: str | None, *, customer_text: str | None = None) -> Conversation:
    """Reads an input that must be one conversation.

    Raises:
        InputError: as `read_input`, or it is JSON lines.
    """
    found = read_input(file, customer_text=customer_text, reply_text=None)
    if found.is_lines:
        raise InputError("the input is JSON lines, which only `amends score` takes: give one conversation")
    return found.conversations[0]


def parse(text: str, *, name: str) -> Input:
    """Reads a text in whichever form it has; a name that ends in `.jsonl` makes it JSON lines."""
    if _is_lines(text, name):
        return Input(tuple(read_lines(text)), True)
    if text.lstrip().startswith(("{", "[")):
        return Input((read_document(text),), False)
    return Input((read_transcript(text),), False)


def _is_lines(text: str, name: str) -> bool:
    if name.endswith((".jsonl", ".ndjson")):
        return bool(text.strip())
    lines = [line for line in text.split("\n") if line.strip()]
    return len(lines) > 1 and is_object(lines[0])


def _content(file: str | None) -> bytes:
    if file is None and sys.stdin.isatty():
        raise InputError("there is no input: give a file, - for standard input, or --customer")
    if file is None or file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError("is not UTF-8: save the input as UTF-8", line=line) from None
